"""The directive `command-line`: what each command says of itself, asked as the docs are built."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the directive."""
    app.add_directive("command-line", CommandLine)
    return {"parallel_read_safe": True}


class CommandLine(SphinxDirective):
    """Write a section for each of the commands."""

    def run(self) -> list[nodes.Node]:
        """Return the sections."""
        told = {**helps(["oneloop"], ["-m", "oneloop"])}
        told["python -m oneloop.sandbox"] = _help(["-m", "oneloop.sandbox"])
        text = "".join(
            f"## {name}\n\n```text\n$ {name} --help\n{help_}```\n\n" for name, help_ in told.items()
        )
        return self.parse_text_to_nodes(text, allow_section_headings=True)


def helps(words: list[str], arguments: list[str]) -> dict[str, str]:
    """Return what a command says to `--help`, and each of its own commands, by name."""
    text = _help(arguments)
    told = {" ".join(words): text}
    with ThreadPoolExecutor() as threads:
        for found in threads.map(
            lambda each: helps([*words, each], [*arguments, each]), _commands(text)
        ):
            told |= found
    return told


def _commands(text: str) -> Iterator[str]:
    """Yield the commands that a help lists: by argparse, further in than what they belong to."""
    _, _, listed = text.partition("\n  COMMAND\n")
    for line in listed.splitlines():
        if not line.startswith("    "):
            return
        if found := re.match(r" {4}([a-z][\w-]*)", line):
            yield found[1]


def _help(arguments: list[str]) -> str:
    return subprocess.run(
        [sys.executable, *arguments, "--help"],
        env={**os.environ, "COLUMNS": "80", "NO_COLOR": "1", "PYTHONUTF8": "1"},
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=True,
    ).stdout
