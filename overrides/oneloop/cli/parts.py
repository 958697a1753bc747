"""The parts of a usage that are asked for: some of its days, by row, day, month or name."""

from __future__ import annotations

import argparse
import datetime
import re
from collections.abc import Iterator

from oneloop.errors import ConfigurationError
from oneloop.usage import BillingUsage

GROUPS = ("day", "month", "name")


def day(text: str) -> datetime.date:
    """Return the day that the text names."""
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return datetime.date.fromisoformat(text)
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"a day is such as 2025-01-31, not {text[:80]!a}")


def check_days(start: datetime.date | None, end: datetime.date | None) -> None:
    """Refuse days between which there is none.

    Raises:
        ConfigurationError: there is none.
    """
    if start and end and end <= start:
        raise ConfigurationError(f"there is no day from {start} to before {end}: --to isn't inside")


def between(
    usage: BillingUsage, start: datetime.date | None, end: datetime.date | None
) -> BillingUsage:
    """Return the usage from the day `start` to the day before `end`, each if there is one."""
    if end is None:
        rows = [row for row in usage if start is None or start <= row.day]
        return BillingUsage(usage.billing_id, rows) if start else usage
    return usage.between(start or datetime.date.min, end)


def columns(by: str | None) -> tuple[str, ...]:
    """Return the names of what a row has."""
    return ("billing_id", by, "total") if by else ("billing_id", "day", "name", "total")


def rows(usage: BillingUsage, by: str | None) -> Iterator[tuple[str | int, ...]]:
    """Yield the rows, or the totals that they add up to."""
    bid = usage.billing_id
    if by is None:
        yield from ((bid, str(row.day), row.name, row.total) for row in usage)
    else:
        yield from ((bid, key, total) for key, total in totals(usage, by).items())


def totals(usage: BillingUsage, by: str) -> dict[str, int]:
    """Return what the rows add up to."""
    if by == "day":
        return {str(day): total for day, total in usage.by_day().items()}
    if by == "month":
        return {str(day)[:7]: total for day, total in usage.by_month().items()}
    return usage.by_name()
