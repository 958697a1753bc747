"""`oneloop export`: the usage of many ids, or of a database, into a file."""

from __future__ import annotations

import argparse
import functools
from collections.abc import Iterable
from typing import Any

from oneloop.cli import many
from oneloop.cli.api import add_client_options
from oneloop.cli.failures import EXIT_CODES, OF_MANY, fail
from oneloop.client import Oneloop
from oneloop.errors import ConfigurationError, OneloopError

EPILOG = """\
examples:
  oneloop export usage.parquet bid_acme bid_globex
  oneloop export usage.csv --ids customers.txt --rate 50
  oneloop export usage.jsonl --from usage.duckdb

The rows are sorted by billing id, day and name. Totals are decimals in Parquet,
digits in CSV, and strings in JSON lines. The file is written beside its place
and renamed. A run that is ended, or in which ids fail, leaves OUT.part.duckdb:
run again, it goes on from there. CSV has texts as they are; a spreadsheet takes
one that begins with =, +, - or @ for a formula, with --spreadsheet it doesn't.

"""


def add(commands: Any) -> None:
    """Add the command to those there are."""
    parser = commands.add_parser(
        "export",
        help="write the usage of billing ids to a file of Parquet, CSV or JSON lines",
        description="Write the usage of billing ids, or of a database, to a file.",
        epilog=EPILOG + EXIT_CODES + OF_MANY,
    )
    parser.add_file("out", metavar="OUT", help="a file *.parquet, *.csv or *.jsonl")
    many.add_arguments(parser)
    many.add_max_age(parser, "6h")
    parser.add_file(
        "--from",
        dest="source",
        metavar="TARGET",
        help="a database that oneloop sync filled, in place of billing ids",
    )
    parser.add_argument(
        "--spreadsheet", action="store_true", help="csv with an apostrophe before every formula"
    )
    add_client_options(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> tuple[int, str]:
    from oneloop.export import export_database  # noqa: PLC0415 - not for --help

    if options.source is None:
        return many.run(options, functools.partial(_job, options))
    if options.billing_ids or options.ids:
        raise ConfigurationError("--from takes all of a database: name no billing ids with it")
    try:
        rows = export_database(options.source, options.out, spreadsheet=options.spreadsheet)
    except OneloopError as error:
        return fail(error), ""
    return 0, f"rows: {rows:,}\n"


def _job(options: argparse.Namespace, client: Oneloop, ids: Iterable[str], **told: Any) -> str:
    from oneloop.export import export  # noqa: PLC0415 - not for --help

    done = export(client, ids, options.out, spreadsheet=options.spreadsheet, **told)
    return f"billing ids: {done.ids:,} written, {done.failed:,} failed; rows: {done.rows:,}"
