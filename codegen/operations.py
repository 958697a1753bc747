"""The spec's operations, and the proof that each has its function in generated code."""

from __future__ import annotations

import ast
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from codegen import pointer
from codegen.errors import GenerationError, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from codegen.document import Json

METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_FUNCTIONS: Final = {"sync_detailed", "asyncio_detailed"}


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


def mismatches(document: Json, package: Path) -> list[str]:
    """Return the operations that have no module of functions in `package`, and the reverse."""
    wanted = Counter((operation.method, _shape(operation.path)) for operation in of(document))
    found = Counter(
        _generated(path)
        for path in sorted(package.glob("api/*/*.py"))
        if path.name != "__init__.py"
    )
    return [
        *(
            f"{method} {path} has no function"
            for method, path in sorted((wanted - found).elements())
        ),
        *(
            f"{method} {path} isn't in the spec"
            for method, path in sorted((found - wanted).elements())
        ),
    ]


def _generated(path: Path) -> tuple[str, str]:
    """Return method and path shape of the one operation in a generated module."""
    tree = _parsed(path)
    functions = {
        node.name: node
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    if "_get_kwargs" not in functions or not functions.keys() >= _FUNCTIONS:
        raise GenerationError(f"{path.name} lacks the functions of an operation")
    for node in ast.walk(functions["_get_kwargs"]):
        if isinstance(node, ast.Dict):
            entries = {
                key.value: value
                for key, value in zip(node.keys, node.values, strict=True)
                if isinstance(key, ast.Constant)
            }
            if "method" in entries and "url" in entries:
                return _text(entries["method"]).upper(), _shape(_text(entries["url"]))
    raise GenerationError(f"{path.name} sends no request")


def _parsed(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_text(encoding="utf-8"))
    except SyntaxError as error:
        raise GenerationError(f"generated {path.name} is not Python: {error}") from None


def _text(node: ast.expr) -> str:
    """Return a string literal, or the literal that `.format` is called on."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        node = node.func.value
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _shape(path: str) -> str:
    """Return `path` with its parameters' names left out: in Python they are spelled differently."""
    return re.sub(r"\{[^{}]*\}", "{}", path)
