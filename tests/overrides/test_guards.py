"""Guards that stand behind another: each still holds where the one before it doesn't."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
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
    Oneloop,
    OneloopError,
)
from oneloop.network import DEADLINE, _DeadlineBackend
from oneloop_api_client.api.usage import get_billing_usage
from tests.faces import KEY, METHODS, check_error
from tests.servers import BID, RawServer, replies, reply

every_method = pytest.mark.parametrize("face", METHODS)


def silence(connection: socket.socket, head: bytes, number: int) -> None:
    time.sleep(2)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_key_with_its_scheme_is_told_so(scheme: str) -> None:
    with pytest.raises(ConfigurationError, match="begins with 'Bearer '"):
        Oneloop(api_key=f"{scheme} {KEY}")


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
    began = time.monotonic()
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
    assert time.monotonic() - began < 1.5


def test_a_generated_client_may_wait_for_less() -> None:
    began = time.monotonic()
    with RawServer(silence) as server:
        with Oneloop(api_key=KEY, base_url=server.url, max_retries=0) as client:
            impatient = client.api.with_timeout(httpx.Timeout(0.2))
            with pytest.raises(APITimeoutError):
                get_billing_usage.sync(BID, client=impatient)
    assert time.monotonic() - began < 1.5


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
    face: Callable[..., object], monkeypatch: pytest.MonkeyPatch
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
