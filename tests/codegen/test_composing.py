"""The fast reading of YAML is the pure one, which has the word where they may differ."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode

from codegen.spec import composing
from tests.codegen.support import ROOT

PIECES = (
    *(
        "a",
        "key",
        "1",
        "0o17",
        "0x1F",
        "1e3",
        ".5",
        "1_000",
        "on",
        "~",
        "null",
        "true",
        "2025-01-01",
    ),
    *("'x'", '"y"', "''", '""', ": ", ":", "- ", "? ", " ", "  ", "\n", "\n  ", "\n    ", "\r\n"),
    *("[", "]", "{", "}", ", ", ",", "# c\n", " # c", "#", "|\n", ">\n", "|-\n", ">+\n", "|2\n"),
    *("&a ", "*a", "&b ", "! ", "!!str ", "---\n", "...\n", "é", "😀", "\t", "\x85", "\ufeff", "%"),
    *(
        '"\\u00e9"',
        '"\\ud800"',
        '"a\\\n b"',
        "http://x",
        "<<",
        "\xa0",
        "\u2028",
        "\\",
        "@",
        "=",
        "`",
    ),
    *(
        '"a b\n  c"',
        "'a\n\n b'",
        "|\n  t\n   u\n\n  v\n",
        ">\n  t\n  u\n\n   v\n",
        "a: b\n",
        "- x\n",
    ),
)
FILES = ["openapi.yaml", *(f"tests/{name}" for name in ("codegen/shop", "overrides", "rehearsal"))]


def _pure(text: str) -> Any:
    try:
        return _plain(YAML(typ="safe", pure=True).compose(text))
    except (YAMLError, RecursionError, ValueError) as error:
        return type(error)


def _fast(text: str) -> Any:
    """Return what libyaml's reading gives; None where the pure reader is asked."""
    if composing._ODD.search(text):
        return None
    try:
        return _plain(composing._Composer(text).root())
    except (composing._UnsureError, yaml.YAMLError):
        return None


def _plain(node: Any, above: tuple[Any, ...] = ()) -> Any:
    """Return all of a node but the line of nothing, which libyaml puts nearer to its key."""
    if node is None or node in above:
        return None
    line = node.start_mark.line if node.value != "" else None
    if isinstance(node, ScalarNode):
        return node.tag, line, node.value
    inside = (*above, node)
    if isinstance(node, MappingNode):
        pairs = [(_plain(key, inside), _plain(value, inside)) for key, value in node.value]
        return node.tag, line, pairs
    return node.tag, line, [_plain(each, inside) for each in node.value]


@settings(max_examples=700, deadline=None)
@given(
    st.sampled_from(["", "a: ", "- ", "a:\n", "a:\n  - ", "{", "x: 1\na:\n  b: "]),
    st.lists(st.sampled_from(PIECES), max_size=12),
)
def test_any_text_reads_as_with_the_pure_reader(start: str, pieces: list[str]) -> None:
    text = start + "".join(pieces)
    if (fast := _fast(text)) is not None:
        assert fast == _pure(text)


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, id=path.relative_to(ROOT).as_posix())
        for name in FILES
        for path in sorted([ROOT / name] if name.endswith("yaml") else (ROOT / name).glob("*.yaml"))
    ],
)
def test_usual_file_is_read_fast_and_the_same(path: Any) -> None:
    text = path.read_text(encoding="utf-8")
    assert _fast(text) == _pure(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a: b\x85c: d\n", id="a next line, which ends one in YAML 1.1"),
        pytest.param("a: b\u2028c: d\n", id="a line separator, too"),
        pytest.param("a:\tb\n", id="a tab"),
        pytest.param("\ufeffa: b\n", id="a byte order mark"),
        pytest.param("%YAML 1.2\n---\na: b\n", id="a directive"),
        pytest.param("a: !!str 5\n", id="a tag"),
        pytest.param("a: &x 1\nb: &x 2\nc: *x\n", id="an anchor twice"),
        pytest.param("a: |\n      \n  b\n", id="a first line that is indented too far"),
        pytest.param("|\n# c\n", id="a text alone"),
        pytest.param("a: b\n...\n---\nc: d\n", id="two documents"),
        pytest.param("a: " + "[" * 200 + "]" * 200, id="deep"),
        pytest.param("a: [\n", id="no YAML"),
        pytest.param("", id="empty"),
        pytest.param('a: "\\ud800"\n', id="a lone surrogate"),
    ],
)
def test_pure_reader_is_asked_where_the_two_may_differ(text: str) -> None:
    assert _fast(text) is None


def test_aliases_are_the_nodes_that_they_stand_for() -> None:
    text = "a: &x {b: [1]}\nc: *x\n"
    assert _fast(text) == _pure(text)
    root = composing._Composer(text).root()
    assert root.value[0][1] is root.value[1][1]
