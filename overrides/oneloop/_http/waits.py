"""What a call waits for, and the two ways to wait: blocking a thread, or awaiting.

Everything that a call does is a generator that yields its waits, so that threads, asyncio and trio
run the same code, as in psycopg 3. A wait that ends in vain raises `TimeoutError` in the generator.
"""

from __future__ import annotations

import contextlib
import math
import select
import socket
import threading
import time
from collections.abc import Generator, Iterator, Mapping
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
            wait = steps.send(result) if failure is None else steps.throw(failure)
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
            wait = steps.send(result) if failure is None else steps.throw(failure)
            failure = None
    except StopIteration as done:
        value: T = done.value
        return value
    finally:
        failure = None
        steps.close()


class Stopped(BaseException):
    """The thread was told to stop while it waited."""


class Stop:
    """What ends the waits of the threads that heed it, whatever they wait for but a look-up."""

    def __init__(self) -> None:
        self._ended, self._end = socket.socketpair()
        self.is_set = False

    def set(self) -> None:
        """End the waits, those under way and those to come."""
        self.is_set = True
        self._end.close()

    def close(self) -> None:
        """Free what it has of the system, when no thread heeds it any more."""
        self._end.close()
        self._ended.close()

    @contextlib.contextmanager
    def heeded(self) -> Iterator[None]:
        """Have the waits of this thread end with it, in `Stopped`."""
        _heeded.stop = self
        try:
            yield
        finally:
            del _heeded.stop

    def fileno(self) -> int:
        """Return what can be read from once it is set."""
        return self._ended.fileno()


_heeded = threading.local()


def heed() -> Stop | None:
    """Return what this thread heeds, if anything.

    Raises:
        Stopped: it is set.
    """
    stop: Stop | None = getattr(_heeded, "stop", None)
    if stop and stop.is_set:
        raise Stopped
    return stop


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
        bound = self.bounds.get(purpose)
        left = left if bound is None else min(left, bound)
        if left <= 0:
            raise TimeoutError(f"{purpose} timed out")
        return left

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
        if stop := heed():
            _poll(stop, READ, self.seconds)
            heed()
        else:
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


def _poll(sock: socket.socket | Stop, event: str, seconds: float) -> bool:
    stop = heed()
    stops: list[socket.socket | Stop] = [stop] if stop and stop is not sock else []
    if not hasattr(select, "poll"):  # Windows, where `select` takes any descriptor
        reading, writing = ([sock], []) if event == READ else ([], [sock])
        ready = any(select.select([*reading, *stops], writing, [sock], seconds))
    else:
        poller = select.poll()
        poller.register(sock, select.POLLIN if event == READ else select.POLLOUT)
        for each in stops:
            poller.register(each, select.POLLIN)
        ready = bool(poller.poll(math.ceil(seconds * 1000)))
    heed()
    return ready
