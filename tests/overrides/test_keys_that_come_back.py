"""FAULTS.md, "Keys that come back": what a server echoes of the key is shown nowhere."""

from __future__ import annotations

import copy
import html
import json
import pickle
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oneloop import APIConnectionError, AsyncOneloop, ConfigurationError, Oneloop, OneloopError
from oneloop._http.secret import MAX_SPELLING, Secret
from tests.clients import CALLERS, Caller
from tests.faces import check_error, frames_of_ours
from tests.servers import RawServer, replies, reply, row, usage_body

every_caller = pytest.mark.parametrize("caller", CALLERS)
every_client = pytest.mark.parametrize("client_class", [Oneloop, AsyncOneloop])

KEY = 'sk/Live+"Ab<9&\\z'
"""A key with what each escaping changes."""
RAW = KEY.encode()


def escaped(key: str) -> str:
    return "".join(f"\\u{ord(char):04X}" for char in key)


SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "lower case": str.lower,
    "upper case": str.upper,
    "JSON": lambda key: json.dumps(key)[1:-1],
    "JSON with slashes escaped": lambda key: json.dumps(key)[1:-1].replace("/", "\\/"),
    "JSON, every character escaped": escaped,
    "JSON inside JSON": lambda key: json.dumps(json.dumps(key))[3:-3],
    "JSON escapes inside JSON": lambda key: json.dumps(escaped(key))[1:-1],
    "Python": lambda key: repr(key)[1:-1],
    "Python bytes": lambda key: "".join(f"\\x{ord(char):02x}" for char in key),
    "URL": lambda key: quote(key, ""),
    "HTML": html.escape,
    "HTML in numbers": lambda key: "".join(f"&#{ord(char)};" for char in key),
    "HTML in hex": lambda key: "".join(f"&#x{ord(char):X};" for char in key),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_is_redacted(spelling: str) -> None:
    spelled = SPELLINGS[spelling](KEY)
    assert Secret(KEY).redact(f"before {spelled} after") == "before [redacted] after"
    assert len(spelled) <= MAX_SPELLING * len(KEY)


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=50))
def test_any_key_is_redacted(key: str) -> None:
    for spell in SPELLINGS.values():
        assert Secret(key).redact(f"\n{spell(key)}\n") == "\n[redacted]\n"


def test_redaction_takes_no_time_to_speak_of() -> None:
    """Bounded repetitions: a hostile text can't make the expression backtrack."""
    secret = Secret("\\" * 40)
    for text in ("\\" * 65_536, "\\u005c" * 10_000, "&#0" * 20_000):
        secret.redact(text)


def where_it_shows(error: BaseException, key: str = KEY) -> list[str]:
    """Return the links of the chain, context and all, that show a spelling of the key."""
    found = []
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        link = waiting.pop()
        if link is None or id(link) in seen:
            continue
        seen.add(id(link))
        waiting += [link.__cause__, link.__context__]
        text = "".join([str(link), repr(link), repr(link.args), repr(vars(link))]).lower()
        found += [repr(link)[:200] for s in SPELLINGS.values() if s(key).lower() in text]
    return found


WIRE = {
    "status line": b"HTTP/1.1 " + RAW + b"\r\n\r\n",
    "whole line": RAW + b"\r\n\r\n",
    "header name": b"HTTP/1.1 200 OK\r\n" + RAW + b" x: y\r\n\r\n",
    "header value": b"HTTP/1.1 200 OK\r\nX: " + RAW + b"\0\r\n\r\n",
    "length": b"HTTP/1.1 200 OK\r\nContent-Length: " + RAW + b"\r\n\r\n",
    "framing": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: " + RAW + b"\r\n\r\n",
    "chunk size": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + RAW + b"\r\n",
    "chunk extension": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZ;" + RAW + b"\r\n",
}


@every_caller
@pytest.mark.parametrize("place", WIRE)
def test_key_on_the_wire(caller: Caller, place: str, caplog: pytest.LogCaptureFixture) -> None:
    with RawServer(replies(WIRE[place])) as server:
        (error,) = caller(server.url, calls=1, api_key=KEY)
    assert isinstance(error, APIConnectionError)
    assert where_it_shows(error) == []
    assert KEY not in caplog.text
    check_error(error)


