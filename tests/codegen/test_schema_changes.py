"""The table of schemas: one change a row, with its verdict in answers and in requests."""

from __future__ import annotations

import copy
import time
from typing import Any

import pytest

from codegen.diff.specs import spec_changes
from codegen.errors import SourceError
from codegen.spec.validate import judged
from codegen.verdict import verdict

Schema = Any


def all_of_next(*names: str) -> Schema:
    """Return an object whose field `next` is of each of the components."""
    parts = ({"$ref": f"#/components/schemas/{name}"} for name in names)
    return {"allOf": [{"type": "object", "properties": {"next": part}} for part in parts]}


STRING = {"type": "string"}
INTEGER = {"type": "integer"}
A, B, C = ({"$ref": f"#/components/schemas/{name}"} for name in "ABC")
COMPONENTS = {
    "A": {"type": "object", "required": ["a"], "properties": {"a": STRING}},
    "B": {"type": "object", "properties": {"b": INTEGER}},
    "C": {"type": "object", "properties": {"c": STRING, "again": C}},
    "Short": {"type": "string", "maxLength": 5},
    "Node": {
        "allOf": [
            {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Node"}}},
            {"properties": {"next": {"description": "The one behind"}}},
        ]
    },
    "Pair": all_of_next("Pair", "Other"),
    "Other": all_of_next("Pair"),
}
SHORT = {"$ref": "#/components/schemas/Short"}


def all_of(*parts: Schema, **beside: Any) -> Schema:
    return {"allOf": list(parts)} | beside


def any_of(*parts: Schema, **beside: Any) -> Schema:
    return {"anyOf": list(parts)} | beside


def one_of(*parts: Schema, **beside: Any) -> Schema:
    return {"oneOf": list(parts)} | beside


def string(**keys: Any) -> Schema:
    return STRING | keys


def integer(**keys: Any) -> Schema:
    return INTEGER | keys


def thing(required: tuple[str, ...] = (), /, **fields: Schema) -> Schema:
    return {"type": "object", "required": list(required), "properties": fields}


def demanding(*names: str) -> Schema:
    return {"required": list(names)}


AB = thing(a=STRING, b=STRING)
KINDS: Any = {"propertyName": "a", "mapping": {"x": A["$ref"], "y": B["$ref"]}}
# name, before, after, verdict in answers, verdict in requests, what is said
ROWS: list[tuple[str, Schema, Schema, str, str, str | None]] = [
    # allOf: what its parts say holds at once
    (
        "limit cut in the second part",
        all_of(STRING, {"maxLength": 50}),
        all_of(STRING, {"maxLength": 5}),
        "minor",
        "major",
        "constraint tightened: maxLength 50 → 5",
    ),
    (
        "limit that another part hides",
        all_of(string(maxLength=5), {"maxLength": 50}),
        all_of(string(maxLength=5), {"maxLength": 500}),
        "none",
        "none",
        None,
    ),
    (
        "limit beside the allOf cut",
        all_of(string(maxLength=50), maxLength=50),
        all_of(string(maxLength=50), maxLength=5),
        "minor",
        "major",
        "maxLength 50 → 5",
    ),
    (
        "limit in the second part that the component hides",
        all_of(SHORT, {"maxLength": 50}),
        all_of(SHORT, {"maxLength": 40}),
        "none",
        "none",
        None,
    ),
    (
        "lower limit raised in the second part",
        all_of(integer(minimum=1), {"minimum": 2}),
        all_of(integer(minimum=1), {"minimum": 3}),
        "minor",
        "major",
        "minimum 2 → 3",
    ),
    (
        "enum cut in the second part",
        all_of(string(enum=["a", "b", "c"]), {"enum": ["a", "b"]}),
        all_of(string(enum=["a", "b", "c"]), {"enum": ["a"]}),
        "major",
        "major",
        "enum value removed: b",
    ),
    (
        "enum of two parts written out",
        all_of(string(enum=["a", "b"]), {"enum": ["b", "c"]}),
        string(enum=["b"]),
        "none",
        "none",
        None,
    ),
    (
        "pattern added in the second part",
        all_of(string(pattern="^a"), {"maxLength": 5}),
        all_of(string(pattern="^a"), {"maxLength": 5, "pattern": "b$"}),
        "major",
        "major",
        "constraint changed: pattern",
    ),
    (
        "first pattern in the second part",
        all_of(STRING, {"maxLength": 5}),
        all_of(STRING, {"maxLength": 5, "pattern": "^a"}),
        "minor",
        "major",
        "constraint tightened: pattern none → ^a",
    ),
    (
        "type changed in the second part",
        all_of({"description": "x"}, STRING),
        all_of({"description": "x"}, INTEGER),
        "major",
        "major",
        "type changed: string → integer",
    ),
    (
        "number narrowed by the second part",
        all_of({"type": "number"}, {"minimum": 0}),
        all_of({"type": "number"}, integer(minimum=0)),
        "minor",
        "major",
        "type narrowed: number → integer",
    ),
    (
        "multipleOf of both parts",
        all_of(integer(multipleOf=4), {"multipleOf": 6}),
        integer(multipleOf=12),
        "none",
        "none",
        None,
    ),
    (
        "field's type changed in the second part alone",
        all_of(thing(x={"description": "x"}), thing(x=STRING)),
        all_of(thing(x={"description": "x"}), thing(x=INTEGER)),
        "major",
        "major",
        "x: type changed: string → integer",
    ),
    (
        "field's limit cut in the second part",
        all_of(thing(x=STRING), thing(x=string(maxLength=9))),
        all_of(thing(x=STRING), thing(x=string(maxLength=8))),
        "minor",
        "major",
        "x: constraint tightened: maxLength 9 → 8",
    ),
    (
        "required in the second part",
        all_of(AB, {"type": "object"}),
        all_of(AB, {"type": "object", "required": ["b"]}),
        "minor",
        "major",
        "b: became required",
    ),
    (
        "items' limit cut in the second part",
        all_of({"type": "array", "items": STRING}, {"items": {"maxLength": 9}}),
        all_of({"type": "array", "items": STRING}, {"items": {"maxLength": 8}}),
        "minor",
        "major",
        "[]: constraint tightened: maxLength 9 → 8",
    ),
    (
        "closed by the second part",
        all_of(AB, {"type": "object"}),
        all_of(AB, {"type": "object", "additionalProperties": False}),
        "major",
        "major",
        "extra fields now refused",
    ),
    (
        "null taken away by the second part",
        all_of({"type": ["string", "null"]}, {"maxLength": 9}),
        all_of({"type": ["string", "null"]}, string(maxLength=9)),
        "minor",
        "major",
        "no longer nullable",
    ),
    (
        "default in the second part",
        all_of(STRING, {"default": "a"}),
        all_of(STRING, {"default": "b"}),
        "minor",
        "major",
        "default changed: a → b",
    ),
    (
        "not in the second part",
        all_of(STRING, {"maxLength": 9}),
        all_of(STRING, {"maxLength": 9, "not": {"enum": ["x"]}}),
        "minor",
        "major",
        "demand tightened: not none",
    ),
    (
        "union in the second part",
        all_of(AB, any_of(A, B)),
        all_of(AB, any_of(A, B, C)),
        "major",
        "minor",
        "variant added: C",
    ),
    (
        "parts in another order",
        all_of(A, thing(("x",), x=STRING), {"minProperties": 1, "description": "one"}),
        all_of({"minProperties": 1, "description": "one"}, thing(("x",), x=STRING), A),
        "none",
        "none",
        None,
    ),
    (
        "parts that differ in another order",
        all_of(string(pattern="^a", maxLength=5), string(pattern="b$", maxLength=9)),
        all_of(string(pattern="b$", maxLength=9), string(pattern="^a", maxLength=5)),
        "none",
        "none",
        None,
    ),
    (
        "part that only annotates, with a title",
        all_of(A, B),
        all_of(A, B, {"title": "Beautiful", "description": "A and B"}),
        "patch",
        "patch",
        "reworded: description, title",
    ),
    (
        "part that says nothing new",
        all_of(A, B),
        all_of(A, B, {"type": "object", "properties": {"a": STRING}}),
        "none",
        "none",
        None,
    ),
    # oneOf, anyOf
    (
        "anyOf becomes oneOf",
        any_of(A, B),
        one_of(A, B),
        "minor",
        "major",
        "constraint tightened: anyOf → oneOf",
    ),
    (
        "oneOf becomes anyOf",
        one_of(A, B),
        any_of(A, B),
        "minor",
        "minor",
        "constraint loosened: oneOf → anyOf",
    ),
    (
        "anyOf becomes oneOf where no value fits two",
        any_of(STRING, INTEGER, {"type": "null"}),
        one_of(STRING, INTEGER, {"type": "null"}),
        "none",
        "none",
        None,
    ),
    (
        "anyOf of one with null becomes oneOf",
        any_of(A, {"type": "null"}),
        one_of(A, {"type": "null"}),
        "none",
        "none",
        None,
    ),
    (
        "anyOf beside oneOf loses a variant",
        one_of(A, B, anyOf=[C, AB]),
        one_of(A, B, anyOf=[C]),
        "major",
        "major",
        "variant and its class removed: object",
    ),
    (
        "anyOf beside oneOf gains a variant",
        one_of(A, B, anyOf=[C]),
        one_of(A, B, anyOf=[C, AB]),
        "major",
        "minor",
        "variant added: object",
    ),
    (
        "variant moves from anyOf to oneOf",
        one_of(A, anyOf=[B, C]),
        one_of(A, B, anyOf=[C]),
        "major",
        "major",
        "variant added: B",
    ),
    (
        "anyOf added beside oneOf",
        one_of(A, B),
        one_of(A, B, anyOf=[C, AB]),
        "major",
        "major",
        "constraint tightened: oneOf → anyOf and oneOf",
    ),
    (
        "two components that end in the same word",
        {"$ref": "#/components/schemas/A"},
        {"$ref": "#/components/responses/A/content/application~1json/schema"},
        "major",
        "major",
        "class changed: A → one named by its place",
    ),
    # demands on what is shaped elsewhere
    (
        "group of required added",
        AB,
        AB | any_of(demanding("a"), demanding("b")),
        "minor",
        "major",
        "demand tightened: none → anyOf of 2 parts",
    ),
    (
        "group of required removed",
        AB | any_of(demanding("a"), demanding("b")),
        AB,
        "major",
        "minor",
        "demand loosened: anyOf of 2",
    ),
    (
        "group of required gains a way",
        AB | any_of(demanding("a")),
        AB | any_of(demanding("a"), demanding("b")),
        "major",
        "minor",
        "demand loosened: anyOf of 1 → anyOf of 2",
    ),
    (
        "group of required loses a way",
        AB | any_of(demanding("a"), demanding("b")),
        AB | any_of(demanding("b")),
        "minor",
        "major",
        "demand tightened: anyOf of 2 → anyOf of 1",
    ),
    (
        "way in a group of required edited",
        AB | any_of(demanding("a"), demanding("b")),
        AB | any_of(demanding("a"), demanding("a", "b")),
        "major",
        "major",
        "demand changed: anyOf of 2",
    ),
    (
        "group of required from any to one",
        AB | any_of(demanding("a"), demanding("b")),
        AB | one_of(demanding("a"), demanding("b")),
        "major",
        "major",
        "demand changed: anyOf of 2 → oneOf of 2",
    ),
    (
        "ways of a group in another order",
        AB | any_of(demanding("a"), demanding("b")),
        AB | any_of(demanding("b"), demanding("a")),
        "none",
        "none",
        None,
    ),
    (
        "not added",
        STRING,
        string(**{"not": {"pattern": "x"}}),
        "minor",
        "major",
        "demand tightened: not none → ",
    ),
    (
        "not removed",
        string(**{"not": {"pattern": "x"}}),
        STRING,
        "major",
        "minor",
        "demand loosened: not ",
    ),
    (
        "not reworded",
        string(**{"not": {"pattern": "x", "description": "no x"}}),
        string(**{"not": {"pattern": "x", "description": "never an x"}}),
        "none",
        "none",
        None,
    ),
    (
        "not of a component written out",
        string(**{"not": SHORT}),
        string(**{"not": COMPONENTS["Short"]}),
        "none",
        "none",
        None,
    ),
    (
        "if and then added",
        AB,
        AB | {"if": demanding("a"), "then": demanding("b")},
        "minor",
        "major",
        "demand tightened: if, then none",
    ),
    (
        "then changed",
        AB | {"if": demanding("a"), "then": demanding("b")},
        AB | {"if": demanding("a"), "then": demanding("a", "b")},
        "major",
        "major",
        "demand changed: if, then ",
    ),
    (
        "dependentRequired removed",
        AB | {"dependentRequired": {"a": ["b"]}},
        AB,
        "major",
        "minor",
        "demand loosened: dependentRequired",
    ),
    # fields
    (
        "required names a field that isn't declared",
        thing(a=STRING),
        thing(("z",), a=STRING),
        "minor",
        "major",
        "z: became required",
    ),
    (
        "required no longer names a field that isn't declared",
        thing(("z",), a=STRING),
        thing(a=STRING),
        "major",
        "minor",
        "z: became optional",
    ),
    (
        "required field that wasn't declared is",
        thing(("z",), a=STRING),
        thing(("z",), a=STRING, z=STRING),
        "minor",
        "major",
        "z: required field added",
    ),
    (
        "limit tightened on a field that is only read",
        thing(a=string(readOnly=True, maxLength=50)),
        thing(a=string(readOnly=True, maxLength=5)),
        "minor",
        "patch",
        "a: ",
    ),
    (
        "limit tightened on a field that is only written",
        thing(a=string(writeOnly=True, maxLength=50)),
        thing(a=string(writeOnly=True, maxLength=5)),
        "patch",
        "major",
        "a: ",
    ),
    (
        "field that is only read becomes required",
        thing(a=string(readOnly=True)),
        thing(("a",), a=string(readOnly=True)),
        "minor",
        "none",
        "a: became required",
    ),
    (
        "required field that is only read is added",
        thing(b=STRING),
        thing(("a",), b=STRING, a=string(readOnly=True)),
        "minor",
        "minor",
        "a: ",
    ),
    (
        "required field that was only read can be written",
        thing(("a",), a=string(readOnly=True)),
        thing(("a",), a=STRING),
        "minor",
        "major",
        "a: access changed: readOnly",
    ),
    (
        "required field is only written from now on",
        thing(("a",), a=STRING),
        thing(("a",), a=string(writeOnly=True)),
        "major",
        "minor",
        "a: access changed: writeOnly",
    ),
    (
        "field that is only read removed",
        thing(a=string(readOnly=True), b=STRING),
        thing(b=STRING),
        "major",
        "major",
        "a: field removed",
    ),
    # values
    (
        "default 1 becomes true",
        {"default": 1},
        {"default": True},
        "minor",
        "major",
        "default changed: 1 → true",
    ),
    (
        "default null added",
        {"type": ["string", "null"]},
        {"type": ["string", "null"], "default": None},
        "minor",
        "major",
        "default changed: none → null",
    ),
    (
        "enum's 1 becomes true",
        {"enum": [1, 2]},
        {"enum": [True, 2]},
        "major",
        "major",
        "enum value removed: 1",
    ),
    (
        "example 1 becomes true",
        integer(example=1),
        integer(example=True),
        "patch",
        "patch",
        "reworded: example",
    ),
    (
        "const added",
        STRING,
        string(const="a"),
        "minor",
        "major",
        "const added: a",
    ),
    (
        "const removed",
        string(const="a"),
        STRING,
        "major",
        "minor",
        "const removed: a",
    ),
    (
        "const changed",
        string(const="a"),
        string(const="b"),
        "major",
        "major",
        "const changed: a → b",
    ),
    (
        "const 1 becomes true",
        {"const": 1},
        {"const": True},
        "major",
        "major",
        "type changed: integer → boolean",
    ),
    (
        "const becomes an enum",
        string(const="a"),
        string(enum=["a", "b"]),
        "major",
        "major",
        "became an enum",
    ),
    (
        "any value but some becomes one of those",
        {"not": {"type": "number"}},
        INTEGER,
        "major",
        "major",
        "demand loosened: not",
    ),
    (
        "type beside a union changed",
        any_of({"minLength": 1}, B, type="string"),
        any_of({"minLength": 1}, B, type="object"),
        "major",
        "major",
        "type changed: string → object",
    ),
    # numbers and texts
    (
        "int64 becomes int32",
        integer(format="int64"),
        integer(format="int32"),
        "minor",
        "major",
        "number width narrowed: int64 → int32",
    ),
    (
        "int32 becomes int64",
        integer(format="int32"),
        integer(format="int64"),
        "minor",
        "minor",
        "number width widened: int32 → int64",
    ),
    (
        "integer gets a width",
        INTEGER,
        integer(format="int32"),
        "minor",
        "major",
        "number width narrowed: none → int32",
    ),
    (
        "double becomes float",
        {"type": "number", "format": "double"},
        {"type": "number", "format": "float"},
        "minor",
        "major",
        "number width narrowed: double → float",
    ),
    (
        "width becomes another kind",
        {"type": "number", "format": "int64"},
        {"type": "number", "format": "double"},
        "major",
        "major",
        "format changed: int64 → double",
    ),
    (
        "looser limit",
        string(maxLength=5),
        string(maxLength=50),
        "minor",
        "minor",
        "constraint loosened: maxLength 5 → 50",
    ),
    (
        "limit removed",
        integer(minimum=1),
        INTEGER,
        "minor",
        "minor",
        "constraint loosened: minimum 1 → none",
    ),
    (
        "limit becomes exclusive",
        integer(minimum=1),
        integer(exclusiveMinimum=1),
        "minor",
        "major",
        "constraint tightened: minimum 1 → 1 exclusive",
    ),
    (
        "exclusive limit beside another, which counts",
        integer(minimum=1, exclusiveMinimum=3),
        integer(minimum=3, exclusiveMinimum=3),
        "none",
        "none",
        None,
    ),
    (
        "pattern becomes anything",
        string(pattern="^[a-z]+$"),
        string(pattern=".*"),
        "minor",
        "minor",
        "constraint loosened: pattern ^[a-z]+$ → .*",
    ),
    (
        "pattern of anything removed",
        string(pattern="^.*$"),
        STRING,
        "patch",
        "patch",
        "constraint respelled: pattern ^.*$ → none",
    ),
    (
        "pattern of anything becomes one",
        string(pattern=".*"),
        string(pattern="^[a-z]+$"),
        "minor",
        "major",
        "constraint tightened: pattern .* → ^[a-z]+$",
    ),
    (
        "format that Python has no type for removed",
        string(format="email"),
        STRING,
        "minor",
        "minor",
        "format removed: email",
    ),
    (
        "multiple of a tenth becomes one of a hundredth",
        {"type": "number", "multipleOf": 0.1},
        {"type": "number", "multipleOf": 0.01},
        "minor",
        "minor",
        "constraint loosened: multipleOf 0.1 → 0.01",
    ),
    # discriminators
    (
        "discriminator removed from variants",
        one_of(A, B, discriminator=KINDS),
        one_of(A, B),
        "major",
        "minor",
        "discriminator removed",
    ),
    (
        "discriminator removed where there are no variants",
        thing(("a",), a=STRING) | {"discriminator": KINDS},
        thing(("a",), a=STRING),
        "patch",
        "patch",
        "reworded: discriminator",
    ),
    (
        "discriminator reads another field",
        one_of(A, B, discriminator=KINDS),
        one_of(A, B, discriminator=KINDS | {"propertyName": "b"}),
        "major",
        "major",
        "discriminator changed",
    ),
    (
        "discriminator maps other names",
        one_of(A, B, discriminator=KINDS),
        one_of(A, B, discriminator=KINDS | {"mapping": {"z": A["$ref"], "y": B["$ref"]}}),
        "major",
        "major",
        "discriminator value removed: x",
    ),
    (
        "discriminator's names lead elsewhere",
        one_of(A, B, discriminator=KINDS),
        one_of(A, B, discriminator=KINDS | {"mapping": {"x": B["$ref"], "y": A["$ref"]}}),
        "major",
        "major",
        "discriminator value changed: x: A → B",
    ),
    (
        "discriminator gains another name",
        one_of(A, B, discriminator=KINDS),
        one_of(A, B, discriminator=KINDS | {"mapping": KINDS["mapping"] | {"z": B["$ref"]}}),
        "major",
        "minor",
        "discriminator value added: z",
    ),
    (
        "discriminator loses one of two names",
        one_of(A, B, discriminator=KINDS | {"mapping": KINDS["mapping"] | {"z": B["$ref"]}}),
        one_of(A, B, discriminator=KINDS),
        "minor",
        "major",
        "discriminator value removed: z",
    ),
    (
        "discriminator's names written out",
        one_of(A, B, discriminator={"propertyName": "a"}),
        one_of(A, B, discriminator={"propertyName": "a", "mapping": {"A": "A", "B": B["$ref"]}}),
        "patch",
        "patch",
        "reworded: discriminator",
    ),
    # what says nothing, and what says all
    (
        "limits of nothing added",
        thing(a=string(), b={"type": "array", "items": STRING}),
        thing(a=string(minLength=0), b={"type": "array", "items": STRING, "minItems": 0})
        | {"minProperties": 0},
        "none",
        "none",
        None,
    ),
    (
        "items that another part forbids",
        all_of({"type": "array", "items": STRING}, {"items": False}),
        {"type": "array", "items": STRING},
        "major",
        "minor",
        "[]: demand loosened: not",
    ),
    (
        "discriminators of two parts",
        all_of(
            one_of(A, B, discriminator=KINDS),
            one_of(A, C, discriminator={"propertyName": "c"}),
        ),
        all_of(one_of(A, B, discriminator=KINDS), one_of(A, C)),
        "major",
        "major",
        "discriminator changed",
    ),
    (
        "types of a list become variants",
        {"type": ["string", "integer", "null"]},
        any_of(STRING, INTEGER, {"type": "null"}),
        "none",
        "none",
        None,
    ),
    (
        "types of a list become fewer variants",
        {"type": ["string", "integer", "boolean"]},
        any_of(INTEGER, STRING),
        "minor",
        "major",
        "variant removed: boolean",
    ),
    # what stands beside a reference
    (
        "component may be null at its second use",
        thing(x=A, y=A),
        thing(x=A, y=any_of(A, {"type": "null"})),
        "major",
        "minor",
        "y: became nullable",
    ),
    (
        "component is limited at its second use",
        thing(x=SHORT, y=SHORT),
        thing(x=SHORT, y=SHORT | {"maxLength": 4}),
        "minor",
        "major",
        "y: constraint tightened: maxLength none → 4",
    ),
    (
        "component is closed at its second use",
        thing(x=B, y=B),
        thing(x=B, y=B | {"additionalProperties": False}),
        "major",
        "major",
        "y: extra fields now refused",
    ),
    (
        "component has another default at its second use",
        thing(x=SHORT, y=all_of(SHORT, default="a")),
        thing(x=SHORT, y=all_of(SHORT, default="b")),
        "minor",
        "major",
        "y: default changed: a → b",
    ),
    # what contains itself
    (
        "what contains itself through two parts of an allOf",
        {"$ref": "#/components/schemas/Node"},
        thing(x={"$ref": "#/components/schemas/Node"}),
        "major",
        "major",
        "next: field removed",
    ),
    (
        "what contains itself and another through two parts of an allOf",
        {"$ref": "#/components/schemas/Pair"},
        thing(x={"$ref": "#/components/schemas/Pair"}),
        "major",
        "major",
        "next: field removed",
    ),
]


def spec(schema: Schema, direction: str) -> Any:
    """Return a spec in which `schema` is what one operation answers, or what it is sent."""
    return exchange({"application/json": {"schema": schema}}, direction)


def exchange(content: Any, direction: str) -> Any:
    """Return a spec in which one operation answers, or is sent, `content`."""
    nothing = {"description": "done"}
    operation: Any = {"operationId": "act", "responses": {"204": nothing}}
    if direction == "answers":
        operation["responses"] = {"200": {"description": "it", "content": content}}
    else:
        operation["requestBody"] = {"required": True, "content": content}
    responses = {"A": {"description": "A", "content": {"application/json": {"schema": AB}}}}
    return copy.deepcopy(
        {
            "openapi": "3.1.0",
            "info": {"title": "Table", "version": "1"},
            "paths": {"/act": {"post": operation}},
            "components": {"schemas": COMPONENTS, "responses": responses},
        }
    )


@pytest.mark.parametrize(
    ("before", "after", "answers", "requests", "line"),
    [pytest.param(*row, id=name) for name, *row in ROWS],
)
def test_a_change_of_a_schema_gets_its_verdicts_and_its_line(
    before: Schema, after: Schema, answers: str, requests: str, line: str | None
) -> None:
    assert judged(spec(thing(before=before, after=after), "answers")).problems == []
    for direction, expected in (("answers", answers), ("requests", requests)):
        changes = spec_changes(spec(before, direction), spec(after, direction))
        lines = [f"{change.where}: {change.what}" for change in changes]
        assert verdict(changes) == expected, (direction, lines)
        assert (expected == "none") == (lines == [])
        assert expected == "none" or [text for text in lines if line and line in text], lines


def test_components_that_all_refer_to_each_other_are_compared_at_once() -> None:
    names = [f"D{number}" for number in range(40)]
    fields = {name.lower(): {"$ref": f"#/components/schemas/{name}"} for name in names}
    old, new = (
        spec(thing() | {"patternProperties": {pattern: fields["d0"]}}, "answers")
        for pattern in ("^x", "^y")
    )
    for each in (old, new):
        each["components"]["schemas"] |= {name: thing(**fields) for name in names}
    began = time.process_time()
    assert [change.what for change in spec_changes(old, new) if "demand changed" in change.what]
    assert time.process_time() - began < 3


ITSELF = {"$ref": "#/components/schemas/It"}


def made_of_itself(schema: Schema) -> Any:
    """Return a spec that has `schema` as ITSELF, which no validator takes."""
    made = spec(ITSELF, "answers")
    made["components"]["schemas"]["It"] = schema
    return made


def test_items_that_are_what_they_are_items_of_are_compared() -> None:
    old, new = (
        made_of_itself({"type": "array", "items": any_of(all_of({"minItems": least}, ITSELF))})
        for least in (1, 2)
    )
    words = [change.what for change in spec_changes(old, new)]
    assert words == ["constraint tightened: minItems 1 → 2 (in answers)"]


def test_what_is_made_of_itself_alone_is_refused() -> None:
    nothing = made_of_itself(all_of(all_of(one_of(ITSELF, discriminator=KINDS), thing())))
    with pytest.raises(SourceError, match=r"can't be compared"):
        spec_changes(nothing, nothing)


HTML = {"contentType": "text/html"}
FORMS = [
    (
        "field is written in another way",
        {"schema": AB},
        {"schema": AB, "encoding": {"a": HTML}},
        "major",
        'request body: a: form field encoding changed: {} → {"contentType": "text/html"}',
    ),
    (
        "field is no longer written in its way",
        {"schema": AB, "encoding": {"a": HTML}},
        {"schema": AB},
        "major",
        'request body: a: form field encoding changed: {"contentType": "text/html"} → {}',
    ),
    (
        "new field with its way",
        {"schema": AB},
        {"schema": thing(a=STRING, b=STRING, c=STRING), "encoding": {"c": HTML}},
        "minor",
        "c: field added (in requests)",
    ),
    ("way of no field", {"schema": AB}, {"schema": AB, "encoding": {"z": HTML}}, "none", None),
]


@pytest.mark.parametrize(
    ("before", "after", "expected", "line"), [pytest.param(*row, id=name) for name, *row in FORMS]
)
def test_a_change_of_how_a_form_is_written(
    before: Any, after: Any, expected: str, line: str | None
) -> None:
    old, new = (exchange({"multipart/form-data": it}, "requests") for it in (before, after))
    changes = spec_changes(old, new)
    lines = [f"{change.where}: {change.what}" for change in changes]
    assert verdict(changes) == expected, lines
    assert [text for text in lines if line and line in text] or lines == []
