"""How two schemas differ, for those who read answers and for those who write requests."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Final

from codegen.diff import constraints
from codegen.diff.constraints import in_words
from codegen.diff.merge import ANNOTATIONS
from codegen.diff.rules import Change, Direction, schema_change
from codegen.diff.view import View, Views, reference
from codegen.spec.document import same
from codegen.spec.pointer import ABSENT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codegen.spec.document import Json

_PROSE: Final = ANNOTATIONS - {"default", "discriminator"}
_ACCESS: Final = {"requests": "readOnly", "answers": "writeOnly"}
"""What keeps a field out of each."""
_HANDLED: Final = {
    *ANNOTATIONS,
    *_ACCESS.values(),
    *constraints.KEYS,
    *("enum", "const", "format", "properties", "required", "items", "additionalProperties"),
    "deprecated",
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
        self._inline: list[tuple[int, int]] = []

    def compare(self, old: Json, new: Json, where: str, direction: Direction) -> None:
        """Add what differs between `old` and `new`."""
        self._direction = direction
        self._compare(old, new, Place(where))

    def _add(self, kind: str, where: Place, detail: str = "") -> None:
        self.changes.append(schema_change(kind, self._direction, str(where), detail))

    def _compare(self, old_schema: Json, new_schema: Json, where: Place) -> None:
        old, new = self._viewed(old_schema, new_schema)
        if not self._is_same_class(old, new):
            self._add("class changed", where, f"{_class_words(old)} → {_class_words(new)}")
        self.merged |= old.merged
        if old.component and new.component:
            pair = (old.component, new.component, self._direction)
            if pair in self.seen:
                return
            self.seen.add(pair)
            where = Place(f"schema {new.component}")
        here = (id(old_schema), id(new_schema))
        if here in self._inline:  # a schema written in place can only repeat through a component
            return
        self._inline.append(here)
        self._compare_views(old, new, where)
        self._inline.pop()

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
            self._types(old, new, where)
        for kind, detail in constraints.demands(old.demands, new.demands):
            self._add(kind, where, detail)
        if new.nullable and not old.nullable:
            self._add("became nullable", where)
        if old.nullable and not new.nullable:
            self._add("no longer nullable", where)
        if old.types == new.types or _meet(old.types, new.types):
            self._enum(old, new, where)
            self._constraints(old.keys, new.keys, where)
            self._object(old, new, where)
            if "items" in old.keys or "items" in new.keys:
                self._compare(
                    old.keys.get("items", {}), new.keys.get("items", {}), where.into("[]")
                )
        self._annotations(old, new, where)

    def _types(self, old: View, new: View, where: Place) -> None:
        if old.types == new.types:
            return
        detail = f"{_type_words(old)} → {_type_words(new)}"
        if not new.types and old.types & {"object", "array"}:
            self._add("type changed", where, detail)  # the classes inside go
        elif _covers(new.types, old.types):
            self._add("type widened", where, detail)
        elif _covers(old.types, new.types):
            self._add("type narrowed", where, detail)
        else:
            self._add("type changed", where, detail)

    def _unions(self, old: View, new: View, where: Place) -> None:
        """Compare union by union where both have the same ones, else all variants with all."""
        kinds = [sorted(kind for kind, _ in side.unions) for side in (old, new)]
        groups = [sorted(side.unions, key=lambda union: union[0]) for side in (old, new)]
        if kinds[0] == kinds[1]:
            for (_, before), (_, after) in zip(*groups, strict=True):
                self._variants(before, after, where)
        else:
            self._variants(old.variants or [old.schema], new.variants or [new.schema], where)
        if old.unions and new.unions and not self._says_little(old, new):
            for kind, detail in constraints.kinds(*kinds):
                self._add(kind, where, detail)
        self._discriminator(old.keys, new.keys, where)

    def _says_little(self, old: View, new: View) -> bool:
        """Say whether it is all one which kinds of unions these are: no value fits two variants."""
        return all(
            len(side.unions) == 1
            and not any(
                _meet(one.types, other.types) or not (one.types and other.types)
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

    def _discriminator(self, old: Json, new: Json, where: Place) -> None:
        before, after = old.get("discriminator"), new.get("discriminator")
        if same(before, after):
            return
        if before is None:
            self._add("discriminator added", where, in_words(after))
        elif after is None:
            self._add("discriminator removed", where, in_words(before))
        elif before.get("propertyName") != after.get("propertyName"):
            self._add("discriminator changed", where, f"{in_words(before)} → {in_words(after)}")
        else:
            self._add("discriminator mapping changed", where)

    def _enum(self, old: View, new: View, where: Place) -> None:
        if old.enum is None and new.enum is None:
            self._const(old.const, new.const, where)
            return
        before, after = (side.enum if side.const is ABSENT else [side.const] for side in (old, new))
        if old.enum is None:
            self._add("became an enum", where, in_words(new.enum))
        elif new.enum is None:
            self._add("no longer an enum", where, in_words(old.enum))
        if before is None or after is None:
            return
        for value in before:
            if not _has(after, value):
                self._add("enum value removed", where, in_words(value))
        for value in after:
            if not _has(before, value):
                self._add("enum value added", where, in_words(value))

    def _const(self, before: Json, after: Json, where: Place) -> None:
        if before is after or same(before, after):
            return
        if before is ABSENT:
            self._add("const added", where, in_words(after))
        elif after is ABSENT:
            self._add("const removed", where, in_words(before))
        else:
            self._add("const changed", where, f"{in_words(before)} → {in_words(after)}")

    def _constraints(self, old: Json, new: Json, where: Place) -> None:
        others = {key for key in {*old, *new} - _HANDLED if not key.startswith("x-")}
        before, after = (
            keys | {key: views.expanded(keys[key]) for key in others & keys.keys()}
            for views, keys in zip(self._views, (old, new), strict=True)
        )
        for kind, detail in constraints.differences(before, after, others):
            self._add(kind, where, detail)

    def _object(self, old: View, new: View, where: Place) -> None:
        hidden = _ACCESS[self._direction]
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
        if "object" not in old.types & new.types:
            return
        before, after = (side.keys.get("additionalProperties", True) for side in (old, new))
        if after is False and before is not False:
            self._add("extra fields now refused", where)
        elif before is False and after is not False:
            self._add("extra fields now allowed", where)
        elif before is not after:
            self._compare(before, after, where.into("{}"))

    def _annotations(self, old_view: View, new_view: View, where: Place) -> None:
        old, new = old_view.keys, new_view.keys
        before, after = old.get("default", ABSENT), new.get("default", ABSENT)
        if not same(before, after):
            words = ("null" if it is None else in_words(it) for it in (before, after))
            detail = " → ".join(words)
            self._add("default changed", where, detail)
        if bool(old.get("deprecated")) != bool(new.get("deprecated")):
            self._add("deprecated" if new.get("deprecated") else "no longer deprecated", where)
        for key in _ACCESS.values():
            if bool(old.get(key)) != bool(new.get(key)):
                self._add("access changed", where, key)
        prose = {key for key in {*old, *new} if key in _PROSE or key.startswith("x-")}
        if not (old_view.unions or new_view.unions):
            prose.add("discriminator")  # the client looks at none without variants to choose from
        if reworded := sorted(key for key in prose if not same(old.get(key), new.get(key))):
            self._add("reworded", where, ", ".join(reworded))


def _covers(wide: frozenset[str], narrow: frozenset[str]) -> bool:
    """Say whether each value of the types `narrow` has one of the types `wide`."""
    if not wide:
        return True
    return bool(narrow) and narrow <= (wide | {"integer"} if "number" in wide else wide)


def _meet(left: frozenset[str], right: frozenset[str]) -> bool:
    """Say whether a value can have a type of both."""
    return bool(left & right) or any(
        "integer" in some and "number" in other for some, other in ((left, right), (right, left))
    )


def _has(values: list[Json], value: Json) -> bool:
    return any(same(value, other) for other in values)


def _variant(views: Views, schema: Json) -> str:
    if not isinstance(schema, dict):  # as 3.1 writes "anything" and "nothing"
        return in_words(schema)
    side = views.of(schema)
    return side.component or str(side.keys.get("title") or _type_words(side))


def _class_words(side: View) -> str:
    if not side.component:
        return f"one named by {'its title' if side.named else 'its place'}"
    return side.class_name


def _type_words(side: View) -> str:
    return " or ".join(sorted(side.types)) or "anything"
