"""One action of an overlay: which places it is about, and what it makes of a document.

Nothing is changed in place: a document that an action has been done to shares with the former one
what the action leaves alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from codegen.errors import OverlayError
from codegen.spec import pointer
from codegen.spec.document import MAX_DEPTH, MAX_NODES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codegen.spec.document import Json
    from codegen.spec.targets import Query

_PRIMITIVE: Final = "a primitive value"
_HERE: Final = ""
"""In a tree of places, the key of what is itself one; a part of a pointer has its `/` in front."""


@dataclass(frozen=True)
class Action:
    """What to change at the places that `target` selects, and what upstream says there before.

    An update, unless it has a `copy` or is to `remove`; `by_1_0` says by whose rules. `expected` is
    ABSENT where nobody said.
    """

    target: Query
    update: Json = pointer.ABSENT
    copy: Query | None = None
    remove: bool = False
    by_1_0: bool = False
    expected: Json = pointer.ABSENT
    reason: str = ""
    override: str = ""
    upstream_issue: str | None = None

    def select(self, document: Json) -> dict[str, Json]:
        """Return what `target` selects, by pointer."""
        return self._selected(self.target, document)

    def sources(self, document: Json) -> dict[str, Json]:
        """Return what `copy` selects, by pointer: one place, if the action can be done."""
        return self._selected(self.copy, document) if self.copy else {}

    @property
    def expected_places(self) -> dict[str, Json]:
        """What upstream says at each place, by pointer; none where nobody said."""
        if (where := self.target.pointer) is not None:
            return {where: self.expected}
        return {} if self.expected is pointer.ABSENT else dict(self.expected)

    def done(self, document: Json) -> Json:
        """Return `document` with the action done; where nothing is selected, nothing changes."""
        places = self.select(document)
        self._require_kinds(document, places)
        if self.remove:
            return _without(document, _tree(places))
        if not places or (self.update is pointer.ABSENT and not self.copy):
            return document
        value = self._value(document)
        self._require_fit(places, value)
        try:
            return _with(document, _tree(places), value, "")
        except ValueError as error:
            raise OverlayError(f"{self.override}: {error}") from None

    def _selected(self, query: Query, document: Json) -> dict[str, Json]:
        try:
            return query.select(document)
        except ValueError as error:
            raise OverlayError(f"{self.override}: {error}") from None

    def _value(self, document: Json) -> Json:
        """Return what is merged in: the update, or what there is to copy."""
        if not self.copy:
            return self.update
        sources = self.sources(document)
        if len(sources) != 1:
            raise OverlayError(
                f"{self.override}: `copy` {self.copy} selects {len(sources)} places, not one"
            )
        return next(iter(sources.values()))

    def _require_kinds(self, document: Json, places: dict[str, Json]) -> None:
        """Stop where the rules of the overlay's version don't let such places be selected."""
        kinds = {_kind(value): where for where, value in places.items()}
        if self.remove and "" in places:
            raise OverlayError(f"{self.override}: the whole document can't be removed")
        if self.by_1_0:
            for where, value in places.items():
                parent = pointer.find(document, where.rpartition("/")[0])
                if _kind(value) == _PRIMITIVE and not (self.remove and isinstance(parent, dict)):
                    raise OverlayError(
                        f"{self.override}: {where} is neither object nor array, which Overlay 1.0"
                        " leaves alone: say `overlay: 1.1.0`"
                    )
        elif len(kinds) > 1 and not self.remove:
            told = " and ".join(f"{kind} ({where or 'the root'})" for kind, where in kinds.items())
            raise OverlayError(f"{self.override}: {self.target} selects more than one kind: {told}")

    def _require_fit(self, places: dict[str, Json], value: Json) -> None:
        """Stop before a spec grows beyond what can be read."""
        size, depth = _measured(value)
        deepest = max(where.count("/") for where in places)
        if size * len(places) > MAX_NODES or depth + deepest > MAX_DEPTH:
            raise OverlayError(
                f"{self.override}: makes the spec larger than {MAX_NODES} values, or deeper than"
                f" {MAX_DEPTH} levels"
            )
        for where, there in places.items():
            if self.by_1_0 and isinstance(there, list) and isinstance(value, list):
                raise OverlayError(
                    f"{self.override}: {where} is an array, to which Overlay 1.0 adds one item: say"
                    " `overlay: 1.1.0` to join two arrays"
                )


def _tree(pointers: Iterable[str]) -> dict[str, Any]:
    """Return the places as a tree, so that one pass over a document meets them all."""
    root: dict[str, Any] = {}
    for where in pointers:
        node = root
        for part in pointer.split(where):
            node = node.setdefault("/" + part, {})
        node[_HERE] = True
    return root


def _with(value: Json, tree: dict[str, Any], update: Json, where: str) -> Json:
    """Return `value` with `update` merged in at the places of `tree`, the outer ones first."""
    if _HERE in tree:
        value = _placed(value, update, where)
    below = {key[1:]: node for key, node in tree.items() if key}
    if not below:
        return value
    if isinstance(value, list):
        value = list(value)
        for part, node in below.items():
            value[int(part)] = _with(value[int(part)], node, update, f"{where}/{part}")
        return value
    return value | {
        part: _with(value[part], node, update, where + pointer.join([part]))
        for part, node in below.items()
    }


def _without(value: Json, tree: dict[str, Any]) -> Json:
    """Return `value` without the places of `tree`; what goes takes along what it holds."""
    nodes = {key[1:]: node for key, node in tree.items() if key}
    if not nodes:
        return value
    if isinstance(value, list):
        pairs = ((nodes.get(str(index), {}), item) for index, item in enumerate(value))
        return [_without(item, node) for node, item in pairs if _HERE not in node]
    return {
        name: _without(child, nodes.get(name, {}))
        for name, child in value.items()
        if _HERE not in nodes.get(name, {})
    }


def _placed(value: Json, update: Json, where: str) -> Json:
    if isinstance(value, list) and not isinstance(update, list):
        return [*value, update]
    return _merged(value, update, where)


def _merged(value: Json, update: Json, where: str) -> Json:
    """Return `value` with `update` merged in: objects by key, arrays joined, primitives replaced.

    A ValueError says where two kinds meet.
    """
    if isinstance(value, dict) and isinstance(update, dict):
        return value | {
            key: _merged(value[key], new, where + pointer.join([key])) if key in value else new
            for key, new in update.items()
        }
    if isinstance(value, list) and isinstance(update, list):
        return [*value, *update]
    if _kind(value) == _kind(update) == _PRIMITIVE:
        return update
    raise ValueError(
        f"{_kind(update)} can't be merged into {where or 'the root'}, {_kind(value)}:"
        " remove that first, by an action before"
    )


def _kind(value: Json) -> str:
    if isinstance(value, dict):
        return "an object"
    return "an array" if isinstance(value, list) else _PRIMITIVE


def _measured(value: Json) -> tuple[int, int]:
    """Return how many values there are in `value`, and how deep they are."""
    if isinstance(value, dict):
        value = list(value.values())
    below = [_measured(child) for child in value] if isinstance(value, list) else []
    return 1 + sum(size for size, _ in below), 1 + max((depth for _, depth in below), default=0)
