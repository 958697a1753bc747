"""What the metadata requires is what the packages import, and its lowest versions are locked."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
SANDBOX = ROOT / "overrides" / "oneloop" / "sandbox.py"
OURS = {"oneloop", "oneloop_api_client"}
FILES = {
    path
    for package in ("overrides/oneloop", "generated_client/oneloop_api_client")
    for path in (ROOT / package).rglob("*.py")
}


def required(extra: str = "") -> dict[str, Requirement]:
    """Return what an extra requires, or else what every install does."""
    return {
        requirement.name: requirement
        for requirement in map(Requirement, metadata.requires("oneloop-api-client") or [])
        if bool(requirement.marker) == bool(extra)
        and (requirement.marker is None or requirement.marker.evaluate({"extra": extra}))
    }


def imported(files: Iterable[Path]) -> set[str]:
    """Return the distributions that files import from, wherever in them they do."""
    modules: set[str] = set()
    for path in files:
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Import):
                modules |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules.add(node.module.partition(".")[0])
    distributions = metadata.packages_distributions()
    found = {distributions[name][0] for name in modules - sys.stdlib_module_names - OURS}
    return {name.replace("_", "-") for name in found}


def test_what_is_imported_is_required_and_nothing_else() -> None:
    assert imported(FILES - {SANDBOX}) == set(required())


def test_what_the_sandbox_imports_is_required_by_its_extra_and_nothing_else() -> None:
    assert imported([SANDBOX]) - set(required()) == set(required("sandbox"))


@pytest.mark.parametrize(
    "requirement",
    [pytest.param(each, id=name) for name, each in (required() | required("sandbox")).items()],
)
def test_the_lowest_version_allowed_is_what_scripts_lowest_installs(
    requirement: Requirement,
) -> None:
    lock = (ROOT / "requirements-lowest.txt").read_text("utf-8")
    (pinned,) = re.findall(rf"^{requirement.name}==(\S+)", lock, re.MULTILINE)
    (lowest,) = [bound.version for bound in requirement.specifier if bound.operator == ">="]
    assert pinned in Requirement(f"x=={lowest}").specifier
