"""How two schemas differ, for those who read answers and for those who write requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from codegen.diff import constraints
from codegen.diff.constraints import in_words
from codegen.diff.rules import Change, Direction, schema_change
from codegen.diff.view import View, brings_class, reference, spelling, view

if TYPE_CHECKING:
    from codegen.spec.document import Json

_PROSE: Final = {
    *("description", "example", "examples", "externalDocs", "xml", "$comment", "title"),
    *("$id", "$schema", "$anchor", "$defs"),
}
_ACCESS: Final = ("readOnly", "writeOnly")
_HANDLED: Final = {
    *_PROSE,
    *_ACCESS,
    *constraints.KEYS,
    *("type", "nullable", "enum", "const", "oneOf", "anyOf", "allOf", "discriminator", "format"),
    *("properties", "required", "items", "additionalProperties", "default", "deprecated"),
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

    def __init__(self, old: Json, new: Json) -> None:
        self.changes: list[Change] = []
        self.seen: set[tuple[str, str, Direction]] = set()
        self.merged: set[str] = set()
        self._documents = (old, new)
        self._direction: Direction = "answers"
        self._inline: list[tuple[int, int]] = []

    def compare(self, old: Json, new: Json, where: str, direction: Direction) -> None:
        """Add what differs between `old` and `new`."""
        self._direction = direction
        self._compare(old, new, Place(where))

    def _add(self, kind: str, where: Place, detail: str = "") -> None:
        self.changes.append(schema_change(kind, self._direction, str(where), detail))

    def _compare(self, old_schema: Json, new_schema: Json, where: Place) -> None:
        old = view(self._documents[0], old_schema)
        new = view(self._documents[1], new_schema)
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
        old_names = self._documents[0].get("components", {}).get("schemas", {})
        new_names = self._documents[1].get("components", {}).get("schemas", {})
        return bool(
            old.component
            and new.component
            and old.component not in new_names
            and new.component not in old_names
        )

    def _compare_views(self, old: View, new: View, where: Place) -> None:
        if old.variants or new.variants:
            self._variants(old, new, where)
        else:
            self._types(old, new, where)
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
        self._annotations(old.keys, new.keys, where)

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

    def _variants(self, old: View, new: View, where: Place) -> None:
        """Pair variants by name, then by text, then those left over in their order by type."""
        olds, news = (
            {spelling(document, schema): schema for schema in side.variants or (_bare(side),)}
            for document, side in zip(self._documents, (old, new), strict=True)
        )
        pairs = [(schema, news[name]) for name, schema in olds.items() if name in news]
        removed = [schema for name, schema in olds.items() if name not in news]
        added = [schema for name, schema in news.items() if name not in olds]
        for before in list(removed):
            after = next((schema for schema in added if self._is_edited(before, schema)), None)
            if after is not None:
                removed.remove(before)
                added.remove(after)
                pairs.append((before, after))
        for before, after in pairs:
            self._compare(before, after, where.into(f"<{_variant(before)}>"))
        for schema in removed:
            own = not reference(schema) and brings_class(self._documents[0], schema)
            self._add(f"variant {'and its class ' if own else ''}removed", where, _variant(schema))
        for schema in added:
            self._add("variant added", where, _variant(schema))
        self._discriminator(old.keys, new.keys, where)

    def _is_edited(self, old_schema: Json, new_schema: Json) -> bool:
        """Say whether two variants that read differently still are the same one."""
        old = view(self._documents[0], old_schema)
        new = view(self._documents[1], new_schema)
        if old.types != new.types or bool(old.component) != bool(new.component):
            return False
        return not old.component or self._is_rename(old, new)

    def _discriminator(self, old: Json, new: Json, where: Place) -> None:
        before, after = old.get("discriminator"), new.get("discriminator")
        if before == after:
            return
        if before is None:
            self._add("discriminator added", where, in_words(after))
        elif after is None or before.get("propertyName") != after.get("propertyName"):
            self._add("discriminator changed", where, f"{in_words(before)} → {in_words(after)}")
        else:
            self._add("discriminator mapping changed", where)

    def _enum(self, old: View, new: View, where: Place) -> None:
        if old.enum is None and new.enum is None:
            return
        if old.enum is None:
            self._add("became an enum", where, in_words(new.enum))
        elif new.enum is None:
            self._add("no longer an enum", where, in_words(old.enum))
        else:
            for value in old.enum:
                if value not in new.enum:
                    self._add("enum value removed", where, in_words(value))
            for value in new.enum:
                if value not in old.enum:
                    self._add("enum value added", where, in_words(value))

    def _constraints(self, old: Json, new: Json, where: Place) -> None:
        others = {key for key in {*old, *new} - _HANDLED if not key.startswith("x-")}
        for kind, detail in constraints.differences(old, new, others):
            self._add(kind, where, detail)

    def _object(self, old: View, new: View, where: Place) -> None:
        for name in {**old.properties, **new.properties}:
            there = where.into(f".{name}")
            if name not in new.properties:
                self._add("field removed", there)
            elif name not in old.properties:
                required = name in new.required
                self._add("required field added" if required else "field added", there)
            else:
                if (name in new.required) != (name in old.required):
                    required = name in new.required
                    self._add("became required" if required else "became optional", there)
                self._compare(old.properties[name], new.properties[name], there)
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

    def _annotations(self, old: Json, new: Json, where: Place) -> None:
        if old.get("default") != new.get("default"):
            detail = f"{in_words(old.get('default'))} → {in_words(new.get('default'))}"
            self._add("default changed", where, detail)
        if bool(old.get("deprecated")) != bool(new.get("deprecated")):
            self._add("deprecated" if new.get("deprecated") else "no longer deprecated", where)
        for key in _ACCESS:
            if bool(old.get(key)) != bool(new.get(key)):
                self._add("access changed", where, key)
        prose = {key for key in {*old, *new} if key in _PROSE or key.startswith("x-")}
        if reworded := sorted(key for key in prose if old.get(key) != new.get(key)):
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


def _bare(side: View) -> Json:
    """Return the schema of a side without variants, as the one variant that it is."""
    if side.component:
        return {"$ref": f"#/components/schemas/{side.component}"}
    return side.keys


def _variant(schema: Json) -> str:
    if not isinstance(schema, dict):  # as 3.1 writes "anything" and "nothing"
        return in_words(schema)
    return reference(schema) or schema.get("title") or in_words(schema.get("type", "any"))


def _class_words(side: View) -> str:
    if not side.component:
        return f"one named by {'its title' if side.named else 'its place'}"
    return side.class_name


def _type_words(side: View) -> str:
    return " or ".join(sorted(side.types)) or "anything"
