"""`oneloop usage`: the usage of a few ids, printed."""

from __future__ import annotations

import argparse
import io
import sys
from typing import Any

from oneloop.cli.api import add_client_options, opened
from oneloop.cli.failures import EXIT_CODES, fail
from oneloop.cli.formats import as_csv, as_json, as_table
from oneloop.errors import AuthenticationError, ConfigurationError, OneloopError
from oneloop.usage import BillingUsage

CSV = """\
csv writes names as they are. A spreadsheet takes one that begins with =, +, - or @ for a formula;
with --spreadsheet it doesn't. A terminal gets what doesn't print escaped, a file or pipe exact.

"""


def add(commands: Any, **shape: Any) -> None:
    """Add the command to those there are."""
    usage = commands.add_parser(
        "usage",
        help="print the usage of billing ids",
        description="Print the usage of billing ids. The API key comes from ONELOOP_API_KEY.",
        epilog=CSV + EXIT_CODES,
        **shape,
    )
    usage.add_argument("billing_ids", nargs="+", metavar="BID", help="a billing id")
    usage.add_argument(
        "--format", choices=("table", "json", "csv"), default="table", help="default: table"
    )
    usage.add_argument(
        "--spreadsheet", action="store_true", help="csv with an apostrophe before every formula"
    )
    add_client_options(usage)
    usage.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> tuple[int, str]:
    if options.spreadsheet and options.format != "csv":
        raise ConfigurationError("--spreadsheet goes with --format csv")
    usages: list[BillingUsage] = []
    code = 0
    with opened(options) as client:
        try:
            for bid in options.billing_ids:
                try:
                    usages.append(client.get_billing_usage(bid))
                except (OneloopError, ValueError) as error:
                    failure = fail(error)
                    code = code or failure
                    if isinstance(error, AuthenticationError):
                        break
        except KeyboardInterrupt:
            code = 130
    return code, _text(usages, options)


def _text(usages: list[BillingUsage], options: argparse.Namespace) -> str:
    if options.format == "table":
        return as_table(usages)
    if options.format == "json":
        return as_json(usages)
    terminal = sys.stdout.isatty()
    if not terminal and isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", newline="")
    return as_csv(usages, terminal=terminal, spreadsheet=options.spreadsheet)
