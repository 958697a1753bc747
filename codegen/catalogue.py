"""The list of operations that people read: OPERATIONS.md, and a block of README.md.

The block stands between two lines, and a README.md without them is left alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from codegen.errors import CheckoutError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codegen.checkout import Audience
    from codegen.make.calls import Call
    from codegen.spec.omissions import Omission

FILE: Final = "OPERATIONS.md"
START: Final = "<!-- operations: written by ./generate.sh -->"
END: Final = "<!-- /operations -->"
# README.md shows up to so many operations, and points to the file for more.
_SHOWN: Final = 12
_LONGEST: Final = 120


def page(calls: Sequence[Call], omitted: Sequence[Omission], audience: Audience) -> str:
    """Return OPERATIONS.md."""
    parts = ["# Operations", f"{_count(calls, audience)}.", _table(calls, audience)]
    parts += _left_out(omitted, left_out_list(omitted))
    return "\n\n".join(parts) + "\n"


def block(calls: Sequence[Call], omitted: Sequence[Omission], audience: Audience, link: str) -> str:
    """Return what README.md says between its two lines; `link` leads to OPERATIONS.md."""
    if len(calls) > _SHOWN:
        parts = [f"{_count(calls, audience)}: [all of them]({link})."]
    else:
        parts = [f"{_count(calls, audience)}:", _table(calls, audience)]
    parts += _left_out(omitted, left_out_list(omitted, f"[{FILE}]({link})"))
    return "\n\n".join(parts)


def with_block(readme: str, text: str) -> str:
    """Return README.md with `text` between its two lines; without the lines, as it is."""
    lines = readme.split("\n")
    starts, ends = (
        [number for number, line in enumerate(lines) if line.strip() == mark]
        for mark in (START, END)
    )
    if not starts and not ends:
        return readme
    if len(starts) != 1 or len(ends) != 1 or ends < starts:
        raise CheckoutError(f"README.md: needs the line {START} once, and {END} once below it")
    return "\n".join([*lines[: starts[0] + 1], "", text, "", *lines[ends[0] :]])


def left_out_list(omitted: Sequence[Omission], rest: str | None = None) -> str:
    """Return a list of what is left out on purpose; if there is much, only some, then `rest`."""
    lines = [f"- {what}: {reason}" for what, reason in omitted]
    if rest and len(lines) > _SHOWN:
        lines[_SHOWN:] = [f"- and {len(lines) - _SHOWN} more: {rest}"]
    return "\n".join(lines)


def _left_out(omitted: Sequence[Omission], listed: str) -> list[str]:
    return ["Left out on purpose:", listed] if omitted else []


def _count(calls: Sequence[Call], audience: Audience) -> str:
    count = "One operation" if len(calls) == 1 else f"{len(calls)} operations"
    if not audience.methods:
        return f"{count} in `{audience.package}`"
    return f"{count}, {'a method' if len(calls) == 1 else 'each a method'} of `{audience.methods}`"


def _table(calls: Sequence[Call], audience: Audience) -> str:
    rows = [
        f"| `{_code(call.spelled(audience.methods))}` | `{_code(call.request)}`"
        f" | {'deprecated: ' if call.is_deprecated else ''}{_prose(call.summary)} |"
        for call in calls
    ]
    return "\n".join(["| call | request | |", "|---|---|---|", *rows])


def _code(text: str) -> str:
    return re.sub(r"[`\s]+", " ", text).replace("|", r"\|")


def _prose(text: str) -> str:
    """Return a spec's words in one line that makes no Markdown of its own."""
    line = " ".join(text.split())
    line = line if len(line) <= _LONGEST else line[:_LONGEST].rstrip() + "…"
    return re.sub(r"([\\`*_\[\]|~#])", r"\\\1", line).replace("&", "&amp;").replace("<", "&lt;")
