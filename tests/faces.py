"""The same call through every face of the client, and what every error owes its reader."""

from __future__ import annotations

import asyncio
import pickle
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trio

from oneloop import AsyncOneloop, BillingUsage, Oneloop, OneloopError
from oneloop_api_client.api.usage import get_billing_usage
from tests.servers import BID

KEY = "sk-test-0123456789abcdef"


def sync_method(url: str, bid: str = BID, **options: Any) -> BillingUsage:
    with Oneloop(base_url=url, **_defaults(options)) as client:
        return client.get_billing_usage(bid)


def async_method(url: str, bid: str = BID, **options: Any) -> BillingUsage:
    async def call() -> BillingUsage:
        async with AsyncOneloop(base_url=url, **_defaults(options)) as client:
            return await client.get_billing_usage(bid)

    return asyncio.run(call())


def sync_api(url: str, bid: str = BID, **options: Any) -> object:
    with Oneloop(base_url=url, **_defaults(options)) as client:
        return get_billing_usage.sync(bid, client=client.api)


def async_api(url: str, bid: str = BID, **options: Any) -> object:
    async def call() -> object:
        async with AsyncOneloop(base_url=url, **_defaults(options)) as client:
            return await get_billing_usage.asyncio(bid, client=client.api)

    return asyncio.run(call())


def trio_method(url: str, bid: str = BID, **options: Any) -> BillingUsage:
    async def call() -> BillingUsage:
        async with AsyncOneloop(base_url=url, **_defaults(options)) as client:
            return await client.get_billing_usage(bid)

    return trio.run(call)


METHODS = [sync_method, async_method, trio_method]
"""The hand-written operation, in a thread and under each event loop."""
API = [sync_api, async_api]
"""The generated operation on `client.api`."""
FACES = [*METHODS, *API]

Face = Callable[..., Any]
every_method = pytest.mark.parametrize("face", METHODS)
every_face = pytest.mark.parametrize("face", FACES)
every_client = pytest.mark.parametrize("client_class", [Oneloop, AsyncOneloop])


def check_error(error: OneloopError, log: str = "", *, echoed: bool = False) -> None:
    """Assert what every error promises: bounded, picklable, keyless, its cause without frames.

    `echoed` says that the server's own words hold the key: then they may stand in a local variable.
    """
    texts = {
        "str": str(error),
        "repr": repr(error),
        "traceback": "" if echoed else _traceback_with_locals(error),
        "log": log,
        "pickle": repr(pickle.dumps(error)),
        "attributes": repr(vars(error)),
    }
    assert [where for where, text in texts.items() if KEY in text] == []
    assert len(str(error)) < 1500
    assert "\n" not in str(error)
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)
    link = error.__cause__
    while link is not None:
        assert len(str(link)) < 1500
        # A frame's locals hold the request.
        assert "_http" not in str(traceback.extract_tb(link.__traceback__))
        link = link.__cause__ or link.__context__


def frames_of_ours(error: BaseException) -> str:
    """Return the traceback with every local variable, from the client's first frame on."""
    frames = error.__traceback__
    while frames and "/oneloop/" not in frames.tb_frame.f_code.co_filename:
        frames = frames.tb_next
    shown = traceback.TracebackException(type(error), error, frames, capture_locals=True)
    return "".join(shown.format())


def _traceback_with_locals(error: OneloopError) -> str:
    frames = error.__traceback__
    while frames and Path(frames.tb_frame.f_code.co_filename).is_relative_to(Path(__file__).parent):
        frames = frames.tb_next  # a test knows its key
    shown = traceback.TracebackException(type(error), error, frames, capture_locals=True)
    return "".join(shown.format())


def _defaults(options: dict[str, Any]) -> dict[str, Any]:
    return {"api_key": KEY, "timeout": 5, "max_retries": 0, **options}
