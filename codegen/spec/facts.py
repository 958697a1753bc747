"""Whether upstream still is what each overlay action and each Python assumption relies on.

A fact *holds*; or upstream was *fixed* (it does what the action would make of it, in its own words
or others: remove the action); or it *changed* (neither); or it is *gone* (nothing at the pointer).
An action is judged by what it finds, once those before it are done. One with several places *holds*
when each does and there are no others; is *fixed* or *gone* when each place is; and else *changed*.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from codegen.errors import FactsError, OverlayError
from codegen.spec import pointer, renames
from codegen.spec.document import excerpt, same
from codegen.spec.effect import alike, has_effect, within, within_list

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codegen.spec.actions import Action
    from codegen.spec.document import Json
    from codegen.spec.overlay import Overlay, UpstreamFact

State = Literal["holds", "fixed", "changed", "gone"]

_TO_DO: Final[dict[State, str]] = {
    "holds": "nothing",
    "fixed": "upstream now says so itself: remove this action",
    "changed": "revisit what relies on it, then say the new value here",
    "gone": "find where it went, then point here to it or remove what relies on it",
}


@dataclass(frozen=True)
class Fact:
    """One judged fact; `found` is `pointer.ABSENT` for what isn't there.

    For a target that can select several places, `pointer` is the target, and `expected` and `found`
    are by pointer: all of them if it holds, else those that don't.
    """

    pointer: str
    expected: Json
    found: Json
    state: State
    override: str
    reason: str
    hint: str = ""
    upstream_issue: str | None = None

    @property
    def to_do(self) -> str:
        """What a maintainer does about it."""
        return _TO_DO[self.state] + self.hint


def judge(overlay: Overlay, document: Json, before: Json = None) -> list[Fact]:
    """Judge every action and every assumption against upstream's `document`, valid or not.

    With what upstream said `before`, what is gone comes with what it may now be called.
    """
    judged, now = [], document
    for action in overlay.actions:
        judged.append(fact := _judge_action(action, now, before))
        if fact.state != "fixed":
            with suppress(OverlayError):  # told when the overlay is applied, if all facts hold
                now = action.done(now)
    return [*judged, *(_judge_assumption(fact, document, before) for fact in overlay.facts)]


def require(facts: Sequence[Fact]) -> None:
    """Stop unless all of `facts` hold."""
    if stop := reason_to_stop(facts):
        raise stop


def reason_to_stop(facts: Sequence[Fact]) -> FactsError | None:
    """Return the error that tells all of `facts` that don't hold; None where all do."""
    broken = [fact for fact in facts if fact.state != "holds"]
    count = f"{len(broken)} of {len(facts)} upstream facts no longer hold"
    told = f"{count}:\n\n" + "\n\n".join(map(_described, broken))
    return FactsError(told) if broken else None


def _described(fact: Fact) -> str:
    found = "nothing" if fact.found is pointer.ABSENT else excerpt(fact.found)
    return (
        f"{fact.state}: {fact.pointer}\n"
        f"  expected  {excerpt(fact.expected)}\n"
        f"  found     {found}\n"
        f"  override  {fact.override}: {fact.reason}\n"
        + (f"  issue     {fact.upstream_issue}\n" if fact.upstream_issue else "")
        + f"  to do     {fact.to_do}"
    )


def _judge_action(action: Action, document: Json, before: Json) -> Fact:
    sources = action.sources(document)
    if action.copy and len(sources) != 1:
        return _source_fact(action, sources)
    update = next(iter(sources.values())) if action.copy else action.update
    expected = action.expected_places
    asked = _Asked(action, update, document, action.select(document))
    places = [
        _judge_place(asked, where, expected.get(where, pointer.ABSENT))
        for where in dict.fromkeys([*expected, *asked.selected])
    ]
    state = places[0].state
    if any(place.state != state for place in places):
        state = "changed"
    if action.target.pointer is not None:
        (place,) = places
        hint = _moved(document, place.pointer, before) if state == "gone" else ""
        told = place.pointer, place.expected, place.found
    else:
        shown = [place for place in places if state == "holds" or place.state != "holds"]
        hint = f" ({len(shown)} of {len(places)} places)" if state != "holds" else ""
        told = (
            action.target.text,
            {each.pointer: each.expected for each in shown if each.pointer in expected},
            {each.pointer: each.found for each in shown if each.found is not pointer.ABSENT},
        )
    return Fact(*told, state, action.override, action.reason, hint, action.upstream_issue)


