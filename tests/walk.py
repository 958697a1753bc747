"""A newcomer's walk: a fresh clone, an empty home, and the documents' commands as they stand.

What a reader would have to know beside the documents is in `INSTEAD`.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, Self

from tests.package.blocks import Block, blocks, commands, compare

ROOT = Path(__file__).parents[1]


class Stage(NamedTuple):
    """A part of a document that is walked."""

    document: str
    heading: str | None = None
    """The heading whose section it is; None for the whole document."""

    def __str__(self) -> str:
        return self.document + (f", {self.heading}" if self.heading else "")


STAGES = (
    Stage("README.md", "Try it"),
    Stage("README.md", "Install it"),
    Stage("docs/jobs/regenerate.md"),
    Stage("CONTRIBUTING.md", "Release"),  # before there are files of ours in the clone
    Stage("docs/quickstart.md"),
    Stage("docs/errors.md"),
    Stage("docs/jobs/many.md"),
    Stage("docs/jobs/database.md"),
    Stage("docs/jobs/month-end.md"),
    Stage("docs/testing.md"),
)
INSTEAD = {
    r"./scripts/test\b.*": None,  # minutes; CI runs it
    r".* NEW\b.*": None,  # a spec that isn't there yet
    r"scripts/release( +#.*)?": None,  # makes a release
    r"git push .*": None,  # as its dry run says
    r"python -m oneloop\.sandbox": (
        "python -u -m oneloop.sandbox --port 0 >../sandbox 2>&1 &"
        ' until grep -q ^export ../sandbox; do sleep 0.1; done; eval "$(head -1 ../sandbox)"'
    ),  # a terminal of its own, and what it says pasted
}
_END = "-- end of the command --"
_PYTHON = """\
import contextlib, io, json, sys
names = {"__name__": "__main__"}
for line in sys.stdin:
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(json.loads(line), "document", "exec"), names)
    print(json.dumps(printed.getvalue()), flush=True)
"""


class WalkError(Exception):
    """A document says what doesn't hold."""


class Shell:
    """One bash from the first command to the last, as a reader has it."""

    def __init__(self, folder: Path, home: Path) -> None:
        self._process = subprocess.Popen(
            ["bash"],
            cwd=folder,
            env={"HOME": str(home), "PATH": os.defpath.replace("/bin:", "/usr/local/bin:/bin:", 1)}
            | {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
            | {"NO_COLOR": "1", "LANG": "C.UTF-8"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, command: str) -> str:
        """Run a command and return what it showed.

        Raises:
            WalkError: it didn't end with 0.
        """
        assert self._process.stdin
        assert self._process.stdout
        group = f"{{ {command}\n}} </dev/null"  # a command would read what comes behind it
        self._process.stdin.write(f"{group}\nprintf '\\n%s %s\\n' '{_END}' $?\n")
        self._process.stdin.flush()
        shown = ""
        for line in self._process.stdout:
            if line.startswith(_END):
                code = int(line.removeprefix(_END))
                if code:
                    raise WalkError(f"$ {command}\n{shown}exit code {code}")
                return shown.removesuffix("\n")
            shown += line
        raise WalkError(f"$ {command}\n{shown}the shell is gone")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        assert self._process.stdin
        with contextlib.suppress(OSError):
            self._process.stdin.write("kill $(jobs -p) 2>/dev/null\n")
        self._process.stdin.close()
        self._process.wait()


class Python:
    """One interpreter for all programs of a document, in the shell's environment."""

    def __init__(self, shell: Shell, folder: Path) -> None:
        variables = dict(
            each.split("=", 1) for each in shell.run("env -0").split("\0") if "=" in each
        )
        command = [shell.run("command -v python").strip(), "-c", _PYTHON]
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self._process = subprocess.Popen(
            command, cwd=folder, env=variables, text=True, stderr=subprocess.STDOUT, **pipes
        )

    def run(self, program: str) -> str:
        """Run a program and return what it printed.

        Raises:
            WalkError: it raised.
        """
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(program) + "\n")
        self._process.stdin.flush()
        shown = ""
        for line in self._process.stdout:
            with contextlib.suppress(ValueError):
                return str(json.loads(line))
            shown += line
        raise WalkError(shown)

    def close(self) -> None:
        """End it."""
        self._process.communicate()


def walk(stage: Stage, shell: Shell, clone: Path) -> None:
    """Do what a document says, in its order.

    Raises:
        WalkError: it doesn't work, or shows something else.
    """
    with contextlib.ExitStack() as stack:
        python: Python | None = None
        shown = ""
        before = ""
        for block in blocks(_section((clone / stage.document).read_text("utf-8"), stage.heading)):
            where = f"{stage}, line {block.line}"
            if block.language == "text" and block.before == "python":
                _hold(block.text, shown, where)
            elif block.language == "python" and re.search(r"^def test_", block.text, re.MULTILINE):
                before += block.text
                (clone / "test_walk.py").write_text(before, "utf-8")
                shell.run("python -m pytest -q test_walk.py")
            elif block.language == "python":
                if python is None:
                    python = Python(shell, clone)
                    stack.callback(python.close)
                shown = python.run(block.text)
                before += block.text
            for command, expected in _commands(block):
                got = shell.run(command)
                if expected is not None:
                    _hold(expected, got, f"{where}: $ {command}")


def _commands(block: Block) -> Iterator[tuple[str, str | None]]:
    """Yield the commands of a block, as they are run, and what each is said to show."""
    if block.language in ("sh", "console"):
        for said, shown in commands(block):
            pattern = next((each for each in INSTEAD if re.fullmatch(each, said)), None)
            command = INSTEAD[pattern] if pattern else said
            if command:
                yield command, shown


def _hold(shown: str, got: str, where: str) -> None:
    try:
        compare(shown, got, where)
    except AssertionError as error:
        raise WalkError(str(error)) from None


def _section(text: str, heading: str | None) -> str:
    if heading is None:
        return text
    found = re.search(
        rf"^(#+) {re.escape(heading)}\n(.*?)(?=^#{{1,3}} |\Z)", text, re.MULTILINE | re.DOTALL
    )
    assert found, heading
    return found[2]


def main() -> int:
    """Walk; say each stage and how long it took."""
    with tempfile.TemporaryDirectory() as folder:
        clone, home = Path(folder, "clone"), Path(folder, "home")
        home.mkdir()
        hub = Path(folder, "hub")  # whose main is what is checked out here
        subprocess.run(["git", "init", "--quiet", "--bare", "-b", "main", hub], check=True)
        subprocess.run(
            ["git", "push", "--quiet", hub, "HEAD:refs/heads/main"], cwd=ROOT, check=True
        )
        subprocess.run(["git", "clone", "--quiet", hub, clone], check=True)
        with Shell(clone, home) as shell:
            for stage in STAGES:
                began = time.monotonic()
                try:
                    walk(stage, shell, clone)
                except WalkError as error:
                    print(f"scripts/walk: {stage}: {error}", file=sys.stderr)
                    return 1
                print(f"{stage}: {time.monotonic() - began:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
