"""Guards that stand behind another: each still holds where the one before it doesn't."""

from __future__ import annotations

import asyncio
import gzip
import socket
import threading
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import trio

from oneloop import (
    APIConnectionError,
    APITimeoutError,
    AsyncOneloop,
    ConfigurationError,
    InternalServerError,
    NotFoundError,
    Oneloop,
    OneloopError,
    ResponseValidationError,
)
from oneloop.network import DEADLINE, _DeadlineBackend
from oneloop_api_client.api.usage import get_billing_usage
from tests.faces import KEY, METHODS, check_error
from tests.servers import BID, RawServer, hang_up, replies, reply, row, usage_body

Face = Callable[..., object]
every_method = pytest.mark.parametrize("face", METHODS)


def silence(connection: socket.socket, head: bytes, number: int) -> None:
    """Let a call that outlives its deadline end as another error."""
    time.sleep(1)
    hang_up(connection)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_key_with_its_scheme_is_told_so(scheme: str) -> None:
    with pytest.raises(ConfigurationError, match="begins with 'Bearer '"):
        Oneloop(api_key=f"{scheme} {KEY}")


@every_method
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(
            usage_body(row(totalBillingUsage=count)).replace(b"Usage", b"Us\\u0061ge"),
            id=f"{count!r}",
        )
        for count in ("-3", "1e3", "12.0")
    ],
)
def test_count_behind_an_escaped_key_is_checked_too(face: Face, body: bytes) -> None:
    with RawServer(replies(reply(body))) as server:
        with pytest.raises(ResponseValidationError, match="totalBillingUsage: expected 1 to 38"):
            face(server.url)


@every_method
def test_nesting_in_a_field_that_nobody_reads(face: Face) -> None:
    body = b'{"data": [], "x": %s%s}' % (b"[" * 100_000, b"]" * 100_000)
    with RawServer(replies(reply(body))) as server:
        with pytest.raises(ResponseValidationError, match="expected valid JSON"):
            face(server.url)


@every_method
def test_gzip_bomb_is_never_inflated(face: Face) -> None:
    bomb = reply(gzip.compress(b" " * 64 * 2**20), headers={"Content-Encoding": "gzip"})
    with RawServer(replies(bomb)) as server:
        tracemalloc.start()
        try:
            with pytest.raises(ResponseValidationError, match="at most 1000 bytes"):
                face(server.url, max_response_bytes=1000)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 8 * 2**20


def test_base_url_that_no_encoding_has() -> None:
    with pytest.raises(ConfigurationError, match=r"^base_url isn't a URL"):
        Oneloop(api_key=KEY, base_url="https://h/\ud800")


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


def test_generated_client_keeps_no_cookies() -> None:
    async def scenario(url: str) -> None:
        async with AsyncOneloop(api_key=KEY, base_url=url) as client:
            for _ in range(2):
                await get_billing_usage.asyncio(BID, client=client.api)

    with RawServer(replies(reply(headers={"Set-Cookie": "session=1; Path=/"}))) as server:
        with Oneloop(api_key=KEY, base_url=server.url) as client:
            for _ in range(2):
                get_billing_usage.sync(BID, client=client.api)
        asyncio.run(scenario(server.url))
    assert len(server.requests) == 4
    assert all(b"cookie" not in request.lower() for request in server.requests)


def test_key_never_leaves_tls() -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(200))
    with Oneloop(api_key=KEY, base_url="https://h", transport=transport) as client:
        with pytest.raises(ValueError, match="base_url"):
            client.api.get_httpx_client().get("http://h/x")


def test_callers_request_never_gets_the_key() -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(200))
    with Oneloop(api_key=KEY, transport=transport) as client:
        answer = client.api.get_httpx_client().get("/x")
    assert "oneloop" in answer.request.headers["User-Agent"]
    assert KEY not in repr(answer.request.headers.raw)


class Slow:
    """A backend and stream in one, that says how long each wait may be."""

    def __init__(self) -> None:
        self.allowed: list[float] = []

    def connect_tcp(self, host: str, port: int, timeout: float, *rest: object) -> Slow:
        self.allowed.append(timeout)
        return self

    def start_tls(self, context: object, hostname: str, timeout: float) -> Slow:
        self.allowed.append(timeout)
        return self

    def read(self, size: int, timeout: float) -> None:
        self.allowed.append(timeout)

    def write(self, data: bytes, timeout: float) -> None:
        self.allowed.append(timeout)


