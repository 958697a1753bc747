"""Each script says what it does, and scripts/setup says what it waits for; its Python is a fake."""

from __future__ import annotations

import os
import pty
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted(
    path.name
    for path in (ROOT / "scripts").iterdir()
    if path.is_file() and path.stat().st_mode & 0o100
)
PARSERS = {
    "bench": ["benchmarks/run.py", "benchmarks/bulk.py"],
    "build": ["scripts/build.py"],
    "mutants": ["tests/mutants/__main__.py"],
    "rehearse": ["tests/rehearsal/__main__.py"],
    "release": ["scripts/release.py"],
    "soak": ["benchmarks/soak.py", "benchmarks/soak_sync.py"],
}


@pytest.fixture(scope="module")
def without_setup(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the scripts in which nothing is set up, nor may be."""
    folder = tmp_path_factory.mktemp("a checkout") / "scripts"
    shutil.copytree(ROOT / "scripts", folder, ignore=shutil.ignore_patterns("__pycache__"))
    text = (folder / "setup").read_text()
    (folder / "setup").write_text(text.replace('\nmain "$@"', "\nexit 9"))
    return folder


@pytest.mark.parametrize("name", SCRIPTS)
def test_script_says_what_it_does_and_how_long_it_takes(name: str, without_setup: Path) -> None:
    run = subprocess.run(
        [without_setup / name, "--help"],
        cwd="/",
        env={"PATH": os.environ["PATH"], "HOME": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert re.match(r"[A-Z][^#]+[.:]", run.stdout)
    assert re.search(r"\b(second|minute|hour)s?\b|\d (s|min|h)\b|no time", run.stdout)
    assert "set -euo" not in run.stdout
    for path in PARSERS.get(name, ()):
        known = re.findall(r'add_argument\(\s*"(--[\w-]+)"', (ROOT / path).read_text("utf-8"))
        assert known
        assert [option for option in known if option not in run.stdout] == []


def test_help_of_a_regeneration_needs_no_setup(tmp_path: Path) -> None:
    (tmp_path / "codegen").mkdir()
    for name in ("generate.sh", "codegen/options.py"):
        shutil.copy(ROOT / name, tmp_path / name)
    command = [str(tmp_path / "generate.sh"), "--help"]
    run = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")
    assert "--dry-run" in run.stdout
    assert list(tmp_path.rglob("*.pyc")) == []


def test_all_scripts_are_listed(without_setup: Path) -> None:
    listed = subprocess.check_output([without_setup / "help"], text=True)
    assert re.findall(r"^(\w+) .+\n +\S", listed, re.MULTILINE) == SCRIPTS  # each with its time


# A Python whose venv takes no time and whose pip installs two packages from nowhere.
PYTHON = r"""#!/usr/bin/env bash
case "$*" in
  *"import pip"*) [[ -e "$(dirname "$0")/pip" ]] ;;
  *"import ensurepip"*) [[ ! -e "$FAKE/no-ensurepip" && ! -e "$FAKE/old" ]] ;;
  *"version_info[:2]"*) echo 3.12 ;;
  *version_info*) [[ ! -e "$FAKE/old" ]] ;;
  "-m venv "*)
    rm -rf "$5"; mkdir -p "$5/bin" "$5/lib/python3.12/site-packages"
    touch "$5/pyvenv.cfg" "$5/bin/pip"; cp "$0" "$5/bin/python"; echo "venv $5" >>"$FAKE/log" ;;
  "-m pip "*)
    echo "pip $PIP_INDEX_URL $HTTPS_PROXY $PIP_CERT" >>"$FAKE/log"
    [[ ! -e "$FAKE/broken" ]] || { echo "ERROR: no network" >&2; exit 1; }
    echo "Collecting one"; echo "Collecting two"
    mkdir -p "$(dirname "$0")/../lib/python3.12/site-packages/one-1.dist-info"
    echo "Installing collected packages: one, two" ;;
  *) echo "unforeseen: $*" >&2; exit 8 ;;
