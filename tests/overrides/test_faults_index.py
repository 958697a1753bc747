"""tests/FAULTS.md names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
NAMED = re.findall(r"`(test_\w+\.py)::(test_\w+)`", (HERE.parent / "FAULTS.md").read_text("utf-8"))


@pytest.mark.parametrize(("file", "test"), sorted(set(NAMED)), ids=str)
def test_named_test_exists(file: str, test: str) -> None:
    assert f"def {test}(" in (HERE / file).read_text("utf-8")
