"""Imports point one way, and never back.

cli → export → sync → client → bulk → usage → _http → errors
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "overrides" / "oneloop"
# What each room may import of this project, beside itself.
ALLOWED = {
    "errors": set[str](),
    "version": {"oneloop_api_client"},
    "_http": {"errors", "oneloop_api_client"},
    "_arrow": {"errors"},
    "usage": {"_arrow", "_http", "errors", "oneloop_api_client"},
    "bulk": {"_arrow", "usage", "_http", "errors"},
    "client": {"bulk", "usage", "_http", "version", "oneloop_api_client"},
    "sandbox": {"_http"},
    "testing": {"client", "sandbox", "usage", "_http", "errors", "oneloop_api_client"},
    "sync": {"bulk", "client", "usage", "errors"},
    "_spreadsheet": set(),
    "export": {"_spreadsheet", "sync", "bulk", "client", "usage", "errors"},
    "cli": {
        "_http",
        "_spreadsheet",
        "oneloop_api_client",
        "export",
        "sync",
        "bulk",
        "client",
        "usage",
        "errors",
        "version",
        "sandbox",
    },
    "cluster": {"bulk", "client", "errors", "sync", "usage"},
    "__main__": {"cli"},
    "__init__": {"_http", "bulk", "client", "usage", "errors", "version", "oneloop_api_client"},
}
FILES = sorted(PACKAGE.rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    """Yield what a file imports, wherever in it, as dotted names."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room(dotted: str) -> str:
    """Return which room a dotted name is in: a module or folder of `oneloop`, or a package."""
    package, _, rest = dotted.partition(".")
    return rest.partition(".")[0] if package == "oneloop" else package


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_one_way(path: Path) -> None:
    own = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    ours = {room(name) for name in imported(path) if name.startswith("oneloop")}
    assert ours - {own} <= ALLOWED[own]
    assert not any(name.startswith(("codegen", "tests")) for name in imported(path))


def test_only_what_says_what_usage_means_names_it() -> None:
    """The engine works for any spec."""
    for path in (PACKAGE / "_http").rglob("*.py"):
        text = path.read_text("utf-8")
        assert "billing" not in text.lower().replace("of billing it knows nothing", ""), path
        assert "/api/v1" not in text


LIBRARIES = ("httpx", "h11", "anyio", "msgspec", "jsonschema_rs", "certifi")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_private_part_of_a_library_is_used(path: Path) -> None:
    """Neither imported, nor as an attribute of anything but `self`, `cls` and our own modules."""
    tree = ast.parse(path.read_bytes())
    for name in imported(path):
        if name.startswith(LIBRARIES):
            assert not any(part.startswith("_") for part in name.split("."))
    foreign = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr.startswith("_")
        and not node.attr.startswith("__")
        and not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls", "other"))
    ]
    assert [ast.unparse(node) for node in foreign] == []
