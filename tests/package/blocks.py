"""The code blocks of a document, run in order as a reader would run them.

| language | what is done |
|---|---|
| `python` | runs, in one namespace a document; one with a function `test_…` is run by pytest, in a
|          | file with all blocks before it |
| `text` behind `python` | is what that printed; elsewhere it is text |
| `pycon` | `>>>` lines in the same namespace, and what they show |
| `console` | each `$` line, which `> ` continues, in one bash a block, and what it shows; what
|           | doesn't end with 0 is followed by `$ echo $?` |
| `sh` | each line as in `console`, unless it is in `NOT_RUN`; what it shows isn't looked at |
| `sql` | asks `usage.duckdb`, which a block before has made |
| `json`, `toml`, `yaml` | is well-formed |

Where output is compared, `...` stands for anything.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import markdown_it
from ruamel.yaml import YAML

NOT_RUN = {
    r"(pip|uv) install ": "asks a package index",
    r"git clone ": "asks a host",
    r"python3? -m venv ": "is Python's own, and takes seconds; scripts/walk runs it",
    r"(\./)?scripts/\w+": "is tested by what it runs; that it is there, by test_documents",
    r"\./generate\.sh": "is tested by tests/codegen",
    r"export ONELOOP_API_KEY=": "is set for the tests",
    r"python -m oneloop\.sandbox": "runs until Ctrl-C; tested by test_processes",
    r"(oneloop|psql) .*postgresql://": "needs a server; tested by tests/overrides/sync",
}
# Plugins that no document is about, each of which takes its time to load.
WITHOUT = [
    part
    for name in ("anyio", "cacheprovider", "hypothesispytest", "platformdirs", "xdist")
    for part in ("-p", f"no:{name}")
]
_MARK = "-- end of the command --"


class Block(NamedTuple):
    """A block of code."""

    language: str
    text: str
    line: int
    before: str | None
    """The language of the block before, where nothing but blank lines is between."""


def blocks(document: str) -> Iterator[Block]:
    """Yield a document's code; what MyST takes for directives is Sphinx's."""
    ended, before = -1, None
    lines = document.splitlines()
    for token in markdown_it.MarkdownIt().parse(document):
        is_directive = token.info.startswith("{") and not token.info.startswith("{code")
        if token.type in ("fence", "code_block") and token.map and not is_directive:
            follows = not "".join(lines[ended : token.map[0]]).strip() and ended >= 0
            language = token.info.strip() if token.type == "fence" else "no language"
            yield Block(language, token.content, token.map[0] + 1, before if follows else None)
            ended, before = token.map[1], language


class Runner:
    """Runs the blocks of one document in the working directory.

    Args:
        name: the document's.
        apart: whether each block of Python needs a process of its own, as what it sets up stays.
    """

    def __init__(self, name: str, *, apart: bool) -> None:
        self._name = name
        self._apart = apart
        self._names: dict[str, Any] = {"__name__": "__main__"}
        self._printed = ""
        self._programs: list[str] = []
        self._tests = ""
        self._run: dict[str, Callable[[Block], object]] = {
            "": _nothing,
            "console": self._console,
            "json": lambda block: json.loads(block.text),
            "pycon": self._pycon,
            "python": self._python,
            "sh": self._sh,
            "sql": self._sql,
            "text": self._text,
            "toml": lambda block: tomllib.loads(block.text),
            "yaml": lambda block: YAML(typ="safe").load(block.text),
        }

    def run(self, block: Block) -> None:
        """Run a block.

        Raises:
            AssertionError: it isn't true, or of a language that can't be run.
        """
        why = f"{self._place(block)}: a block of {block.language!r} can't be run"
        assert block.language in self._run, why
        self._run[block.language](block)

    def _place(self, block: Block) -> str:
        return f"{self._name}:{block.line}"

    def _python(self, block: Block) -> None:
        self._programs.append(f"# line {block.line}\n{block.text}")
        if re.search(r"^(async )?def test_", block.text, re.MULTILINE):
            self._tests = "".join(self._programs)
            return
        if self._apart:
            file = Path(f"line_{block.line}.py")
            file.write_text(block.text, "utf-8")
            self._printed = self._python_process(file.name)
            return
        code = compile("\n" * block.line + block.text, self._name, "exec")
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(code, self._names)
        self._printed = printed.getvalue()

    def finish(self) -> None:
        """Run the tests that blocks were."""
        if self._tests:
            names = re.findall(r"^(?:async )?def (test_\w+)", self._tests, re.MULTILINE)
            assert len(names) == len(set(names)), f"{self._name}: two tests of one name: {names}"
            Path("test_document.py").write_text(self._tests, "utf-8")
            self._python_process("-m", "pytest", "-q", *WITHOUT, "test_document.py")

    def _python_process(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{self._name}:\n{done.stdout}{done.stderr}"
        return done.stdout

    def _text(self, block: Block) -> None:
        if block.before == "python":
            compare(block.text, self._printed, self._place(block))

    def _pycon(self, block: Block) -> None:
        test = doctest.DocTestParser().get_doctest(
            block.text, self._names, self._name, self._name, block.line
        )
        told = io.StringIO()
        runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS, verbose=False)
        failed, tried = runner.run(test, out=told.write, clear_globs=False)
        self._names.update(test.globs)
        assert not failed, told.getvalue()
        assert tried, f"{self._place(block)}: no line begins with >>>"

    def _sql(self, block: Block) -> None:
        with duckdb.connect("usage.duckdb", read_only=True) as connection:
            connection.execute(block.text)

    def _sh(self, block: Block) -> None:
        said = [command for command, _ in commands(block)]
        run = [line for line in said if not any(re.match(each, line) for each in NOT_RUN)]
        for command, (code, shown) in zip(run, _bash(run), strict=True):
            assert code == 0, f"{self._place(block)}: {command}: {code}\n{shown}"

    def _console(self, block: Block) -> None:
        said = list(commands(block))
        for index, (code, shown) in enumerate(_bash([command for command, _ in said])):
            command, expected = said[index]
            where = f"{self._place(block)}: $ {command}\n"
            says_code = said[index + 1 : index + 2] and said[index + 1][0] == "echo $?"
            assert code == 0 or says_code, f"{where}{code}\n{shown}"
            compare(expected or "", shown, where)


def commands(block: Block) -> Iterator[tuple[str, str | None]]:
    """Yield the commands of a block of `sh` or `console`, and what each of the latter shows.

    Raises:
        AssertionError: a block of `console` doesn't begin with a command.
    """
    if block.language == "sh":
        for line in re.sub(r"\\\n *", "", block.text).splitlines():
            if command := re.sub(r"(^|\s+)#.*", "", line):
                yield command, None
        return
    before, *parts = re.split(r"^\$ ", block.text, flags=re.MULTILINE)
    assert not before, f"line {block.line}: begins with `$ `"
    for part in parts:
        found = re.fullmatch(r"(.*\n(?:> .*\n)*)((?:.|\n)*)", part)
        assert found
        yield re.sub(r"^> ", "", found[1], flags=re.MULTILINE).rstrip("\n"), found[2]


def _nothing(block: Block) -> None:
    """Do nothing: it is no code."""


def _bash(said: list[str]) -> list[tuple[int, str]]:
    """Run commands in one shell; return the exit code of each, and what it showed."""
    if not said:
        return []
    begin = f"show() {{ code=$?; printf '\\n{_MARK} %s\\n' $code; return $code; }}"
    script = "\n".join([begin, *(f"{command.rstrip()}\nshow" for command in said)])
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-c", script],
        env={**os.environ, "PATH": path, "NO_COLOR": "1", "COLUMNS": "80"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=60,
        text=True,
        check=False,
    )
    parts = re.split(rf"\n{_MARK} (\d+)\n", done.stdout)
    assert len(parts) == 2 * len(said) + 1, f"the shell ended within {said}"
    return [(int(code), shown) for shown, code in zip(parts[::2], parts[1::2], strict=False)]


def compare(want: str, got: str, place: str) -> None:
    """Hold what is shown against what a document says.

    Raises:
        AssertionError: they differ.
    """
    checker = doctest.OutputChecker()
    got = re.sub(r"[ \t]+$", "", got, flags=re.MULTILINE)
    want = want if not want or want.endswith("\n") else f"{want}\n"
    got = got if not got or got.endswith("\n") else f"{got}\n"
    if not checker.check_output(want, got, doctest.ELLIPSIS):
        raise AssertionError(f"{place}: it shows\n{got}and not\n{want}")
