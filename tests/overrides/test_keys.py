"""The key goes to its server alone, once, and nothing shows it."""

from __future__ import annotations

import copy
import pickle
import traceback
from typing import Any

import attrs
import httpx
import pytest

from oneloop import (
    APIConnectionError,
    AsyncOneloop,
    AuthenticationError,
    ConfigurationError,
    Oneloop,
    OneloopError,
    ResponseValidationError,
)
from oneloop._http.secret import Secret
from oneloop.usage import decode
from oneloop_api_client.api.usage import get_billing_usage
from tests.answers import answer
from tests.faces import KEY, Face, check_error, every_client, every_face
from tests.servers import BID, RawServer, replies, reply, row, usage_body


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


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_key_with_its_scheme_is_told_so(scheme: str) -> None:
    with pytest.raises(ConfigurationError, match="begins with 'Bearer '"):
        Oneloop(api_key=f"{scheme} {KEY}")


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


ECHOES = {
    "message": reply(b'{"error": {"code": 1, "message": "bad key %s"}}' % KEY.encode(), 401),
    "body": reply(b"<p>%s</p>" % KEY.encode(), 401),
    "request id": reply(b"", 401, headers={"X-Request-Id": KEY}),
    "edge of the excerpt": reply(b"x" * 190 + KEY.encode(), 401),
}


@every_face
@pytest.mark.parametrize("place", ECHOES)
def test_key_in_an_answer_is_redacted(face: Face, place: str) -> None:
    with RawServer(replies(ECHOES[place])) as server:
        with pytest.raises(AuthenticationError, match=r"\[redacted") as caught:
            face(server.url)
    assert KEY[:8] not in str(caught.value)
    check_error(caught.value, echoed=True)


@pytest.mark.parametrize("text", ["axb", "a.", "", "a .b"])
def test_what_is_no_spelling_of_a_key_stays(text: str) -> None:
    assert Secret("a.b").redact(text) == text


def test_key_in_what_an_answer_holds_is_redacted() -> None:
    check_error(answer().fault("$", "no key", f"the key {KEY}"), echoed=True)


@pytest.mark.parametrize("before", ["", "x" * 190], ids=["whole", "cut by the excerpt"])
def test_key_in_a_wrong_body_is_redacted(before: str) -> None:
    with pytest.raises(ResponseValidationError, match=r"\[redacted") as caught:
        decode(answer(usage_body(row(totalBillingUsage=before + KEY))), BID)
    assert KEY[:5] not in str(caught.value)
    assert KEY.encode() not in pickle.dumps(caught.value)


def test_key_in_a_transports_error_is_redacted() -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(f"refused {KEY}\n" + "x" * 9999)

    with Oneloop(api_key=KEY, transport=httpx.MockTransport(fail), max_retries=0) as client:
        with pytest.raises(APIConnectionError, match=r"refused \[redacted\] x") as caught:
            client.get_billing_usage(BID)
    check_error(caught.value, echoed=True)


def chained() -> Exception:
    error = httpx.ConnectError("refused")
    error.__cause__ = ValueError(KEY)
    return error


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(httpx.ConnectError(KEY), id="its words"),
        pytest.param(UnicodeEncodeError("idna", KEY, 0, 1, "no"), id="its repr"),
        pytest.param(chained(), id="its cause"),
    ],
)
def test_fault_that_holds_the_key_is_no_cause(fault: Exception) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise fault

    with Oneloop(api_key=KEY, transport=httpx.MockTransport(fail), max_retries=0) as client:
        with pytest.raises(APIConnectionError) as caught:
            client.get_billing_usage(BID)
    assert caught.value.__cause__ is None
    assert KEY not in "".join(traceback.format_exception(caught.value))


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


def test_callers_request_never_gets_the_key() -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(200))
    with Oneloop(api_key=KEY, transport=transport) as client:
        answer = client.api.get_httpx_client().get("/x")
    assert "oneloop" in answer.request.headers["User-Agent"]
    assert KEY not in repr(answer.request.headers.raw)


def test_key_never_goes_to_another_host() -> None:
    with (
        RawServer(replies(reply())) as server,
        Oneloop(api_key=KEY, base_url="http://127.0.0.1:9") as client,
    ):
        with pytest.raises(ValueError, match="base_url"):
            client.api.get_httpx_client().get(server.url + "/api/v1/usage/bid_1")
    assert server.connections == 0


def test_key_never_leaves_tls() -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(200))
    with Oneloop(api_key=KEY, base_url="https://h", transport=transport) as client:
        with pytest.raises(ValueError, match="base_url"):
            client.api.get_httpx_client().get("http://h/x")


def test_key_never_follows_a_redirect() -> None:
    with RawServer(replies(reply())) as other:
        headers = {"Location": other.url}
        with RawServer(replies(reply(b"", 302, headers=headers))) as server:
            with Oneloop(api_key=KEY, base_url=server.url) as client:
                with pytest.raises(OneloopError):
                    client.api.get_httpx_client().get("/x", follow_redirects=True)
    assert other.connections == 0
