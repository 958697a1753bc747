"""What to call a generated operation with: values made from its schemas, of the types it wants."""

from __future__ import annotations

import datetime
import enum
import inspect
import io
import types
import typing
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from dateutil.parser import isoparse
from openapi_python_client.strings import PythonIdentifier

from codegen.spec.operations import resolved
from oneloop.sandbox.sample import Schemas
from oneloop_api_client.types import File, Unset

Arguments = dict[str, Any]
Maker = Callable[[], Arguments]
"""Makes the same arguments each time: a file is read once."""


def variants(document: Any, path: str, method: str, function: Any) -> Iterator[Maker]:
    """Yield all arguments, with each of the bodies that the operation takes, and the fewest."""
    operation = document["paths"][path][method]
    body = resolved(document, operation.get("requestBody", {}))
    arms = _arms(typing.get_type_hints(function).get("body"))
    media_types = list(body.get("content", {}).values())
    paired = len(arms) == len(media_types)
    for number in range(len(arms) if paired else min(1, len(arms))):
        hint = arms[number] if paired else typing.Union[tuple(arms)]  # noqa: UP007 - made of a list
        schema = media_types[number].get("schema", {})
        yield lambda hint=hint, schema=schema: {  # type: ignore[misc]
            **_parameters(document, path, operation, function, every=True),
            "body": _body(document, schema, hint),
        }
    if not arms:
        yield lambda: _parameters(document, path, operation, function, every=True)
    if not body.get("required"):
        yield lambda: _parameters(document, path, operation, function, every=False)


def _parameters(
    document: Any, path: str, operation: Any, function: Any, *, every: bool
) -> Arguments:
    declared = [*document["paths"][path].get("parameters", ()), *operation.get("parameters", ())]
    parameters = {
        (each["name"], each["in"]): each
        for each in (resolved(document, parameter) for parameter in declared)
    }
    hints = typing.get_type_hints(function)
    made: Arguments = {}
    for (name, location), parameter in parameters.items():
        if every or parameter.get("required"):
            python_name = _python_name(name, location, inspect.signature(function))
            value = Schemas(document, "request").sample(parameter["schema"])
            made[python_name] = built(hints[python_name], value)
    return made


def _python_name(name: str, location: str, signature: inspect.Signature) -> str:
    """Return what the generator calls a parameter: its place is added where two have one name."""
    plain = PythonIdentifier(name, "field_")
    with_place = PythonIdentifier(f"{name}_{location}", "field_")
    return str(with_place if with_place in signature.parameters else plain)


def _body(document: Any, schema: Any, hint: Any) -> Any:
    value = Schemas(document, "request").sample(schema)
    return built(hint, _with_bytes(document, schema, value))


def _with_bytes(document: Any, schema: Any, value: Any) -> Any:
    """Return a value with bytes where the schema says so, as generated models want it."""
    schema = resolved(document, schema)
    if schema.get("format") == "binary" and isinstance(value, str):
        return value.encode()
    if isinstance(value, dict):
        fields = schema.get("properties", {})
        return {key: _with_bytes(document, fields.get(key, {}), it) for key, it in value.items()}
    if isinstance(value, list):
        return [_with_bytes(document, schema.get("items", {}), item) for item in value]
    return value


def _arms(hint: Any) -> list[Any]:
    """Return the types that a hint is a union of, without that of what is left out."""
    if hint is None:
        return []
    alternatives = typing.get_args(hint) if _is_union(hint) else (hint,)
    return [each for each in alternatives if each is not Unset]


def _is_union(hint: Any) -> bool:
    return typing.get_origin(hint) in (typing.Union, types.UnionType)


def built(hint: Any, value: Any) -> Any:
    """Return a JSON value as the type that a generated function's hint names.

    Raises:
        TypeError, ValueError, KeyError: it is none of that type.
    """
    if hint is Any:
        return value
    if _is_union(hint):
        return _first_built(_arms(hint), value)
    if typing.get_origin(hint) is list:
        return [built(typing.get_args(hint)[0], item) for item in _as(list, value)]
    if hint is File:
        return File(payload=io.BytesIO(_as(bytes, value)), file_name="a file.bin")
    if hasattr(hint, "from_dict"):
        return hint.from_dict(_as(dict, value))
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return hint(value)
    parse = _PARSED.get(hint)
    if parse:
        return parse(_as(str, value))
    return _as((int, float) if hint is float else hint, value)


def _first_built(hints: list[Any], value: Any) -> Any:
    for hint in hints:
        try:
            return built(hint, value)
        except (TypeError, ValueError, KeyError, AttributeError):
            continue
    raise TypeError(f"{value!r} is none of {hints}")


def _as(kind: Any, value: Any) -> Any:
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise TypeError(f"{value!r} is no {kind}")
    return value


_PARSED: dict[Any, Callable[[str], Any]] = {
    uuid.UUID: uuid.UUID,
    datetime.datetime: isoparse,
    datetime.date: lambda text: isoparse(text).date(),
}
