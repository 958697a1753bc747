"""How two schemas differ, for those who read answers and for those who write requests."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Final

from codegen.diff import constraints, discriminator, values
from codegen.diff.constraints import in_words
from codegen.diff.rules import Change, Direction, schema_change
from codegen.diff.view import View, Views, reference
from codegen.spec.document import same

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from codegen.spec.document import Json

_HIDDEN: Final[dict[Direction, str]] = {"requests": "readOnly", "answers": "writeOnly"}
"""What keeps a field out of each."""
_HANDLED: Final = {
    *values.KEYS,
    *constraints.KEYS,
    *("properties", "required", "items", "additionalProperties"),
}


@dataclass(frozen=True)
class Place:
    """Where a schema is: what it belongs to, and the way from there in words of its data."""

    base: str
    path: str = ""

    def __str__(self) -> str:
        return f"{self.base}: {self.path.removeprefix('.')}" if self.path else self.base

    def into(self, step: str) -> Place:
        """Return the place one `.field`, `[]`, `{}` or `<variant>` further."""
        return Place(self.base, self.path + step)


class SchemaDiff:
    """Compares schemas of two documents, each pair of components once for each direction."""

    def __init__(self, old: Views, new: Views) -> None:
        self.changes: list[Change] = []
        self.seen: set[tuple[str, str, Direction]] = set()
        self.merged: set[str] = set()
        self._views = (old, new)
        self._direction: Direction = "answers"
        self._met: set[tuple[int, int, Direction]] = set()

    def compare(self, old: Json, new: Json, where: str, direction: Direction) -> None:
        """Add what differs between `old` and `new`."""
        self._direction = direction
        self._compare(old, new, Place(where))

    def _add(self, kind: str, where: Place, detail: str = "") -> None:
        self.changes.append(schema_change(kind, self._direction, str(where), detail))

    def _tell(self, differences: Iterable[tuple[str, str]], where: Place) -> None:
        for kind, detail in differences:
            self._add(kind, where, detail)

    def _compare(self, old_schema: Json, new_schema: Json, where: Place) -> None:
        old, new = self._viewed(old_schema, new_schema)
        if not self._is_same_class(old, new):
            self._add("class changed", where, f"{_class_words(old)} → {_class_words(new)}")
        self.merged |= old.merged
        if old.component and new.component:
            self._component(old.component, new.component)
            old, new = self._viewed(old.beside, new.beside)
        here = (id(old_schema), id(new_schema), self._direction)
        if here not in self._met:  # what is met again, as a part of what is merged, is told already
            self._met.add(here)
            self._compare_views(old, new, where)

    def _component(self, old: str, new: str) -> None:
        """Compare two components, once for each direction."""
        if (pair := (old, new, self._direction)) not in self.seen:
            self.seen.add(pair)
            before, after = (
                views.named(name) for views, name in zip(self._views, (old, new), strict=True)
            )
            self.merged |= before.merged
            self._compare_views(before, after, Place(f"schema {new}"))

    def _is_same_class(self, old: View, new: View) -> bool:
        """Say whether Python users meet the same class name here; renames show at their origin."""
        if not (old.makes_class and new.makes_class):
            return True
        if old.named != new.named or bool(old.component) != bool(new.component):
            return False
        if old.class_name == new.class_name:
            return True
        return self._is_rename(old, new)

    def _is_rename(self, old: View, new: View) -> bool:
        """Say whether the component itself was renamed, which is told once for all its uses."""
        old_names, new_names = (
            views.document.get("components", {}).get("schemas", {}) for views in self._views
        )
        return bool(
            old.component
            and new.component
            and old.component not in new_names
            and new.component not in old_names
        )

    def _viewed(self, old: Json, new: Json) -> tuple[View, View]:
        return self._views[0].of(old), self._views[1].of(new)

    def _compare_views(self, old: View, new: View, where: Place) -> None:
        if old.unions or new.unions:
            self._unions(old, new, where)
        else:
            self._tell(values.types(old, new), where)
        self._tell(constraints.demands(old.demands, new.demands), where)
        self._tell(values.null(old, new), where)
        is_alike = old.types == new.types or values.meet(old.types, new.types)
        if is_alike or not (old.types and new.types):
            self._tell(values.listed(old, new), where)
            self._constraints(old.keys, new.keys, where)
        if is_alike:
            self._object(old, new, where)
            if "items" in old.keys or "items" in new.keys:
                self._compare(
                    old.keys.get("items", {}), new.keys.get("items", {}), where.into("[]")
                )
        self._tell(values.remarks(old, new), where)

    def _unions(self, old: View, new: View, where: Place) -> None:
        """Compare union by union where both have the same ones, else all variants with all."""
        kinds = [sorted(kind for kind, _ in side.unions) for side in (old, new)]
        groups = [sorted(side.unions, key=lambda union: union[0]) for side in (old, new)]
        if kinds[0] == kinds[1]:
            for (_, before), (_, after) in zip(*groups, strict=True):
                self._variants(before, after, where)
        else:
            self._variants(_ways(old), _ways(new), where)
        self._tell(values.types_beside(*map(self._typed, self._views, (old, new))), where)
        several = len(old.unions) > 1 or len(new.unions) > 1
        if several or (old.unions and new.unions and not self._says_little(old, new)):
            self._tell(constraints.kinds(*kinds), where)
        self._tell(discriminator.differences(self._views, old, new), where)

    def _typed(self, views: Views, side: View) -> tuple[frozenset[str], frozenset[str]]:
        """Return the types written beside the unions, and those of what they allow."""
        variants = [views.of(variant).types for variant in side.variants]
        inside = frozenset[str]().union(*variants) if all(variants) else frozenset[str]()
        return (side.types if side.unions else frozenset()), side.types or inside

    def _says_little(self, old: View, new: View) -> bool:
        """Say whether it is all one which kinds of unions these are: no value fits two variants."""
        return all(
            len(side.unions) == 1
            and not any(
                values.meet(one.types, other.types) or not (one.types and other.types)
                for one, other in combinations(map(views.of, side.variants), 2)
            )
            for views, side in zip(self._views, (old, new), strict=True)
        )

    def _variants(self, before: Sequence[Json], after: Sequence[Json], where: Place) -> None:
        """Pair variants by name, then by text, then those left over in their order by type."""
        olds, news = (
            {views.spelling(schema): schema for schema in side}
            for views, side in zip(self._views, (before, after), strict=True)
        )
        pairs = [(schema, news[name]) for name, schema in olds.items() if name in news]
        removed = [schema for name, schema in olds.items() if name not in news]
        added = [schema for name, schema in news.items() if name not in olds]
        for one in list(removed):
            other = next((schema for schema in added if self._is_edited(one, schema)), None)
            if other is not None:
                removed.remove(one)
                added.remove(other)
                pairs.append((one, other))
        for one, other in pairs:
            self._compare(one, other, where.into(f"<{_variant(self._views[0], one)}>"))
        for schema in removed:
            own = not reference(schema) and self._views[0].brings_class(schema)
            kind = f"variant {'and its class ' if own else ''}removed"
            self._add(kind, where, _variant(self._views[0], schema))
        for schema in added:
            self._add("variant added", where, _variant(self._views[1], schema))

    def _is_edited(self, old_schema: Json, new_schema: Json) -> bool:
        """Say whether two variants that read differently still are the same one."""
        old, new = self._viewed(old_schema, new_schema)
        if old.types != new.types or bool(old.component) != bool(new.component):
            return False
        return not old.component or self._is_rename(old, new)

    def _constraints(self, old: Json, new: Json, where: Place) -> None:
        others = {key for key in {*old, *new} - _HANDLED if not key.startswith("x-")}
        before, after = (
            keys | {key: views.expanded(keys[key]) for key in others & keys.keys()}
            for views, keys in zip(self._views, (old, new), strict=True)
        )
        self._tell(constraints.differences(before, after, others), where)

    def _object(self, old: View, new: View, where: Place) -> None:
        hidden = _HIDDEN[self._direction]
        before, after = (
            {name: views.of(schema).keys.get(hidden) is True for name, schema in fields.items()}
            for views, fields in zip(self._views, (old.properties, new.properties), strict=True)
        )
        was_required, is_required = (
            {name for name in side.required if not fields.get(name)}
            for side, fields in ((old, before), (new, after))
        )
        for name in {**old.properties, **new.properties}:
            there = where.into(f".{name}")
            if name not in after:
                self._add("field removed", there)
            elif name not in before:
                self._add(f"{'required ' if name in is_required else ''}field added", there)
            elif before[name] and after[name]:  # on neither side a part of this direction
                if not same(old.properties[name], new.properties[name]):
                    self._add("reworded", there, f"a field that is {hidden}")
            else:
                self._compare(old.properties[name], new.properties[name], there)
        for names, kind in (
            (is_required - was_required, "became required"),
            (was_required - is_required, "became optional"),
        ):
            for name in sorted(names):
                if (name in before) == (name in after):
                    self._add(kind, where.into(f".{name}"))
        self._extra(old, new, where)

    def _extra(self, old: View, new: View, where: Place) -> None:
        if "object" in old.types ^ new.types:
            return
        before, after = (side.keys.get("additionalProperties", True) for side in (old, new))
        if after is False and before is not False:
            self._add("extra fields now refused", where)
        elif before is False and after is not False:
            self._add("extra fields now allowed", where)
        elif before is not after:
            self._compare(before, after, where.into("{}"))


def _ways(side: View) -> list[Json]:
    """Return the variants of a union; a list of types is one as well."""
    types = side.schema.get("type") if isinstance(side.schema, dict) else None
    if side.unions or not isinstance(types, list):
        return side.variants or [side.schema]
    return [side.schema | {"type": each} for each in types if each != "null"] or [side.schema]


def _variant(views: Views, schema: Json) -> str:
    if not isinstance(schema, dict):  # as 3.1 writes "anything" and "nothing"
        return in_words(schema)
    side = views.of(schema)
    return side.component or str(side.keys.get("title") or values.in_types(side.types))


def _class_words(side: View) -> str:
    if not side.component:
        return f"one named by {'its title' if side.named else 'its place'}"
    return side.class_name
