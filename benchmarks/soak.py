"""Calls for a long time, threads and tasks at once, while the server injects faults.

Every result must be right or the error that its fault calls for; no connection, no file descriptor
and no memory may be left over.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime
import json
import random
import statistics
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.faults import KINDS, totals
from benchmarks.loopback import running
from benchmarks.process import RESULTS, memory_mib
from oneloop import AsyncOneloop, BillingUsage, Oneloop

FAULT_SHARE = 0.05
TIMEOUT, DRIP_TIMEOUT = 60.0, 0.5
MAX_GROWTH = 4.0
"""MiB by which the memory of the last fifth of the calls may lie above that of the second."""

_KEY = "soak-key"
_EPILOG = "scripts/soak sync kills syncs, and has a --help of its own"
_SHARES = [1 - FAULT_SHARE] + [FAULT_SHARE / (len(KINDS) - 1)] * (len(KINDS) - 1)


class Soak:
    """What is called, and what came of it."""

    def __init__(self, requests: int, seed: int) -> None:
        self.kinds = random.Random(seed).choices(list(KINDS), _SHARES, k=requests)
        self.outcomes: Counter[tuple[str, str]] = Counter()
        self.wrong: list[str] = []
        self.memory: list[float] = []
        self.descriptors: list[int] = []
        self._lock = threading.Lock()

    def note(self, number: int, outcome: BillingUsage | BaseException) -> None:
        """Judge what came of a call."""
        kind = self.kinds[number]
        expected = KINDS[kind].error or "usage"
        got = type(outcome).__name__
        if isinstance(outcome, BillingUsage):
            right = [row.total for row in outcome] == totals(number)
            got = "usage" if right else "wrong usage"
        with self._lock:
            self.outcomes[kind, got] += 1
            if got != expected and len(self.wrong) < 20:
                self.wrong.append(f"{kind}-{number}: expected {expected}, got {got}: {outcome!r}")
            if self.outcomes.total() % max(len(self.kinds) // 50, 1) == 0:
                self.memory.append(memory_mib("VmRSS"))
                self.descriptors.append(descriptors())

    def growth(self) -> float:
        """Return by how many MiB the last fifth lies above the second."""
        fifth = max(len(self.memory) // 5, 1)
        second, last = self.memory[fifth : 2 * fifth], self.memory[-fifth:]
        return statistics.median(last) - statistics.median(second)


def run(requests: int, at_once: int = 50, seed: int = 0) -> dict[str, Any]:
    """Return the figures of so many requests, half from threads, half from tasks of a loop."""
    soak = Soak(requests, seed)
    with running("benchmarks.faults") as server:
        before, began = descriptors(), time.monotonic()
        callers = [
            threading.Thread(target=_call_in_threads, args=(soak, server.url, at_once // 2)),
            threading.Thread(
                target=_call_in_tasks, args=(soak, server.url, at_once - at_once // 2)
            ),
        ]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        seconds = time.monotonic() - began
        return {
            "requests": requests,
            "at once": at_once,
            "faults": requests - soak.kinds.count("plain"),
            "seconds": round(seconds, 1),
            "outcomes": [[*key, count] for key, count in sorted(soak.outcomes.items())],
            "wrong": soak.wrong,
            "connections left": _left(server.figure),
            "descriptors left": descriptors() - before,
            "descriptors at most": max(soak.descriptors),
            "memory MiB": [round(mib, 1) for mib in soak.memory],
            "memory growth MiB": round(soak.growth(), 1),
        }


def faults_of(figures: dict[str, Any]) -> list[str]:
    """Return what isn't as promised."""
    made = sum(count for _, _, count in figures["outcomes"])
    checks = {
        f"{made} outcomes of {figures['requests']} requests": made == figures["requests"],
        f"{figures['connections left']} connections left": figures["connections left"] == 0,
        f"{figures['descriptors left']} descriptors left": figures["descriptors left"] <= 0,
        f"memory grew by {figures['memory growth MiB']} MiB": figures["memory growth MiB"]
        <= MAX_GROWTH,
    }
    return [*figures["wrong"], *(said for said, held in checks.items() if not held)]


