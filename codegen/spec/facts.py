"""Whether upstream still is what each overlay action and each Python assumption relies on.

A fact *holds*; or upstream was *fixed* (it does what the action would make of it, in its own words
or others: remove the action); or it *changed* (neither); or it is *gone* (nothing at the pointer).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from codegen.errors import FactsError
from codegen.spec import pointer, renames
from codegen.spec.document import excerpt, same
from codegen.spec.effect import alike, has_effect, within, within_list

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codegen.spec.document import Json
    from codegen.spec.overlay import Action, Overlay, UpstreamFact

State = Literal["holds", "fixed", "changed", "gone"]

_TO_DO: Final[dict[State, str]] = {
    "holds": "nothing",
    "fixed": "upstream now says so itself: remove this action",
    "changed": "revisit what relies on it, then say the new value here",
    "gone": "find where it went, then point here to it or remove what relies on it",
}


@dataclass(frozen=True)
class Fact:
    """One judged fact; `found` is `pointer.ABSENT` for what isn't there."""

    pointer: str
    expected: Json
    found: Json
    state: State
    override: str
    reason: str
    hint: str = ""

    @property
    def to_do(self) -> str:
        """What a maintainer does about it."""
        return _TO_DO[self.state] + self.hint


def judge(overlay: Overlay, document: Json, before: Json = None) -> list[Fact]:
    """Judge every action and every assumption against upstream's `document`, valid or not.

    With what upstream said `before`, what is gone comes with what it may now be called.
    """
    return [
        *(_judge_action(action, document, before) for action in overlay.actions),
        *(_judge_assumption(fact, document, before) for fact in overlay.facts),
    ]


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
        f"  to do     {fact.to_do}"
    )


def _judge_action(action: Action, document: Json, before: Json) -> Fact:
    value = pointer.find(document, action.pointer)
    parent = pointer.join(pointer.split(action.pointer)[:-1])
    found = _concerned(action, value)
    state: State = "gone"
    if value is not pointer.ABSENT:
        state = (_removal_state if action.remove else _update_state)(action, value, found)
    elif action.remove and isinstance(pointer.find(document, parent), dict | list):
        state = "fixed"
    return Fact(
        action.pointer,
        action.expected,
        found,
        state,
        action.override,
        action.reason,
        _moved(document, action.pointer, before) if state == "gone" else "",
    )


def _concerned(action: Action, value: Json) -> Json:
    """Return the part of `value` that the action is about."""
    if action.remove:
        return _share(action.expected, value)
    if isinstance(value, dict):
        return {key: value[key] for key in ("$ref", *action.update) if key in value}
    return value


def _share(part: Json, value: Json) -> Json:
    """Return `value` with the keys alone that `part` has; all of it where `part` is empty."""
    if not (part and isinstance(part, dict) and isinstance(value, dict)):
        return value
    return {key: _share(part[key], value[key]) for key in part if key in value}


def _removal_state(action: Action, value: Json, _: Json) -> State:
    """Judge a removal by as much as `x-expected` says; an empty mapping says that it is empty."""
    says_all = action.expected != {} or value == {}
    return "holds" if says_all and within(action.expected, value) else "changed"


def _update_state(action: Action, value: Json, found: Json) -> State:
    if same(found, action.expected):
        return "holds"
    # What stands beside a $ref has no effect, so it can't be right there.
    if has_effect(action.update, value) and "$ref" not in found:
        return "fixed"
    return "holds" if alike(found, action.expected) else "changed"


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
