"""FAULTS.md, "The call": what can't be right is refused before any I/O, and keys stay unseen."""

from __future__ import annotations

import asyncio
import copy
import pickle
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import attrs
import httpx
import pytest

from oneloop import AsyncOneloop, ConfigurationError, Oneloop, OneloopError
from oneloop._http.secret import Secret
from oneloop_api_client.api.usage import get_billing_usage
from tests.faces import API, FACES, KEY, METHODS
from tests.servers import BID, RawServer, replies, reply, row, usage_body

Face = Callable[..., object]
every_face = pytest.mark.parametrize("face", FACES)
every_method = pytest.mark.parametrize("face", METHODS)
every_client = pytest.mark.parametrize("client_class", [Oneloop, AsyncOneloop])

NOWHERE = "http://127.0.0.1:9"


@every_method
@pytest.mark.parametrize(
    "bid",
    [
        *["", ".", "..", "a/b", "/", "../keys", "a\\b", "a\nb", "a\0", "\x7f", "\x85", "\ud800"],
        *["x" * 257, "é" * 257, "\U000e0001" * 255 + "/"],
    ],
)
def test_billing_id_that_cannot_be(face: Face, bid: str) -> None:
    with RawServer(replies(reply())) as server:
        with pytest.raises(ValueError, match="billing id") as caught:
            face(server.url, bid)
    assert not isinstance(caught.value, UnicodeError)
    assert len(str(caught.value)) < 1500
    assert server.connections == 0


@every_method
@pytest.mark.parametrize("bid", [None, 5, b"bid_1", ["bid_1"], True])
def test_billing_id_of_another_type(face: Face, bid: object) -> None:
    with RawServer(replies(reply())) as server:
        with pytest.raises(TypeError, match="billing id"):
            face(server.url, bid)
    assert server.connections == 0


@every_face
@pytest.mark.parametrize(
    "bid",
    [
        *["a b", "a?b", "a#b", "a%b", "a%2Fb", "a%20b", "é", "🧾", "a+b", "a&b=c", "a;b", "a:b"],
        *["...", ".a", "a..", "%2e%2e", "x" * 256, "~a", "a@b", "{bid}", "'", '"', "a,b", "*"],
    ],
)
def test_server_sees_exactly_the_id(face: Face, bid: str) -> None:
    answer = reply(usage_body(row(billingId=bid)))
    with RawServer(replies(answer)) as server:
        assert face(server.url, bid)
    target = server.requests[0].split(b" ")[1].decode()
    assert target.startswith("/api/v1/usage/")
    assert target.count("/") == 4
    assert "?" not in target
    assert unquote(target.removeprefix("/api/v1/usage/")) == bid


@pytest.mark.parametrize("bid", ["", ".", ".."])
@pytest.mark.parametrize("face", API)
def test_generated_operation_never_becomes_another(face: Face, bid: str) -> None:
    with RawServer(replies(reply())) as server:
        with pytest.raises(ValueError, match="path parameter"):
            face(server.url, bid)
    assert server.connections == 0


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
@pytest.mark.parametrize(
    "key",
    [
        *[
            "",
            " ",
            "\n",
            KEY + "\n",
            "\n" + KEY,
            KEY + "\0",
            "a b",
            "clé",
            "key\u200b",
            "🔑",
            "a\tb",
        ],
        *["Bearer " + KEY, "bearer " + KEY, "x" * 4097, "\ud800"],
        *[KEY.encode(), 5, ["x"], True],
    ],
)
def test_key_that_is_not_one_is_never_quoted(
    client_class: type[Oneloop], key: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigurationError, match=r"^api_key") as caught:
        client_class(api_key=key)
    assert KEY not in str(caught.value)
    assert caught.value.__cause__ is None
    if isinstance(key, str) and "\0" not in key and "\ud800" not in key:
        monkeypatch.setenv("ONELOOP_API_KEY", key)
        with pytest.raises(ConfigurationError, match=r"^ONELOOP_API_KEY"):
            client_class()


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
    ],
    ids=str,
)
def test_option_that_is_not_usable(client_class: type[Oneloop], option: dict[str, Any]) -> None:
    (name, value), *_ = option.items()
    with pytest.raises(ConfigurationError, match=rf"^{name}"):
        client_class(api_key=KEY, **option)
    if value is not None:
        with pytest.raises(ConfigurationError, match=rf"^{name}"):
            client_class(api_key=KEY).with_options(**option)


def shown(client: Oneloop | AsyncOneloop) -> dict[str, str]:
    """Return every text that a program might show of a client."""
    return {
        "repr": repr(client),
        "str": str(client),
        "vars": repr(vars(client)),
        "vars, deep": repr(
            [vars(value) for value in vars(client).values() if hasattr(value, "__dict__")]
        ),
        "config": repr(attrs.asdict(client._config)),
        "api": repr(client.api),
        "api as dict": repr(attrs.asdict(client.api)),
        "secret": f"{client._config.api_key} {client._config.api_key!r}",
    }


@every_client
def test_no_view_of_a_client_shows_the_key(client_class: type[Oneloop]) -> None:
    client = client_class(api_key=KEY)
    assert [name for name, text in shown(client).items() if KEY in text] == []


