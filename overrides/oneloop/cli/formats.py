"""Usages as text for the command: a table for people, JSON and CSV for machines."""

from __future__ import annotations

import csv
import json

from oneloop._spreadsheet import safe
from oneloop.errors import MAX_EXCERPT, escaped
from oneloop.usage import BillingUsage

COLUMNS = ("billing_id", "day", "name", "total")


def as_table(usages: list[BillingUsage]) -> str:
    """Return the rows, then the totals of each name, in aligned columns."""
    rows = [COLUMNS]
    for usage in usages:
        rows += [(row.billing_id, str(row.day), row.name, str(row.total)) for row in usage]
    for usage in usages:
        totals = usage.by_name() or {"(no usage)": 0}
        rows += [(usage.billing_id, "total", name, str(n)) for name, n in totals.items()]
    cells = [[_bounded(text) for text in row] for row in rows]
    *widths, last = (max(map(len, column)) for column in zip(*cells, strict=True))
    line = "  ".join([*(f"{{:{width}}}" for width in widths), f"{{:>{last}}}\n"])
    return "".join(line.format(*row) for row in cells)


def as_json(usages: list[BillingUsage]) -> str:
    """Return a JSON list with an object a usage, in printable ASCII."""
    document = [
        {
            "billing_id": usage.billing_id,
            "total": usage.total,
            "by_name": usage.by_name(),
            "rows": usage.to_dicts(),
        }
        for usage in usages
    ]
    # DEL is the one control character that json.dumps leaves as it is.
    return json.dumps(document, indent=2, default=str).replace("\x7f", r"\u007f") + "\n"


def as_csv(usages: list[BillingUsage], *, terminal: bool, spreadsheet: bool) -> str:
    """Return the rows as CSV.

    Args:
        usages: whose rows.
        terminal: escape what doesn't print.
        spreadsheet: lead what a spreadsheet would take for a formula by an apostrophe.
    """
    guarded = safe if spreadsheet else str
    shown = escaped if terminal else str
    lines = _Lines()
    writer = csv.writer(lines)
    writer.writerow(COLUMNS)
    for usage in usages:
        bid = shown(guarded(usage.billing_id))
        writer.writerows((bid, row.day, shown(guarded(row.name)), row.total) for row in usage)
    return "".join(lines)


class _Lines(list[str]):
    """Keeps with LF what is written with CRLF: asked for LF, Python 3.11 leaves a CR unquoted."""

    def write(self, line: str) -> None:
        self.append(line.removesuffix("\r\n") + "\n")


def _bounded(text: str) -> str:
    return escaped(text[:MAX_EXCERPT]) + "…" * (len(text) > MAX_EXCERPT)
