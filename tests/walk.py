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
from typing import NamedTuple, Self

from tests.package.blocks import Block, blocks, compare

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
    Stage("docs/quickstart.md"),
    Stage("docs/errors.md"),
    Stage("docs/jobs/many.md"),
    Stage("docs/jobs/database.md"),
    Stage("docs/jobs/month-end.md"),
    Stage("docs/testing.md"),
    Stage("docs/jobs/regenerate.md"),
    Stage("CONTRIBUTING.md", "Release"),
)
INSTEAD = {
    r"./scripts/test\b.*": None,  # minutes; CI runs it
    r".* NEW\b.*": None,  # a spec that isn't there yet
    r"python -m oneloop\.sandbox": (
        "python -u -m oneloop.sandbox --port 0 >../sandbox 2>&1 &"
        ' until grep -q ^export ../sandbox; do sleep 0.1; done; eval "$(head -1 ../sandbox)"'
    ),  # a terminal of its own, and what it says pasted
}
_END = "-- end of the command --"
_PROGRAMS = """\
import contextlib, io, json, sys
names, printed = {"__name__": "__main__"}, []
for text in json.load(open(sys.argv[1])):
    with contextlib.redirect_stdout(io.StringIO()) as stream:
        exec(compile(text, "document", "exec"), names)
    printed.append(stream.getvalue())
json.dump(printed, open(sys.argv[1], "w"))
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


def walk(stage: Stage, shell: Shell, clone: Path) -> None:
    """Do what a document says, in its order.

    Raises:
        WalkError: it doesn't work, or shows something else.
    """
    programs: list[tuple[Block, str | None]] = []
    found = list(blocks(_section((clone / stage.document).read_text("utf-8"), stage.heading)))
    for block, after in zip(found, [*found[1:], None], strict=True):
        if block.language == "python":
            shown = after.text if after and after.before == "python" else None
            programs.append((block, shown if after and after.language == "text" else None))
            continue
        for command, shown in _commands(block):
            _python(programs, shell, clone)
            programs = []
            got = shell.run(command)
            if shown is not None:
                _hold(shown, got, f"{stage}: $ {command}")
    _python(programs, shell, clone)


def _commands(block: Block) -> Iterator[tuple[str, str | None]]:
    """Yield the commands of a block, and what each is said to show."""
    if block.language == "sh":
        for line in block.text.splitlines():
            for pattern, other in INSTEAD.items():
                if re.fullmatch(pattern, line):
                    if other:
                        yield other, None
                    break
            else:
                if line.strip():
                    yield line, None
    elif block.language == "console":
        for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
            command, _, shown = part.partition("\n")
            yield command, shown


def _python(programs: list[tuple[Block, str | None]], shell: Shell, clone: Path) -> None:
    tests = [
        block
        for block, _ in programs
        if re.search(r"^(async )?def test_", block.text, re.MULTILINE)
    ]
    for block in tests:
        (clone / f"test_walk_{block.line}.py").write_text(block.text, "utf-8")
        shell.run(f"python -m pytest -q test_walk_{block.line}.py")
    plain = [pair for pair in programs if pair[0] not in tests]
    if plain:
        texts = clone.parent / "programs.json"
        texts.write_text(json.dumps([block.text for block, _ in plain]), "utf-8")
        (clone.parent / "programs.py").write_text(_PROGRAMS, "utf-8")
        shell.run("python ../programs.py ../programs.json")
        for (block, shown), got in zip(plain, json.loads(texts.read_text("utf-8")), strict=True):
            if shown is not None:
                _hold(shown, got, f"the program of line {block.line}")


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
        subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
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
