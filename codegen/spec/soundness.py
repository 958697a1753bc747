"""What no validator of OpenAPI tells, or tells without a place: references, patterns, circles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from codegen.spec import patterns, pointer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codegen.spec.document import Json

# Keys whose values are data, and the mappings in which a key is a name and never one of those.
_DATA_KEYS: Final = {"example", "examples", "default", "enum", "const"}
_NAME_MAPS: Final = {
    *("properties", "patternProperties", "schemas", "responses", "parameters", "headers"),
    *("requestBodies", "securitySchemes", "links", "callbacks", "pathItems", "variables"),
}
_UNCHECKED: Final = (
    "is a pattern of ECMA-262 that jsonschema-rs, which checks answers, doesn't read as it is"
    " written: unless the client knows another spelling, values aren't held against it"
)


class Problem(NamedTuple):
    """What isn't OpenAPI, and the pointer of where: of what is around it, for what is missing."""

    pointer: str
    words: str


def loose_ends(
    document: Json, value: Json, where: str, doubts: dict[str, Problem]
) -> Iterator[Problem]:
    """Yield what is wrong with the references and patterns in `value` and below."""
    if isinstance(value, list):
        for index, child in enumerate(value):
            yield from loose_ends(document, child, f"{where}/{index}", doubts)
    if not isinstance(value, dict):
        return
    is_name = where.rpartition("/")[2] in _NAME_MAPS
    if "$ref" in value:
        yield from _reference(document, value["$ref"], where, is_name=is_name)
    if not is_name:
        yield from _no_patterns(value, where, doubts)
    for key, child in value.items():
        if is_name or not (key in _DATA_KEYS or key.startswith("x-")):
            yield from loose_ends(document, child, where + pointer.join([key]), doubts)


def _no_patterns(schema: Json, where: str, doubts: dict[str, Problem]) -> Iterator[Problem]:
    for place, text in _patterns(schema, where):
        if patterns.is_checked(text):
            continue
        if patterns.is_ecma(text):
            doubts[place] = Problem(place, f"{text[:80]!r} {_UNCHECKED}")
        else:
            words = "is no pattern, of ECMA-262 as little as of jsonschema-rs, which checks answers"
            yield Problem(place, f"{text[:80]!r} {words}")


def _patterns(schema: Json, where: str) -> Iterator[tuple[str, str]]:
    """Yield the regular expressions of a schema's own keywords, each with its pointer."""
    if isinstance(text := schema.get("pattern"), str):
        yield f"{where}/pattern", text
    if isinstance(fields := schema.get("patternProperties"), dict):
        for text in fields:
            yield where + pointer.join(["patternProperties", text]), text


def endless(document: Json) -> Iterator[Problem]:
    """Yield what openapi-spec-validator refuses and doesn't say where."""
    paths, components = document.get("paths"), document.get("components")
    for path, item in paths.items() if isinstance(paths, dict) else ():
        where = pointer.join(["paths", path])
        if "?" in path or "#" in path:
            yield Problem(where, "a path has no query and no fragment")
        if isinstance(item, dict) and "$ref" in item:  # those that lead anywhere are in place
            yield Problem(where, f"$ref {item['$ref']!r:.80} leads to itself")
    schemas = components.get("schemas") if isinstance(components, dict) else None
    clear: set[int] = set()
    for name, schema in schemas.items() if isinstance(schemas, dict) else ():
        if _is_endless(document, schema, frozenset(), clear):
            where = pointer.join(["components", "schemas", name])
            yield Problem(where, "by allOf and $ref it is made of itself")


def _is_endless(document: Json, schema: Json, above: frozenset[int], clear: set[int]) -> bool:
    if not isinstance(schema, dict) or id(schema) in clear:
        return False
    if id(schema) in above:
        return True
    parts = list(every) if isinstance(every := schema.get("allOf"), list) else []
    if "$ref" in schema:
        parts.append(pointer.find(document, schema["$ref"][1:]))
    if any(_is_endless(document, part, above | {id(schema)}, clear) for part in parts):
        return True
    clear.add(id(schema))
    return False


def _reference(document: Json, ref: Json, where: str, *, is_name: bool) -> Iterator[Problem]:
    if not isinstance(ref, str):
        if not is_name:
            yield Problem(where, f"$ref {ref!r:.80} is not a string")
    elif not ref.startswith("#/"):
        yield Problem(where, f"$ref {ref!r} leads out of the document")
    elif pointer.find(document, ref[1:]) is pointer.ABSENT:
        yield Problem(where, f"$ref {ref!r} leads nowhere")
