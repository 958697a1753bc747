"""How much each kind of change matters to a user of the Python package: the one table of levels.

Three ideas decide a level. Readers of answers are hurt when more can come, writers of requests
when less is taken: the same change often is breaking for one and compatible for the other. What
loses or changes a public Python name is breaking whatever the wire says: a class, an enum member,
a function, a module, an argument. And where the effect can't be known (two regular expressions
that samples tell apart), it counts as breaking: a release too high costs a glance, one too low an
outage.

Some rules differ from what a wire-only tool such as oasdiff says. A removed enum value, schema or
field is breaking for readers too, since the Python name goes; an enum value added to answers is
breaking rather than a warning, since pinned clients raise on a value they don't know; a looser
limit on answers is compatible, since their Python type stays; and webhooks are nobody's, since the
client has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Literal

Direction = Literal["answers", "requests"]


class Level(IntEnum):
    """How much a change matters; the greatest decides the version."""

    COSMETIC = 1
    COMPATIBLE = 2
    BREAKING = 3

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True)
class Change:
    """One difference: where it is, what it is, and how much it matters."""

    where: str
    what: str
    level: Level


_B, _C, _T = Level.BREAKING, Level.COMPATIBLE, Level.COSMETIC

# What happens to a schema, with its level in answers and in requests.
SCHEMA: Final[dict[str, tuple[Level, Level]]] = {
    "field added": (_C, _C),
    "required field added": (_C, _B),
    "field removed": (_B, _B),
    "became required": (_C, _B),
    "became optional": (_B, _C),
    "became nullable": (_B, _C),
    "no longer nullable": (_C, _B),
    "type changed": (_B, _B),
    "type widened": (_B, _C),
    "type narrowed": (_C, _B),
    "class changed": (_B, _B),
    "became an enum": (_B, _B),
    "no longer an enum": (_B, _B),
    "const added": (_C, _B),  # makes no class
    "const removed": (_B, _C),
    "const changed": (_B, _B),
    "enum value added": (_B, _C),
    "enum value removed": (_B, _B),
    "variant added": (_B, _C),
    "variant removed": (_C, _B),
    "variant and its class removed": (_B, _B),
    "discriminator changed": (_B, _B),
    "discriminator removed": (_B, _C),
    "discriminator added": (_C, _C),
    "discriminator value added": (_B, _C),  # pinned clients raise on a value they don't know
    "discriminator value removed": (_C, _B),
    "discriminator value changed": (_B, _B),
    "extra fields now refused": (_B, _B),  # the model loses additional_properties
    "extra fields now allowed": (_C, _C),
    "format changed": (_B, _B),
    "format added": (_C, _B),
    "format removed": (_C, _C),
    "number width widened": (_C, _C),  # Python's numbers have none
    "number width narrowed": (_C, _B),
    "constraint tightened": (_C, _B),
    "constraint loosened": (_C, _C),  # the Python type of an answer stays
    "constraint changed": (_B, _B),
    "demand tightened": (_C, _B),  # such as `not`, dependentRequired, if and then
    "demand loosened": (_B, _C),  # what always was there may be missing
    "demand changed": (_B, _B),
    "constraint respelled": (_T, _T),  # to the same effect
    "default changed": (_C, _B),  # what is sent when the argument is left out
    "deprecated": (_C, _C),
    "no longer deprecated": (_T, _T),
    "access changed": (_C, _C),  # readOnly, writeOnly: the generator knows neither
    "reworded": (_T, _T),
}

# What happens to everything else.
API: Final[dict[str, Level]] = {
    "operation removed": _B,
    "operation added": _C,
    "operation moved": _B,
    "function renamed": _B,
    "module renamed": _B,
    "parameter removed": _B,
    "optional parameter added": _C,
    "required parameter added": _B,
    "parameter renamed": _B,
    "parameter became required": _B,
    "parameter became optional": _C,
    "parameter encoding changed": _B,
    "empty value now taken": _C,
    "empty value no longer taken": _B,
    "form field encoding changed": _B,
    "request body removed": _B,
    "optional request body added": _C,
    "required request body added": _B,
    "request body became required": _B,
    "request body became optional": _C,
    "request media type removed": _B,
    "request media type added": _C,
    "success status removed": _B,
    "success status and its class removed": _B,
    "success status added": _C,
    "error status removed": _C,  # errors are errors, documented or not
    "error status and its class removed": _B,
    "error status added": _C,
    "answer media type removed": _B,
    "answer media type added": _C,
    "answer header removed": _B,
    "answer header added": _C,
    "answer header became optional": _B,
    "answer header became required": _C,
    "answer header encoding changed": _B,
    "security asks for more": _B,
    "security asks for less": _C,
    "security scheme described anew": _T,
    "server removed": _B,
    "server added": _C,
    "default server changed": _B,
    "server changed": _B,
    "class removed": _B,
    "class added": _C,
    "class renamed": _B,
    "deprecated": _C,
    "no longer deprecated": _T,
    "part added": _C,
    "part removed": _B,
    "part changed": _B,
    "reworded": _T,
}


def schema_change(kind: str, direction: Direction, where: str, detail: str = "") -> Change:
    """Return the change of `kind` in a schema that is part of answers or of requests."""
    level = SCHEMA[kind][0 if direction == "answers" else 1]
    return Change(where, f"{kind}{detail and ': ' + detail} (in {direction})", level)


def api_change(kind: str, where: str, detail: str = "") -> Change:
    """Return the change of `kind` in anything but a schema."""
    return Change(where, f"{kind}{detail and ': ' + detail}", API[kind])
