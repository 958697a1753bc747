"""One view of a JSON schema for OpenAPI 3.0 and 3.1: references followed, allOf merged."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from openapi_python_client.strings import ClassName

from codegen.diff import merge
from codegen.spec import operations, pointer
from codegen.spec.document import canonical
from codegen.spec.pointer import ABSENT

if TYPE_CHECKING:
    from codegen.spec.document import Json

_BESIDE_REFERENCE: Final = {"description", "nullable", "default", "deprecated", "title", "example"}
_COMPONENTS: Final = "#/components/schemas/"
# What a variant has that is more than a demand on a value whose shape is written beside it.
_SHAPE: Final = {"type", "properties", "items", "enum", "const", "groups", "additionalProperties"}
_NOTHING: Final = frozenset({"nothing"})
_NAME_MAPS: Final = {"properties", "patternProperties", "dependentSchemas", "$defs"}


@dataclass(frozen=True)
class View:
    """What a schema says, without where it says it.

    `schema` is the schema itself; `component` is the name that it is referred to by, "" for one
    written in place, and `beside` what stands beside that; `types` is empty for "anything";
    `unions` are its oneOf and anyOf with the schemas in each, null apart; `demands` those whose
    parts only demand something of a value, as text; `title` is what names its class; `merged` are
    the components that allOf took in.
    """

    schema: Json = field(hash=False)
    component: str
    beside: Json = field(hash=False)
    keys: dict[str, Json] = field(hash=False)
    types: frozenset[str]
    nullable: bool
    unions: tuple[tuple[str, tuple[Json, ...]], ...] = field(hash=False)
    demands: tuple[tuple[str, frozenset[str]], ...] = ()
    title: str = ""
    merged: frozenset[str] = frozenset()

    @property
    def variants(self) -> list[Json]:
        """The schemas of all unions, which is what the generator makes one of."""
        return [variant for _, variants in self.unions for variant in variants]

    @property
    def properties(self) -> dict[str, Json]:
        """The fields of an object."""
        return dict(self.keys.get("properties", {}))

    @property
    def required(self) -> set[str]:
        """The names of those fields that are always there."""
        return set(self.keys.get("required", ()))

    @property
    def const(self) -> Json:
        """The one value allowed, or ABSENT."""
        return self.keys.get("const", ABSENT)

    @property
    def enum(self) -> list[Json] | None:
        """The allowed values but null, or None for no such list."""
        values = self.keys.get("enum")
        return None if values is None else [value for value in values if value is not None]

    @property
    def makes_class(self) -> bool:
        """Whether the generator writes a class of its own for it."""
        alone = not (self.unions or self.demands)
        return alone and ("object" in self.types or bool(self.keys.get("enum")))

    @property
    def class_name(self) -> str:
        """The class's name, without its parents' names for a schema written in place."""
        return str(ClassName(self.title or self.component, "")) if self.named else ""

    @property
    def named(self) -> bool:
        """Whether anything but its place names its class."""
        return bool(self.component or self.title)


class Views:
    """The views of one document's schemas, each made once."""

    def __init__(self, document: Json) -> None:
        self.document = document
        # By id, each with its schema, so that no other gets the id.
        self._made: dict[int, tuple[Json, View]] = {}
        self._flats: dict[int, tuple[Json, dict[str, Json]]] = {}
        self._pairs: dict[str, Json] = {}

    def of(self, schema: Json) -> View:
        """Return the view of `schema`."""
        if not isinstance(schema, dict):  # 3.1 writes "anything" as true and "nothing" as false
            schema = {} if schema else {"not": {}}
        if id(schema) not in self._made:
            self._made[id(schema)] = (schema, self._view(schema))
        return self._made[id(schema)][1]

    def named(self, component: str) -> View:
        """Return the view of a component itself, by its name."""
        return self.of(self.document["components"]["schemas"][component])

    def brings_class(self, schema: Json, above: frozenset[int] = frozenset()) -> bool:
        """Say whether the generator writes a class for the schema, or for one written inside it."""
        side, above = self.of(schema), above | {id(schema)}
        parts = [*side.variants, side.keys.get("items") if "array" in side.types else None]
        inside = [part for part in parts if isinstance(part, dict) and part and "$ref" not in part]
        return side.makes_class or any(
            self.brings_class(part, above) for part in inside if id(part) not in above
        )

    def spelling(self, schema: Json) -> str:
        """Return what tells one variant from another: its component, or its whole text."""
        return reference(schema) or canonical(operations.resolved(self.document, schema))

    def expanded(self, value: Json, met: set[str] | None = None, *, is_map: bool = False) -> Json:
        """Return a schema with what its `$ref`s lead to in place, and without its prose.

        A reference that was `met` stays one: what refers to each other would be endless, or nearly.
        """
        met = set() if met is None else met
        if isinstance(value, list | merge.Several):
            return [self.expanded(each, met) for each in value]
        if not isinstance(value, dict):
            return value
        ref = value.get("$ref")
        if isinstance(ref, str) and not is_map and ref not in met:
            met.add(ref)
            target = self.expanded(operations.resolved(self.document, value), met)
            beside = self.expanded(_without(value, "$ref"), met)
            return {"allOf": [target], **beside} if beside else target
        return {
            key: self.expanded(value[key], met, is_map=key in _NAME_MAPS and not is_map)
            for key in sorted(value)
            if is_map or key not in merge.ANNOTATIONS
        }

    def _view(self, schema: Json) -> View:
        component = reference(schema)
        keys = dict(self._flat(schema))
        unions, demands, has_null = self._groups(keys.pop("groups", ()))
        types, null_type = _types(keys)
        nullable = keys.pop("nullable", False) or null_type or has_null
        variants = [variant for _, group in unions for variant in group]
        if len(variants) == 1 and not component:
            only = self.of(variants[0])
            if keys.keys() - merge.ANNOTATIONS or (types and types != only.types):
                own = keys | ({"type": sorted(types)} if types else {}) | {"nullable": nullable}
                return self.of(self._both(variants[0], own))  # both hold, as parts of an allOf do
            beside = only.beside | _without(schema, "oneOf", "anyOf") | {"nullable": nullable}
            return replace(only, nullable=nullable or only.nullable, beside=beside)
        merged = frozenset(filter(None, map(reference, schema.get("allOf", ()))))
        titled = {"$ref": _COMPONENTS + component} if component else schema
        title = operations.resolved(self.document, titled).get("title", "")
        if "$ref" in schema or not component:
            beside = _without(schema, "$ref")
        else:
            beside = self.of(schema["allOf"][0]).beside | _without(schema, "allOf")
        return View(
            schema, component, beside, keys, types, nullable, unions, demands, title, merged
        )

    def _groups(
        self, groups: Json
    ) -> tuple[
        tuple[tuple[str, tuple[Json, ...]], ...], tuple[tuple[str, frozenset[str]], ...], bool
    ]:
        """Return the unions, the groups of demands, and whether null is a variant."""
        unions, demands, has_null = [], [], False
        for kind, variants in groups:
            spoken = [variant for variant in variants if not self._is_null(variant)]
            has_null = has_null or len(spoken) < len(variants)
            if all(map(self._is_demand, spoken)):
                texts = (canonical(self.expanded(variant)) for variant in spoken)
                demands.append((kind, frozenset(texts)))
            elif spoken:
                unions.append((kind, tuple(spoken)))
        return tuple(unions), tuple(sorted(demands, key=repr)), has_null

    def _is_demand(self, variant: Json) -> bool:
        """Say whether a variant gives a value no shape, as `{required: [a]}` doesn't."""
        keys = self._flat(variant) if isinstance(variant, dict) else {}
        return bool(keys.keys() - merge.ANNOTATIONS) and not keys.keys() & _SHAPE

    def _is_null(self, schema: Json) -> bool:
        return isinstance(schema, dict) and _types(dict(self._flat(schema))) == (_NOTHING, True)

    def _flat(self, schema: Json) -> dict[str, Json]:
        """Return the keywords of `schema` with its `$ref` followed and its allOf merged in."""
        if id(schema) not in self._flats:
            self._flats[id(schema)] = (schema, {})  # what is made of itself adds nothing
            parts = list(schema.get("allOf", ()))
            if isinstance(ref := schema.get("$ref"), str):
                parts.insert(0, operations.resolved(self.document, {"$ref": ref}))
            flats = [
                self._flat(part if isinstance(part, dict) else {"not": {}})
                for part in parts
                if part is not True
            ]
            self._flats[id(schema)] = (
                schema,
                merge.merged(merge.plain(schema), flats, self._both),
            )
        return self._flats[id(schema)][1]

    def _both(self, left: Json, right: Json) -> Json:
        """Return a schema that is both, the same one whenever it is asked for.

        What is both already gives its parts: of so many there are only so many sets, while what
        contains itself would nest for ever.
        """
        parts = {canonical(part): part for side in (left, right) for part in _parts(side)}
        if len(parts) == 1:
            return right
        texts = sorted(parts)
        return self._pairs.setdefault("".join(texts), {"allOf": [parts[text] for text in texts]})


