"""Syncs usage into each engine, killed at random moments and continued, and compares row by row.

An undisturbed sync and a killed one are held against what the server gave. A day later it gives
other figures for a tenth of the rows, and both sync again, the one killed again: the history of
what was restated has to be the same as well.
"""

from __future__ import annotations

import argparse
import datetime
import itertools
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import attrs

from benchmarks.loopback import Server, running
from benchmarks.process import CPU, RESULTS, machine, start, waited
from benchmarks.report import measured_on
from benchmarks.server import RESTATED, ROWS_OF_ANY, numbered, rows_of
from benchmarks.syncing import synced
from tests import postgres
from tests.overrides.sync.databases import Database, DuckDB, Postgres

ENGINES = {"duckdb": "DuckDB", "postgres": "PostgreSQL"}
BATCH = 30_000
"""The rows of a batch, as `oneloop.sync` has them."""

_ROW = "billing_id, day::text, name, total::text"
_TABLES = {
    "billing_usage": f"select {_ROW} from billing_usage order by 1, 2, 3",
    "billing_usage_history": f"select {_ROW} from billing_usage_history order by 1, 2, 3",
    "billing_usage_ids": "select billing_id, error from billing_usage_ids order by 1",
}
_WRONG_TIMES = """
    select count(*) from billing_usage_history h join billing_usage u using (billing_id, day, name)
    where h.changed_at >= h.replaced_at or h.replaced_at <> u.changed_at"""
_A_DAY_LATER = "update billing_usage_ids set fetched_at = fetched_at - interval '1 day'"
_MAX_DIFFERENCES = 20
_IDS_A_SECOND = 20_000  # more than any machine fetches
_PATIENCE = 120.0

Row = tuple[str | None, ...]


def run(engine: str, postgres_url: str, ids: int, kills: tuple[int, int], **options: int) -> Any:
    """Return the figures of both syncs into an engine, killed so many times each."""
    with running("benchmarks.server") as server, _databases(engine, postgres_url) as two:
        soak = _Soak(server, two, ids, **options)
        return {
            "first": soak.sync("", kills[0]),
            "a tenth restated": soak.sync(RESTATED, kills[1]),
        }


@contextmanager
def _databases(engine: str, postgres_url: str) -> Iterator[list[Database]]:
    """Yield two that are empty."""
    with ExitStack() as stack:
        if engine == "postgres":
            urls = [stack.enter_context(postgres.database(postgres_url)) for _ in range(2)]
            yield [Postgres(url) for url in urls]
        else:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            yield [DuckDB(Path(folder, f"{name}.duckdb")) for name in ("undisturbed", "killed")]


