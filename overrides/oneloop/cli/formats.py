"""Usage as text for machines, one id after another: JSON, JSON lines, CSV."""

from __future__ import annotations

import csv
import json
import textwrap
from typing import Any, Protocol

from oneloop._spreadsheet import safe
from oneloop.cli import parts
from oneloop.errors import escaped
from oneloop.usage import BillingUsage

NAMES = ("table", "json", "jsonl", "csv")


class Format(Protocol):
    """Makes text of usages; whatever number of them, it keeps none."""

    def part(self, usage: BillingUsage) -> str:
        """Return the text of one id, behind that of those before."""
        raise NotImplementedError

    def end(self) -> str:
        """Return what is behind the last id."""
        raise NotImplementedError


class JSON:
    """A JSON list with an object for each id, in printable ASCII."""

    def __init__(self, by: str | None) -> None:
        self._by = by
        self._before = "[\n"

    def part(self, usage: BillingUsage) -> str:
        """Return the object."""
        before, self._before = self._before, ",\n"
        return before + textwrap.indent(_dumped(usage, self._by, indent=2), "  ")

    def end(self) -> str:
        """Return the end of the list."""
        return "\n]\n"


class JSONLines:
    """The same object for each id, in a line."""

    def __init__(self, by: str | None) -> None:
        self._by = by

    def part(self, usage: BillingUsage) -> str:
        """Return the line."""
        return _dumped(usage, self._by) + "\n"

    def end(self) -> str:
        """Return nothing."""
        return ""


class CSV:
    """A line for each row, below the names of the columns.

    Args:
        by: what usage is added up by, if it is.
        terminal: escape what doesn't print.
        spreadsheet: lead what a spreadsheet would take for a formula by an apostrophe.
    """

    def __init__(self, by: str | None, *, terminal: bool, spreadsheet: bool) -> None:
        self._by = by
        self._guarded = safe if spreadsheet else str
        self._shown = escaped if terminal else str
        self._is_begun = False

    def part(self, usage: BillingUsage) -> str:
        """Return the lines of one id."""
        lines = _Lines()
        writer = csv.writer(lines)
        if not self._is_begun:
            self._is_begun = True
            writer.writerow(parts.columns(self._by))
        for *texts, total in parts.rows(usage, self._by):
            writer.writerow([*(self._shown(self._guarded(str(text))) for text in texts), total])
        return "".join(lines)

    def end(self) -> str:
        """Return nothing."""
        return ""


class _Lines(list[str]):
    """Keeps with LF what is written with CRLF: asked for LF, Python 3.11 leaves a CR unquoted."""

    def write(self, line: str) -> None:
        self.append(line.removesuffix("\r\n") + "\n")


def _dumped(usage: BillingUsage, by: str | None, **options: Any) -> str:
    document: dict[str, Any] = {"billing_id": usage.billing_id, "total": usage.total}
    if by is None:
        document |= {"by_name": usage.by_name(), "rows": usage.to_dicts()}
    else:
        document[f"by_{by}"] = parts.totals(usage, by)
    # DEL is the one control character that json.dumps leaves as it is.
    return json.dumps(document, default=str, **options).replace("\x7f", r"\u007f")
