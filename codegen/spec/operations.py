"""The spec's operations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from codegen.errors import SourceError
from codegen.spec import pointer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from codegen.spec.document import Json

_DELIMITERS: Final = {"form": ",", "spaceDelimited": " ", "pipeDelimited": "|"}
METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


@dataclass(frozen=True)
class Operation:
    """One (method, path) of the spec.

    `responses` are the media types that each status answers with; `joined` what stands between the
    items of the query parameters that are lists in one piece.
    """

    operation_id: str
    method: str
    path: str
    responses: dict[str, tuple[str, ...]]
    joined: dict[str, str]


def of(document: Json) -> list[Operation]:
    """Return the spec's operations in its own order."""
    return [
        Operation(
            operation_id=operation.get("operationId", ""),
            method=method.upper(),
            path=path,
            responses={
                status: tuple(resolved(document, response).get("content", {}))
                for status, response in operation.get("responses", {}).items()
            },
            joined={
                parameter["name"]: _DELIMITERS[parameter.get("style", "form")]
                for parameter in parameters(document, path, operation)
                if is_joined(document, parameter)
            },
        )
        for path, method, operation in each(document)
    ]


def each(document: Json) -> Iterator[tuple[str, str, Json]]:
    """Yield path, lower-case method and operation object of each operation."""
    for path, item in document.get("paths", {}).items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def with_items_in_place(document: Json) -> Json:
    """Return the document with each path's own item instead of a `$ref` to one that can be found.

    What stands beside the `$ref` goes before what it leads to (OpenAPI leaves that open).
    """
    paths = document.get("paths") if isinstance(document, dict) else None
    if not isinstance(paths, dict):
        return document
    return document | {"paths": {path: _in_place(document, item) for path, item in paths.items()}}


def _in_place(document: Json, item: Json, above: tuple[str, ...] = ()) -> Json:
    ref = item.get("$ref") if isinstance(item, dict) else None
    if not isinstance(ref, str) or ref in above:
        return item
    target = pointer.find(document, ref.removeprefix("#"))
    if not isinstance(target, dict):
        return item
    own = {key: value for key, value in item.items() if key != "$ref"}
    return _in_place(document, target, (*above, ref)) | own


def key_of(parameter: Json) -> tuple[str, str]:
    """Return what makes a parameter the same as another: place and name; headers ignore case."""
    place, name = parameter["in"], parameter["name"]
    return place, name.lower() if place == "header" else name


def has_body(method: str, status: str) -> bool:
    """Say whether the answer to a request can have a body (RFC 9110 §6.4.1)."""
    return method.upper() != "HEAD" and status not in {"204", "205", "304"}


def successes(statuses: Iterable[str]) -> list[str]:
    """Return those of successes; `default` is one beside errors alone (OpenAPI 3.0 §4.7.16)."""
    documented = list(statuses)
    others = [status for status in documented if status[0] in "123"]
    if others:
        return [status for status in others if status[0] == "2"]
    return [status for status in documented if status == "default"]


def parameters(document: Json, path: str, operation: Json) -> list[Json]:
    """Return an operation's parameters, its own before those of its path."""
    found: dict[tuple[str, str], Json] = {}
    for entry in [*operation.get("parameters", ()), *document["paths"][path].get("parameters", ())]:
        parameter = resolved(document, entry)
        found.setdefault(key_of(parameter), parameter)
    return list(found.values())


def variants(document: Json, schema: Json, above: tuple[int, ...] = ()) -> Iterator[Json]:
    """Yield the schemas, of one type each, that a value of `schema` may be of."""
    schema = resolved(document, schema)
    if not isinstance(schema, dict) or id(schema) in above:
        return
    for key in ("allOf", "oneOf", "anyOf"):
        for part in schema.get(key, ()):
            yield from variants(document, part, (*above, id(schema)))
    types = schema.get("type")
    for kind in types if isinstance(types, list) else [types]:
        yield schema | {"type": kind}


def is_joined(document: Json, parameter: Json) -> bool:
    """Say whether it is a list in the query whose items share one value (OpenAPI 3.0 §4.7.12.2)."""
    style = parameter.get("style", "form")
    schema = parameter.get("schema", {})
    return (
        parameter["in"] == "query"
        and any(each["type"] == "array" for each in variants(document, schema))
        and style in _DELIMITERS
        and not parameter.get("explode", style == "form")
    )


def resolved(document: Json, value: Json) -> Json:
    """Follow `value`'s `$ref`s inside the document."""
    seen: set[str] = set()
    while isinstance(value, dict) and isinstance(ref := value.get("$ref"), str):
        if ref in seen:
            raise SourceError(f"$ref {ref} leads to itself")
        seen.add(ref)
        value = pointer.find(document, ref.removeprefix("#"))
        if value is pointer.ABSENT:
            raise SourceError(f"$ref {ref} leads nowhere")
    return value
