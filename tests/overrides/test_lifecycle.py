"""FAULTS.md, "The process": closing, threads, forks, event loops, other processes."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import pickle
import re
import socket
import threading
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import httpx
import pytest
import trio

from oneloop import AsyncOneloop, Oneloop, OneloopError
from oneloop_api_client.api.usage import get_billing_usage
from tests.faces import KEY
from tests.servers import BID, RawServer, replies, reply, row, usage_body


def echo(connection: socket.socket, head: bytes, number: int) -> None:
    """Answer with the id that was asked for."""
    match = re.match(rb"GET /api/v1/usage/(\S+) ", head)
    assert match
    connection.sendall(reply(usage_body(row(billingId=match[1].decode()))))


@pytest.fixture
def server() -> Iterator[RawServer]:
    with RawServer(echo) as running:
        yield running


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


def test_connection_is_kept_between_calls(server: RawServer) -> None:
    with Oneloop(api_key=KEY, base_url=server.url) as client:
        for number in range(5):
            client.get_billing_usage(f"b{number}")
            client.with_options(timeout=9).get_billing_usage(f"b{number}")
            get_billing_usage.sync(f"b{number}", client=client.api)
            get_billing_usage.sync(f"b{number}", client=client.api.with_headers({"X": "y"}))
    assert server.connections == 1


def test_connection_is_kept_after_a_typed_error() -> None:
    with RawServer(replies(reply(b"{}", 404))) as server:
        with Oneloop(api_key=KEY, base_url=server.url) as client:
            for _ in range(3):
                with pytest.raises(OneloopError):
                    client.get_billing_usage(BID)
    assert server.connections == 1


def test_idle_connection_that_the_server_closed_is_replaced() -> None:
    def once(connection: socket.socket, head: bytes, number: int) -> None:
        connection.sendall(reply())
        connection.shutdown(socket.SHUT_RDWR)

    with RawServer(once) as server, Oneloop(api_key=KEY, base_url=server.url) as client:
        for _ in range(3):
            assert client.get_billing_usage(BID).total == 12


def test_many_threads_share_one_pool(server: RawServer) -> None:
    start = threading.Barrier(32)

    def ask(client: Oneloop, number: int) -> str:
        start.wait()
        return client.get_billing_usage(f"b{number}").billing_id

    with Oneloop(api_key=KEY, base_url=server.url) as client:
        with ThreadPoolExecutor(32) as threads:
            answers = list(threads.map(ask, [client] * 32, range(32)))
    assert answers == [f"b{number}" for number in range(32)]
    assert server.connections <= 32


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_forked_child_opens_its_own_connection(server: RawServer) -> None:
    with Oneloop(api_key=KEY, base_url=server.url) as client:
        client.get_billing_usage("parent")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # threads of the test server
            child = os.fork()
        name = "child" if child == 0 else "parent"
        right = all(
            client.get_billing_usage(f"{name}{number}").billing_id == f"{name}{number}"
            for number in range(50)
        )
        if child == 0:
            client.close()
            os._exit(0 if right else 1)
        assert right
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        client.get_billing_usage("parent")
    assert server.connections == 2


def ask_in_a_worker(client: Oneloop, bid: str) -> tuple[int, str]:
    return os.getpid(), client.get_billing_usage(bid).billing_id


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_client_travels_to_worker_processes(
    method: str, server: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONELOOP_API_KEY", KEY)
    context = multiprocessing.get_context(method)
    with Oneloop(base_url=server.url) as client, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # fork beside threads
        with ProcessPoolExecutor(1, mp_context=context) as workers:
            pid, bid = workers.submit(ask_in_a_worker, client, "there").result(30)
    assert (pid != os.getpid(), bid) == (True, "there")


def test_usage_travels_too(server: RawServer) -> None:
    with Oneloop(api_key=KEY, base_url=server.url) as client:
        usage = client.get_billing_usage(BID)
    assert pickle.loads(pickle.dumps(usage)) == usage


def test_one_async_client_in_one_loop_after_another(server: RawServer) -> None:
    client = AsyncOneloop(api_key=KEY, base_url=server.url)

    async def ask(number: int) -> str:
        return (await client.get_billing_usage(f"b{number}")).billing_id

    assert [asyncio.run(ask(number)) for number in range(5)] == [f"b{n}" for n in range(5)]
    assert [trio.run(ask, number) for number in range(5)] == [f"b{n}" for n in range(5)]
    assert server.connections == 1, "no connection belongs to a loop"
    asyncio.run(client.aclose())
    assert server.all_closed(within=1)


def test_one_async_client_in_loops_of_several_threads(server: RawServer) -> None:
    client = AsyncOneloop(api_key=KEY, base_url=server.url)

    async def ask(name: str) -> list[str]:
        answers = await asyncio.gather(*(client.get_billing_usage(f"{name}{n}") for n in range(9)))
        return [usage.billing_id for usage in answers]

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda name: asyncio.run(ask(name)), "abcd"))
    assert found == [[f"{name}{n}" for n in range(9)] for name in "abcd"]
    asyncio.run(client.aclose())
    assert server.all_closed(within=1)


def test_client_that_is_dropped_leaves_no_connection(server: RawServer) -> None:
    for client in (Oneloop(api_key=KEY, base_url=server.url) for _ in range(3)):
        client.get_billing_usage(BID)
    del client
    gc.collect()
    assert server.all_closed(within=1)


def test_calls_at_once_answer_their_own_question(server: RawServer) -> None:
    async def scenario() -> list[str]:
        async with AsyncOneloop(api_key=KEY, base_url=server.url) as client:
            calls = (client.get_billing_usage(f"b{number}") for number in range(100))
            return [usage.billing_id for usage in await asyncio.gather(*calls)]

    assert asyncio.run(scenario()) == [f"b{number}" for number in range(100)]


def test_with_options_changes_one_client_alone(server: RawServer) -> None:
    client = Oneloop(api_key=KEY, base_url=server.url)
    other = client.with_options(timeout=1, max_retries=0, max_response_bytes=10)
    assert (client._config.timeout, client._config.max_response_bytes) == (60, 64 * 2**20)
    with pytest.raises(OneloopError, match="at most 10 bytes"):
        other.get_billing_usage(BID)
    assert client.get_billing_usage(BID).total == 12
    client.close()


def test_injected_transport_answers() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.headers["Authorization"] == f"Bearer {KEY}"
        return httpx.Response(200, json={"data": [row()]})

    with Oneloop(api_key=KEY, transport=httpx.MockTransport(answer)) as client:
        assert client.get_billing_usage(BID).total == 12

    async def scenario() -> int:
        async with AsyncOneloop(api_key=KEY, transport=httpx.MockTransport(answer)) as client:
            return (await client.get_billing_usage(BID)).total

    assert asyncio.run(scenario()) == 12


def test_injected_transport_is_guarded_too() -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(302, headers={"Location": "/"}))
    with Oneloop(api_key=KEY, transport=transport) as client:
        with pytest.raises(OneloopError, match="302"):
            client.get_billing_usage(BID)


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
            assert len(server._open) == 1

    with Oneloop(api_key=KEY, base_url=server.url) as client:
        with ThreadPoolExecutor(9) as threads:
            list(threads.map(client.get_billing_usage, [f"b{n}" for n in range(9)]))
        time.sleep(0.3)
        client.get_billing_usage(BID)
        time.sleep(0.05)
        assert len(server._open) == 1
    asyncio.run(scenario())


def test_calls_past_the_limit_of_connections_wait_their_turn(
    server: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oneloop._http.pool.MAX_CONNECTIONS", 3)

    async def scenario() -> list[str]:
        async with AsyncOneloop(api_key=KEY, base_url=server.url) as client:
            calls = (client.get_billing_usage(f"b{number}") for number in range(20))
            return [usage.billing_id for usage in await asyncio.gather(*calls)]

    names = [f"b{number}" for number in range(20)]
    with Oneloop(api_key=KEY, base_url=server.url) as client, ThreadPoolExecutor(20) as threads:
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
