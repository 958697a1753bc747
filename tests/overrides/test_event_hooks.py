"""Functions of the caller's are told of each try, whatever runs it, and never of a secret."""

from __future__ import annotations

import asyncio
import copy
import functools
import gc
import logging
import pickle
import re
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import anyio
import attrs
import httpx
import pytest
import trio

from oneloop import (
    APIStatusError,
    APITimeoutError,
    AsyncOneloop,
    ConfigurationError,
    Oneloop,
    ResponseValidationError,
    TryEvent,
)
from tests.clients import CALLERS, Caller, in_a_thread, under_asyncio, under_trio
from tests.clock import ends_within
from tests.faces import KEY, Face, every_client, every_face
from tests.servers import BID, RawServer, hang_up, replies, reply, silence

EVENTS = ("request", "response", "retry")
every_caller = pytest.mark.parametrize("caller", CALLERS)
Told = list[tuple[str, TryEvent]]


def recording(told: Told) -> dict[str, Any]:
    def recorder(name: str) -> Callable[[TryEvent], None]:
        return lambda event: told.append((name, event))

    return {"event_hooks": {name: [recorder(name)] for name in EVENTS}}


def awaited(told: Told) -> dict[str, Any]:
    def recorder(name: str) -> Any:
        async def record(event: TryEvent) -> None:
            await anyio.sleep(0)
            told.append((name, event))

        return record

    return {"event_hooks": {name: [recorder(name)] for name in EVENTS}}


def broken_then_busy_then_right(connection: socket.socket, head: bytes, number: int) -> None:
    if number == 1:
        hang_up(connection)
    else:
        busy = reply(b"", 503, headers={"X-Request-Id": "r-2"})
        connection.sendall(busy if number == 2 else reply())


@every_face
def test_each_try_is_told_in_order(face: Face, no_pauses: None) -> None:
    told: Told = []
    with RawServer(broken_then_busy_then_right) as server:
        face(server.url, max_retries=2, **recording(told))
    assert [(name, event.number) for name, event in told] == [
        *[("request", 1), ("response", 1), ("retry", 1)],
        *[("request", 2), ("response", 2), ("retry", 2)],
        *[("request", 3), ("response", 3)],
    ]
    for _, event in told:
        assert (event.method, event.template) == ("GET", "/api/v1/usage/{bid}")
        assert (event.server, event.path) == (server.url, f"/api/v1/usage/{BID}")
        assert event.url == f"{server.url}/api/v1/usage/{BID}"
        assert event.context is told[0][1].context
    begun, broken, _, _, busy, again, _, right = (event for _, event in told)
    assert (begun.status_code, begun.error_type, begun.elapsed, begun.pause) == (None,) * 4
    assert broken.status_code is None
    assert re.fullmatch(r"\w+Error", broken.error_type or "")
    assert (busy.status_code, busy.request_id, busy.error_type) == (503, "r-2", None)
    assert busy is again
    assert busy.pause == 0
    assert (right.status_code, right.pause) == (200, None)
    assert all(0 <= (event.elapsed or 0) < 5 for event in (broken, busy, right))


@pytest.mark.parametrize("caller", [under_asyncio, under_trio])
def test_event_loops_await_what_is_to_be_awaited(caller: Caller, no_pauses: None) -> None:
    told: Told = []
    with RawServer(broken_then_busy_then_right) as server:
        assert caller(server.url, calls=1, max_retries=2, **awaited(told)) == [12]
    assert [name for name, _ in told] == [*EVENTS, *EVENTS, "request", "response"]


ENDS = [
    pytest.param(replies(reply(b"", 404)), (404, None), APIStatusError, id="refused"),
    pytest.param(replies(reply(b"{", 200)), (200, None), ResponseValidationError, id="no JSON"),
    pytest.param(
        replies(reply(b"x", headers={"Content-Encoding": "gzip"})),
        (None, "ResponseValidationError"),
        ResponseValidationError,
        id="unreadable",
    ),
    pytest.param(silence(1), (None, "TimeoutError"), APITimeoutError, id="silent"),
]


@every_caller
@pytest.mark.parametrize(("handler", "end", "error_class"), ENDS)
def test_each_try_has_its_end(
    caller: Caller,
    handler: Any,
    end: tuple[Any, Any],
    error_class: type[Exception],
    caplog: pytest.LogCaptureFixture,
) -> None:
    told: Told = []
    caplog.set_level(logging.WARNING, "oneloop")  # nobody reads it
    with RawServer(handler) as server:
        timeout = 0.2 if error_class is APITimeoutError else 5
        (error,) = caller(server.url, calls=1, timeout=timeout, **recording(told))
    assert isinstance(error, error_class)
    ((_, begun), (name, ended)) = told
    assert (name, ended.status_code, ended.error_type) == ("response", *end)
    assert ended.pause is None
    assert begun.context is ended.context


