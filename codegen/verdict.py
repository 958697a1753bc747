"""Which version number is honest after some changes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal

from codegen.diff.rules import Level

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codegen.diff.rules import Change

Verdict = Literal["major", "minor", "patch", "none"]

_VERDICTS: Final[dict[Level, Verdict]] = {
    Level.BREAKING: "major",
    Level.COMPATIBLE: "minor",
    Level.COSMETIC: "patch",
}


def verdict(changes: Iterable[Change]) -> Verdict:
    """Return the part of the version that the gravest change raises."""
    levels = [change.level for change in changes]
    return _VERDICTS[max(levels)] if levels else "none"


def next_version(current: str, released: str, raised: Verdict) -> str:
    """Return the version to come, when `current` is the checkout's and `released` the last one.

    Several changes between two releases raise the version once, by the gravest of them.
    """
    major, minor, patch = _numbers(released)
    candidates: dict[Verdict, tuple[int, int, int]] = {
        "major": (major + 1, 0, 0),
        "minor": (major, minor + 1, 0),
        "patch": (major, minor, patch + 1),
        "none": (major, minor, patch),
    }
    return ".".join(map(str, max(candidates[raised], _numbers(current))))


def _numbers(version: str) -> tuple[int, int, int]:
    if not (match := re.fullmatch(r"(\d+)\.(\d+)\.(\d+)", version)):
        raise ValueError(f"{version!r} is not a version of three numbers")
    return int(match[1]), int(match[2]), int(match[3])
