"""How the command reads its arguments, and how its help looks."""

from __future__ import annotations

import argparse
import difflib
import shutil
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from oneloop.errors import escaped, shortened

_WIDEST = 90
"""Columns of a help text, on however wide a terminal."""
_LONGEST = 400
"""Characters that are said of a wrong command line: it may be a file's content by mistake."""


class Parser(argparse.ArgumentParser):
    """A parser without abbreviations, whose help keeps its lines, and which knows its files."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"formatter_class": _Help, "allow_abbrev": False, **options})
        self.files: list[argparse.Action] = []
        """The arguments that are names of files, which a shell can complete."""
        self.commands: dict[str, Parser] = {}

    def add_file(self, *names: str, **options: Any) -> None:
        """Add an argument that is the name of a file."""
        self.files.append(self.add_argument(*names, **options))

    def read(self, arguments: Sequence[str]) -> argparse.Namespace:
        """Return the options of the command that is named first.

        Raises:
            SystemExit: --help, --version, or a wrong command line.
        """
        if not arguments:
            self.print_help(sys.stderr)
            self.exit(2)
        name, *rest = arguments
        if name in self.commands:
            # Options may stand between the ids, which argparse takes from one command alone.
            return self.commands[name].parse_intermixed_args(rest)
        if not name.startswith("-"):
            self.refuse(name)
        return self.parse_args(arguments)

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the command line, bounded and as it prints."""
        super().error(escaped(shortened(message, _LONGEST)))

    def refuse(self, name: str) -> NoReturn:
        """Say that there is no such command, and which one was meant."""
        near = difflib.get_close_matches(name[:80], self.commands, n=1, cutoff=0.5)
        meant = f"did you mean {near[0]}?" if near else f"there are {', '.join(self.commands)}"
        self.error(f"there is no command {name[:80]!a}; {meant}")


class _Help(argparse.RawDescriptionHelpFormatter):
    def __init__(self, prog: str, **options: Any) -> None:
        columns = min(shutil.get_terminal_size().columns, _WIDEST)
        super().__init__(prog, **{"max_help_position": 26, "width": columns - 2, **options})