def test_calls_have_contexts_of_their_own() -> None:
    """As for a span: begun before the try, ended after it."""
    spans: list[str] = []

    def begin(event: TryEvent) -> None:
        event.context["span"] = event.path

    def end(event: TryEvent) -> None:
        spans.append(event.context.pop("span"))
        assert not event.context

    hooks = {"request": [begin], "response": [end]}
    with RawServer(lambda connection, *_: connection.sendall(reply(b"", 404))) as server:
        with Oneloop(api_key=KEY, base_url=server.url, event_hooks=hooks) as client:
            with client.iter_billing_usage(f"b{number}" for number in range(30)) as results:
                assert all(result.error for result in results)
    assert sorted(spans) == sorted(f"/api/v1/usage/b{number}" for number in range(30))


def test_many_ids_tell_from_several_threads() -> None:
    names = set()
    together = threading.Barrier(2)

    def tell(event: TryEvent) -> None:
        together.wait(5)
        names.add(threading.get_ident())

    hooks = {"response": [tell]}
    with RawServer(replies(reply(b"", 404))) as server:
        with Oneloop(api_key=KEY, base_url=server.url, event_hooks=hooks) as client:
            with client.iter_billing_usage(["a", "b"], concurrency=2) as results:
                assert len(list(results)) == 2
    assert len(names - {threading.get_ident()}) == 2


class OddError(Exception):
    """What no library raises."""


@every_caller
@pytest.mark.parametrize("name", EVENTS)
@pytest.mark.parametrize("error", [OddError(), OSError("x"), httpx.ReadError("x"), StopIteration()])
def test_what_a_hook_raises_ends_the_call_and_nothing_else(
    caller: Caller, name: str, error: Exception, no_pauses: None
) -> None:
    raised: list[TryEvent] = []

    def fail_once(event: TryEvent) -> None:
        if not raised:
            raised.append(event)
            raise error

    with RawServer(replies(reply(b"", 503), reply())) as server:
        first, second = caller(
            server.url, max_retries=1, max_connections=1, event_hooks={name: [fail_once]}
        )
    # A generator, as which calls run, can't pass on a StopIteration.
    assert first is error or (isinstance(error, StopIteration) and isinstance(first, RuntimeError))
    assert first.__context__ in (None, error)
    assert second == 12
    assert server.connections == 1, "it was left clean"


def test_what_a_hook_raises_ends_a_run_over_many_ids() -> None:
    def fail(event: TryEvent) -> None:
        raise OddError

    with RawServer(replies(reply())) as server:
        with Oneloop(api_key=KEY, base_url=server.url, event_hooks={"response": [fail]}) as client:
            with pytest.raises(OddError):
                with client.iter_billing_usage(["a", "b"]) as results:
                    list(results)


@every_caller
def test_first_hook_that_raises_is_the_last_that_is_told(caller: Caller) -> None:
    told: Told = []

    def fail(event: TryEvent) -> None:
        raise OddError

    hooks = {"request": [fail, *recording(told)["event_hooks"]["request"]]}
    with RawServer(replies(reply())) as server:
        (error,) = caller(server.url, calls=1, event_hooks=hooks)
    assert isinstance(error, OddError)
    assert (told, server.connections) == ([], 0)


@every_caller
def test_a_hooks_time_is_the_calls(caller: Caller) -> None:
    with RawServer(replies(reply())) as server, ends_within(0.3):
        hooks = {"request": [lambda event: time.sleep(0.3)]}
        (error,) = caller(server.url, calls=1, timeout=0.2, event_hooks=hooks)
    assert isinstance(error, APITimeoutError)
    assert server.requests == []


@every_caller
def test_no_pause_outlasts_the_deadline_behind_a_slow_hook(caller: Caller) -> None:
    busy = reply(b"", 503, headers={"Retry-After": "1"})
    with RawServer(replies(busy)) as server, ends_within(0.5):
        hooks = {"response": [lambda event: time.sleep(0.5)]}
        (error,) = caller(server.url, calls=1, timeout=1.4, max_retries=3, event_hooks=hooks)
    assert isinstance(error, APIStatusError)
    assert error.status_code == 503


@pytest.mark.parametrize("run", [asyncio.run, lambda scenario: trio.run(lambda: scenario)])
def test_cancellation_inside_a_hook_is_the_callers(run: Callable[[Any], Any]) -> None:
    waited: list[TryEvent] = []

    async def wait(event: TryEvent) -> None:
        waited.append(event)
        if len(waited) == 1:
            await anyio.sleep(60)

    async def scenario() -> int:
        options: dict[str, Any] = {"event_hooks": {"response": [wait]}, "max_connections": 1}
        async with AsyncOneloop(api_key=KEY, base_url=server.url, **options) as client:
            with anyio.move_on_after(0.1) as scope:
                await client.get_billing_usage(BID)
            assert scope.cancelled_caught
            return (await client.get_billing_usage(BID)).total

    with RawServer(replies(reply())) as server:
        assert run(scenario()) == 12
    assert server.connections == 1


