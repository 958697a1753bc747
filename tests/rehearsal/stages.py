"""What must go well after each change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from tests.rehearsal.scratch import Clone

Stage = tuple[str, Callable[[], object]]


class FailedError(Exception):
    """A stage went wrong."""


def after(scratch: Clone, *, fast: bool) -> Iterator[Stage]:
    """Yield what must still go well after a new spec."""
    if not fast:
        yield "scripts/lint", lambda: done(scratch, "scripts/lint")
    yield "scripts/demo", lambda: done(scratch, "scripts/demo")
    python = scratch.root / ".venv" / "bin" / "python"
    yield "each operation", lambda: done(scratch, python, "-m", "tests.rehearsal.calls")
    yield "./generate.sh --check", lambda: done(scratch, "./generate.sh", "--check")
    if not fast:
        yield "scripts/test", lambda: done(scratch, "scripts/test")


def done(scratch: Clone, *command: str | Path) -> str:
    """Run a command that must end with exit code 0; return what it said."""
    ran = scratch.run(*command)
    if ran.returncode:
        raise FailedError(f"exit code {ran.returncode}\n{ran.stdout[-20_000:]}")
    return ran.stdout
