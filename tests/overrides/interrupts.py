"""A program that raises from a signal handler at random instants of thousands of calls.

Prints a JSON object: what must not be (`faults`), and how many calls were interrupted.
"""

from __future__ import annotations

import asyncio
import json
import random
import signal
import sys
import threading
import time
import traceback
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import trio

from oneloop import AsyncOneloop, BillingUsage, Oneloop
from oneloop._http import pool
from tests.servers import RawServer, reply, row, usage_body

CLIENT = str(Path(pool.__file__).parents[1])
TIMEOUT = 3.0
SLOTS = 3
FIRST_TOGETHER = 777_000


class Interrupt(Exception):  # noqa: N818 - it is no error
    """What the handler raises, as Celery's soft limit does."""


class Interrupts:
    """Interrupts calls, and notes what is wrong with them."""

    def __init__(self, usual: float, *, spare_the_loop: bool) -> None:
        self.faults: list[str] = []
        self.count = 0
        self._usual = usual
        self._spare_the_loop = spare_the_loop
        self._armed = False
        signal.signal(signal.SIGALRM, self._strike)

    @contextmanager
    def one(self, number: int) -> Iterator[None]:
        """Note what becomes of the call in the block, which arms itself."""
        began = time.monotonic()
        try:
            yield
        except Interrupt:
            self.count += 1
        except BaseException as error:  # noqa: BLE001 - whatever it is, it's a fault
            self.faults.append("".join(traceback.format_exception(error)))
        finally:
            self.disarm()
        if time.monotonic() - began > TIMEOUT + 0.5:
            self.faults.append(f"call {number} hung")

    def arm(self) -> None:
        self._armed = True
        signal.setitimer(signal.ITIMER_REAL, random.uniform(1e-5, 2 * self._usual))

    def disarm(self) -> None:
        self._armed = False
        signal.setitimer(signal.ITIMER_REAL, 0)

    def check(self, usage: BillingUsage, number: int) -> None:
        self.disarm()
        if usage.total != number:
            self.faults.append(f"call {number} got {usage.total}")

    def _strike(self, _number: int, frame: FrameType | None) -> None:
        if not self._armed:
            return
        if self._spare_the_loop and not (frame and frame.f_code.co_filename.startswith(CLIENT)):
            signal.setitimer(signal.ITIMER_REAL, 1e-4)  # no loop survives an exception of its own
            return
        raise Interrupt


def echo(connection: Any, head: bytes, number: int) -> None:
    bid = head.split(b" ")[1].rpartition(b"/")[2].decode()
    connection.sendall(reply(usage_body(row(billingId=bid, totalBillingUsage=bid[1:]))))


def in_a_thread(server: RawServer, rounds: int) -> Interrupts:
    client = Oneloop(api_key="k", base_url=server.url, timeout=TIMEOUT, max_retries=0)
    began = time.perf_counter()
    for _ in range(20):
        client.get_billing_usage("b0")
    interrupts = Interrupts((time.perf_counter() - began) / 20, spare_the_loop=False)
    for number in range(rounds):
        with interrupts.one(number):
            interrupts.arm()
            interrupts.check(client.get_billing_usage(f"b{number}"), number)
    interrupts.faults += missing_slots(server, client.get_billing_usage)
    return interrupts


async def in_a_loop(server: RawServer, rounds: int) -> tuple[Interrupts, AsyncOneloop]:
    client = AsyncOneloop(api_key="k", base_url=server.url, timeout=TIMEOUT, max_retries=0)
    began = time.perf_counter()
    for _ in range(20):
        await client.get_billing_usage("b0")
    interrupts = Interrupts((time.perf_counter() - began) / 20, spare_the_loop=True)
    for number in range(rounds):
        with interrupts.one(number):
            interrupts.arm()
            interrupts.check(await client.get_billing_usage(f"b{number}"), number)
    return interrupts, client


def under(
    run: Callable[[Callable[[], Awaitable[Any]]], Any], server: RawServer, rounds: int
) -> Interrupts:
    interrupts: Interrupts
    interrupts, client = run(lambda: in_a_loop(server, rounds))
    call = client.get_billing_usage
    interrupts.faults += missing_slots(server, lambda bid: run(lambda: call(bid)))
    return interrupts


def missing_slots(server: RawServer, call: Callable[[str], BillingUsage]) -> list[str]:
    """Say whether the client no longer has all its connections at once."""
    together = threading.Barrier(SLOTS)

    def meet(connection: Any, head: bytes, number: int) -> None:
        if f"/b{FIRST_TOGETHER // 1000}".encode() in head:  # no leftover of an interrupted call
            together.wait(TIMEOUT)
        echo(connection, head, number)

    server.handler = meet
    found: list[object] = []

    def ask(number: int) -> None:
        try:
            found.append(call(f"b{number}").total)
        except Exception as error:  # noqa: BLE001 - whatever it is, it's a fault
            found.append(error)

    numbers = range(FIRST_TOGETHER, FIRST_TOGETHER + SLOTS)
    threads = [threading.Thread(target=ask, args=(number,)) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [] if set(found) == set(numbers) else [f"slots: {found}"]


def main(kind: str, rounds: int) -> None:
    pool.MAX_CONNECTIONS = SLOTS
    with RawServer(echo) as server:
        if kind == "sync":
            interrupts = in_a_thread(server, rounds)
        elif kind == "asyncio":
            interrupts = under(lambda call: asyncio.run(call()), server, rounds)  # type: ignore[arg-type]
        else:
            interrupts = under(trio.run, server, rounds)
    result = {"faults": interrupts.faults, "interrupted": interrupts.count}
    print(json.dumps(result))  # noqa: T201 - what the test reads


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
