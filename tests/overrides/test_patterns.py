r"""Patterns of ECMA-262 in the spelling of jsonschema-rs, which checks answers."""

from __future__ import annotations

import re
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oneloop._http import schema


@pytest.mark.parametrize(
    ("pattern", "spelled"),
    [
        (r"^[\w-.]+$", r"^[\w\-.]+$"),
        (r"^[.-\w]+$", r"^[.\-\w]+$"),
        (r"^[a-\d]$", r"^[a\-\d]$"),
        (r"^[\w-\d-\s]$", r"^[\w\-\d\-\s]$"),
        (r"^[\w-.\-]+\\$", r"^[\w\-.\-]+\\$"),
        (r"^[\\w-z]$", r"^[\\w-z]$"),
        (r"^\d{4}-\d{2}$", r"^\d{4}-\d{2}$"),
        (r"^[\p{L}\u{1F600}]$", r"^[\p{L}\u{1F600}]$"),
        (r"^(?<a>x)\k<a>$", None),
        ("^[^]$", None),
        ("(", None),
    ],
)
def test_pattern_is_spelled_so_that_it_is_taken(pattern: str, spelled: str | None) -> None:
    assert schema._spelled(pattern) == spelled


@given(st.text("[]^-.a0z", min_size=1, max_size=8).map(lambda text: text.replace("0", r"\d")))
def test_another_spelling_takes_the_same(pattern: str) -> None:
    """Python's `re` takes a hyphen beside a class for itself, as ECMA-262 does without `u`."""
    spelled = schema._HYPHEN.sub(lambda found: found[2] or f"{found[1] or ''}\\-", pattern)
    try:
        wanted = re.compile(pattern)
    except (re.error, FutureWarning):
        return
    for text in ("-", ".", "a", "b", "0", "^", "]", "[", "\\", "a-", "0-z", "-0"):
        assert bool(wanted.search(text)) == bool(re.search(spelled, text))


@pytest.mark.parametrize(
    ("made", "value", "is_right"),
    [
        ({"pattern": "^[^]$", "maxLength": 2}, "abc", False),
        ({"pattern": "^[^]$", "maxLength": 2}, "ab", True),
        ({"not": {"pattern": "^[^]$"}}, "a", True),
        ({"if": {"pattern": "^[^]$"}, "then": False, "else": False}, "a", True),
        ({"patternProperties": {r"^[\w-.]$": {"type": "null"}}}, {".": 1}, False),
        ({"patternProperties": {"^[^]$": False}, "unevaluatedProperties": False}, {"a": 1}, True),
        (
            {
                "patternProperties": {"^[^]$": False, "^b$": {"type": "null"}},
                "additionalProperties": {"type": "null"},
            },
            {"b": 1},
            False,
        ),
    ],
)
def test_rest_of_the_schema_is_checked(made: dict[str, Any], value: Any, is_right: bool) -> None:
    for rules in (schema.READ, schema.ANSWERED, schema.SENT):
        said = schema.translated({"openapi": "3.1.0", "it": made}, rules)["it"]
        assert jsonschema_rs.Draft202012Validator(said).is_valid(value) == is_right
