"""`x-expected` of each kind of action, at one place or several: corrections expire."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from codegen.errors import FactsError, OverlayError
from codegen.spec import facts, overlay, validate
from codegen.spec.omissions import omissions
from codegen.spec.upstream import Upstream
from tests.codegen import support
from tests.codegen.support import write_json, write_overlay

if TYPE_CHECKING:
    from pathlib import Path

    from tests.codegen.support import Clone

ISSUE = "https://vendor.example/issues/12"
OVERLAY = {"overlay": "1.1.0", "info": {"title": "T", "version": "1"}}


def _judged(tmp_path: Path, actions: Any, upstream: Any) -> list[facts.Fact]:
    listed = [{"x-reason": "a test"} | action for action in actions]
    path = write_json(tmp_path / "overlay.json", OVERLAY | {"actions": listed})
    return facts.judge(overlay.read(path), upstream)


PRIMITIVE = {"target": "$.a.pattern", "update": "^[0-9]+$", "x-expected": "^d+$"}
ARRAY = {"target": "$.a.tags", "update": ["y"], "x-expected": ["x"]}
ITEM = {"target": "$.a.tags", "update": {"name": "y"}, "x-expected": [{"name": "x"}]}
COPY = {"target": "$.a", "copy": "$.b", "x-expected": {"p": 1}}
COPIED = {"target": "$.a.p", "copy": "$.b.p", "x-expected": 1}
ROOT = {
    "target": "$",
    "update": {"info": {"x": 1, "y": {"z": 2}}},
    "x-expected": {"info": {"y": {"z": 1}}},
}
SEVERAL = {
    "target": "$.p.*.get",
    "update": {"safe": True},
    "x-expected": {"/p/a/get": {}, "/p/b/get": {"safe": False}},
}
NUMBERS = {"target": "$.p.*.n", "update": 2, "x-expected": {"/p/a/n": 1, "/p/b/n": 1}}
DEV = {
    "target": "$.servers[?@.name == 'Dev']",
    "remove": True,
    "x-expected": {"/servers/0": {"name": "Dev"}, "/servers/2": {"url": "c"}},
}
SERVERS = [{"name": "Dev", "url": "a"}, {"url": "b"}, {"name": "Dev", "url": "c"}]
STATES = [
    pytest.param(PRIMITIVE, {"a": {"pattern": "^d+$"}}, "holds", id="primitive holds"),
    pytest.param(PRIMITIVE, {"a": {"pattern": r"^\d+$"}}, "fixed", id="primitive fixed by effect"),
    pytest.param(PRIMITIVE, {"a": {"pattern": "^e+$"}}, "changed", id="primitive changed"),
    pytest.param(PRIMITIVE, {"a": {"pattern": {}}}, "changed", id="primitive of another kind"),
    pytest.param(PRIMITIVE, {"a": {}}, "gone", id="primitive gone"),
    pytest.param(ARRAY, {"a": {"tags": ["x"]}}, "holds", id="array holds"),
    pytest.param(ARRAY, {"a": {"tags": ["x", "y"]}}, "fixed", id="array fixed"),
    pytest.param(ARRAY, {"a": {"tags": ["x", "z"]}}, "changed", id="array changed"),
    pytest.param(ARRAY, {"a": {}}, "gone", id="array gone"),
    pytest.param(ITEM, {"a": {"tags": [{"name": "x"}]}}, "holds", id="item holds"),
    pytest.param(ITEM, {"a": {"tags": [{"name": "x"}, {"name": "y"}]}}, "fixed", id="item fixed"),
    pytest.param(ITEM, {"a": {"tags": []}}, "changed", id="item changed"),
    pytest.param(COPY, {"a": {"p": 1, "z": 0}, "b": {"p": 2, "q": 3}}, "holds", id="copy holds"),
    pytest.param(COPY, {"a": {"p": 2, "q": 3}, "b": {"p": 2, "q": 3}}, "fixed", id="copy fixed"),
    pytest.param(COPY, {"a": {"p": 5}, "b": {"p": 2}}, "changed", id="copy: target changed"),
    pytest.param(COPY, {"a": {"p": 1, "q": 1}, "b": {"p": 2, "q": 3}}, "changed", id="copy: key"),
    pytest.param(COPY, {"b": {"p": 2}}, "gone", id="copy: target gone"),
    pytest.param(COPY, {"a": {"p": 1}}, "gone", id="copy: source gone"),
    pytest.param(COPY, {"a": {"$ref": "#/b", "p": 1}, "b": {"p": 1}}, "changed", id="copy on $ref"),
    pytest.param(COPIED, {"a": {"p": 1}, "b": {"p": 2}}, "holds", id="copied value holds"),
    pytest.param(COPIED, {"a": {"p": 2}, "b": {"p": 2}}, "fixed", id="copied value fixed"),
    pytest.param(COPIED, {"a": {"p": 3}, "b": {"p": 2}}, "changed", id="copied value changed"),
    pytest.param(ROOT, {"info": {"t": 0, "y": {"z": 1, "w": 1}}}, "holds", id="root holds"),
    pytest.param(ROOT, {"info": {"x": 1, "y": {"z": 2}}}, "fixed", id="root fixed"),
    pytest.param(ROOT, {"info": {"x": 1, "y": {"z": 1}}}, "changed", id="root changed"),
    pytest.param(ROOT, {}, "changed", id="root without it"),
    pytest.param(
        SEVERAL,
        {"p": {"a": {"get": {}}, "b": {"get": {"safe": False}}, "c": {"put": {}}}},
        "holds",
        id="several hold",
    ),
    pytest.param(
        SEVERAL,
        {"p": {"a": {"get": {"safe": True}}, "b": {"get": {"safe": True}}}},
        "fixed",
        id="several fixed",
    ),
    pytest.param(
        SEVERAL,
        {"p": {"a": {"get": {"safe": True}}, "b": {"get": {"safe": False}}}},
        "changed",
        id="one of several fixed",
    ),
    pytest.param(
        SEVERAL,
        {"p": {name: {"get": {"safe": False} if name == "b" else {}} for name in "abc"}},
        "changed",
        id="one appeared",
    ),
    pytest.param(SEVERAL, {"p": {"a": {"get": {}}}}, "changed", id="one vanished"),
    pytest.param(SEVERAL, {"p": {}}, "gone", id="all vanished"),
    pytest.param(NUMBERS, {"p": {"a": {"n": 1}, "b": {"n": 1.0}}}, "holds", id="numbers hold"),
    pytest.param(NUMBERS, {"p": {"a": {"n": 2}, "b": {"n": 2}}}, "fixed", id="numbers fixed"),
    pytest.param(NUMBERS, {"p": {"a": {"n": True}, "b": {"n": 1}}}, "changed", id="true is not 1"),
    pytest.param(DEV, {"servers": SERVERS}, "holds", id="removal of several holds"),
    pytest.param(DEV, {"servers": SERVERS[1:2]}, "fixed", id="all removed by upstream"),
    pytest.param(DEV, {"servers": SERVERS[:2]}, "changed", id="one removed by upstream"),
    pytest.param(DEV, {"servers": [*SERVERS, SERVERS[0]]}, "changed", id="one more to remove"),
    pytest.param(DEV, {}, "gone", id="what held them is gone"),
]


@pytest.mark.parametrize(("action", "upstream", "state"), STATES)
def test_every_kind_of_action_expires(
    tmp_path: Path, action: Any, upstream: Any, state: str
) -> None:
    (fact,) = _judged(tmp_path, [action], upstream)
    assert (fact.state, fact.override) == (state, f"{tmp_path.name}/overlay.json actions[0]")


def test_of_several_places_those_are_told_that_no_longer_hold(tmp_path: Path) -> None:
    action = SEVERAL | {"x-upstream-issue": ISSUE}
    upstream = {"p": {"a": {"get": {"safe": 0}}, "c": {"get": {"safe": 1}}}}
    judged = _judged(tmp_path, [action], upstream)
    with pytest.raises(FactsError) as error:
        facts.require(judged)
    told = str(error.value)
    assert "changed: $.p.*.get\n" in told
    assert '  expected  {"/p/a/get": {}, "/p/b/get": {"safe": false}}\n' in told
    assert '  found     {"/p/a/get": {"safe": 0}, "/p/c/get": {"safe": 1}}\n' in told
    assert f"  issue     {ISSUE}\n" in told
    assert told.endswith("(3 of 3 places)")
    upstream["p"] |= {"a": {"get": {}}, "b": {"get": {"safe": False}}}
    (fact,) = _judged(tmp_path, [action], upstream)
    assert (fact.expected, fact.found) == ({}, {"/p/c/get": {"safe": 1}})


def test_what_is_to_be_copied_is_told_by_its_own_path(tmp_path: Path) -> None:
    (fact,) = _judged(tmp_path, [COPY | {"copy": "$.b[*]"}], {"a": {}, "b": [1, 2]})
    assert (fact.pointer, fact.state, fact.found) == ("$.b[*]", "changed", ["/b/0", "/b/1"])


def test_an_action_is_judged_by_what_those_before_it_left(tmp_path: Path) -> None:
    move = [
        {"target": "$.p", "update": {"/new": {}}, "x-expected": {}},
        {"target": "$.p['/new']", "copy": "$.p['/old']", "x-expected": {}},
        {"target": "$.p['/old']", "remove": True, "x-expected": {"get": {}}},
    ]
    judged = _judged(tmp_path, move, {"p": {"/old": {"get": {}}}})
    assert [fact.state for fact in judged] == ["holds"] * 3
    judged = _judged(tmp_path, move, {"p": {"/new": {"get": {}}}})
    assert [fact.state for fact in judged] == ["fixed", "gone", "fixed"]
    judged = _judged(tmp_path, move, {"p": {"/new": {"get": {}}, "/old": {"get": {}}}})
    assert [fact.state for fact in judged] == ["fixed", "fixed", "holds"]


@pytest.mark.parametrize(
    ("action", "says"),
    [
        pytest.param({"target": "$.*", "update": 1, "x-expected": {}}, "maps the JSON", id="none"),
        pytest.param({"target": "$.*", "update": 1, "x-expected": {"a": 1}}, "maps", id="a name"),
        pytest.param({"target": "$.*", "update": 1, "x-expected": [1]}, "maps the JSON", id="list"),
        pytest.param(
            {"target": "$.*", "update": {"a": 1}, "x-expected": {"/x": {"b": 1}}},
            "same keys",
            id="other keys",
        ),
        pytest.param({"target": "$.a", "copy": "$.b"}, "lacks x-expected", id="no x-expected"),
        pytest.param({"target": "$.a", "x-expected": 1}, "needs either", id="nothing to do"),
        pytest.param(
            {"target": "$.a", "copy": "$.b", "remove": True, "x-expected": 1}, "either", id="both"
        ),
    ],
)
def test_x_expected_that_cannot_be_compared_is_refused(
    tmp_path: Path, action: Any, says: str
) -> None:
    with pytest.raises(OverlayError, match=says):
        _judged(tmp_path, [action], {})


def test_each_operation_of_several_that_is_left_out_is_listed(tmp_path: Path) -> None:
    action = {"target": "$.paths['/a', '/b'].get", "remove": True, "x-reason": "not for us"}
    expected = {"/paths/~1a/get": {"x": 1}, "/paths/~1b/get": {"x": 1}}
    listed = [action | {"x-expected": expected}]
    path = write_json(tmp_path / "overlay.json", OVERLAY | {"actions": listed})
    assert [what for what, _ in omissions(overlay.read(path))] == ["`GET /a`", "`GET /b`"]


@pytest.mark.parametrize(
    "action",
    [
        pytest.param(
            {
                "target": "$.paths['/pets', '/health'].get",
                "update": {"deprecated": 5},
                "x-expected": {"/paths/~1health/get": {}, "/paths/~1pets/get": {}},
            },
            id="several places",
        ),
        pytest.param(
            {
                "target": "$.paths['/health'].get",
                "copy": "$.x-source",
                "x-expected": {},
            },
            id="a copy",
        ),
        pytest.param(
            {
                "target": "$.paths['/health'].get.operationId",
                "update": 7,
                "x-expected": "getHealth",
            },
            id="a primitive value",
        ),
    ],
)
def test_what_an_action_makes_invalid_is_told_by_the_action(tmp_path: Path, action: Any) -> None:
    shop = support.shop() | {"x-source": {"deprecated": 5}}
    listed = [action | {"x-reason": "a test"}]
    path = write_json(tmp_path / "overlay.json", OVERLAY | {"actions": listed})
    corrections = overlay.read(path)
    upstream = Upstream.read(json.dumps(shop).encode(), "spec.json")
    document = overlay.apply(corrections, upstream.document)
    with pytest.raises(Exception, match=r"overlay.json actions\[0\]\): "):
        validate.require_openapi(document, upstream, corrections)


def test_the_report_names_the_vendors_issue_and_foresees_past_a_fixed_removal(
    clone: Clone, tmp_path: Path
) -> None:
    spec = support.shop()
    actions = [
        {
            "target": "$.paths['/health'].get.deprecated",
            "remove": True,
            "x-expected": True,
            "x-upstream-issue": ISSUE,
        },
        {"target": "$.paths['/health'].get", "update": {"tags": ["status"]}, "x-expected": {}},
    ]
    write_overlay(clone.root, actions)
    run = clone.main("--spec", str(write_json(tmp_path / "new.json", spec)), "--dry-run", "--json")
    report = json.loads(run.stdout)
    assert run.returncode == 5
    assert [fact["upstream_issue"] for fact in report["facts"]] == [ISSUE, None]
    assert f"  issue     {ISSUE}\n" in report["stopped"]
    assert report["verdict_once_mended"] is not None
