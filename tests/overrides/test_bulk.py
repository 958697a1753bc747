"""Many billing ids at once: each gets a result, and nothing is left of it afterwards."""

from __future__ import annotations

import asyncio
import collections
import contextvars
import os
import signal
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import Any

import anyio
import httpx
import pytest
import trio

from oneloop import (
    APIConnectionError,
    APITimeoutError,
    AsyncOneloop,
    AuthenticationError,
    ConfigurationError,
    NotFoundError,
    Oneloop,
    OneloopError,
    UsageResult,
)
from tests.clock import ends_within
from tests.faces import KEY
from tests.servers import RawServer, echo, reply, row, usage_body

Take = Callable[[UsageResult], object]
"""What is done with each result; anything true ends the loop."""
Crew = Callable[..., None]


def threads(url: str, ids: Iterable[str], take: Take, **options: Any) -> None:
    with Oneloop(api_key=KEY, base_url=url, timeout=9, max_retries=0) as client:
        with client.iter_billing_usage(ids, **options) as results:
            for result in results:
                if take(result):
                    break
        assert client.get_billing_usage("after").billing_id == "after"


async def _tasks(url: str, ids: Iterable[str], take: Take, **options: Any) -> None:
    async with AsyncOneloop(api_key=KEY, base_url=url, timeout=9, max_retries=0) as client:
        async with client.iter_billing_usage(ids, **options) as results:
            async for result in results:
                if take(result):
                    break
        assert (await client.get_billing_usage("after")).billing_id == "after"


def asyncio_tasks(url: str, ids: Iterable[str], take: Take, **options: Any) -> None:
    async def scenario() -> None:
        await _tasks(url, ids, take, **options)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(scenario())


def trio_tasks(url: str, ids: Iterable[str], take: Take, **options: Any) -> None:
    async def scenario() -> None:
        await _tasks(url, ids, take, **options)

    trio.run(scenario)


every_crew = pytest.mark.parametrize("crew", [threads, asyncio_tasks, trio_tasks])


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    yield
    assert [each.name for each in threading.enumerate() if each.name == "oneloop bulk"] == []


def uneven(connection: socket.socket, head: bytes, number: int) -> None:
    """Answer every fourth request last."""
    time.sleep(0.1 if number % 4 == 1 else 0)
    echo(connection, head, number)


def by_id(answers: dict[str, bytes]) -> Callable[[socket.socket, bytes, int], None]:
    """Return a handler that answers these ids so, and every other with its usage."""

    def handle(connection: socket.socket, head: bytes, number: int) -> None:
        bid = head.split(b" ")[1].rpartition(b"/")[2].decode()
        if bid in answers:
            connection.sendall(answers[bid])
        else:
            echo(connection, head, number)

    return handle


@every_crew
@pytest.mark.parametrize("ordered", [False, True])
def test_each_id_has_its_result(crew: Crew, ordered: bool) -> None:
    ids = [f"b{number}" for number in range(50)]
    taken: list[UsageResult] = []
    with RawServer(uneven) as server:
        crew(server.url, ids, taken.append, concurrency=8, ordered=ordered)
        assert server.connections <= 8 + 1
    assert all(result.usage and result.error is None for result in taken)
    assert all(result.usage and result.usage.billing_id == result.billing_id for result in taken)
    found = [result.billing_id for result in taken]
    assert sorted(found) == sorted(ids)
    assert (found == ids) == ordered


@every_crew
def test_an_error_of_one_id_is_its_result(crew: Crew) -> None:
    taken: dict[Any, UsageResult] = {}
    ids: list[Any] = ["gone", "broken", "fine", "", "a/b", 5, "other"]
    answers = {
        "gone": reply(b"{}", 404),
        "broken": reply(usage_body(row(billingId="someone else's"))),
        "other": b"",
    }
    with RawServer(by_id(answers)) as server:
        crew(server.url, ids, lambda it: taken.update({it.billing_id: it}), timeout=0.5)
    errors = {bid: type(result.error).__name__ for bid, result in taken.items() if result.error}
    assert errors == {
        "gone": "NotFoundError",
        "broken": "ResponseValidationError",
        "": "ValueError",
        "a/b": "ValueError",
        5: "TypeError",
        "other": "APITimeoutError",
    }
    assert all((result.usage is None) == (result.error is not None) for result in taken.values())
    assert isinstance(taken["gone"].error, NotFoundError)


