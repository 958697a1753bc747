"""Whether a checkout is fit to be released, by git's word."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

BRANCH: Final = "main"


class ReleaseError(Exception):
    """No release can be made; the message says why, and what to do."""


class Git:
    """One checkout, asked and told by git."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def __call__(self, *arguments: str) -> str:
        """Return what git says to this."""
        done = self.ask(*arguments)
        if done.returncode:
            raise ReleaseError(f"git {arguments[0]}: {done.stderr.strip()}")
        return done.stdout.rstrip()

    def ask(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Return what git says to this, also where it says no."""
        try:
            return subprocess.run(
                ["git", "-C", str(self.root), *arguments],  # noqa: S607
                capture_output=True,
                encoding="utf-8",
                check=False,
            )
        except OSError as error:
            raise ReleaseError(f"git doesn't start: {error.strerror}") from None


def unfit(git: Git) -> Iterator[str]:
    """Yield what is wrong with the checkout."""
    branch = git.ask("symbolic-ref", "--quiet", "--short", "HEAD").stdout.strip()
    if branch != BRANCH:
        yield f"a release is made on {BRANCH}, and this is {branch or 'no branch'}"
    if changed := git("status", "--porcelain").splitlines():
        yield f"{len(changed)} files aren't as committed, such as {changed[0][3:]}: commit first"
    if git("rev-parse", "--is-shallow-repository") == "true":
        yield "the clone is shallow, so the last release is unknown: git fetch --unshallow --tags"
    if "origin" in git("remote").splitlines():
        yield from _behind(git)


def _behind(git: Git) -> Iterator[str]:
    """Yield what the remote has and this clone hasn't."""
    remote = git.ask("ls-remote", "--heads", "--tags", "origin")
    if remote.returncode:
        yield f"origin doesn't answer: {remote.stderr.strip()[-200:]}"
    for line in remote.stdout.splitlines():
        commit, _, name = line.partition("\t")
        if name == f"refs/heads/{BRANCH}":
            if git.ask("merge-base", "--is-ancestor", commit, "HEAD").returncode:
                yield f"origin's {BRANCH} has commits that aren't here: git pull"
        elif re.fullmatch(r"refs/tags/v[\d.]+", name):
            here = git.ask("rev-parse", "--verify", "--quiet", name).stdout.strip()
            if here != commit:
                yield f"origin's tag {name[10:]} isn't here: git fetch --tags"
