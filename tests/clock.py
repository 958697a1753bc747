"""What a busy machine may add to a promised time, said once."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

LATE = 2.0
"""Seconds that any step may come late here; what breaks a promise takes longer than that."""


@contextlib.contextmanager
def ends_within(seconds: float) -> Iterator[None]:
    """Fail unless the block ends so soon, or late by no more than a busy machine explains."""
    began = time.monotonic()
    yield
    took = time.monotonic() - began
    assert took < seconds + LATE, f"took {took:.2f} s"
