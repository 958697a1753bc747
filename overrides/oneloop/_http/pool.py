"""The connections of one process: idle ones on a stack, and a limit on all of them.

A call takes the connection that was used last, as in urllib3, and gives it back when it is done.
Nothing here belongs to an event loop: every thread and loop of the process shares one pool.
"""

from __future__ import annotations

import contextlib
import gc
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from typing import Any

import anyio
import anyio.lowlevel

from oneloop._http.answer import AnswerReader
from oneloop._http.connection import KEEPALIVE_SECONDS, Connection, Exchange
from oneloop._http.stream import Stream
from oneloop._http.waits import Patience, Steps, heed

MAX_CONNECTIONS = 200
_TICK = 0.5
"""Seconds after which a call that waits looks for itself whether a connection has become free."""

Open = Callable[[Patience], Steps[Stream]]


class Pool:
    """The connections of this process; a forked child has its own.

    The limit counts the connections that are alive, so one that an interrupt (a signal handler's
    exception can strike between any two instructions) lost on its way back counts no more once
    it is garbage.

    Args:
        open_stream: what connects to the server.
        limit: how many may be alive; `MAX_CONNECTIONS` unless given.
    """

    def __init__(self, open_stream: Open, limit: int | None = None) -> None:
        self._open = open_stream
        self._limit = limit
        self._shares: dict[int, _Share] = {}
        self.closed = False

    def exchange(self, exchange: Exchange) -> Steps[AnswerReader]:
        """Send a request on an idle connection, else on a new one, and read its answer.

        Raises:
            OSError: no whole answer arrived.
            ResponseValidationError: a body that must be right isn't.
        """
        pid = os.getpid()
        # The parent's share stays untouched in a child: its sockets and locks are the parent's.
        share = self._shares.get(pid) or self._shares.setdefault(
            pid, _Share(self._open, self._limit)
        )
        connection = yield from share.take(exchange.patience)
        try:
            return (yield from connection.exchange(exchange))
        finally:
            if pid == os.getpid():
                share.give_back(connection)

    def close(self) -> Steps[None]:
        """Close the idle connections now, the others when they come back."""
        self.closed = True
        if share := self._shares.get(os.getpid()):
            share.close()
        yield from ()


class _Share:
    """The connections of one process."""

    def __init__(self, open_stream: Open, limit: int | None = None) -> None:
        self._open = open_stream
        self._limit = limit or MAX_CONNECTIONS
        # Reentrant: garbage collected inside it may be a call that gives its connection back.
        self._lock = threading.RLock()
        self._all: list[weakref.ref[Connection]] = []
        self._idle: deque[Connection] = deque()
        self._waiting: deque[_Turn] = deque()
        self._collect_at = 0.0
        self._sweep_at = 0.0
        self._closed = False

    def take(self, patience: Patience) -> Steps[Connection]:
        """Return a connection that no other call has; in turn, where all are in use."""
        turn = _Turn()
        try:
            with self._lock:
                if not self._next() and (connection := self._free()):
                    return connection
                self._waiting.append(turn)
            patience = patience.within(patience.left("pool"))
            while turn.connection is None:
                turn.seconds = min(patience.left("pool"), _TICK)
                yield turn
                if turn.waits and time.monotonic() > self._collect_at:
                    self._collect_at = time.monotonic() + _TICK
                    gc.collect()  # an interrupted call may be garbage that nothing else finds
                with self._lock:
                    while self._next() and (connection := self._free()):
                        self.give_back(connection)
        except BaseException:
            turn.is_over = True  # first of all: an interrupt may cut short what follows
            with self._lock:
                given = turn.connection
            # Only now: until then, another call may have been giving one.
            if given:
                self.give_back(given)
            raise
        return turn.connection

    def give_back(self, connection: Connection) -> None:
        """Take back a connection, for the call that has waited longest."""
        with self._lock:
            if self._closed:
                connection.close()
            while turn := self._next():
                if turn.give(connection):
                    return
            if connection.is_open:
                self._idle.append(connection)
            else:
                self._idle.appendleft(connection)

    def close(self) -> None:
        """Close the idle connections, and keep none from now on."""
        with self._lock:
            self._closed = True
            for connection in self._idle:
                connection.close()

    def __del__(self) -> None:
        # A client that nobody closed; one that an interrupt left half made has no such attribute.
        for connection in getattr(self, "_idle", ()):
            connection.close()

    def _next(self) -> _Turn | None:
        """Return the turn of the call that has waited longest, of those that still wait."""
        while self._waiting:
            turn = self._waiting[0]
            if turn.waits:
                return turn
            # Not `popleft`: garbage collected meanwhile may have done it.
            with contextlib.suppress(ValueError):
                self._waiting.remove(turn)
        return None

    def _free(self) -> Connection | None:
        self._sweep()
        if self._idle:
            return self._idle.pop()
        if len(self._all) >= self._limit:
            self._all = [alive for alive in self._all if alive() is not None]
        if len(self._all) >= self._limit:
            return None
        connection = Connection(self._open)
        self._all.append(weakref.ref(connection))
        return connection

    def _sweep(self) -> None:
        """Close, now and then, what has been idle for too long."""
        now = time.monotonic()
        if now > self._sweep_at:
            self._sweep_at = now + KEEPALIVE_SECONDS
            for connection in self._idle:
                connection.close_if_idle_since(now - KEEPALIVE_SECONDS)


class _Turn:
    """The wait of a call for a connection that another gives back."""

    def __init__(self) -> None:
        self.connection: Connection | None = None
        self.is_over = False
        """Whether the call has ended, or its event loop."""
        self.seconds = 0.0
        self._given = threading.Lock()
        self._given.acquire()
        self._wake: Callable[[], Any] = self._given.release

    @property
    def waits(self) -> bool:
        """Whether the call still wants one."""
        return not (self.connection or self.is_over)

    def give(self, connection: Connection) -> bool:
        """Give the connection to the call that waits; say whether that worked."""
        self.connection = connection
        try:
            self._wake()
        except RuntimeError:  # its event loop is over
            self.connection = None
            self.is_over = True
            return False
        return True

    def block(self) -> None:
        """Wait in this thread."""
        heed()
        self._given.acquire(timeout=self.seconds)
        heed()

    async def wait(self) -> None:
        """Wait in the running event loop, which may not be that of the call that gives."""
        loop: Any = anyio.lowlevel.current_token().native_token
        wake = getattr(loop, "call_soon_threadsafe", None) or loop.run_sync_soon
        given = anyio.Event()
        self._wake = lambda: wake(given.set)
        with anyio.move_on_after(self.seconds):
            while self.connection is None:
                await given.wait()
