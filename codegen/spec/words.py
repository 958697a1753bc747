"""Foreign text and long lists, made fit for a message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_LONGEST: Final = 300
_TOLD: Final = 10


def plain(text: str) -> str:
    """Return `text` in one line, printable and short."""
    line = "".join(char if char.isprintable() else "�" for char in " ".join(text.split()))
    return line if len(line) <= _LONGEST else line[:_LONGEST] + "…"


def few(told: Sequence[str]) -> str:
    """Return the first of what there is to tell in one line, and how much more there is."""
    return "; ".join(first(told))


def first(told: Sequence[str], most: int = _TOLD) -> list[str]:
    """Return the first of what there is to tell, and how much more there is."""
    more = [f"and {len(told) - most} more"] if len(told) > most else []
    return [*told[:most], *more]
