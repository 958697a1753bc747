"""What a call waits for, and the two ways to wait: blocking a thread, or awaiting.

Everything that a call does is a generator that yields its waits, so that threads, asyncio and trio
run the same code, as in psycopg 3. A wait that ends in vain raises `TimeoutError` in the generator.
"""

from __future__ import annotations

import contextlib
import math
import select
import socket
import time
from collections.abc import Generator, Mapping
from typing import Any, NamedTuple, Protocol, TypeAlias, TypeVar

import anyio

T = TypeVar("T")

READ, WRITE = "read", "write"


class Wait(Protocol):
    """Something to wait for."""

    def block(self) -> Any:
        """Wait in this thread, and return what came of it."""
        raise NotImplementedError

    async def wait(self) -> Any:
        """Wait in the running event loop, and return what came of it."""
        raise NotImplementedError


Steps: TypeAlias = Generator[Wait, Any, T]
"""What yields its waits and returns a T."""


def run(steps: Steps[T]) -> T:
    """Take the steps in this thread."""
    result: Any = None
    failure: BaseException | None = None
    try:
        wait = next(steps)
        while True:
            try:
                result = wait.block()
            except BaseException as error:  # noqa: BLE001 - the steps decide
                failure = error
            # Out here, where the failure is no context of what the steps raise.
            wait = steps.throw(failure) if failure else steps.send(result)
            failure = None
    except StopIteration as done:
        value: T = done.value
        return value
    finally:
        failure = None
        steps.close()


async def run_async(steps: Steps[T]) -> T:
    """Take the steps in the running event loop."""
    result: Any = None
    failure: BaseException | None = None
    try:
        wait = next(steps)
        while True:
            try:
                result = await wait.wait()
            except BaseException as error:  # noqa: BLE001 - cancellation too
                failure = error
            # Out here, where the failure is no context of what the steps raise.
            wait = steps.throw(failure) if failure else steps.send(result)
            failure = None
    except StopIteration as done:
        value: T = done.value
        return value
    finally:
        failure = None
        steps.close()


class Patience(NamedTuple):
    """How long the waits of one try may take.

    The purpose of a wait is one of httpx's four timeouts: `connect`, `read`, `write` or `pool`.
    """

    deadline: float
    """On `time.monotonic()`'s clock, for all of them together."""
    bounds: Mapping[str, float | None]
    """Seconds for each wait of a purpose, if any."""

    def left(self, purpose: str) -> float:
        """Return the seconds that a wait may take now.

        Raises:
            TimeoutError: none.
        """
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"{purpose} timed out")
        bound = self.bounds.get(purpose)
        # Below 0, `poll` would wait for ever.
        return left if bound is None else min(left, max(bound, 0.0))

    def within(self, seconds: float) -> Patience:
        """Return this patience, over in so many seconds at the latest."""
        return self._replace(deadline=min(self.deadline, time.monotonic() + seconds))


class Ready(NamedTuple):
    """Until a socket can be read from or written to, or has failed."""

    socket: socket.socket
    event: str
    purpose: str
    seconds: float

    def block(self) -> None:
        """Wait in this thread."""
        if not _poll(self.socket, self.event, self.seconds):
            raise TimeoutError(f"{self.purpose} timed out")

    async def wait(self) -> None:
        """Wait in the running event loop."""
        wait = anyio.wait_readable if self.event == READ else anyio.wait_writable
        with anyio.move_on_after(self.seconds) as scope:
            await wait(self.socket)
        if scope.cancelled_caught:
            raise TimeoutError(f"{self.purpose} timed out")


class Sleep(NamedTuple):
    """A pause."""

    seconds: float

    def block(self) -> None:
        """Wait in this thread."""
        time.sleep(self.seconds)

    async def wait(self) -> None:
        """Wait in the running event loop."""
        await anyio.sleep(self.seconds)


class Chunk:
    """The next part of a body that the caller streams; None behind the last."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._iterator: Any = None

    def block(self) -> bytes | None:
        """Ask in this thread."""
        self._iterator = self._iterator or iter(self._stream)
        return next(self._iterator, None)

    async def wait(self) -> bytes | None:
        """Ask in the running event loop."""
        self._iterator = self._iterator or aiter(self._stream)
        return await anext(self._iterator, None)


class LookUp(NamedTuple):
    """The addresses of a host. The system's look-up can't be cut short: a thread waits it out."""

    host: str
    port: int
    seconds: float

    def block(self) -> Any:
        """Ask in this thread."""
        return socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)

    async def wait(self) -> Any:
        """Ask beside the running event loop; an address is one without asking anybody."""
        with contextlib.suppress(socket.gaierror):
            return socket.getaddrinfo(
                self.host, self.port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
            )
        with anyio.fail_after(self.seconds):
            return await anyio.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)


def _poll(sock: socket.socket, event: str, seconds: float) -> bool:
    if not hasattr(select, "poll"):  # Windows, where `select` takes any descriptor
        reading, writing = ([sock], []) if event == READ else ([], [sock])
        return any(select.select(reading, writing, [sock], seconds))
    poller = select.poll()
    poller.register(sock, select.POLLIN if event == READ else select.POLLOUT)
    return bool(poller.poll(math.ceil(seconds * 1000)))
