"""What to call a generated operation with: values made from its schemas, of the types it wants."""

from __future__ import annotations

import datetime
import enum
import functools
import inspect
import io
import types
import typing
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from dateutil.parser import isoparse
from openapi_python_client.strings import PythonIdentifier

from codegen.make import bodies
from codegen.spec import operations
from codegen.spec.operations import resolved
from oneloop.sandbox.sample import Schemas
from oneloop_api_client.types import File, Unset

Made = dict[str, Any]
Maker = Callable[[], Made]
"""Makes the same arguments each time: a file is read once."""


class Arguments:
    """Makes arguments for the operations of one spec."""

    def __init__(self, document: Any) -> None:
        self._document = document
        self._schemas = Schemas(document, "request")

    def variants(self, path: str, method: str, function: Any) -> Iterator[Maker]:
        """Yield all arguments, with each of the bodies that the operation takes, and the fewest."""
        operation = self._document["paths"][path][method]
        body = resolved(self._document, operation.get("requestBody", {}))
        arms = _arms(typing.get_type_hints(function).get("body"))
        content = list(body.get("content", {}).items())
        if len(arms) != len(content):  # all of them are of one, the others are left out
            content.sort(key=lambda entry: _rank(self._document, *entry))
            arms, content = [typing.Union[tuple(arms)]] if arms else [], content[:1]  # noqa: UP007
        for hint, (media_type, entry) in zip(arms, content, strict=True):
            schema = entry.get("schema", {})
            make = functools.partial(self._all, path, operation, function, hint, schema)
            yield functools.partial(make, in_json=media_type.endswith("json"))
        if not arms:
            yield functools.partial(self._parameters, path, operation, function, every=True)
        if not body.get("required"):
            yield functools.partial(self._parameters, path, operation, function, every=False)

    def _all(
        self, path: str, operation: Any, function: Any, hint: Any, schema: Any, *, in_json: bool
    ) -> Made:
        value = self._schemas.sample(schema)
        if not in_json:
            value = _with_bytes(self._document, schema, value)
        parameters = self._parameters(path, operation, function, every=True)
        return parameters | {"body": built(hint, value)}

    def _parameters(self, path: str, operation: Any, function: Any, *, every: bool) -> Made:
        hints = typing.get_type_hints(function)
        made: Made = {}
        for parameter in operations.parameters(self._document, path, operation):
            if every or parameter.get("required"):
                name, location = parameter["name"], parameter["in"]
                python_name = _python_name(name, location, inspect.signature(function))
                value = self._schemas.sample(parameter["schema"])
                made[python_name] = built(hints[python_name], value)
        return made


def _python_name(name: str, location: str, signature: inspect.Signature) -> str:
    """Return what the generator calls a parameter: its place is added where two have one name."""
    plain = PythonIdentifier(name, "field_")
    with_place = PythonIdentifier(f"{name}_{location}", "field_")
    return str(with_place if with_place in signature.parameters else plain)


def _rank(document: Any, media_type: str, entry: Any) -> int:
    """Return a lower number for the media type that generated code rather sends."""
    if media_type == "multipart/form-data":
        return 0 if bodies.holds_file(document, entry.get("schema", {})) else 2
    return 1 if media_type.endswith("json") else 3


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
