"""What a usage answer looks like, right and wrong, and usage that the sandbox makes up.

The only file of the sandbox and of the testing kit that knows the endpoint.
"""

from __future__ import annotations

import datetime
import random
from collections.abc import Callable
from typing import Any, TypeAlias

BILLING_IDS = ("bid_acme", "bid_globex", "bid_initech", "bid_new")
"""The ids that the sandbox knows. `bid_new` has no usage yet."""

_FIRST_DAY = datetime.date(2025, 1, 1)
_DAYS = 10
_DAILY = {"api-calls": 12_000, "storage-gb-hours": 340, "seats": 25}


Rows: TypeAlias = list[dict[str, str]]
"""Rows as the wire has them."""


def row(bid: str, day: datetime.date, name: str, total: int) -> dict[str, str]:
    """Return a row as the wire has it."""
    return {
        "billingId": bid,
        "day": day.isoformat(),
        "totalBillingUsage": str(total),
        "billingUsageName": name,
    }


def rows(bid: str) -> Rows:
    """Return the made-up rows of a billing id."""
    if bid == "bid_new":
        return []
    dice = random.Random(bid)  # noqa: S311 - made-up data
    size = dice.uniform(0.2, 3)
    days = [_FIRST_DAY + datetime.timedelta(days=number) for number in range(_DAYS)]
    return [
        row(bid, day, name, round(typical * size * _busyness(day, dice)))
        for day in days
        for name, typical in _DAILY.items()
    ]


def known_rows(bid: str) -> Rows | None:
    """Return the made-up rows of a billing id; None where the sandbox doesn't know it."""
    return rows(bid) if bid in BILLING_IDS else None


def billing_id(operation_id: str, parameters: dict[str, Any]) -> str | None:
    """Return whose usage a call asks for; None for any other operation than `getBillingUsage`."""
    return parameters.get("bid") if operation_id == "getBillingUsage" else None


def answer(bid: str, found: Rows | None) -> dict[str, Any] | str:
    """Return the body of a success, or in words why there is none, which is status 400."""
    return f"unknown billing id: {bid[:100]}" if found is None else {"data": found}


def _wrong(field: str, value: Callable[[str], str]) -> Callable[[str, Rows], dict[str, Any]]:
    """Return what makes a body whose last row has a field that isn't right."""

    def body(bid: str, found: Rows) -> dict[str, Any]:
        *right, last = found or [row(bid, _FIRST_DAY, "api-calls", 1)]
        return {"data": [*right, last | {field: value(bid)}]}

    return body


WRONG: dict[str, tuple[str, Callable[[str, Rows], dict[str, Any]]]] = {
    "wrong count": (
        "the last row's total is `ddd`, as the published pattern has it",
        _wrong("totalBillingUsage", lambda _: "ddd"),
    ),
    "wrong day": ("the last row's day is `2025-02-30`", _wrong("day", lambda _: "2025-02-30")),
    "another id": (
        "the last row is another billing id's",
        _wrong("billingId", lambda bid: f"{bid}-another"),
    ),
    "no list": ("`data` is `{}`, not a list", lambda *_: {"data": {}}),
    "partial": (
        "a first page: beside the rows, `hasMore` is true",
        lambda _, found: {"data": found, "hasMore": True},
    ),
}
"""Bodies of a success that are not as promised: what is wrong with each, and what makes it of a
billing id and its rows."""


def _busyness(day: datetime.date, dice: random.Random) -> float:
    weekend = day.weekday() >= 5
    return dice.uniform(0.1, 0.4) if weekend else dice.uniform(0.8, 1.2)