@every_client
def test_pickled_client_leaves_the_key_behind(
    client_class: type[Oneloop], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_class(api_key=KEY, base_url="https://h/prefix", timeout=7)
    pickled = pickle.dumps(client)
    assert KEY.encode() not in pickled
    with pytest.raises(ConfigurationError, match="ONELOOP_API_KEY"):
        pickle.loads(pickled)
    monkeypatch.setenv("ONELOOP_API_KEY", "there")
    there = pickle.loads(pickled)
    assert there._config == attrs.evolve(client._config, api_key=Secret("there"))


@every_client
def test_key_is_pickled_by_choice_alone(client_class: type[Oneloop]) -> None:
    client = client_class(api_key=KEY, pickle_api_key=True)
    assert pickle.loads(pickle.dumps(client))._config == client._config
    assert copy.deepcopy(client)._config == client._config


@every_client
def test_parts_of_a_client_do_not_pickle_the_key(client_class: type[Oneloop]) -> None:
    client = client_class(api_key=KEY)
    for part in (client.api, client._config, client._config.api_key):
        with pytest.raises(TypeError):
            pickle.dumps(part)


@every_client
@pytest.mark.parametrize("transport", ["aoihttp", 5, httpx.Client])
def test_transport_that_is_not_one(client_class: type[Oneloop], transport: Any) -> None:
    with pytest.raises(ConfigurationError, match="transport must be an httpx"):
        client_class(api_key=KEY, transport=transport)


def test_client_with_a_transport_does_not_pickle() -> None:
    client = Oneloop(
        api_key=KEY, transport=httpx.MockTransport(lambda request: httpx.Response(200))
    )
    with pytest.raises(TypeError, match="transport"):
        pickle.dumps(client)


@every_face
def test_debug_logs_of_every_library_hide_the_key(
    face: Face, caplog: pytest.LogCaptureFixture
) -> None:
    with RawServer(replies(reply())) as server:
        face(server.url)
    names = {record.name for record in caplog.records}
    assert "oneloop" in names
    assert KEY not in caplog.text
    assert KEY not in repr([record.__dict__ for record in caplog.records])


@every_face
def test_one_authorization_header(face: Face) -> None:
    with RawServer(replies(reply())) as server:
        face(server.url)
    head = server.requests[0].lower()
    assert head.count(b"authorization:") == 1
    assert f"\r\nauthorization: bearer {KEY}\r\n".encode() in head


def test_injected_authorization_is_replaced() -> None:
    with RawServer(replies(reply())) as server, Oneloop(api_key=KEY, base_url=server.url) as client:
        headers = {"authorization": "Basic eDp5", "X-Team": "billing"}
        copied = client.api.with_headers(headers)
        get_billing_usage.sync(BID, client=copied)
        client.api.get_httpx_client().headers["Authorization"] = "Basic eDp5"
        get_billing_usage.sync(BID, client=client.api)
    for request in server.requests:
        assert request.lower().count(b"authorization:") == 1
        assert f"Bearer {KEY}".encode() in request
    assert b"X-Team: billing" in server.requests[0]
    assert headers == {"authorization": "Basic eDp5", "X-Team": "billing"}


def test_key_never_goes_to_another_host() -> None:
    with RawServer(replies(reply())) as server, Oneloop(api_key=KEY, base_url=NOWHERE) as client:
        with pytest.raises(ValueError, match="base_url"):
            client.api.get_httpx_client().get(server.url + "/api/v1/usage/bid_1")
    assert server.connections == 0


def test_key_never_follows_a_redirect() -> None:
    with RawServer(replies(reply())) as other:
        headers = {"Location": other.url}
        with RawServer(replies(reply(b"", 302, headers=headers))) as server:
            with Oneloop(api_key=KEY, base_url=server.url) as client:
                with pytest.raises(OneloopError):
                    client.api.get_httpx_client().get("/x", follow_redirects=True)
    assert other.connections == 0


@every_face
def test_cookies_are_not_kept(face: Face) -> None:
    answer = reply(headers={"Set-Cookie": "session=1; Path=/"})
    with RawServer(replies(answer)) as server, Oneloop(api_key=KEY, base_url=server.url) as client:
        client.get_billing_usage(BID)
        get_billing_usage.sync(BID, client=client.api)
        client.get_billing_usage(BID)
    assert all(b"cookie" not in request.lower() for request in server.requests)


def test_headers_say_who_asks() -> None:
    with RawServer(replies(reply())) as server, Oneloop(api_key=KEY, base_url=server.url) as client:
        client.get_billing_usage(BID)
    head = server.requests[0]
    assert b"\r\nUser-Agent: oneloop-api-client/" in head
    assert b"\r\nAccept-Encoding: gzip\r\n" in head


def test_each_client_has_its_own_face() -> None:
    with pytest.raises(OneloopError, match="AsyncOneloop"):
        asyncio.run(get_billing_usage.asyncio(BID, client=Oneloop(api_key=KEY).api))
    with pytest.raises(OneloopError, match="Oneloop"):
        get_billing_usage.sync(BID, client=AsyncOneloop(api_key=KEY).api)