class Interrupt(BaseException):
    """What a signal's handler raises."""


@every_caller
def test_interrupt_inside_a_hook_is_the_callers(caller: Caller) -> None:
    def strike(event: TryEvent) -> None:
        raise Interrupt

    with RawServer(replies(reply())) as server, pytest.raises(Interrupt):
        caller(server.url, calls=1, event_hooks={"response": [strike]})


@every_face
def test_nothing_that_is_told_holds_the_key(face: Face) -> None:
    told: Told = []
    answer = reply(b"", 401, headers={"X-Request-Id": KEY, "X-Other": KEY})
    with RawServer(replies(answer)) as server:
        with pytest.raises(APIStatusError):
            face(server.url, bid=KEY, default_headers={"X-Team": "secret-9"}, **recording(told))
    for _, event in told:
        shown = repr(event) + repr(attrs.asdict(event))
        assert KEY not in shown
        assert "secret-9" not in shown
    assert told[-1][1].path == "/api/v1/usage/[redacted]"
    assert told[-1][1].request_id == "[redacted]"


async def _coroutine(event: TryEvent) -> None:
    raise NotImplementedError


class _Callable:
    async def __call__(self, event: TryEvent) -> None:
        raise NotImplementedError


@pytest.mark.parametrize("hook", [_coroutine, _Callable(), functools.partial(_coroutine)])
def test_coroutine_function_is_for_event_loops(hook: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"^event_hooks has a coroutine function"):
        Oneloop(api_key=KEY, event_hooks={"retry": [hook]})
    with pytest.raises(ConfigurationError, match=r"^event_hooks has a coroutine function"):
        Oneloop(api_key=KEY).with_options(event_hooks={"retry": [hook]})
    assert AsyncOneloop(api_key=KEY, event_hooks={"retry": [hook]})


@pytest.mark.filterwarnings("error")
def test_coroutine_that_shows_only_when_it_is_made_is_an_error() -> None:
    def hook(event: TryEvent) -> object:
        return _coroutine(event)

    hooks = {"request": [hook]}
    with RawServer(replies(reply())) as server:
        (error,) = in_a_thread(server.url, 1, event_hooks=hooks)
        gc.collect()
    assert isinstance(error, TypeError)
    assert "use AsyncOneloop" in str(error)


@every_client
@pytest.mark.parametrize(
    "hooks",
    [
        *[5, True, "retry", [print], print, {"retry"}, [("retry", [print])]],
        *[{"retry": print}, {"retry": None}, {"retry": {print}}, {"retry": "print"}],
        *[{"retry": [None]}, {"retry": ["print"]}, {"retry": iter([print])}, {"retry": 5}],
        *[{"error": [print]}, {"": [print]}, {None: [print]}, {("retry",): [print]}, {"Retry": []}],
        {"x" * 100_000: []},
    ],
    ids=lambda hooks: repr(hooks)[:30],
)
def test_hooks_that_are_none_are_refused_in_words(client_class: Any, hooks: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"^event_hooks") as caught:
        client_class(api_key=KEY, event_hooks=hooks)
    assert len(str(caught.value)) < 200


def module_level(event: TryEvent) -> None:
    """Pickles, by its name."""


@every_client
def test_hooks_go_along(client_class: Any) -> None:
    given = {"retry": [module_level]}
    client = client_class(api_key=KEY, event_hooks=given, pickle_api_key=True)
    given["retry"].clear()
    for other in (pickle.loads(pickle.dumps(client)), copy.copy(client), client.with_options()):
        assert other._config.event_hooks.retry == (module_level,)
    assert not client.with_options(event_hooks={})._config.event_hooks
    assert client._config.event_hooks


@pytest.mark.parametrize("name", ["request", "response"])
def test_client_may_be_used_inside_a_hook(name: str) -> None:
    """No connection is taken meanwhile."""
    totals = []

    def call(event: TryEvent) -> None:
        totals.append(client.with_options(event_hooks={}).get_billing_usage(BID).total)

    options: dict[str, Any] = {"max_connections": 1, "event_hooks": {name: [call]}, "timeout": 5}
    with RawServer(replies(reply())) as server:
        with Oneloop(api_key=KEY, base_url=server.url, **options) as client:
            assert client.get_billing_usage(BID).total == 12
    assert totals == [12]
    assert server.connections == 1


def test_nothing_is_made_where_nobody_is_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "oneloop")
    made = []
    monkeypatch.setattr("oneloop._http.transport.TryEvent", lambda **_: made.append(1))
    with RawServer(replies(reply(b"", 503), reply())) as server:
        assert in_a_thread(server.url, calls=1, max_retries=1) == [12]
    assert made == []
