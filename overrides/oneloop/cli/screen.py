"""What a table is shown on: how wide it is, and which characters and colours it has."""

from __future__ import annotations

import codecs
import os
import shutil
import unicodedata
from collections.abc import Sequence
from typing import TextIO

import attrs

from oneloop.errors import escaped

BOLD, CYAN = "1", "36"


@attrs.frozen
class Screen:
    """A terminal, or what isn't one: a pipe or a file."""

    columns: int = 80
    is_terminal: bool = False
    has_blocks: bool = False
    """Whether bars may be made of Unicode's block elements."""
    has_colours: bool = False

    def styled(self, text: str, style: str) -> str:
        """Return the text in a style, where there are such."""
        return f"\x1b[{style}m{text}\x1b[0m" if self.has_colours and text else text


def screen_of(stream: TextIO) -> Screen:
    """Return what the stream is."""
    is_terminal = stream.isatty()
    return Screen(
        columns=shutil.get_terminal_size().columns if is_terminal else 80,
        is_terminal=is_terminal,
        has_blocks=is_terminal and _is_utf8(stream.encoding),
        has_colours=_has_colours(stream, is_terminal=is_terminal),
    )


def width(text: str) -> int:
    """Return the columns that printable text takes."""
    if text.isascii():
        return len(text)
    return sum(_width(char) for char in text)


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Return texts in columns, escaped where they don't print."""
    cells = [[escaped(text) for text in row] for row in rows]
    widths = [max(map(width, column)) for column in zip(*cells, strict=True)]
    return "".join("  ".join(map(padded, row, widths)).rstrip() + "\n" for row in cells)


def padded(text: str, columns: int) -> str:
    """Return the text with spaces behind it."""
    return text + " " * (columns - width(text))


def _width(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1


def _is_utf8(encoding: str) -> bool:
    try:
        return codecs.lookup(encoding).name == "utf-8"
    except LookupError:
        return False


def _has_colours(stream: TextIO, *, is_terminal: bool) -> bool:
    """Whether rich would use colours: it knows NO_COLOR, FORCE_COLOR and TERM. Without it, none."""
    # A terminal that doesn't say what it is (Windows' never do) may show the codes as they are.
    can = is_terminal and bool(os.name == "nt" or os.environ.get("TERM"))
    if not (can or os.environ.get("FORCE_COLOR")):
        return False
    try:
        from rich.console import Console  # noqa: PLC0415 - an extra
    except ImportError:
        return False
    console = Console(file=stream)
    return bool(console.color_system) and not (console.no_color or console.legacy_windows)
