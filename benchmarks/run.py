"""Compares the clients side by side: one active at a time, rounds interleaved, ratios in pairs."""

from __future__ import annotations

import argparse
import datetime
import json
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from benchmarks import environments, report
from benchmarks.loopback import running
from benchmarks.peers import PEERS
from benchmarks.process import RESULTS, Worker, machine, start
from benchmarks.server import ROWS, usage_body
from benchmarks.ways import ENVIRONMENTS

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
_WORKER = "benchmarks.worker"
_EPILOG = "scripts/bench bulk compares the ways to many ids, and has a --help of its own"

Samples = dict[str, dict[str, list[float]]]
"""What was measured → peer → a value for each round."""


def measure(pythons: dict[str, Path], rounds: int) -> Samples:
    """Return the samples of so many rounds."""
    samples: Samples = defaultdict(lambda: defaultdict(list))
    with running("benchmarks.server") as server, ExitStack() as stack:
        workers = [
            stack.enter_context(Worker(peer, python, _WORKER, server.url))
            for peer, python in pythons.items()
        ]
        for number in range(rounds):
            print(f"scripts/bench: round {number + 1} of {rounds}", file=sys.stderr)
            first = number % len(workers)
            for name, worker, value in _round(workers[first:] + workers[:first]):
                samples[name][worker.peer].append(value)
            if number < _PEAK_ROUNDS:
                for peer, python in pythons.items():
                    with Worker(peer, python, _WORKER, server.url) as fresh:
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
    with start(python, "-m", "benchmarks.decode", rounds) as process:
        assert process.stdout
        return json.load(process.stdout)  # type: ignore[no-any-return]


def _requirements() -> dict[str, environments.Requirements]:
    """Return what each environment is made of, those of `scripts/bench bulk` too."""
    of_peers = {name: peer.requirements for name, peer in PEERS.items()}
    return {name: environment.requirements for name, environment in ENVIRONMENTS.items()} | of_peers


def main() -> None:
    """Make the environments, measure, and write `benchmarks/results/`."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__, epilog=_EPILOG)
    parser.add_argument("--rounds", type=int, default=11, help="default %(default)s")
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=list(PEERS))
    parser.add_argument("--results", type=Path, default=RESULTS, help="the folder to write to")
    parser.add_argument("--lock", action="store_true", help="only move the peers to new versions")
    options = parser.parse_args()
    if options.lock:
        environments.lock(_requirements(), "--upgrade")
        return
    of_all = _requirements()
    pythons = environments.make({peer: of_all[peer] for peer in options.peers})
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
