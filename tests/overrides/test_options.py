"""What cannot be an option is refused before any I/O; each client has its own options."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable
from typing import Any

import pytest

from oneloop import AsyncOneloop, ConfigurationError, Oneloop, OneloopError
from oneloop_api_client.api.usage import get_billing_usage
from tests.faces import KEY, Face, every_client, every_face, every_method
from tests.servers import BID, RawServer, replies, reply


@every_client
@pytest.mark.parametrize(
    "url",
    [
        *["", "/", "prod.oneloop.ai", "//prod.oneloop.ai", "ftp://prod.oneloop.ai", "https://"],
        *["https:///path", "https://a b", "https://h\n", "https://[::1", "https://h:99999"],
        *["https://h:0", "https://h:port", "https://user:secret@h", "https://user@h", "https://@h"],
        *["https://h?x=secret", "https://h?", "https://h#secret", "https://h#", "https://h/p?x=1"],
        *[
            "http://prod.oneloop.ai",
            "http://10.0.0.1",
            "http://127.0.0.1.evil.test",
            "http://0.0.0.0",
        ],
        *["http://localhost.evil.test", "http://[2001:db8::1]", "https://\ud800", "x" * 100_000],
        *["https://xn--zz.invalid", "https://xn--\u00fc.invalid"],
    ],
)
def test_base_url_that_is_not_one(
    client_class: type[Oneloop], url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigurationError, match=r"^base_url") as caught:
        client_class(api_key=KEY, base_url=url)
    assert "secret" not in str(caught.value)
    assert len(str(caught.value)) < 300
    if url and "\ud800" not in url:
        monkeypatch.setenv("ONELOOP_BASE_URL", url)
        with pytest.raises(ConfigurationError, match=r"^ONELOOP_BASE_URL"):
            client_class(api_key=KEY)


def test_base_url_that_no_encoding_has() -> None:
    with pytest.raises(ConfigurationError, match=r"^base_url isn't a URL"):
        Oneloop(api_key=KEY, base_url="https://h/\ud800")


@every_client
@pytest.mark.parametrize("url", [5, b"https://h", ["https://h"]])
def test_base_url_of_another_type(client_class: type[Oneloop], url: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"^base_url"):
        client_class(api_key=KEY, base_url=url)


@every_client
@pytest.mark.parametrize(
    "url",
    [
        *["https://prod.oneloop.ai", "https://prod.oneloop.ai/", "https://h:8443/prefix/"],
        *[
            "http://localhost:1",
            "http://127.0.0.1",
            "http://127.9.9.9",
            "http://[::1]:80",
            "HTTPS://H",
        ],
        "https://bücher.example",
    ],
)
def test_base_url_that_is_one(client_class: type[Oneloop], url: str) -> None:
    client_class(api_key=KEY, base_url=url)


@every_face
def test_base_url_keeps_its_path(face: Face) -> None:
    with RawServer(replies(reply())) as server:
        assert face(server.url + "/a/prefix/")
    assert server.requests[0].startswith(b"GET /a/prefix/api/v1/usage/bid_1 ")


def test_plain_http_needs_an_explicit_option() -> None:
    Oneloop(api_key=KEY, base_url="http://oneloop.internal", allow_http=True)


@every_client
def test_no_key_at_all(client_class: type[Oneloop]) -> None:
    with pytest.raises(ConfigurationError, match="ONELOOP_API_KEY"):
        client_class()


@every_method
def test_environment_gives_key_and_url(face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    with RawServer(replies(reply())) as server:
        monkeypatch.setenv("ONELOOP_API_KEY", "from-the-environment")
        monkeypatch.setenv("ONELOOP_BASE_URL", server.url)
        assert face(None, api_key=None)
    assert b"\r\nauthorization: bearer from-the-environment\r\n" in server.requests[0].lower()


@every_client
@pytest.mark.parametrize(
    "option",
    [
        *[
            {"timeout": value}
            for value in (0, -1, float("nan"), float("inf"), 1e9, "5", None, True)
        ],
        *[{"max_retries": value} for value in (-1, 1.5, "2", None, True, 10**9)],
        *[{"max_response_bytes": value} for value in (0, -1, 1.5, None, True)],
        *[{"max_connections": value} for value in (0, -1, 1.5, "5", True, 10**9)],
    ],
    ids=str,
)
def test_option_that_is_not_usable(client_class: type[Oneloop], option: dict[str, Any]) -> None:
    (name, value), *_ = option.items()
    with pytest.raises(ConfigurationError, match=rf"^{name}"):
        client_class(api_key=KEY, **option)
    if value is not None and name != "max_connections":
        with pytest.raises(ConfigurationError, match=rf"^{name}"):
            client_class(api_key=KEY).with_options(**option)


def test_with_options_changes_one_client_alone() -> None:
    with RawServer(replies(reply())) as server, Oneloop(api_key=KEY, base_url=server.url) as client:
        other = client.with_options(timeout=1, max_retries=0, max_response_bytes=10)
        assert (client._config.timeout, client._config.max_response_bytes) == (60, 64 * 2**20)
        with pytest.raises(OneloopError, match="at most 10 bytes"):
            other.get_billing_usage(BID)
        assert client.get_billing_usage(BID).total == 12


def test_headers_say_who_asks() -> None:
    with RawServer(replies(reply())) as server, Oneloop(api_key=KEY, base_url=server.url) as client:
        client.get_billing_usage(BID)
    assert b"\r\nUser-Agent: oneloop-api-client/" in server.requests[0]


def test_each_client_has_its_own_face() -> None:
    with pytest.raises(OneloopError, match="AsyncOneloop"):
        asyncio.run(get_billing_usage.asyncio(BID, client=Oneloop(api_key=KEY).api))
    with pytest.raises(OneloopError, match="Oneloop"):
        get_billing_usage.sync(BID, client=AsyncOneloop(api_key=KEY).api)


class _Tenant(Oneloop):
    def __init__(self, tenant: str) -> None:
        super().__init__(api_key=KEY)
        self.tenant = tenant


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda client: client.with_options(timeout=1)]
)
def test_copy_of_a_subclass_keeps_what_is_its_own(copied: Callable[[_Tenant], _Tenant]) -> None:
    client = _Tenant("acme")
    first = client.api
    other = copied(client)
    assert other.tenant == "acme"
    assert other.api is not first