def test_every_wait_on_the_wire_ends_at_the_deadline() -> None:
    slow: Any = Slow()
    DEADLINE.set(time.monotonic() + 5)
    stream: Any = _DeadlineBackend(slow).connect_tcp("h", 443, 60)
    encrypted = stream.start_tls(None, "h", 60)
    for each in (stream, encrypted):
        each.read(1, 60)
        each.write(b"x", 60)
    assert len(slow.allowed) == 6
    assert all(4 < seconds <= 5 for seconds in slow.allowed)
    encrypted.read(1, 2)
    assert slow.allowed[-1] == 2


def test_deadline_holds_for_a_transport_of_the_callers() -> None:
    with RawServer(silence) as server:
        with Oneloop(
            api_key=KEY,
            base_url=server.url,
            timeout=0.3,
            max_retries=0,
            transport=httpx.HTTPTransport(),
        ) as client:
            with pytest.raises(APITimeoutError):
                client.get_billing_usage(BID)
            patient = client.api.with_timeout(httpx.Timeout(60))
            with pytest.raises(APITimeoutError):
                get_billing_usage.sync(BID, client=patient)


def test_a_generated_client_may_wait_for_less() -> None:
    with RawServer(silence) as server:
        with Oneloop(api_key=KEY, base_url=server.url, max_retries=0) as client:
            impatient = client.api.with_timeout(httpx.Timeout(0.2))
            with pytest.raises(APITimeoutError):
                get_billing_usage.sync(BID, client=impatient)


def test_deadline_holds_while_other_calls_have_all_connections(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("oneloop.connections.MAX_CONNECTIONS", 1)
    asked = threading.Event()

    def slow(connection: socket.socket, head: bytes, number: int) -> None:
        asked.set()
        time.sleep(1.5)
        connection.sendall(reply())

    with RawServer(slow) as server, Oneloop(api_key=KEY, base_url=server.url) as client:
        other = threading.Thread(target=client.get_billing_usage, args=[BID])
        other.start()
        asked.wait(3)
        began = time.monotonic()
        with pytest.raises(APITimeoutError):
            client.with_options(timeout=0.2, max_retries=0).get_billing_usage(BID)
        assert time.monotonic() - began < 1
        other.join()
    assert len(server.requests) == 1


def test_key_in_a_transports_error_is_redacted() -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(f"refused {KEY}\n" + "x" * 9999)

    with Oneloop(api_key=KEY, transport=httpx.MockTransport(fail), max_retries=0) as client:
        with pytest.raises(APIConnectionError, match=r"refused \[redacted\] x") as caught:
            client.get_billing_usage(BID)
    check_error(caught.value, echoed=True)


@every_method
def test_connection_of_a_refused_answer_is_not_lost(
    face: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RawServer(replies(reply())) as server:
        for _ in range(2):
            with pytest.raises(OneloopError, match="at most 5 bytes"):
                face(server.url, max_response_bytes=5)
        assert server.all_closed(within=1)


def test_cancelled_tls_handshake_leaves_no_connection() -> None:
    async def scenario(server: RawServer) -> None:
        url = server.url.replace("http:", "https:")
        async with AsyncOneloop(api_key=KEY, base_url=url, timeout=0.2) as client:
            with pytest.raises(APITimeoutError):
                await client.get_billing_usage(BID)
            assert await asyncio.to_thread(server.all_closed, 1)

    with RawServer(silence) as server:
        asyncio.run(scenario(server))
    assert server.connections == 1


def test_one_async_client_under_trio_and_then_asyncio() -> None:
    kept = []

    async def ask(client: AsyncOneloop) -> int:
        return (await client.get_billing_usage(BID)).total

    async def ask_under_trio(client: AsyncOneloop) -> int:
        kept.append(trio.lowlevel.current_trio_token())
        return await ask(client)

    answer = httpx.Response(200, json={"data": []})
    client = AsyncOneloop(api_key=KEY, transport=httpx.MockTransport(lambda request: answer))
    assert trio.run(ask_under_trio, client) == 0
    assert asyncio.run(ask(client)) == 0


def test_idle_async_connection_that_the_server_closed_is_replaced() -> None:
    def once(connection: socket.socket, head: bytes, number: int) -> None:
        connection.sendall(reply())
        connection.shutdown(socket.SHUT_RDWR)

    async def scenario(url: str) -> None:
        async with AsyncOneloop(api_key=KEY, base_url=url, max_retries=0) as client:
            for _ in range(3):
                assert (await client.get_billing_usage(BID)).total == 12
                await asyncio.sleep(0.05)

    with RawServer(once) as server:
        asyncio.run(scenario(server.url))
