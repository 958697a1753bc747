"""The operations that a project wants, where it doesn't want all: `only` in pyproject.toml.

What is checked in stays as published; this is applied after the overlay, and before validation, so
that what is wrong with an operation that nobody wants stops nobody.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final, NamedTuple

from codegen.errors import FactsError
from codegen.spec import comparison, pointer
from codegen.spec.omissions import Omission
from codegen.spec.operations import METHODS
from codegen.spec.words import first, plain

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from codegen.spec.document import Json

_MARKUP: Final = re.compile(r"[`\s]+")
_REASON: Final = "not one of `only` in pyproject.toml"


class Selection(NamedTuple):
    """The document of the operations that are wanted, and the others, as `GET /x`."""

    document: Json
    unwanted: list[str]


def selected(document: Json, only: Sequence[str] | None) -> Selection:
    """Return the operations `only` of a document that has each path's in their place; None: all.

    Components that nothing refers to any more go along.
    """
    if only is None:
        return Selection(document, [])
    has = requests(document)
    wanted = [_normal(entry) for entry in only]
    _require_known(wanted, has)
    unwanted = [entry for entry in has if entry not in set(wanted)]
    paths = {
        path: kept
        for path, item in document["paths"].items()
        if (kept := _without(path, item, set(unwanted))).keys() & set(METHODS)
    }
    return Selection(_without_unused(document | {"paths": paths}), unwanted)


def omissions(unwanted: Sequence[str]) -> list[Omission]:
    """Return what is left out, for people."""
    return [Omission(f"`{_MARKUP.sub(' ', entry)}`", _REASON) for entry in unwanted]


def requests(document: Json) -> list[str]:
    """Return each operation of any document, valid or not, as `GET /x`."""
    return [_request(path, method) for path, method in comparison.operations(document)]


def present(only: Sequence[str], document: Json) -> list[str]:
    """Return those of `only` that a document has."""
    has = set(requests(document))
    return [entry for entry in only if _normal(entry) in has]


def _request(path: str, method: str) -> str:
    return f"{method.upper()} {path}"


def _normal(entry: str) -> str:
    method, *path = entry.split(maxsplit=1) or [""]
    return _request(path[0].strip(), method) if path else method


def _require_known(wanted: Sequence[str], has: Sequence[str]) -> None:
    unknown = []
    for entry in wanted:
        if entry not in has:
            near = get_close_matches(entry, has, n=1)
            unknown.append(plain(f"{entry} (perhaps {near[0]})" if near else entry))
    if unknown:
        headline = "`only` in pyproject.toml has operations that the spec hasn't; mend it there:"
        raise FactsError("\n  ".join([headline, *first(unknown)]))


def _without(path: str, item: Json, unwanted: Collection[str]) -> dict[str, Json]:
    """Return what is at a path without the operations that nobody wants."""
    return {
        key: value
        for key, value in (item.items() if isinstance(item, dict) else ())
        if not (key in METHODS and _request(path, key) in unwanted)
    }


def _without_unused(document: Json) -> Json:
    """Return the document with those components alone that the rest leads to."""
    components = document.get("components")
    if not isinstance(components, dict):
        return document
    used: set[tuple[str, str]] = set()
    left: list[Json] = [value for key, value in document.items() if key != "components"]
    while left:
        for name in _named(left.pop(), components):
            if name not in used:
                used.add(name)
                left.append(pointer.find(components, pointer.join(name)))
    return document | {
        "components": {
            kind: {
                name: value
                for name, value in entries.items()
                if kind == "securitySchemes" or (kind, name) in used
            }
            if isinstance(entries, dict)
            else entries
            for kind, entries in components.items()
        }
    }


def _named(value: Json, components: Json) -> Iterator[tuple[str, str]]:
    """Yield the components that `value` refers to, by `$ref` or as a discriminator does."""
    left = [value]
    while left:
        value = left.pop()
        if isinstance(value, list):
            left += value
        elif isinstance(value, dict):
            left += value.values()
            mapping = value.get("mapping")
            for name in mapping.values() if isinstance(mapping, dict) else ():
                if isinstance(name, str) and name in (components.get("schemas") or ()):
                    yield "schemas", name
        elif isinstance(value, str) and value.startswith("#/components/"):
            _, kind, name, *_ = [*pointer.split(value[1:]), "", ""]
            yield kind, name
