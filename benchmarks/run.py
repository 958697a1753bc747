"""Compares the clients side by side: one active at a time, rounds interleaved, ratios in pairs."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from benchmarks import environments, report
from benchmarks.peers import PEERS
from benchmarks.server import ROWS, usage_body

RESULTS = environments.ROOT / "benchmarks" / "results"
AT_ONCE = (1, 10, 50, 100, 200)
THREADS = 50

_ONE_BY_ONE: dict[str, dict[str, int]] = {
    **{
        f"rows {rows}": {"rows": rows, "calls": calls}
        for rows, calls in zip(ROWS, (200, 200, 30, 1), strict=True)
    },
    "with unit": {"rows": ROWS[-1], "calls": 1, "unit": True},
}
_PEAK_ROUNDS = 3

Samples = dict[str, dict[str, list[float]]]
"""What was measured → peer → a value for each round."""


class Worker:
    """A process that measures one peer in its environment."""

    def __init__(self, peer: str, python: Path, url: str) -> None:
        self.peer = peer
        self.python = python
        self._process = _start([python, "-m", "benchmarks.worker", peer, url])

    def ask(self, measure: str, **options: Any) -> Any:
        """Return what the worker measured."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"measure": measure, **options}) + "\n")
        self._process.stdin.flush()
        if not (line := self._process.stdout.readline()):
            raise RuntimeError(f"the worker of {self.peer} failed, see above")
        return json.loads(line)

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *exc: object) -> None:
        self._process.communicate()


def measure(pythons: dict[str, Path], rounds: int) -> Samples:
    """Return the samples of so many rounds."""
    samples: Samples = defaultdict(lambda: defaultdict(list))
    with _server() as url, ExitStack() as stack:
        workers = [
            stack.enter_context(Worker(peer, python, url)) for peer, python in pythons.items()
        ]
        for number in range(rounds):
            print(f"scripts/bench: round {number + 1} of {rounds}", file=sys.stderr)
            first = number % len(workers)
            for name, worker, value in _round(workers[first:] + workers[:first]):
                samples[name][worker.peer].append(value)
            if number < _PEAK_ROUNDS:
                for peer, python in pythons.items():
                    with Worker(peer, python, url) as fresh:
                        samples["peak MiB"][peer].append(_peak(fresh))
    return samples


def _round(workers: list[Worker]) -> Iterator[tuple[str, Worker, float]]:
    """Yield what was measured, of which peer, and the value."""
    for name, options in _ONE_BY_ONE.items():
        for worker in workers:
            yield name, worker, worker.ask("one_by_one", **options)
    for at_once in AT_ONCE:
        for worker in workers:
            if PEERS[worker.peer].open_async:
                seconds = worker.ask(
                    "at_once", rows=1, calls=max(200, 3 * at_once), at_once=at_once
                )
                yield f"at once {at_once}", worker, seconds
    for worker in workers:
        if PEERS[worker.peer].open_sync:
            measured = worker.ask("threads", rows=1, threads=THREADS, seconds=0.5)
            for name, value in measured.items():
                yield name, worker, value
    for worker in workers:
        yield "import", worker, _import_seconds(worker)


def _import_seconds(worker: Worker) -> float:
    began = time.perf_counter()
    subprocess.run([str(worker.python), "-I", "-c", PEERS[worker.peer].imports], check=True)
    return time.perf_counter() - began


def _peak(fresh: Worker) -> float:
    """Return the MiB that the largest answer takes at the most, less its body."""
    mib: float = fresh.ask("peak", rows=ROWS[-1])
    return mib - len(usage_body(ROWS[-1])) / 2**20


def _decode_seconds(python: Path, rounds: int) -> dict[str, list[float]]:
    with _start([python, "-m", "benchmarks.decode", str(rounds)]) as process:
        assert process.stdout
        return json.load(process.stdout)  # type: ignore[no-any-return]


@contextmanager
def _server() -> Iterator[str]:
    server = _start([sys.executable, "-m", "benchmarks.server"])
    try:
        assert server.stdout
        yield f"http://127.0.0.1:{int(server.stdout.readline())}"
    finally:
        server.communicate()


def _start(command: list[Any]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=environments.ROOT
    )


def machine() -> dict[str, Any]:
    cpu = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    model = next(line.partition(":")[2] for line in cpu.splitlines() if "model name" in line)
    return {
        "cpu": model.strip(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
    }


def main() -> None:
    """Make the environments, measure, and write `benchmarks/results/`."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=11, help="default %(default)s")
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=list(PEERS))
    parser.add_argument("--results", type=Path, default=RESULTS, help="the folder to write to")
    parser.add_argument("--lock", action="store_true", help="only move the peers to new versions")
    options = parser.parse_args()
    if options.lock:
        environments.lock("--upgrade")
        return
    pythons = environments.make(options.peers)
    results = {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": machine(),
        "versions": {peer: environments.versions(python) for peer, python in pythons.items()},
        "samples": measure(pythons, options.rounds),
        "decode": _decode_seconds(pythons["oneloop"], options.rounds),
    }
    print(report.write(results, options.results))


if __name__ == "__main__":
    main()
