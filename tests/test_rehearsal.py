"""The fast part of scripts/rehearse: what the spec might become is taken, and works."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from codegen.spec.document import load
from tests.rehearsal.__main__ import main
from tests.rehearsal.changes import TOGETHER, rows

ROOT = Path(__file__).parents[1]


SPEC: Any = load((ROOT / "openapi.yaml").read_text("utf-8"), "openapi.yaml")
ROWS = {row.name: row for row in rows(SPEC)}


@pytest.mark.skipif(TOGETHER not in ROWS, reason="the spec has taken all of them already")
def test_all_changes_are_taken_and_every_operation_works(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--fast", TOGETHER]) == 0, capsys.readouterr().out


def test_row_that_the_spec_has_already_is_left_out() -> None:
    for row in ROWS.values():
        if row.verdict != "stopped":
            assert row.name not in {left.name for left in rows(row.spec(SPEC))}


def test_the_nightly_workflow_runs_all_parts_of_what_takes_long() -> None:
    text = (ROOT / ".github" / "workflows" / "nightly.yml").read_text("utf-8")
    workflow = YAML(typ="safe").load(text)
    assert "schedule" in workflow["on"]
    commands = workflow["jobs"]["run"]["strategy"]["matrix"]["command"]
    for script, parts in {"rehearse --each": 4, "mutants": 2}.items():
        asked = [f"scripts/{script} --part {part}/{parts}" for part in range(1, parts + 1)]
        assert [each for each in commands if f"/{script} " in each] == asked
    assert {"scripts/matrix", "scripts/lowest", "scripts/fuzz 3600", "scripts/audit"} < {*commands}