PLACES: dict[str, Callable[[str], bytes]] = {
    "content type": lambda key: reply(content_type=key),
    "content encoding": lambda key: reply(headers={"Content-Encoding": key}),
    "request id": lambda key: reply(b"", 500, headers={"X-Request-Id": key}),
    "error message": lambda key: reply(
        b'{"error": {"code": 1, "message": "%b"}}' % key.encode(), 401
    ),
    "error page": lambda key: reply(f"<p>{key}</p>".encode(), 502),
    "broken JSON": lambda key: reply(f'{{"data": "{key}'.encode()),
    "count": lambda key: reply(usage_body(row(totalBillingUsage=key))),
    "day": lambda key: reply(usage_body(row(day=key))),
    "billing id": lambda key: reply(usage_body(row(billingId=key))),
    "cursor": lambda key: reply(b'{"data": [], "nextCursor": "%b"}' % key.encode()),
    "gzip": lambda key: reply(key.encode(), headers={"Content-Encoding": "gzip"}),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("place", PLACES)
def test_key_in_an_answer(place: str, spelling: str) -> None:
    with RawServer(replies(PLACES[place](SPELLINGS[spelling](KEY)))) as server:
        (error,) = CALLERS[0](server.url, calls=1, api_key=KEY)
    assert isinstance(error, OneloopError)
    assert where_it_shows(error) == []
    check_error(error)


@pytest.mark.parametrize("kind", [httpx.ConnectError, httpx.RemoteProtocolError, OSError])
def test_key_in_an_error_of_a_transport(kind: type[Exception]) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        try:
            raise ValueError(f"Bearer {KEY}")
        except ValueError as error:
            raise kind("refused") from error

    with Oneloop(api_key=KEY, transport=httpx.MockTransport(fail), max_retries=0) as client:
        with pytest.raises(APIConnectionError, match="refused") as caught:
            client.get_billing_usage("b")
    assert where_it_shows(caught.value) == []


BAD_OPTIONS: list[dict[str, Any]] = [
    {"api_key": KEY + "\n"},
    {"api_key": f"Bearer {KEY}"},
    {"api_key": KEY.encode()},
    {"base_url": "ftp://h"},
    {"timeout": 0},
    {"max_retries": -1},
    {"transport": 5},
    {"max_connections": 0},
    {"default_headers": {"Host": "h"}},
    {"default_headers": {"X": KEY}},
    {"user_agent": KEY},
    {"event_hooks": 5},
    {"proxy": f"socks5://{KEY}"},
    {"proxy": KEY},
    {"ssl_context": 5},
]


@every_client
@pytest.mark.parametrize("options", BAD_OPTIONS, ids=lambda options: str(options)[:30])
def test_construction_that_fails_has_no_key_in_its_frames(
    client_class: type[Oneloop], options: dict[str, Any]
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        client_class(**{"api_key": KEY, **options})
    text = frames_of_ours(caught.value)
    assert "base_url" in text
    assert KEY not in text
    assert json.dumps(KEY)[1:-1] not in text
    assert repr(KEY)[1:-1] not in text


@every_client
def test_key_of_the_environment_is_in_no_frame_either(
    client_class: type[Oneloop], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONELOOP_API_KEY", KEY + " x")
    with pytest.raises(ConfigurationError) as caught:
        client_class()
    assert repr(KEY)[1:-1] not in frames_of_ours(caught.value)


@every_client
@pytest.mark.parametrize("name", ["HTTPS_PROXY", "all_proxy"])
def test_password_of_a_proxy_variable_is_in_no_frame(
    client_class: type[Oneloop], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "socks5://me:s3cret-pass@h")
    with pytest.raises(ConfigurationError, match=f"{name.upper()} must be a URL") as caught:
        client_class(api_key=KEY, base_url="https://api.example.com")
    assert "s3cret-pass" not in frames_of_ours(caught.value)


@every_client
def test_client_that_does_not_unpickle_has_no_key_in_its_frames(
    client_class: type[Oneloop], monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = {"X-Tenant": "s3cret-tenant"}
    client = client_class(api_key=KEY, default_headers=headers, pickle_api_key=True)
    pickled = pickle.dumps(client)
    monkeypatch.setenv("SSL_CERT_FILE", "nothing")
    with pytest.raises(ConfigurationError, match="SSL_CERT_FILE") as caught:
        pickle.loads(pickled)
    no_locals_show_it(caught.value)
    assert "s3cret-tenant" not in frames_of_ours(caught.value)


@every_client
def test_address_that_holds_the_key_is_refused(client_class: type[Oneloop]) -> None:
    with pytest.raises(ConfigurationError, match="base_url holds the API key"):
        client_class(api_key="sk-4711-4711", base_url="https://api.example.com/sk-4711-4711")


@every_client
def test_half_made_client_has_a_repr(client_class: type[Oneloop]) -> None:
    assert client_class.__name__ in repr(object.__new__(client_class))


def no_locals_show_it(error: BaseException) -> None:
    assert repr(KEY)[1:-1] not in frames_of_ours(error)


@pytest.mark.parametrize("caller", CALLERS)
def test_call_that_a_foreign_exception_ends_has_no_key_in_its_frames(caller: Caller) -> None:
    """What isn't ours passes with its frames: Ctrl-C, or a bug of a transport's."""

    def fail(request: httpx.Request) -> httpx.Response:
        raise ZeroDivisionError

    (error,) = caller("http://127.0.0.1:1", 1, api_key=KEY, transport=httpx.MockTransport(fail))
    assert isinstance(error, ZeroDivisionError)
    no_locals_show_it(error)


@every_client
@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy], ids=["copy", "deepcopy"])
def test_copy_has_the_same_account(
    client_class: type[Oneloop],
    copied: Callable[[Any], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = client_class(api_key=KEY)
    monkeypatch.setenv("ONELOOP_API_KEY", "another-account")
    assert copied(client)._config == client._config
    assert copied([client])[0]._config == client._config
    with pytest.raises(TypeError):
        copied(Secret(KEY))
    assert pickle.loads(pickle.dumps(client))._config.api_key == Secret("another-account")


@every_caller
def test_copy_shares_the_connections(caller: Caller) -> None:
    with RawServer(replies(reply())) as server, Oneloop(api_key=KEY, base_url=server.url) as client:
        assert client.get_billing_usage("bid_1") == copy.copy(client).get_billing_usage("bid_1")
    assert server.connections == 1
