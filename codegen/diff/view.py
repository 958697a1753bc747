"""One view of a JSON schema for OpenAPI 3.0 and 3.1: references followed, allOf merged."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from openapi_python_client.strings import ClassName

from codegen.spec import operations

if TYPE_CHECKING:
    from codegen.spec.document import Json

_ANNOTATIONS: Final = {"description", "nullable", "default", "deprecated", "title", "example"}


@dataclass(frozen=True)
class View:
    """What a schema says, without where it says it.

    `component` is the name that the schema is referred to by, "" for one written in place;
    `variants` are the schemas of oneOf and anyOf; `merged` are the components that allOf took in;
    `types` is empty for "anything".
    """

    component: str
    keys: dict[str, Json] = field(hash=False)
    types: frozenset[str]
    nullable: bool
    variants: tuple[Json, ...] = field(hash=False)
    merged: frozenset[str] = frozenset()

    @property
    def properties(self) -> dict[str, Json]:
        """The fields of an object."""
        return dict(self.keys.get("properties", {}))

    @property
    def required(self) -> set[str]:
        """The names of those fields that are always there."""
        return set(self.keys.get("required", ()))

    @property
    def enum(self) -> list[Json] | None:
        """The allowed values but null, or None for no such list."""
        if "const" in self.keys:
            return [self.keys["const"]]
        values = self.keys.get("enum")
        return None if values is None else [value for value in values if value is not None]

    @property
    def makes_class(self) -> bool:
        """Whether the generator writes a class of its own for it."""
        return not self.variants and ("object" in self.types or bool(self.keys.get("enum")))

    @property
    def class_name(self) -> str:
        """The class's name, without its parents' names for a schema written in place."""
        return str(ClassName(self.keys.get("title") or self.component, "")) if self.named else ""

    @property
    def named(self) -> bool:
        """Whether anything but its place names its class."""
        return bool(self.component or self.keys.get("title"))


def view(document: Json, schema: Json) -> View:
    """Return the view of `schema` in `document`."""
    if not isinstance(schema, dict):  # 3.1 writes "anything" as true and "nothing" as false
        schema = {} if schema else {"not": {}}
    component = reference(schema)
    keys = _flat(document, schema, ())
    variants = [*keys.get("oneOf", ()), *keys.get("anyOf", ())]
    spoken = [variant for variant in variants if not _is_null(document, variant)]
    types, null_type = _types(keys)
    nullable = keys.get("nullable") is True or null_type or len(spoken) < len(variants)
    if len(spoken) == 1 and not types and not component:
        only = view(document, spoken[0])
        return replace(only, nullable=nullable or only.nullable)
    merged = frozenset(filter(None, map(reference, schema.get("allOf", ()))))
    return View(component, keys, types, nullable, tuple(spoken), merged)


def reference(schema: Json) -> str:
    """Return the last part of a `$ref`, or of the single one that an allOf wraps; else ""."""
    if not isinstance(schema, dict):
        return ""
    if isinstance(ref := schema.get("$ref"), str):
        return ref.rsplit("/", maxsplit=1)[-1]
    if len(schema.get("allOf", ())) == 1 and schema.keys() <= _ANNOTATIONS | {"allOf"}:
        return reference(schema["allOf"][0])
    return ""


def spelling(document: Json, schema: Json) -> str:
    """Return what tells one variant from another: its component, or its whole text."""
    return reference(schema) or json.dumps(
        operations.resolved(document, schema), sort_keys=True, ensure_ascii=False
    )


def brings_class(document: Json, schema: Json) -> bool:
    """Say whether the generator writes a class for the schema, or for one written inside it."""
    side = view(document, schema)
    parts = [*side.variants, side.keys.get("items") if "array" in side.types else None]
    inside = [part for part in parts if isinstance(part, dict) and part and "$ref" not in part]
    return side.makes_class or any(brings_class(document, part) for part in inside)


def _flat(document: Json, schema: Json, above: tuple[int, ...]) -> dict[str, Json]:
    """Return the keys of `schema` with its `$ref` followed and its allOf merged in."""
    keys = {key: value for key, value in schema.items() if key not in {"$ref", "allOf"}}
    parts = list(schema.get("allOf", ()))
    if "$ref" in schema:
        parts.insert(0, operations.resolved(document, {"$ref": schema["$ref"]}))
    for part in parts:
        if isinstance(part, dict) and id(part) not in above:
            keys = _joined(_flat(document, part, (*above, id(part))), keys)
    return keys


def _joined(left: dict[str, Json], right: dict[str, Json]) -> dict[str, Json]:
    """Return the keys of a schema that is both; what both speak of is an allOf in its turn."""
    joined = left | right
    if "properties" in left and "properties" in right:
        joined["properties"] = left["properties"] | {
            name: _both(left["properties"].get(name), schema)
            for name, schema in right["properties"].items()
        }
    if "items" in left and "items" in right:
        joined["items"] = _both(left["items"], right["items"])
    if "required" in left and "required" in right:
        joined["required"] = [*left["required"], *right["required"]]
    return joined


def _both(left: Json, right: Json) -> Json:
    return right if left in (None, right) else {"allOf": [left, right]}


def _types(keys: dict[str, Json]) -> tuple[frozenset[str], bool]:
    """Return the types but null, inferred where none is written, and whether null is one."""
    written = keys.get("type", [])
    types = set(written if isinstance(written, list) else [written])
    values = [keys["const"]] if "const" in keys else keys.get("enum", [])
    null = "null" in types or None in values
    types -= {"null"}
    if not types:
        types |= {_type_of(value) for value in values if value is not None}
    if not types and "properties" in keys:  # as the generator does; `items` alone says nothing
        types.add("object")
    return frozenset(types), null


def _type_of(value: Json) -> str:
    names = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array"}
    return names.get(type(value), "object")


def _is_null(document: Json, schema: Json) -> bool:
    resolved = operations.resolved(document, schema)
    return isinstance(resolved, dict) and resolved.get("type") == "null"
