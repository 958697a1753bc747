"""README and docs/ show what is: their blocks run, their output, numbers and links hold."""

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
from tests.package.blocks import Runner, blocks

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
RECIPES = ROOT / "docs" / "recipes"
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
NOT_RUN_MARK = "**Not run by this project's tests**"
RUN_ELSEWHERE = {
    "CONTRIBUTING.md": "tests/codegen/test_walkthrough.py",
    "docs/testing.md": "test_testing_page.py",
    "docs/recipes/dlt.md": "test_dlt_recipe.py, and with what is left of a killed run",
}


APART = {"docs/recipes/sentry.md"}  # patches Python's own modules


def name_of(document: Path) -> str:
    return str(document.relative_to(ROOT))


def programs(text: str) -> list[str]:
    """Return the blocks of Python."""
    return [block.text for block in blocks(text) if block.language == "python"]


IS_RUN = {
    document: document.read_text("utf-8")
    for document in DOCUMENTS
    if name_of(document) not in RUN_ELSEWHERE and NOT_RUN_MARK not in document.read_text("utf-8")
}
WITH_BLOCKS = [document for document, text in IS_RUN.items() if any(blocks(text))]
NOT_RUN = [document for document in DOCUMENTS if NOT_RUN_MARK in document.read_text("utf-8")]


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Be where a reader is: in a folder with a list of ids, a key, and an API that takes it."""
    monkeypatch.chdir(tmp_path)
    Path("customers.txt").write_text("bid_acme\nbid_globex\n")
    with Sandbox() as sandbox:
        monkeypatch.setenv("ONELOOP_API_KEY", API_KEY)
        monkeypatch.setenv("ONELOOP_BASE_URL", sandbox.url)
        yield


@pytest.mark.parametrize("document", WITH_BLOCKS, ids=name_of)
def test_blocks_run_and_show_what_they_say(document: Path) -> None:
    runner = Runner(name_of(document), apart=name_of(document) in APART)
    for block in blocks(IS_RUN[document]):
        runner.run(block)
    runner.finish()


def test_numbers_are_the_sandboxs() -> None:
    names: dict[str, Any] = {}
    exec(programs(README)[0], names)
    usage = names["usage"]
    assert f"usage.by_name()  # {json.dumps(usage.by_name())}" in README
    ((month, total),) = usage.by_month().items()
    assert f"# {{date({month.year}, {month.month}, {month.day}): {total}}}" in README
    day, total = next(iter(usage.by_day().items()))
    assert f"# {{date({day.year}, {day.month}, {day.day}): {total}, ...}}" in README


@pytest.mark.parametrize("document", NOT_RUN, ids=name_of)
def test_recipe_that_does_not_run_names_what_is(document: Path) -> None:
    fields = attrs.fields_dict(UsageResult) | attrs.fields_dict(SyncResult)
    for program in programs(document.read_text("utf-8")):
        for node in ast.walk(ast.parse(program)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("oneloop"):
                module = importlib.import_module(node.module or "")
                assert all(hasattr(module, alias.name) for alias in node.names)
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                assert node.value.id != "client" or hasattr(Oneloop, node.attr)
                assert node.value.id != "result" or node.attr in fields


def test_only_what_is_too_large_is_not_run() -> None:
    assert {document.stem for document in NOT_RUN} == {"airflow", "ray", "spark"}


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_links_and_scripts_lead_somewhere(document: Path) -> None:
    text = document.read_text("utf-8")
    paths = [
        *(document.parent / path for path in re.findall(r"\]\((?!https?://|#)([^)#]+)\)", text)),
        *(ROOT / path for path in re.findall(r"(?<![\w/])scripts/\w+", text)),
    ]
    assert [path for path in paths if not path.exists()] == []
