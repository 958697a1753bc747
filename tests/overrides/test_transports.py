"""A transport of the caller's stands in for our connections, with every other promise kept."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import pickle
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from oneloop import (
    APIConnectionError,
    AsyncOneloop,
    BillingUsage,
    ConfigurationError,
    InternalServerError,
    Oneloop,
    OneloopError,
    ResponseValidationError,
)
from tests.faces import KEY, check_error, every_client
from tests.servers import BID, row


def test_injected_transport_answers() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.headers["Authorization"] == f"Bearer {KEY}"
        return httpx.Response(200, json={"data": [row()]})

    with Oneloop(api_key=KEY, transport=httpx.MockTransport(answer)) as client:
        assert client.get_billing_usage(BID).total == 12

    async def scenario() -> int:
        async with AsyncOneloop(api_key=KEY, transport=httpx.MockTransport(answer)) as client:
            return (await client.get_billing_usage(BID)).total

    assert asyncio.run(scenario()) == 12


def test_injected_transport_is_guarded_too() -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(302, headers={"Location": "/"}))
    with Oneloop(api_key=KEY, transport=transport) as client:
        with pytest.raises(OneloopError, match="302"):
            client.get_billing_usage(BID)


@every_client
@pytest.mark.parametrize("transport", ["aoihttp", 5, httpx.Client])
def test_transport_that_is_not_one(client_class: type[Oneloop], transport: Any) -> None:
    with pytest.raises(ConfigurationError, match="transport must be an httpx"):
        client_class(api_key=KEY, transport=transport)


@every_client
def test_request_in_a_transports_error_has_no_key(client_class: Any) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("broken", request=request)

    client = client_class(api_key=KEY, transport=httpx.MockTransport(fail), max_retries=0)

    def call() -> Any:
        called = client.get_billing_usage(BID)
        return asyncio.run(called) if inspect.iscoroutine(called) else called

    with pytest.raises(APIConnectionError) as caught:
        call()
    cause = caught.value.__cause__
    assert isinstance(cause, httpx.ReadError)
    assert KEY not in repr(cause.request.headers.raw)
    check_error(caught.value)


def test_client_with_a_transport_does_not_pickle() -> None:
    client = Oneloop(
        api_key=KEY, transport=httpx.MockTransport(lambda request: httpx.Response(200))
    )
    with pytest.raises(TypeError, match="transport"):
        pickle.dumps(client)


async def ask(client: AsyncOneloop) -> BillingUsage:
    return await client.get_billing_usage(BID)


@pytest.mark.parametrize(
    ("failure", "tries"),
    [
        pytest.param(httpx.ConnectError, 2, id="not connected"),
        pytest.param(httpx.ConnectTimeout, 2, id="not connected in time"),
        pytest.param(httpx.PoolTimeout, 2, id="no connection free in time"),
        pytest.param(httpx.ReadError, 1, id="broken off"),
        pytest.param(httpx.ReadTimeout, 1, id="silent"),
        pytest.param(httpx.RemoteProtocolError, 1, id="not HTTP"),
    ],
)
def test_post_is_repeated_where_nothing_was_sent(
    failure: type[httpx.TransportError], tries: int, no_pauses: None
) -> None:
    bodies = []

    def answer(request: httpx.Request) -> httpx.Response:
        bodies.append(request.read())
        if len(bodies) == 1:
            raise failure("no")
        return httpx.Response(200)

    transport = httpx.MockTransport(answer)
    with Oneloop(api_key=KEY, transport=transport) as client, contextlib.ExitStack() as stack:
        if tries == 1:
            stack.enter_context(pytest.raises(APIConnectionError))
        client.api.get_httpx_client().post("/x", content=b"body")
    assert bodies == [b"body"] * tries


class Body(httpx.SyncByteStream, httpx.AsyncByteStream):
    """One chunk, and perhaps a fault; remembers that it was closed."""

    def __init__(self, chunk: bytes, fault: Exception | None = None) -> None:
        self.chunk = chunk
        self.fault = fault
        self.closed = False

    def __iter__(self) -> Iterator[bytes]:
        yield self.chunk
        if self.fault:
            raise self.fault

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self:
            yield chunk

    def close(self) -> None:
        self.closed = True

    async def aclose(self) -> None:
        self.closed = True


@pytest.mark.parametrize(
    ("status", "body", "error_class"),
    [
        pytest.param(200, Body(b"x" * 20), ResponseValidationError, id="success too large"),
        pytest.param(500, Body(b"x" * 20), InternalServerError, id="error too large"),
        pytest.param(
            200, Body(b"{", httpx.ReadError("no")), APIConnectionError, id="success cut off"
        ),
        pytest.param(
            500, Body(b"{", httpx.ReadError("no")), InternalServerError, id="error cut off"
        ),
        pytest.param(
            500, Body(b"{", httpx.RemoteProtocolError("no")), InternalServerError, id="error broken"
        ),
    ],
)
def test_body_of_a_transport_is_read_as_ours(
    status: int, body: Body, error_class: type[OneloopError]
) -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(status, stream=body))
    options: dict[str, Any] = {
        "api_key": KEY,
        "transport": transport,
        "max_retries": 0,
        "max_response_bytes": 10,
    }
    with Oneloop(**options) as client, pytest.raises(error_class):
        client.get_billing_usage(BID)
    assert body.closed
    body.closed = False
    with pytest.raises(error_class):
        asyncio.run(ask(AsyncOneloop(**options)))
    assert body.closed


class Closing(httpx.MockTransport):
    """Counts how often it is closed."""

    closed = 0

    def close(self) -> None:
        self.closed += 1

    async def aclose(self) -> None:
        self.closed += 1


def test_closing_closes_the_transport() -> None:
    transport = Closing(lambda request: httpx.Response(200))
    client = Oneloop(api_key=KEY, transport=transport)
    client.close()
    with pytest.raises(OneloopError, match="closed"):
        client.get_billing_usage(BID)

    async def scenario() -> None:
        other = AsyncOneloop(api_key=KEY, transport=transport)
        await other.aclose()
        with pytest.raises(OneloopError, match="closed"):
            await other.get_billing_usage(BID)

    asyncio.run(scenario())
    assert transport.closed == 2