def _parts(schema: Json) -> list[Json]:
    """Return the schemas that one is made of, which says nothing itself; else the schema."""
    is_made = isinstance(schema, dict) and schema.keys() == {"allOf"}
    return [part for each in schema["allOf"] for part in _parts(each)] if is_made else [schema]


def reference(schema: Json) -> str:
    """Return the component that a `$ref`, or the single one that an allOf wraps, names; else ""."""
    if not isinstance(schema, dict):
        return ""
    if isinstance(ref := schema.get("$ref"), str):
        name = ref.removeprefix(_COMPONENTS)
        return "" if name == ref or "/" in name else pointer.split(f"/{name}")[0]
    if len(schema.get("allOf", ())) == 1 and schema.keys() <= _BESIDE_REFERENCE | {"allOf"}:
        return reference(schema["allOf"][0])
    return ""


def _without(schema: Json, *keys: str) -> dict[str, Json]:
    return {key: value for key, value in schema.items() if key not in keys}


def _types(keys: dict[str, Json]) -> tuple[frozenset[str], bool]:
    """Return the types but null, inferred where none is written, and whether null is one."""
    written = keys.pop("type", None)
    values = [keys["const"]] if "const" in keys else keys.get("enum")
    null = "null" in (written or ()) or None in (values or ())
    types = written
    if types is None and values is not None:
        types = map(_type_of, values)
    if types is None:  # as the generator does; `items` alone says nothing
        return frozenset({"object"} if "properties" in keys else ()), null
    return frozenset(types) - {"null"} or _NOTHING, null


def _type_of(value: Json) -> str:
    names = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array"}
    return "null" if value is None else names.get(type(value), "object")
