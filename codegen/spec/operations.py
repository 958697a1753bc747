"""The spec's operations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from codegen.errors import SourceError
from codegen.spec import pointer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codegen.spec.document import Json

METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


@dataclass(frozen=True)
class Operation:
    """One (method, path) of the spec, and the media types that each status answers with."""

    operation_id: str
    method: str
    path: str
    responses: dict[str, tuple[str, ...]]


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
        )
        for path, method, operation in each(document)
    ]


def each(document: Json) -> Iterator[tuple[str, str, Json]]:
    """Yield path, lower-case method and operation object of each operation."""
    for path, item in document.get("paths", {}).items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


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
