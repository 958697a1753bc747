"""How the limits that two schemas set on a value differ: tightened, loosened, or beyond telling."""

from __future__ import annotations

import json
from collections import Counter
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from codegen.diff.merge import LOWER, UPPER
from codegen.spec import patterns
from codegen.spec.document import same
from codegen.spec.pointer import ABSENT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codegen.spec.document import Json

KEYS: Final = {
    *UPPER,
    *LOWER,
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
    *("multipleOf", "uniqueItems", "pattern", "format"),
}
# Formats that the generator gives a Python type of their own, and widths of numbers, widest first.
_PYTHON_FORMATS: Final = {"date", "date-time", "uuid", "binary", "byte"}
_WIDTHS: Final = ((None, "int64", "int32"), (None, "double", "float"))
# Ways to write that any string will do.
_ANYTHING: Final = {"", ".*", "^.*$", "^.*", ".*$", "^", "$", r"[\s\S]*", r"^[\s\S]*$", "(.*)"}

# A value with whether it is excluded itself; None for no limit.
_Bound = tuple[float, bool] | None
_Demands = tuple[tuple[str, frozenset[str]], ...]


def differences(old: Json, new: Json, others: set[str]) -> Iterator[tuple[str, str]]:
    """Yield the kind of each difference and its detail; `others` are keys that nobody knows."""
    yield from _format(old.get("format"), new.get("format"))
    for keys, is_upper in ((UPPER, True), (LOWER, False)):
        for key in keys:
            yield from _bound(key, _edge(old.get(key)), _edge(new.get(key)), is_upper=is_upper)
    for key, is_upper in (("minimum", False), ("maximum", True)):
        yield from _bound(key, _limit(old, key), _limit(new, key), is_upper=is_upper)
    yield from _multiple(old.get("multipleOf"), new.get("multipleOf"))
    if bool(old.get("uniqueItems")) != bool(new.get("uniqueItems")):
        yield f"constraint {'tightened' if new.get('uniqueItems') else 'loosened'}", "uniqueItems"
    yield from _pattern(old.get("pattern"), new.get("pattern"))
    for key in sorted(others):
        before, after = old.get(key), new.get(key)
        if not same(before, after):
            yield f"demand {_how(before, after)}", f"{key} {in_words(before)} → {in_words(after)}"


def demands(old: _Demands, new: _Demands) -> Iterator[tuple[str, str]]:
    """Yield how groups of demands differ, such as `anyOf: [{required: [a]}, {required: [b]}]`."""
    if old == new:
        return
    kinds = {kind for kind, _ in (*old, *new)}
    how = "changed"
    if set(old) < set(new):
        how = "tightened"
    elif set(new) < set(old):
        how = "loosened"
    elif len(old) == len(new) == 1 and kinds == {"anyOf"}:
        if old[0][1] < new[0][1]:
            how = "loosened"
        elif new[0][1] < old[0][1]:
            how = "tightened"
    words = (" and ".join(f"{kind} of {len(parts)}" for kind, parts in it) for it in (old, new))
    yield f"demand {how}", " → ".join(word or "none" for word in words) + " parts"


def kinds(old: list[str], new: list[str]) -> Iterator[tuple[str, str]]:
    """Yield how unions differ that are of other kinds, `old` and `new`, sorted."""
    if old == new:
        return
    more, fewer = Counter(new) - Counter(old), Counter(old) - Counter(new)
    if not fewer or (set(fewer), set(more)) == ({"anyOf"}, {"oneOf"}):
        how = "tightened"
    elif not more or (set(fewer), set(more)) == ({"oneOf"}, {"anyOf"}):
        how = "loosened"
    else:
        how = "changed"
    words = (" and ".join(it) or "none" for it in (old, new))
    yield f"constraint {how}", " → ".join(words)


def in_words(value: Json) -> str:
    """Return a value in few words."""
    if value is None or value is ABSENT:
        return "none"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else text[:80] + "…"


def _format(before: Json, after: Json) -> Iterator[tuple[str, str]]:
    if before == after:
        return
    detail = f"{in_words(before)} → {in_words(after)}"
    if {before, after} & _PYTHON_FORMATS:
        yield "format changed", detail
    elif widths := next((all_of for all_of in _WIDTHS if {before, after} <= {*all_of}), None):
        is_wider = widths.index(after) < widths.index(before)
        yield f"number width {'widened' if is_wider else 'narrowed'}", detail
    else:
        how = "added" if before is None else "removed" if after is None else "changed"
        yield f"format {how}", detail


def _pattern(before: Json, after: Json) -> Iterator[tuple[str, str]]:
    if same(before, after):
        return
    detail = f"pattern {in_words(before)} → {in_words(after)}"
    one, other = (None if it in _ANYTHING else it for it in (before, after))
    if one == other or (
        isinstance(one, str) and isinstance(other, str) and patterns.agree(one, other)
    ):
        yield "constraint respelled", detail
    else:
        yield f"constraint {_how(one, other)}", detail


def _how(before: Json, after: Json) -> str:
    return "tightened" if before is None else "loosened" if after is None else "changed"


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
    one, other = (Fraction(str(it or 0)) for it in (before, after))
    if before is None or (after is not None and other % one == 0):
        how = "tightened"
    else:
        how = "loosened" if after is None or one % other == 0 else "changed"
    yield f"constraint {how}", f"multipleOf {in_words(before)} → {in_words(after)}"


def _limit(keys: Json, name: str) -> _Bound:
    """Return the limit and whether it is exclusive."""
    exclusive = keys.get("exclusive" + name.capitalize())
    limits = [(exclusive, True)] if exclusive is not None else []
    limits += [(keys[name], False)] if name in keys else []
    # Of two equal ones the exclusive counts.
    tightest = max if name == "minimum" else min
    return tightest(limits, key=lambda it: (it[0], it[1] == (name == "minimum")), default=None)


def _edge(value: Json) -> _Bound:
    return None if value is None else (value, False)


def _bound_text(bound: _Bound) -> str:
    return "none" if bound is None else f"{bound[0]}{' exclusive' if bound[1] else ''}"
