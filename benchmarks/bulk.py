"""Compares the ways to many ids' usage side by side: one active at a time, rounds interleaved."""

from __future__ import annotations

import argparse
import datetime
import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg

from benchmarks import bulk_report, environments
from benchmarks.loopback import running
from benchmarks.process import RESULTS, Worker, cpu_seconds, machine, parent
from benchmarks.ways import ENVIRONMENTS, STREAMED, WAYS
from tests import postgres

_WORKER = "benchmarks.bulk_worker"
_MILLION = 1_000_000
_WARM_UP = 100


class Bench:
    """The workers of all ways, and the servers that they ask and fill."""

    def __init__(self, ways: list[str], stack: ExitStack) -> None:
        requirements = {
            way.environment: ENVIRONMENTS[way.environment].requirements
            for way in map(WAYS.__getitem__, ways)
        }
        self._pythons = environments.make(requirements)
        self._server = stack.enter_context(running("benchmarks.server"))
        self.workers = [
            stack.enter_context(
                Worker(way, self._pythons[WAYS[way].environment], _WORKER, self._server.url)
            )
            for way in ways
        ]
        self._postgres = stack.enter_context(postgres.server())
        with psycopg.connect(self._postgres) as connection:
            self._postmaster = parent(connection.info.backend_pid)

    def versions(self) -> dict[str, dict[str, str]]:
        """Return what each environment has."""
        return {name: environments.versions(python) for name, python in self._pythons.items()}

    def fetch(self, worker: Worker, ids: int) -> dict[str, float]:
        """Return what one way takes for so many ids, and what its servers take."""
        server, database = cpu_seconds(self._server.pid), cpu_seconds(self._postmaster)
        with self._target(WAYS[worker.peer].engine) as target:
            measured: dict[str, float] = worker.ask("fetch", ids=ids, target=target)
        measured["server"] = (cpu_seconds(self._server.pid) - server) / ids
        if WAYS[worker.peer].engine == "postgres":
            measured["database"] = (cpu_seconds(self._postmaster) - database) / ids
        return measured

    @contextmanager
    def _target(self, engine: str | None) -> Iterator[str]:
        if engine == "postgres":
            with postgres.database(self._postgres) as url:
                yield url
            return
        with tempfile.TemporaryDirectory() as folder:
            yield f"{folder}/usage.duckdb"


def measure(ids: int, rounds: int, ways: list[str]) -> dict[str, Any]:
    """Return the samples of so many rounds."""
    samples: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    with ExitStack() as stack:
        bench = Bench(ways, stack)
        for worker in bench.workers:
            bench.fetch(worker, _WARM_UP)
        for number in range(rounds):
            print(f"scripts/bench bulk: round {number + 1} of {rounds}", file=sys.stderr)
            first = number % len(ways)
            for worker in bench.workers[first:] + bench.workers[:first]:
                for name, value in bench.fetch(worker, ids).items():
                    samples[name][worker.peer].append(value)
        return {"ids": ids, "versions": bench.versions(), "samples": samples}


def stream(ids: int) -> dict[str, Any]:
    """Return what streaming so many ids takes, each way in a process of its own."""
    with ExitStack() as stack:
        bench = Bench(list(STREAMED), stack)
        taken = {worker.peer: worker.ask("stream", ids=ids) for worker in bench.workers}
        return {"ids": ids, "ways": taken}


def main() -> None:
    """Measure, and write bulk.json, bulk.md and bulk.svg to `benchmarks/results/`."""
    parser = argparse.ArgumentParser(prog="scripts/bench bulk", description=__doc__)
    parser.add_argument("--ids", type=int, default=6_000, help="a round (default %(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="default %(default)s")
    parser.add_argument("--ways", nargs="*", choices=WAYS, default=list(WAYS))
    parser.add_argument(
        "--million",
        type=int,
        nargs="?",
        const=_MILLION,
        metavar="IDS",
        help="stream a million ids instead; what was measured of the rest stays",
    )
    parser.add_argument("--results", type=Path, default=RESULTS, help="the folder to write to")
    options = parser.parse_args()
    file = options.results / "bulk.json"
    results = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    about = {"date": datetime.datetime.now(datetime.UTC).date().isoformat(), "machine": machine()}
    if options.million:
        results["million"] = about | stream(options.million)
    else:
        results["rounds"] = about | measure(options.ids, options.rounds, options.ways)
    print(bulk_report.write(results, options.results))


if __name__ == "__main__":
    main()
