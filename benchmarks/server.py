"""A loopback server that is never the bottleneck: keep-alive, every answer made beforehand."""

from __future__ import annotations

import asyncio
import datetime
import json
import sys

ROWS = (1, 30, 1_000, 100_000)
"""The sizes of answer that are served: `rows-30` is the billing id with 30 rows.

Each comes also with a member of its rows that the spec doesn't know: `rows-30-unit`.
"""

_NEW_YEAR = datetime.date(2025, 1, 1)


def billing_id(rows: int, *, unit: bool = False) -> str:
    """Return the id whose usage has so many rows, with or without a `unit`."""
    return f"rows-{rows}-unit" if unit else f"rows-{rows}"


def usage_body(rows: int, *, unit: bool = False) -> bytes:
    """Return a usage answer as the API sends it: a year of days for one meter after another."""
    optional = {"unit": "calls"} if unit else {}
    data = [
        {
            "billingId": billing_id(rows, unit=unit),
            "day": (_NEW_YEAR + datetime.timedelta(days=index % 365)).isoformat(),
            "totalBillingUsage": str(index * 7919 % 1_000_003),
            "billingUsageName": f"meter-{index // 365}",
            **optional,
        }
        for index in range(rows)
    ]
    return json.dumps({"data": data}, separators=(",", ":")).encode()


class _Connection(asyncio.Protocol):
    def __init__(self, answers: dict[bytes, bytes]) -> None:
        self._answers = answers
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        *heads, self._received = (self._received + data).split(b"\r\n\r\n")
        for head in heads:
            path = head.split(b" ", 2)[1]
            self._transport.write(self._answers[path.rpartition(b"/")[2]])


def _answer(rows: int, *, unit: bool) -> bytes:
    body = usage_body(rows, unit=unit)
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


async def serve() -> None:
    """Print the port, and serve until standard input closes."""
    answers = {
        billing_id(rows, unit=unit).encode(): _answer(rows, unit=unit)
        for rows in ROWS
        for unit in (False, True)
    }
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(answers), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve())
