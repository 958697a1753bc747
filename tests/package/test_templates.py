"""The forms for issues: no key is asked for, and each part is one that GitHub knows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

FOLDER = Path(__file__).resolve().parents[2] / ".github" / "ISSUE_TEMPLATE"
FORMS = sorted(path for path in FOLDER.glob("*.yml") if path.name != "config.yml")
KINDS = {"markdown", "textarea", "input", "dropdown", "checkboxes"}


def _read(path: Path) -> Any:
    return YAML(typ="safe").load(path.read_text("utf-8"))


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_form_warns_of_keys_first(path: Path) -> None:
    form = _read(path)
    first, *rest = form["body"]
    assert first["type"] == "markdown"
    assert first["attributes"]["value"].startswith("**Never paste your API key**")
    assert {part["type"] for part in rest} <= KINDS
    assert form.keys() == {"name", "description", "labels", "body"}
    names = [part["id"] for part in rest]
    assert len(set(names)) == len(names)
    assert all(part["attributes"]["label"] for part in rest)


@pytest.mark.parametrize("name", ["bug", "spec"])
def test_form_about_a_fault_asks_for_the_doctor_and_shows_the_private_way(name: str) -> None:
    form = _read(FOLDER / f"{name}.yml")
    assert "(../security/advisories/new)" in form["body"][0]["attributes"]["value"]
    (doctor,) = [part for part in form["body"] if part.get("id") == "doctor"]
    assert "`oneloop doctor`" in doctor["attributes"]["label"]
    assert doctor["validations"]["required"] is True
    (secrets,) = [part for part in form["body"] if part["type"] == "checkboxes"]
    assert secrets["attributes"]["options"][0]["required"] is True


def test_nobody_passes_the_forms_by() -> None:
    assert _read(FOLDER / "config.yml")["blank_issues_enabled"] is False
