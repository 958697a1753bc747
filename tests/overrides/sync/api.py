"""An API whose usage the test sets."""

from __future__ import annotations

import httpx

from tests.servers import row, usage_body

Usage = list[tuple[str, str, int]]
"""Day, name and total of each row."""


class API:
    """Answers each id with what the test put into `usage`: rows, or a status; 404 for others."""

    def __init__(self) -> None:
        self.usage: dict[str, Usage | int] = {}
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        bid = request.url.path.rpartition("/")[2]
        self.asked.append(bid)
        found = self.usage.get(bid, 404)
        if isinstance(found, int):
            return httpx.Response(found, json={"error": {"code": 1, "message": f"no {bid}"}})
        rows = [
            row(billingId=bid, day=day, billingUsageName=name, totalBillingUsage=str(total))
            for day, name, total in found
        ]
        body = usage_body(*rows) if rows else b'{"data":[]}'
        return httpx.Response(200, content=body, headers={"Content-Type": "application/json"})
