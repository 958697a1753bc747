"""`oneloop sync`: the usage of many ids, into a database."""

from __future__ import annotations

import argparse
import functools
from collections.abc import Iterable
from typing import Any

from oneloop.cli import many
from oneloop.cli.api import add_client_options
from oneloop.cli.failures import EXIT_CODES, OF_MANY
from oneloop.client import Oneloop

EPILOG = """\
examples:
  oneloop sync usage.duckdb bid_acme bid_globex
  oneloop sync usage.duckdb --ids customers.txt --rate 50 --max-age 6h
  psql -c 'copy customers (billing_id) to stdout' \\
    | oneloop sync postgresql:///billing -

A password of PostgreSQL belongs into PGPASSWORD or ~/.pgpass: other users see a
command line. Run again, it goes on: what is stored already stays, and --max-age
leaves out what is young enough. What the API restated is in the table
billing_usage_history. Billing ids that failed are named on stderr.

"""


def add(commands: Any) -> None:
    """Add the command to those there are."""
    parser = commands.add_parser(
        "sync",
        help="store the usage of billing ids in DuckDB or PostgreSQL",
        description="Store the usage of billing ids in a database.",
        epilog=EPILOG + EXIT_CODES + OF_MANY,
    )
    parser.add_file(
        "target", metavar="TARGET", help="a file *.duckdb, or a database postgresql://…"
    )
    many.add_arguments(parser)
    many.add_max_age(parser)
    parser.add_argument(
        "--prune", action="store_true", help="move what the API no longer gives to the history"
    )
    add_client_options(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> tuple[int, str]:
    return many.run(options, functools.partial(_job, options))


def _job(options: argparse.Namespace, client: Oneloop, ids: Iterable[str], **told: Any) -> str:
    from oneloop.sync import sync  # noqa: PLC0415 - not for --help

    return many.summary(sync(client, ids, options.target, prune=options.prune, **told))
