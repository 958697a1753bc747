"""`oneloop sync`: the usage of many ids, into a database."""

from __future__ import annotations

import argparse
import re
import time
from typing import Any

from oneloop.bulk import UsageResult
from oneloop.cli.api import add_client_options, add_many_ids, many_ids, opened
from oneloop.cli.failures import EXIT_CODES, exit_code, fail, line
from oneloop.cli.progress import Progress
from oneloop.errors import OneloopError
from oneloop.sync import SyncResult, sync

EPILOG = """\
examples:
  oneloop sync usage.duckdb bid_acme bid_globex
  oneloop sync usage.duckdb --ids customers.txt --rate 50 --max-age 6h
  psql -c 'copy customers (billing_id) to stdout' | oneloop sync postgresql:///billing -

A password of PostgreSQL belongs into PGPASSWORD or ~/.pgpass: other users see a command line.
Run again, it goes on: what is stored already stays, and --max-age leaves out what is young enough.
What the API restated is in billing_usage_history. Billing ids that failed are named on stderr.

"""
_INTERRUPTED = "oneloop: interrupted: what is stored stays, and another run goes on from there"
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def add(commands: Any, **shape: Any) -> None:
    """Add the command to those there are."""
    parser = commands.add_parser(
        "sync",
        help="store the usage of billing ids in DuckDB or PostgreSQL",
        description="Store the usage of billing ids. The API key comes from ONELOOP_API_KEY.",
        epilog=EPILOG + EXIT_CODES,
        **shape,
    )
    parser.add_argument(
        "target", metavar="TARGET", help="a file *.duckdb, or a database postgresql://…"
    )
    add_many_ids(parser)
    parser.add_argument(
        "--max-age",
        type=duration,
        metavar="AGE",
        help="leave out ids whose usage was stored since: 90s, 30m, 6h, 1d",
    )
    parser.add_argument(
        "--prune", action="store_true", help="move what the API no longer gives to the history"
    )
    add_client_options(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> tuple[int, str]:
    ids, total = many_ids(options)
    codes: list[int] = []
    counts = SyncResult()
    began = time.monotonic()
    with opened(options) as client, Progress(total) as progress:

        def on_failure(result: UsageResult) -> None:
            assert result.error is not None
            codes.append(exit_code(result.error))
            progress.say(line(result.error))

        def on_progress(so_far: SyncResult) -> None:
            nonlocal counts
            counts = so_far
            done = so_far.ids + so_far.pending + so_far.skipped + so_far.failed
            progress.show(done, failed=so_far.failed)

        try:
            sync(
                client,
                ids,
                options.target,
                concurrency=options.concurrency,
                rate=options.rate,
                max_age=options.max_age,
                prune=options.prune,
                on_failure=on_failure,
                on_progress=on_progress,
            )
        except OneloopError as error:
            codes.insert(0, fail(error))
        except KeyboardInterrupt:
            progress.say(_INTERRUPTED)
            codes.insert(0, 130)
    code = next(iter(codes), 0)
    if code and counts == SyncResult():
        return code, ""
    return code, _summary(counts, time.monotonic() - began)


def _summary(counts: SyncResult, seconds: float) -> str:
    ids = f"{counts.ids:,} stored, {counts.skipped:,} skipped, {counts.failed:,} failed"
    rows = f"{counts.new:,} new, {counts.restated:,} restated, {counts.gone:,} gone"
    return f"billing ids: {ids}; rows: {rows}; {seconds:,.1f} s\n"


def duration(text: str) -> float:
    """Return the seconds of `90s`, `30m`, `6h` or `1d`."""
    found = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)([smhd])", text)
    if not found:
        raise argparse.ArgumentTypeError(f"an age is such as 90s, 30m, 6h or 1d, not {text!r}")
    return float(found[1]) * _UNITS[found[2]]
