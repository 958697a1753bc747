"""The keywords of a schema with those of its `$ref` and its allOf, combined as JSON Schema does.

What several parts say holds at once, so limits become the tightest, enums and types what they have
in common, and keywords that can't be combined the set of what is said; no order of parts matters.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import reduce
from typing import TYPE_CHECKING, Final

from codegen.spec.document import Json, canonical, same

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Keys = dict[str, Json]

UPPER: Final = ("maxLength", "maxItems", "maxProperties", "maxContains")
LOWER: Final = ("minLength", "minItems", "minProperties", "minContains")
# What says nothing of a value; what stands beside an allOf goes before what a part of it says.
ANNOTATIONS: Final = frozenset(
    (
        *("title", "description", "example", "examples", "externalDocs", "xml", "$comment"),
        *("$id", "$schema", "$anchor", "$defs", "default", "discriminator"),
    )
)


class Several(tuple[Json, ...]):
    """What several parts of an allOf say under a keyword that can't be combined, sorted."""


def plain(schema: Keys) -> Keys:
    """Return a schema's own keywords, each rule of JSON Schema under one spelling.

    `type` becomes the list of types that are allowed, null among them; a limit that excludes itself
    stands in `exclusiveMinimum`, as in 3.1; `if`, `then` and `else` stand together; `groups` are
    oneOf and anyOf, each with its variants.
    """
    keys = {key: value for key, value in schema.items() if key not in {"$ref", "allOf"}}
    if keys.get("nullable") is False:
        del keys["nullable"]
    for limit in ("minLength", "minItems", "minProperties"):
        if keys.get(limit) == 0:
            del keys[limit]
    if written := keys.pop("type", None):
        types = list(written) if isinstance(written, list) else [written]
        keys["type"] = [*types, "null"] if keys.pop("nullable", False) else types
    for limit in ("minimum", "maximum"):
        name = "exclusive" + limit.capitalize()
        if isinstance(keys.get(name), bool) and keys.pop(name) and limit in keys:
            keys[name] = keys.pop(limit)
    if "if" in keys:
        parts = ("if", "then", "else")
        keys["if, then"] = {part: keys.pop(part) for part in parts if part in keys}
    groups = [(kind, keys.pop(kind)) for kind in ("oneOf", "anyOf") if keys.get(kind)]
    if groups:
        keys["groups"] = groups
    return keys


def merged(own: Keys, parts: Iterable[Keys], both: Callable[[Json, Json], Json]) -> Keys:
    """Return `own` with all that `parts` say; `both` makes one schema of two."""
    under: Keys = reduce(lambda left, right: _joined(left, right, both), parts, {})
    said = {key: value for key, value in under.items() if not (key in ANNOTATIONS and key in own)}
    if own.get("nullable") is True and "null" not in said.get("type", ["null"]):
        said["type"] = [*said["type"], "null"]  # `nullable` beside an allOf is meant for the whole
    return _joined(said, own, both)


def _joined(left: Keys, right: Keys, both: Callable[[Json, Json], Json]) -> Keys:
    joined = left | right
    for key in left.keys() & right.keys():
        joined[key] = _combined(key, left[key], right[key], both)
    return joined


def _combined(key: str, left: Json, right: Json, both: Callable[[Json, Json], Json]) -> Json:
    if key in _COMBINE:
        return _COMBINE[key](left, right)
    if key in {"properties", "patternProperties", "dependentSchemas"}:
        return left | {
            name: both(left[name], schema) if name in left else schema
            for name, schema in right.items()
        }
    if key in {"items", "additionalProperties", "propertyNames", "unevaluatedProperties"}:
        return both(left, right)
    return _several(left, right)


def _several(left: Json, right: Json) -> Json:
    found: list[Json] = []
    for value in (left, right):
        found += value if isinstance(value, Several) else [value]
    distinct = {canonical(value): value for value in found}
    values = [distinct[text] for text in sorted(distinct)]
    return values[0] if len(values) == 1 else Several(values)


def _common(left: list[Json], right: list[Json]) -> list[Json]:
    return [value for value in left if any(same(value, other) for other in right)]


def _common_types(left: list[str], right: list[str]) -> list[str]:
    wide = [{*types, "integer"} if "number" in types else {*types} for types in (left, right)]
    common = wide[0] & wide[1]
    return sorted(common - {"integer"} if "number" in common else common)


def _multiple(left: Json, right: Json) -> Json:
    """Return the number of which a multiple of both is one."""
    one, other = Fraction(str(left)), Fraction(str(right))
    numerator = math.lcm(one.numerator * other.denominator, other.numerator * one.denominator)
    least = Fraction(numerator, one.denominator * other.denominator)
    return int(least) if least.denominator == 1 else float(least)


_COMBINE: Final[dict[str, Callable[[Json, Json], Json]]] = {
    "type": _common_types,
    "enum": _common,
    "required": lambda left, right: [*left, *(name for name in right if name not in left)],
    "groups": lambda left, right: [*left, *(group for group in right if group not in left)],
    "multipleOf": _multiple,
    **dict.fromkeys((*UPPER, "maximum", "exclusiveMaximum"), min),
    **dict.fromkeys((*LOWER, "minimum", "exclusiveMinimum"), max),
    **dict.fromkeys(
        ("uniqueItems", "deprecated", "readOnly", "writeOnly", "nullable"),
        lambda left, right: bool(left or right),
    ),
}
