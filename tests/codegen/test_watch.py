"""scripts/watch: silent without a change, one pull request with one."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML

from tests.codegen.support import ROOT, SHOP, write_json

if TYPE_CHECKING:
    from pathlib import Path

    from tests.codegen.support import Clone

# A gh that knows the pull requests it was told to open, and notes what it was told.
GH = """\
#!/usr/bin/env bash
echo "$1 $2 ${*: -1}" >>"$GH_LOG"
case "$2" in
  list) [[ -e "$GH_LOG.open" ]] && echo 7 || true ;;
  create) touch "$GH_LOG.open"; cp "${*: -1}" "$GH_LOG.body" ;;
  edit) cp "${*: -1}" "$GH_LOG.body" ;;
esac
"""


class _Watched:
    """A clone with a remote, and a gh on PATH."""

    def __init__(self, clone: Clone, folder: Path) -> None:
        self.root, self.log = clone.root, folder / "gh.log"
        (folder / "bin").mkdir()
        (folder / "bin" / "gh").write_text(GH)
        (folder / "bin" / "gh").chmod(0o755)
        self.environment = os.environ | {
            "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
            "GH_LOG": str(self.log),
            "GIT_CONFIG_GLOBAL": "/dev/null",
        }
        shutil.copy2(ROOT / "scripts" / "watch", self.root / "scripts" / "watch")
        (self.root / ".gitignore").write_text(".venv\n__pycache__/\n")
        self.git("init", "--quiet", "--initial-branch=main")
        self.commit("first")
        self.git("init", "--quiet", "--bare", str(folder / "remote"))
        self.git("remote", "add", "origin", str(folder / "remote"))

    def git(self, *arguments: str) -> str:
        command = ["git", "-c", "user.name=A", "-c", "user.email=a@example.com", *arguments]
        return subprocess.run(
            command, cwd=self.root, env=self.environment, check=True, capture_output=True, text=True
        ).stdout

    def commit(self, message: str) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.root / "scripts" / "watch", *arguments],
            cwd="/",
            env=self.environment,
            check=False,
            capture_output=True,
            text=True,
        )

    def gh(self) -> list[str]:
        calls = self.log.read_text().splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return [" ".join(call.split()[:2]) for call in calls]


@pytest.fixture
def watched(clone: Clone, tmp_path: Path) -> _Watched:
    return _Watched(clone, tmp_path)


@pytest.fixture
def changed(tmp_path: Path, upstream: Any) -> str:
    spec = upstream
    spec["components"]["schemas"]["New"] = {"type": "object"}
    return str(write_json(tmp_path / "changed.json", spec))


def test_no_change_says_nothing_to_anyone(watched: _Watched) -> None:
    run = watched.run("--pull-request", str(SHOP / "openapi.yaml"))
    assert (run.returncode, run.stdout) == (0, "The vendor's spec has not changed for users.\n")
    assert watched.gh() == []


def test_without_a_pull_request_a_change_is_an_exit_code_and_a_report(
    watched: _Watched, changed: str
) -> None:
    run = watched.run(changed)
    assert (run.returncode, run.stderr) == (10, "")
    assert run.stdout.startswith("# A minor change: 1.0.0 → 1.1.0\n")
    assert watched.git("status", "--porcelain") == ""


def test_a_source_that_fails_fails_the_watch(watched: _Watched) -> None:
    assert watched.run("--pull-request", "/nowhere").returncode == 3
    assert watched.gh() == []


def test_a_change_opens_one_pull_request_updates_it_and_leaves_a_persons_commits(
    watched: _Watched, changed: str
) -> None:
    assert watched.run("--pull-request", changed).returncode == 0
    assert watched.gh() == ["pr list", "pr create"]
    assert "`schema New`: class added" in watched.log.with_suffix(".log.body").read_text()
    names = watched.git("diff", "--name-only", "main", "spec-watch").split()
    assert {"openapi.yaml", "pyproject.toml", "CHANGELOG.md"} < set(names)
    assert watched.git("symbolic-ref", "--short", "HEAD") == "main\n"
    assert watched.git("status", "--porcelain") == ""
    assert watched.run("--pull-request", changed).returncode == 0
    assert watched.gh() == ["pr list", "pr edit"]
    assert watched.git("rev-list", "--count", "main..origin/spec-watch") == "1\n"

    watched.git("switch", "--quiet", "spec-watch")
    (watched.root / "README.md").write_text("mended\n")
    watched.commit("Mend it")
    watched.git("push", "--quiet", "origin", "spec-watch")
    watched.git("switch", "--quiet", "main")
    run = watched.run("--pull-request", changed)
    assert run.returncode == 0
    assert "commits of a person" in run.stderr
    assert watched.gh() == ["pr list", "pr edit"]
    assert watched.git("show", "origin/spec-watch:README.md") == "mended\n"


def test_a_fact_that_broke_opens_a_pull_request_for_a_person(
    watched: _Watched, tmp_path: Path, upstream: Any
) -> None:
    spec = upstream
    spec["servers"][0]["url"] = "https://other.example"
    source = str(write_json(tmp_path / "moved.json", spec))
    assert watched.run("--pull-request", source).returncode == 0
    assert watched.gh() == ["pr list", "pr create"]
    assert "changed: /servers/0/url" in watched.log.with_suffix(".log.body").read_text()
    assert watched.git("diff", "--name-only", "main", "spec-watch") == ""


def test_the_workflow_runs_the_script_with_the_rights_it_needs() -> None:
    text = (ROOT / ".github" / "workflows" / "watch.yml").read_text()
    workflow = YAML(typ="safe").load(text)
    assert workflow["permissions"] == {"contents": "write", "pull-requests": "write"}
    assert workflow["jobs"]["watch"]["steps"][-1]["run"] == "scripts/watch --pull-request"
    assert "schedule" in workflow["on"]
