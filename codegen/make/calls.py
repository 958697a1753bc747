"""The operations of a generated package, as Python calls them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from codegen.make import inspection
from codegen.spec import operations

if TYPE_CHECKING:
    import ast

    from codegen.spec.document import Json


@dataclass(frozen=True)
class Call:
    """One operation: its request, and the module of functions that sends it."""

    method: str
    path: str
    module: str
    """Below the package's `api`: `usage.get_billing_usage`."""
    arguments: tuple[str, ...]
    """What it can't be called without, and a body: `bid`, `body=...`."""
    name: str | None
    """What its method is called; None in a package without methods."""
    summary: str
    tags: tuple[str, ...] | None
    """What the spec has it under; None where it says nothing of tags."""
    is_deprecated: bool

    @property
    def request(self) -> str:
        """The operation as the API's users know it: `GET /users/{id}`."""
        return f"{self.method} {self.path}"

    def spelled(self, methods: str | None) -> str:
        """Return the call, of a method of the object called `methods`, or of the raw function."""
        if methods and self.name:
            return f"{methods}.{self.name}({', '.join(self.arguments)})"
        client = f"client={methods or 'client'}"
        return f"api.{self.module}.sync({', '.join([*self.arguments, client])})"


def calls(document: Json, modules: dict[str, ast.Module]) -> list[Call]:
    """Return the operations of a package's modules in the spec's order."""
    found = inspection.by_operation(modules)
    names = inspection.methods(modules)
    return [
        Call(
            method.upper(),
            path,
            name.removeprefix("api/").removesuffix(".py").replace("/", "."),
            _arguments(inspection.functions(modules[name])["_get_kwargs"]),
            names.get(name),
            " ".join(str(operation.get("summary", "")).split()),
            tuple(operation["tags"]) if "tags" in operation else None,
            bool(operation.get("deprecated")),
        )
        for path, method, operation in operations.each(document)
        for name in found.get((method.upper(), inspection.shape(path)), [])
    ]


def _arguments(function: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[str, ...]:
    """Return the arguments without a default, as a call writes them, and a body in any case.

    The specs of many APIs don't say that a body is required, and mean it.
    """
    arguments = function.args
    positional = arguments.args[: len(arguments.args) - len(arguments.defaults)]
    named = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    return (
        *(argument.arg for argument in positional),
        *(
            f"{argument.arg}=..."
            for argument, default in named
            if default is None or argument.arg == "body"
        ),
    )
