"""An httpx transport without a socket: the bytes that a server would send, read by the same rules.

An answer goes through h11 as it would come off a socket: what is wrong with it is the same error.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Self

import h11
import httpx

from oneloop._http.waits import Sleep, Steps, run, run_async
from oneloop.sandbox.server import Answer, End, Reply, Request, Script, written
from oneloop_api_client.spec import SERVER_URL

_PREFIX = httpx.URL(SERVER_URL).path.rstrip("/")
BASE_URL = f"http://127.0.0.1{_PREFIX}"
"""Never the real API's, should a client be without the transport."""


class MemoryTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """An httpx transport without a socket, for threads, asyncio and trio: `FakeAPI.transport`."""

    def __init__(self, answer: Callable[[Request], Answer]) -> None:
        self._answer = answer
        """What a request gets; it raises `httpx.TransportError` where no connection is taken."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        return run(self._exchange(request, request.read()))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        return await run_async(self._exchange(request, await request.aread()))

    def _exchange(self, request: httpx.Request, body: bytes) -> Steps[httpx.Response]:
        headers = [
            (name.decode("latin-1").lower(), value.decode("latin-1"))
            for name, value in request.headers.raw
        ]
        target = request.url.raw_path.decode("ascii").removeprefix(_PREFIX)
        answer = self._answer(Request(request.method, target, headers, body))
        bounds = request.extensions.get("timeout", {})
        seconds = bounds.get("read")
        wire = _Wire(answer, request.method, threading.TIMEOUT_MAX if seconds is None else seconds)
        status, raw = yield from wire.head()
        return httpx.Response(status, headers=raw, stream=_Body(wire))


class _Body(httpx.SyncByteStream, httpx.AsyncByteStream):
    """The body of an answer, as it arrives. No generator, since a client may leave off amid it."""

    def __init__(self, wire: _Wire) -> None:
        self._wire = wire

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        chunk = run(self._wire.chunk())
        if chunk is None:
            raise StopIteration
        return chunk

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        chunk = await run_async(self._wire.chunk())
        if chunk is None:
            raise StopAsyncIteration
        return chunk


class _Wire:
    """The client's end of a connection on which an answer arrives.

    Its pauses are waited for, but never past the end of the time that the client gives the answer.
    """

    def __init__(self, answer: Answer, method: str, seconds: float) -> None:
        if isinstance(answer, Reply):
            answer = Script([written(answer, method)], End.STAY)
        self._steps = iter(answer.steps)
        self._end = answer.end
        self._deadline = time.monotonic() + seconds
        self._peer = h11.Connection(h11.CLIENT)
        self._peer.send(h11.Request(method=method, target="/", headers=[("Host", "fake")]))
        self._peer.send(h11.EndOfMessage())

    def head(self) -> Steps[tuple[int, list[tuple[bytes, bytes]]]]:
        """Return status and headers.

        Raises:
            httpx.TransportError: none arrive.
        """
        while not isinstance(event := (yield from self._event()), h11.Response):
            pass
        return event.status_code, list(event.headers)

    def chunk(self) -> Steps[bytes | None]:
        """Return the next part of the body; None behind the last.

        Raises:
            httpx.TransportError: it breaks off.
        """
        event = yield from self._event()
        return bytes(event.data) if isinstance(event, h11.Data) else None

    def _event(self) -> Steps[object]:
        while True:
            try:
                event = self._peer.next_event()
            except h11.RemoteProtocolError as error:
                raise httpx.RemoteProtocolError(str(error)) from None
            if event is not h11.NEED_DATA:
                return event
            yield from self._receive()

    def _receive(self) -> Steps[None]:
        """Take what comes next: bytes, a pause, or the end."""
        step = next(self._steps, None)
        if isinstance(step, bytes):
            self._peer.receive_data(step)
        elif step is None and self._end is End.CLOSE:
            if self._peer.their_state is h11.SEND_RESPONSE:
                raise httpx.RemoteProtocolError("the connection was closed without an answer")
            self._peer.receive_data(b"")
        elif step is None and self._end is End.RESET:
            raise httpx.ReadError("Connection reset by peer")
        else:
            yield from self._pause(threading.TIMEOUT_MAX if step is None else step)

    def _pause(self, seconds: float) -> Steps[None]:
        left = max(0.0, self._deadline - time.monotonic())
        yield Sleep(min(seconds, left))
        if seconds >= left:
            raise httpx.ReadTimeout("read timed out")
