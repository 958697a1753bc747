"""The sandbox answers as the spec says, with the same usage at each run."""

from __future__ import annotations

import asyncio
import datetime
import functools
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest

from oneloop import AsyncOneloop, AuthenticationError, BadRequestError, BillingUsage, Oneloop
from oneloop.sandbox import API_KEY, BILLING_IDS, Sandbox
from oneloop_api_client.models import ErrorResponse


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


def ask(url: str, bid: str, key: str = API_KEY) -> BillingUsage:
    with Oneloop(api_key=key, base_url=url) as client:
        return client.get_billing_usage(bid)


def test_usage_is_numbers_and_days(sandbox: Sandbox) -> None:
    usage = ask(sandbox.url, "bid_acme")
    assert {type(row.total) for row in usage} == {int}
    assert {type(row.day) for row in usage} == {datetime.date}
    assert usage.total == sum(usage.by_name().values()) > 0
    assert ask(sandbox.url, "bid_new").total == 0


def test_async_client_gets_an_equal_result(sandbox: Sandbox) -> None:
    async def main() -> BillingUsage:
        async with AsyncOneloop(api_key=API_KEY, base_url=sandbox.url) as client:
            return await client.get_billing_usage("bid_acme")

    assert asyncio.run(main()) == ask(sandbox.url, "bid_acme")


def test_each_run_has_the_same_usage(sandbox: Sandbox) -> None:
    with Sandbox() as another:
        for bid in BILLING_IDS:
            assert ask(another.url, bid) == ask(sandbox.url, bid)
    assert ask(sandbox.url, "bid_acme") != ask(sandbox.url, "bid_globex")


def test_unknown_key_is_401(sandbox: Sandbox) -> None:
    with pytest.raises(AuthenticationError) as caught:
        ask(sandbox.url, "bid_acme", key="another")
    assert caught.value.code == 401


def test_unknown_id_is_400(sandbox: Sandbox) -> None:
    with pytest.raises(BadRequestError, match="unknown billing id: bid_nobody") as caught:
        ask(sandbox.url, "bid_nobody")
    assert caught.value.code == 400


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        pytest.param("GET", "/api/v1/usage/bid_acme?page=2", 400, id="unknown query"),
        pytest.param("GET", "/api/v1/nothing", 404, id="unknown path"),
        pytest.param("POST", "/api/v1/usage/bid_acme", 405, id="unknown method"),
    ],
)
def test_every_refusal_has_the_documented_body(
    sandbox: Sandbox, method: str, path: str, status: int
) -> None:
    headers = {"Authorization": f"Bearer {API_KEY}"}
    answer = httpx.request(method, sandbox.url + path, headers=headers)
    assert answer.status_code == status
    assert ErrorResponse.from_dict(answer.json()).error.code == status


def test_answers_are_validated_against_the_spec(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = [{"billingId": "b", "day": "d", "totalBillingUsage": "ddd", "billingUsageName": "n"}]
    monkeypatch.setattr("oneloop.sandbox.usage.rows", lambda bid: wrong)
    headers = {"Authorization": f"Bearer {API_KEY}"}
    with Sandbox() as sandbox:
        answer = httpx.get(f"{sandbox.url}/api/v1/usage/bid_acme", headers=headers)
    assert answer.status_code == 500


def test_module_serves_until_interrupted() -> None:
    command = [sys.executable, "-m", "oneloop.sandbox", "--port", "0"]
    # A job that a shell runs in the background ignores SIGINT, and so would its children.
    heed = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=heed,  # noqa: PLW1509 - it takes no lock
    ) as process:
        try:
            assert process.stdout
            exports = process.stdout.readline()
            found = re.fullmatch(r"export ONELOOP_BASE_URL=(\S+) ONELOOP_API_KEY=(\S+)\n", exports)
            assert found
            assert process.stdout.readline().startswith("# operations: ")
            assert ask(found[1], "bid_acme", key=found[2]).total > 0
            process.send_signal(2)
            assert process.wait(5) == 0
        finally:
            process.kill()


@pytest.mark.parametrize("port", ["taken", "70000"])
def test_port_that_cannot_be_had_is_one_line(port: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = str(taken.getsockname()[1]) if port == "taken" else port
        command = [sys.executable, "-m", "oneloop.sandbox", "--port", number]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert f"port {number}" in line


def connect(sandbox: Sandbox) -> socket.socket:
    return socket.create_connection(("127.0.0.1", int(sandbox.url.rpartition(":")[2])), 5)


def test_stopping_closes_the_port_and_every_connection() -> None:
    with Sandbox() as sandbox:
        idle, used = connect(sandbox), connect(sandbox)
        used.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        assert used.recv(12) == b"HTTP/1.1 404"
    for connection in (idle, used):
        with connection:
            while connection.recv(65_536):
                pass
    with pytest.raises(ConnectionRefusedError):
        connect(sandbox)


HEAD = f"GET /api/v1/usage/bid_new HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {API_KEY}\r\n"


@pytest.mark.parametrize(
    ("sent", "statuses"),
    [
        pytest.param(f"{HEAD}\r\n{HEAD}\r\n", [200, 200], id="two requests in one segment"),
        pytest.param(
            f"{HEAD}Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
            [200],
            id="chunked body",
        ),
        pytest.param(f"{HEAD}Content-Length: 2\r\nExpect: 100-continue\r\n\r\n", [100], id="waits"),
        pytest.param("nonsense\r\n\r\n", [400], id="no HTTP"),
        pytest.param(f"{HEAD}Content-Length: 99999999\r\n\r\n{'x' * 99}", [413], id="large body"),
    ],
)
def test_server_speaks_http(
    sandbox: Sandbox, sent: str, statuses: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oneloop.sandbox.server._MOST_BODY_BYTES", 50)
    with connect(sandbox) as connection:
        connection.sendall(sent.encode())
        received = b""
        while received.count(b"HTTP/1.1 ") < len(statuses):
            part = connection.recv(65_536)
            assert part, received
            received += part
    assert [int(found) for found in re.findall(rb"HTTP/1.1 (\d+)", received)] == statuses


def test_a_fault_of_the_sandbox_is_a_500(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oneloop.sandbox.usage.rows", lambda bid: 1 / 0)
    headers = {"Authorization": f"Bearer {API_KEY}"}
    answer = httpx.get(f"{sandbox.url}/api/v1/usage/bid_acme", headers=headers)
    assert answer.status_code == 500
    assert "ZeroDivisionError" in answer.json()["error"]["message"]
