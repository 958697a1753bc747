"""Schemas without choices: `$ref`, `allOf`, `anyOf`, `oneOf`, `if` followed, and put together."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from fractions import Fraction
from math import lcm
from typing import Any

from jsonschema_rs import Draft202012Validator

Schema = Any
"""An object or a boolean, as JSON Schema has it."""
Plain = dict[str, Any]
"""A schema without choices.

`type`, `enum`, `pattern` and `format` are lists, `const` is an `enum`; what a choice left out may
forbid its values all the same, which the keywords in `CHOICES` tell.
"""
Refs = tuple[str, ...]

CHOICES = {"anyOf": "_anyOf", "oneOf": "_oneOf", "if": "_if"}
_KEYWORDS = {
    "object": {"properties", "required", "additionalProperties", "minProperties"},
    "array": {"items", "prefixItems", "minItems", "maxItems", "uniqueItems", "contains"},
    "string": {"pattern", "format", "minLength", "maxLength", "contentEncoding"},
    "number": {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"},
}


def plains(
    waiting: tuple[Schema, ...],
    target: Callable[[str], Schema],
    made: Plain | None = None,
    refs: Refs = (),
) -> Iterator[tuple[Plain, Refs]]:
    """Yield what schemas say together, once for each choice, and the `$ref`s that were followed.

    Args:
        waiting: the schemas.
        target: gives the schema that a `$ref` leads to.
        made: what schemas before them say.
        refs: what was followed for them.
    """
    made = made or {}
    if not waiting:
        yield from ((each, refs) for each in _discriminated(made, refs))
        return
    schema, *rest = waiting
    if isinstance(schema, bool):
        if schema:
            yield from plains((*rest,), target, made, refs)
        return
    key = next((key for key in ("$ref", "allOf", *CHOICES) if key in schema), None)
    if key is None:
        if (both := _both(made, schema, refs)) is not None:
            yield from plains((*rest,), target, both, refs)
        return
    other = {name: value for name, value in schema.items() if name not in (key, "then", "else")}
    if key in CHOICES:
        other[CHOICES[key]] = True
    if key == "$ref":
        parts = [] if schema[key] in refs else [target(schema[key])]
        yield from plains((other, *parts, *rest), target, made, (*refs, schema[key]))
        return
    for parts in _alternatives(schema, key):
        yield from plains((other, *parts, *rest), target, made, refs)


def types(plain: Plain) -> list[str]:
    """Return the types of a schema's values as JSON Schema names them, `null` last."""
    if "type" in plain:
        return sorted(plain["type"], key=lambda kind: kind == "null")
    meant = [kind for kind, keywords in _KEYWORDS.items() if not keywords.isdisjoint(plain)]
    return meant or ["string", "object", "array", "number", "boolean", "null"]


def field(plain: Plain, name: str) -> Schema:
    """Return the schema of an object's field."""
    if name in plain.get("properties", {}):
        return plain["properties"][name]
    for expression, schema in plain.get("patternProperties", {}).items():
        if Draft202012Validator({"pattern": expression}).is_valid(name):
            return schema
    return plain.get("additionalProperties", True)


def as_json(value: Any) -> str:
    """Return a value's JSON, equal for equal values."""
    return json.dumps(value, sort_keys=True, default=str)


def common_multiple(one: Fraction, other: Fraction) -> Fraction:
    """Return the least common multiple."""
    both = one.denominator * other.denominator
    return Fraction(lcm(int(one * both), int(other * both)), both)


def _alternatives(schema: dict[str, Any], key: str) -> list[list[Schema]]:
    if key == "allOf":
        return [schema[key]]
    if key == "if":
        return [[schema[key], schema.get("then", True)], [schema.get("else", True)]]
    return [[each] for each in sorted(schema[key], key=lambda each: each == {"type": "null"})]


def _both(made: Plain, schema: dict[str, Any], refs: Refs) -> Plain | None:
    """Return what two schemas say together, neither with choices; None where they exclude."""
    both = dict(made)
    for name, value in schema.items():
        key, said = name, value
        if name == "const":
            key, said = "enum", [value]
        elif name in ("type", "pattern", "format") and isinstance(value, str):
            said = [value]
        elif name == "discriminator":
            said = (value, len(refs))
        both[key] = _JOINED.get(key, _first)(both[key], said) if key in both else said
    return None if [] in (both.get("type"), both.get("enum")) else both


def _first(one: Any, _other: Any) -> Any:
    return one


def _shared_types(one: list[str], other: list[str]) -> list[str]:
    shared = [kind for kind in one if kind in other or (kind == "integer" and "number" in other)]
    return shared or (["integer"] if "number" in one and "integer" in other else [])


def _shared_values(one: list[Any], other: list[Any]) -> list[Any]:
    texts = {as_json(value) for value in other}
    return [value for value in one if as_json(value) in texts]


def _all_fields(one: dict[str, Schema], other: dict[str, Schema]) -> dict[str, Schema]:
    shared = {name: {"allOf": [one[name], other[name]]} for name in one.keys() & other.keys()}
    return {**one, **other, **shared}


def _multiples(one: float, other: float) -> float:
    return float(common_multiple(Fraction(str(one)), Fraction(str(other))))


_LEAST = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties", "minContains")
_MOST = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties", "maxContains")
_JOINED: dict[str, Callable[[Any, Any], Any]] = {
    **dict.fromkeys(_LEAST, max),
    **dict.fromkeys(_MOST, min),
    **dict.fromkeys(("pattern", "format"), lambda one, other: [*one, *other]),
    **dict.fromkeys(("properties", "patternProperties"), _all_fields),
    **dict.fromkeys(
        ("items", "additionalProperties", "propertyNames", "contains"),
        lambda one, other: {"allOf": [one, other]},
    ),
    "type": _shared_types,
    "enum": _shared_values,
    "required": lambda one, other: list(dict.fromkeys([*one, *other])),
    "multipleOf": _multiples,
    "uniqueItems": lambda one, other: one or other,
}


def _discriminated(made: Plain, refs: Refs) -> Iterator[Plain]:
    """Yield a schema with its discriminator's value, and without."""
    if "discriminator" in made:
        (discriminator, at), names = made["discriminator"], [_last(ref) for ref in refs]
        # The variant chosen, else what is composed of the schema that discriminates, else itself.
        name = (names[at:] or names or [""])[0]
        mapping = discriminator.get("mapping", {})
        value = next((key for key, target in mapping.items() if _last(target) == name), name)
        property_name = discriminator.get("propertyName")
        if value and property_name:
            said = {"properties": {property_name: {"const": value}}, "required": [property_name]}
            if (both := _both(made, said, refs)) is not None:
                yield both
    yield made


def _last(ref: str) -> str:
    return ref.rpartition("/")[2]
