"""One client that makes several calls, in a thread and under each event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import anyio
import trio

from oneloop import AsyncOneloop, Oneloop
from tests.faces import KEY
from tests.servers import BID

Outcome = int | Exception
"""The total of a call, or what it raised."""

Caller = Callable[..., list[Outcome]]


def in_a_thread(url: str, calls: int = 2, *, pause: float = 0.0, **options: Any) -> list[Outcome]:
    outcomes: list[Outcome] = []
    with Oneloop(**_defaults(url, options)) as client:
        for _ in range(calls):
            try:
                outcomes.append(client.get_billing_usage(BID).total)
            except Exception as error:  # noqa: BLE001 - an outcome
                outcomes.append(error)
            time.sleep(pause)
    return outcomes


def under_asyncio(url: str, calls: int = 2, **options: Any) -> list[Outcome]:
    return asyncio.run(_awaited(url, calls, **options))


def under_trio(url: str, calls: int = 2, **options: Any) -> list[Outcome]:
    async def main() -> list[Outcome]:
        return await _awaited(url, calls, **options)

    return trio.run(main)


CALLERS = [in_a_thread, under_asyncio, under_trio]


async def _awaited(url: str, calls: int, *, pause: float = 0.0, **options: Any) -> list[Outcome]:
    outcomes: list[Outcome] = []
    async with AsyncOneloop(**_defaults(url, options)) as client:
        for _ in range(calls):
            try:
                outcomes.append((await client.get_billing_usage(BID)).total)
            except Exception as error:  # noqa: BLE001 - an outcome
                outcomes.append(error)
            await anyio.sleep(pause)
    return outcomes


def _defaults(url: str, options: dict[str, Any]) -> dict[str, Any]:
    return {"base_url": url, "api_key": KEY, "timeout": 5, "max_retries": 0, **options}
