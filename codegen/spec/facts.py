"""Whether upstream still is what each overlay action and each Python assumption relies on.

A fact *holds*; or upstream was *fixed* (it says what the action would make of it: remove the
action); or it *changed* (neither); or it is *gone* (nothing at the pointer).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from codegen.errors import FactsError
from codegen.spec import pointer
from codegen.spec.document import excerpt, same
from codegen.spec.overlay import merged

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


def judge(overlay: Overlay, document: Json) -> list[Fact]:
    """Judge every action and every assumption against upstream's `document`."""
    return [
        *(_judge_action(action, document) for action in overlay.actions),
        *(_judge_assumption(fact, document) for fact in overlay.facts),
    ]


def require(facts: Sequence[Fact]) -> None:
    """Stop unless all of `facts` hold; those that don't are told at once."""
    if broken := [fact for fact in facts if fact.state != "holds"]:
        count = f"{len(broken)} of {len(facts)} upstream facts no longer hold"
        raise FactsError(f"{count}:\n\n" + "\n\n".join(map(_described, broken)))


def _described(fact: Fact) -> str:
    found = "nothing" if fact.found is pointer.ABSENT else excerpt(fact.found)
    return (
        f"{fact.state}: {fact.pointer}\n"
        f"  expected  {excerpt(fact.expected)}\n"
        f"  found     {found}\n"
        f"  override  {fact.override}: {fact.reason}\n"
        f"  to do     {fact.to_do}"
    )


def _judge_action(action: Action, document: Json) -> Fact:
    value = pointer.find(document, action.pointer)
    found = value
    if action.remove:
        parent = pointer.join(pointer.split(action.pointer)[:-1])
        if value is pointer.ABSENT:
            parent_there = pointer.find(document, parent) is not pointer.ABSENT
            state: State = "fixed" if parent_there else "gone"
        else:
            state = "holds" if same(value, action.expected) else "changed"
    elif value is pointer.ABSENT:
        state = "gone"
    else:
        found = (
            {key: value[key] for key in ("$ref", *action.update) if key in value}
            if isinstance(value, dict)
            else value
        )
        if same(found, action.expected):
            state = "holds"
        else:  # what stands beside a $ref has no effect, so it can't be right there
            is_fixed = same(merged(value, action.update), value) and "$ref" not in found
            state = "fixed" if is_fixed else "changed"
    return Fact(
        action.pointer,
        action.expected,
        found,
        state,
        action.override,
        action.reason,
        _moved(document, action.pointer) if state == "gone" else "",
    )


def _judge_assumption(fact: UpstreamFact, document: Json) -> Fact:
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
        _moved(document, fact.pointer) if state == "gone" else "",
    )


def _compared(fact: UpstreamFact, value: Json) -> Json:
    """Return the part of `value` that the fact is about."""
    if fact.compare == "keys" and isinstance(value, dict):
        return [key for key in value if fact.keys_matching.match(key)]
    if fact.compare == "parameters" and isinstance(value, list):
        return [
            f"{item['in']} {item['name']}" if isinstance(item, dict) and "name" in item else item
            for item in value
        ]
    return value


def _agrees(fact: UpstreamFact, found: Json) -> bool:
    if fact.compare == "equals" or not isinstance(found, list):
        return same(found, fact.expected)
    if fact.compare == "contains":
        return all(item in found for item in fact.expected)
    return sorted(map(json.dumps, found)) == sorted(map(json.dumps, fact.expected))


def _moved(document: Json, where: str) -> str:
    """Say how far the pointer still leads, and through which `$ref` the rest went."""
    there, value = pointer.deepest(document, where)
    if isinstance(value, dict) and isinstance(ref := value.get("$ref"), str):
        return f" ({there} now is a $ref to {ref.removeprefix('#')})"
    return f" (upstream ends at {there or 'the root'})"
