"""No entry of the table of mutants is stale. Whether a test kills each, scripts/mutants tells."""

from __future__ import annotations

from pathlib import Path

from tests.mutants.table import MUTANTS

TESTS = Path(__file__).parent


def test_each_guard_stands_once_in_its_module() -> None:
    counts = {
        str(mutant): (TESTS.parent / mutant.path).read_text("utf-8").count(mutant.text)
        for mutant in MUTANTS
    }
    assert {mutant: count for mutant, count in counts.items() if count != 1} == {}


def test_each_guard_has_tests() -> None:
    named = {name for mutant in MUTANTS for name in mutant.files}
    assert [name for name in named if not (TESTS.parent / name).exists()] == []


def test_no_mutant_stands_twice() -> None:
    assert len({mutant._replace(tests="") for mutant in MUTANTS}) == len(MUTANTS)
