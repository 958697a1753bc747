"""The `oneloop` command."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn, TextIO

from oneloop._formats import as_csv, as_json, as_table, escaped
from oneloop.client import Oneloop
from oneloop.errors import (
    AuthenticationError,
    ConfigurationError,
    OneloopError,
    ResponseValidationError,
)
from oneloop.usage import BillingUsage
from oneloop.version import version_text

EXIT_CODES = """\
exit codes:
  0    the usage of every id was printed
  1    the API refused, or could not be reached, or the output can't be written
  2    the command line or the configuration is wrong
  3    an answer was not a usage answer: bill nothing from it
  130  interrupted
Where some of several ids fail, the usage of the others is printed all the same, and the first
failure gives the exit code. A refused key (401) stops the run: no id behind it is asked for.
"""
CSV = """\
csv writes names as they are. A spreadsheet takes one that begins with =, +, - or @ for a formula;
with --spreadsheet it doesn't. A terminal gets what doesn't print escaped, a file or pipe exact.

"""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command and exit with its code."""
    _fill_closed_streams()
    try:
        code, text = _run(arguments)
        code = _print(text, code)
        _say("")  # argparse and the log write to stderr, too
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)


def _run(arguments: Sequence[str] | None) -> tuple[int, str]:
    """Return the exit code and what to print."""
    try:
        options = _parser().parse_args(arguments)
    except SystemExit as end:  # --help, --version, or a wrong command line
        return int(end.code or 0), ""
    except OSError:  # of stderr, where a wrong command line is told
        return 2, ""
    try:
        return _usage(options)
    except ConfigurationError as error:
        return _fail(error), ""


def _parser() -> argparse.ArgumentParser:
    shape: dict[str, Any] = {
        "formatter_class": argparse.RawDescriptionHelpFormatter,
        "allow_abbrev": False,
    }
    about = "Billing usage from the Oneloop API."
    parser = argparse.ArgumentParser("oneloop", description=about, epilog=EXIT_CODES, **shape)
    parser.add_argument("--version", action="version", version=version_text())
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
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
    usage.add_argument("--timeout", type=float, default=60.0, metavar="SECONDS", help="for each id")
    usage.add_argument(
        "--sandbox", action="store_true", help="ask a sandbox on this machine, without any key"
    )
    return parser


def _usage(options: argparse.Namespace) -> tuple[int, str]:
    if options.spreadsheet and options.format != "csv":
        raise ConfigurationError("--spreadsheet goes with --format csv")
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


@contextlib.contextmanager
def _sandbox() -> Any:
    from oneloop import sandbox  # noqa: PLC0415 - few need a server

    with sandbox.Sandbox() as server:
        yield {"api_key": sandbox.API_KEY, "base_url": server.url}


def _fail(error: Exception) -> int:
    """Say the error in one line and return its exit code."""
    _say(f"oneloop: {escaped(str(error))}\n")
    if isinstance(error, ResponseValidationError):
        return 3
    return 2 if isinstance(error, ValueError) else 1


def _fill_closed_streams() -> None:
    """Give each closed standard stream its descriptor back: else the next socket would take it."""
    if sys.stdin is None:
        os.open(os.devnull, os.O_RDONLY)
    if sys.stdout is None:  # read-only: writing still fails
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_RDONLY), "w", closefd=False)
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", closefd=False)


def _print(text: str, code: int) -> int:
    """Print the text and return the exit code, never 0 if that fails."""
    try:
        _write(sys.stdout, text)
    except BrokenPipeError:
        pass  # the reader, `head` for one, has what it wanted
    except OSError as error:
        _say(f"oneloop: can't write the output: {error.strerror}\n")
        code = code or 1
    return code


def _say(text: str) -> None:
    with contextlib.suppress(OSError):
        _write(sys.stderr, text)


def _write(stream: TextIO, text: str) -> None:
    """Write and flush; after a failure the rest goes nowhere: Python's flush at exit can't fail."""
    try:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
        stream.write(text)
        stream.flush()
    except (OSError, KeyboardInterrupt):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        raise


if __name__ == "__main__":
    main()
