"""Guards that stand behind another: each still holds where the one before it doesn't."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import os
import socket
import subprocess
import sys
import threading
import time
import tracemalloc
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
import trio

from oneloop import (
    APIConnectionError,
    APITimeoutError,
    AsyncOneloop,
    ConfigurationError,
    InternalServerError,
    NotFoundError,
    Oneloop,
    OneloopError,
    RateLimitError,
    ResponseValidationError,
    cli,
)
from oneloop._http import routes
from oneloop.errors import excerpt
from oneloop_api_client.api.usage import get_billing_usage
from oneloop_api_client.spec import Operation
from tests.faces import KEY, METHODS, check_error
from tests.servers import BID, RawServer, hang_up, replies, reply, row, usage_body

Face = Callable[..., object]
every_method = pytest.mark.parametrize("face", METHODS)


def silence(connection: socket.socket, head: bytes, number: int) -> None:
    """Let a call that outlives its deadline end as another error."""
    time.sleep(1)
    hang_up(connection)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_key_with_its_scheme_is_told_so(scheme: str) -> None:
    with pytest.raises(ConfigurationError, match="begins with 'Bearer '"):
        Oneloop(api_key=f"{scheme} {KEY}")


@every_method
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(
            usage_body(row(totalBillingUsage=count)).replace(b"Usage", b"Us\\u0061ge"),
            id=f"{count!r}",
        )
        for count in ("-3", "1e3", "12.0")
    ],
)
def test_count_behind_an_escaped_key_is_checked_too(face: Face, body: bytes) -> None:
    with RawServer(replies(reply(body))) as server:
        with pytest.raises(ResponseValidationError, match="totalBillingUsage: expected 1 to 38"):
            face(server.url)


@every_method
def test_nesting_in_a_field_that_nobody_reads(face: Face) -> None:
    body = b'{"data": [], "x": %s%s}' % (b"[" * 100_000, b"]" * 100_000)
    with RawServer(replies(reply(body))) as server:
        with pytest.raises(ResponseValidationError, match="expected valid JSON"):
            face(server.url)


@every_method
def test_gzip_bomb_is_never_inflated(face: Face) -> None:
    bomb = reply(gzip.compress(b" " * 64 * 2**20), headers={"Content-Encoding": "gzip"})
    with RawServer(replies(bomb)) as server:
        tracemalloc.start()
        try:
            with pytest.raises(ResponseValidationError, match="at most 1000 bytes"):
                face(server.url, max_response_bytes=1000)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 8 * 2**20


def test_base_url_that_no_encoding_has() -> None:
    with pytest.raises(ConfigurationError, match=r"^base_url isn't a URL"):
        Oneloop(api_key=KEY, base_url="https://h/\ud800")


@every_method
def test_error_of_another_shape_is_its_own_message(face: Face) -> None:
    with RawServer(replies(reply(b'{"detail": "no"}', 500))) as server:
        with pytest.raises(InternalServerError) as caught:
            face(server.url)
    assert (caught.value.code, caught.value.message) == (None, '{"detail": "no"}')


@every_method
def test_request_id_is_bounded(face: Face) -> None:
    with RawServer(replies(reply(b"", 404, headers={"X-Request-Id": "x" * 5000}))) as server:
        with pytest.raises(NotFoundError) as caught:
            face(server.url)
    assert caught.value.request_id == "x" * 200 + "…"


@every_method
def test_body_of_an_error_is_read_to_a_bound(face: Face) -> None:
    sent = 0

    def endless(connection: socket.socket, head: bytes, number: int) -> None:
        nonlocal sent
        connection.sendall(b"HTTP/1.1 500 No\r\n\r\n")
        while True:
            sent += connection.send(b"x" * 65_536)

    with RawServer(endless) as server, pytest.raises(InternalServerError):
        face(server.url)
    assert sent < 16 * 2**20


def test_generated_client_keeps_no_cookies() -> None:
    async def scenario(url: str) -> None:
        async with AsyncOneloop(api_key=KEY, base_url=url) as client:
            for _ in range(2):
                await get_billing_usage.asyncio(BID, client=client.api)

    with RawServer(replies(reply(headers={"Set-Cookie": "session=1; Path=/"}))) as server:
        with Oneloop(api_key=KEY, base_url=server.url) as client:
            for _ in range(2):
                get_billing_usage.sync(BID, client=client.api)
        asyncio.run(scenario(server.url))
    assert len(server.requests) == 4
    assert all(b"cookie" not in request.lower() for request in server.requests)


def test_key_never_leaves_tls() -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(200))
    with Oneloop(api_key=KEY, base_url="https://h", transport=transport) as client:
        with pytest.raises(ValueError, match="base_url"):
            client.api.get_httpx_client().get("http://h/x")


def test_callers_request_never_gets_the_key() -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(200))
    with Oneloop(api_key=KEY, transport=transport) as client:
        answer = client.api.get_httpx_client().get("/x")
    assert "oneloop" in answer.request.headers["User-Agent"]
    assert KEY not in repr(answer.request.headers.raw)


def operations(monkeypatch: pytest.MonkeyPatch, *paths: str, status: str = "200") -> None:
    """Let a spec have these paths and no other."""
    found = [Operation(path, "GET", path, {status: ()}) for path in paths]
    monkeypatch.setattr(routes, "ROUTES", routes.table(found))


def test_concrete_path_goes_before_a_templated_one(monkeypatch: pytest.MonkeyPatch) -> None:
    operations(monkeypatch, "/{any}/{thing}", "/keys/{id}", "/keys/mine")
    for path, name in {"/keys/mine": "/keys/mine", "/keys/5": "/keys/{id}"}.items():
        operation = routes.find("GET", path)
        assert operation is not None
        assert operation.path == name
    assert routes.find("GET", "/keys/5/parts") is None
    assert routes.find("GET", "/keys/") is None


def test_path_that_the_spec_ends_with_a_slash(monkeypatch: pytest.MonkeyPatch) -> None:
    operations(monkeypatch, "/keys/")
    routes.check_path("/keys/?x=1")
    with pytest.raises(ValueError, match="path parameter"):
        routes.check_path("/other/")


@pytest.mark.parametrize(
    ("status", "documented"),
    [("200", False), ("201", True), ("2XX", True), ("3XX", False), ("default", True)],
)
def test_success_by_range_and_by_default(
    status: str, documented: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    operations(monkeypatch, "/keys", status=status)
    assert routes.is_documented(routes.find("GET", "/keys"), 201) == documented


@every_method
def test_retry_after_of_no_calendar_is_garbage(face: Face) -> None:
    headers = {"Retry-After": "Wed, 01 Jan 2025 00:00:00 +99999999999999999999"}
    with RawServer(replies(reply(b"", 429, headers=headers))) as server:
        with pytest.raises(RateLimitError) as caught:
            face(server.url)
    assert caught.value.retry_after is None


def test_excerpt_says_how_long_the_whole_was() -> None:
    assert excerpt("9" * 10_000) == f"'{'9' * 200}'… (10000 long)"


@every_method
@pytest.mark.parametrize("length", [200, 5000])
def test_excerpt_of_what_is_longer_escaped_is_bounded(face: Face, length: int) -> None:
    answer = reply(usage_body(row(totalBillingUsage="\U000e0001" * length)))
    with RawServer(replies(answer)) as server, pytest.raises(ResponseValidationError) as caught:
        face(server.url)
    check_error(caught.value)


@every_method
def test_log_of_a_try_has_no_status_of_another(
    face: Face, no_pauses: None, caplog: pytest.LogCaptureFixture
) -> None:
    def handle(connection: socket.socket, head: bytes, number: int) -> None:
        connection.sendall(reply(b"", 503)) if number == 1 else hang_up(connection)

    with RawServer(handle) as server, pytest.raises(APIConnectionError):
        face(server.url, max_retries=1)
    _, second = [message for message in caplog.messages if "(try " in message]
    assert ": no answer, " in second


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


@every_method
def test_drip_ends_at_the_deadline(face: Face) -> None:
    def drip(connection: socket.socket, head: bytes, number: int) -> None:
        connection.sendall(reply(length=9999)[:-20])
        for _ in range(20):
            connection.sendall(b" ")
            time.sleep(0.05)
        hang_up(connection)

    with RawServer(drip) as server, pytest.raises(APITimeoutError):
        face(server.url, timeout=0.3)


def test_deadline_holds_for_a_transport_of_the_callers() -> None:
    with RawServer(silence) as server:
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
    with RawServer(silence) as server:
        with Oneloop(api_key=KEY, base_url=server.url, max_retries=0) as client:
            impatient = client.api.with_timeout(httpx.Timeout(0.2))
            with pytest.raises(APITimeoutError):
                get_billing_usage.sync(BID, client=impatient)


def test_deadline_holds_while_other_calls_have_all_connections(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("oneloop._http.pool.MAX_CONNECTIONS", 1)
    asked = threading.Event()

    def slow(connection: socket.socket, head: bytes, number: int) -> None:
        asked.set()
        time.sleep(1.5)
        connection.sendall(reply())

    with RawServer(slow) as server, Oneloop(api_key=KEY, base_url=server.url) as client:
        other = threading.Thread(target=client.get_billing_usage, args=[BID])
        other.start()
        asked.wait(3)
        began = time.monotonic()
        with pytest.raises(APITimeoutError):
            client.with_options(timeout=0.2, max_retries=0).get_billing_usage(BID)
        hurried = client.with_options(max_retries=0).api.with_timeout(httpx.Timeout(5, pool=0.1))
        with pytest.raises(APITimeoutError):
            get_billing_usage.sync(BID, client=hurried)
        assert time.monotonic() - began < 1
        other.join()
    assert len(server.requests) == 1


def test_key_in_a_transports_error_is_redacted() -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(f"refused {KEY}\n" + "x" * 9999)

    with Oneloop(api_key=KEY, transport=httpx.MockTransport(fail), max_retries=0) as client:
        with pytest.raises(APIConnectionError, match=r"refused \[redacted\] x") as caught:
            client.get_billing_usage(BID)
    check_error(caught.value, echoed=True)


@every_method
def test_connection_of_a_refused_answer_is_not_lost(
    face: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RawServer(replies(reply())) as server:
        for _ in range(2):
            with pytest.raises(OneloopError, match="at most 5 bytes"):
                face(server.url, max_response_bytes=5)
        assert server.all_closed(within=1)


def test_cancelled_tls_handshake_leaves_no_connection() -> None:
    async def scenario(server: RawServer) -> None:
        url = server.url.replace("http:", "https:")
        async with AsyncOneloop(api_key=KEY, base_url=url, timeout=0.2) as client:
            with pytest.raises(APITimeoutError):
                await client.get_billing_usage(BID)
            assert await asyncio.to_thread(server.all_closed, 1)

    with RawServer(silence) as server:
        asyncio.run(scenario(server))
    assert server.connections == 1


def test_one_async_client_under_trio_and_then_asyncio() -> None:
    kept = []

    async def ask(client: AsyncOneloop) -> int:
        return (await client.get_billing_usage(BID)).total

    async def ask_under_trio(client: AsyncOneloop) -> int:
        kept.append(trio.lowlevel.current_trio_token())
        return await ask(client)

    answer = httpx.Response(200, json={"data": []})
    client = AsyncOneloop(api_key=KEY, transport=httpx.MockTransport(lambda request: answer))
    assert trio.run(ask_under_trio, client) == 0
    assert asyncio.run(ask(client)) == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_forked_child_leaves_an_idle_connection_alone() -> None:
    with RawServer(replies(reply())) as server, Oneloop(api_key=KEY, base_url=server.url) as client:
        client.get_billing_usage(BID)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # threads of the test server
            child = os.fork()
        if child == 0:
            with contextlib.suppress(BaseException):  # pytest goes on in the parent alone
                os._exit(client.get_billing_usage(BID).total != 12)
            os._exit(2)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert server.connections == 2
        assert client.get_billing_usage(BID).total == 12
        assert server.connections == 2


def once(connection: socket.socket, head: bytes, number: int) -> None:
    connection.sendall(reply())
    connection.shutdown(socket.SHUT_RDWR)


def test_idle_connection_that_the_server_closed_takes_no_try() -> None:
    with RawServer(once) as server:
        with Oneloop(api_key=KEY, base_url=server.url, max_retries=0) as client:
            for _ in range(3):
                assert client.get_billing_usage(BID).total == 12
                time.sleep(0.05)


def test_idle_async_connection_that_the_server_closed_takes_no_try() -> None:
    async def scenario(url: str) -> None:
        async with AsyncOneloop(api_key=KEY, base_url=url, max_retries=0) as client:
            for _ in range(3):
                assert (await client.get_billing_usage(BID)).total == 12
                await asyncio.sleep(0.05)

    with RawServer(once) as server:
        asyncio.run(scenario(server.url))


def test_connections_that_idle_below_a_busy_one_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oneloop._http.pool.KEEPALIVE_SECONDS", 0.2)
    monkeypatch.setattr("oneloop._http.connection.KEEPALIVE_SECONDS", 0.2)

    def slow(connection: socket.socket, head: bytes, number: int) -> None:
        time.sleep(0.05)
        connection.sendall(reply())

    with RawServer(slow) as server, Oneloop(api_key=KEY, base_url=server.url) as client:
        with ThreadPoolExecutor(9) as threads:
            list(threads.map(client.get_billing_usage, [BID] * 9))
        assert server.connections > 1
        until = time.monotonic() + 3
        while len(server._open) > 1 and time.monotonic() < until:
            client.get_billing_usage(BID)
        assert len(server._open) == 1


def test_async_connection_is_kept_between_calls() -> None:
    async def scenario(url: str) -> None:
        async with AsyncOneloop(api_key=KEY, base_url=url) as client:
            for _ in range(3):
                await client.get_billing_usage(BID)
                await get_billing_usage.asyncio(BID, client=client.api)

    with RawServer(replies(reply())) as server:
        asyncio.run(scenario(server.url))
    assert server.connections == 1


def test_first_of_several_failures_gives_the_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONELOOP_API_KEY", KEY)
    with RawServer(replies(reply(b"", 401))) as server:
        monkeypatch.setenv("ONELOOP_BASE_URL", server.url)
        with pytest.raises(SystemExit, match="2"):
            cli.main(["usage", "..", BID])


def test_abbreviated_option_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        cli.main(["usage", BID, "--form", "json"])
    assert "unrecognized arguments: --form" in capsys.readouterr().err


def test_interrupt_anywhere_has_its_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(options: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_usage", interrupted)
    with pytest.raises((SystemExit, KeyboardInterrupt)) as caught:
        cli.main(["usage", BID])
    assert repr(caught.value) == "SystemExit(130)"


@pytest.mark.parametrize(("format_", "shown"), [("table", b"caf\\xe9"), ("csv", b"caf\xc3\xa9")])
def test_terminal_without_unicode(format_: str, shown: bytes) -> None:
    answer = reply(usage_body(row(billingUsageName="caf\xe9")))
    with RawServer(replies(answer)) as server:
        environment = {"ONELOOP_API_KEY": KEY, "ONELOOP_BASE_URL": server.url}
        out = subprocess.check_output(
            [sys.executable, "-m", "oneloop.cli", "usage", BID, "--format", format_],
            env=environment | {"PYTHONIOENCODING": "ascii"},
        )
    assert shown in out