esac
"""


class Setup:
    """A checkout in a path with a space, a home that is nowhere, and the fake."""

    def __init__(self, folder: Path) -> None:
        self.root, self.fake = folder / "a checkout", folder / "a fake"
        self.fake.mkdir()
        (self.root / "scripts").mkdir(parents=True)
        for name in ("setup", "help"):
            shutil.copy2(ROOT / "scripts" / name, self.root / "scripts")
        (self.root / "pyproject.toml").write_text("")
        (self.root / "requirements-dev.txt").write_text("one==1 \\\ntwo==2 \\\nthree==3 \\\n")
        (self.fake / "python").write_text(PYTHON)
        (self.fake / "python").chmod(0o755)
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": "",
            "PYTHON": str(self.fake / "python"),
            "FAKE": str(self.fake),
            "PIP_INDEX_URL": "https://index.example/simple",
            "HTTPS_PROXY": "http://127.0.0.1:1",
            "PIP_CERT": "/ca.pem",
        }

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.root / "scripts" / "setup", *arguments],
            cwd="/",
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def log(self) -> list[str]:
        """Return what the fake was asked for since the last time."""
        log = self.fake / "log"
        asked = log.read_text().splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return asked


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    return Setup(tmp_path)


PIP = "pip https://index.example/simple http://127.0.0.1:1 /ca.pem"


def test_setup_says_what_it_does_and_then_nothing_more(setup: Setup) -> None:
    run = setup.run()
    assert (run.returncode, run.stdout) == (0, "")
    assert run.stderr.splitlines() == [
        "scripts/setup: making .venv with Python 3.12",
        "scripts/setup: installing requirements-dev.txt into .venv",
        "scripts/setup: installing the project into .venv",
        "scripts/setup: .venv is ready",
    ]
    assert setup.log() == ["venv .venv", PIP, PIP]
    again = setup.run()
    assert (again.returncode, again.stdout + again.stderr, setup.log()) == (0, "", [])


def test_setup_counts_on_a_terminal(setup: Setup) -> None:
    ours, theirs = pty.openpty()
    command = [str(setup.root / "scripts" / "setup")]
    subprocess.run(command, env=setup.environment, stderr=theirs, check=True)
    os.close(theirs)
    shown = os.read(ours, 100_000).decode()
    os.close(ours)
    assert "\rscripts/setup: 2 of 3 packages found" in shown
    assert "\rscripts/setup: 0 of 2 packages installed" in shown


def test_setup_that_failed_says_where_to_look_and_begins_anew(setup: Setup) -> None:
    (setup.fake / "broken").touch()
    run = setup.run()
    assert run.returncode == 1
    assert "ERROR: no network\n" in run.stderr
    assert "HTTPS_PROXY" in run.stderr.splitlines()[-1]
    (setup.fake / "broken").unlink()
    assert setup.run().returncode == 0
    assert setup.log() == ["venv .venv", PIP, "venv .venv", PIP, PIP]


def test_environment_left_half_made_is_made_anew(setup: Setup) -> None:
    (setup.root / ".venv").mkdir()
    (setup.root / ".venv" / "pyvenv.cfg").touch()
    assert setup.run().returncode == 0
    assert setup.log() == ["venv .venv", PIP, PIP]


def test_environment_stays_where_only_a_lock_changed(setup: Setup) -> None:
    setup.run()
    setup.log()
    with (setup.root / "requirements-dev.txt").open("a") as file:
        file.write("four==4\n")
    assert setup.run().returncode == 0
    assert setup.log() == [PIP, PIP]


def test_folder_that_is_no_environment_is_left_alone(setup: Setup) -> None:
    (setup.root / "work").mkdir()
    (setup.root / "work" / "thesis.txt").write_text("ten years")
    run = setup.run("work")
    assert run.returncode == 1
    assert "work is there, and is no virtual environment" in run.stderr
    assert (setup.root / "work" / "thesis.txt").read_text() == "ten years"
    assert setup.log() == []


@pytest.mark.parametrize(
    ("lacks", "says"),
    [
        ("no-ensurepip", "Python 3.12 has no ensurepip: apt-get install python3.12-venv"),
        ("old", "needs Python 3.11 or newer; set PYTHON to one"),
    ],
)
def test_python_that_does_not_do_is_said(setup: Setup, lacks: str, says: str) -> None:
    (setup.fake / lacks).touch()
    run = setup.run()
    assert run.returncode == 1
    assert says in run.stderr
    assert not (setup.root / ".venv").exists()
