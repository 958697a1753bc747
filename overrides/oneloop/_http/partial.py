"""Whether an answer says that it is a part: one page of several, cut short, or with a failure.

No spec says how an API that begins to paginate will call its fields. These are the names that are
in use, however they are spelled: `next_page_token` is `nextPageToken`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

_NOTHING: tuple[Any, ...] = (None, False, "", 0, [], {})

# A name in lower case without its separators, and the values with which it says so.
_SIGNS: list[tuple[str, Callable[[Any, int], bool]]] = [
    # There is more: the way to it.
    (
        r"(odata)?next(page|link|url|uri|href|cursor|token|offset|key|id|marker|start|number)*"
        r"|.*cursor|.*pagetoken|(continuation|resume)(token)?|scrollid|lastevaluatedkey",
        lambda value, _: value not in _NOTHING,
    ),
    # There is more, or less than there should be: a flag.
    (
        r"has(more.*|next(page)?)|more(results|items|rows|data|available)?"
        r"|.*truncated|(is|was)?(partial|incomplete|limited)",
        lambda value, _: value not in _NOTHING and str(value).lower() not in ("false", "no", "0"),
    ),
    # There is more: how much.
    (
        r"(total|num|number)(of)?pages|pages|pagecount|lastpage",
        lambda value, _: type(value) is int and value > 1,
    ),
    (
        r"(total|num|number)(of)?(rows|items|results|records|elements|count)|(row|item|result|record)count",
        lambda value, rows: type(value) is int and value > rows,
    ),
    # There is more: one of a list of links (a relation of RFC 8288's).
    (
        r"links?",
        lambda value, _: (
            isinstance(value, list)
            and any(isinstance(each, dict) and each.get("rel") == "next" for each in value)
        ),
    ),
    # Something failed.
    (r"errors?|failures?|error(code|message)", lambda value, _: value not in _NOTHING),
    # It isn't all: in a word.
    (
        r"status|state|result",
        lambda value, _: str(value).lower() in ("partial", "incomplete", "truncated"),
    ),
    # It isn't all, or not well: a flag that should be set.
    (
        r"success|ok|(is)?(complete|last|lastpage)",
        lambda value, _: value is False or value == "false",
    ),
]
# Such a number counts rows beside the name of a page; else it may be anything's.
_COUNT = re.compile(r"total|count|size")
_PAGE = re.compile(r"offset|skip|page(size|number|index)?|perpage|startindex")
_PATTERNS = [(re.compile(name), says_so) for name, says_so in _SIGNS]
_NEXT = re.compile(r";\s*rel\s*=\s*(\"([^\"]*\s)?next[\s\"]|'?next(?![\w-]))", re.IGNORECASE)


def sign_in_headers(headers: Mapping[str, str]) -> tuple[str, str] | None:
    """Return name and value of a header that says so; None where there is none.

    `Link` to the next page (RFC 8288 §3.3), and `Content-Range` (RFC 9110 §14.4).
    """
    for name, pattern in (("Link", _NEXT), ("Content-Range", re.compile(""))):
        value = headers.get(name)
        if value is not None and pattern.search(value):
            return f"header {name}", value
    return None


def sign_in_members(members: dict[str, Any], rows: int) -> tuple[str, Any] | None:
    """Return JSON path and value of a member that says so, however deep; None for none.

    Args:
        members: all that the answer's body has beside its rows.
        rows: how many rows it has.
    """
    waiting: list[tuple[str, Any]] = [("$", members)]
    while waiting:
        path, owner = waiting.pop()
        names = {name: re.sub(r"[^a-z]", "", name.lower()) for name in owner}
        is_page = any(map(_PAGE.fullmatch, names.values()))
        for name, value in owner.items():
            if any(it.fullmatch(names[name]) and says_so(value, rows) for it, says_so in _PATTERNS):
                return f"{path}.{name}", value
            if is_page and _COUNT.fullmatch(names[name]) and type(value) is int and value > rows:
                return f"{path}.{name}", value
            if isinstance(value, dict):
                waiting.append((f"{path}.{name}", value))
    return None
