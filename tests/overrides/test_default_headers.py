"""Headers of the caller's go with each request, beside the key and never in its place."""

from __future__ import annotations

import copy
import functools
import pickle
import traceback
from types import MappingProxyType
from typing import Any

import attrs
import h11
import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from oneloop import APIConnectionError, ConfigurationError, Oneloop, OneloopError
from oneloop._http.headers import default_problem, raw
from oneloop._http.secret import Secret, Unseen
from oneloop_api_client.api.usage import get_billing_usage
from tests.clients import CALLERS, Caller
from tests.faces import KEY, Face, every_client, every_face, frames_of_ours
from tests.servers import BID, RawServer, hang_up, replies, reply

VALUE = "team-secret-1234"
HEADERS = {"X-Team": VALUE, "traceparent": "00-1-2-01", "X-Empty": "", "X-Latin": "clé"}


@every_face
def test_each_request_has_them(face: Face) -> None:
    with RawServer(replies(reply(b"", 503), reply())) as server:
        face(server.url, default_headers=MappingProxyType(HEADERS), max_retries=1)
    assert len(server.requests) == 2
    for request in server.requests:
        lines = request.split(b"\r\n")
        for name, value in HEADERS.items():
            assert lines.count(f"{name}: {value}".encode("latin-1")) == 1
        assert lines.count(f"Authorization: Bearer {KEY}".encode()) == 1


def test_operations_own_headers_win() -> None:
    options: dict[str, Any] = {"default_headers": {"X-Team": VALUE, "X-Other": "stays"}}
    with RawServer(replies(reply())) as server:
        with Oneloop(api_key=KEY, base_url=server.url, **options) as client:
            copied = client.api.with_headers({"x-team": "its own"})
            get_billing_usage.sync(BID, client=copied)
    lines = server.requests[0].lower().split(b"\r\n")
    assert [line for line in lines if line.startswith(b"x-team")] == [b"x-team: its own"]
    assert b"x-other: stays" in lines


def test_transport_of_the_callers_gets_them_and_its_errors_do_not() -> None:
    seen = []

    def fail(request: httpx.Request) -> httpx.Response:
        seen.append(dict(request.headers))
        raise httpx.ReadError("broken", request=request)

    options: dict[str, Any] = {"default_headers": HEADERS, "max_retries": 0}
    with Oneloop(api_key=KEY, transport=httpx.MockTransport(fail), **options) as client:
        with pytest.raises(APIConnectionError) as caught:
            client.get_billing_usage(BID)
    assert seen[0]["x-team"] == VALUE
    assert isinstance(caught.value.__cause__, httpx.ReadError)
    assert VALUE not in repr(caught.value.__cause__.request.headers.raw)
    assert KEY not in repr(caught.value.__cause__.request.headers.raw)


AUTH, OURS = "only the API key does", "what this client itself"


@every_client
@pytest.mark.parametrize(
    ("headers", "words"),
    [
        *[
            pytest.param({name: VALUE}, AUTH, id=name)
            for name in (
                *["Authorization", "authorization", "X-Api-Key", "api_key", "APIKEY"],
                *["X-Auth-Token", "Cookie", "X_Forwarded_Authorization", "X-Access-Token"],
            )
        ],
        *[
            pytest.param({name: VALUE}, OURS, id=name)
            for name in (
                *["Host", "Content-Length", "content_length", "Transfer-Encoding", "TE"],
                *["Connection", "Keep-Alive", "Upgrade", "Trailer", "Expect", "HTTP2-Settings"],
                *["Accept", "Accept-Encoding", "Content-Type"],
            )
        ],
        *[
            pytest.param({name: VALUE}, "give it in proxy", id=name)
            for name in ("Proxy-Authorization", "Proxy-Connection")
        ],
        *[
            pytest.param({name: VALUE}, "all requests the same one", id=name)
            for name in ("Idempotency-Key", "idempotency_key", "X-Idempotency-Key")
        ],
        *[
            pytest.param({name: VALUE}, "another operation", id=name)
            for name in ("X-HTTP-Method-Override", "X-Method-Override", "X-Original-URL")
        ],
        pytest.param({"User-Agent": VALUE}, "by user_agent", id="User-Agent"),
        pytest.param({"Range": VALUE}, "less than the whole", id="Range"),
        pytest.param({"If-None-Match": VALUE}, "less than the whole", id="If-None-Match"),
        *[
            pytest.param({name: VALUE}, "a name that can't be", id=repr(name)[:20])
            for name in ("", " X", "X ", "X:", "X\n", "clé", "a" * 101, "X\0", "\u212a")
        ],
        *[
            pytest.param({"X": value}, "a value for 'X' that isn't", id=repr(value)[:20])
            for value in ("a\r\nAuthorization: x", "a\n", "\ta", " a", "a ", "\x7f", "\x85", "€")
        ],
        *[
            pytest.param({"X": value}, "must have a str", id=repr(value))
            for value in (None, 5, b"x", ["x"])
        ],
        pytest.param({5: "x"}, "must have a str", id="a name of another type"),
        pytest.param({"X-A": "1", "x_a": "2"}, "twice", id="twice"),
        pytest.param({"X": "a" * 9000}, "longer than 8192 bytes", id="huge"),
        pytest.param({f"X-{n}": "a" for n in range(5000)}, "longer than", id="many"),
        *[
            pytest.param(headers, "is of type", id=repr(headers))
            for headers in ([("X", "a")], "X: a", 5, {"X"}, True)
        ],
        pytest.param({"X": KEY}, "holds the API key", id="the key"),
        pytest.param({"X": f"a {KEY}, b"}, "holds the API key", id="the key among others"),
        pytest.param({KEY: "X"}, "holds the API key", id="the key as a name"),
    ],
)
def test_header_that_may_not_be_is_refused_in_words(
    client_class: Any, headers: Any, words: str
) -> None:
    for refuse in (
        functools.partial(client_class, api_key=KEY),
        client_class(api_key=KEY, base_url="http://[::1]").with_options,
    ):
        with pytest.raises(ConfigurationError, match=r"^default_headers ") as caught:
            refuse(default_headers=headers)
        assert words in str(caught.value)
        assert len(str(caught.value)) < 300
        shown = str(caught.value) + frames_of_ours(caught.value)
        assert VALUE not in shown
        assert KEY not in shown


