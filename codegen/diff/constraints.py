"""How the limits that two schemas set on a value differ: tightened, loosened, or beyond telling."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from codegen.spec import patterns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codegen.spec.document import Json

_UPPER: Final = ("maxLength", "maxItems", "maxProperties", "maxContains")
_LOWER: Final = ("minLength", "minItems", "minProperties", "minContains")
KEYS: Final = {
    *_UPPER,
    *_LOWER,
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
    *("multipleOf", "uniqueItems", "pattern"),
}
# Formats that the generator gives a Python type of their own, and widths of numbers.
_PYTHON_FORMATS: Final = {"date", "date-time", "uuid", "binary", "byte"}
_WIDTHS: Final = {"int32", "int64", "float", "double", None}

# A value with whether it is excluded itself; None for no limit.
_Bound = tuple[float, bool] | None


def differences(old: Json, new: Json, others: set[str]) -> Iterator[tuple[str, str]]:
    """Yield the kind of each difference and its detail; `others` are keys that nobody knows."""
    yield from _format(old.get("format"), new.get("format"))
    for keys, is_upper in ((_UPPER, True), (_LOWER, False)):
        for key in keys:
            yield from _bound(key, _edge(old.get(key)), _edge(new.get(key)), is_upper=is_upper)
    for key, is_upper in (("minimum", False), ("maximum", True)):
        yield from _bound(key, _limit(old, key), _limit(new, key), is_upper=is_upper)
    yield from _multiple(old.get("multipleOf"), new.get("multipleOf"))
    if bool(old.get("uniqueItems")) != bool(new.get("uniqueItems")):
        yield f"constraint {'tightened' if new.get('uniqueItems') else 'loosened'}", "uniqueItems"
    for key in sorted(others | {"pattern"}):
        before, after = old.get(key), new.get(key)
        if before == after:
            continue
        detail = f"{key} {in_words(before)} → {in_words(after)}"
        if key == "pattern" and before and after and patterns.agree(before, after):
            yield "constraint respelled", detail
        else:
            how = "tightened" if before is None else "loosened" if after is None else "changed"
            yield f"constraint {how}", detail


def in_words(value: Json) -> str:
    """Return a value in few words."""
    if value is None:
        return "none"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else text[:80] + "…"


def _format(before: Json, after: Json) -> Iterator[tuple[str, str]]:
    if before == after:
        return
    detail = f"{in_words(before)} → {in_words(after)}"
    if {before, after} & _PYTHON_FORMATS:
        yield "format changed", detail
    elif {before, after} <= _WIDTHS:
        yield "number width changed", detail
    else:
        how = "added" if before is None else "removed" if after is None else "changed"
        yield f"format {how}", detail


def _bound(
    name: str, before: _Bound, after: _Bound, *, is_upper: bool
) -> Iterator[tuple[str, str]]:
    if before == after:
        return
    if before is None or after is None:
        is_tighter = before is None
    elif before[0] != after[0]:
        is_tighter = (after[0] < before[0]) == is_upper
    else:
        is_tighter = after[1]
    detail = f"{name} {_bound_text(before)} → {_bound_text(after)}"
    yield f"constraint {'tightened' if is_tighter else 'loosened'}", detail


def _multiple(before: Json, after: Json) -> Iterator[tuple[str, str]]:
    if before == after:
        return
    if before is None or (after is not None and after % before == 0):
        how = "tightened"
    else:
        how = "loosened" if after is None or before % after == 0 else "changed"
    yield f"constraint {how}", f"multipleOf {in_words(before)} → {in_words(after)}"


def _limit(keys: Json, name: str) -> _Bound:
    """Return the limit and whether it is exclusive, written as in 3.0 or as in 3.1."""
    exclusive = keys.get("exclusive" + name.capitalize())
    if isinstance(exclusive, bool) or exclusive is None:
        return _edge(keys.get(name), is_exclusive=bool(exclusive))
    limits = [(exclusive, True), *([(keys[name], False)] if name in keys else [])]
    return max(limits) if name == "minimum" else min(limits)


def _edge(value: Json, *, is_exclusive: bool = False) -> _Bound:
    return None if value is None else (value, is_exclusive)


def _bound_text(bound: _Bound) -> str:
    return "none" if bound is None else f"{bound[0]}{' exclusive' if bound[1] else ''}"
