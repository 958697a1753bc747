"""The `oneloop` command."""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import json
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from oneloop._http.answer import printable
from oneloop.client import Oneloop
from oneloop.errors import ConfigurationError, OneloopError, ResponseValidationError
from oneloop.usage import BillingUsage
from oneloop.version import version_text

EXIT_CODES = """\
exit codes:
  0    the usage of every id was printed
  1    the API refused, or could not be reached
  2    the command line or the configuration is wrong
  3    an answer was not a usage answer: bill nothing from it
  130  interrupted
Where some of several ids fail, the usage of the others is printed all the same, and the first
failure gives the exit code.
"""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command and exit with its code."""
    options = _parser().parse_args(arguments)
    try:
        code = _usage(options)
    except ConfigurationError as error:
        code = _fail(error)
    except KeyboardInterrupt:
        code = 130
    except BrokenPipeError:
        # The reader, `head` for one, has what it wanted; Python's flush at exit must not complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    sys.exit(code)


def _parser() -> argparse.ArgumentParser:
    shape: dict[str, Any] = {
        "epilog": EXIT_CODES,
        "formatter_class": argparse.RawDescriptionHelpFormatter,
        "allow_abbrev": False,
    }
    parser = argparse.ArgumentParser(
        prog="oneloop", description="Billing usage from the Oneloop API.", **shape
    )
    parser.add_argument("--version", action="version", version=version_text())
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    usage = commands.add_parser(
        "usage",
        help="print the usage of billing ids",
        description="Print the usage of billing ids. The API key comes from ONELOOP_API_KEY.",
        **shape,
    )
    usage.add_argument("billing_ids", nargs="+", metavar="BID", help="a billing id")
    usage.add_argument("--format", choices=_FORMATS, default="table", help="default: table")
    usage.add_argument("--timeout", type=float, default=60.0, metavar="SECONDS", help="for each id")
    usage.add_argument(
        "--sandbox", action="store_true", help="ask a sandbox on this machine, without any key"
    )
    return parser


def _usage(options: argparse.Namespace) -> int:
    usages: list[BillingUsage] = []
    code = 0
    with contextlib.ExitStack() as stack:
        connection = stack.enter_context(_sandbox()) if options.sandbox else {}
        client = stack.enter_context(Oneloop(timeout=options.timeout, **connection))
        try:
            for bid in options.billing_ids:
                try:
                    usages.append(client.get_billing_usage(bid))
                except (OneloopError, ValueError) as error:
                    failure = _fail(error)
                    code = code or failure
        except KeyboardInterrupt:
            code = 130
    _FORMATS[options.format](usages)
    sys.stdout.flush()
    return code


@contextlib.contextmanager
def _sandbox() -> Any:
    try:
        from oneloop import sandbox  # noqa: PLC0415 - an extra
    except ImportError:
        raise ConfigurationError(
            "--sandbox needs an extra: pip install 'oneloop-api-client[sandbox]'"
        ) from None
    with sandbox.Sandbox() as server:
        yield {"api_key": sandbox.API_KEY, "base_url": server.url}


def _fail(error: Exception) -> int:
    """Say the error in one line and return its exit code."""
    print(f"oneloop: {printable(str(error))}", file=sys.stderr)
    if isinstance(error, ResponseValidationError):
        return 3
    return 2 if isinstance(error, ValueError) else 1


def _print_table(usages: list[BillingUsage]) -> None:
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    rows = [
        (printable(row.billing_id), row.day.isoformat(), printable(row.name), str(row.total))
        for usage in usages
        for row in usage
    ]
    for usage in usages:
        bid = printable(usage.billing_id)
        rows += [(bid, "total", printable(name), str(n)) for name, n in usage.by_name().items()]
        if not usage:
            rows.append((bid, "total", "(no usage)", "0"))
    rows.insert(0, _COLUMNS)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for *texts, total in rows:
        cells = [text.ljust(width) for text, width in zip(texts, widths, strict=False)]
        print("  ".join([*cells, total.rjust(widths[-1])]))


def _print_json(usages: list[BillingUsage]) -> None:
    document = [
        {
            "billing_id": usage.billing_id,
            "total": usage.total,
            "by_name": usage.by_name(),
            "rows": usage.to_dicts(),
        }
        for usage in usages
    ]
    print(json.dumps(document, indent=2, default=str))


def _print_csv(usages: list[BillingUsage]) -> None:
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", newline="")
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows(
        (row.billing_id, row.day, row.name, row.total) for usage in usages for row in usage
    )


_COLUMNS = ("billing_id", "day", "name", "total")
_FORMATS: dict[str, Callable[[list[BillingUsage]], None]] = {
    "table": _print_table,
    "json": _print_json,
    "csv": _print_csv,
}


if __name__ == "__main__":
    main()
