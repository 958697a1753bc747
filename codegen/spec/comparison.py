"""Where a page says something else of an operation than the spec that is taken.

By what it means for a client: `$ref`s are followed on both sides, an order that means nothing
doesn't count, prose and examples don't either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from codegen.errors import SourceError
from codegen.spec import pointer
from codegen.spec.document import excerpt, same
from codegen.spec.effect import alike
from codegen.spec.operations import METHODS, with_items_in_place

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from codegen.spec.document import Json

_PROSE: Final = {
    *("description", "summary", "title", "example", "examples", "externalDocs", "deprecated"),
    *("callbacks", "links", "tags", "xml"),
}
# Mappings in which a key is a name.
_NAMES: Final = {
    *("properties", "patternProperties", "responses", "headers", "content", "encoding"),
    *("dependentSchemas", "mapping", "$defs"),
}
_WHOLE: Final = {"required", "enum", "type", "default", "const"}  # which `alike` compares
# What means the same as nothing, but for these keys, where it says something.
_UNSAID: Final[tuple[Json, ...]] = (False, [], {})
_TELLING: Final = {
    *("additionalProperties", "unevaluatedProperties", "unevaluatedItems", "explode", "items"),
    *("default", "const", "enum"),
}
_INHERITED: Final = ("servers", "security")
_MOST_STEPS: Final = 1_000_000
_MOST_REFERENCES: Final = 20


class Difference(NamedTuple):
    """One place of a page, and what the page and the spec say there."""

    pointer: str
    page: str
    spec: str


class _Side(NamedTuple):
    """A value with the document that it is of, and its place there."""

    document: Json
    where: str
    value: Json

    def child(self, key: str | int) -> _Side:
        value = pointer.find(self.value, pointer.join([key]))
        return _Side(self.document, self.where + pointer.join([key]), value)

    def followed(self) -> _Side:
        """Return what a `$ref` leads to in the end."""
        side = self
        for _ in range(_MOST_REFERENCES):
            ref = side.value.get("$ref") if isinstance(side.value, dict) else None
            if not (isinstance(ref, str) and ref.startswith("#")):
                break
            side = _Side(self.document, ref[1:], pointer.find(self.document, ref[1:]))
        return side


def operations(document: Json) -> Iterator[tuple[str, str]]:
    """Yield path and lower-case method of each operation of any document, valid or not."""
    document = with_items_in_place(document)
    paths = document.get("paths") if isinstance(document, dict) else None
    for path, item in paths.items() if isinstance(paths, dict) else ():
        for method in METHODS:
            if isinstance(item, dict) and isinstance(item.get(method), dict):
                yield path, method


def differences(page: Json, spec: Json, path: str, method: str) -> list[Difference]:
    """Return where the operation, which both have, isn't the same.

    Both documents have each path's item in its place.
    """
    mine, theirs = (_Operation(document, path, method) for document in (page, spec))
    compare = _Comparison()
    shared = {"operationId"} & mine.side.value.keys() & theirs.side.value.keys()
    own = mine.own(shared), theirs.own(shared)
    compare.pair(*own)
    left, right = mine.parameters(), theirs.parameters()
    for name in {**left, **right}:
        compare.pair(left.get(name, mine.no_parameter), right.get(name, theirs.no_parameter))
    for key in _INHERITED:
        if (said := mine.inherited(key)).value is not pointer.ABSENT:
            compare.inherited(said, theirs.inherited(key), key)
    compare.run()
    return sorted(compare.found)


class _Operation:
    """One operation with what its path and its document say for it."""

    def __init__(self, document: Json, path: str, method: str) -> None:
        self._root = _Side(document, "", document)
        self._item = self._root.child("paths").child(path)
        self.side = self._item.child(method)
        self.no_parameter = _Side(document, f"{self.side.where}/parameters", pointer.ABSENT)

    def own(self, shared: set[str]) -> _Side:
        """Return what it says beside what is compared in a way of its own."""
        apart = {"parameters", *_INHERITED, "operationId"} - shared
        return self.side._replace(
            value={key: value for key, value in self.side.value.items() if key not in apart}
        )

    def parameters(self) -> dict[str, _Side]:
        """Return each parameter by its place and name, those of the path too."""
        found: dict[str, _Side] = {}
        for owner in (self.side, self._item):
            listed = owner.child("parameters")
            for index in range(len(listed.value) if isinstance(listed.value, list) else 0):
                side = listed.child(index).followed()
                if isinstance(side.value, dict):
                    place, name = side.value.get("in"), side.value.get("name")
                    name = str(name).lower() if place == "header" else name
                    found.setdefault(f"{place} {name}", side)
        return found

    def inherited(self, key: str) -> _Side:
        """Return what the operation, else its path, else its document says."""
        owners = (self.side, self._item, self._root)
        return next((it.child(key) for it in owners if key in it.value), self._root.child(key))


class _Comparison:
    """Compares two trees that may lead back to themselves, each pair of places once."""

    def __init__(self) -> None:
        self.found: list[Difference] = []
        self._seen: set[tuple[int, int]] = set()
        self._left: list[tuple[_Side, _Side, str, bool]] = []
        self._steps = 0

    def pair(self, page: _Side, spec: _Side, key: str = "", *, named: bool = False) -> None:
        """Compare two values; with `named` their keys are names."""
        self._left.append((page, spec, key, named))

    def inherited(self, page: _Side, spec: _Side, key: str) -> None:
        """Compare where requests go, or what lets them in: by the schemes of the same names."""
        theirs = [] if spec.value is pointer.ABSENT else spec.value
        if key == "servers":
            if _urls(page.value) != _urls(theirs):
                self._differ(page, spec)
            return
        if not alike(page.value, theirs, "enum"):
            self._differ(page, spec)
        listed = page.value if isinstance(page.value, list) else ()
        for name in {name for each in listed if isinstance(each, dict) for name in each}:
            where = ["components", "securitySchemes", name]
            mine, other = (_at(side.document, where) for side in (page, spec))
            self.pair(mine, other)

    def run(self) -> None:
        """Compare all that there is, and what it consists of."""
        while self._left:
            self._steps += 1
            if self._steps > _MOST_STEPS:
                raise SourceError("a page's schemas are too many to compare with the spec's")
            page, spec, key, named = self._left.pop()
            self._one(page.followed(), spec.followed(), key, named=named)

    def _one(self, page: _Side, spec: _Side, key: str, *, named: bool) -> None:
        mine, theirs = page.value, spec.value
        if key in _WHOLE or not (_is_tree(mine) and _is_tree(theirs)):
            if not _agree(mine, theirs, key):
                self._differ(page, spec)
            return
        if (id(mine), id(theirs)) in self._seen:
            return
        self._seen.add((id(mine), id(theirs)))
        if isinstance(mine, list) and isinstance(theirs, list):
            if len(mine) != len(theirs):
                self._differ(page, spec)
            for index in range(min(len(mine), len(theirs))):
                self.pair(page.child(index), spec.child(index))
        elif isinstance(mine, dict) and isinstance(theirs, dict):
            self._mappings(page, spec, {**mine, **theirs}, named=named)
        else:
            self._differ(page, spec)

    def _mappings(self, page: _Side, spec: _Side, keys: Iterable[str], *, named: bool) -> None:
        for key in keys:
            if named:
                self.pair(page.child(key), spec.child(key))
            elif key not in _PROSE and not key.startswith("x-"):
                self.pair(page.child(key), spec.child(key), key, named=key in _NAMES)

    def _differ(self, page: _Side, spec: _Side) -> None:
        self.found.append(Difference(page.where, _words(page.value), _words(spec.value)))


def _is_tree(value: Json) -> bool:
    return isinstance(value, dict | list)


def _agree(mine: Json, theirs: Json, key: str) -> bool:
    if mine is pointer.ABSENT or theirs is pointer.ABSENT:
        other = theirs if mine is pointer.ABSENT else mine
        is_unsaid = key and key not in _TELLING and any(same(other, it) for it in _UNSAID)
        return other is pointer.ABSENT or bool(is_unsaid)
    return alike(mine, theirs, key)


def _at(document: Json, parts: list[str]) -> _Side:
    where = pointer.join(parts)
    return _Side(document, where, pointer.find(document, where))


def _urls(servers: Json) -> list[Json]:
    listed = servers if isinstance(servers, list) else []
    return [each.get("url") for each in listed if isinstance(each, dict)]


def _words(value: Json) -> str:
    return "nothing" if value is pointer.ABSENT else excerpt(value)
