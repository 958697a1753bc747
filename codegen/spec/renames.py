"""What something that is gone may now be called: a guess, for a person to look at."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Final

from codegen.spec import pointer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codegen.spec.document import Json

_LEAST: Final = 0.75  # the share that two values have in common


def guess(document: Json, before: Json, where: str) -> str | None:
    """Return the pointer of what in `document` most is what `before` had on the way to `where`.

    It is new, has the same parent, and no other is as much like it.
    """
    parent, value = pointer.deepest(document, where)
    known = pointer.find(before, parent)
    gone = pointer.split(where)[len(pointer.split(parent))]
    if not (isinstance(value, dict) and isinstance(known, dict) and gone in known):
        return None
    likeness = Counter(
        {name: _likeness(known[gone], value[name]) for name in value if name not in known}
    )
    (best, most), *others = [*likeness.most_common(2), ("", 0.0)]
    if most < _LEAST or others[0][1] == most:
        return None
    return parent + pointer.join([best])


def _likeness(left: Json, right: Json) -> float:
    """Return from 0 to 1 how much of what the two say they have in common."""
    here, there = Counter(_leaves(left, "")), Counter(_leaves(right, ""))
    return (here & there).total() / max((here | there).total(), 1)


def _leaves(value: Json, where: str) -> Iterator[str]:
    if isinstance(value, dict) and value:
        for key, child in value.items():
            yield from _leaves(child, where + pointer.join([key]))
    elif isinstance(value, list) and value:
        for child in value:
            yield from _leaves(child, where + "/-")
    else:
        yield where + " " + json.dumps(value)