def _call_in_threads(soak: Soak, url: str, count: int) -> None:
    numbers = iter(range(0, len(soak.kinds), 2))
    with Oneloop(api_key=_KEY, base_url=url, timeout=TIMEOUT) as client:
        hurried = client.with_options(timeout=DRIP_TIMEOUT)

        def work() -> None:
            for number in numbers:
                kind = soak.kinds[number]
                caller = hurried if kind == "drip" else client
                outcome: Any
                try:
                    outcome = caller.get_billing_usage(f"{kind}-{number}")
                except Exception as error:  # noqa: BLE001 - any but ours is a finding
                    outcome = error
                soak.note(number, outcome)

        threads = [threading.Thread(target=work) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def _call_in_tasks(soak: Soak, url: str, count: int) -> None:
    numbers = iter(range(1, len(soak.kinds), 2))

    async def work(client: AsyncOneloop, hurried: AsyncOneloop) -> None:
        for number in numbers:
            kind = soak.kinds[number]
            caller = hurried if kind == "drip" else client
            outcome: Any
            try:
                outcome = await caller.get_billing_usage(f"{kind}-{number}")
            except Exception as error:  # noqa: BLE001 - any but ours is a finding
                outcome = error
            soak.note(number, outcome)

    async def main() -> None:
        async with AsyncOneloop(api_key=_KEY, base_url=url, timeout=TIMEOUT) as client:
            hurried = client.with_options(timeout=DRIP_TIMEOUT)
            await asyncio.gather(*(work(client, hurried) for _ in range(count)))

    asyncio.run(main())


def _left(open_connections: Callable[[], int]) -> int:
    """Return how many connections stay open; the server may yet have to read that one ended."""
    deadline = time.monotonic() + 5
    while (count := open_connections()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return count


def descriptors() -> int:
    """Return how many file descriptors this process has open (Linux)."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def _markdown(figures: dict[str, Any], date: str) -> str:
    memory = figures["memory MiB"]
    tenths = [memory[index * (len(memory) - 1) // 10] for index in range(11)]
    outcomes = [f"| {kind} | {got} | {count:,} |" for kind, got, count in figures["outcomes"]]
    return "\n".join(
        [
            "# Soak",
            "",
            f"Made by `scripts/soak` on {date}: {figures['requests']:,} requests in "
            f"{figures['seconds']:.0f} s, {figures['at once']} at once, half from threads on one "
            f"`Oneloop`, half from tasks on one `AsyncOneloop`; {figures['faults']:,} met a fault.",
            "",
            *[f"- {fault}" for fault in faults_of(figures) or ["Everything as promised."]],
            f"- connections left open at the server: {figures['connections left']}",
            f"- file descriptors left: {figures['descriptors left']}, "
            f"open at most: {figures['descriptors at most']}",
            f"- memory at each tenth, MiB: {', '.join(str(mib) for mib in tenths)}; "
            f"the last fifth lies {figures['memory growth MiB']} above the second",
            "",
            "| the server's answer | came out as | calls |",
            "|---|---|---|",
            *outcomes,
            "",
        ]
    )


def main() -> None:
    """Run, write soak.md and soak.json, and exit with 1 where anything isn't as promised."""
    parser = argparse.ArgumentParser(prog="scripts/soak", description=__doc__, epilog=_EPILOG)
    parser.add_argument("--requests", type=int, default=200_000, help="default %(default)s")
    parser.add_argument("--at-once", type=int, default=50, help="default %(default)s")
    parser.add_argument("--seed", type=int, default=0, help="of the faults' order")
    parser.add_argument("--results", type=Path, default=RESULTS, help="the folder to write to")
    options = parser.parse_args()
    figures = run(options.requests, options.at_once, options.seed)
    markdown = _markdown(figures, datetime.datetime.now(datetime.UTC).date().isoformat())
    options.results.mkdir(parents=True, exist_ok=True)
    (options.results / "soak.md").write_text(markdown, encoding="utf-8")
    (options.results / "soak.json").write_text(json.dumps(figures) + "\n", encoding="utf-8")
    print(markdown)
    sys.exit(bool(faults_of(figures)))


if __name__ == "__main__":
    main()
