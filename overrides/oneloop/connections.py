"""Idle connections on a stack: a call takes the one used last, and gives it back when it is done.

In place of httpcore's pool, which looks at each of n connections twice a call, and closes one that
waits for its thread where another thread finds it idle (seen as `Bad file descriptor`).
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator
from typing import Any, Generic, TypeVar

import anyio
import httpcore

MAX_CONNECTIONS = 200
KEEPALIVE_SECONDS = 5.0
"""How long a connection may stay idle, and how often the idle ones are looked through."""

ConnectionT = TypeVar(
    "ConnectionT", httpcore.ConnectionInterface, httpcore.AsyncConnectionInterface
)


class _Idle(Generic[ConnectionT]):
    """The idle connections, shared by threads without a lock: a deque's ends are atomic."""

    def __init__(self) -> None:
        self._stack: deque[ConnectionT] = deque()
        self._sweep_at = time.monotonic() + KEEPALIVE_SECONDS
        self._closed = False

    def take(self) -> ConnectionT | None:
        with contextlib.suppress(IndexError):
            return self._stack.pop()
        return None

    def keep(self, connection: ConnectionT) -> bool:
        """Keep a connection that can serve again; say whether it was kept."""
        if kept := connection.is_idle() and not self._closed:
            self._stack.append(connection)
        return kept

    def swept(self) -> Iterator[ConnectionT]:
        """Yield, now and then, the connections that have been idle for too long."""
        if time.monotonic() > self._sweep_at:
            self._sweep_at = time.monotonic() + KEEPALIVE_SECONDS
            for _ in range(len(self._stack)):
                with contextlib.suppress(IndexError):
                    connection = self._stack.popleft()
                    if connection.has_expired():
                        yield connection
                    else:
                        self._stack.append(connection)

    def emptied(self) -> Iterator[ConnectionT]:
        """Yield every connection and keep none from now on."""
        self._closed = True
        while connection := self.take():
            yield connection


class Connections:
    """The connections of one process, in the shape of httpcore's pool."""

    def __init__(self, pool: httpcore.ConnectionPool) -> None:
        self._open = pool.create_connection
        self._idle: _Idle[httpcore.ConnectionInterface] = _Idle()
        self._room = threading.Semaphore(MAX_CONNECTIONS)

    def handle_request(self, request: httpcore.Request) -> httpcore.Response:
        """Send the request on an idle connection, else on a new one."""
        if not self._room.acquire(timeout=request.extensions["timeout"]["pool"]):
            raise httpcore.PoolTimeout
        try:
            for expired in self._idle.swept():
                expired.close()
            connection = self._take() or self._open(request.url.origin)
            response = connection.handle_request(request)
        except BaseException:
            self._room.release()
            raise
        response.stream = _Lent(response.stream, self, connection)
        return response

    def take_back(self, connection: httpcore.ConnectionInterface) -> None:
        """Take back a connection whose answer is read or abandoned."""
        self._room.release()
        if not self._idle.keep(connection):
            connection.close()

    def close(self) -> None:
        """Close the idle connections now, the others when they come back."""
        for connection in self._idle.emptied():
            connection.close()

    def _take(self) -> httpcore.ConnectionInterface | None:
        while connection := self._idle.take():
            if not connection.has_expired():
                return connection
            connection.close()
        return None


class _Lent:
    """An answer's stream that gives its connection back, once."""

    def __init__(
        self, stream: Any, owner: Connections, connection: httpcore.ConnectionInterface
    ) -> None:
        self._stream = stream
        self._owner = owner
        self._lent: httpcore.ConnectionInterface | None = connection

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._stream)

    def close(self) -> None:
        connection, self._lent = self._lent, None
        if connection:
            try:
                self._stream.close()
            finally:
                self._owner.take_back(connection)


class AsyncConnections:
    """The connections of one event loop, in the shape of httpcore's pool."""

    def __init__(self, pool: httpcore.AsyncConnectionPool) -> None:
        self._open = pool.create_connection
        self._idle: _Idle[httpcore.AsyncConnectionInterface] = _Idle()
        self._room = anyio.Semaphore(MAX_CONNECTIONS, fast_acquire=True)

    async def handle_async_request(self, request: httpcore.Request) -> httpcore.Response:
        """Send the request on an idle connection, else on a new one."""
        await self._room.acquire()
        try:
            for expired in self._idle.swept():
                await expired.aclose()
            connection = await self._take() or self._open(request.url.origin)
            response = await connection.handle_async_request(request)
        except BaseException:
            self._room.release()
            raise
        response.stream = _AsyncLent(response.stream, self, connection)
        return response

    async def take_back(self, connection: httpcore.AsyncConnectionInterface) -> None:
        """Take back a connection whose answer is read or abandoned."""
        self._room.release()
        if not self._idle.keep(connection):
            await connection.aclose()

    async def aclose(self) -> None:
        """Close the idle connections now, the others when they come back."""
        for connection in self._idle.emptied():
            await connection.aclose()

    async def _take(self) -> httpcore.AsyncConnectionInterface | None:
        while connection := self._idle.take():
            if not connection.has_expired():
                return connection
            await connection.aclose()
        return None


class _AsyncLent:
    """An answer's stream that gives its connection back, once."""

    def __init__(
        self, stream: Any, owner: AsyncConnections, connection: httpcore.AsyncConnectionInterface
    ) -> None:
        self._stream = stream
        self._owner = owner
        self._lent: httpcore.AsyncConnectionInterface | None = connection

    def __aiter__(self) -> AsyncIterator[bytes]:
        return aiter(self._stream)

    async def aclose(self) -> None:
        connection, self._lent = self._lent, None
        if connection:
            try:
                await self._stream.aclose()
            finally:
                await self._owner.take_back(connection)
