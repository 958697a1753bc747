"""codegen's imports point one way, and it names nothing of the API that it is used for."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.codegen.support import ROOT

# What each room may import of codegen; the run itself, outside the rooms, may import all of it.
ROOMS = {
    "errors.py": {"errors"},
    "spec": {"errors", "spec"},
    "make": {"errors", "spec", "make"},
    "diff": {"errors", "spec", "diff"},
}
MODULES = [path.relative_to(ROOT) for path in sorted((ROOT / "codegen").rglob("*.py"))]


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_imports_point_one_way(path: Path) -> None:
    room = path.parts[1]
    inside = {name.split(".")[1] for name in _imports(path) if name.split(".")[0] == "codegen"}
    assert inside <= ROOMS.get(room, inside)


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_nothing_of_the_api_is_named(path: Path) -> None:
    assert "oneloop" not in (ROOT / path).read_text(encoding="utf-8").lower()
    assert "/api/v1" not in (ROOT / path).read_text(encoding="utf-8")
