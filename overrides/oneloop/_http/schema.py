"""Whether a JSON answer has the shape that the effective spec gives it, by jsonschema-rs.

So what generated code reads is what it expects, in any operation, today's and tomorrow's.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Sequence
from importlib import resources
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, unquote

from oneloop.errors import MAX_EXCERPT

if TYPE_CHECKING:
    from jsonschema_rs import Draft202012Validator

    from oneloop_api_client.spec import Operation

_SPEC = "urn:spec"
# What generated code converts, and would raise on.
_FORMATS = {"date", "date-time", "uuid"}
_DATA_KEYS = {"example", "examples", "default", "enum", "const"}
_NAME_MAPS = {"properties", "patternProperties", "schemas", "$defs", "dependentSchemas"} | {
    "responses"  # whose `default` is no value
}
# A hyphen beside a class like `\w`, or any escape.
_HYPHEN = re.compile(r"(\\[dDsSwW])-|-(?=\\[dDsSwW])|(\\.)", re.DOTALL)
_UNREAD = "x-unread-pattern"


class Flaw(NamedTuple):
    """The first thing in an answer that isn't as the spec says."""

    where: str
    """Its JSON path."""
    expected: str
    """What the spec says there."""
    got: str | None
    """What is there, as JSON; None where nothing is."""


def media_type_of(content_type: str) -> str:
    """Return a content type in lower case, without its parameters."""
    return content_type.partition(";")[0].strip().lower()


def is_json(media_type: str) -> bool:
    """Whether a body of that type is JSON (RFC 6839 §3.1)."""
    return media_type == "application/json" or media_type.endswith("+json")


def flaw(value: Any, operation: Operation, status_code: int, media_type: str) -> Flaw | None:
    """Return what is wrong with an answer's parsed body; None where nothing is.

    Args:
        value: the body.
        operation: the one that was called.
        status_code: the answer's.
        media_type: its content type, without parameters.
    """
    validator = _validator(operation.method, operation.path, status_code, media_type)
    return None if validator is None else first_flaw(validator, value)


def first_flaw(validator: Draft202012Validator, value: Any) -> Flaw | None:
    """Return the first thing in a value that its schema doesn't allow; None where there is none."""
    try:
        error = next(iter(validator.iter_errors(value)), None)
    except ValueError as problem:  # a lone surrogate, a number past all measure, too deep
        return Flaw("$", "what the spec's schema can be held against", str(problem))
    if error is None:
        return None
    where = "$" + "".join(
        f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.instance_path
    )
    kind: Any = error.kind
    if kind.name == "required":
        return Flaw(f"{where}.{kind.property}", "a value", None)
    if kind.name == "type":
        expected = f"a value of type {' or '.join(kind.types)}"
    elif kind.name in ("anyOf", "not"):
        expected = f"what the spec's {kind.name} allows"
    else:
        expected = f"{kind.name} {json.dumps(kind.value, ensure_ascii=False, default=str)}"
    return Flaw(where, expected[:MAX_EXCERPT], json.dumps(error.instance))


@functools.lru_cache(1024)  # the server names the media type
def _validator(
    method: str, path: str, status_code: int, media_type: str
) -> Draft202012Validator | None:
    """Return what checks an answer; None where the spec says nothing of it."""
    from jsonschema_rs import Draft202012Validator, Registry  # noqa: PLC0415 - 25 ms

    document = _document()
    where = ["paths", path, method.lower(), "responses"]
    responses = document
    for part in where:
        responses = responses.get(part, {})
    said = (str(status_code), f"{status_code // 100}XX", "default")
    status = next((key for key in said if key in responses), None)
    if status is None:
        return None
    response, where = responses[status], [*where, status]
    if "$ref" in response:
        where = [unquote(part) for part in response["$ref"].split("/")[1:]]
        response = functools.reduce(lambda node, part: node[part], where, document)
    content = response.get("content", {})
    plain = {name: media_type_of(name) for name in content}
    names = [name for name in content if plain[name] == media_type]
    # An answer under another of JSON's names is what generated code takes it for: the first.
    names += [name for name in content if plain[name].endswith(("/json", "+json"))]
    if not names or "schema" not in content[name := names[0]]:
        return None
    pointer = "".join(
        "/" + quote(part.replace("~", "~0").replace("/", "~1"))
        for part in (*where, "content", name, "schema")
    )
    registry = Registry([(_SPEC, document)])
    return Draft202012Validator(
        {"$ref": f"{_SPEC}#{pointer}"}, registry=registry, validate_formats=True, offline=True
    )


@functools.cache
def _document() -> Any:
    text = resources.files("oneloop_api_client").joinpath("openapi.json").read_text("utf-8")
    return translated(json.loads(text))


Rule = Callable[[dict[str, Any]], None]
"""Changes the keywords of a schema, in place, to those that say the same or what is meant."""


def translated(document: Any, rules: Sequence[Rule] | None = None) -> Any:
    """Return a spec whose schemas say in JSON Schema 2020-12 what OpenAPI 3.0 and 3.1 mean.

    Args:
        document: the spec.
        rules: what is meant; `READ` unless given.
    """
    siblings = not document["openapi"].startswith("3.0")
    return _Translation(siblings, READ if rules is None else rules).of(document)


class _Translation(NamedTuple):
    siblings: bool
    """Whether what is beside a `$ref` counts: since 3.1."""
    rules: Sequence[Rule]

    def of(self, node: Any) -> Any:
        if isinstance(node, list):
            return [self.of(each) for each in node]
        if not isinstance(node, dict):
            return node
        if isinstance(node.get("$ref"), str) and not self.siblings:
            return {"$ref": node["$ref"]}
        made = {key: self._value(key, value) for key, value in node.items()}
        for rule in self.rules:
            rule(made)
        return made

    def _value(self, key: str, value: Any) -> Any:
        if key in _DATA_KEYS:
            return value
        if key in _NAME_MAPS and isinstance(value, dict):
            return {name: self.of(each) for name, each in value.items()}
        return self.of(value)


