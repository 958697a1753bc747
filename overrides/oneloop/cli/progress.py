"""How far a run is, on stderr: a bar on a terminal, elsewhere a line now and then."""

from __future__ import annotations

import contextlib
import sys
import time
from types import TracebackType
from typing import Any, Final, Self

from oneloop.cli.streams import say

_EVERY: Final = 5.0
"""Seconds between two lines."""


class Progress:
    """A context manager that shows how many of the ids are done; with rich (extra `cli`), a bar.

    Args:
        total: how many there are, if that is known.
    """

    def __init__(self, total: int | None) -> None:
        self._total = total
        self._began = self._told = time.monotonic()
        self._bar = _bar(total) if sys.stderr.isatty() else None

    def show(self, done: int, *, failed: int) -> None:
        """Show how many ids are done, and how many of them failed."""
        if self._bar:
            self._bar.update(self._bar.task_ids[0], completed=done, failed=failed)
            return
        now = time.monotonic()
        if now - self._told >= _EVERY:
            self._told = now
            say(f"oneloop: {self._line(done, failed, now - self._began)}\n")

    def say(self, text: str) -> None:
        """Say something, above the bar if there is one."""
        if self._bar:
            as_is = {"markup": False, "emoji": False, "highlight": False, "soft_wrap": True}
            with contextlib.suppress(OSError):  # the terminal is gone
                self._bar.console.print(text, **as_is)
                return
        say(f"{text}\n")

    def _line(self, done: int, failed: int, seconds: float) -> str:
        of = "" if self._total is None else f" of {self._total:,}"
        line = f"{done:,}{of} ids, {done / seconds:,.0f} a second, {failed:,} failed"
        if not self._total or not done:
            return line
        return f"{line}, {_span(max(0, self._total - done) * seconds / done)} left"

    def __enter__(self) -> Self:
        if self._bar:
            with contextlib.suppress(OSError):
                self._bar.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bar:
            with contextlib.suppress(OSError):
                self._bar.stop()


def _bar(total: int | None) -> Any:
    """Return a bar, or None without rich, or on a terminal that can't show one."""
    with contextlib.suppress(ImportError):
        from rich import progress  # noqa: PLC0415 - an extra
        from rich.console import Console  # noqa: PLC0415

        console = Console(stderr=True)
        if not console.is_interactive:
            return None
        bar = progress.Progress(
            progress.BarColumn(),
            progress.MofNCompleteColumn(),
            progress.TextColumn("ids"),
            _rate_column(),
            progress.TextColumn("{task.fields[failed]} failed"),
            progress.TimeRemainingColumn(),
            console=console,
            transient=True,
        )
        bar.add_task("", total=total, failed=0)
        return bar
    return None


def _rate_column() -> Any:
    from rich.progress import ProgressColumn, Task  # noqa: PLC0415 - an extra
    from rich.text import Text  # noqa: PLC0415

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{task.speed or 0:,.0f} a second")

    return Rate()


def _span(seconds: float) -> str:
    """Return a span of time for people: 45 s, 12 min, 3.5 h."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
