"""Values made from the schemas of a spec: the same at each run, and valid.

    sample(document, "/components/schemas/Key", direction="response")

An author's example goes before a made value, wherever it stands and where it is valid.
"""

from __future__ import annotations

import copy
import functools
import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal, NamedTuple
from urllib.parse import quote, unquote

from jsonschema_rs import Draft202012Validator, Registry

from oneloop._http.schema import (
    ANSWERED,
    READ,
    SENT,
    Flaw,
    Rule,
    allow_unknown,
    first_flaw,
    translated,
)
from oneloop.sandbox import pattern
from oneloop.sandbox.plain import CHOICES, Plain, Schema, as_json, field, plains, types
from oneloop.sandbox.scalars import MOST_TRIES, SCALARS

Direction = Literal["request", "response"]
# What is said, and where nothing is that, what is meant.
_RULES: dict[Direction, Sequence[Sequence[Rule]]] = {
    "request": (SENT, (*SENT, allow_unknown)),
    "response": (ANSWERED, READ),
}
_HIDDEN: dict[Direction, str] = {"request": "readOnly", "response": "writeOnly"}


class NoSampleError(ValueError):
    """No value was found that a schema allows."""


def sample(document: Any, schema: str | Schema, *, direction: Direction) -> Any:
    """Return a value that a schema of the spec allows.

    Args:
        document: the spec, 3.0 or 3.1, as parsed JSON.
        schema: the schema, or its JSON pointer (RFC 6901) in the spec.
        direction: "request" leaves out what is read only, "response" what is written only.

    Raises:
        NoSampleError: none was found.
    """
    return Schemas(document, direction).sample(schema)


class Schemas:
    """The schemas of a spec in one direction: what they allow, and a value of each.

    A schema that no value was found for, since its parts shut each other out, is taken as the
    client takes it: unknown fields and overlapping variants pass.
    """

    def __init__(self, document: Any, direction: Direction) -> None:
        self._views = [_View(document, rules, _HIDDEN[direction]) for rules in _RULES[direction]]
        self._found: dict[str, _Found] = {}

    def flaw(self, schema: str | Schema, value: Any) -> Flaw | None:
        """Return what is wrong with a value; None where nothing is."""
        found = self._find(schema)
        return found.view.flaw(found.schema, value)

    def sample(self, schema: str | Schema, examples: Iterable[Any] = ()) -> Any:
        """Return the first example that the schema allows, else a value made from it.

        Raises:
            NoSampleError: none was found.
        """
        found = self._find(schema)
        for example in examples:
            if found.view.flaw(found.schema, example) is None:
                return example
        if found.value is _NOTHING:
            raise NoSampleError(f"no value was found for the schema {as_json(schema)[:200]}")
        return copy.deepcopy(found.value)

    def kinds(self, schema: str | Schema) -> set[str]:
        """Return the types of the values that a schema allows, as JSON Schema names them."""
        found = self._find(schema)
        return {kind for plain in found.view.plain(found.schema) for kind in types(plain)}

    def items(self, schema: str | Schema) -> Schema:
        """Return the schema of an array's items."""
        found = self._find(schema)
        given = (plain["items"] for plain in found.view.plain(found.schema) if "items" in plain)
        return next(given, True)

    def names(self, schema: str | Schema) -> set[str]:
        """Return the fields that a schema names."""
        found = self._find(schema)
        every = found.view.plain(found.schema)
        return {name for plain in every for name in plain.get("properties", ())}

    def field(self, schema: str | Schema, name: str) -> Schema:
        """Return the schema of an object's field."""
        found = self._find(schema)
        every = found.view.plain(found.schema)
        named = (plain for plain in every if name in plain.get("properties", ()))
        return field(next(named, every[0] if every else {}), name)

    def _find(self, schema: str | Schema) -> _Found:
        key = as_json(schema)
        if key not in self._found:
            self._found[key] = self._look(schema)
        return self._found[key]

    def _look(self, schema: str | Schema) -> _Found:
        found: list[_Found] = []
        try:
            for view in self._views:
                view_schema = view.schema(schema)
                value = next(view.values(view_schema), _NOTHING)
                found.append(_Found(view, view_schema, value))
                if value is not _NOTHING:
                    return found[-1]
        except ValueError as error:
            raise NoSampleError(f"the schema {as_json(schema)[:200]}: {error}") from None
        return found[0]


_NOTHING = object()
_SPEC = "urn:spec"
_MOST_VALUES = 3_000
"""Of one sample: past that, and past so many levels, optional fields are left out."""
_MOST_LEVELS = 5
_LARGEST = 10_000
"""Letters, items and fields that are made of one schema, wherever they stand."""
_LEASTS = ("minLength", "minItems", "minProperties", "minContains")
# What candidates are made without regard to, or only as far as it's easy.
_UNCERTAIN = {
    *CHOICES.values(),
    *("not", "enum", "example", "examples", "default", "pattern", "format", "multipleOf"),
    *("minProperties", "maxProperties", "propertyNames", "patternProperties"),
    *("dependentRequired", "dependentSchemas", "contains", "maxContains"),
    *("unevaluatedProperties", "unevaluatedItems"),
}


