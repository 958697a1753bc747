"""The `oneloop` command: a file for each of its commands, and what they share."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from oneloop.cli import completion, doctor, export, profiles, sync, usage
from oneloop.cli.ending import as_interrupts
from oneloop.cli.failures import EXIT_CODES, fail
from oneloop.cli.parser import Parser
from oneloop.cli.streams import fill_closed_streams, say, show
from oneloop.errors import ConfigurationError

COMMANDS = (usage, sync, export, doctor, profiles, completion)

EPILOG = """\
examples:
  oneloop usage bid_acme --sandbox   try it without a key, on a sandbox
  oneloop usage bid_acme --by day    a bar for each day
  oneloop doctor bid_acme            what is wrong, if something is
  oneloop COMMAND --help             more about a command, with examples

The API key comes from ONELOOP_API_KEY, or from a profile, see oneloop profiles
--help. ONELOOP_BASE_URL is another address of the API; ONELOOP_LOG=info logs
each request.

"""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command and exit with its code."""
    fill_closed_streams()
    try:
        with as_interrupts():
            code, text = _run(sys.argv[1:] if arguments is None else arguments)
            code = show(text, code)
            say("")  # argparse and the log write to stderr, too
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)


def _run(arguments: Sequence[str]) -> tuple[int, str]:
    """Return the exit code and what to print."""
    try:
        options = parser().read(arguments)
    except SystemExit as end:  # --help, --version, or a wrong command line
        return int(end.code or 0), ""
    except OSError:  # of stderr, where a wrong command line is told
        return 2, ""
    try:
        code, text = options.run(options)
    except ConfigurationError as error:
        return fail(error), ""
    return int(code), str(text)


def parser() -> Parser:
    """Return what reads the command line."""
    about = "Billing usage from the Oneloop API."
    parser = Parser("oneloop", description=about, epilog=EPILOG + EXIT_CODES)
    parser.add_argument("-V", "--version", action=_Version, help="which client and spec this is")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add(commands)
    parser.commands = commands.choices
    return parser


class _Version(argparse.Action):
    def __init__(self, option_strings: Sequence[str], **options: Any) -> None:
        super().__init__(option_strings, **{**options, "nargs": 0})

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        from oneloop.version import version_text  # noqa: PLC0415 - it reads the metadata

        sys.stdout.write(f"{version_text()}\n")
        parser.exit()
