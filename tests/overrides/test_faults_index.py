"""tests/FAULTS.md names a test in each row, and tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
FAULTS = (TESTS / "FAULTS.md").read_text("utf-8")
ROWS = [line[2:-2].rpartition(" | ") for line in FAULTS.splitlines() if line.startswith("| ")]
NAMED = re.findall(r"`(test_\w+\.py)::(test_\w+)`", FAULTS)


@pytest.mark.parametrize(
    "named", [pytest.param(tests, id=fault) for fault, _, tests in ROWS if tests != "tests"]
)
def test_row_names_tests(named: str) -> None:
    assert "`test_" in named
    assert "…" not in named, "tests that are still to be written"


def test_no_section_is_there_twice() -> None:
    titles = re.findall(r"^## (.*)", FAULTS, re.MULTILINE)
    assert len(titles) == len(set(titles))


@pytest.mark.parametrize(("file", "test"), sorted(set(NAMED)), ids=str)
def test_named_test_exists(file: str, test: str) -> None:
    (path,) = TESTS.rglob(file)
    assert f"def {test}(" in path.read_text("utf-8")


def test_nothing_stands_twice() -> None:
    headings = re.findall(r"^## .*", FAULTS, re.MULTILINE)
    assert len(headings) == len(set(headings))
    rows = [row for row in ROWS if row[2] != "tests"]
    assert len(rows) == len(set(rows))
