"""What isn't a documented success is a typed error."""

from __future__ import annotations

import socket
import time

import pytest

from oneloop import (
    APIStatusError,
    AuthenticationError,
    BadRequestError,
    InternalServerError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
)
from tests.faces import Face, check_error, every_face, every_method
from tests.servers import BID, Handler, RawServer, hang_up, replies, reply

DOCUMENTED = b'{"error": {"code": 17, "message": "no such thing"}}'


@every_face
@pytest.mark.parametrize(
    ("status", "error_class"),
    [
        pytest.param(400, BadRequestError, id="400"),
        pytest.param(401, AuthenticationError, id="401"),
        pytest.param(403, PermissionDeniedError, id="403"),
        pytest.param(404, NotFoundError, id="404"),
        pytest.param(418, APIStatusError, id="418"),
        pytest.param(429, RateLimitError, id="429"),
        *[pytest.param(n, InternalServerError, id=f"{n}") for n in (500, 502, 503, 504, 507)],
        *[pytest.param(n, InternalServerError, id=f"{n}-nameless") for n in (520, 530, 561, 598)],
        *[pytest.param(n, APIStatusError, id=f"{n}-nameless") for n in (419, 430, 499, 600, 999)],
        *[pytest.param(n, APIStatusError, id=f"{n}-undocumented") for n in (201, 202, 206, 299)],
        *[pytest.param(n, APIStatusError, id=f"{n}-redirect") for n in (300, 301, 302, 307, 308)],
    ],
)
def test_status_is_an_error_of_its_class(
    face: Face, status: int, error_class: type[APIStatusError], caplog: pytest.LogCaptureFixture
) -> None:
    headers = {"X-Request-Id": "req-7", "Location": "/elsewhere"}
    with (
        RawServer(replies(reply(DOCUMENTED, status, headers=headers))) as server,
        pytest.raises(APIStatusError) as caught,
    ):
        face(server.url)
    error = caught.value
    assert type(error) is error_class
    assert error.status_code == status
    assert (error.code, error.message, error.request_id) == (17, "no such thing", "req-7")
    assert f"/api/v1/usage/{BID}: {status}" in str(error)
    assert len(server.requests) == 1
    check_error(error, caplog.text)


@every_face
@pytest.mark.parametrize("status", [204, 205, 304])
def test_status_without_a_body_is_an_error(face: Face, status: int) -> None:
    answer = f"HTTP/1.1 {status} Whatever\r\nContent-Length: 0\r\n\r\n".encode()
    with RawServer(replies(answer)) as server, pytest.raises(APIStatusError) as caught:
        face(server.url)
    assert (caught.value.status_code, caught.value.message) == (status, "")


@every_face
@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        pytest.param(b"<h1>Bad gateway</h1>", None, "<h1>Bad gateway</h1>", id="html"),
        pytest.param(b"", None, "", id="empty"),
        pytest.param(b'{"error": {"co', None, '{"error": {"co', id="cut JSON"),
        pytest.param(b"caf\xe9", None, "caf\ufffd", id="latin-1"),
        pytest.param(b"a\r\nb\x1b[31m\x00", None, "a b\ufffd[31m\ufffd", id="control characters"),
        pytest.param(b'{"error": null}', None, '{"error": null}', id="error null"),
        pytest.param(b'{"error": "no"}', None, "no", id="error a string"),
        pytest.param(b'{"error": {}}', None, '{"error": {}}', id="error empty"),
        pytest.param(b'{"error": []}', None, '{"error": []}', id="error a list"),
        pytest.param(b'{"detail": "no"}', None, '{"detail": "no"}', id="no error in it"),
        pytest.param(b"[]", None, "[]", id="a list"),
        pytest.param(b'{"error": {"code": null, "message": "m"}}', None, "m", id="code null"),
        pytest.param(b'{"error": {"code": "E1", "message": "m"}}', None, "m", id="code a string"),
        pytest.param(b'{"error": {"code": 1.5, "message": "m"}}', None, "m", id="code a float"),
        pytest.param(b'{"error": {"code": true, "message": "m"}}', None, "m", id="code a bool"),
        pytest.param(
            b'{"error": {"code": 9%s, "message": "m"}}' % (b"9" * 99), None, "m", id="code huge"
        ),
        pytest.param(b'{"error": {"code": 7}}', 7, '{"error": {"code": 7}}', id="no message"),
        pytest.param(
            b'{"error":{"code":7,"message":5}}', 7, '{"error":{"code":7,"message":5}}', id="number"
        ),
        pytest.param(b"[" * 9_999, None, "[" * 200 + "…", id="nested"),
        pytest.param(b"x" * 1_000_000, None, "x" * 200 + "…", id="a megabyte"),
    ],
)
def test_error_body_keeps_what_is_readable(
    face: Face, body: bytes, code: int | None, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = reply(body, 502, content_type="text/html")
    with RawServer(replies(answer)) as server, pytest.raises(InternalServerError) as caught:
        face(server.url)
    assert (caught.value.status_code, caught.value.code) == (502, code)
    assert caught.value.message == message
    check_error(caught.value, caplog.text)


def _reset_inside_the_body(connection: socket.socket, head: bytes, number: int) -> None:
    connection.sendall(reply(b"half a", 500, length=1000))
    time.sleep(0.05)
    hang_up(connection)


@every_face
@pytest.mark.parametrize(
    "handler",
    [
        pytest.param(_reset_inside_the_body, id="reset"),
        pytest.param(
            replies(reply(b"\x1f\x8bgarbage", 500, headers={"Content-Encoding": "gzip"})), id="gzip"
        ),
        pytest.param(replies(reply(b"??", 500, headers={"Content-Encoding": "br"})), id="br"),
        pytest.param(
            replies(b"HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\nZZ\r\n"),
            id="bad chunk",
        ),
    ],
)
def test_error_status_outlives_its_broken_body(face: Face, handler: Handler) -> None:
    with RawServer(handler) as server, pytest.raises(InternalServerError) as caught:
        face(server.url)
    assert caught.value.status_code == 500


@every_method
def test_request_id_is_bounded(face: Face) -> None:
    with RawServer(replies(reply(b"", 404, headers={"X-Request-Id": "x" * 5000}))) as server:
        with pytest.raises(NotFoundError) as caught:
            face(server.url)
    assert caught.value.request_id == "x" * 200 + "…"


@every_method
def test_body_of_an_error_is_read_to_a_bound(face: Face) -> None:
    sent = 0

    def endless(connection: socket.socket, head: bytes, number: int) -> None:
        nonlocal sent
        connection.sendall(b"HTTP/1.1 500 No\r\n\r\n")
        while True:
            sent += connection.send(b"x" * 65_536)

    with RawServer(endless) as server, pytest.raises(InternalServerError):
        face(server.url)
    assert sent < 16 * 2**20