@every_crew
def test_a_key_that_is_not_taken_ends_the_run(crew: Crew) -> None:
    taken: list[UsageResult] = []
    ids = [f"b{number}" for number in range(500)]
    refused = {f"b{number}": reply(b"{}", 401) for number in range(8, 500)}
    with RawServer(by_id(refused)) as server:
        with ends_within(0), pytest.raises(AuthenticationError):
            crew(server.url, ids, taken.append, concurrency=4)
        assert len(server.requests) < 30
    assert all(result.usage for result in taken)


@every_crew
@pytest.mark.parametrize("ordered", [False, True])
def test_no_id_behind_a_refused_key_is_asked_for(crew: Crew, ordered: bool) -> None:
    with RawServer(by_id({"b2": reply(b"{}", 401)})) as server:
        ids = [f"b{number}" for number in range(50)]
        with pytest.raises(AuthenticationError):
            crew(server.url, ids, lambda _: None, concurrency=1, ordered=ordered)
        time.sleep(0.02)
        assert len(server.requests) == 3


def counted(ids: Iterable[str], reads: list[str]) -> Iterator[str]:
    for bid in ids:
        reads.append(bid)
        yield bid


@every_crew
@pytest.mark.parametrize("ordered", [False, True])
def test_ids_are_read_as_results_are_taken(crew: Crew, ordered: bool) -> None:
    reads: list[str] = []
    taken: list[str] = []
    most = 0

    def take(result: UsageResult) -> None:
        nonlocal most
        taken.append(result.billing_id)
        most = max(most, len(reads) - len(taken))

    ids = (f"b{number}" for number in range(100))
    with RawServer(uneven) as server:
        crew(server.url, counted(ids, reads), take, concurrency=5, ordered=ordered)
    assert len(taken) == 100
    assert most <= 5 + 4


@every_crew
def test_nothing_is_read_before_results_are_taken(crew: Crew) -> None:
    with RawServer(echo) as server:
        crew(server.url, iter(()), lambda result: None)
        assert len(server.requests) == 1


class OddError(Exception):
    """Not one of ours."""


@every_crew
def test_an_error_of_the_ids_comes_as_itself_behind_their_results(crew: Crew) -> None:
    def ids() -> Iterator[str]:
        yield from ("a", "b", "c")
        raise OddError

    taken: list[UsageResult] = []
    with RawServer(echo) as server, pytest.raises(OddError):
        crew(server.url, ids(), taken.append)
    assert sorted(result.billing_id for result in taken) == ["a", "b", "c"]


@every_crew
def test_an_error_of_the_caller_comes_as_itself(crew: Crew) -> None:
    def take(result: UsageResult) -> None:
        raise OddError

    with RawServer(echo) as server, pytest.raises(OddError) as caught:
        crew(server.url, ["a", "b", "c"], take)
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None


def left_alone(connection: socket.socket, head: bytes, number: int) -> None:
    """Say nothing until the client goes."""
    connection.recv(1)


def first_only(connection: socket.socket, head: bytes, number: int) -> None:
    """Answer the first request, and the last that a crew sends; be silent to the others."""
    if number == 1 or b"/after " in head:
        echo(connection, head, number)
    else:
        left_alone(connection, head, number)


class Limited:
    """Answers so many requests in any second, and refuses the others."""

    def __init__(self, most: int) -> None:
        self._answered: collections.deque[float] = collections.deque(maxlen=most)
        self._lock = threading.Lock()

    def __call__(self, connection: socket.socket, head: bytes, number: int) -> None:
        with self._lock:
            now = time.monotonic()
            is_full = len(self._answered) == self._answered.maxlen
            if refused := is_full and now - self._answered[0] < 1:
                connection.sendall(reply(b"{}", 429))
            else:
                self._answered.append(now)
        if not refused:
            echo(connection, head, number)


