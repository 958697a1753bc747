"""Clones of this checkout, as a developer has it, that nothing is left of."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Clone:
    """A clone and the environment variables that its commands run with."""

    root: Path
    environment: dict[str, str]

    def run(
        self, *command: str | Path, stderr: int = subprocess.STDOUT
    ) -> subprocess.CompletedProcess[str]:
        """Run a command there, at most for half an hour; what it says is in `stdout`."""
        return subprocess.run(
            command,
            cwd=self.root,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            check=False,
            timeout=1800,
        )

    def git(self, *arguments: str) -> str:
        """Run git there and return what it says."""
        author = ("-c", "user.name=A", "-c", "user.email=a@example.com")
        done = self.run("git", *author, *arguments)
        if done.returncode:
            raise RuntimeError(done.stdout)
        return done.stdout


@contextlib.contextmanager
def clone(*, whole: bool) -> Iterator[Clone]:
    """Make a clone with an environment of its own, or one that shares this checkout's.

    The former does all that a fresh clone does. The latter is made in no time: Python finds its
    packages by PYTHONPATH, and scripts/setup does nothing.
    """
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as folder:
        root = Path(folder).resolve() / "clone"
        _copy_files(root)
        environment = _environment()
        made = Clone(root, environment)
        if whole:
            _copy_environment(ROOT / ".venv", root / ".venv")
            done = made.run("scripts/setup")
            if done.returncode:
                raise RuntimeError(done.stdout)
        else:
            (root / ".venvs").mkdir()
            for name in (".venv", ".venvs/demo"):
                (root / name).symlink_to(ROOT / ".venv")
            (root / "scripts" / "setup").write_text("#!/usr/bin/env bash\n")
            packages = [root, root / "overrides", root / "generated_client"]
            environment["PYTHONPATH"] = os.pathsep.join(map(str, packages))
        made.git("init", "--quiet", "--initial-branch=main")
        made.git("add", "--all")
        made.git("commit", "--quiet", "--message=as it is")
        yield made


def _environment() -> dict[str, str]:
    """Return this process's environment, without what git tells its hooks."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return {**ours, "GIT_CONFIG_GLOBAL": os.devnull}


def _copy_files(root: Path) -> None:
    """Copy what git doesn't ignore: commits aren't asked for."""
    listed = subprocess.run(
        ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"),
        cwd=ROOT,
        env=_environment(),
        check=True,
        capture_output=True,
        text=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():  # else it is deleted, and not yet in a commit
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, root / name)


def _copy_environment(source: Path, target: Path) -> None:
    """Copy a virtual environment; pip finds all there, and installs the clone in place of this.

    `target` has no space in it: a script's first line couldn't name it.
    """
    stamp = shutil.ignore_patterns(".setup-stamp")
    shutil.copytree(source, target, symlinks=True, ignore=stamp, copy_function=_link)
    for script in (target / "bin").iterdir():
        content = b"" if script.is_symlink() else script.read_bytes()
        if content.startswith(b"#!") and os.fsencode(source) in content:
            mode = script.stat().st_mode
            script.unlink()
            script.write_bytes(content.replace(os.fsencode(source), os.fsencode(target)))
            script.chmod(mode)


def _link(source: str, target: str) -> None:
    """Link a file that nobody writes to, which costs no room; copy it where that isn't possible."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
