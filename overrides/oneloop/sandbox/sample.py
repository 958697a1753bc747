"""Values made from the schemas of a spec: the same at each run, and valid.

    sample(document, "/components/schemas/Key", direction="response")

An author's example goes before a made value, wherever it stands and where it is valid.
"""

from __future__ import annotations

import base64
import datetime
import functools
import itertools
import json
import string
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from math import ceil, floor, lcm
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

Direction = Literal["request", "response"]
Schema = Any
"""An object or a boolean, as JSON Schema has it."""

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
        self._document = document
        self._direction: Direction = direction
        self._views: list[_View] = []
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
            raise NoSampleError(f"no value was found for the schema {_json(schema)[:200]}")
        return found.value

    def kinds(self, schema: str | Schema) -> set[str]:
        """Return the types of the values that a schema allows, as JSON Schema names them."""
        found = self._find(schema)
        return {kind for plain in found.view.plain(found.schema) for kind in _types(plain)}

    def part(self, schema: str | Schema, name: str | None) -> Schema:
        """Return the schema of the field of that name, or for None that of an array's items."""
        found = self._find(schema)
        for plain in found.view.plain(found.schema):
            if name is None and "items" in plain:
                return plain["items"]
            if name is not None and name in plain.get("properties", ()):
                return _field(plain, name)
        return True

    def fields(self, schema: str | Schema) -> dict[str, Schema]:
        """Return the fields that a schema names."""
        found = self._find(schema)
        plains = found.view.plain(found.schema)
        return {name: each for p in plains for name, each in p.get("properties", {}).items()}

    def _find(self, schema: str | Schema) -> _Found:
        key = _json(schema)
        if key not in self._found:
            self._found[key] = self._look(schema)
        return self._found[key]

    def _look(self, schema: str | Schema) -> _Found:
        found = []
        for number, rules in enumerate(_RULES[self._direction]):
            if number == len(self._views):
                self._views.append(_View(self._document, rules, _HIDDEN[self._direction]))
            view = self._views[number]
            translated_schema = view.schema(schema)
            value = next(view.values(translated_schema), _NOTHING)
            found.append(_Found(view, translated_schema, value))
            if value is not _NOTHING:
                return found[-1]
        return found[0]


_NOTHING = object()
_SPEC = "urn:spec"
_MOST_VALUES = 3_000
"""Of one sample: past that, and past so many levels, optional fields are left out."""
_MOST_LEVELS = 5
_MOST_TRIES = 300


class _Above(NamedTuple):
    """What a value stands in."""

    refs: frozenset[str] = frozenset()
    """The schemas whose values it is a part of: none of them again, or there'd be no end."""
    levels: int = 0


class _Found(NamedTuple):
    """A schema in the view that has values of it, and the first of them, or `_NOTHING`."""

    view: _View
    schema: Schema
    value: Any


