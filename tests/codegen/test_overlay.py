"""overrides/overlay.yaml: read strictly, applied exactly, and expiring by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from codegen import facts, overlay
from codegen.errors import FactsError, OverlayError
from tests.codegen.support import ROOT, write_json

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENT = {"a": {"b": [{"c": 1}], "d": {"e": "x"}}, "ref": {"$ref": "#/a"}}


def _overlay(tmp_path: Path, actions: Any = (), upstream_facts: Any = ()) -> overlay.Overlay:
    document = {
        "overlay": "1.0.0",
        "info": {"title": "Test", "version": "1"},
        "actions": [{"x-reason": "a test"} | action for action in actions],
        "x-upstream-facts": [
            {"reason": "a test", "relied-on-by": "here"} | fact for fact in upstream_facts
        ],
    }
    return overlay.read(write_json(tmp_path / "overlay.json", document))


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        pytest.param(
            {"target": "$.a.d", "update": {"e": "y"}, "x-expected": {"e": "x"}},
            {"b": [{"c": 1}], "d": {"e": "y"}},
            id="a value changed",
        ),
        pytest.param(
            {"target": "$.a", "update": {"d": {"f": 1}}, "x-expected": {"d": {"e": "x"}}},
            {"b": [{"c": 1}], "d": {"e": "x", "f": 1}},
            id="objects merged",
        ),
        pytest.param(
            {"target": "$.a", "update": {"b": [2]}, "x-expected": {"b": [{"c": 1}]}},
            {"b": [{"c": 1}, 2], "d": {"e": "x"}},
            id="lists joined",
        ),
        pytest.param(
            {"target": "$['a'].b[0].c", "remove": True, "x-expected": 1},
            {"b": [{}], "d": {"e": "x"}},
            id="a key removed",
        ),
        pytest.param(
            {"target": "$.a.b[0]", "remove": True, "x-expected": {"c": 1}},
            {"b": [], "d": {"e": "x"}},
            id="an item removed",
        ),
    ],
)
def test_an_action_is_applied(tmp_path: Path, action: Any, expected: Any) -> None:
    corrections = _overlay(tmp_path, [action])
    facts.require(facts.judge(corrections, DOCUMENT))
    assert overlay.apply(corrections, DOCUMENT)["a"] == expected
    assert DOCUMENT["a"] == {"b": [{"c": 1}], "d": {"e": "x"}}


@pytest.mark.parametrize(
    ("action", "state"),
    [
        pytest.param(
            {"target": "$.a.d", "update": {"e": "y"}, "x-expected": {"e": "x"}},
            "holds",
            id="update holds",
        ),
        pytest.param(
            {"target": "$.a.d", "update": {"e": "x"}, "x-expected": {"e": "w"}},
            "fixed",
            id="update fixed",
        ),
        pytest.param(
            {"target": "$.a.d", "update": {"e": "y"}, "x-expected": {"e": "w"}},
            "changed",
            id="update changed",
        ),
        pytest.param(
            {"target": "$.a.d", "update": {"e": "y"}, "x-expected": {}},
            "changed",
            id="update of what was absent",
        ),
        pytest.param(
            {"target": "$.a.x", "update": {"e": "y"}, "x-expected": {}}, "gone", id="update gone"
        ),
        pytest.param(
            {"target": "$.ref", "update": {"e": "y"}, "x-expected": {}},
            "changed",
            id="update beside a $ref",
        ),
        pytest.param(
            {"target": "$.a.d.e", "remove": True, "x-expected": "x"}, "holds", id="remove holds"
        ),
        pytest.param(
            {"target": "$.a.d.x", "remove": True, "x-expected": "x"}, "fixed", id="remove fixed"
        ),
        pytest.param(
            {"target": "$.a.d.e", "remove": True, "x-expected": "w"}, "changed", id="remove changed"
        ),
        pytest.param(
            {"target": "$.x.d.e", "remove": True, "x-expected": "x"}, "gone", id="remove gone"
        ),
    ],
)
def test_an_action_is_judged(tmp_path: Path, action: Any, state: str) -> None:
    assert [fact.state for fact in facts.judge(_overlay(tmp_path, [action]), DOCUMENT)] == [state]


@pytest.mark.parametrize(
    ("fact", "state"),
    [
        pytest.param({"pointer": "/a/d/e", "expected": "x"}, "holds", id="equals"),
        pytest.param({"pointer": "/a/d/e", "expected": "y"}, "changed", id="differs"),
        pytest.param({"pointer": "/a/b/0/c", "expected": True}, "changed", id="1 is not true"),
        pytest.param({"pointer": "/a/b/1", "expected": 1}, "gone", id="no such item"),
        pytest.param({"pointer": "/ref/d", "expected": 1}, "gone", id="behind a $ref"),
        pytest.param(
            {"pointer": "/a/b", "compare": "contains", "expected": [{"c": 1}]},
            "holds",
            id="contains",
        ),
        pytest.param(
            {"pointer": "/a/b", "compare": "contains", "expected": [2]},
            "changed",
            id="contains not",
        ),
        pytest.param(
            {"pointer": "/a", "compare": "keys", "expected": ["b", "d"]}, "holds", id="keys"
        ),
        pytest.param(
            {"pointer": "/a", "compare": "keys", "expected": ["b"]}, "changed", id="more keys"
        ),
        pytest.param(
            {"pointer": "/a", "compare": "keys", "keys-matching": "b", "expected": ["b"]},
            "holds",
            id="keys of a kind",
        ),
    ],
)
def test_an_assumption_is_judged(tmp_path: Path, fact: Any, state: str) -> None:
    judged = facts.judge(_overlay(tmp_path, upstream_facts=[fact]), DOCUMENT)
    assert [fact.state for fact in judged] == [state]


def test_all_that_broke_is_told_at_once_with_what_to_do(tmp_path: Path) -> None:
    corrections = _overlay(
        tmp_path,
        [{"target": "$.a.d", "update": {"e": "x"}, "x-expected": {"e": "w"}}],
        [{"pointer": "/ref/d/e", "expected": 1}, {"pointer": "/a/d/e", "expected": "x"}],
    )
    with pytest.raises(FactsError) as error:
        facts.require(facts.judge(corrections, DOCUMENT))
    assert "2 of 3 upstream facts no longer hold" in str(error.value)
    assert "fixed: /a/d\n" in str(error.value)
    assert "remove this action" in str(error.value)
    assert "gone: /ref/d/e\n" in str(error.value)
    assert "(/ref now is a $ref to /a)" in str(error.value)


@pytest.mark.parametrize(
    ("action", "says"),
    [
        pytest.param({"target": "$.a", "update": {}}, "lacks x-expected", id="no x-expected"),
        pytest.param({"target": "$.a", "x-expected": {}}, "either", id="nothing to do"),
        pytest.param(
            {"target": "$.a", "remove": False, "x-expected": 1}, "either", id="remove: false"
        ),
        pytest.param(
            {"target": "$.a", "update": {}, "remove": True, "x-expected": {}}, "either", id="both"
        ),
        pytest.param(
            {"target": "$.a", "update": {}, "x-expected": {}, "x": 1}, "unknown x", id="unknown key"
        ),
        pytest.param(
            {"target": "$.a", "update": {"b": 1}, "x-expected": {"c": 1}},
            "same keys",
            id="other keys",
        ),
        pytest.param(
            {"target": "$.*", "update": {}, "x-expected": {}}, "more than one place", id="wildcard"
        ),
        pytest.param(
            {"target": "$..a", "update": {}, "x-expected": {}},
            "more than one place",
            id="descendants",
        ),
        pytest.param(
            {"target": "$", "update": {}, "x-expected": {}}, "names no place", id="the root"
        ),
        pytest.param(
            {"target": "a b", "update": {}, "x-expected": {}}, "is not a JSONPath", id="no path"
        ),
    ],
)
def test_an_action_that_is_not_one_is_refused(tmp_path: Path, action: Any, says: str) -> None:
    with pytest.raises(OverlayError, match=says):
        _overlay(tmp_path, [action])


def test_each_assumption_names_a_file_that_exists() -> None:
    corrections = overlay.read(ROOT / "overrides" / "overlay.yaml")
    assert corrections.facts
    assert {
        fact.override for fact in corrections.facts if not (ROOT / fact.override).is_file()
    } == set()
