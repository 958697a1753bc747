"""One client serves many threads, event loops and processes, and answers each its own question."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import pickle
import threading
import warnings
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import httpx
import pytest
import trio

from oneloop import AsyncOneloop, Oneloop
from tests.faces import KEY
from tests.servers import BID, RawServer, replies, reply


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


def test_calls_at_once_answer_their_own_question(server: RawServer) -> None:
    async def scenario() -> list[str]:
        async with AsyncOneloop(api_key=KEY, base_url=server.url) as client:
            calls = (client.get_billing_usage(f"b{number}") for number in range(100))
            return [usage.billing_id for usage in await asyncio.gather(*calls)]

    assert asyncio.run(scenario()) == [f"b{number}" for number in range(100)]


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


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_forked_child_leaves_an_idle_connection_alone() -> None:
    with RawServer(replies(reply())) as server, Oneloop(api_key=KEY, base_url=server.url) as client:
        client.get_billing_usage(BID)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # threads of the test server
            child = os.fork()
        if child == 0:
            with contextlib.suppress(BaseException):  # pytest goes on in the parent alone
                os._exit(client.get_billing_usage(BID).total != 12)
            os._exit(2)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert server.connections == 2
        assert client.get_billing_usage(BID).total == 12
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
