"""CONTRIBUTING's walk through a change of the spec shows what generate.sh says today.

`scripts/rehearse walkthrough` goes on to lint, demo and the whole suite.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.codegen.support import ROOT, checkout
from tests.rehearsal.walkthrough import (
    CONSOLES,
    PLACES,
    START,
    delete_the_obsolete_action,
    page,
    project,
)

if TYPE_CHECKING:
    from pathlib import Path


def test_the_walkthrough_is_what_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clone = checkout(tmp_path / "a clone", START, "oneloop_api_client")
    (clone.root / "pyproject.toml").write_text(project())
    assert clone.main().returncode == 0
    monkeypatch.chdir(tmp_path)
    (tmp_path / "page.md").write_text(page())
    stop, report, changed = CONSOLES
    run = clone.main("--spec", "page.md", "--dry-run")
    command = "$ ./generate.sh --spec page.md --dry-run\n"
    assert f"{command}{run.stderr}$ echo $?\n{run.returncode}\n" == stop
    delete_the_obsolete_action(clone.root)
    assert command + clone.main("--spec", "page.md", "--dry-run").stdout == report
    before = clone.snapshot()
    assert clone.main("--spec", "page.md").returncode == 0
    after = clone.snapshot()
    differing = {name for name in after if after[name] != before.get(name)}
    differing.add("overrides/overlay.yaml")
    told = re.findall(r"^ (?:\.\.\.)?(\S+) +\|", changed, re.MULTILINE)
    assert sorted(name for name in differing if name.endswith(tuple(told))) == sorted(differing)
    assert len(differing) == len(told)


def test_a_count_that_became_an_integer_is_told_as_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone = checkout(tmp_path / "a clone", START, "oneloop_api_client")
    spec = (START / "openapi.yaml").read_text(encoding="utf-8")
    changed = re.sub(r"(totalBillingUsage:\n +type: )string\n +pattern: .*\n", r"\1integer\n", spec)
    assert changed != spec
    (tmp_path / "new.yaml").write_text(changed, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    run = clone.main("--spec", "new.yaml", "--dry-run")
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert f"```text\n{run.stderr}```\n" in text


@pytest.mark.skipif(
    (ROOT / "openapi.yaml").read_bytes() != (START / "openapi.yaml").read_bytes(),
    reason="the vendor's spec has changed since the walkthrough was written",
)
@pytest.mark.parametrize(("name", "place"), PLACES.items())
def test_the_walkthrough_starts_from_what_is_checked_in(name: str, place: str) -> None:
    assert (START / name).read_bytes() == (ROOT / place).read_bytes(), f"copy it to {START}"
