"""Measures one of the ways to many ids in its environment, as the runner asks."""

from __future__ import annotations

import sys
import time

from benchmarks.process import CPU, answer, memory_mib
from benchmarks.server import ROWS_OF_ANY, numbered
from benchmarks.ways import WAYS


class _Worker:
    def __init__(self, way: str, url: str) -> None:
        self._fetch = WAYS[way].fetch
        self._url = url

    def fetch(self, ids: int, target: str = "") -> dict[str, float]:
        """Return the seconds of a call by CPU and by the clock, and the memory at its highest."""
        rows: list[int] = []
        began = time.monotonic()
        with CPU() as cpu:
            self._fetch(self._url, map(numbered, range(ids)), rows.append, target)
        seconds = time.monotonic() - began
        _check(sum(rows), ids)
        return {
            "cpu": cpu.seconds / ids,
            "seconds": seconds / ids,
            "peak MiB": memory_mib("VmHWM"),
        }

    def stream(self, ids: int) -> dict[str, float | list[float]]:
        """Return the CPU seconds of a call, and the resident memory at each tenth of the ids."""
        memory: list[float] = []
        taken = rows = 0

        def note(more: int) -> None:
            nonlocal taken, rows
            taken, rows = taken + 1, rows + more
            if taken % (ids // 10) == 0:
                memory.append(memory_mib("VmRSS"))

        with CPU() as cpu:
            self._fetch(self._url, map(numbered, range(ids)), note, "")
        _check(rows, ids)
        return {"cpu": cpu.seconds / ids, "MiB": memory}


def _check(rows: int, ids: int) -> None:
    if rows != ids * ROWS_OF_ANY:
        raise ValueError(f"{ids * ROWS_OF_ANY} rows expected, {rows} arrived")


def main() -> None:
    """Answer the runner until it closes standard input."""
    worker = _Worker(*sys.argv[1:])
    answer({"fetch": worker.fetch, "stream": worker.stream})


if __name__ == "__main__":
    main()
