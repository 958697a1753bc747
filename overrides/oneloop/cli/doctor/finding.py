"""What a check found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import attrs

OK: Final = "ok"
WARNING: Final = "warning"
FAILED: Final = "failed"
SKIPPED: Final = "skipped"


@attrs.frozen
class Finding:
    """What a check found, in words; and what to do, where it isn't right."""

    check: str
    status: str
    text: str
    advice: str = ""
    code: int = 0
    """The exit code, of what failed."""


def skipped(*checks: str) -> Iterator[Finding]:
    """Yield that these checks weren't made."""
    for check in checks:
        yield Finding(check, SKIPPED, "what is above has to be right first")
