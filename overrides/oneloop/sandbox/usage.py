"""Billing usage that the sandbox makes up, the same at each run."""

from __future__ import annotations

import datetime
import random
from typing import Any

BILLING_IDS = ("bid_acme", "bid_globex", "bid_initech", "bid_new")
"""The ids that the sandbox knows. `bid_new` has no usage yet."""

_FIRST_DAY = datetime.date(2025, 1, 1)
_DAYS = 10
_DAILY = {"api-calls": 12_000, "storage-gb-hours": 340, "seats": 25}


def rows(bid: str) -> list[dict[str, str]]:
    """Return the rows of a billing id."""
    if bid == "bid_new":
        return []
    dice = random.Random(bid)  # noqa: S311 - made-up data
    size = dice.uniform(0.2, 3)
    days = [_FIRST_DAY + datetime.timedelta(days=number) for number in range(_DAYS)]
    return [
        {
            "billingId": bid,
            "day": day.isoformat(),
            "totalBillingUsage": str(round(typical * size * _busyness(day, dice))),
            "billingUsageName": name,
        }
        for day in days
        for name, typical in _DAILY.items()
    ]


def answer(operation_id: str, parameters: dict[str, Any]) -> dict[str, Any] | str | None:
    """Return the body of a success, or in words why there is none, which is status 400.

    None for any other operation than `getBillingUsage`.
    """
    if operation_id != "getBillingUsage" or "bid" not in parameters:
        return None
    bid = parameters["bid"]
    if bid not in BILLING_IDS:
        return f"unknown billing id: {str(bid)[:100]}"
    return {"data": rows(bid)}


def _busyness(day: datetime.date, dice: random.Random) -> float:
    weekend = day.weekday() >= 5
    return dice.uniform(0.1, 0.4) if weekend else dice.uniform(0.8, 1.2)
