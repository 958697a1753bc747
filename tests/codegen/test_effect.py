"""What upstream says in other words is the same: patterns, numbers, order, white space."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen.spec import facts, patterns
from codegen.spec.actions import Action
from codegen.spec.effect import alike, has_effect, within
from codegen.spec.overlay import Overlay
from codegen.spec.targets import Query

DIGITS = "^[0-9]+$"


@pytest.mark.parametrize(
    ("left", "right"),
    [
        pytest.param(DIGITS, r"^\d+$", id="a class by its name"),
        pytest.param(DIGITS, "^[0-9]{1,}$", id="a quantifier in braces"),
        pytest.param(DIGITS, "^[0123456789]+$", id="a range written out"),
        pytest.param(DIGITS, r"^\d\d*$", id="one and more"),
        pytest.param(DIGITS, "^(?:[0-9])+$", id="a group"),
        pytest.param(DIGITS, r"^(?=\d)[0-9]+$", id="looking ahead"),
        pytest.param(r"^\d{4}-\d{2}-\d{2}$", "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", id="a day"),
        pytest.param("^bid_[a-z]+$", "^(bid)_[a-z]{1,}$", id="a prefix"),
        pytest.param("^[^/]+$", r"^[^\/]+$", id="an escape too many"),
        pytest.param("^[A-Za-z0-9_]+$", r"^\w+$", id="words"),
        pytest.param("^(cat|dog)$", "^(dog|cat)$", id="alternatives in another order"),
        pytest.param("(", "(", id="the same, although it is none"),
    ],
)
def test_patterns_that_take_the_same_strings(left: str, right: str) -> None:
    assert patterns.agree(left, right)
    assert patterns.agree(right, left)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        pytest.param(DIGITS, "^d+$", id="the letter d"),
        pytest.param(DIGITS, "^[0-9]{1,38}$", id="at most 38"),
        pytest.param(DIGITS, "^[0-9]{1,5000}$", id="at most 5,000"),
        pytest.param(DIGITS, "^[0-9]{1,20000}$", id="at most more than is tried"),
        pytest.param(DIGITS, "^[0-9]*$", id="or nothing"),
        pytest.param(DIGITS, "[0-9]+", id="anywhere"),
        pytest.param(DIGITS, "^[0-9]+", id="no end"),
        pytest.param(DIGITS, r"^[0-9]+\n?$", id="a line break at the end"),
        pytest.param(DIGITS, r"^\p{Nd}+$", id="digits of other scripts"),
        pytest.param(DIGITS, "^[+-]?[0-9]+$", id="a sign"),
        pytest.param(DIGITS, r"^\s*[0-9]+$", id="white space before"),
        pytest.param(DIGITS, "^[0-8]+$", id="no nine"),
        pytest.param(DIGITS, "^[0-35-9]+$", id="no four"),
        pytest.param(DIGITS, "^(0|[1-9][0-9]*)$", id="no zero in front"),
        pytest.param(DIGITS, "(", id="no pattern"),
        pytest.param("^[0-9]{12}$", "^[0-9]{11}[1-9]$", id="the last of twelve"),
        pytest.param("^[0-9a-f]{8}$", "^[0-9a-f]{9}$", id="another length"),
        pytest.param("^a{70}b$", "^c{70}d$", id="both take what nobody tried"),
        pytest.param("^(cat|dog)$", "^(dog|cat|fish)$", id="one alternative more"),
        pytest.param("^a|b$", "^(a|b)$", id="alternatives that bind otherwise"),
        pytest.param("a^", "b^", id="neither takes anything"),
        pytest.param("(" * 5000 + "a" + ")" * 5000, "a", id="5,000 groups"),
    ],
)
def test_patterns_that_differ_or_cannot_be_told(left: str, right: str) -> None:
    assert not patterns.agree(left, right)
    assert not patterns.agree(right, left)


_CLASSES = st.sampled_from(["[0-9]", "[a-c]", "x", "-", "[0-9a-f]", r"\."])
_TIMES = st.sampled_from(["", "+", "*", "?", "{2}", "{1,3}", "{2,}"])
_SHAPES = st.lists(st.tuples(_CLASSES, _TIMES), min_size=1, max_size=4)


@given(_SHAPES, _SHAPES, st.data())
def test_no_string_tells_patterns_apart_that_agree(left: Any, right: Any, data: Any) -> None:
    one, other = ("^" + "".join(map("".join, shape)) + "$" for shape in (left, right))
    if patterns.agree(one, other):
        text = data.draw(st.from_regex(one.replace("$", r"\Z"), fullmatch=True))
        assert re.search(other.replace("$", r"\Z"), text)


@pytest.mark.parametrize(
    ("left", "right", "key", "same"),
    [
        pytest.param(1, 1.0, "minimum", True, id="numbers as numbers"),
        pytest.param(1, True, "minimum", False, id="1 is not true"),
        pytest.param(["a", "b"], ["b", "a"], "required", True, id="required has no order"),
        pytest.param([1, 2.0], [2, 1], "enum", True, id="enum has no order"),
        pytest.param(["a"], ["a", "b"], "enum", False, id="a value more"),
        pytest.param(["a", "b"], ["b", "a"], "oneOf", False, id="other lists have one"),
        pytest.param("a  b\n", " a b", "description", True, id="white space of prose"),
        pytest.param("a  b", "a b", "const", False, id="white space of data"),
        pytest.param({"pattern": DIGITS}, {"pattern": r"^\d+$"}, "x", True, id="inside"),
        pytest.param([{"pattern": DIGITS}], [{"pattern": r"^\d+$"}], "allOf", True, id="in lists"),
        pytest.param("^a$", "^(a)$", "const", False, id="a pattern as data"),
        pytest.param({"a": 1}, {"a": 1, "b": 2}, "x", False, id="a key more"),
    ],
)
def test_values_that_say_the_same(left: Any, right: Any, key: str, *, same: bool) -> None:
    assert alike(left, right, key) is same
    assert alike(right, left, key) is same


def test_a_part_is_within_what_says_more() -> None:
    value = {"a": {"b": [1, 2], "c": {}}, "d": 1}
    assert within({}, value)
    assert within({"a": {"c": {}}}, value)
    assert not within({"a": {"b": [1]}}, value)
    assert not within({"a": {"e": {}}}, value)


def test_lists_joined_have_their_effect_when_the_items_are_there() -> None:
    assert has_effect({"tags": ["usage"]}, {"tags": ["other", "usage"]})
    assert not has_effect({"tags": ["usage"]}, {"tags": ["other"]})
    assert not has_effect({"tags": ["usage"]}, {})


def _state(update: Any, expected: Any, upstream: Any) -> str:
    action = Action(Query("$.x"), update, expected=expected)
    (fact,) = facts.judge(Overlay(actions=(action,)), {"x": upstream})
    return fact.state


@pytest.mark.parametrize(
    ("update", "expected", "upstream", "state"),
    [
        pytest.param(
            {"pattern": DIGITS}, {"pattern": "^d+$"}, {"pattern": r"^\d+$"}, "fixed", id="a pattern"
        ),
        pytest.param(
            {"pattern": DIGITS},
            {"pattern": "^d+$"},
            {"pattern": "^[0-9]{1,38}$"},
            "changed",
            id="a pattern mended otherwise",
        ),
        pytest.param(
            {"minimum": 1}, {"minimum": 0}, {"minimum": 1.0, "x": 1}, "fixed", id="a number"
        ),
        pytest.param(
            {"required": ["b", "a"]},
            {"required": ["a"]},
            {"required": ["a", "b"]},
            "fixed",
            id="a list in another order",
        ),
        pytest.param(
            {"tags": ["usage"]}, {}, {"tags": ["usage"]}, "fixed", id="a list that was absent"
        ),
        pytest.param(
            {"description": "Counts."},
            {"description": "Count ers"},
            {"description": "Count\n  ers"},
            "holds",
            id="prose wrapped anew",
        ),
        pytest.param(
            {"description": "Counts."},
            {"description": "Counters"},
            {"description": " Counts.\n"},
            "fixed",
            id="prose mended",
        ),
    ],
)
def test_an_action_is_fixed_by_effect(
    update: Any, expected: Any, upstream: Any, state: str
) -> None:
    assert _state(update, expected, upstream) == state
