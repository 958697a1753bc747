"""The ways to many ids' usage, as their users write them, 50 calls at once.

Read in the environment of a way: nothing but the standard library is imported before it's used.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from benchmarks.peers import (
    HEADERS,
    KEY,
    PATH,
    PEERS,
    PROJECT,
    AsyncCall,
    await_json,
    await_session,
)

AT_ONCE = 50

Note: TypeAlias = Callable[[int], None]
"""Hears of each answer how many rows it has; of a database, how many rows are new in it."""

Fetch: TypeAlias = Callable[[str, Iterable[str], Note, str], None]
"""Fetches ids from a URL, and notes them; what keeps them keeps them in the target."""


def _tasks(url: str, ids: Iterable[str], note: Note, _target: str) -> None:
    oneloop = importlib.import_module("oneloop")

    async def main() -> None:
        async with contextlib.AsyncExitStack() as stack:
            client = await stack.enter_async_context(
                oneloop.AsyncOneloop(api_key=KEY, base_url=url)
            )
            results = await stack.enter_async_context(
                client.iter_billing_usage(ids, concurrency=AT_ONCE)
            )
            async for result in results:
                note(len(result.usage))

    asyncio.run(main())


def _threads(url: str, ids: Iterable[str], note: Note, _target: str) -> None:
    oneloop = importlib.import_module("oneloop")
    with (
        oneloop.Oneloop(api_key=KEY, base_url=url) as client,
        client.iter_billing_usage(ids, concurrency=AT_ONCE) as results,
    ):
        for result in results:
            note(len(result.usage))


def _sync(url: str, ids: Iterable[str], note: Note, target: str) -> None:
    oneloop, sync = importlib.import_module("oneloop"), importlib.import_module("oneloop.sync").sync
    with oneloop.Oneloop(api_key=KEY, base_url=url) as client:
        note(sync(client, ids, target, concurrency=AT_ONCE).new)


def _gather(open_client: Callable[[str], tuple[Any, AsyncCall]]) -> Fetch:
    def fetch(url: str, ids: Iterable[str], note: Note, _target: str) -> None:
        async def main() -> None:
            client, call = open_client(url)
            free = asyncio.Semaphore(AT_ONCE)

            async def one(bid: str) -> None:
                async with free:
                    note(len(await call(bid)))

            async with client:
                await asyncio.gather(*map(one, ids))

        asyncio.run(main())

    return fetch


def _httpx(url: str) -> tuple[Any, AsyncCall]:
    client = importlib.import_module("httpx").AsyncClient(base_url=url, headers=HEADERS)
    return client, await_json(client)


def _aiohttp(url: str) -> tuple[Any, AsyncCall]:
    session = importlib.import_module("aiohttp").ClientSession(url, headers=HEADERS)
    return session, await_session(session)


def _dlt(url: str, ids: Iterable[str], note: Note, target: str) -> None:
    os.environ |= {
        "RUNTIME__DLTHUB_TELEMETRY": "false",
        "RUNTIME__LOG_LEVEL": "ERROR",
        "EXTRACT__WORKERS": f"{AT_ONCE}",
        "EXTRACT__MAX_PARALLEL_ITEMS": f"{AT_ONCE}",
    }
    dlt = importlib.import_module("dlt")
    requests = importlib.import_module("dlt.sources.helpers.requests")

    @dlt.defer  # type: ignore[untyped-decorator]
    def rows(bid: str) -> Any:
        return requests.get(url + PATH.format(bid), headers=HEADERS).json()["data"]

    @dlt.resource(  # type: ignore[untyped-decorator]
        write_disposition="merge",
        primary_key=("billingId", "day", "billingUsageName"),
        columns={"totalBillingUsage": {"data_type": "decimal", "precision": 38, "scale": 0}},
    )
    def billing_usage() -> Any:
        yield from map(rows, ids)

    pipeline = dlt.pipeline(
        "billing",
        destination=dlt.destinations.duckdb(target),
        pipelines_dir=f"{Path(target).parent}",
    )
    pipeline.run(billing_usage)
    note(pipeline.last_trace.last_normalize_info.row_counts["billing_usage"])


class Way(NamedTuple):
    """One way: what it is called, its environment, what it does, the engine that it fills."""

    label: str
    environment: str
    fetch: Fetch
    engine: str | None = None


class Environment(NamedTuple):
    """What to install, and whose versions are told."""

    requirements: tuple[str, ...]
    told: tuple[str, ...]


ENVIRONMENTS = {
    "httpx": Environment(PEERS["httpx"].requirements, PEERS["httpx"].requirements),
    "aiohttp": Environment(PEERS["aiohttp"].requirements, PEERS["aiohttp"].requirements),
    "engines": Environment((f"{PROJECT}[duckdb,postgres]",), (PROJECT, "duckdb", "psycopg")),
    "dlt": Environment(("dlt[duckdb]",), ("dlt", "duckdb")),
}

FETCHING = "threads"
"""What a sync is held against: the same client, without a database."""

STREAMED = ("tasks", FETCHING)
"""What a million ids are streamed through."""

WAYS = {
    "tasks": Way("oneloop, `iter_billing_usage`, tasks", "engines", _tasks),
    FETCHING: Way("oneloop, `iter_billing_usage`, threads", "engines", _threads),
    "duckdb": Way("oneloop, `sync` into DuckDB", "engines", _sync, "duckdb"),
    "postgres": Way("oneloop, `sync` into PostgreSQL", "engines", _sync, "postgres"),
    "gather": Way("httpx, `asyncio.gather`", "httpx", _gather(_httpx)),
    "aiohttp": Way("aiohttp, `asyncio.gather`", "aiohttp", _gather(_aiohttp)),
    "dlt": Way("dlt into DuckDB", "dlt", _dlt, "duckdb"),
}
