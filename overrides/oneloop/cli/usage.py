"""`oneloop usage`: the usage of billing ids, printed as it comes."""

from __future__ import annotations

import argparse
import contextlib
import itertools
import time
from collections.abc import Generator, Iterable
from pathlib import PurePath
from typing import Any, TypeAlias

from oneloop.bulk import UsageResult
from oneloop.cli import many, parts
from oneloop.cli.api import add_client_options, opened
from oneloop.cli.failures import EXIT_CODES, OF_MANY, as_line, exit_code, fail
from oneloop.cli.formats import CSV, JSON, NAMES, Format, JSONLines
from oneloop.cli.output import Output, OutputError, output
from oneloop.cli.parser import Parser
from oneloop.cli.progress import Progress
from oneloop.cli.table import Table
from oneloop.client import Oneloop
from oneloop.errors import ConfigurationError, OneloopError
from oneloop.usage import BillingUsage

EPILOG = """\
examples:
  oneloop usage bid_acme
  oneloop usage bid_acme --by day                          a bar for each day
  oneloop usage bid_acme --from 2025-01-01 --to 2025-02-01 all of January
  oneloop usage --ids customers.txt --by month --output months.csv
  oneloop usage - --format jsonl < customers.txt | jq .total

Days are UTC; the one that --to names isn't inside. --by adds up each id's rows:
by day and month those of all names, whatever their units; days without a row
aren't shown.

Ids are printed in their order: those named, those of files, those of stdin.
Each is printed as soon as it is there, and none is kept: a million ids take no
more memory than ten. Without --rate the first is asked for alone, so that a
wrong key is refused but once. Nothing is printed if no id succeeds.

A table gets wider as it has to. json is a list of an object for each id, jsonl
those objects, one a line; csv and table have a line for each row. Totals have
all their digits, 38 at most: read them as integers.

csv writes names as they are. A spreadsheet takes one that begins with =, +, -
or @ for a formula; with --spreadsheet it doesn't. A terminal gets what doesn't
print escaped, a file or pipe exact. Colours need the extra cli, and follow
NO_COLOR, FORCE_COLOR and TERM.

With --output, FILE is replaced once all ids have succeeded. Else it stays as it
was, and what came is in FILE.part.

"""

Results: TypeAlias = Generator[UsageResult, None, None]


def add(commands: Any) -> None:
    """Add the command to those there are."""
    parser: Parser = commands.add_parser(
        "usage",
        help="print the usage of billing ids",
        description="Print the usage of billing ids.",
        epilog=EPILOG + EXIT_CODES + OF_MANY,
    )
    many.add_arguments(parser)
    parser.add_argument(
        "--from", dest="start", type=parts.day, metavar="DAY", help="the first day, 2025-01-01"
    )
    parser.add_argument(
        "--to",
        dest="end",
        type=parts.day,
        metavar="DAY",
        help="the day behind the last: not inside",
    )
    parser.add_argument("--by", choices=parts.GROUPS, help="add up, with bars in the table")
    parser.add_argument(
        "--format", choices=NAMES, help="default: as FILE is named, *.csv for one; else table"
    )
    parser.add_file("--output", metavar="FILE", help="write to a file; - is stdout")
    parser.add_argument(
        "--spreadsheet", action="store_true", help="csv with an apostrophe before every formula"
    )
    add_client_options(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> tuple[int, str]:
    kind = _kind(options)
    parts.check_days(options.start, options.end)
    to_file = options.output not in (None, "-")
    ids, total = many.read_ids(options, count=to_file)
    encoding = "utf-8" if kind == "csv" else None
    with output(options.output, encoding=encoding) as out, opened(options) as client:
        run = _Run(options, _format(kind, options, out), out)
        with Progress(total) if to_file else contextlib.nullcontext() as progress:
            code = run.print(_results(client, ids, options), progress)
    return code, run.summary() if to_file and run.ids else ""


def _kind(options: argparse.Namespace) -> str:
    suffix = PurePath(options.output or "").suffix.removeprefix(".").lower()
    kind: str = options.format or (suffix if suffix in NAMES else "table")
    if options.spreadsheet and kind != "csv":
        raise ConfigurationError("--spreadsheet goes with --format csv")
    return kind


def _format(kind: str, options: argparse.Namespace, out: Output) -> Format:
    if kind == "table":
        return Table(options.by, out.screen, options.billing_ids)
    if kind == "csv":
        terminal = out.screen.is_terminal
        return CSV(options.by, terminal=terminal, spreadsheet=options.spreadsheet)
    return JSON(options.by) if kind == "json" else JSONLines(options.by)


def _results(client: Oneloop, ids: Iterable[str], options: argparse.Namespace) -> Results:
    """Yield the results in the ids' order."""
    ids = iter(ids)
    # A key that is refused shall be asked about once. With a rate there is no hurry anyway, and
    # the first request of a second run would not keep to it.
    runs = [ids] if options.rate else [itertools.islice(ids, 1), ids]
    told = {"concurrency": options.concurrency, "rate": options.rate}
    for part in runs:
        with client.iter_billing_usage(part, ordered=True, **told) as results:
            yield from results


class _Run:
    """One run: prints what comes, counts it, and remembers what failed first."""

    def __init__(self, options: argparse.Namespace, form: Format, out: Output) -> None:
        self._days = options.start, options.end
        self._format = form
        self._out = out
        self._began = time.monotonic()
        self._codes: list[int] = []
        self._failed = 0
        self._rows = 0
        self.ids: int = 0

    def print(self, results: Results, progress: Progress | None) -> int:
        """Print the results, and return the exit code."""
        try:
            self._print(results, progress)
            self._out.finish(is_whole=not self._codes)
        except OutputError as error:
            self._codes.append(error.code)
        return next(iter(self._codes), 0)

    def _print(self, results: Results, progress: Progress | None) -> None:
        try:
            with contextlib.closing(results):
                for result in results:
                    self._take(result, progress)
        except OneloopError as error:  # of all ids
            self._fail(error, progress)
        except KeyboardInterrupt:
            self._codes.insert(0, 130)
        if self._out.is_begun:
            self._out.write(self._format.end())

    def _take(self, result: UsageResult, progress: Progress | None) -> None:
        if result.usage is not None:
            self._add(result.usage)
        else:
            assert result.error is not None
            self._failed += 1
            self._fail(result.error, progress)
        if progress:
            progress.show(self.ids + self._failed, failed=self._failed)

    def _fail(self, error: Exception, progress: Progress | None) -> None:
        self._codes.append(exit_code(error))
        if progress:
            progress.say(as_line(error))
        else:
            fail(error)

    def _add(self, usage: BillingUsage) -> None:
        usage = parts.between(usage, *self._days)
        self.ids += 1
        self._rows += len(usage)
        self._out.write(self._format.part(usage))

    def summary(self) -> str:
        """Return what was done, in words."""
        seconds = time.monotonic() - self._began
        ids = f"{self.ids:,} written, {self._failed:,} failed"
        return f"billing ids: {ids}; rows: {self._rows:,}; {seconds:,.1f} s\n"
