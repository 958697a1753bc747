"""The spec as the sandbox reads it: places in it, and its operations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

from oneloop._http.routes import generality
from oneloop.sandbox.sample import Schemas, find

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


class Node:
    """A place in the spec; a `$ref` there is followed.

    Raises:
        ValueError: nothing is there.
    """

    def __init__(self, document: Any, pointer: str = "") -> None:
        self._document = document
        self.pointer: str = pointer
        self.value: Any = find(document, pointer)
        seen: set[str] = set()
        while isinstance(self.value, dict) and isinstance(ref := self.value.get("$ref"), str):
            if ref in seen or not ref.startswith("#"):
                raise ValueError(f"{self.pointer}: the $ref {ref} leads nowhere in the spec")
            seen.add(ref)
            self.pointer = ref[1:]
            self.value = find(document, ref)

    def at(self, name: str | int) -> str:
        """Return the JSON pointer to a member, as in a fragment."""
        return f"{self.pointer}/{quote(str(name).replace('~', '~0').replace('/', '~1'), safe='~')}"

    def get(self, name: str | int) -> Node:
        """Return a member."""
        return Node(self._document, self.at(name))

    def items(self, name: str) -> list[tuple[str, Node]]:
        """Return the members of the object or array of that name; none where there isn't one."""
        if name not in self.value:
            return []
        node = self.get(name)
        keys = range(len(node.value)) if isinstance(node.value, list) else node.value
        return [(str(key), node.get(key)) for key in keys if not str(key).startswith("x-")]


class Operation:
    """One operation of the spec."""

    def __init__(self, document: Any, path: str, item: Node, method: str) -> None:
        self.node: Node = item.get(method)
        self.method: str = method.upper()
        self.path: str = path
        self.id: str = self.node.value.get("operationId", "")
        self.name: str = f"{self.id} ({self.method} {path})".strip()
        given = {
            (node.value["in"], node.value["name"]): node
            for place in (item, self.node)
            for _, node in place.items("parameters")
        }
        self.parameters: list[Node] = list(given.values())
        self.body: Node | None = (
            self.node.get("requestBody") if "requestBody" in self.node.value else None
        )
        self.security: list[dict[str, Any]] = self.node.value.get(
            "security", document.get("security", [])
        )
        self.pattern: re.Pattern[str]
        self.pattern, self._names = _pattern(path)

    def match(self, path: str) -> dict[str, str] | None:
        """Return the texts of the path's parameters; None for another operation's path."""
        found = self.pattern.fullmatch(path)
        return dict(zip(self._names, map(unquote, found.groups()), strict=True)) if found else None

    @property
    def responses(self) -> list[tuple[str, Node]]:
        """What it answers, by status, range of statuses, or `default`."""
        return self.node.items("responses")


class Spec(NamedTuple):
    """A spec, its operations, and its schemas in both directions."""

    document: Any
    operations: list[Operation]
    requests: Schemas
    responses: Schemas

    @classmethod
    def of(cls, document: Any) -> Spec:
        """Read a spec.

        Raises:
            ValueError: a `$ref` leads nowhere, or it isn't OpenAPI 3.
        """
        if not str(document.get("openapi", "")).startswith("3."):
            raise ValueError("the sandbox serves specs of OpenAPI 3.0 and 3.1")
        operations = sorted(_operations(document), key=lambda each: generality(each.path))
        return cls(
            document, operations, Schemas(document, "request"), Schemas(document, "response")
        )


def _operations(document: Any) -> Iterator[Operation]:
    for path, item in Node(document).items("paths"):
        for method in _METHODS:
            if method in item.value:
                yield Operation(document, path, item, method)


def _pattern(path: str) -> tuple[re.Pattern[str], list[str]]:
    parts = re.split(r"\{(.*?)\}", path)
    texts = [re.escape(quote(part, safe="/:@!$&'()*+,;=~%")) for part in parts[::2]]
    return re.compile("([^/]+)".join(texts)), parts[1::2]