def _nullable(schema: dict[str, Any]) -> None:
    if schema.get("nullable") is not True:
        return
    if isinstance(schema.get("type"), str):
        schema["type"] = [schema["type"], "null"]
        if isinstance(schema.get("enum"), list):
            schema["enum"] = [*schema["enum"], None]
        return
    # Generated code takes null for these as well, though 3.0.3 asks for a type beside `nullable`.
    for key in ("oneOf", "anyOf"):
        if isinstance(schema.get(key), list):
            schema[key] = [*schema[key], {"type": "null"}]
            return
    if isinstance(schema.get("allOf"), list):
        schema["anyOf"] = [{"allOf": schema.pop("allOf")}, {"type": "null"}]


def _limits(schema: dict[str, Any]) -> None:
    """Write exclusive limits, a boolean in 3.0, as numbers."""
    for limit, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if isinstance(schema.get(exclusive), bool) and schema.pop(exclusive) and limit in schema:
            schema[exclusive] = schema.pop(limit)


def allow_unknown(schema: dict[str, Any]) -> None:
    """Allow fields that the schema doesn't name."""
    for key in ("additionalProperties", "unevaluatedProperties"):
        if schema.get(key) is False:
            del schema[key]


def _discriminated(schema: dict[str, Any]) -> None:
    """Allow as a variant what the discriminator leads to it, if any (OpenAPI 3.0.3 §4.7.25)."""
    told_by = schema.get("discriminator")
    variants = [key for key in ("oneOf", "anyOf") if isinstance(schema.get(key), list)]
    if not (variants and isinstance(told_by, dict)):
        return
    name, mapping = told_by["propertyName"], told_by.get("mapping", {})
    schema["required"] = [*schema.get("required", ()), name]
    for key in variants:
        for i, variant in enumerate(schema[key]):
            variant_name = _last(variant.get("$ref", ""))
            if values := [value for value, to in mapping.items() if _last(to) == variant_name]:
                field = {name: {"enum": values}}
                schema[key][i] = {"allOf": [variant, {"properties": field}]}


def _last(reference: str) -> str:
    return reference.rpartition("/")[2]


def _variants(schema: dict[str, Any]) -> None:
    """Allow what is of several variants at once."""
    if isinstance(schema.get("oneOf"), list):
        schema["allOf"] = [*schema.get("allOf", []), {"anyOf": schema.pop("oneOf")}]


def _converted(schema: dict[str, Any]) -> None:
    """Drop the formats that generated code doesn't convert."""
    if isinstance(schema.get("format"), str) and schema["format"] not in _FORMATS:
        del schema["format"]


def _pythonic(schema: dict[str, Any]) -> None:
    """Refuse times that Python doesn't have: RFC 3339 has a year 0 and leap seconds."""
    if schema.get("format") in ("date", "date-time"):
        schema["allOf"] = [*schema.get("allOf", []), {"pattern": "^(?!0000-|.*:60)"}]


def _without(mark: str) -> Rule:
    """Return the rule that a field with this mark needn't be there."""

    def rule(schema: dict[str, Any]) -> None:
        properties = schema.get("properties")
        if isinstance(schema.get("required"), list) and isinstance(properties, dict):
            schema["required"] = [
                name
                for name in schema["required"]
                if not (isinstance(each := properties.get(name), dict) and each.get(mark) is True)
            ]

    return rule


def _checkable(schema: dict[str, Any]) -> None:
    """Spell patterns as jsonschema-rs takes them; leave out those of ECMA-262 that it can't read.

    It would refuse the whole schema for one.
    """
    if isinstance(schema.get("pattern"), str):
        text = _spelled(schema.pop("pattern"))
        schema |= {_UNREAD: True} if text is None else {"pattern": text}
    if isinstance(fields := schema.get("patternProperties"), dict):
        spelled = {_spelled(text): each for text, each in fields.items()}
        if None in spelled:  # what else an object has can't be told from those fields
            del spelled[None]
            schema.pop("additionalProperties", None)
            schema.pop("unevaluatedProperties", None)
        schema["patternProperties"] = spelled
    for key in ("not", "if"):
        if key in schema and _UNREAD in json.dumps(schema[key]):
            del schema[key]


@functools.cache
def _spelled(pattern: str) -> str | None:
    from jsonschema_rs import Draft202012Validator  # noqa: PLC0415 - 25 ms

    # There it stands for itself, which Rust wants to be told.
    plain = _HYPHEN.sub(lambda found: found[2] or f"{found[1] or ''}\\-", pattern)
    for text in dict.fromkeys((pattern, plain)):
        try:
            Draft202012Validator({"pattern": text})
        except ValueError:
            continue
        return text
    return None


READ = (
    *(_nullable, _limits, allow_unknown, _discriminated, _variants, _converted, _pythonic),
    _checkable,
    _without("writeOnly"),
)
"""As a client reads an answer: it takes fields that it doesn't know and variants that overlap."""
ANSWERED = (_nullable, _limits, _discriminated, _pythonic, _checkable, _without("writeOnly"))
"""As a server answers: exactly what the schema says."""
SENT = (
    *(_nullable, _limits, _discriminated, _variants, _pythonic, _checkable),
    _without("readOnly"),
)
"""As a server takes a request; generated code can't tell overlapping variants apart."""