def _source_fact(action: Action, sources: dict[str, Json]) -> Fact:
    """Judge an action whose source upstream no longer has, or has more than once."""
    return Fact(
        str(action.copy),
        "one place to copy",
        list(sources) or pointer.ABSENT,
        "changed" if sources else "gone",
        action.override,
        action.reason,
        upstream_issue=action.upstream_issue,
    )


class _Asked(NamedTuple):
    """What an action is asked at each of its places: `update` is what it merges in there."""

    action: Action
    update: Json
    document: Json
    selected: dict[str, Json]


class _Place(NamedTuple):
    pointer: str
    expected: Json
    found: Json
    state: State


def _judge_place(asked: _Asked, where: str, expected: Json) -> _Place:
    """Judge what one place says; one that is not expected, or no longer selected, can't hold."""
    value = pointer.find(asked.document, where)
    is_selected = where in asked.selected
    removes = asked.action.remove
    part = expected if removes else _union(asked.update, expected)
    found = value if value is pointer.ABSENT else _share(part, value)
    state: State
    if removes and not is_selected:
        parent = pointer.find(asked.document, where.rpartition("/")[0])
        state = "fixed" if isinstance(parent, dict | list) else "gone"
    elif value is pointer.ABSENT:
        state = "gone"
    elif expected is pointer.ABSENT:
        state = "changed"
    elif removes:
        state = _removal_state(expected, value)
    else:
        key = (pointer.split(where) or [""])[-1]
        state = _update_state(asked.update, expected, value, found, key)
        if state == "holds" and not is_selected:
            state = "changed"
    return _Place(where, expected, found, state)


def _union(update: Json, expected: Json) -> Json:
    """Return a mapping with the keys of both, at each depth, and `$ref`: what a place is asked for.

    Nothing but a mapping is asked for its parts.
    """
    if not isinstance(update, dict):
        return update
    known = expected if isinstance(expected, dict) else {}
    keys = dict.fromkeys(["$ref", *update, *known])
    return {key: _union(update.get(key, known.get(key)), known.get(key)) for key in keys}


def _share(part: Json, value: Json) -> Json:
    """Return `value` with the keys alone that `part` has; all of it where `part` is empty."""
    if not (part and isinstance(part, dict) and isinstance(value, dict)):
        return value
    return {key: _share(part[key], value[key]) for key in part if key in value}


def _removal_state(expected: Json, value: Json) -> State:
    """Judge a removal by as much as `x-expected` says; an empty mapping says that it is empty."""
    says_all = expected != {} or value == {}
    return "holds" if says_all and within(expected, value) else "changed"


def _update_state(update: Json, expected: Json, value: Json, found: Json, key: str) -> State:
    if same(found, expected):
        return "holds"
    # What stands beside a $ref has no effect, so it can't be right there.
    if has_effect(update, value, key) and not (isinstance(value, dict) and "$ref" in value):
        return "fixed"
    return "holds" if alike(found, expected, key) else "changed"


def _judge_assumption(fact: UpstreamFact, document: Json, before: Json) -> Fact:
    found = _compared(fact, pointer.find(document, fact.pointer))
    state: State = "holds" if _agrees(fact, found) else "changed"
    if found is pointer.ABSENT:
        state = "gone"
    return Fact(
        fact.pointer,
        fact.expected,
        found,
        state,
        fact.override,
        fact.reason,
        _moved(document, fact.pointer, before) if state == "gone" else "",
    )


def _compared(fact: UpstreamFact, value: Json) -> Json:
    """Return the part of `value` that the fact is about."""
    if fact.compare == "keys" and isinstance(value, dict):
        return [key for key in value if fact.keys_matching.match(key)]
    if fact.compare == "parameters" and isinstance(value, list):
        return [
            f"{item['in']} {item['name']}"
            if isinstance(item, dict) and item.keys() >= {"in", "name"}
            else item
            for item in value
        ]
    return value


def _agrees(fact: UpstreamFact, found: Json) -> bool:
    if fact.compare == "equals" or not isinstance(found, list):
        return alike(found, fact.expected, (pointer.split(fact.pointer) or [""])[-1])
    if fact.compare == "contains":
        return within_list(fact.expected, found)
    return sorted(map(json.dumps, found)) == sorted(map(json.dumps, fact.expected))


def _moved(document: Json, where: str, before: Json) -> str:
    """Say how far the pointer still leads, and through which `$ref` or new name the rest went."""
    there, value = pointer.deepest(document, where)
    if isinstance(value, dict) and isinstance(ref := value.get("$ref"), str):
        return f" ({there} now is a $ref to {ref.removeprefix('#')})"
    if name := renames.guess(document, before, where):
        return f" (perhaps renamed to {name})"
    return f" (upstream ends at {there or 'the root'})"
