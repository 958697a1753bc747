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
OURS = {"oneloop", "oneloop_api_client"}
FILES = {
    path
    for package in ("overrides/oneloop", "generated_client/oneloop_api_client")
    for path in (ROOT / package).rglob("*.py")
}


def required() -> dict[str, Requirement]:
    """Return what an install requires."""
    requirements = map(Requirement, metadata.requires("oneloop-api-client") or [])
    return {requirement.name: requirement for requirement in requirements}


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
    assert imported(FILES) == set(required())


@pytest.mark.parametrize(
    "requirement",
    [pytest.param(each, id=name) for name, each in required().items()],
)
def test_the_lowest_version_allowed_is_what_scripts_lowest_installs(
    requirement: Requirement,
) -> None:
    lock = (ROOT / "requirements-lowest.txt").read_text("utf-8")
    (pinned,) = re.findall(rf"^{requirement.name}==(\S+)", lock, re.MULTILINE)
    (lowest,) = [bound.version for bound in requirement.specifier if bound.operator == ">="]
    assert pinned in Requirement(f"x=={lowest}").specifier
