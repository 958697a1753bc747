"""A transport of the caller's, such as `httpx.MockTransport`, in place of our connections."""

from __future__ import annotations

import contextlib
import time
from typing import Any, NamedTuple

import anyio
import httpx

from oneloop._http.answer import AnswerReader
from oneloop._http.connection import Exchange
from oneloop._http.waits import Steps
from oneloop.errors import ResponseValidationError

_BROKEN_OFF = (httpx.NetworkError, httpx.ProtocolError, ResponseValidationError)
# What httpx's transports raise before a byte is sent.
_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


class Foreign:
    """Sends through an httpx transport, synchronous or asynchronous.

    Args:
        transport: an `httpx.BaseTransport` or an `httpx.AsyncBaseTransport`.
        base_url: the server's URL.
    """

    def __init__(self, transport: Any, base_url: httpx.URL) -> None:
        self._transport = transport
        self._base_url = base_url
        self.closed = False

    def exchange(self, exchange: Exchange) -> Steps[AnswerReader]:
        """Send a request and read its answer.

        Raises:
            OSError, httpx.TransportError: no whole answer arrived.
            ResponseValidationError: a body that must be right isn't.
        """
        body = exchange.body
        bounds = {name: exchange.patience.left(name) for name in _PURPOSES}
        request = httpx.Request(
            exchange.method,
            self._base_url.copy_with(raw_path=exchange.target.encode("ascii")),
            headers=[*exchange.headers, *exchange.unseen.reveal()],
            stream=httpx.ByteStream(body) if isinstance(body, bytes) else body,
            extensions={"timeout": bounds},
        )
        exchange.sent = True
        try:
            reader: AnswerReader = yield _Fetch(self._transport, request, exchange)
        except Exception as error:
            # The error may hold the request.
            for name in exchange.unseen.names():
                request.headers.pop(name, None)
            exchange.sent = not isinstance(error, _UNSENT)
            raise
        return reader

    def close(self) -> Steps[None]:
        """Close the transport."""
        self.closed = True
        yield _Close(self._transport)


_PURPOSES = ("connect", "read", "write", "pool")


class _Fetch(NamedTuple):
    transport: Any
    request: httpx.Request
    exchange: Exchange

    def block(self) -> AnswerReader:
        response: httpx.Response = self.transport.handle_request(self.request)
        reader = self._reader(response)
        try:
            with _tolerance(reader):
                for chunk in response.stream:  # type: ignore[union-attr]
                    self.exchange.patience.left("read")
                    reader.feed(chunk)
                reader.finish()
        finally:
            response.close()
        return reader

    async def wait(self) -> AnswerReader:
        with anyio.fail_after(self.exchange.patience.deadline - time.monotonic()):
            response: httpx.Response = await self.transport.handle_async_request(self.request)
            reader = self._reader(response)
            try:
                with _tolerance(reader):
                    async for chunk in response.stream:  # type: ignore[union-attr]
                        reader.feed(chunk)
                    reader.finish()
            finally:
                await response.aclose()
        return reader

    def _reader(self, response: httpx.Response) -> AnswerReader:
        return self.exchange.begin(response.status_code, response.headers.raw)


class _Close(NamedTuple):
    transport: Any

    def block(self) -> None:
        self.transport.close()

    async def wait(self) -> None:
        await self.transport.aclose()


def _tolerance(reader: AnswerReader) -> contextlib.AbstractContextManager[None]:
    return contextlib.suppress(*(() if reader.must_be_whole else _BROKEN_OFF))
