"""Connections by aiohttp, for many calls at once; needs the extra `oneloop-api-client[aiohttp]`.

httpx-aiohttp maps requests and answers; this mends what the guards need otherwise.
"""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import AsyncIterator, Generator

import aiohttp
import httpx
import httpx_aiohttp
import sniffio

from oneloop.connections import KEEPALIVE_SECONDS, MAX_CONNECTIONS
from oneloop.errors import OneloopError


class AiohttpPool(httpx_aiohttp.AiohttpTransport):
    """One aiohttp session: asyncio only, no cookies, errors of httpx's kinds.

    Args:
        verify: what certificates to trust.
        proxy: the proxy for https, if any.

    Raises:
        OneloopError: the running event loop isn't asyncio's.
    """

    def __init__(self, verify: ssl.SSLContext, proxy: httpx.Proxy | None) -> None:
        if sniffio.current_async_library() != "asyncio":
            raise OneloopError("transport='aiohttp' works under asyncio alone; leave it out")
        super().__init__(verify=verify, proxy=proxy, trust_env=False, client=self._session)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request."""
        # httpx-aiohttp sends a body that it can't look at in chunks, an empty one too.
        await request.aread()
        with _httpx_errors():
            response = await super().handle_async_request(request)
        response.stream = _Stream(response.stream)
        return response

    def _session(self) -> aiohttp.ClientSession:
        session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=MAX_CONNECTIONS, keepalive_timeout=KEEPALIVE_SECONDS, ssl=self.ssl_context
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        # Whether to try again is retry.py's alone to say; aiohttp's own test client does this too.
        session._retry_connection = False  # noqa: SLF001
        return session


class _Stream(httpx.AsyncByteStream):
    def __init__(self, stream: httpx.SyncByteStream | httpx.AsyncByteStream) -> None:
        assert isinstance(stream, httpx.AsyncByteStream)
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _httpx_errors():
            async for chunk in self._stream:
                yield chunk

    async def aclose(self) -> None:
        with _httpx_errors():
            await self._stream.aclose()


@contextlib.contextmanager
def _httpx_errors() -> Generator[None]:
    """Raise as httpx does what httpx-aiohttp lets through, or calls a timeout without one."""
    try:
        yield
    except httpx.TimeoutException as error:
        if isinstance(error.__cause__, TimeoutError):
            raise
        raise httpx.ReadError(str(error)) from error.__cause__
    except aiohttp.ClientError as error:
        raise httpx.RemoteProtocolError(str(error)) from error
