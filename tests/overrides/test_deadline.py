"""Nothing outlives the call's `timeout`: no wait, no pause, no try."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from oneloop import APIConnectionError, APITimeoutError, AsyncOneloop, InternalServerError, Oneloop
from oneloop_api_client.api.usage import get_billing_usage
from tests.clock import LATE, ends_within
from tests.faces import (
    FACES,
    KEY,
    Face,
    async_method,
    check_error,
    every_face,
    trio_method,
)
from tests.servers import (
    BID,
    Handler,
    RawServer,
    hang_up,
    replies,
    reply,
    sends_then,
    silence,
    silent_address,
    usage_body,
)


def drip(prefix: bytes) -> Handler:
    """Send the prefix, then a byte every 50 ms."""

    def handle(connection: socket.socket, head: bytes, number: int) -> None:
        connection.sendall(prefix)
        for byte in usage_body():
            connection.sendall(bytes([byte]))
            time.sleep(0.05)

    return handle


HEAD = b"HTTP/1.1 %d OK\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n"


@every_face
@pytest.mark.parametrize(
    "handler",
    [
        pytest.param(silence(3), id="no answer"),
        pytest.param(drip(b"HTTP/1.1 200 OK\r\nX-Slow: "), id="dripping head"),
        pytest.param(drip(HEAD % 200), id="dripping body"),
        pytest.param(drip(HEAD % 500), id="dripping body of an error"),
        pytest.param(sends_then(HEAD % 200 + b"{", lambda connection: time.sleep(3)), id="stall"),
    ],
)
def test_deadline_ends_every_wait(
    face: Face, handler: Handler, caplog: pytest.LogCaptureFixture
) -> None:
    with RawServer(handler) as server:
        began = time.monotonic()
        with (
            ends_within(0.4),
            pytest.raises(APITimeoutError, match=r"timeout=0\.4 s") as caught,
        ):
            face(server.url, timeout=0.4, max_retries=3)
        assert time.monotonic() - began > 0.35
    check_error(caught.value, caplog.text)


@every_face
def test_deadline_counts_from_the_first_try(face: Face, no_pauses: None) -> None:
    def handle(connection: socket.socket, head: bytes, number: int) -> None:
        time.sleep(0.15)
        hang_up(connection)

    with RawServer(handle) as server:
        with ends_within(0.5), pytest.raises(APIConnectionError):
            face(server.url, timeout=0.5, max_retries=100)
    assert 2 <= len(server.requests) <= 4


def test_deadline_holds_while_connecting() -> None:
    with silent_address() as (host, port):
        url = f"http://{host}:{port}"
        for face in FACES:
            with ends_within(0.3), pytest.raises(APITimeoutError):
                face(url, timeout=0.3)


@every_face
def test_pauses_stay_within_the_deadline(face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oneloop._http.retry.backoff", lambda number, jitter: 0.3)
    with RawServer(replies(reply(b"", 500))) as server:
        with ends_within(0.8), pytest.raises(InternalServerError):
            face(server.url, max_retries=50, timeout=0.8)
    assert 2 <= len(server.requests) <= 3


def test_no_try_begins_past_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(503)

    sleep = time.sleep
    monkeypatch.setattr("oneloop._http.waits.time.sleep", lambda seconds: sleep(seconds + 0.5))
    monkeypatch.setattr("oneloop._http.retry.backoff", lambda number, jitter: 0.0)
    transport = httpx.MockTransport(answer)
    with Oneloop(api_key=KEY, timeout=0.3, transport=transport) as client:
        with pytest.raises(APITimeoutError):
            client.get_billing_usage(BID)
    assert len(asked) == 1
    with RawServer(replies(reply(b"", 503))) as server:
        client = Oneloop(api_key=KEY, base_url=server.url, timeout=0.3)
        with client, pytest.raises(APITimeoutError):
            client.get_billing_usage(BID)
    assert len(server.requests) == 1, "its connection was there, its time wasn't"


def test_deadline_holds_for_a_transport_of_the_callers() -> None:
    with RawServer(silence(1)) as server:
        with Oneloop(
            api_key=KEY,
            base_url=server.url,
            timeout=0.3,
            max_retries=0,
            transport=httpx.HTTPTransport(),
        ) as client:
            with pytest.raises(APITimeoutError):
                client.get_billing_usage(BID)
            patient = client.api.with_timeout(httpx.Timeout(60))
            with pytest.raises(APITimeoutError):
                get_billing_usage.sync(BID, client=patient)


def test_a_generated_client_may_wait_for_less() -> None:
    with RawServer(silence(1)) as server:
        with Oneloop(api_key=KEY, base_url=server.url, max_retries=0) as client:
            impatient = client.api.with_timeout(httpx.Timeout(0.2))
            with pytest.raises(APITimeoutError):
                get_billing_usage.sync(BID, client=impatient)


def test_deadline_holds_while_other_calls_have_all_connections(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("oneloop._http.pool.MAX_CONNECTIONS", 1)
    asked, may_answer = threading.Event(), threading.Event()

    def slow(connection: socket.socket, head: bytes, number: int) -> None:
        asked.set()
        may_answer.wait(9)
        connection.sendall(reply())

    with RawServer(slow) as server, Oneloop(api_key=KEY, base_url=server.url) as client:
        other = threading.Thread(target=client.get_billing_usage, args=[BID])
        other.start()
        asked.wait(3)
        with ends_within(0.2), pytest.raises(APITimeoutError):
            client.with_options(timeout=0.2, max_retries=0).get_billing_usage(BID)
        hurried = client.with_options(max_retries=0).api.with_timeout(httpx.Timeout(5, pool=0.1))
        with ends_within(0.1), pytest.raises(APITimeoutError):
            get_billing_usage.sync(BID, client=hurried)
        may_answer.set()
        other.join()
    assert len(server.requests) == 1


def test_callers_own_timeout_stays_the_callers() -> None:
    async def scenario(url: str) -> None:
        async with AsyncOneloop(api_key=KEY, base_url=url) as client:
            async with asyncio.timeout(0.2):
                await client.get_billing_usage(BID)

    with RawServer(silence(3)) as server, pytest.raises(TimeoutError) as caught:
        asyncio.run(scenario(server.url))
    assert not isinstance(caught.value, APITimeoutError)


@every_face
def test_connecting_takes_only_a_part_of_the_time(
    face: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oneloop._http.stream.CONNECT_TIMEOUT", 0.1)
    monkeypatch.setattr("oneloop._http.network.CONNECT_TIMEOUT", 0.1)
    with (
        silent_address() as (host, port),
        ends_within(1),  # with pauses and second tries
        pytest.raises(APITimeoutError, match="connect"),
    ):
        face(f"http://{host}:{port}")
    with RawServer(silence(5)) as server:
        with ends_within(1), pytest.raises(APITimeoutError, match="connect"):
            face(server.url.replace("http:", "https:"))
        monkeypatch.setenv("HTTPS_PROXY", server.url)
        with ends_within(1), pytest.raises(APITimeoutError, match="read"):
            face("https://prod.oneloop.test")


@pytest.mark.parametrize("face", [async_method, trio_method])
def test_deadline_holds_in_a_look_up(face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*arguments: Any, flags: int = 0, **_: Any) -> None:
        if sum(arguments[5:], flags) & socket.AI_NUMERICHOST:  # asks nobody
            raise socket.gaierror(socket.EAI_NONAME, "not numeric")
        time.sleep(0.6)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    with ends_within(0.6), pytest.raises(APITimeoutError):  # the loop waits for its thread
        face("https://prod.oneloop.test", timeout=0.1)


def test_deadline_holds_for_a_transport_that_drips() -> None:
    def dripping() -> Iterator[bytes]:
        for _ in range(80):
            yield b" "
            time.sleep(0.05)

    transport = httpx.MockTransport(lambda request: httpx.Response(200, content=dripping()))
    with Oneloop(api_key=KEY, timeout=0.2, transport=transport) as client:
        with ends_within(0.2), pytest.raises(APITimeoutError):
            client.get_billing_usage(BID)


def test_deadline_holds_for_an_async_transport() -> None:
    async def slow(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(3)
        raise AssertionError

    async def scenario() -> None:
        transport = httpx.MockTransport(slow)
        async with AsyncOneloop(api_key=KEY, timeout=0.2, transport=transport) as client:
            with pytest.raises(APITimeoutError):
                await client.get_billing_usage(BID)

    with ends_within(0.2):
        asyncio.run(scenario())


def flood(head: bytes, again: bytes) -> Handler:
    """Send without a pause, as fast as it is taken, for longer than any deadline here."""

    def handle(connection: socket.socket, _head: bytes, number: int) -> None:
        connection.sendall(head)
        end = time.monotonic() + 4
        while time.monotonic() < end:
            connection.sendall(again)

    return handle


FLOODS = [
    pytest.param(flood(b"", b"HTTP/1.1 103 Hint\r\n\r\n" * 5000), id="interim answers"),
    pytest.param(
        flood(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n\r\n"
            b"\x1f\x8b\x08\0\0\0\0\0\0\3",
            b"\0\0\0\xff\xff" * 20_000,
        ),
        id="empty blocks of gzip",
    ),
    pytest.param(
        flood(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n",
            (b"1;" + b"a" * 2000 + b"\r\n \r\n") * 50,
        ),
        id="chunk extensions",
    ),
]


@every_face
@pytest.mark.parametrize("handler", FLOODS)
def test_server_that_never_pauses_does_not_outrun_the_deadline(
    face: Face, handler: Handler
) -> None:
    with RawServer(handler) as server:
        with ends_within(0.5), pytest.raises(APITimeoutError):
            face(server.url, timeout=0.5)


def test_server_that_never_pauses_does_not_hold_up_the_loop() -> None:
    gaps = []

    async def tick() -> None:
        while True:
            began = time.monotonic()
            try:
                await asyncio.sleep(0.01)
            finally:
                gaps.append(time.monotonic() - began)

    async def scenario(url: str) -> None:
        ticking = asyncio.create_task(tick())
        async with AsyncOneloop(api_key=KEY, base_url=url, timeout=0.5) as client:
            with pytest.raises(APITimeoutError):
                await client.get_billing_usage(BID)
        ticking.cancel()

    with RawServer(flood(b"", b"HTTP/1.1 103 Hint\r\n\r\n" * 5000)) as server:
        asyncio.run(scenario(server.url))
    assert max(gaps) < LATE


@pytest.mark.parametrize("seconds", [0, -1])
def test_generated_client_without_time_has_none(seconds: float) -> None:
    with RawServer(silence(2)) as server:
        with Oneloop(api_key=KEY, base_url=server.url, max_retries=0) as client:
            api = client.api.with_timeout(httpx.Timeout(seconds))
            with ends_within(0), pytest.raises(APITimeoutError):
                get_billing_usage.sync(BID, client=api)
