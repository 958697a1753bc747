"""README and docs/ show what is: their Python runs, their numbers and links hold."""

from __future__ import annotations

import ast
import importlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from oneloop import Oneloop, UsageResult
from oneloop.sandbox import API_KEY, Sandbox
from oneloop.sync import SyncResult

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
RECIPES = ROOT / "docs" / "recipes"
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


def programs(text: str) -> list[str]:
    """Return the blocks of Python."""
    return re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


PROGRAMS = programs(README)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)  # some write files
    with Sandbox() as sandbox:
        monkeypatch.setenv("ONELOOP_API_KEY", API_KEY)
        monkeypatch.setenv("ONELOOP_BASE_URL", sandbox.url)
        yield


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.splitlines()[0])
def test_program_runs(program: str) -> None:
    exec(program, {"__name__": "readme"})


def test_numbers_are_the_sandboxs() -> None:
    names: dict[str, Any] = {}
    exec(PROGRAMS[0], names)
    usage = names["usage"]
    assert f"usage.by_name()  # {json.dumps(usage.by_name())}" in README
    ((month, total),) = usage.by_month().items()
    assert f"# {{date({month.year}, {month.month}, {month.day}): {total}}}" in README
    day, total = next(iter(usage.by_day().items()))
    assert f"# {{date({day.year}, {day.month}, {day.day}): {total}, ...}}" in README


def test_dask_recipe_runs() -> None:
    names: dict[str, Any] = {"__name__": "__main__"}
    for program in programs((RECIPES / "dask.md").read_text("utf-8")):
        exec(program, names)
    assert len(names["totals"]) == 2


@pytest.mark.parametrize("name", ["ray", "spark"])
def test_recipe_that_does_not_run_says_so_and_names_what_is(name: str) -> None:
    text = (RECIPES / f"{name}.md").read_text("utf-8")
    assert "**Not run by this project's tests**" in text
    fields = attrs.fields_dict(UsageResult) | attrs.fields_dict(SyncResult)
    (program,) = programs(text)
    for node in ast.walk(ast.parse(program)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("oneloop"):
            module = importlib.import_module(node.module)
            assert all(hasattr(module, alias.name) for alias in node.names)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            assert node.value.id != "client" or hasattr(Oneloop, node.attr)
            assert node.value.id != "result" or node.attr in fields


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_and_scripts_lead_somewhere(document: Path) -> None:
    text = document.read_text("utf-8")
    paths = [
        *(document.parent / path for path in re.findall(r"\]\((?!https?://|#)([^)#]+)\)", text)),
        *(ROOT / path for path in re.findall(r"scripts/\w+", text)),
    ]
    assert [path for path in paths if not path.exists()] == []
