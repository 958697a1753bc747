"""docs/testing.md is what a user's tests do, and pytest runs them as a user's pytest would."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import oneloop
from oneloop.testing import FAULTS
from tests.overrides.test_testing_kit import ERRORS
from tests.package.blocks import WITHOUT, blocks

PAGE = (Path(__file__).parents[2] / "docs" / "testing.md").read_text("utf-8")
PROGRAM = "".join(block.text for block in blocks(PAGE) if block.language == "python")
STRICT = "[pytest]\nfilterwarnings = error\naddopts = --strict-config --strict-markers\n"


def user_runs(
    folder: Path, program: str, *arguments: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a user's test file with pytest, without this project's settings."""
    (folder / "pytest.ini").write_text(STRICT)
    (folder / "test_user.py").write_text(program, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    environment = {name: text for name, text in os.environ.items() if "PYTEST" not in name}
    environment |= variables
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("arguments", [[], ["-p", "xdist", "-n", "1"]], ids=["alone", "xdist"])
def test_page_runs_as_a_users_tests(tmp_path: Path, arguments: list[str]) -> None:
    # Without the plugins that this project has for other reasons, pytest-asyncio's like for one.
    alone = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    run = user_runs(tmp_path, PROGRAM, "-p", "oneloop", *arguments, **alone)
    tests = PROGRAM.count("def test_")
    assert run.returncode == 0, run.stdout
    assert f"{tests} passed" in run.stdout


def test_table_says_what_each_fault_means_and_becomes() -> None:
    rows = re.findall(r"^\| `\"(.+?)\"` \| (.+?) \| (.+?) \|$", PAGE, re.MULTILINE)
    assert {name: means for name, means, _ in rows} == FAULTS
    errors = {fault: error.__name__ for fault, error, _ in ERRORS}
    for name, _, raises in rows:
        assert set(re.findall(r"`(\w+Error)`", raises)) == {errors[name]}
        assert hasattr(oneloop, errors[name])


ASKED_FOR = """
import sys
assert not any(name.partition(".")[0] == "oneloop" for name in sys.modules), "too early"

def test_it(oneloop_api):
    oneloop_api.client()
"""


def test_plugin_is_there_and_imports_nothing_before_a_test_asks_for_it(tmp_path: Path) -> None:
    run = user_runs(tmp_path, ASKED_FOR, *WITHOUT)
    assert run.returncode == 0, run.stdout


def test_plugin_can_be_left_out(tmp_path: Path) -> None:
    run = user_runs(tmp_path, ASKED_FOR, *WITHOUT, "-p", "no:oneloop")
    assert run.returncode == 1
    assert "fixture 'oneloop_api' not found" in run.stdout


def test_kit_needs_no_pytest() -> None:
    program = "import sys; sys.modules['pytest'] = None; import oneloop.testing"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
