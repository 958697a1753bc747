"""How two schemas differ in types, listed values and remarks: what needs no look inside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from codegen.diff.constraints import in_words
from codegen.diff.merge import ANNOTATIONS
from codegen.spec.document import same
from codegen.spec.pointer import ABSENT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codegen.diff.view import View
    from codegen.spec.document import Json

    # The kind of a difference, and its detail.
    Difference = tuple[str, str]

_ACCESS: Final = ("readOnly", "writeOnly")
_PROSE: Final = ANNOTATIONS - {"default", "discriminator"}
KEYS: Final = {*ANNOTATIONS, *_ACCESS, "enum", "const", "deprecated"}


def types(old: View, new: View) -> Iterator[Difference]:
    """Yield how the types differ of two schemas without unions."""
    if old.types == new.types:
        return
    detail = f"{in_types(old.types)} → {in_types(new.types)}"
    if not new.types and old.types & {"object", "array"}:
        yield "type changed", detail  # the classes inside go
    elif _covers(new.types, old.types):
        yield "type widened", detail
    elif _covers(old.types, new.types):
        yield "type narrowed", detail
    else:
        yield "type changed", detail


def types_beside(
    old: tuple[frozenset[str], frozenset[str]], new: tuple[frozenset[str], frozenset[str]]
) -> Iterator[Difference]:
    """Yield how types beside unions differ; each side has them, and those that it allows at all."""
    refuses = bool(new[0]) and not _covers(new[0], old[1])
    refused = bool(old[0]) and not _covers(old[0], new[1])
    if refuses or refused:
        how = "changed" if refuses and refused else "narrowed" if refuses else "widened"
        yield f"type {how}", f"{in_types(old[1])} → {in_types(new[1])}"


def null(old: View, new: View) -> Iterator[Difference]:
    """Yield whether null comes or goes."""
    if new.nullable != old.nullable:
        yield "became nullable" if new.nullable else "no longer nullable", ""


def listed(old: View, new: View) -> Iterator[Difference]:
    """Yield how enum and const differ."""
    if old.enum is None and new.enum is None:
        yield from _const(old.const, new.const)
        return
    before, after = (side.enum if side.const is ABSENT else [side.const] for side in (old, new))
    if old.enum is None:
        yield "became an enum", in_words(new.enum)
    elif new.enum is None:
        yield "no longer an enum", in_words(old.enum)
    if before is None or after is None:
        return
    yield from (("enum value removed", in_words(it)) for it in before if not _has(after, it))
    yield from (("enum value added", in_words(it)) for it in after if not _has(before, it))


def remarks(old: View, new: View) -> Iterator[Difference]:
    """Yield how what is said differs that allows or refuses no value."""
    before, after = old.keys.get("default", ABSENT), new.keys.get("default", ABSENT)
    if not same(before, after):
        words = ("null" if it is None else in_words(it) for it in (before, after))
        yield "default changed", " → ".join(words)
    if bool(old.keys.get("deprecated")) != bool(new.keys.get("deprecated")):
        yield "deprecated" if new.keys.get("deprecated") else "no longer deprecated", ""
    for key in _ACCESS:
        if bool(old.keys.get(key)) != bool(new.keys.get(key)):
            yield "access changed", key
    prose = {key for key in {*old.keys, *new.keys} if key in _PROSE or key.startswith("x-")}
    if not (old.unions or new.unions):
        prose.add("discriminator")  # the client looks at none without variants to choose from
    reworded = sorted(key for key in prose if not same(old.keys.get(key), new.keys.get(key)))
    if reworded:
        yield "reworded", ", ".join(reworded)


def meet(left: frozenset[str], right: frozenset[str]) -> bool:
    """Say whether a value can have a type of both."""
    return bool(left & right) or any(
        "integer" in some and "number" in other for some, other in ((left, right), (right, left))
    )


def in_types(types: frozenset[str]) -> str:
    """Return the types in words."""
    return " or ".join(sorted(types)) or "anything"


def _covers(wide: frozenset[str], narrow: frozenset[str]) -> bool:
    """Say whether each value of the types `narrow` has one of the types `wide`."""
    if not wide or narrow == {"nothing"}:
        return True
    return bool(narrow) and narrow <= (wide | {"integer"} if "number" in wide else wide)


def _const(before: Json, after: Json) -> Iterator[Difference]:
    if same(before, after):
        return
    if before is ABSENT:
        yield "const added", in_words(after)
    elif after is ABSENT:
        yield "const removed", in_words(before)
    else:
        yield "const changed", f"{in_words(before)} → {in_words(after)}"


def _has(those: list[Json], value: Json) -> bool:
    return any(same(value, other) for other in those)
