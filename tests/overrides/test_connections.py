"""Connections are kept, bounded, and closed: none is lost, none outlives its client."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import gc
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from oneloop import APITimeoutError, AsyncOneloop, Oneloop, OneloopError
from oneloop._http.pool import _Share
from oneloop._http.waits import Patience, run
from oneloop_api_client.api.usage import get_billing_usage
from tests.faces import KEY, Face, every_method
from tests.servers import BID, RawServer, hang_up, replies, reply, sends_then, silence


def test_connection_is_kept_between_calls(server: RawServer) -> None:
    with Oneloop(api_key=KEY, base_url=server.url) as client:
        for number in range(5):
            client.get_billing_usage(f"b{number}")
            client.with_options(timeout=9).get_billing_usage(f"b{number}")
            get_billing_usage.sync(f"b{number}", client=client.api)
            get_billing_usage.sync(f"b{number}", client=client.api.with_headers({"X": "y"}))
    assert server.connections == 1


def test_async_connection_is_kept_between_calls() -> None:
    async def scenario(url: str) -> None:
        async with AsyncOneloop(api_key=KEY, base_url=url) as client:
            for _ in range(3):
                await client.get_billing_usage(BID)
                await get_billing_usage.asyncio(BID, client=client.api)

    with RawServer(replies(reply())) as server:
        asyncio.run(scenario(server.url))
    assert server.connections == 1


def test_connection_is_kept_after_a_typed_error() -> None:
    with RawServer(replies(reply(b"{}", 404))) as server:
        with Oneloop(api_key=KEY, base_url=server.url) as client:
            for _ in range(3):
                with pytest.raises(OneloopError):
                    client.get_billing_usage(BID)
    assert server.connections == 1


@every_method
def test_connection_of_a_refused_answer_is_not_lost(
    face: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RawServer(replies(reply())) as server:
        for _ in range(2):
            with pytest.raises(OneloopError, match="at most 5 bytes"):
                face(server.url, max_response_bytes=5)
        assert server.all_closed(within=1)


every_end = pytest.mark.parametrize(
    "end",
    [
        pytest.param(lambda connection: connection.shutdown(socket.SHUT_RDWR), id="closed"),
        pytest.param(hang_up, id="reset"),
    ],
)


@every_end
def test_idle_connection_that_the_server_closed_takes_no_try(
    end: Callable[[socket.socket], None],
) -> None:
    with RawServer(sends_then(reply(), end)) as server:
        with Oneloop(api_key=KEY, base_url=server.url, max_retries=0) as client:
            for _ in range(3):
                assert client.get_billing_usage(BID).total == 12
                time.sleep(0.05)


@every_end
def test_idle_async_connection_that_the_server_closed_takes_no_try(
    end: Callable[[socket.socket], None],
) -> None:
    async def scenario(url: str) -> None:
        async with AsyncOneloop(api_key=KEY, base_url=url, max_retries=0) as client:
            for _ in range(3):
                assert (await client.get_billing_usage(BID)).total == 12
                await asyncio.sleep(0.05)

    with RawServer(sends_then(reply(), end)) as server:
        asyncio.run(scenario(server.url))


def test_idle_connections_do_not_pile_up(
    server: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oneloop._http.pool.KEEPALIVE_SECONDS", 0.1)
    monkeypatch.setattr("oneloop._http.connection.KEEPALIVE_SECONDS", 0.1)

    async def scenario() -> None:
        async with AsyncOneloop(api_key=KEY, base_url=server.url) as client:
            await asyncio.gather(*(client.get_billing_usage(f"b{n}") for n in range(9)))
            await asyncio.sleep(0.3)
            await client.get_billing_usage(BID)
            assert await asyncio.to_thread(server.are_open, 1, 1)

    with Oneloop(api_key=KEY, base_url=server.url) as client:
        with ThreadPoolExecutor(9) as threads:
            list(threads.map(client.get_billing_usage, [f"b{n}" for n in range(9)]))
        time.sleep(0.3)
        client.get_billing_usage(BID)
        assert server.are_open(1, within=1)
    asyncio.run(scenario())


def test_connection_that_idled_for_too_long_is_not_used(
    server: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oneloop._http.connection.KEEPALIVE_SECONDS", 0.05)
    with Oneloop(api_key=KEY, base_url=server.url) as client:
        client.get_billing_usage(BID)
        time.sleep(0.1)
        client.get_billing_usage(BID)
    assert server.connections == 2


def test_connection_that_was_used_last_is_used_next() -> None:
    used: list[socket.socket] = []
    both = threading.Barrier(2)

    def handle(connection: socket.socket, head: bytes, number: int) -> None:
        used.append(connection)
        if number <= 2:
            both.wait(3)
        if number == 5:
            hang_up(connection)
        else:
            connection.sendall(reply())

    with RawServer(handle) as server:
        with Oneloop(api_key=KEY, base_url=server.url, max_retries=0) as client:
            with ThreadPoolExecutor(2) as threads:
                list(threads.map(client.get_billing_usage, [BID] * 2))
            client.get_billing_usage(BID)
            client.get_billing_usage(BID)
            with pytest.raises(OneloopError):
                client.get_billing_usage(BID)
            client.get_billing_usage(BID)
    assert used[2] is used[3] is used[4]
    assert used[5] in used[:2], "an open connection goes before a place for one"


def test_connections_that_idle_below_a_busy_one_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oneloop._http.pool.KEEPALIVE_SECONDS", 0.2)
    monkeypatch.setattr("oneloop._http.connection.KEEPALIVE_SECONDS", 0.2)

    def slow(connection: socket.socket, head: bytes, number: int) -> None:
        time.sleep(0.05)
        connection.sendall(reply())

    with RawServer(slow) as server, Oneloop(api_key=KEY, base_url=server.url) as client:
        with ThreadPoolExecutor(9) as threads:
            list(threads.map(client.get_billing_usage, [BID] * 9))
        assert server.connections > 1
        until = time.monotonic() + 3
        while len(server._open) > 1 and time.monotonic() < until:
            client.get_billing_usage(BID)
        assert len(server._open) == 1


def test_connection_that_was_used_lately_is_left_open(
    server: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oneloop._http.pool.KEEPALIVE_SECONDS", 0.6)
    with Oneloop(api_key=KEY, base_url=server.url) as client:
        client.get_billing_usage(BID)
        time.sleep(0.4)
        client.get_billing_usage(BID)
        time.sleep(0.3)  # since the first look at all of them 0.7 s, since the last use 0.3 s
        client.get_billing_usage(BID)
    assert server.connections == 1


def test_calls_past_the_limit_of_connections_wait_their_turn(
    server: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oneloop._http.pool.MAX_CONNECTIONS", 3)
    monkeypatch.setattr("oneloop._http.pool._TICK", 60)  # nobody has to look for himself

    async def scenario() -> list[str]:
        async with AsyncOneloop(api_key=KEY, base_url=server.url, timeout=5) as client:
            calls = (client.get_billing_usage(f"b{number}") for number in range(20))
            return [usage.billing_id for usage in await asyncio.gather(*calls)]

    names = [f"b{number}" for number in range(20)]
    client = Oneloop(api_key=KEY, base_url=server.url, timeout=5)
    with client, ThreadPoolExecutor(20) as threads:
        found = threads.map(client.get_billing_usage, names)
        assert [usage.billing_id for usage in found] == names
    assert server.connections <= 3
    assert asyncio.run(scenario()) == names
    assert server.connections <= 6


def test_failed_calls_give_their_place_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oneloop._http.pool.MAX_CONNECTIONS", 1)

    async def scenario(url: str) -> None:
        async with AsyncOneloop(api_key=KEY, base_url=url, timeout=1, max_retries=0) as client:
            for _ in range(3):
                with pytest.raises(OneloopError, match="after 1 try: "):
                    await client.get_billing_usage(BID)

    with RawServer(lambda connection, head, number: connection.close()) as server:
        asyncio.run(scenario(server.url))
        with Oneloop(api_key=KEY, base_url=server.url, timeout=1, max_retries=0) as client:
            for _ in range(3):
                with pytest.raises(OneloopError, match="after 1 try: "):
                    client.get_billing_usage(BID)


def test_closed_client_says_so(server: RawServer) -> None:
    client = Oneloop(api_key=KEY, base_url=server.url)
    with client as entered:
        entered.get_billing_usage(BID)
    for call in (
        lambda: client.get_billing_usage(BID),
        lambda: client.with_options(timeout=1).get_billing_usage(BID),
        lambda: get_billing_usage.sync(BID, client=client.api),
    ):
        with pytest.raises(OneloopError, match="closed"):
            call()
    assert len(server.requests) == 1


def test_closed_async_client_says_so(server: RawServer) -> None:
    async def scenario() -> None:
        client = AsyncOneloop(api_key=KEY, base_url=server.url)
        async with client:
            await client.get_billing_usage(BID)
        with pytest.raises(OneloopError, match="closed"):
            await client.get_billing_usage(BID)
        with pytest.raises(OneloopError, match="closed"):
            await get_billing_usage.asyncio(BID, client=client.api)
        await client.aclose()

    asyncio.run(scenario())
    assert len(server.requests) == 1


def test_closing_and_entering_twice_is_fine(server: RawServer) -> None:
    client = Oneloop(api_key=KEY, base_url=server.url)
    with client:
        with client.with_options(timeout=3):
            pass
        client.close()
        client.close()


def test_closing_leaves_no_connection(server: RawServer) -> None:
    async def scenario() -> None:
        async with AsyncOneloop(api_key=KEY, base_url=server.url) as client:
            await client.get_billing_usage(BID)

    with Oneloop(api_key=KEY, base_url=server.url) as client:
        client.get_billing_usage(BID)
    asyncio.run(scenario())
    assert server.connections == 2
    assert server.all_closed(within=1)


def test_connection_in_use_at_close_is_closed_when_it_comes_back() -> None:
    began, go_on = threading.Event(), threading.Event()

    def slow(connection: socket.socket, head: bytes, number: int) -> None:
        began.set()
        go_on.wait(3)
        connection.sendall(reply())

    with RawServer(slow) as server, ThreadPoolExecutor(1) as thread:
        client = Oneloop(api_key=KEY, base_url=server.url)
        call = thread.submit(client.get_billing_usage, BID)
        began.wait(3)
        client.close()
        go_on.set()
        assert call.result(3).total == 12
        assert server.all_closed(within=1)


def test_client_that_is_dropped_leaves_no_connection(server: RawServer) -> None:
    for client in (Oneloop(api_key=KEY, base_url=server.url) for _ in range(3)):
        client.get_billing_usage(BID)
    del client
    gc.collect()
    assert server.all_closed(within=1)


def test_cancelled_call_leaves_a_working_client() -> None:
    def handle(connection: socket.socket, head: bytes, number: int) -> None:
        if number == 1:
            time.sleep(0.5)
        with contextlib.suppress(OSError):
            connection.sendall(reply())

    async def scenario(url: str) -> None:
        async with AsyncOneloop(api_key=KEY, base_url=url) as client:
            call = asyncio.create_task(client.get_billing_usage(BID))
            await asyncio.sleep(0.1)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            assert (await client.get_billing_usage(BID)).total == 12

    with RawServer(handle) as server:
        asyncio.run(asyncio.wait_for(scenario(server.url), 3))


def test_cancelled_tls_handshake_leaves_no_connection() -> None:
    async def scenario(server: RawServer) -> None:
        url = server.url.replace("http:", "https:")
        async with AsyncOneloop(api_key=KEY, base_url=url, timeout=0.2) as client:
            with pytest.raises(APITimeoutError):
                await client.get_billing_usage(BID)
            assert await asyncio.to_thread(server.all_closed, 1)

    with RawServer(silence(1)) as server:
        asyncio.run(scenario(server))
    assert server.connections == 1


def test_options_keep_what_a_subclass_added() -> None:
    class OfTenant(Oneloop):
        def __init__(self, tenant: str) -> None:
            super().__init__(api_key=KEY)
            self.tenant = tenant

    client = OfTenant("acme")
    assert client.api is client.api
    other = client.with_options(timeout=3)
    assert (other.tenant, other._config.timeout) == ("acme", 3)
    assert other.api is not client.api
    assert copy.copy(client).tenant == "acme"


def test_connection_given_to_a_call_that_has_just_run_out_of_time_is_not_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("oneloop._http.pool.MAX_CONNECTIONS", 1)
    share = _Share(lambda patience: pytest.fail("nothing is sent here"))
    patience = Patience(time.monotonic() + 0.2, {})
    connection = run(share.take(patience))
    leaving = share.take(patience)
    turn: Any = next(leaving)

    class Late:
        """Whoever takes this lock finds that another call, which had it, has given in between."""

        def __enter__(self) -> None:
            share._lock = lock
            turn.give(connection)
            lock.acquire()

        def __exit__(self, *exc: object) -> None:
            lock.release()

    lock = share._lock
    monkeypatch.setattr(share, "_lock", Late())
    with pytest.raises(TimeoutError):
        leaving.throw(TimeoutError())
    assert run(share.take(patience)) is connection
