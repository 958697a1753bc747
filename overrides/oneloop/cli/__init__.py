"""The `oneloop` command."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from oneloop.cli import export, sync, usage
from oneloop.cli.failures import EXIT_CODES, fail
from oneloop.cli.streams import fill_closed_streams, say, show
from oneloop.errors import ConfigurationError
from oneloop.version import version_text


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command and exit with its code."""
    fill_closed_streams()
    try:
        code, text = _run(sys.argv[1:] if arguments is None else arguments)
        code = show(text, code)
        say("")  # argparse and the log write to stderr, too
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)


def _run(arguments: Sequence[str]) -> tuple[int, str]:
    """Return the exit code and what to print."""
    try:
        options = _options(arguments)
    except SystemExit as end:  # --help, --version, or a wrong command line
        return int(end.code or 0), ""
    except OSError:  # of stderr, where a wrong command line is told
        return 2, ""
    try:
        code, text = options.run(options)
    except ConfigurationError as error:
        return fail(error), ""
    return int(code), str(text)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    shape: dict[str, Any] = {
        "formatter_class": argparse.RawDescriptionHelpFormatter,
        "allow_abbrev": False,
    }
    about = "Billing usage from the Oneloop API."
    parser = argparse.ArgumentParser("oneloop", description=about, epilog=EXIT_CODES, **shape)
    parser.add_argument("--version", action="version", version=version_text())
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in (usage, sync, export):
        command.add(commands, **shape)
    if arguments and arguments[0] in commands.choices:
        # Options may stand between the ids, which argparse takes from one command alone.
        return commands.choices[arguments[0]].parse_intermixed_args(arguments[1:])
    return parser.parse_args(arguments)