def test_no_id_fails_at_a_server_that_allows_just_the_rate() -> None:
    with RawServer(Limited(300)) as server, Oneloop(api_key=KEY, base_url=server.url) as client:
        with client.iter_billing_usage((f"b{n}" for n in range(700)), rate=300) as results:
            assert [result.error for result in results if result.error] == []


@every_crew
def test_leaving_the_block_ends_what_is_under_way(crew: Crew) -> None:
    ids = (f"b{number}" for number in range(100))
    with RawServer(first_only) as server:
        with ends_within(0):
            crew(server.url, ids, lambda result: True, concurrency=6)
        assert server.all_closed(within=2)
        assert len(server.requests) <= 6 + 4 + 1


@every_crew
def test_leaving_the_block_ends_a_pause(crew: Crew) -> None:
    busy = reply(b"{}", 503, headers={"Retry-After": "8"})
    with RawServer(by_id({f"b{number}": busy for number in range(1, 100)})) as server:
        with ends_within(0):
            ids = (f"b{number}" for number in range(100))
            crew(server.url, ids, lambda result: True, concurrency=6, max_retries=2)


@every_crew
def test_leaving_the_block_ends_a_wait_for_a_connection(
    crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oneloop._http.pool.MAX_CONNECTIONS", 2)
    with RawServer(first_only) as server, ends_within(1):
        ids = (f"b{number}" for number in range(100))
        crew(server.url, ids, lambda result: True, concurrency=6)


def test_an_interrupt_ends_a_run_at_once() -> None:
    def interrupt(*_: object) -> None:
        assert any(each.name == "oneloop bulk" for each in threading.enumerate())
        raise OddError

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with RawServer(left_alone) as server, ends_within(0.3):
            signal.setitimer(signal.ITIMER_REAL, 0.3)
            with pytest.raises(OddError):
                threads(server.url, (f"b{number}" for number in range(100)), lambda result: None)
    finally:
        signal.signal(signal.SIGALRM, before)


def test_threads_have_the_callers_context() -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="none")
    found = set()

    def answer(request: httpx.Request) -> httpx.Response:
        found.add(variable.get())
        return httpx.Response(404)

    variable.set("the caller's")
    with Oneloop(api_key=KEY, transport=httpx.MockTransport(answer)) as client:
        with client.iter_billing_usage(["a", "b"]) as results:
            assert all(result.error for result in results)
    assert found == {"the caller's"}


def test_a_cancelled_run_ends_at_once() -> None:
    async def scenario(url: str) -> None:
        with anyio.move_on_after(0.3) as scope:
            await _tasks(url, [f"b{number}" for number in range(9)], lambda result: None)
        assert scope.cancelled_caught

    with RawServer(left_alone) as server:
        with ends_within(0.3):
            asyncio.run(scenario(server.url))
        with ends_within(0.3):
            trio.run(scenario, server.url)
        assert server.all_closed(within=2)


@pytest.mark.parametrize("run", [asyncio.run, lambda coroutine: anyio.run(lambda: coroutine)])
def test_ids_may_be_asynchronous(run: Callable[[Any], None]) -> None:
    async def ids() -> AsyncIterator[str]:
        for number in range(20):
            await anyio.sleep(0.001)
            yield f"b{number}"

    taken: list[UsageResult] = []
    with RawServer(echo) as server:
        run(_tasks(server.url, ids(), taken.append))  # type: ignore[arg-type]
    assert len(taken) == 20


def test_results_come_while_the_next_id_is_waited_for() -> None:
    async def scenario(url: str) -> None:
        seen = anyio.Event()

        async def ids() -> AsyncIterator[str]:
            yield "first"
            await seen.wait()
            yield "second"

        async with AsyncOneloop(api_key=KEY, base_url=url) as client:
            async with client.iter_billing_usage(ids()) as results:
                async for _ in results:
                    seen.set()

    with RawServer(echo) as server, ends_within(0):
        asyncio.run(scenario(server.url))


