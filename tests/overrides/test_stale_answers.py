"""FAULTS.md, "An answer that isn't all, or isn't this call's": no byte behind an answer is read."""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from pathlib import Path

import pytest
import trustme

from oneloop import Oneloop, OneloopError
from oneloop_api_client.api.usage import get_billing_usage
from tests.clients import CALLERS, Caller
from tests.faces import KEY
from tests.servers import BID, Handler, RawServer, reply, row, usage_body

every_caller = pytest.mark.parametrize("caller", CALLERS)

STALE = reply(usage_body(row(totalBillingUsage="666")))
RIGHT = reply(usage_body(row(totalBillingUsage="2")))
ERROR = b'{"error": {"code": 1, "message": "no"}}'
CHUNKED = b"%x\r\n%b\r\n0\r\n\r\n" % (len(usage_body()), usage_body())
JSON = b"Content-Type: application/json\r\n"

FIRST = {
    "200": reply(),
    "400": reply(ERROR, 400),
    "503": reply(ERROR, 503),
    "no length": b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n",
    "chunked": b"HTTP/1.1 200 OK\r\n" + JSON + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKED,
    "both framings": b"HTTP/1.1 200 OK\r\n"
    + JSON
    + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
    + CHUNKED,
    "204 with a body": b"HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n12345",
    "304 with a body": b"HTTP/1.1 304 No\r\nContent-Length: 5\r\n\r\n12345",
    "early hint": b"HTTP/1.1 103 Hint\r\n\r\n" + reply(),
}
BEHIND = {
    "an answer": STALE,
    "half an answer": STALE[:60],
    "junk": b"\0junk",
    "an empty line": b"\r\n",
}


def first_then_right(*segments: bytes) -> Handler:
    """Answer the first request with these segments, every other one right."""

    def handle(connection: socket.socket, head: bytes, number: int) -> None:
        if number > 1:
            connection.sendall(RIGHT)
            return
        for segment in segments:
            connection.sendall(segment)
            time.sleep(0.02)

    return handle


@every_caller
@pytest.mark.parametrize("behind", BEHIND)
@pytest.mark.parametrize("first", FIRST)
def test_bytes_in_the_same_segment(caller: Caller, first: str, behind: str) -> None:
    with RawServer(first_then_right(FIRST[first] + BEHIND[behind])) as server:
        outcomes = caller(server.url)
    assert outcomes[0] == 12 or isinstance(outcomes[0], OneloopError)
    assert outcomes[1] == 2
    assert server.connections == 2


@every_caller
@pytest.mark.parametrize("first", FIRST)
@pytest.mark.parametrize(
    "cut", [pytest.param(0, id="all of it later"), pytest.param(40, id="in halves")]
)
def test_bytes_that_come_while_the_connection_is_idle(caller: Caller, first: str, cut: int) -> None:
    with RawServer(first_then_right(FIRST[first] + STALE[:cut], STALE[cut:])) as server:
        outcomes = caller(server.url, pause=0.06)
    assert outcomes[1] == 2


@every_caller
@pytest.mark.parametrize("behind", BEHIND)
def test_bytes_behind_an_answer_that_is_retried(
    caller: Caller, behind: str, no_pauses: None
) -> None:
    with RawServer(first_then_right(FIRST["503"] + BEHIND[behind])) as server:
        assert caller(server.url, calls=1, max_retries=1) == [2]


@every_caller
def test_answer_with_two_framings_is_the_connections_last(caller: Caller) -> None:
    with RawServer(first_then_right(FIRST["both framings"])) as server:
        assert caller(server.url) == [12, 2]
    assert server.connections == 2


@every_caller
def test_connection_serves_again_where_nothing_is_behind(caller: Caller) -> None:
    with RawServer(first_then_right(FIRST["early hint"])) as server:
        assert caller(server.url) == [12, 2]
    assert server.connections == 1


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@every_caller
@pytest.mark.parametrize(
    "segments",
    [
        pytest.param((reply() + STALE,), id="same record"),
        pytest.param((reply(), STALE), id="next record"),
        pytest.param((reply() + STALE[:40], STALE[40:]), id="in halves"),
    ],
)
def test_bytes_under_tls(caller: Caller, segments: tuple[bytes, ...], tls: ssl.SSLContext) -> None:
    with RawServer(first_then_right(*segments), tls) as server:
        assert caller(server.url, pause=0.06) == [12, 2]


@every_caller
def test_tls_connection_is_kept_where_nothing_is_behind(
    caller: Caller, tls: ssl.SSLContext
) -> None:
    with RawServer(first_then_right(reply()), tls) as server:
        assert caller(server.url, pause=0.02) == [12, 2]
    assert server.connections == 1


@pytest.mark.parametrize("pause", [0, 0.05], ids=["at once", "while idle"])
def test_body_behind_head(pause: float) -> None:
    def handle(connection: socket.socket, head: bytes, number: int) -> None:
        if head.startswith(b"HEAD"):
            connection.sendall(reply(content_type="text/plain") + STALE)
        else:
            connection.sendall(RIGHT)

    with RawServer(handle) as server, Oneloop(api_key=KEY, base_url=server.url) as client:
        client.api.get_httpx_client().head("/elsewhere")
        time.sleep(pause)
        assert client.get_billing_usage(BID).total == 2


def through_the_api(client: Oneloop) -> list[str]:
    usage = get_billing_usage.sync(BID, client=client.api)
    return [item.total_billing_usage for item in usage.data]  # type: ignore[union-attr]


def test_other_operations_never_get_it_either() -> None:
    with RawServer(first_then_right(reply() + STALE)) as server:
        with Oneloop(api_key=KEY, base_url=server.url) as client:
            assert through_the_api(client) == ["12"]
            assert through_the_api(client) == ["2"]


@every_caller
def test_nothing_that_a_server_says_first_is_an_answer(caller: Caller) -> None:
    """It may come before the request is out; what counts is that it never answers a later one."""

    def talkative(connection: socket.socket, head: bytes, number: int) -> None:
        connection.sendall(reply(usage_body(row(totalBillingUsage=str(number)))) * 3)

    with RawServer(talkative) as server:
        assert caller(server.url, calls=4) == [1, 2, 3, 4]


@every_caller
def test_close_with_the_answer_is_no_fault(caller: Caller) -> None:
    def once(connection: socket.socket, head: bytes, number: int) -> None:
        connection.sendall(reply(headers={"Connection": "close"}))
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)

    with RawServer(once) as server:
        assert caller(server.url, calls=3) == [12, 12, 12]