TEXTS = st.text(st.characters(max_codepoint=0x180), max_size=12) | st.text("a-_ :\r\n\t\0é")


@given(st.dictionaries(TEXTS, TEXTS, max_size=4))
@example({"X": "a\x0b"})
@example({"X\u0130": "a"})
def test_any_header_is_one_line_or_refused(given_headers: dict[str, str]) -> None:
    if default_problem(given_headers, Secret(KEY)):
        return
    server = h11.Connection(h11.SERVER)
    head = Unseen(raw(given_headers)).complete(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    server.receive_data(bytes(head))
    request = server.next_event()
    assert isinstance(request, h11.Request)
    assert dict(request.headers) == {
        b"host": b"h",
        **{n.lower().encode(): v.encode("latin-1") for n, v in given_headers.items()},
    }
    assert isinstance(server.next_event(), h11.EndOfMessage)
    assert server.trailing_data == (b"", False)


def test_short_key_is_no_part_of_a_header() -> None:
    Oneloop(api_key="k", default_headers={"X-Knights": "knock knock"})
    with pytest.raises(ConfigurationError, match="holds the API key"):
        Oneloop(api_key="k", default_headers={"X": "k"})


@every_client
def test_nothing_shows_them(client_class: Any) -> None:
    client = client_class(api_key=KEY, default_headers=HEADERS)
    views = [client, vars(client), client.api, attrs.asdict(client._config), client._http.headers]
    views += [vars(value) for value in vars(client).values() if hasattr(value, "__dict__")]
    assert VALUE not in repr(views)


@pytest.mark.parametrize("caller", CALLERS)
def test_no_error_and_no_local_of_ours_shows_them(caller: Caller) -> None:
    for handler in (replies(reply(b"", 404)), lambda connection, *_: hang_up(connection)):
        with RawServer(handler) as server:
            (error,) = caller(server.url, calls=1, default_headers=HEADERS)
        assert isinstance(error, OneloopError)
        assert VALUE not in frames_of_ours(error)
        assert VALUE not in "".join(traceback.format_exception(error))


@every_client
def test_copies_and_pickles_have_them(client_class: Any) -> None:
    given = dict(HEADERS)
    client = client_class(
        api_key=KEY, default_headers=given, user_agent="my-app/2", pickle_api_key=True
    )
    given["X-Team"] = "changed later"
    for other in (copy.copy(client), client.with_options(timeout=1), _pickled(client)):
        assert other._config.default_headers == client._config.default_headers
        assert other._http.headers == client._http.headers
    assert client._config.default_headers.reveal() == HEADERS
    assert client.with_options(default_headers={})._config.default_headers.reveal() == {}


def _pickled(client: Any) -> Any:
    return pickle.loads(pickle.dumps(client))


@every_face
@pytest.mark.parametrize("suffix", ["my-app/2.3", "my-app", "a/1 (+https://h; x) b/2", "(x)"])
def test_user_agent_stands_behind_ours(face: Face, suffix: str) -> None:
    with RawServer(replies(reply())) as server:
        face(server.url, user_agent=suffix)
    (line,) = [it for it in server.requests[0].split(b"\r\n") if it.startswith(b"User-Agent: ")]
    assert line.startswith(b"User-Agent: oneloop-api-client/")
    assert line.endswith(b" " + suffix.encode())


@every_client
@pytest.mark.parametrize(
    "suffix",
    [
        *["", " ", " a", "a ", "a  b", "a/", "/1", "a/1/2", "a\n", "a\r\nX: y", "é", "a(b)", "(a"],
        *[
            "(a\\)",
            "(()",
            "a\tb",
            "a" * 101,
            " ".join(["a/1"] * 65),
            "x, y",
            5,
            b"a",
            ["a"],
            True,
            KEY,
            f"a/{KEY}",
        ],
    ],
    ids=repr,
)
def test_user_agent_that_is_none_is_refused_in_words(client_class: Any, suffix: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"^user_agent ") as caught:
        client_class(api_key=KEY, user_agent=suffix)
    assert KEY not in str(caught.value) + frames_of_ours(caught.value)


def test_with_options_changes_them_for_one_client_alone() -> None:
    with RawServer(replies(reply())) as server:
        with Oneloop(api_key=KEY, base_url=server.url, default_headers={"X-A": "1"}) as client:
            other = client.with_options(default_headers={"X-B": "2"}, user_agent="other/1")
            other.get_billing_usage(BID)
            client.get_billing_usage(BID)
    first, second = server.requests
    assert b"\r\nX-B: 2\r\n" in first
    assert b"X-A" not in first
    assert b" other/1\r\n" in first
    assert b"\r\nX-A: 1\r\n" in second
    assert b"other/1" not in second
    assert server.connections == 1
