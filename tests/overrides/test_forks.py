"""FAULTS.md, "forks": a child never shares a connection with its parent."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

import pytest
import trio

from oneloop import APIConnectionError, APITimeoutError, AsyncOneloop, Oneloop
from tests.faces import KEY
from tests.servers import RawServer, echo

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


def fork() -> int:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # threads of the test server
        return os.fork()


def exit_after(succeeds: Callable[[], bool]) -> NoReturn:
    """End the child, with 0 where this returns true."""
    code = 1
    try:
        code = 0 if succeeds() else 1
    finally:
        os._exit(code)


@contextmanager
def exiting_where(is_child: bool, succeeds: Callable[[], bool]) -> Iterator[None]:
    try:
        yield
    finally:
        if is_child:
            os._exit(0 if succeeds() else 1)


def succeeded(child: int) -> bool:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def right_answers(ask: Callable[[str], str], name: str) -> bool:
    return all(ask(f"{name}{number}") == f"{name}{number}" for number in range(100))


def test_loop_that_goes_on_in_both(server: RawServer) -> None:
    client = AsyncOneloop(api_key=KEY, base_url=server.url, timeout=5, max_retries=0)
    loop = asyncio.new_event_loop()

    def ask(bid: str) -> str:
        return loop.run_until_complete(client.get_billing_usage(bid)).billing_id

    ask("before")
    if (child := fork()) == 0:
        exit_after(lambda: right_answers(ask, "child"))
    assert right_answers(ask, "parent")
    assert succeeded(child)
    loop.run_until_complete(client.aclose())
    loop.close()
    assert server.connections == 2


def test_fork_inside_trio(server: RawServer) -> None:
    client = AsyncOneloop(api_key=KEY, base_url=server.url, timeout=5, max_retries=0)

    async def scenario() -> None:
        await client.get_billing_usage("before")
        if child := fork():
            # One after the other: trio's loops share what tells them of their sockets.
            assert succeeded(child)
        right = True
        with exiting_where(child == 0, lambda: right):
            right = False
            for number in range(20):
                bid = f"{'parent' if child else 'child'}{number}"
                assert (await client.get_billing_usage(bid)).billing_id == bid
            right = True
        await client.aclose()

    trio.run(scenario)
    assert server.connections == 2


def test_call_that_a_fork_finds_in_flight_is_the_parents(server: RawServer) -> None:
    """The child's copy of it ends in an error rather than read the parent's answer."""

    def slow(connection: socket.socket, head: bytes, number: int) -> None:
        time.sleep(0.3)
        echo(connection, head, number)

    server.handler = slow
    client = AsyncOneloop(api_key=KEY, base_url=server.url, timeout=2, max_retries=0)
    loop = asyncio.new_event_loop()
    call = loop.create_task(client.get_billing_usage("mine"))
    loop.run_until_complete(asyncio.sleep(0.1))

    def fails() -> bool:
        with pytest.raises(APIConnectionError):
            loop.run_until_complete(call)
        return True

    if (child := fork()) == 0:
        exit_after(fails)
    with suppress(APITimeoutError):  # the child may have taken its wake-up: they share an epoll
        assert loop.run_until_complete(call).billing_id == "mine"
    assert succeeded(child)
    loop.close()


def test_forks_of_many_threads(server: RawServer) -> None:
    """What other threads hold at the moment of a fork doesn't hold up the child."""
    code = f"""
import os, threading, warnings
from oneloop import Oneloop
warnings.simplefilter("ignore")
client = Oneloop(api_key={KEY!r}, base_url={server.url!r}, timeout=5)
stop = False
def work(name):
    while not stop:
        client.get_billing_usage(name)
threads = [threading.Thread(target=work, args=(f"t{{n}}",)) for n in range(4)]
for thread in threads: thread.start()
bad = 0
for number in range(30):
    child = os.fork()
    if child == 0:
        right = client.get_billing_usage(f"c{{number}}").billing_id == f"c{{number}}"
        os._exit(0 if right else 1)
    bad += os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
stop = True
for thread in threads: thread.join()
raise SystemExit(bad)
"""

    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0


def test_call_imports_nothing(server: RawServer) -> None:
    """A child that is forked amid another thread's import would wait for that module forever."""
    code = f"""
import sys
from oneloop import Oneloop
client = Oneloop(api_key={KEY!r}, base_url={server.url!r})
before = set(sys.modules)
client.get_billing_usage("b1")
raise SystemExit(", ".join(set(sys.modules) - before) or 0)
"""
    subprocess.run([sys.executable, "-c", code], timeout=60, check=True)


def test_closing_in_a_child_leaves_the_parent_alone(server: RawServer) -> None:
    with Oneloop(api_key=KEY, base_url=server.url) as client:
        client.get_billing_usage("b1")
        if (child := fork()) == 0:
            client.close()
            os._exit(0)
        assert succeeded(child)
        assert client.get_billing_usage("b2").billing_id == "b2"
    assert server.connections == 1
