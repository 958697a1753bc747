"""Breaks each guard, one at a time: its tests must fail. Run by scripts/mutants.

Exit code: 0 every mutant was killed, 1 one survived or couldn't be tried.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import venv
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.mutants.table import MUTANTS, Mutant

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ["overrides", "generated_client", "tests", "codegen", "scripts"]
FILES = ["pyproject.toml", "openapi.yaml", "README.md", "CHANGELOG.md", "LICENSE"]
COPIED = FOLDERS + FILES


def main() -> int:
    """Try the mutants, print a line about each, and return the exit code."""
    parser = argparse.ArgumentParser(prog="scripts/mutants", description=__doc__)
    parser.add_argument("--jobs", type=int, default=2, help="mutants tried at once (default: 2)")
    parser.add_argument(
        "--part", type=part, default=(1, 1), metavar="K/N", help="try the Kth of N parts alone"
    )
    parser.add_argument("words", nargs="*", help="try only the mutants that contain one of these")
    options = parser.parse_args()
    number, parts = options.part
    named = [m for m in MUTANTS if any(word in str(m) for word in options.words or [""])]
    chosen = named[number - 1 :: parts]

    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(options.jobs) as threads:
        # Once: who edits the checkout meanwhile doesn't change what is tested.
        snapshot = Path(folder)
        copy(ROOT, snapshot)
        code, failed = run(snapshot, None, {name for m in chosen for name in m.files})
        if code != 0:
            say(f"without any mutant, {failed or 'something'} fails")
            return 1
        kills = 0
        for mutant, (killed, how) in zip(
            chosen, threads.map(lambda each: outcome(snapshot, each), chosen), strict=True
        ):
            kills += killed
            say(f"{how}\n          {mutant}")
    say(f"{kills} of {len(chosen)} mutants were killed")
    return 0 if kills == len(chosen) else 1


def part(text: str) -> tuple[int, int]:
    """Return which of how many parts the text names."""
    number, parts = map(int, text.split("/"))
    if not 1 <= number <= parts:
        raise ValueError(text)
    return number, parts


def outcome(snapshot: Path, mutant: Mutant) -> tuple[bool, str]:
    """Return whether a test killed the mutant, and a line about it."""
    try:
        code, failed = run(snapshot, mutant, mutant.files)
    except LookupError as error:
        return False, f"STALE     {error}"
    if code == 1:
        return True, f"killed    {failed}"
    how = f"SURVIVED  {mutant.tests}" if code == 0 else f"BROKEN    pytest exits with {code}"
    return False, how


def run(snapshot: Path, mutant: Mutant | None, tests: Iterable[str]) -> tuple[int, str]:
    """Run the tests in a copy with the mutant; return pytest's exit code and the test that failed.

    Raises:
        LookupError: the mutant's text doesn't stand in its module, or more than once.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        copy(snapshot, folder)
        if mutant:
            apply(mutant, folder / mutant.path)
        python = make_environment(folder)
        files = sorted(tests)
        try:
            done = subprocess.run(
                [python, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *files],
                cwd=folder,
                capture_output=True,
                encoding="utf-8",
                timeout=180 * len(files),
                check=False,
            )
        except subprocess.TimeoutExpired:
            return 1, "the tests hang"
    failed = re.search(r"^(?:FAILED|ERROR) \S*?(test_.*?)(?: - |$)", done.stdout, re.MULTILINE)
    return done.returncode, failed[1] if failed else ""


def copy(source: Path, folder: Path) -> None:
    """Copy what the tests need."""
    ignored = shutil.ignore_patterns("__pycache__")
    for name in COPIED:
        if (source / name).is_dir():
            shutil.copytree(source / name, folder / name, ignore=ignored)
        else:
            shutil.copy(source / name, folder / name)


def apply(mutant: Mutant, path: Path) -> None:
    """Break the guard in its module."""
    source = path.read_text("utf-8")
    if source.count(mutant.text) != 1:
        raise LookupError(f"stands {source.count(mutant.text)} times in {path.name}, not once")
    path.write_text(source.replace(mutant.text, mutant.broken), "utf-8")


def make_environment(folder: Path) -> Path:
    """Return a Python that has our packages but imports the folder's `oneloop`.

    PYTHONPATH wouldn't do: tests start programs with an environment of their own. Of a folder that
    a .pth file names, Python reads no .pth files: so the editable install doesn't count.
    """
    venv.create(folder / "venv", symlinks=True)
    python = folder / "venv/bin/python"
    python.with_name("ruff").symlink_to(Path(sys.executable).with_name("ruff"))
    places = {"base": str(folder / "venv"), "platbase": str(folder / "venv")}
    paths = [folder / "overrides", folder / "generated_client", sysconfig.get_path("purelib")]
    packages = Path(sysconfig.get_path("purelib", vars=places))
    (packages / "mutants.pth").write_text("\n".join(map(str, paths)))
    question = "import importlib.util as util; print(util.find_spec('oneloop').origin)"
    found = subprocess.check_output([python, "-c", question], cwd=folder, text=True)
    if not Path(found.strip()).is_relative_to(folder):
        raise RuntimeError("the tests would import another oneloop")
    return python


def say(text: str) -> None:
    """Print at once, also into a pipe."""
    print(text, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