@every_crew
def test_rate_counts_every_try_and_is_even(crew: Crew, no_pauses: None) -> None:
    moments: list[float] = []
    tried: set[bytes] = set()

    def second_time(connection: socket.socket, head: bytes, number: int) -> None:
        moments.append(time.monotonic())
        if head.split(b" ")[1] in tried:
            echo(connection, head, number)
        else:
            tried.add(head.split(b" ")[1])
            connection.sendall(reply(b"{}", 503))

    taken: list[UsageResult] = []
    ids = [f"b{number}" for number in range(75)]
    with RawServer(second_time) as server, pytest.raises(Exception, match="503"):
        crew(server.url, ids, taken.append, concurrency=16, rate=100, max_retries=1)
    assert all(result.usage for result in taken)
    moments = moments[:150]
    assert len(taken) == 75
    assert 1.4 < moments[-1] - moments[0] < 3.5
    assert all(
        later - earlier > 0.9 for earlier, later in zip(moments, moments[110:], strict=False)
    )


@pytest.mark.parametrize("client_class", [Oneloop, AsyncOneloop])
@pytest.mark.parametrize(
    ("ids", "options", "says"),
    [
        ("b1", {}, "ids is one str"),
        (b"b1", {}, "ids is one bytes"),
        (["b1"], {"concurrency": 0}, "concurrency is a whole number"),
        (["b1"], {"concurrency": True}, "concurrency is a whole number"),
        (["b1"], {"concurrency": 2.5}, "concurrency is a whole number"),
        (["b1"], {"rate": 0}, "rate is requests a second"),
        (["b1"], {"rate": float("nan")}, "rate is requests a second"),
        (["b1"], {"rate": "fast"}, "rate is requests a second"),
        (["b1"], {"rate": 1e-9}, "rate is requests a second"),
        (["b1"], {"timeout": -1}, "timeout"),
    ],
)
def test_what_can_be_no_option_is_refused_at_once(
    client_class: Any, ids: Any, options: Any, says: str
) -> None:
    client = client_class(api_key=KEY)
    with pytest.raises((ConfigurationError, TypeError), match=says):
        client.iter_billing_usage(ids, **options)


def test_results_are_taken_inside_their_block() -> None:
    with RawServer(echo) as server:
        with Oneloop(api_key=KEY, base_url=server.url) as client:
            with client.iter_billing_usage(["a", "b", "c"]) as results:
                next(results)
            with pytest.raises(OneloopError, match="inside the block"):
                next(results)

        async def scenario() -> None:
            async with AsyncOneloop(api_key=KEY, base_url=server.url) as client:
                async with client.iter_billing_usage(["a", "b", "c"]) as results:
                    await anext(results)
                with pytest.raises(OneloopError, match="inside the block"):
                    await anext(results)

        asyncio.run(scenario())
        trio.run(scenario)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system doesn't fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_process_is_told_that_the_threads_are_elsewhere() -> None:
    with RawServer(echo) as server, Oneloop(api_key=KEY, base_url=server.url) as client:
        with client.iter_billing_usage(f"b{number}" for number in range(99)) as results:
            next(results)
            child = os.fork()
            if not child:
                try:
                    next(results)
                except OneloopError as error:
                    os._exit(7 if "forked" in str(error) else 8)
                os._exit(9)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
            assert sum(1 for _ in results) == 98


def test_a_transport_of_the_callers_serves_many_as_well() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        bid = request.url.path.rpartition("/")[2]
        return httpx.Response(200, json={"data": [row(billingId=bid)]})

    with Oneloop(api_key=KEY, transport=httpx.MockTransport(answer)) as client:
        with client.iter_billing_usage(f"b{number}" for number in range(30)) as results:
            assert sum(result.usage is not None for result in results) == 30


def test_a_server_that_is_gone_is_an_error_of_each_id() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    with Oneloop(api_key=KEY, base_url=url, max_retries=0) as client:
        with client.iter_billing_usage(["a", "b"]) as results:
            errors = [result.error for result in results]
    assert len(errors) == 2
    assert all(isinstance(error, APIConnectionError) for error in errors)
    assert not any(isinstance(error, APITimeoutError) for error in errors)
