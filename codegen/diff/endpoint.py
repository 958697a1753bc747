"""One operation as a user of the Python package meets it: its function and what it asks for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from openapi_python_client.parser.openapi import generate_operation_id
from openapi_python_client.schema.untrusted_string import UntrustedString
from openapi_python_client.strings import PythonIdentifier

from codegen.spec.operations import METHODS, each, key_of, parameters, resolved

if TYPE_CHECKING:
    from codegen.spec.document import Json

_PREFIX: Final = "field_"


@dataclass(frozen=True)
class Endpoint:
    """One operation with its path item's share in it."""

    document: Json
    path: str
    method: str
    item: Json
    body: Json

    @property
    def name(self) -> str:
        """What it is called in reports."""
        return f"{self.method.upper()} {self.path}"

    @property
    def key(self) -> tuple[str, str]:
        """What makes it the same operation in another spec, whatever its parameters are called."""
        return re.sub(r"\{[^{}]*\}", "{}", self.path), self.method

    @property
    def function(self) -> str:
        """The name of its generated module of functions."""
        if operation_id := self.body.get("operationId"):
            return str(PythonIdentifier(operation_id, _PREFIX))
        path = UntrustedString(self.path)
        return str(generate_operation_id(path=path, method=self.method, prefix=_PREFIX))

    @property
    def module(self) -> str:
        """The package below `api` that its module is in."""
        return str(PythonIdentifier((self.body.get("tags") or ["default"])[0], "tag"))

    @property
    def servers(self) -> list[Json] | None:
        """Those of its own, or of its path; None for the document's."""
        return self.body.get("servers", self.item.get("servers")) or None

    @property
    def parameters(self) -> dict[tuple[str, str], Json]:
        """By place and name, the operation's own before the path's; headers ignore case."""
        return {key_of(it): it for it in parameters(self.document, self.path, self.body)}

    @property
    def security(self) -> list[frozenset[str]]:
        """The alternatives, each as what it asks for: schemes by content, and their scopes."""
        schemes = self.document.get("components", {}).get("securitySchemes", {})
        alternatives = self.body.get("security", self.document.get("security", [])) or [{}]
        return [
            frozenset(
                demand
                for name, scopes in alternative.items()
                for demand in _demands(resolved(self.document, schemes.get(name, {})), scopes)
            )
            for alternative in alternatives
        ]


def endpoints(document: Json) -> list[Endpoint]:
    """Return the operations of a spec."""
    return [
        Endpoint(
            document,
            path,
            method,
            {key: value for key, value in document["paths"][path].items() if key not in METHODS},
            body,
        )
        for path, method, body in each(document)
    ]


def _demands(scheme: Json, scopes: list[str]) -> list[str]:
    keys = ("type", "scheme", "in", "name", "openIdConnectUrl")
    said = {key: scheme[key] for key in keys if key in scheme}
    for key in ("scheme", "name") if said.get("in", "header") == "header" else ():
        said |= {key: said[key].lower()} if key in said else {}  # HTTP ignores their case
    words = [*said.values(), *sorted(scheme.get("flows", {}))]
    text = " ".join(words)
    return [text, *(f"{text} with scope {scope}" for scope in scopes)]


def alternatives(security: list[frozenset[str]]) -> str:
    """Return in words what an operation asks for."""
    return " or ".join(" and ".join(sorted(demands)) or "nothing" for demands in security)


def parameter_names(path: str) -> list[str]:
    """Return the names in a path's template."""
    return re.findall(r"\{([^{}]*)\}", path)