class _View:
    """The schemas under one reading of them."""

    def __init__(self, document: Any, rules: Sequence[Rule], hidden: str) -> None:
        self._rules = rules
        self._version = document["openapi"]
        self._document = _absolute(translated(document, rules))
        self._registry = Registry([(_SPEC, self._document)])
        self._validators: dict[int, tuple[Schema, Draft202012Validator]] = {}
        self._hidden = hidden
        self._room = 0

    def schema(self, schema: str | Schema) -> Schema:
        """Return the schema as this view has it."""
        if isinstance(schema, str):
            return {"$ref": _SPEC + "#" + quote(schema.removeprefix("#"), safe="/~%")}
        return _absolute(translated({"openapi": self._version, "_": schema}, self._rules)["_"])

    def flaw(self, schema: Schema, value: Any) -> Flaw | None:
        return first_flaw(self._validator(schema), value)

    def values(self, schema: Schema) -> Iterator[Any]:
        """Yield valid values, the best first."""
        validator = self._validator(schema)
        self._room = _MOST_VALUES
        tried = itertools.islice(self._values(schema, _Above()), _MOST_TRIES)
        return (value for value in tried if first_flaw(validator, value) is None)

    def plain(self, schema: Schema) -> list[dict[str, Any]]:
        """Return what a schema says, one for each of its choices."""
        return [each for each, _ in itertools.islice(self._plain((schema,), {}, ()), _MOST_TRIES)]

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
        for plain, refs in itertools.islice(self._plain((schema,), {}, ()), _MOST_TRIES):
            if not above.refs.isdisjoint(refs):
                continue
            certain = _UNCERTAIN.isdisjoint(plain)
            within = _Above(above.refs.union(refs), above.levels + 1)
            for value in itertools.islice(self._candidates(plain, within), _MOST_TRIES):
                if (key := _json(value)) not in said:
                    said.add(key)
                    if certain or first_flaw(self._validator(schema), value) is None:
                        yield value

    def _plain(
        self, waiting: tuple[Schema, ...], made: dict[str, Any], refs: tuple[str, ...]
    ) -> Iterator[tuple[dict[str, Any], tuple[str, ...]]]:
        """Yield what schemas say together as one without `$ref`, `allOf`, `anyOf`, `oneOf`, `if`.

        One for each choice, with the `$ref`s that were followed.
        """
        if not waiting:
            yield from ((each, refs) for each in _discriminated(made, refs))
            return
        schema, *rest = waiting
        if schema is False:
            return
        if schema is True:
            yield from self._plain((*rest,), made, refs)
            return
        for key in ("$ref", "allOf", "anyOf", "oneOf", "if"):
            if key in schema:
                other = {name: value for name, value in schema.items() if name != key}
                break
        else:
            both = _both(made, schema, refs)
            if both is not None:
                yield from self._plain((*rest,), both, refs)
            return
        if key == "$ref":
            ref = schema["$ref"]
            parts = () if ref in refs else (self._target(ref),)
            yield from self._plain((*parts, other, *rest), made, (*refs, ref))
        elif key == "allOf":
            yield from self._plain((other, *schema["allOf"], *rest), made, refs)
        else:
            if key == "if":
                then, otherwise = other.pop("then", True), other.pop("else", True)
                choices = [{"allOf": [schema["if"], then]}, otherwise]
                other = {**other, "_if": True}
            else:
                choices = sorted(schema[key], key=lambda each: each == {"type": "null"})
                other = {**other, f"_{key}": True}
            for choice in choices:
                yield from self._plain((other, choice, *rest), made, refs)

    def _candidates(self, plain: dict[str, Any], above: _Above) -> Iterator[Any]:
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
        kinds = _types(plain)
        for kind in kinds:
            if kind == "object":
                made = self._objects(plain, above)
            elif kind == "array":
                made = self._arrays(plain, above)
            else:
                made = _SCALARS[kind](plain)
            yield from itertools.islice(made, _MOST_TRIES // len(kinds))

    def _objects(self, plain: dict[str, Any], above: _Above) -> Iterator[Any]:
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
        for chosen in [names] if names == required else [names, required]:
            yield from self._fields(plain, chosen, above)

    def _fields(self, plain: dict[str, Any], names: list[str], above: _Above) -> Iterator[Any]:
        """Yield objects with these fields, each with other values than the one before."""
        required = plain.get("required", ())
        makers = {name: _Kept(self._values(_field(plain, name), above)) for name in names}
        for number in range(_MOST_TRIES):
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

    def _other_names(self, plain: dict[str, Any], names: list[str], least: int) -> list[str]:
        """Return names of fields that the schema doesn't name, until there are enough."""
        made: Iterator[str]
        if "propertyNames" in plain:
            texts = {"allOf": [plain["propertyNames"], {"type": "string"}]}
            made = self._values(texts, _Above())
        elif "patternProperties" in plain:
            made = itertools.chain.from_iterable(map(pattern.texts, plain["patternProperties"]))
        else:
            made = (f"key{number}" for number in itertools.count(1))
        others = dict.fromkeys(itertools.islice(made, _MOST_TRIES))
        return [name for name in others if name not in names][: max(0, least - len(names))]

    def _arrays(self, plain: dict[str, Any], above: _Above) -> Iterator[Any]:
        prefix = plain.get("prefixItems", [])
        least, most = plain.get("minItems", 0), plain.get("maxItems", 1_000)
        contains = plain.get("minContains", 1) if "contains" in plain else 0
        size = min(most, max(least, len(prefix), contains, 1))
        rest = plain.get("items", True)
        schemas = [*prefix, *[rest] * max(0, size - len(prefix))][:size]
        schemas[:contains] = [{"allOf": [each, plain["contains"]]} for each in schemas[:contains]]
        makers = {id(each): _Kept(self._values(each, above)) for each in schemas}
        for number in range(_MOST_TRIES):
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
        before = {_json(value) for value in taken}
        while self.has(number) and number < _MOST_TRIES:
            if _json(self._kept[number]) not in before:
                return self._kept[number]
            number += 1
        return _NOTHING


# What candidates are made without regard to, or only as far as it's easy.
_UNCERTAIN = {
    *("_anyOf", "_oneOf", "_if", "not", "enum", "example", "examples", "default"),
    *("pattern", "format", "multipleOf", "minProperties", "maxProperties", "propertyNames"),
    *("patternProperties", "dependentRequired", "dependentSchemas", "contains", "maxContains"),
    *("unevaluatedProperties", "unevaluatedItems"),
}
_KEYWORDS = {
    "object": {"properties", "required", "additionalProperties", "minProperties"},
    "array": {"items", "prefixItems", "minItems", "maxItems", "uniqueItems", "contains"},
    "string": {"pattern", "format", "minLength", "maxLength", "contentEncoding"},
    "number": {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"},
}


def _types(plain: dict[str, Any]) -> list[str]:
    if "type" in plain:
        return sorted(plain["type"], key=lambda kind: kind == "null")
    meant = [kind for kind, keywords in _KEYWORDS.items() if not keywords.isdisjoint(plain)]
    return meant or ["string", "object", "array", "number", "boolean", "null"]


def _field(plain: dict[str, Any], name: str) -> Schema:
    """Return the schema of an object's field."""
    if name in plain.get("properties", {}):
        return plain["properties"][name]
    for expression, schema in plain.get("patternProperties", {}).items():
        if Draft202012Validator({"pattern": expression}).is_valid(name):
            return schema
    return plain.get("additionalProperties", True)


_LEAST = {"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties", "minContains"}
_MOST = {"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties", "maxContains"}
_SCHEMAS = {"items", "additionalProperties", "propertyNames", "contains"}


def _both(
    made: dict[str, Any], schema: dict[str, Any], refs: tuple[str, ...]
) -> dict[str, Any] | None:
    """Return what two schemas say together, neither with choices; None where they exclude."""
    both = dict(made)
    for key, value in schema.items():
        if key == "const":
            key, value = "enum", [value]  # noqa: PLW2901
        elif (key == "type" and isinstance(value, str)) or key in ("pattern", "format"):
            value = [value]  # noqa: PLW2901
        elif key == "discriminator":
            value = (value, len(refs))  # noqa: PLW2901
        both[key] = _joined(key, both[key], value) if key in both else value
    return None if both.get("type") == [] or both.get("enum") == [] else both


def _joined(key: str, one: Any, other: Any) -> Any:  # noqa: PLR0911 - a line a keyword
    if key in _LEAST:
        return max(one, other)
    if key in _MOST:
        return min(one, other)
    if key == "type":
        kinds = [kind for kind in one if kind in other or (kind == "integer" and "number" in other)]
        return kinds + ["integer"] * ("number" in one and "integer" in other)
    if key == "enum":
        return [value for value in one if _json(value) in set(map(_json, other))]
    if key in ("properties", "patternProperties"):
        shared = {name: {"allOf": [one[name], other[name]]} for name in one.keys() & other.keys()}
        return {**one, **other, **shared}
    if key == "required":
        return list(dict.fromkeys([*one, *other]))
    if key in ("pattern", "format"):
        return [*one, *other]
    if key == "multipleOf":
        return float(_common(Fraction(str(one)), Fraction(str(other))))
    if key in _SCHEMAS:
        return {"allOf": [one, other]}
    return one


def _discriminated(made: dict[str, Any], refs: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """Yield a schema with its discriminator's value, and without."""
    if "discriminator" in made:
        (discriminator, at), names = made["discriminator"], [_last(ref) for ref in refs]
        # The variant chosen, else what is composed of the schema that discriminates, else itself.
        (name,) = (names[at:] or names)[:1] or [None]
        mapping = discriminator.get("mapping", {})
        value = next((key for key, target in mapping.items() if _last(target) == name), name)
        if value is not None and (property_name := discriminator.get("propertyName")):
            said = {"properties": {property_name: {"const": value}}, "required": [property_name]}
            joined = _both(made, said, refs)
            if joined is not None:
                yield joined
    yield made


def _last(ref: str) -> str:
    return ref.rpartition("/")[2]


def _numbers(plain: dict[str, Any], *, whole: bool) -> Iterator[int | float]:
    step = Fraction(str(plain.get("multipleOf", 1)))
    if whole:
        step = _common(step, Fraction(1))
    bounds = {key: Fraction(str(plain[key])) for key in _LEAST | _MOST if key in plain}
    lows = [ceil(bounds["minimum"] / step)] if "minimum" in bounds else []
    if "exclusiveMinimum" in bounds:
        lows.append(floor(bounds["exclusiveMinimum"] / step) + 1)
    highs = [floor(bounds["maximum"] / step)] if "maximum" in bounds else []
    if "exclusiveMaximum" in bounds:
        highs.append(ceil(bounds["exclusiveMaximum"] / step) - 1)
    low, high = max(lows, default=-_MOST_TRIES), min(highs, default=_MOST_TRIES + max(lows, default=0))
    low = low if lows else min(low, high - _MOST_TRIES)
    start = min(max(low, 1), high)
    for number in itertools.chain(range(start, high + 1), range(start - 1, low - 1, -1)):
        if low <= number:
            yield _plain_number(number * step)
    if not whole and "multipleOf" not in plain and lows and highs:  # between whole numbers
        least = max(bounds[key] for key in ("minimum", "exclusiveMinimum") if key in bounds)
        most = min(bounds[key] for key in ("maximum", "exclusiveMaximum") if key in bounds)
        for part in (8, 4, 12, 2, 6, 10, 14, 1, 3, 5, 7, 9, 11, 13, 15, 0, 16):
            if least <= most:
                yield _plain_number(least + (most - least) * Fraction(part, 16))


def _plain_number(number: Fraction) -> int | float:
    return int(number) if number.denominator == 1 else float(number)


def _common(one: Fraction, other: Fraction) -> Fraction:
    """Return the least common multiple."""
    both = one.denominator * other.denominator
    return Fraction(lcm(int(one * both), int(other * both)), both)


def _strings(plain: dict[str, Any]) -> Iterator[str]:
    low, high = plain.get("minLength", 0), plain.get("maxLength", 1_000_000)
    formats = plain.get("format", [])
    if plain.get("contentEncoding") == "base64":
        formats = [*formats, "byte"]
    patterns = plain.get("pattern", [])
    numbers = range(_MOST_TRIES)
    made = [map(_FORMATS[each], numbers) for each in formats if each in _FORMATS]
    made += [pattern.texts(each, low) for each in patterns]
    if not patterns:
        made.append(_words(low, high))
    texts = itertools.chain.from_iterable(itertools.islice(each, _MOST_TRIES) for each in made)
    return (text for text in texts if low <= len(text) <= high)


_LETTERS = string.ascii_letters + string.digits


def _words(low: int, high: int) -> Iterator[str]:
    for number in range(_MOST_TRIES):
        word = f"string{number + 1}" if number else "string"
        if len(word) > high:  # as a number of so many letters
            size = len(_LETTERS)
            word = "".join(_LETTERS[number // size**place % size] for place in range(high))[::-1]
        yield word.ljust(low, "-")


def _day(number: int) -> str:
    return (datetime.date(2025, 1, 15) + datetime.timedelta(days=number)).isoformat()


_FORMATS: dict[str, Callable[[int], str]] = {
    "date": _day,
    "date-time": lambda number: f"{_day(number)}T12:00:00Z",
    "time": lambda number: f"12:00:{number % 60:02}Z",
    "duration": lambda number: f"P{number + 1}D",
    "email": lambda number: f"user{number + 1}@example.com",
    "idn-email": lambda number: f"user{number + 1}@example.com",
    "hostname": lambda number: f"host{number + 1}.example.com",
    "idn-hostname": lambda number: f"host{number + 1}.example.com",
    "ipv4": lambda number: f"192.0.2.{number + 1}",
    "ipv6": lambda number: f"2001:db8::{number + 1:x}",
    "uri": lambda number: f"https://example.com/{number + 1}",
    "uri-reference": lambda number: f"https://example.com/{number + 1}",
    "iri": lambda number: f"https://example.com/{number + 1}",
    "iri-reference": lambda number: f"https://example.com/{number + 1}",
    "url": lambda number: f"https://example.com/{number + 1}",
    "uri-template": lambda number: f"https://example.com/{number + 1}/{{id}}",
    "uuid": lambda number: f"123e4567-e89b-42d3-a456-{number + 1:012x}",
    "json-pointer": lambda number: f"/{number + 1}",
    "relative-json-pointer": lambda number: f"{number + 1}",
    "regex": lambda number: f"[a-z]{{{number + 1}}}",
    "byte": lambda number: base64.b64encode(b"sample %d" % (number + 1)).decode(),
}
_SCALARS: dict[str, Callable[[dict[str, Any]], Iterator[Any]]] = {
    "string": _strings,
    "integer": functools.partial(_numbers, whole=True),
    "number": functools.partial(_numbers, whole=False),
    "boolean": lambda _: iter((True, False)),
    "null": lambda _: iter((None,)),
}


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


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
