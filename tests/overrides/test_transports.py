"""A transport of the caller's stands in for our connections, with every other promise kept."""

from __future__ import annotations

import asyncio
import pickle
from typing import Any

import httpx
import pytest

from oneloop import AsyncOneloop, ConfigurationError, Oneloop, OneloopError
from tests.faces import KEY, every_client
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


def test_client_with_a_transport_does_not_pickle() -> None:
    client = Oneloop(
        api_key=KEY, transport=httpx.MockTransport(lambda request: httpx.Response(200))
    )
    with pytest.raises(TypeError, match="transport"):
        pickle.dumps(client)
