"""Values made from schemas are valid, found where there are any, and the same at each run."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oneloop.sandbox import pattern
from oneloop.sandbox.sample import NoSampleError, Schemas, sample


def spec(version: str = "3.1.0", /, **schemas: Any) -> dict[str, Any]:
    return {"openapi": version, "paths": {}, "components": {"schemas": schemas}}


def made(schema: Any, direction: Any = "response", version: str = "3.1.0") -> Any:
    return sample(spec(version), schema, direction=direction)


NOTED: dict[str, Any] = {
    "type": "object",
    "required": ["id", "secret"],
    "properties": {
        "id": {"type": "string", "readOnly": True},
        "secret": {"type": "string", "writeOnly": True},
        "name": {"type": "string"},
    },
}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        pytest.param({"type": "string"}, "string", id="text"),
        pytest.param({"type": "string", "minLength": 9}, "string---", id="long text"),
        pytest.param({"type": "string", "maxLength": 2}, "aa", id="short text"),
        pytest.param({"type": "string", "maxLength": 0}, "", id="empty text"),
        pytest.param({"type": "string", "format": "date"}, "2025-01-15", id="format"),
        pytest.param({"format": "ipv4"}, "192.0.2.1", id="format without a type"),
        pytest.param({"type": "string", "format": "unknown"}, "string", id="unknown format"),
        pytest.param({"type": "integer"}, 1, id="integer"),
        pytest.param({"type": "integer", "minimum": 5}, 5, id="minimum"),
        pytest.param({"type": "integer", "exclusiveMinimum": 5}, 6, id="exclusive minimum"),
        pytest.param({"type": "integer", "maximum": -3}, -3, id="maximum"),
        pytest.param({"type": "integer", "minimum": 20, "multipleOf": 7}, 21, id="multiple"),
        pytest.param({"type": "number", "minimum": 0.015, "multipleOf": 0.01}, 0.02, id="step"),
        pytest.param(
            {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, 0.5, id="fraction"
        ),
        pytest.param({"type": ["null", "boolean"]}, True, id="null comes last"),
        pytest.param({"enum": [None, "x"]}, "x", id="null comes last in an enum"),
        pytest.param({"const": {"a": 1}}, {"a": 1}, id="const"),
        pytest.param({"type": "string", "examples": [5, "hi"]}, "hi", id="first valid example"),
        pytest.param({"type": "string", "default": "d"}, "d", id="default"),
        pytest.param({"type": "array", "items": {"type": "integer"}}, [1], id="array"),
        pytest.param(
            {"type": "array", "items": {"enum": [1, 2, 3]}, "minItems": 3, "uniqueItems": True},
            [1, 2, 3],
            id="unique items",
        ),
        pytest.param(
            {"type": "array", "items": {"properties": {"a": {"type": "boolean"}}}}
            | {"minItems": 2, "uniqueItems": True},
            [{"a": True}, {"a": False}],
            id="unique objects",
        ),
        pytest.param({"prefixItems": [{"const": "a"}], "items": False}, ["a"], id="prefix"),
        pytest.param({"contains": {"const": 5}, "minItems": 2}, [5, "string"], id="contains"),
        pytest.param({"items": False}, [], id="no items"),
        pytest.param({"additionalProperties": {"const": 1}}, {"key1": 1}, id="map"),
        pytest.param({"type": "object"}, {}, id="object of anything"),
        pytest.param(
            {"type": "object", "minProperties": 2, "maxProperties": 2},
            {"key1": "string", "key2": "string"},
            id="as many fields",
        ),
        pytest.param(
            {"maxProperties": 1, "properties": {"a": {}, "b": {"const": 1}}, "required": ["b"]},
            {"b": 1},
            id="as few fields",
        ),
        pytest.param(
            {"patternProperties": {"^x-": {"const": 1}}, "additionalProperties": False}
            | {"minProperties": 1},
            {"x-": 1},
            id="names by pattern",
        ),
        pytest.param(
            {"propertyNames": {"enum": ["k"]}, "minProperties": 1}, {"k": "string"}, id="names"
        ),
        pytest.param({"not": {"type": "string"}}, {}, id="not"),
        pytest.param(
            {"allOf": [{"type": "integer", "minimum": 3}, {"maximum": 4}, {"multipleOf": 2}]},
            4,
            id="allOf",
        ),
        pytest.param({"oneOf": [{"type": "null"}, {"type": "integer"}]}, 1, id="oneOf"),
        pytest.param(
            {"oneOf": [{"properties": {"a": {"const": 1}}}, {"required": ["b"]}]},
            {"a": 1},
            id="exclusive",
        ),
        pytest.param(
            {"properties": {"k": {"const": "a"}}, "required": ["k"]}
            | {"if": {"properties": {"k": {"const": "a"}}}, "then": {"required": ["x"]}},
            {"k": "a", "x": "string"},
            id="if",
        ),
        pytest.param({}, "string", id="anything"),
        pytest.param(True, "string", id="true"),
    ],
)
def test_what_is_made(schema: Any, expected: Any) -> None:
    assert made(schema) == expected
    assert jsonschema_rs.Draft202012Validator(schema).is_valid(expected)


@pytest.mark.parametrize(
    ("direction", "expected"),
    [
        pytest.param("response", {"id": "string", "name": "string"}, id="response"),
        pytest.param("request", {"secret": "string", "name": "string"}, id="request"),
    ],
)
def test_direction(direction: Any, expected: Any) -> None:
    assert made(NOTED, direction) == expected


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        pytest.param({"type": "integer", "minimum": 0, "exclusiveMinimum": True}, 1, id="limits"),
        pytest.param({"type": "string", "enum": ["a"], "nullable": True}, "a", id="nullable"),
        pytest.param({"type": "string", "example": "e"}, "e", id="example"),
        pytest.param({"type": "string", "example": None, "nullable": True}, None, id="null"),
    ],
)
def test_as_openapi_3_0_says(schema: Any, expected: Any) -> None:
    assert made(schema, version="3.0.3") == expected


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


PETS: dict[str, Any] = {
    "Union": {
        "oneOf": [ref("Cat"), ref("Dog")],
        "discriminator": {"propertyName": "kind", "mapping": {"kitty": "Cat"}},
    },
    "Cat": {"properties": {"kind": {"type": "string"}}, "required": ["kind"]},
    "Dog": {"properties": {"kind": {"const": "hound"}}, "required": ["kind"]},
    "Base": {
        "properties": {"kind": {"type": "string"}},
        "required": ["kind"],
        "discriminator": {"propertyName": "kind"},
    },
    "Bird": {"allOf": [ref("Base"), {"properties": {"flies": {"type": "boolean"}}}]},
    "Closed": {"oneOf": [ref("Dog")], "discriminator": {"propertyName": "kind"}},
}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("Union", {"kind": "kitty"}, id="mapped"),
        pytest.param("Bird", {"kind": "Bird", "flies": True}, id="inherited"),
        pytest.param("Base", {"kind": "Base"}, id="its own"),
        pytest.param("Closed", {"kind": "hound"}, id="another value than the variant's name"),
    ],
)
def test_discriminator(name: str, expected: Any) -> None:
    for direction in ("request", "response"):
        document = spec(**PETS)
        assert sample(document, f"/components/schemas/{name}", direction=direction) == expected


LOOPS: dict[str, Any] = {
    "Tree": {"properties": {"children": {"type": "array", "items": ref("Tree")}}},
    "Parent": {"properties": {"up": {"anyOf": [ref("Parent"), {"type": "null"}]}}},
    "Here": {"properties": {"there": ref("There")}},
    "There": {"properties": {"here": ref("Here")}, "required": ["here"]},
    "Union": {"oneOf": [ref("Part")]},
    "Part": {"allOf": [ref("Union"), {"type": "object"}]},
    "Never": {"properties": {"again": ref("Never")}, "required": ["again"]},
}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("Tree", {"children": []}, id="array"),
        pytest.param("Parent", {"up": None}, id="null"),
        pytest.param("Here", {}, id="two schemas, one field optional"),
        pytest.param("Part", {}, id="of itself"),
    ],
)
def test_schema_that_refers_to_itself(name: str, expected: Any) -> None:
    document = spec(**LOOPS)
    assert sample(document, f"#/components/schemas/{name}", direction="response") == expected


HUGE = 1_000_000_000
MANY = {"type": "array", "minItems": 9_000}


@pytest.mark.parametrize(
    "schema",
    [
        pytest.param({"type": "string", "minLength": HUGE}, id="a long text"),
        pytest.param({"type": "string", "minLength": HUGE, "pattern": "a"}, id="by a pattern"),
        pytest.param({"type": "array", "minItems": HUGE}, id="many items"),
        pytest.param({"contains": {"const": 1}, "minContains": HUGE}, id="many of a kind"),
        pytest.param(MANY | {"items": MANY | {"items": MANY}}, id="many of many"),
        pytest.param(
            MANY | {"items": {"required": ["a"], "properties": {"a": MANY}}}, id="many in many"
        ),
        pytest.param({"type": "object", "minProperties": HUGE}, id="many fields"),
    ],
)
def test_what_is_too_large_is_none(schema: Any) -> None:
    with pytest.raises(NoSampleError, match="schema"):
        made(schema)
    field = {"properties": {"a": schema, "b": {"const": 1}}}
    assert made(field) == {"b": 1}
    assert made(schema | {"examples": [5], "type": ["integer"]}) == 5


def test_what_is_large_is_made() -> None:
    assert len(made({"type": "string", "minLength": 9_000})) == 9_000
    assert len(made(MANY | {"items": {"properties": {"a": {"type": "integer"}}}})) == 9_000


@pytest.mark.parametrize(
    "schema",
    [
        pytest.param(False, id="false"),
        pytest.param(ref("Never"), id="endless"),
        pytest.param({"type": "integer", "minimum": 2, "maximum": 1}, id="no number"),
        pytest.param(ref("Unknown"), id="$ref that leads nowhere"),
        pytest.param({"type": "array", "minItems": 3, "uniqueItems": True, "items": {"enum": [1]}},
                     id="too few values"),
    ],
)  # fmt: skip
def test_none_is_found(schema: Any) -> None:
    with pytest.raises(NoSampleError, match="schema"):
        sample(spec(**LOOPS), schema, direction="response")


@pytest.mark.parametrize("pattern", ["(", f"a{{{HUGE}}}", "^[^]$"])
def test_pattern_that_the_client_leaves_out_is_left_out(pattern: str) -> None:
    assert len(made({"type": "string", "pattern": pattern, "minLength": 7})) == 7


def test_wide_schemas_end() -> None:
    """Thirty schemas, each with a field of every other: more than 30! ways through them."""
    names = [f"S{number}" for number in range(30)]
    document = spec(**{name: {"properties": {each: ref(each) for each in names}} for name in names})
    assert sample(document, "/components/schemas/S0", direction="response")


def test_parts_that_exclude_each_other_are_taken_as_the_client_takes_them() -> None:
    parts = [
        {"properties": {name: {"const": 1}}, "required": [name], "additionalProperties": False}
        for name in ("a", "b")
    ]
    schemas = Schemas(spec(), "request")
    assert schemas.sample({"allOf": parts}) == {"a": 1, "b": 1}
    assert schemas.flaw({"allOf": parts}, {"a": 1, "b": 1}) is None
    assert schemas.flaw(parts[0], {"a": 1, "b": 1})


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        pytest.param("^[A-Z]{2}-[0-9]{3,5}$", "AB-012", id="classes"),
        pytest.param("^(foo|bar)?$", "", id="optional group"),
        pytest.param("^(?:a|b)+$", "a", id="group"),
        pytest.param("^\\d{4}-\\d{2}$", "0123-01", id="escapes"),
        pytest.param("^[^a-z]$", "A", id="negated class"),
        pytest.param("^\\u0041\\x42\\.$", "AB.", id="codes"),
        pytest.param("^\\p{Lu}$", "A", id="property"),
        pytest.param("^(?=.*[A-Z])(?=.*\\d)[A-Za-z\\d]{4,}$", "AB0", id="look-ahead"),
        pytest.param("^(?!0)[0-9]$", "1", id="negative look-ahead"),
        pytest.param("^(?<year>\\d{2})$", "01", id="named group"),
        pytest.param("^[\\w.+-]+@[a-z]+$", "a@a", id="class with a hyphen"),
        pytest.param("^a+?b*?$", "a", id="lazy"),
        pytest.param("id", "id", id="not anchored"),
    ],
)
def test_texts_for_a_pattern(expression: str, expected: str) -> None:
    value = made({"type": "string", "pattern": expression})
    assert value.startswith(expected[:2])
    assert jsonschema_rs.Draft202012Validator({"pattern": expression}).is_valid(value)


@given(st.text(alphabet="ab01^$.|?*+(){}[]\\-,dwsDWSpPuxLN<=!:", max_size=20))
def test_any_pattern_has_texts_or_none(expression: str) -> None:
    for _, text in zip(range(5), pattern.texts(expression), strict=False):
        assert isinstance(text, str)


def limits(low: str, high: str, most: int) -> st.SearchStrategy[dict[str, int]]:
    numbers = st.tuples(st.integers(0, most), st.integers(0, most)).map(sorted)
    return numbers.flatmap(
        lambda pair: st.fixed_dictionaries(
            {}, optional={low: st.just(pair[0]), high: st.just(pair[1])}
        )
    )


def typed(kind: str, strategy: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[Any]:
    return strategy.map(lambda keywords: {"type": kind, **keywords})


FORMATS = ["date", "date-time", "time", "duration", "email", "hostname", "ipv4", "ipv6", "uri"]
FORMATS += ["uri-reference", "iri", "uuid", "uri-template", "json-pointer", "regex", "byte"]
FORMATS += ["idn-email", "idn-hostname", "iri-reference", "relative-json-pointer"]
SCALARS = st.one_of(
    typed("string", limits("minLength", "maxLength", 12)),
    typed("string", st.fixed_dictionaries({"format": st.sampled_from(FORMATS)})),
    typed("integer", limits("minimum", "maximum", 50)),
    typed("integer", st.fixed_dictionaries({"multipleOf": st.integers(1, 9)})),
    typed("number", limits("exclusiveMinimum", "maximum", 3).filter(
        lambda said: said.get("exclusiveMinimum", 0) < said.get("maximum", 9)
    )),
    st.just({"type": ["boolean", "null"]}),
    st.fixed_dictionaries({"enum": st.lists(st.integers() | st.text('ab'), min_size=1)}),
)  # fmt: skip


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    names = st.sampled_from(["a", "b", "c"])
    return st.one_of(
        typed("array", st.fixed_dictionaries({"items": inner, "minItems": st.integers(0, 3)})),
        st.dictionaries(names, inner).flatmap(
            lambda fields: st.fixed_dictionaries(
                {
                    "type": st.just("object"),
                    "properties": st.just(fields),
                    "required": st.lists(st.sampled_from(sorted(fields) or ["z"]), unique=True),
                },
                optional={"additionalProperties": st.just(True) | inner},
            )
        ),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"anyOf": parts}),
        inner.map(lambda part: {"allOf": [part, {"description": "more"}]}),
    )  # fmt: skip


@given(st.recursive(SCALARS, nested, max_leaves=8))
def test_a_value_is_found_and_valid(schema: Any) -> None:
    for direction in ("request", "response"):
        value = sample(spec(), schema, direction=direction)
        validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
        validator.validate(json.loads(json.dumps(value)))


def test_each_run_makes_the_same() -> None:
    program = (
        "import json; from oneloop.sandbox.sample import sample;"
        f"print(json.dumps(sample({spec(**PETS)!r}, '/components/schemas/Bird',"
        " direction='response')))"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(runs) == 1
