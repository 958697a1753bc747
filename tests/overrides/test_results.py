"""What comes with a success, and options for one call."""

from __future__ import annotations

import asyncio
import datetime
import inspect
import pickle
from typing import Any

import httpx
import pytest

from oneloop import (
    APITimeoutError,
    AsyncOneloop,
    ConfigurationError,
    Oneloop,
    OneloopError,
    ResponseValidationError,
)
from tests.faces import KEY, check_error
from tests.servers import BID, RawServer, replies, reply, usage_body


@pytest.mark.parametrize("client_class", [Oneloop, AsyncOneloop])
def test_usage_says_what_came_with_it(client_class: Any) -> None:
    answer = reply(usage_body(), headers={"X-Request-Id": "r1", "X-Echo": KEY})
    with RawServer(replies(reply(b"", 503), answer)) as server:
        client = client_class(api_key=KEY, base_url=server.url)
        called = client.get_billing_usage(BID)
        usage = asyncio.run(called) if inspect.iscoroutine(called) else called
    assert usage.response.request_id == "r1"
    assert (usage.response.status_code, usage.response.tries) == (200, 2)
    assert usage.response.elapsed > datetime.timedelta(0)
    assert usage.response.headers["content-type"] == "application/json"
    assert KEY not in repr(usage.response) + repr(usage.response.headers.raw)
    copy = pickle.loads(pickle.dumps(usage))
    assert (copy, copy.response) == (usage, usage.response)
    assert hash(copy) == hash(usage)


@pytest.mark.parametrize("client_class", [Oneloop, AsyncOneloop])
def test_options_of_one_call(client_class: Any) -> None:
    client = client_class(api_key=KEY, base_url="http://127.0.0.1:1", timeout=60, max_retries=0)

    def call(**options: Any) -> Any:
        called = client.get_billing_usage(BID, **options)
        return asyncio.run(called) if inspect.iscoroutine(called) else called

    with RawServer(replies(reply(b"", 503), reply(usage_body()))) as server:
        client = client_class(api_key=KEY, base_url=server.url, timeout=60, max_retries=0)
        assert call(max_retries=1).total == 12
        assert call().total == 12
        with pytest.raises(ResponseValidationError, match="at most 5 bytes"):
            call(max_response_bytes=5)
        with pytest.raises(ConfigurationError, match="timeout"):
            call(timeout=0)
    with RawServer(lambda connection, head, number: None) as server:
        client = client_class(api_key=KEY, base_url=server.url, timeout=60, max_retries=0)
        with pytest.raises(APITimeoutError, match=r"timeout=0\.1 s"):
            call(timeout=0.1)


def test_another_httpx_client_is_refused() -> None:
    with Oneloop(api_key=KEY, base_url="http://127.0.0.1:1") as client:
        transport = httpx.MockTransport(lambda request: httpx.Response(200, json={"data": []}))
        client.api.set_httpx_client(httpx.Client(transport=transport, base_url="http://x.test"))
        with pytest.raises(OneloopError, match="another httpx client") as caught:
            client.api.get_billing_usage(BID)
    check_error(caught.value)
