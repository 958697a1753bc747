"""How two unions differ in how a variant is chosen: by which field, and by which of its values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codegen.diff.constraints import in_words
from codegen.diff.merge import Several
from codegen.diff.view import reference
from codegen.spec.document import same
from codegen.spec.pointer import ABSENT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codegen.diff.view import View, Views


def differences(views: tuple[Views, Views], old: View, new: View) -> Iterator[tuple[str, str]]:
    """Yield the kind of each difference and its detail."""
    before, after = old.keys.get("discriminator"), new.keys.get("discriminator")
    if same(before, after):
        return
    if before is None:
        yield "discriminator added", in_words(after)
    elif after is None:
        yield "discriminator removed", in_words(before)
    elif any(isinstance(it, Several) for it in (before, after)) or (
        before.get("propertyName") != after.get("propertyName")
    ):
        yield "discriminator changed", f"{in_words(before)} → {in_words(after)}"
    else:
        found = list(_leads(_led(views[0], old), _led(views[1], new)))
        yield from found or [("reworded", "discriminator")]


def _leads(before: dict[str, str], after: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield which values lead elsewhere, but for those of variants that come or go themselves."""
    kept = {*before.values()} & {*after.values()}
    for value in sorted(before.keys() | after.keys()):
        one, other = before.get(value), after.get(value)
        if one and other:
            if one != other:
                yield "discriminator value changed", f"{in_words(value)}: {one} → {other}"
        elif (one or other) in kept:
            yield f"discriminator value {'removed' if one else 'added'}", in_words(value)


def _led(views: Views, union: View) -> dict[str, str]:
    """Return the component that each value of a union's discriminator leads to.

    A variant that is no union has its name as its value, where nothing gives it others.
    """
    told_by = union.keys["discriminator"]
    mapped: dict[str, list[str]] = {}
    for value, to in told_by.get("mapping", {}).items():
        mapped.setdefault(to.rpartition("/")[2], []).append(value)
    led: dict[str, str] = {}
    for name in filter(None, map(reference, union.variants)):
        side = views.named(name)
        field = views.of(side.properties.get(told_by.get("propertyName"), {}))
        own = field.enum or ([] if field.const is ABSENT else [field.const])
        implied = [] if side.unions else [it for it in own if isinstance(it, str)] or [name]
        led |= dict.fromkeys(mapped.get(name) or implied, name)
    return led
