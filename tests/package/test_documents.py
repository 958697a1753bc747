"""README shows what is: its Python runs, its numbers and links hold."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from oneloop.sandbox import API_KEY, Sandbox

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
PROGRAMS = re.findall(r"^```python\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
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


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", "SECURITY.md"])
def test_links_and_scripts_lead_somewhere(document: str) -> None:
    text = (ROOT / document).read_text("utf-8")
    paths = re.findall(r"\]\((?!https?://|#)([^)#]+)\)", text) + re.findall(r"scripts/\w+", text)
    assert [path for path in paths if not (ROOT / path).exists()] == []
