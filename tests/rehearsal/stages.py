"""What must go well after each change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from tests.rehearsal.scratch import Clone


class Stage(NamedTuple):
    """One step, which raises what went wrong."""

    name: str
    do: Callable[[], object]
    needed: bool = True
    """Whether what follows makes no sense without it."""


class FailedError(Exception):
    """A stage went wrong."""


def after(scratch: Clone, *, fast: bool) -> Iterator[Stage]:
    """Yield what must still go well after a new spec."""
    if not fast:
        yield Stage("scripts/lint", lambda: done(scratch, "scripts/lint"), needed=False)
    yield Stage("scripts/demo", lambda: done(scratch, "scripts/demo"), needed=False)
    python = scratch.root / ".venv" / "bin" / "python"
    yield Stage(
        "each operation", lambda: done(scratch, python, "-m", "tests.rehearsal.calls"), needed=False
    )
    yield Stage(
        "./generate.sh --check", lambda: done(scratch, "./generate.sh", "--check"), needed=False
    )
    if not fast:
        yield Stage("scripts/test", lambda: done(scratch, "scripts/test"), needed=False)


def done(scratch: Clone, *command: str | Path) -> str:
    """Run a command that must end with exit code 0; return what it said."""
    ran = scratch.run(*command)
    if ran.returncode:
        raise FailedError(f"exit code {ran.returncode}\n{ran.stdout[-20_000:]}")
    return ran.stdout