class _Above(NamedTuple):
    """What a value stands in."""

    refs: frozenset[str] = frozenset()
    """The schemas whose values it is a part of: none of them again, or there'd be no end."""
    levels: int = 0
    times: int = 1
    """How often it's there, in lists of so many items."""


class _Found(NamedTuple):
    """A schema in the view that has values of it, and the first of them, or `_NOTHING`."""

    view: _View
    schema: Schema
    value: Any


class _View:
    """The schemas under one reading of them."""

    def __init__(self, document: Any, rules: Sequence[Rule], hidden: str) -> None:
        self._rules = rules
        self._spec = document
        self._validators: dict[int, tuple[Schema, Draft202012Validator]] = {}
        self._hidden = hidden
        self._room = 0

    def schema(self, schema: str | Schema) -> Schema:
        """Return the schema as this view has it."""
        if isinstance(schema, str):
            return {"$ref": _SPEC + "#" + quote(schema.removeprefix("#"), safe="/~%")}
        alone = {"openapi": self._spec["openapi"], "schema": schema}
        return _absolute(translated(alone, self._rules))["schema"]

    def flaw(self, schema: Schema, value: Any) -> Flaw | None:
        return first_flaw(self._validator(schema), value)

    def values(self, schema: Schema) -> Iterator[Any]:
        """Yield valid values, the best first."""
        validator = self._validator(schema)
        self._room = _MOST_VALUES
        tried = itertools.islice(self._values(schema, _Above()), MOST_TRIES)
        return (value for value in tried if first_flaw(validator, value) is None)

    def plain(self, schema: Schema) -> list[Plain]:
        """Return what a schema says, one for each of its choices."""
        return [plain for plain, _ in self._plains(schema)]

    @functools.cached_property
    def _document(self) -> Any:
        return _absolute(translated(self._spec, self._rules))

    @functools.cached_property
    def _registry(self) -> Registry:
        return Registry([(_SPEC, self._document)])

    def _plains(self, schema: Schema) -> Iterator[tuple[Plain, tuple[str, ...]]]:
        return itertools.islice(plains((schema,), self._target), MOST_TRIES)

    def _validator(self, schema: Schema) -> Draft202012Validator:
        # Kept beside its validator: an id is a name only as long as its object lives.
        if id(schema) not in self._validators:
            made = Draft202012Validator(
                schema, registry=self._registry, validate_formats=True, offline=True
            )
            self._validators[id(schema)] = schema, made
        return self._validators[id(schema)][1]

    def _target(self, ref: str) -> Schema:
        return find(self._document, ref.removeprefix(_SPEC + "#"))

    def _values(self, schema: Schema, above: _Above) -> Iterator[Any]:
        self._room -= 1
        said: set[str] = set()
        for plain, refs in self._plains(schema):
            if not above.refs.isdisjoint(refs):
                continue
            certain = _UNCERTAIN.isdisjoint(plain)
            within = _Above(above.refs.union(refs), above.levels + 1, above.times)
            for value in itertools.islice(self._candidates(plain, within), MOST_TRIES):
                if (key := as_json(value)) not in said:
                    said.add(key)
                    if certain or first_flaw(self._validator(schema), value) is None:
                        yield value

    def _candidates(self, plain: Plain, above: _Above) -> Iterator[Any]:
        """Yield values for a schema without choices, valid unless it says what is `_UNCERTAIN`."""
        if "enum" in plain:
            yield from sorted(plain["enum"], key=lambda value: value is None)
            return
        if "example" in plain:
            yield plain["example"]
        if isinstance(plain.get("examples"), list):
            yield from plain["examples"]
        if "default" in plain:
            yield plain["default"]
        if max(plain.get(key, 0) for key in _LEASTS) * above.times > _LARGEST:
            return
        kinds = types(plain)
        for kind in kinds:
            if kind == "object":
                made = self._objects(plain, above)
            elif kind == "array":
                made = self._arrays(plain, above)
            else:
                made = SCALARS[kind](plain)
            yield from itertools.islice(made, MOST_TRIES // len(kinds))

    def _objects(self, plain: Plain, above: _Above) -> Iterator[Any]:
        schemas = plain.get("properties", {})
        required = list(plain.get("required", ()))
        optional = [
            name
            for name, schema in schemas.items()
            if name not in required and not self._is_hidden(schema)
        ]
        if above.levels > _MOST_LEVELS or self._room < 0:
            optional = []
        most = plain.get("maxProperties", len(required) + len(optional) + 1)
        names = (required + optional)[: max(most, len(required))]
        is_map = not schemas and (plain.get("additionalProperties") or "patternProperties" in plain)
        least = max(plain.get("minProperties", 0), min(1, most) if is_map else 0)
        names += self._other_names(plain, names, least)
        order = {name: number for number, name in enumerate(schemas)}
        names.sort(key=lambda name: order.get(name, len(order)))
        for chosen in [names] if set(names) == set(required) else [names, required]:
            yield from self._fields(plain, chosen, above)

    def _fields(self, plain: Plain, names: list[str], above: _Above) -> Iterator[Any]:
        """Yield objects with these fields, each with other values than the one before."""
        required = plain.get("required", ())
        makers = {name: _Kept(self._values(field(plain, name), above)) for name in names}
        for number in range(MOST_TRIES):
            made = {name: maker.take(number) for name, maker in makers.items()}
            if any(made[name] is _NOTHING for name in required):
                return
            yield {name: value for name, value in made.items() if value is not _NOTHING}
            if not any(maker.has(number + 1) for maker in makers.values()):
                return

    def _is_hidden(self, schema: Schema) -> bool:
        refs: set[str] = set()
        while isinstance(schema, dict) and schema.get(self._hidden) is not True:
            ref = schema.get("$ref")
            if ref is None or ref in refs:
                return False
            refs.add(ref)
            schema = self._target(ref)
        return isinstance(schema, dict)

    def _other_names(self, plain: Plain, names: list[str], least: int) -> list[str]:
        """Return names of fields that the schema doesn't name, until there are enough."""
        made: Iterator[str]
        if "propertyNames" in plain:
            texts = {"allOf": [plain["propertyNames"], {"type": "string"}]}
            made = self._values(texts, _Above())
        elif "patternProperties" in plain:
            made = itertools.chain.from_iterable(map(pattern.texts, plain["patternProperties"]))
        else:
            made = (f"key{number}" for number in itertools.count(1))
        others = dict.fromkeys(itertools.islice(made, MOST_TRIES))
        return [name for name in others if name not in names][: max(0, least - len(names))]

    def _arrays(self, plain: Plain, above: _Above) -> Iterator[Any]:
        prefix = plain.get("prefixItems", [])
        least, most = plain.get("minItems", 0), plain.get("maxItems", _LARGEST)
        contains = plain.get("minContains", 1) if "contains" in plain else 0
        size = min(most, max(least, len(prefix), contains, 1))
        rest = plain.get("items", True)
        schemas = [*prefix, *[rest] * max(0, size - len(prefix))][:size]
        schemas[:contains] = [{"allOf": [each, plain["contains"]]} for each in schemas[:contains]]
        within = _Above(above.refs, above.levels, above.times * max(size, 1))
        makers = {id(each): _Kept(self._values(each, within)) for each in schemas}
        for number in range(MOST_TRIES):
            items: list[Any] = []
            for schema in schemas:
                maker = makers[id(schema)]
                if plain.get("uniqueItems"):
                    item = maker.other_than(items, number)
                else:
                    item = maker.take(number)
                if item is _NOTHING:
                    break
                items.append(item)
            if len(items) < least:
                break
            yield items
            if not items or not any(maker.has(number + 1) for maker in makers.values()):
                break
        if not least:
            yield []


class _Kept:
    """The values of an iterator, kept as they come."""

    def __init__(self, values: Iterator[Any]) -> None:
        self._values = values
        self._kept: list[Any] = []

    def has(self, number: int) -> bool:
        missing = number + 1 - len(self._kept)
        self._kept += itertools.islice(self._values, max(0, missing))
        return len(self._kept) > number

    def take(self, number: int) -> Any:
        """Return the value of that number, or the last; `_NOTHING` where there is none."""
        return self._kept[number] if self.has(number) else (self._kept or [_NOTHING])[-1]

    def other_than(self, taken: list[Any], number: int) -> Any:
        """Return the first value from that number on that isn't among those taken."""
        before = {as_json(value) for value in taken}
        while self.has(number) and number < MOST_TRIES:
            if as_json(self._kept[number]) not in before:
                return self._kept[number]
            number += 1
        return _NOTHING


def _absolute(node: Any) -> Any:
    """Return a document whose `$ref`s name it, so that they hold in any part of it."""
    if isinstance(node, list):
        return [_absolute(each) for each in node]
    if not isinstance(node, dict):
        return node
    made = {key: _absolute(value) for key, value in node.items()}
    if isinstance(ref := node.get("$ref"), str) and ref.startswith("#"):
        made["$ref"] = _SPEC + ref
    return made


def find(document: Any, pointer: str) -> Any:
    """Return what is at a JSON pointer in a fragment (RFC 6901 §6).

    Raises:
        ValueError: nothing is there.
    """
    node = document
    try:
        for part in pointer.removeprefix("#").split("/")[1:]:
            name = unquote(part).replace("~1", "/").replace("~0", "~")
            node = node[int(name)] if isinstance(node, list) else node[name]
    except (KeyError, IndexError, TypeError, ValueError):
        raise ValueError(f"the spec has nothing at {pointer}") from None
    return node
