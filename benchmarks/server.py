"""What the loopback server of the benchmarks answers; it is never the bottleneck."""

from __future__ import annotations

import datetime
import functools
import json
import socket
import threading
from typing import Any

from benchmarks.loopback import serve

ROWS = (1, 30, 1_000, 100_000)
"""The sizes of answer that are served: `rows-30` is the billing id with 30 rows.

Each comes also with a member of its rows that the spec doesn't know: `rows-30-unit`.
"""

ROWS_OF_ANY = 30
"""The rows of every other billing id; it ends with a number of seven digits, as do its totals.

A third of these is above 64 bits.
"""

RESTATED = "/restated"
"""The path below which a tenth of those totals is another."""

_NEW_YEAR = datetime.date(2025, 1, 1)
_ID, _NUMBER = "@", "#"


def billing_id(rows: int, *, unit: bool = False) -> str:
    """Return the id whose usage has so many rows, with or without a `unit`."""
    return f"rows-{rows}-unit" if unit else f"rows-{rows}"


def numbered(number: int) -> str:
    """Return one of the ids with as many rows as any."""
    return f"bid-{number:07}"


def usage_body(rows: int, *, unit: bool = False) -> bytes:
    """Return a usage answer as the API sends it: a year of days for one meter after another."""
    bid, optional = billing_id(rows, unit=unit), {"unit": "calls"} if unit else {}
    return _body([_row(bid, index, f"{_total(index)}") | optional for index in range(rows)])


def rows_of(number: int, below: str = "") -> list[tuple[str, str, str, int]]:
    """Return what is served of an id: billing id, day, name, total."""
    rows = json.loads(_filled(_template(below), numbered(number).encode()))["data"]
    return [
        (
            row["billingId"],
            row["day"],
            row["billingUsageName"],
            int(row["totalBillingUsage"]),
        )
        for row in rows
    ]


@functools.cache
def _template(below: str) -> bytes:
    """Return the answer of any id, with signs where the id and its number belong."""
    rows = []
    for index in range(ROWS_OF_ANY):
        total = _total(index + 1)
        if index % 3 == 0:
            total += 10**24
        if below == RESTATED and index % 10 == 4:
            total += 1
        rows.append(_row(_ID, index, f"{total}{_NUMBER}"))
    return _body(rows)


def _filled(template: bytes, bid: bytes) -> bytes:
    return template.replace(_ID.encode(), bid).replace(_NUMBER.encode(), bid[-7:])


def _total(index: int) -> int:
    return index * 7919 % 1_000_003


def _row(bid: str, index: int, total: str) -> dict[str, Any]:
    return {
        "billingId": bid,
        "day": (_NEW_YEAR + datetime.timedelta(days=index % 365)).isoformat(),
        "totalBillingUsage": total,
        "billingUsageName": f"meter-{index // 365}",
    }


def _body(rows: list[dict[str, Any]]) -> bytes:
    return json.dumps({"data": rows}, separators=(",", ":")).encode()


def _answer(body: bytes) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


@functools.cache
def _answer_of_size(bid: str) -> bytes:
    _, rows, *unit = bid.split("-")
    return _answer(usage_body(int(rows), unit=bool(unit)))


def _answer_to(path: str) -> bytes:
    below, _, bid = path.partition("/api/v1/usage/")
    if bid.startswith("rows-"):
        return _answer_of_size(bid)
    return _answer(_filled(_template(below), bid.encode()))


def main() -> None:
    """Serve until standard input ends; the figure is how many requests were answered."""
    # Other clients' environments haven't it.
    from oneloop.sandbox.loopback import Server  # noqa: PLC0415
    from oneloop.sandbox.server import heads  # noqa: PLC0415

    lock, answered = threading.Lock(), 0

    def converse(connection: socket.socket) -> None:
        nonlocal answered
        for head in heads(connection):
            with lock:
                answered += 1
            connection.sendall(_answer_to(head.split(b" ", 2)[1].decode()))

    serve(Server(converse), lambda: answered)


if __name__ == "__main__":
    main()
