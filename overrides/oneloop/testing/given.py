"""Usage as a test gives it, checked before anything is asked."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import TypeAlias

from oneloop.errors import excerpt
from oneloop.usage import BillingUsage, UsageRow, parse_day, request_line

Usage: TypeAlias = BillingUsage | Iterable[UsageRow | tuple[datetime.date | str, str, int]]
"""What `FakeAPI.set_usage` takes: usage, or its rows, each a `UsageRow` or (day, name, total)."""


def usage_of(bid: str, given: Usage) -> BillingUsage:
    """Return the usage of a billing id that a test gives.

    Raises:
        TypeError, ValueError: `bid` can't be a billing id, or what is given isn't usage of it.
    """
    request_line(bid)
    if isinstance(given, BillingUsage):
        if given.billing_id != bid:
            raise ValueError(f"usage of {excerpt(given.billing_id)}, not of {excerpt(bid)}")
        rows: Iterable[object] = given.rows
    elif isinstance(given, Iterable) and not isinstance(given, str | bytes):
        rows = given
    else:
        raise TypeError(f"usage is a BillingUsage or its rows, not {type(given).__name__}")
    return BillingUsage(bid, [_row(bid, f"rows[{number}]", row) for number, row in enumerate(rows)])


def _row(bid: str, where: str, given: object) -> UsageRow:
    """Return a row; `BillingUsage` checks the types of what it holds."""
    if isinstance(given, UsageRow):
        day, name, total, bid = given.day, given.name, given.total, given.billing_id
    elif isinstance(given, tuple | list) and len(given) == 3:
        day, name, total = given
    else:
        raise TypeError(f"{where} is (day, name, total) or a UsageRow, not {excerpt(repr(given))}")
    if isinstance(day, str):
        read = parse_day(day)
        if read is None:
            raise ValueError(f"{where}.day is a day such as 2025-01-31, not {excerpt(day)}")
        day = read
    if isinstance(name, str) and not _is_text(name):
        raise ValueError(f"{where}.name holds half a character: {excerpt(name)}")
    return UsageRow(day, name, total, bid)


def _is_text(name: str) -> bool:
    """Whether UTF-8 can say it: a lone surrogate it can't."""
    return name == name.encode("utf-8", "ignore").decode("utf-8")