class _Soak:
    """Two databases: the one's syncs are undisturbed, the other's are killed."""

    def __init__(
        self, server: Server, two: list[Database], ids: int, *, batch: int = BATCH, seed: int = 0
    ) -> None:
        self._server = server
        self._calm, self._killed = two
        self._ids = ids
        self._batch = batch
        self._random = random.Random(seed)

    def sync(self, below: str, kills: int) -> dict[str, Any]:
        """Return what both took, and how they differ; then let a day pass."""
        figures = {
            "undisturbed": self._run(below, self._calm),
            "killed": self._run_killed(below, kills),
            "differences": list(itertools.islice(self._differences(below), _MAX_DIFFERENCES)),
        }
        for database in (self._calm, self._killed):
            database.run(_A_DAY_LATER)
        return figures

    def _run(self, below: str, database: Database) -> dict[str, Any]:
        began = time.monotonic()
        with CPU() as cpu:
            counts = synced(self._server.url + below, database.target, self._ids, self._batch)
        seconds = time.monotonic() - began
        return {"seconds": seconds, "cpu": cpu.seconds, "counts": attrs.asdict(counts)}

    def _run_killed(self, below: str, kills: int) -> dict[str, Any]:
        began, cpu, answered = time.monotonic(), 0.0, self._server.figure()
        for moment in sorted(self._random.uniform(0, 0.95 * self._ids) for _ in range(kills)):
            with self._process(below) as process:
                self._wait_for(answered + moment, process)
                time.sleep(self._random.uniform(0, self._ids / _IDS_A_SECOND / 10))
                process.kill()
                cpu += waited(process)["cpu"]
                if process.returncode != -signal.SIGKILL:
                    raise RuntimeError(f"a sync ended with {process.returncode}, see above")
        last = self._run(below, self._killed)
        return last | {
            "kills": kills,
            "seconds": time.monotonic() - began,
            "cpu": cpu + last["cpu"],
            "requests": self._server.figure() - answered,
        }

    def _wait_for(self, requests: float, process: subprocess.Popen[str]) -> None:
        """Wait until the server has answered so many, and no longer than the process lives."""
        give_up = time.monotonic() + _PATIENCE
        while self._server.figure() < requests and process.poll() is None:
            time.sleep(0.002)
            if time.monotonic() > give_up:
                raise RuntimeError(f"a sync doesn't get on, for {_PATIENCE:.0f} s")

    @contextmanager
    def _process(self, below: str) -> Iterator[subprocess.Popen[str]]:
        url = self._server.url + below
        with start(
            *(sys.executable, "-m", "benchmarks.syncing", url, self._killed.target),
            *(self._ids, self._batch),
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def _differences(self, below: str) -> Iterator[str]:
        for table, sql in _TABLES.items():
            three = (self._truth(table, below), self._calm.run(sql), self._killed.run(sql))
            for truth, calm, killed in itertools.zip_longest(*three):
                if not truth == calm == killed:
                    yield f"{table}: {truth} is {calm} undisturbed, {killed} where it was killed"
        for database in (self._calm, self._killed):
            ((wrong,),) = database.run(_WRONG_TIMES)
            if wrong:
                yield f"{wrong} rows of billing_usage_history have times that can't be"

    def _truth(self, table: str, below: str) -> Iterator[Row]:
        """Yield the rows of a table as they have to be."""
        for number in range(self._ids):
            if table == "billing_usage_ids":
                yield numbered(number), None
                continue
            rows = rows_of(number, below)
            if table == "billing_usage_history":
                rows = sorted(set(rows_of(number)) - set(rows))
            yield from ((*key, f"{total}") for *key, total in rows)


def _markdown(figures: dict[str, Any]) -> str:
    ids, lines, differences = figures["ids"], [], []
    for engine, syncs in figures["engines"].items():
        for name, sync in syncs.items():
            calm, killed = sync["undisturbed"], sync["killed"]
            cells = [
                ENGINES[engine],
                name,
                f"{calm['counts']['new']:,}",
                f"{calm['counts']['restated']:,}",
                f"{calm['seconds']:.1f}",
                f"{calm['cpu']:.1f}",
                f"{killed['kills']}",
                f"{killed['seconds']:.1f}",
                f"{killed['cpu']:.1f}",
                f"{killed['requests'] - ids:,}",
                f"{len(sync['differences'])}",
            ]
            lines.append(f"| {' | '.join(cells)} |")
            differences += sync["differences"]
    return "\n".join(
        [
            "# Syncs that are killed",
            "",
            f"Made by `scripts/soak sync`: {ids:,} ids with {ROWS_OF_ANY} rows each, a third of the"
            " totals above 64 bits, 50 at once, from a server on this machine. A sync is killed"
            " with SIGKILL at so many random moments; each time another process continues it, with"
            " `max_age`. Seconds and CPU are of all these processes, without a PostgreSQL"
            " server's. The tables are compared row by row with those of an undisturbed sync and"
            " with what the server gave.",
            "",
            "| | sync | rows new | restated | undisturbed, s | its CPU, s | kills | killed, s"
            " | its CPU, s | ids asked again | differences |",
            "|---|---|---|---|---|---|---|---|---|---|---|",
            *lines,
            "",
            *[f"- {difference}" for difference in differences],
            f"- {measured_on(figures)}",
            "",
        ]
    )


def main() -> None:
    """Run, write soak_sync.md and soak_sync.json, and exit with 1 where anything differs."""
    parser = argparse.ArgumentParser(prog="scripts/soak sync", description=__doc__)
    parser.add_argument("--ids", type=int, default=20_000, help="default %(default)s")
    parser.add_argument("--kills", type=int, default=10, help="of a sync (default %(default)s)")
    parser.add_argument("--batch", type=int, default=BATCH, help="rows (default %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--results", type=Path, default=RESULTS, help="the folder to write to")
    options = parser.parse_args()
    kills = (options.kills, options.kills)
    limits = {"batch": options.batch, "seed": options.seed}
    with postgres.server() as url:
        engines = {engine: run(engine, url, options.ids, kills, **limits) for engine in ENGINES}
    figures = {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": machine(),
        "ids": options.ids,
        **limits,
        "engines": engines,
    }
    markdown = _markdown(figures)
    options.results.mkdir(parents=True, exist_ok=True)
    (options.results / "soak_sync.md").write_text(markdown, encoding="utf-8")
    (options.results / "soak_sync.json").write_text(json.dumps(figures) + "\n", encoding="utf-8")
    print(markdown)
    sys.exit(any(sync["differences"] for syncs in engines.values() for sync in syncs.values()))


if __name__ == "__main__":
    main()
