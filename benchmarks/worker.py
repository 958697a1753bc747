"""Measures one peer in its environment as the runner asks: a JSON line in, a JSON line out.

Between two requests it only waits, so one client is active at a time.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
import time
from typing import Any

from benchmarks.peers import PEERS, AsyncCall, Call
from benchmarks.process import CPU, answer, memory_mib
from benchmarks.server import billing_id


class _Worker:
    def __init__(self, peer: str, url: str) -> None:
        self._peer = PEERS[peer]
        self._url = url
        self._loop = asyncio.Runner()
        self._sync: Call | None = None
        self._async: AsyncCall | None = None

    def one_by_one(self, rows: int, calls: int, *, unit: bool = False) -> float:
        """Return the CPU seconds of a call, one after another."""
        if self._peer.open_sync is None:
            return self.at_once(rows, calls, at_once=1, unit=unit)
        call, bid = self._sync_call(), billing_id(rows, unit=unit)
        _check(call(bid), rows)
        with CPU() as cpu:
            for _ in range(calls):
                call(bid)
        return cpu.seconds / calls

    def at_once(self, rows: int, calls: int, at_once: int, *, unit: bool = False) -> float:
        """Return the CPU seconds of a call, so many of them at once in one event loop."""
        bid = billing_id(rows, unit=unit)
        return self._loop.run(self._at_once(bid, rows, calls // at_once, at_once))

    async def _at_once(self, bid: str, rows: int, waves: int, at_once: int) -> float:
        call = await self._async_call()
        _check(await call(bid), rows)
        await asyncio.gather(*(call(bid) for _ in range(at_once)))
        with CPU() as cpu:
            for _ in range(waves):
                await asyncio.gather(*(call(bid) for _ in range(at_once)))
        return cpu.seconds / (waves * at_once)

    def threads(self, rows: int, threads: int, seconds: float) -> dict[str, float]:
        """Return CPU seconds of a call, least-served thread's share of the mean, failed calls."""
        call, bid = self._sync_call(), billing_id(rows)
        calls, failures = [0] * threads, [0] * threads
        started = threading.Barrier(threads + 1)

        def work(index: int) -> None:
            started.wait()
            ends = time.monotonic() + seconds
            while time.monotonic() < ends:
                calls[index] += 1
                try:
                    call(bid)
                except Exception:  # noqa: BLE001 - whatever a peer raises
                    failures[index] += 1

        pool = [threading.Thread(target=work, args=(index,)) for index in range(threads)]
        for thread in pool:
            thread.start()
        with CPU() as cpu:
            started.wait()
            for thread in pool:
                thread.join()
        return {
            "threads": cpu.seconds / sum(calls),
            "least served thread": min(calls) * threads / sum(calls),
            "failed in threads": sum(failures),
        }

    def peak(self, rows: int) -> float:
        """Return the MiB by which one call raises the memory of this process at its highest."""
        call = self._sync_call() if self._peer.open_sync else self._blocking_call()
        for _ in range(3):
            call(billing_id(1))
        gc.collect()
        before = memory_mib("VmRSS")
        result = call(billing_id(rows))
        peak = memory_mib("VmHWM") - before
        _check(result, rows)
        return peak

    def _sync_call(self) -> Call:
        if self._sync is None:
            assert self._peer.open_sync
            self._sync = self._peer.open_sync(self._url)
        return self._sync

    async def _async_call(self) -> AsyncCall:
        if self._async is None:
            assert self._peer.open_async
            self._async = await self._peer.open_async(self._url)
        return self._async

    def _blocking_call(self) -> Call:
        async def call(bid: str) -> Any:
            return await (await self._async_call())(bid)

        return lambda bid: self._loop.run(call(bid))


def _check(result: Any, rows: int) -> None:
    if len(result) != rows:
        raise ValueError(f"{rows} rows expected, {len(result)} arrived")


def main() -> None:
    """Answer the runner until it closes standard input."""
    worker = _Worker(*sys.argv[1:])
    answer(
        {
            "one_by_one": worker.one_by_one,
            "at_once": worker.at_once,
            "threads": worker.threads,
            "peak": worker.peak,
        }
    )


if __name__ == "__main__":
    main()
