"""When two values of a spec say the same, whatever their letters: by what they do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from codegen.spec import patterns
from codegen.spec.document import same

if TYPE_CHECKING:
    from codegen.spec.document import Json

# Keys whose lists have no order, and whose strings are prose.
_SETS: Final = {"required", "enum", "tags", "type"}
_PROSE: Final = {"description", "summary", "title"}


def alike(left: Json, right: Json, key: str = "") -> bool:
    """Say whether both do the same under `key`: numbers as numbers, patterns by what they take."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(
            alike(left[each], right[each], each) for each in left
        )
    if isinstance(left, list) and isinstance(right, list):
        if key in _SETS:
            return within_list(left, right) and within_list(right, left)
        return len(left) == len(right) and all(map(alike, left, right))
    if isinstance(left, str) and isinstance(right, str):
        if key == "pattern":
            return patterns.agree(left, right)
        if key in _PROSE:
            return left.split() == right.split()
    return same(left, right)


def within(part: Json, value: Json, key: str = "") -> bool:
    """Say whether `value` says all that `part` does: mappings key by key, the rest alike."""
    if isinstance(part, dict) and isinstance(value, dict):
        return all(each in value and within(part[each], value[each], each) for each in part)
    return alike(part, value, key)


def has_effect(update: Json, value: Json, key: str = "") -> bool:
    """Say whether `value` already is what the overlay's `update` would make of it."""
    if isinstance(update, dict) and isinstance(value, dict):
        return all(each in value and has_effect(update[each], value[each], each) for each in update)
    if isinstance(value, list):
        return within_list(update if isinstance(update, list) else [update], value)
    return alike(update, value, key)


def within_list(part: list[Json], value: list[Json]) -> bool:
    """Say whether each item of `part` is one of `value`."""
    return all(any(alike(item, other) for other in value) for item in part)
