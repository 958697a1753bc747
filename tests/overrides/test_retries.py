"""What passes is tried again, where that is safe, when the server says; nothing else is."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest

from oneloop import APIConnectionError, APIStatusError, InternalServerError, Oneloop, OneloopError
from oneloop._http import retry
from oneloop._http.retry import Tried
from tests.clock import ends_within
from tests.faces import KEY, Face, every_face
from tests.servers import Handler, RawServer, hang_up, replies, reply

NOW = 1_735_689_600.0


@pytest.fixture
def far_from_greenwich() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "America/New_York")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        pytest.param(None, None, id="none"),
        pytest.param("7", 7.0, id="seconds"),
        pytest.param(" 7 ", 7.0, id="spaces"),
        pytest.param("0", 0.0, id="zero"),
        pytest.param("604800", 604_800.0, id="a week"),
        pytest.param("Wed, 01 Jan 2025 00:01:00 GMT", 60.0, id="HTTP date"),
        pytest.param("Wed, 01 Jan 2025 00:01:00 -0000", 60.0, id="HTTP date of no zone"),
        pytest.param("Wed, 01 Jan 2025 00:01:00", 60.0, id="HTTP date without a zone"),
        pytest.param("Wed, 21 Oct 2015 07:28:00 GMT", 0.0, id="past date"),
        pytest.param("soon", None, id="garbage"),
        pytest.param("", None, id="empty"),
        pytest.param("-5", None, id="negative"),
        pytest.param("1e3", None, id="exponent"),
        pytest.param("\u0661", None, id="digit of another script"),
        pytest.param("9" * 400, None, id="infinite"),
        pytest.param("Mon, 32 Foo 99999 99:99:99 +9999", None, id="no such date"),
        pytest.param(
            "Wed, 01 Jan 2025 00:00:00 +99999999999999999999", None, id="date of no calendar"
        ),
    ],
)
@pytest.mark.usefixtures("far_from_greenwich")
def test_retry_after_is_read(value: str | None, seconds: float | None) -> None:
    assert retry.retry_after(value, NOW) == seconds


PASSED = Tried(number=1, idempotent=True, sent=True, replayable=True, status=503)


@pytest.mark.parametrize(
    ("tried", "again"),
    [
        *[
            pytest.param(PASSED._replace(status=status), True, id=f"{status}")
            for status in (408, 429, 500, 502, 503, 504)
        ],
        *[
            pytest.param(PASSED._replace(status=status), False, id=f"{status}")
            for status in (200, 202, 302, 400, 401, 403, 404, 409, 501, 505, 507, 520)
        ],
        pytest.param(PASSED._replace(status=None), True, id="no answer"),
        pytest.param(PASSED._replace(status=None, permanent=True), False, id="bad certificate"),
        pytest.param(PASSED._replace(idempotent=False), False, id="post"),
        pytest.param(PASSED._replace(idempotent=False, status=None), False, id="post cut off"),
        pytest.param(
            PASSED._replace(idempotent=False, status=None, sent=False), True, id="post not sent"
        ),
        pytest.param(PASSED._replace(replayable=False), False, id="streamed body"),
        pytest.param(
            PASSED._replace(replayable=False, status=None, sent=False),
            True,
            id="streamed body not sent",
        ),
        pytest.param(PASSED._replace(number=3), True, id="third of four tries"),
        pytest.param(PASSED._replace(number=4), False, id="fourth of four tries"),
        pytest.param(PASSED._replace(retry_after=59.0), True, id="before the deadline"),
        pytest.param(PASSED._replace(retry_after=60.0), False, id="at the deadline"),
    ],
)
def test_try_is_repeated_where_that_is_safe(tried: Tried, again: bool) -> None:
    assert (retry.pause(tried, max_retries=3, left=60.0, jitter=1.0) is not None) == again


@pytest.mark.parametrize(
    ("number", "asked", "jitter", "seconds"),
    [
        pytest.param(1, None, 0.0, 0.25, id="first"),
        pytest.param(1, None, 1.0, 0.125, id="first, all jitter"),
        pytest.param(2, None, 0.0, 0.5, id="second"),
        pytest.param(6, None, 0.0, 8.0, id="longest"),
        pytest.param(100, None, 0.0, 8.0, id="hundredth"),
        pytest.param(1, 3.0, 0.0, 3.0, id="the server asks for more"),
        pytest.param(1, 0.0, 0.0, 0.25, id="the server asks for less"),
    ],
)
def test_pause_doubles_with_jitter(
    number: int, asked: float | None, jitter: float, seconds: float
) -> None:
    tried = PASSED._replace(number=number, retry_after=asked)
    assert retry.pause(tried, max_retries=100, left=60.0, jitter=jitter) == seconds


@pytest.mark.parametrize(
    ("method", "query", "headers", "safe"),
    [
        *[
            pytest.param(method, "", [], True, id=method)
            for method in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE")
        ],
        *[pytest.param(method, "", [], False, id=method) for method in ("POST", "PATCH")],
        pytest.param("POST", "", [(b"idempotency-KEY", b"k")], True, id="a key"),
        pytest.param("PATCH", "", [(b"X-Idempotency_Key", b"k")], True, id="a vendor's key"),
        pytest.param("POST", "", [(b"Idempotency-Key", b"")], False, id="an empty key"),
        pytest.param("POST", "", [(b"X-Key", b"k")], False, id="another header"),
        pytest.param("POST", "a=1&idempotencyKey=k", [], True, id="a key as a parameter"),
        pytest.param("POST", "idempotency_key=", [], False, id="an empty parameter"),
        pytest.param("POST", "idempotency_key_of=k", [], False, id="another parameter"),
    ],
)
def test_request_that_may_be_sent_twice(
    method: str, query: str, headers: list[tuple[bytes, bytes]], safe: bool
) -> None:
    assert retry.is_idempotent(method, query, headers) == safe


@every_face
@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_passing_status_is_retried(face: Face, status: int, no_pauses: None) -> None:
    with RawServer(replies(reply(b"", status), reply(b"", status), reply())) as server:
        assert face(server.url, max_retries=2)
    assert len(server.requests) == 3


@every_face
def test_connection_that_breaks_once_is_retried(face: Face, no_pauses: None) -> None:
    def handle(connection: socket.socket, head: bytes, number: int) -> None:
        if number == 1:
            hang_up(connection)
        else:
            connection.sendall(reply())

    with RawServer(handle) as server:
        assert face(server.url, max_retries=1)


@every_face
def test_retries_end_with_the_last_error(face: Face, no_pauses: None) -> None:
    with RawServer(replies(reply(b"no such thing", 503))) as server:
        with pytest.raises(InternalServerError, match=r"3 tries") as caught:
            face(server.url, max_retries=2)
    assert len(server.requests) == 3
    assert caught.value.message == "no such thing"


@every_face
def test_retry_after_is_waited_for(face: Face, no_pauses: None) -> None:
    refused = reply(b"", 429, headers={"Retry-After": "1"})
    with RawServer(replies(refused, reply())) as server:
        began = time.monotonic()
        with ends_within(1):
            assert face(server.url, max_retries=1)
        assert time.monotonic() - began >= 1


@every_face
def test_garbage_in_retry_after_means_the_ordinary_pause(face: Face, no_pauses: None) -> None:
    refused = reply(b"", 429, headers={"Retry-After": "soon"})
    with RawServer(replies(refused, reply())) as server:
        with ends_within(0):
            assert face(server.url, max_retries=1)


@every_face
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_past_the_deadline_fails_at_once(face: Face, status: int) -> None:
    refused = reply(b"no such thing", status, headers={"Retry-After": "604800"})
    with RawServer(replies(refused)) as server:
        with ends_within(0), pytest.raises(APIStatusError) as caught:
            face(server.url, max_retries=5)
    assert (caught.value.status_code, caught.value.retry_after) == (status, 604800)
    assert "retry after 604800 s" in str(caught.value)
    assert caught.value.message == "no such thing"
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("handler", "error_class"),
    [
        pytest.param(replies(reply(b"", 503)), InternalServerError, id="503"),
        pytest.param(
            lambda connection, head, number: hang_up(connection), APIConnectionError, id="reset"
        ),
    ],
)
def test_streamed_body_is_sent_once(
    handler: Handler, error_class: type[OneloopError], no_pauses: None
) -> None:
    with RawServer(handler) as server, Oneloop(api_key=KEY, base_url=server.url) as client:
        with pytest.raises(error_class):
            client.api.get_httpx_client().put("/x", content=iter([b"a"]))
    assert sum(request.startswith(b"PUT ") for request in server.requests) == 1
