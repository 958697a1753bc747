"""Results that are taken by several, or after an error: an end or an error, never a hang."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import anyio
import httpx
import pytest

from oneloop import AsyncOneloop, AuthenticationError, Oneloop
from tests.faces import KEY

IDS = [f"b{number}" for number in range(50)]
Handler = Callable[[httpx.Request], Any]


def usage(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"data": []})


def refused(_: httpx.Request) -> httpx.Response:
    return httpx.Response(401, json={"error": {"code": 1, "message": "no"}})


class Interruption(BaseException):
    pass


def interrupted(_: httpx.Request) -> httpx.Response:
    raise Interruption


def sync_client(handler: Handler, **options: Any) -> Oneloop:
    return Oneloop(api_key=KEY, transport=httpx.MockTransport(handler), **options)


def async_client(handler: Handler, **options: Any) -> AsyncOneloop:
    return AsyncOneloop(api_key=KEY, transport=httpx.MockTransport(handler), **options)


def run(backend: str, scenario: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        with anyio.fail_after(5):
            await scenario()

    anyio.run(bounded, backend=backend)


every_loop = pytest.mark.parametrize("backend", ["asyncio", "trio"])


@every_loop
def test_several_may_take_the_results_of_tasks(backend: str) -> None:
    taken: list[str] = []

    async def slow(request: httpx.Request) -> httpx.Response:
        await anyio.sleep(0.001)
        return usage(request)

    async def scenario() -> None:
        async with (
            async_client(slow) as client,
            client.iter_billing_usage(IDS, concurrency=2) as results,
        ):

            async def take() -> None:
                taken.extend([result.billing_id async for result in results])

            async with anyio.create_task_group() as group:
                for _ in range(3):
                    group.start_soon(take)

    run(backend, scenario)
    assert sorted(taken) == sorted(IDS)


@every_loop
def test_results_are_over_once_the_key_is_refused(backend: str) -> None:
    async def scenario() -> None:
        async with (
            async_client(refused) as client,
            client.iter_billing_usage(IDS, concurrency=4) as results,
        ):
            with pytest.raises(AuthenticationError):
                await anext(results)
            assert [result async for result in results] == []

    run(backend, scenario)


def test_what_interrupts_a_thread_comes_as_itself() -> None:
    with sync_client(interrupted) as client, client.iter_billing_usage(IDS) as results:
        with pytest.raises(Interruption):
            next(results)


def interrupting() -> Iterator[str]:
    yield "b"
    raise Interruption


@every_loop
@pytest.mark.parametrize(
    ("handler", "ids"), [(interrupted, lambda: IDS), (usage, interrupting)], ids=["call", "ids"]
)
def test_what_interrupts_a_task_comes_as_itself(
    backend: str, handler: Handler, ids: Callable[[], Any]
) -> None:
    async def scenario() -> None:
        async with (
            async_client(handler) as client,
            client.iter_billing_usage(ids()) as results,
        ):
            async for _ in results:
                pass

    with pytest.raises(Interruption):
        run(backend, scenario)


def test_a_tries_turn_is_not_of_its_calls_time(no_pauses: None) -> None:
    """With more at a time than the rate serves within a call's timeout, retries still happen."""
    met: set[str] = set()

    def busy_at_first(request: httpx.Request) -> httpx.Response:
        if request.url.path in met:
            return usage(request)
        met.add(request.url.path)
        return httpx.Response(503)

    began = time.monotonic()
    with (
        sync_client(busy_at_first, timeout=0.2) as client,
        client.iter_billing_usage(IDS[:30], concurrency=30, rate=60) as results,
    ):
        assert [result.error for result in results if result.error] == []
    assert time.monotonic() - began > 59 / 60 - 0.1
