"""FAULTS.md, "memory": a small multiple of the limit, and no answer outlives its error."""

from __future__ import annotations

import asyncio
import gc
import socket
import tracemalloc
from collections.abc import Callable

import pytest

from oneloop import AsyncOneloop, Oneloop, OneloopError, ResponseValidationError
from tests.clients import CALLERS, Caller
from tests.faces import KEY, METHODS
from tests.servers import BID, RawServer, replies, reply, row, usage_body

every_caller = pytest.mark.parametrize("caller", CALLERS)

MIB = 2**20


def peak_of(call: Callable[[], object]) -> int:
    gc.collect()
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("face", METHODS)
def test_body_in_chunks_of_two_bytes(face: Callable[..., object]) -> None:
    limit = MIB // 8
    chunks = b"2\r\n  \r\n" * (limit // 2 + 10)
    head = (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    with RawServer(replies(head + chunks)) as server:

        def call() -> None:
            with pytest.raises(ResponseValidationError, match="at most"):
                face(server.url, max_response_bytes=limit, timeout=30)

        # The server's own buffers and what arrives at once are in it: some 0.5 MiB.
        assert peak_of(call) < 8 * limit + MIB


@every_caller
def test_garbage_is_not_kept(caller: Caller) -> None:
    def garbage(connection: socket.socket, head: bytes, number: int) -> None:
        day = f"{number:07}" + "x" * (MIB // 2)
        connection.sendall(reply(usage_body(row(day=day))))

    with RawServer(garbage) as server:
        caller(server.url, calls=2)
        gc.collect()
        tracemalloc.start()
        try:
            assert len([*map(str, caller(server.url, calls=20))]) == 20
            gc.collect()
            kept, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert kept < MIB


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(reply(b"[" + b"1" * MIB), id="no JSON"),
        pytest.param(reply(b'"' + b"\xff" * MIB), id="no UTF-8"),
        pytest.param(reply(usage_body(row(day="x" * MIB))), id="no day"),
        pytest.param(reply(usage_body(row(totalBillingUsage="1" * MIB))), id="no count"),
        pytest.param(reply(b"x" * MIB, 500), id="error"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX: " + b"x" * MIB, id="endless head"),
        pytest.param(b"HTTP/1.1 200 OK\r\n" + b"x" * 90_000 + b"\r\n\r\n", id="long bad line"),
    ],
)
def test_error_holds_no_body(answer: bytes) -> None:
    """Its traceback may, as long as somebody keeps that."""
    with RawServer(replies(answer)) as server:
        client = Oneloop(api_key=KEY, base_url=server.url, max_retries=0)
        with pytest.raises(OneloopError) as caught:
            client.get_billing_usage(BID)
        client.close()
    link: BaseException | None = caught.value.with_traceback(None)
    while link is not None:
        assert len(repr(link)) + len(repr(vars(link))) + len(repr(link.args)) < 5000
        link = link.__cause__ or link.__context__


def test_cancelled_calls_close_their_connections_at_once() -> None:
    def silence(connection: socket.socket, head: bytes, number: int) -> None: ...

    async def scenario(server: RawServer) -> None:
        client = AsyncOneloop(api_key=KEY, base_url=server.url)
        gc.disable()
        try:
            for _ in range(10):
                calls = [asyncio.ensure_future(client.get_billing_usage(BID)) for _ in range(50)]
                await asyncio.sleep(0.1)
                for call in calls:
                    call.cancel()
                await asyncio.gather(*calls, return_exceptions=True)
            assert await asyncio.to_thread(server.all_closed, 1)
        finally:
            gc.enable()
        await client.aclose()

    with RawServer(silence) as server:
        asyncio.run(scenario(server))
    assert server.connections >= 100
