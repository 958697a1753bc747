"""Fuzzes the decoder: any bytes give the rows that a plain reading finds, or an error of ours.

Run by scripts/fuzz, which installs atheris.
"""

from __future__ import annotations

import datetime
import json
import sys
from typing import Any

import atheris

with atheris.instrument_imports(include=["oneloop", "dateutil"]):
    from oneloop import ResponseValidationError, usage
    from oneloop._http.answer import Answer

BID = "bid_1"
READ = {"data", "billingId", "day", "totalBillingUsage", "billingUsageName"}


class Call:
    """A call whose key occurs nowhere."""

    name = "GET /api/v1/usage/bid_1"
    redact = str


def answer_with(body: bytes) -> Answer:
    """Return an answer as the transport makes one."""
    return Answer(Call(), 200, [(b"content-type", b"application/json")], body)


def one_input(body: bytes) -> None:
    """Decode the bytes; raise where the outcome is neither right nor an error of ours."""
    try:
        rows = usage.decode(answer_with(body), BID)
    except ResponseValidationError as error:
        if len(str(error)) > 1500:
            raise AssertionError("an unbounded message") from error
        return
    wire = json.loads(body.decode(), object_pairs_hook=unique)["data"]
    expected = [(row["billingUsageName"], int(row["totalBillingUsage"], 10)) for row in wire]
    if [(row.name, row.total) for row in rows] != expected:
        raise AssertionError("other numbers than the body's")
    for row, item in zip(rows, wire, strict=True):
        if item["billingId"] != BID or not item["totalBillingUsage"].isdecimal():
            raise AssertionError("a row that isn't one")
        if row.day != datetime.date.fromisoformat(item["day"][:10]):
            raise AssertionError("another day than the body's")


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a key that is read and comes twice; what nobody reads may."""
    names = [name for name, _ in pairs if name in READ]
    if len(set(names)) < len(names):
        raise AssertionError("an ambiguous body was decoded")
    return dict(pairs)


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
