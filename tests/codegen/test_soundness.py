"""What someone could send and can't any more is breaking, and what is said to be equal is equal.

Two schemas of the space that is described here are compared, and a JSON Schema validator decides by
values which of them takes more. A value of two variants of oneOf counts as fit (servers rarely
look), and a field that was unknown may be anything before it is declared.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codegen.diff.specs import spec_changes
from codegen.verdict import verdict
from tests.codegen.test_schema_changes import COMPONENTS, spec

Schema = dict[str, Any]
NAMES = st.sampled_from("abcxz")
LIMITS: list[tuple[str, list[Any]]] = [
    *(("minLength", [0, 1, 2]), ("maxLength", [1, 2, 5])),
    ("pattern", ["^a", "b$", ".*", "^[a-z]+$"]),
    *(("minimum", [0, 1, 5]), ("maximum", [3, 9]), ("exclusiveMinimum", [0, 2])),
    ("multipleOf", [2, 3, 4]),
]
DEMANDS: list[tuple[str, list[Any]]] = [
    ("additionalProperties", [True, False, {"type": "string"}]),
    *(("minProperties", [0, 1]), ("dependentRequired", [{"a": ["b"]}])),
    ("anyOf", [[{"required": ["a"]}], [{"required": ["b"]}, {"required": ["c"]}]]),
    *(("not", [{"required": ["b"]}]), ("if, then", [{"a": "b"}, {"a": "c"}])),
]
TYPES = st.lists(
    st.sampled_from(["string", "integer", "null", "boolean", "object"]),
    min_size=1,
    max_size=3,
    unique=True,
)


def some(*keys: tuple[str, list[Any]]) -> st.SearchStrategy[Schema]:
    """Return a few of `keys`, each with one of its values."""
    optional = {key: st.sampled_from(values) for key, values in keys}
    return st.fixed_dictionaries({}, optional=optional).map(copy.deepcopy)


LEAVES: st.SearchStrategy[Schema] = st.one_of(
    st.builds(lambda limits: {"type": "string"} | limits, some(*LIMITS[:3])),
    st.builds(lambda limits: {"type": "integer"} | limits, some(*LIMITS[3:])),
    st.builds(lambda limits: {"type": "number"} | limits, some(("maximum", [1.5, 9]))),
    st.permutations(["a", "b", 1, True]).map(lambda values: {"enum": values[:2]}),
    st.builds(lambda types: {"type": types}, TYPES),
    st.sampled_from([{"const": "a"}, {"const": 1}, {"const": True}, {}]),
    st.sampled_from([{"$ref": f"#/components/schemas/{name}"} for name in ("A", "B", "Short")]),
)


def larger(inner: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    """Return schemas that have others in them."""
    parts = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        st.builds(
            lambda fields, required, demands: _thing(fields, required) | _written(demands),
            st.dictionaries(NAMES, inner, max_size=3),
            st.lists(NAMES, max_size=2, unique=True),
            some(*DEMANDS),
        ),
        st.builds(
            lambda items, limits: {"type": "array", "items": items} | limits,
            inner,
            some(("minItems", [0, 1]), ("maxItems", [1, 2]), ("uniqueItems", [True, False])),
        ),
        st.builds(lambda each, beside: {"allOf": each} | beside, parts, some(LIMITS[1])),
        st.builds(lambda each, beside: {"anyOf": each} | beside, parts, some(LIMITS[1])),
        st.builds(lambda one, other: {"oneOf": one, "anyOf": other}, parts, parts),
        st.builds(lambda leaf, other: leaf | {"not": other}, LEAVES, LEAVES),
    )


def _thing(fields: Schema, required: list[str]) -> Schema:
    return {"type": "object", "properties": fields, "required": required}


def _written(demands: Schema) -> Schema:
    """Return demands in which `if` and `then` are spelt as JSON Schema has them."""
    for condition, consequence in demands.pop("if, then", {}).items():
        demands |= {"if": {"required": [condition]}, "then": {"required": [consequence]}}
    return demands


SCHEMAS = st.recursive(LEAVES, larger, max_leaves=6)
VALUES = st.recursive(
    st.sampled_from(["", "a", "b", "ab", "aaaaaa", "B", 0, 1, 2, 3, 4, 6, 12, -1, 1.5, True, None]),
    lambda inner: st.dictionaries(NAMES, inner, max_size=3) | st.lists(inner, max_size=2),
    max_leaves=5,
)


@st.composite
def edits(draw: st.DrawFn) -> tuple[Schema, Schema]:
    """Return a schema before and after an edit or two, anywhere in it."""
    before = draw(SCHEMAS)
    after = copy.deepcopy(before)
    for _ in range(draw(st.integers(1, 2))):
        place = draw(st.sampled_from(list(_places(after))))
        other = copy.deepcopy(draw(SCHEMAS))
        how = draw(st.sampled_from(["anew", "without a key", "as well"]))
        if how == "anew":
            place.clear()
        elif how == "without a key" and place:
            del place[draw(st.sampled_from(sorted(place)))]
        kept = draw(st.sets(st.sampled_from(sorted(other)))) if other else set()
        place |= {key: other[key] for key in kept}
    return before, after


def _places(schema: Schema) -> Iterator[Schema]:
    yield schema
    children = [*schema.get("properties", {}).values(), schema.get("items"), schema.get("not")]
    for kind in ("allOf", "anyOf", "oneOf"):
        children += schema.get(kind, [])
    for child in children:
        if isinstance(child, dict):
            yield from _places(child)


def _validator(schema: Schema) -> Any:
    dialect = "https://json-schema.org/draft/2020-12/schema"
    components = {"schemas": COMPONENTS}
    part = _as_read(schema)
    return jsonschema_rs.validator_for(
        {"$schema": dialect, "components": components, "allOf": [part]}
    )


def _as_read(value: Any) -> Any:
    """Return a schema with anyOf for oneOf, and the type that fields mean to the generator."""
    if isinstance(value, list):
        return [_as_read(each) for each in value]
    if not isinstance(value, dict):
        return value
    made = {key: _as_read(each) for key, each in value.items()}
    if "oneOf" in made:
        made["allOf"] = [*made.get("allOf", []), {"anyOf": made.pop("oneOf")}]
    if "properties" in made and not made.keys() & {"type", "enum", "const", "$ref"}:
        made["type"] = "object"
    return made


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(edits(), st.lists(VALUES, min_size=20, max_size=40))
def test_what_can_no_longer_be_sent_is_breaking(
    edit: tuple[Schema, Schema], values: list[Any]
) -> None:
    before, after = edit
    changes = spec_changes(spec(before, "requests"), spec(after, "requests"))
    was_fit, is_fit = _validator(before).is_valid, _validator(after).is_valid
    declared = any(change.what.startswith("field added") for change in changes)
    for value in values:
        if was_fit(value) and not is_fit(value):
            assert declared or verdict(changes) == "major", (value, changes)
        if is_fit(value) and not was_fit(value):
            assert verdict(changes) != "none", value
