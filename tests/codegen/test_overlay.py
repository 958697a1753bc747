"""overrides/overlay.yaml: read strictly, applied exactly, and expiring by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from codegen.errors import FactsError, OverlayError
from codegen.spec import facts, overlay
from tests.codegen.support import write_json

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENT = {
    "a": {"b": [{"c": 1}], "d": {"e": "x"}},
    "ref": {"$ref": "#/a"},
    "parameters": [{"name": "a", "in": "path"}, {"name": "b", "in": "query"}, {"$ref": "#/p"}],
}


def _overlay(tmp_path: Path, actions: Any = (), upstream_facts: Any = ()) -> overlay.Overlay:
    document = {
        "overlay": "1.0.0",
        "info": {"title": "Test", "version": "1"},
        "actions": [{"x-reason": "a test"} | action for action in actions],
        "x-upstream-facts": [
            {"reason": "a test", "relied-on-by": {"here": "it"}} | fact for fact in upstream_facts
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
        pytest.param(
            {"pointer": "/a", "compare": "keys", "expected": ["d", "b"]},
            "holds",
            id="keys in another order",
        ),
        pytest.param(
            {"pointer": "/a", "compare": "keys", "keys-matching": "x", "expected": []},
            "holds",
            id="no such keys",
        ),
        pytest.param(
            {"pointer": "/x", "compare": "keys", "keys-matching": "x", "expected": []},
            "gone",
            id="no keys of what isn't there",
        ),
        pytest.param(
            {
                "pointer": "/parameters",
                "compare": "parameters",
                "expected": ["query b", "path a", {"$ref": "#/p"}],
            },
            "holds",
            id="parameters in another order",
        ),
        pytest.param(
            {"pointer": "/parameters", "compare": "parameters", "expected": ["path a", "query b"]},
            "changed",
            id="more parameters",
        ),
        pytest.param(
            {
                "pointer": "/parameters",
                "compare": "parameters",
                "expected": ["path a", "header b", {"$ref": "#/p"}],
            },
            "changed",
            id="a parameter elsewhere",
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
            {"target": "$.a[0,1]", "update": {}, "x-expected": {"a": {}}},
            "maps the JSON pointer of each",
            id="several places without pointers",
        ),
        pytest.param(
            {"target": "$.a", "x-upstream-issue": "#12", "remove": True, "x-expected": 1},
            r"`x-upstream-issue` is not an http\(s\) URL",
            id="no link",
        ),
        pytest.param(
            {"target": "$.a", "x-upstream-isue": "x", "remove": True, "x-expected": 1},
            "unknown x-upstream-isue",
            id="a key of ours misspelt",
        ),
        pytest.param(
            {"target": "$.a", "update": {}, "copy": "$.b", "x-expected": {}},
            "unknown copy",
            id="copy is new in 1.1",
        ),
        pytest.param(
            {"target": "a b", "update": {}, "x-expected": {}}, "is not a JSONPath", id="no path"
        ),
    ],
)
def test_an_action_that_is_not_one_is_refused(tmp_path: Path, action: Any, says: str) -> None:
    with pytest.raises(OverlayError, match=says):
        _overlay(tmp_path, [action])


@pytest.mark.parametrize(
    ("fact", "says"),
    [
        pytest.param({"compare": "like"}, "one of contains, equals, keys, par", id="compare"),
        pytest.param({"compare": "keys"}, "`expected` is a list", id="no list of keys"),
        pytest.param({"keys-matching": "["}, "`keys-matching`: unterminated", id="no pattern"),
        pytest.param({"relied-on-by": "here"}, "maps a file to a string", id="no string"),
        pytest.param({"relied-on-by": {}}, "maps a file to a string", id="no file"),
        pytest.param({"relied-on-by": {"here": ""}}, "maps a file to a string", id="empty"),
        pytest.param({"relied-on-by": {"here": 5}}, "maps a file to a string", id="a number"),
    ],
)
def test_an_assumption_that_is_not_one_is_refused(tmp_path: Path, fact: Any, says: str) -> None:
    with pytest.raises(OverlayError, match=says):
        _overlay(tmp_path, upstream_facts=[{"pointer": "/a", "expected": "x"} | fact])


def test_who_relies_on_a_fact_is_looked_up_in_the_checkout(tmp_path: Path) -> None:
    (tmp_path / "client.py").write_text("key = 1\n")
    (tmp_path / "latin1.py").write_bytes(b"key\xff")
    relied_on_by = [
        {"client.py": "key ="},
        {"client.py": "key", "engine.py": "key"},
        {"client.py": "keys"},
        {"latin1.py": "key"},
        {".": "key"},
    ]
    corrections = _overlay(
        tmp_path,
        upstream_facts=[
            {"pointer": f"/{number}", "expected": 1, "relied-on-by": files}
            for number, files in enumerate(relied_on_by)
        ],
    )
    with pytest.raises(OverlayError) as error:
        overlay.require_mentions(corrections, tmp_path)
    assert [line.partition("/overlay.json ")[2] for line in str(error.value).splitlines()[1:]] == [
        "x-upstream-facts[1]: /1: engine.py is no text file of this checkout",
        "x-upstream-facts[2]: /2: client.py doesn't mention 'keys'",
        "x-upstream-facts[3]: /3: latin1.py is no text file of this checkout",
        "x-upstream-facts[4]: /4: . is no text file of this checkout",
    ]
