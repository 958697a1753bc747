"""The workflows: pinned, with no more rights than each job needs, and a lint that sees to it."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.y*ml"))
READ = {"contents": "read"}
RIGHTS = {  # of each job of each workflow
    "ci.yml": {"check": READ, "client": READ, "windows": READ},
    "docs.yml": {"build": READ, "publish": {"pages": "write", "id-token": "write"}},
    "nightly.yml": {"run": READ},
    "release.yml": {"check": READ, "build": READ, "publish": {"id-token": "write"}},
    "watch.yml": {
        "watch": {"contents": "write", "pull-requests": "write", "issues": "write"},
    },
}


def _read(path: Path) -> Any:
    return YAML(typ="safe").load(path.read_text())


def test_every_workflow_is_looked_at() -> None:
    assert {path.name for path in WORKFLOWS} == RIGHTS.keys()


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_by_commit_and_say_the_version(path: Path) -> None:
    uses = re.findall(r"^ *-? *uses: *(.*)$", path.read_text(), re.MULTILINE)
    assert len(uses) == path.read_text().count("uses:") > 0
    for line in uses:
        assert re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_rights_are_each_jobs_own_and_no_credentials_stay(path: Path) -> None:
    workflow = _read(path)
    assert workflow["permissions"] == {}
    jobs = workflow["jobs"]
    assert {name: job["permissions"] for name, job in jobs.items()} == RIGHTS[path.name]
    steps = [(job, step) for job in jobs.values() for step in job["steps"]]
    for _, step in steps:
        if "actions/checkout@" in step.get("uses", ""):
            assert step["with"]["persist-credentials"] is False
    secrets = [step for job, step in steps if "token" in str(step) + str(job.get("env"))]
    assert all(step.get("run") == "scripts/watch --pull-request" for step in secrets)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_job_that_can_publish_runs_nothing_of_the_repository(path: Path) -> None:
    for name, job in _read(path)["jobs"].items():
        if "id-token" in RIGHTS[path.name][name]:
            assert [step for step in job["steps"] if "run" in step] == []
            assert "actions/checkout@" not in str(job["steps"])
            assert job["environment"]


def test_release_is_built_and_published_in_jobs_apart_once_all_is_green() -> None:
    workflow = _read(ROOT / ".github" / "workflows" / "release.yml")
    assert workflow["on"] == {"push": {"tags": ["v*"]}}
    jobs = workflow["jobs"]
    runs = {name: [it["run"] for it in job["steps"] if "run" in it] for name, job in jobs.items()}
    assert runs == {
        "check": [".ci/run"],
        "build": ['scripts/build --tag "$GITHUB_REF_NAME"'],
        "publish": [],
    }
    assert jobs["publish"]["needs"] == ["check", "build"]
    given = jobs["build"]["steps"][-1]["with"]["name"]
    assert given == jobs["publish"]["steps"][0]["with"]["name"]
    assert jobs["publish"]["steps"][-1]["with"]["attestations"] is True


def test_every_python_that_the_package_names_is_run() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    said = re.findall(r"Python :: (3\.\d+)", "\n".join(project["classifiers"]))
    jobs = _read(ROOT / ".github" / "workflows" / "ci.yml")["jobs"]
    for name in ("client", "windows"):
        assert jobs[name]["strategy"]["matrix"]["python"] == said
    nightly = _read(ROOT / ".github" / "workflows" / "nightly.yml")["jobs"]["run"]["steps"]
    assert sorted(nightly[1]["with"]["python-version"].split()) == said


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        pytest.param(r"@[0-9a-f]{40} # v5\S*", "@v5", "unpinned-uses", id="an action by its tag"),
        pytest.param(r"persist-credentials: false", "fetch-depth: 1", "artipacked", id="token"),
        pytest.param(r"permissions: \{\}", "permissions: write-all", "excessive", id="rights"),
        pytest.param(r"run: scripts/watch", "rum: scripts/watch", "rum", id="a key misspelt"),
        pytest.param(r"github\.token", "github.tokens", "tokens", id="a value that isn't there"),
    ],
)
def test_the_lint_refuses(tmp_path: Path, old: str, new: str, says: str) -> None:
    """Run the lint's own commands on a workflow that is wrong."""
    text = (ROOT / ".github" / "workflows" / "watch.yml").read_text()
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    (folder / "watch.yml").write_text(re.sub(old, new, text, count=1))
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    lines = (ROOT / "scripts" / "lint").read_text().splitlines()
    commands = [line for line in lines if ".github/workflows" in line]
    assert [Path(line.split()[0]).name for line in commands] == ["zizmor", "jactionlint"]
    runs = [
        subprocess.run(
            ["bash", "-c", f"{ROOT}/{command}"],
            cwd=tmp_path,
            check=False,
            capture_output=True,
            text=True,
        )
        for command in commands
    ]
    assert any(run.returncode for run in runs)
    assert says in "".join(run.stdout + run.stderr for run in runs)
