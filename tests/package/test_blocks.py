"""What runs the blocks of the documents finds what is wrong in one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.package.blocks import Runner, blocks


def run(document: str) -> None:
    runner = Runner("page.md", apart=False)
    for block in blocks(document):
        runner.run(block)
    runner.finish()


def fence(language: str, text: str) -> str:
    return f"```{language}\n{text}```\n"


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(fence("python", "print(1)\n") + fence("text", "1\n"), id="output"),
        pytest.param(fence("python", "a = 1\n") + fence("pycon", ">>> a\n1\n"), id="one namespace"),
        pytest.param(fence("python", "1\n") + "Text.\n" + fence("text", "2\n"), id="just text"),
        pytest.param(fence("console", "$ a=1\n$ echo $a\n1\n"), id="one shell"),
        pytest.param(fence("console", "$ (exit 3)\n$ echo $?\n3\n"), id="a code that is told"),
        pytest.param(fence("console", "$ cat <<E\n> hi\n> E\nhi\n"), id="a command of lines"),
        pytest.param(fence("console", "$ echo a b c\na ... c\n"), id="an ellipsis"),
        pytest.param(fence("sh", "# why\npip install nothing\n"), id="a command that isn't run"),
        pytest.param(fence("{note}", "Text.\n"), id="a directive"),
    ],
)
def test_right(document: str) -> None:
    run(document)


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(fence("python", "1 / 0\n"), id="Python that raises"),
        pytest.param(fence("python", "def test_a():\n    assert 0\n"), id="a test that fails"),
        pytest.param(fence("python", "print(1)\n") + fence("text", "2\n"), id="another output"),
        pytest.param(fence("pycon", ">>> 1\n2\n"), id="another value"),
        pytest.param(fence("pycon", "1\n"), id="no prompt of Python's"),
        pytest.param(fence("console", "$ echo a\nb\n"), id="another line"),
        pytest.param(fence("console", "$ echo a\n"), id="a line that isn't shown"),
        pytest.param(fence("console", "$ false\n"), id="a code that isn't told"),
        pytest.param(fence("console", "$ exit 0\n$ echo a\na\n"), id="a shell that ends"),
        pytest.param(fence("console", "a\n"), id="no prompt"),
        pytest.param(fence("sh", "no-such-command\n"), id="a command that there isn't"),
        pytest.param(fence("yaml", "a: [\n"), id="YAML"),
        pytest.param(fence("toml", "a =\n"), id="TOML"),
        pytest.param(fence("json", "{\n"), id="JSON"),
        pytest.param(fence("rust", "1\n"), id="another language"),
        pytest.param(fence("{code-block} python", "1 / 0\n"), id="Sphinx's own blocks"),
        pytest.param(f":::{{note}}\n{fence('python', '1 / 0')}\n:::\n", id="in a note"),
        pytest.param("- a\n\n  ```python\n  1 / 0\n  ```\n", id="in a list"),
        pytest.param("Text.\n\n    1 / 0\n", id="indented code"),
    ],
)
def test_wrong(document: str) -> None:
    with pytest.raises(Exception):  # noqa: B017, PT011 - each language has its own
        run(document)
