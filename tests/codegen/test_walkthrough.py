"""CONTRIBUTING's walk through a change of the spec shows what generate.sh says today.

It starts from the files in the folder `walkthrough`, the vendor's spec and our corrections of it as
they were when it was written: a newer spec is no reason to write it anew.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.codegen.support import ROOT, checkout

START = Path(__file__).with_name("walkthrough")
CONSOLES = re.findall(
    r"^```console\n\$ \./generate\.sh (.*)\n((?:.*\n)*?)```$",
    (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"),
    re.MULTILINE,
)
TODAYS = {
    "openapi.yaml": ROOT / "openapi.yaml",
    "overlay.yaml": ROOT / "overrides" / "overlay.yaml",
    "generator.yaml": ROOT / "overrides" / "generator.yaml",
}


def page(spec: str) -> str:
    """Return the page with the mended pattern and the documented 404."""
    forbidden = re.search(r" +'403':\n(?: {10,}.*\n)+", spec)
    assert forbidden
    not_found = forbidden[0].replace("403", "404").replace("Forbidden", "Not Found")
    spec = spec.replace(forbidden[0], forbidden[0] + not_found)
    spec = spec.replace("version: 1.0.0", "version: 1.1.0").replace("^d+$", "^[0-9]+$")
    return f"# Usage\n\n````yaml get /api/v1/usage/{{bid}}\n{spec}````\n"


def without_the_pattern(overlay: str) -> str:
    """Return the overlay without the action that the page makes obsolete."""
    (action,) = re.findall(r"  - target: .*\n    update:\n      pattern: (?:.*\n)+?\n", overlay)
    return overlay.replace(action, "")


def test_the_walkthrough_is_what_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clone = checkout(tmp_path / "a clone", START, "oneloop_api_client")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "page.md").write_text(page((clone.root / "openapi.yaml").read_text()))
    (arguments, stop), (again, report), (_, changed) = CONSOLES
    run = clone.main(*arguments.split())
    assert f"{run.stderr}$ echo $?\n{run.returncode}\n" == stop
    overlay = clone.root / "overrides" / "overlay.yaml"
    overlay.write_text(without_the_pattern(overlay.read_text()))
    assert clone.main(*again.split()).stdout == report
    before = clone.snapshot()
    assert clone.main("--spec", "page.md").returncode == 0
    after = clone.snapshot()
    differing = {name for name in after if after[name] != before.get(name)}
    differing.add("overrides/overlay.yaml")
    told = re.findall(r"^ (?:\.\.\.)?(\S+) +\|", changed, re.MULTILINE)
    assert sorted(name for name in differing if name.endswith(tuple(told))) == sorted(differing)
    assert len(differing) == len(told)


@pytest.mark.skipif(
    (ROOT / "openapi.yaml").read_bytes() != (START / "openapi.yaml").read_bytes(),
    reason="the vendor's spec has changed since the walkthrough was written",
)
@pytest.mark.parametrize("name", TODAYS)
def test_the_walkthrough_starts_from_what_is_checked_in(name: str) -> None:
    assert (START / name).read_bytes() == TODAYS[name].read_bytes(), f"copy it to {START}"
