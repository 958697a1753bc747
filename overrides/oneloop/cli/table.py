"""Usage as a table for people; what is added up by day, month or name has a bar."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from oneloop.cli import parts
from oneloop.cli.screen import BOLD, CYAN, Screen, padded, width
from oneloop.errors import escaped, shortened
from oneloop.usage import BillingUsage

_NO_USAGE = "(no usage)"
_LEAST_BAR, _LONGEST_BAR = 8, 50
_LEAST_NAME = 20
_EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]


class Table:
    """A table that grows by the usage of one id after another.

    Args:
        by: what usage is added up by, if it is.
        screen: where it is shown.
        ids: those that are known beforehand: the first column has room for them.
    """

    def __init__(self, by: str | None, screen: Screen, ids: Iterable[str] = ()) -> None:
        self._by = by
        self._screen = screen
        self._head = parts.columns(by)
        self._widths = [len(name) for name in self._head]
        self._widths[0] = max([self._widths[0], *(width(_bounded(bid)) for bid in ids)])
        self._fitted = self._widths
        self._is_begun = False
        self._is_narrow = False
        """Whether an id has a line of its own, as its column would break lines."""

    def part(self, usage: BillingUsage) -> str:
        """Return the lines of one id: its rows, then its totals."""
        rows = [self._cells(row) for row in parts.rows(usage, self._by)]
        totals = [self._cells(row) for row in self._totals(usage)]
        for row in (*rows, *totals):
            self._widths = [max(w, width(text)) for w, text in zip(self._widths, row, strict=True)]
        styled = self._screen.styled
        lines = []
        self._fit()
        if not self._is_begun:
            self._is_begun = True
            lines.append(styled(self._line(self._head), BOLD))
        if self._is_narrow:
            lines.append(styled(_bounded(usage.billing_id), BOLD))
        lines += [self._line(row, bar) for row, bar in zip(rows, self._bars(rows), strict=True)]
        lines += [styled(self._line(row), BOLD) for row in totals]
        return "".join(f"{line}\n" for line in lines)

    def end(self) -> str:
        """Return what is behind the last id."""
        return ""

    def _cells(self, row: tuple[str | int, ...]) -> list[str]:
        *texts, total = row
        return [*(_bounded(str(text)) for text in texts), str(total)]

    def _totals(self, usage: BillingUsage) -> list[tuple[str | int, ...]]:
        bid = usage.billing_id
        if self._by is None:
            totals = usage.by_name() or {_NO_USAGE: 0}
            return [(bid, "total", name, total) for name, total in totals.items()]
        if self._by == "name":  # of different units, which have no sum
            return [] if usage.rows else [(bid, _NO_USAGE, 0)]
        return [(bid, "total", usage.total)]

    def _fit(self) -> None:
        """Fit the columns to a terminal: a name that is too long breaks its own line alone."""
        self._fitted = self._widths.copy()
        wanted = _LEAST_BAR + 2 if self._by else 0
        if not self._screen.is_terminal:
            return
        name = self._fitted[-2]
        self._fitted[-2] = min(name, _LEAST_NAME)
        if not self._is_begun:
            self._is_narrow = self._room() < wanted
        self._fitted[-2] = min(name, self._fitted[-2] + max(0, self._room() - wanted))

    def _room(self) -> int:
        """Return how many columns a line leaves."""
        widths = self._fitted[self._is_narrow :]
        return self._screen.columns - sum(widths) - 2 * (len(widths) - 1)

    def _line(self, cells: Sequence[str], bar: str = "") -> str:
        *texts, total = cells
        aligned = [*map(padded, texts, self._fitted), total.rjust(self._fitted[-1])]
        line = "  ".join(aligned[self._is_narrow :])
        return f"{line}  {bar}" if bar else line

    def _bars(self, rows: list[list[str]]) -> list[str]:
        room = min(self._room() - 2, _LONGEST_BAR)
        if self._by is None or room < _LEAST_BAR:
            return [""] * len(rows)
        totals = [int(row[-1]) for row in rows]
        largest = max(totals, default=0) or 1
        bars = (_bar(total, largest, room, blocks=self._screen.has_blocks) for total in totals)
        return [self._screen.styled(bar, CYAN) for bar in bars]


def _bar(total: int, largest: int, columns: int, *, blocks: bool) -> str:
    """Return a bar that isn't empty for more than nothing."""
    if not total:
        return ""
    if not blocks:
        return "#" * max(1, total * columns // largest)
    full, eighths = divmod(max(1, total * columns * 8 // largest), 8)
    return "█" * full + _EIGHTHS[eighths]


def _bounded(text: str) -> str:
    return escaped(shortened(text))
