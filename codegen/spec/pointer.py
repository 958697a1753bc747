"""JSON Pointers (RFC 6901) into a document, with a marker for what isn't there."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codegen.spec.document import Json


class Absent(Enum):
    """What `find` gives for a pointer that leads nowhere."""

    ABSENT = "absent"


ABSENT = Absent.ABSENT
_MOST_REFERENCES: Final = 20  # one after another; what leads to itself ends here


def join(parts: Iterable[str | int]) -> str:
    """Return the pointer made of unescaped `parts`."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def split(pointer: str) -> list[str]:
    """Return the unescaped parts of `pointer`."""
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def find(document: Json, pointer: str) -> Json:
    """Return the value at `pointer`, or `ABSENT`; a `$ref` on the way is not followed."""
    value = document
    for part in split(pointer):
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            return ABSENT
    return value


def deepest(document: Json, pointer: str) -> tuple[str, Json]:
    """Return the longest beginning of `pointer` that exists, and its value."""
    parts = split(pointer)
    while (value := find(document, join(parts))) is ABSENT:
        parts.pop()
    return join(parts), value


def followed(document: Json, parts: Iterable[str | int]) -> str:
    """Return the pointer of what `parts` lead to when each `$ref` on the way is followed."""
    here = ""
    for part in parts:
        for _ in range(_MOST_REFERENCES):
            value = find(document, here)
            ref = value.get("$ref") if isinstance(value, dict) and part != "$ref" else None
            if not (isinstance(ref, str) and ref.startswith("#/")) or str(part) in value:
                break
            here = ref[1:]
        here += join([part])
    return deepest(document, here)[0]
