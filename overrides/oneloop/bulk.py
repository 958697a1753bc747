"""The usage of many billing ids, some at a time: by threads, or by tasks of an event loop.

Ids are read as results are taken, so neither a million of them nor their usage is ever in memory.
"""

from __future__ import annotations

import contextlib
import contextvars
import os
import queue
import threading
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final, Self, TypeAlias

import attrs

from oneloop import _arrow, usage
from oneloop.errors import (
    APIConnectionError,
    APIStatusError,
    AuthenticationError,
    ConfigurationError,
    OneloopError,
    ResponseValidationError,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from oneloop._http.answer import Answer

_END: Final = object()
_OVER: Final = "results are taken inside the block of iter_billing_usage, which is over"
_AHEAD: Final = 4
"""How many results may wait to be taken while every worker is at work."""


@attrs.frozen
class UsageResult:
    """What came of one billing id: its usage, or the error in its place; the other is None."""

    billing_id: str
    """The id, as it was given."""
    usage: usage.BillingUsage | None = None
    """Its usage, checked as that of `Oneloop.get_billing_usage` is."""
    error: Exception | None = None
    """What `Oneloop.get_billing_usage` would have raised."""


Outcome: TypeAlias = UsageResult | BaseException
"""What came of one id, or what ends the whole run."""


def check(ids: object, concurrency: object) -> None:
    """Refuse what can't be many ids, or a number of workers.

    Raises:
        ConfigurationError, TypeError: it can't.
    """
    if isinstance(ids, str | bytes):
        raise TypeError(f"ids is one {type(ids).__name__}, not an iterable of billing ids")
    if isinstance(concurrency, bool) or not isinstance(concurrency, int) or concurrency < 1:
        raise ConfigurationError(f"concurrency is a whole number from 1 up, not {concurrency!r}")


@contextlib.contextmanager
def by_threads(
    call: Callable[[str, str], Answer], ids: Iterable[str], *, concurrency: int, ordered: bool
) -> Iterator[Results]:
    """Give the results of `ids`, each fetched by one of `concurrency` threads."""
    crew = _Crew(call, concurrency)
    results = Results(_results(crew, iter(ids), _Line(concurrency, ordered=ordered)))
    try:
        yield results
    except Exception as error:
        if results.failure is None or str(results.failure) not in str(error):
            raise
        # What read the stream knows its text alone. Its cause is its own.
        raise results.failure  # noqa: B904
    finally:
        crew.dismiss()


@contextlib.asynccontextmanager
async def by_tasks(
    call: Callable[[str, str], Awaitable[Answer]],
    ids: Iterable[str] | AsyncIterable[str],
    *,
    concurrency: int,
    ordered: bool,
) -> AsyncIterator[AsyncIterator[UsageResult]]:
    """Give the results of `ids`, each fetched by one of `concurrency` tasks."""
    import anyio  # noqa: PLC0415 - not with the package

    results = _AsyncResults(call, ids, _Line(concurrency, ordered=ordered))
    failure: BaseException | None = None
    async with anyio.create_task_group() as group:
        try:
            for _ in range(concurrency):
                group.start_soon(results.work, group.cancel_scope.cancel)
            yield results
        except anyio.get_cancelled_exc_class():
            raise
        except BaseException as error:  # noqa: BLE001 - it is raised as itself, not in a group
            failure = error
        finally:
            results.close()
            group.cancel_scope.cancel()
    if failure := failure or results.interruption:
        raise failure


class Results(Iterator[UsageResult]):
    """The results of many billing ids as they come; also an Arrow stream of all their rows.

    The stream has the columns of a `BillingUsage`'s. It is read once, and inside the block; an id's
    error ends it.
    """

    def __init__(self, results: Iterator[UsageResult]) -> None:
        self._results = results
        self._is_begun = False
        self.failure: BaseException | None = None
        """What ended the stream, if it was an error: what reads the stream knows its text alone."""

    def __next__(self) -> UsageResult:
        self._is_begun = True
        return next(self._results)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return _arrow.stream(self._parts(), requested_schema, self._failed)

    def _failed(self, error: BaseException) -> None:
        self.failure = error

    def _parts(self) -> Iterator[Iterable[usage.UsageRow]]:
        if self._is_begun:
            raise OneloopError("a stream has all results, and some were taken: begin a run anew")
        for result in self:
            if result.error is not None:
                raise result.error
            yield result.usage or ()


class _Line:
    """The ids that were read and whose results weren't taken: how many, and whose turn it is."""

    def __init__(self, concurrency: int, *, ordered: bool) -> None:
        self._limit = concurrency + _AHEAD
        self._ordered = ordered
        self._read = 0
        self._taken = 0
        self._ready: dict[int, Outcome] = {}

    @property
    def has_room(self) -> bool:
        """Whether another id may be read."""
        return self._read - self._taken < self._limit

    @property
    def is_empty(self) -> bool:
        """Whether the result of each id that was read is taken."""
        return self._read == self._taken

    def join(self) -> int:
        """Return the number of another id, from 0."""
        self._read += 1
        return self._read - 1

    def put(self, number: int, outcome: Outcome) -> None:
        """Take what came of an id by its number."""
        self._ready[number if self._ordered else self._taken + len(self._ready)] = outcome

    def take(self) -> UsageResult | None:
        """Return the next result, if it is there.

        Raises:
            BaseException: what ends the run.
        """
        outcome = self._ready.pop(self._taken, None)
        if isinstance(outcome, BaseException):
            raise outcome
        self._taken += outcome is not None
        return outcome


class _Crew:
    """Threads that fetch, begun as there is work for them."""

    def __init__(self, call: Callable[[str, str], Answer], size: int) -> None:
        from oneloop._http.waits import Stop  # noqa: PLC0415 - it brings anyio along

        self._call = call
        self._size = size
        self._stop = Stop()
        self._tasks: queue.SimpleQueue[tuple[int, str] | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._pid = os.getpid()
        self._is_ending = False
        self._done: queue.SimpleQueue[tuple[int, Outcome] | None] = queue.SimpleQueue()

    def give(self, number: int, bid: str) -> None:
        """Have an id fetched."""
        self._require_here()
        if len(self._threads) < self._size:
            context = contextvars.copy_context()
            thread = threading.Thread(
                target=context.run, args=[self._work], name="oneloop bulk", daemon=True
            )
            self._threads.append(thread)
            thread.start()
        self._tasks.put((number, bid))

    def take(self) -> tuple[int, Outcome]:
        """Wait for what comes of any id."""
        self._require_here()
        if (done := self._done.get()) is None:
            raise OneloopError(_OVER)
        return done

    def dismiss(self) -> None:
        """End the threads; what they wait for ends with them, but for a look-up of a host."""
        self._stop.set()
        self._done.put(None)
        for _ in self._threads:
            self._tasks.put(None)
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()
        self._stop.close()

    def _require_here(self) -> None:
        if self._stop.is_set:
            raise OneloopError(_OVER)
        if self._pid != os.getpid():
            raise OneloopError("a forked process has none of the threads that fetch: begin anew")

    def _work(self) -> None:
        from oneloop._http.waits import Stopped  # noqa: PLC0415

        with self._stop.heeded(), contextlib.suppress(Stopped):
            while (task := self._tasks.get()) and not (self._stop.is_set or self._is_ending):
                number, bid = task
                outcome: Outcome
                try:
                    outcome = self._fetch(bid)
                except Stopped:
                    raise
                except BaseException as error:  # noqa: BLE001 - or results would be waited for
                    outcome = error
                if isinstance(outcome, BaseException):
                    self._is_ending = True  # no id behind it; those before are under way
                self._done.put((number, outcome))

    def _fetch(self, bid: str) -> Outcome:
        line = _request_line(bid)
        if isinstance(line, UsageResult):
            return line
        try:
            return UsageResult(bid, usage.decode(self._call(*line), bid))
        except Exception as error:  # noqa: BLE001 - whoever takes the results meets it
            return _outcome(bid, error)


def _results(crew: _Crew, ids: Iterator[str], line: _Line) -> Iterator[UsageResult]:
    """Yield the results, and read an id for each in the thread that takes them."""
    failure: Exception | None = None
    is_over = False
    while not (is_over and line.is_empty):
        while line.has_room and not is_over:
            try:
                bid = next(ids)
            except StopIteration:
                is_over = True
            except Exception as error:  # noqa: BLE001 - behind the results that are on their way
                failure, is_over = error, True
            else:
                crew.give(line.join(), bid)
        if not line.is_empty:
            line.put(*crew.take())
            while result := line.take():
                yield result
    if failure:
        raise failure


class _AsyncResults:
    """The results of tasks that read the ids themselves, one after another."""

    def __init__(
        self,
        call: Callable[[str, str], Awaitable[Answer]],
        ids: Iterable[str] | AsyncIterable[str],
        line: _Line,
    ) -> None:
        import anyio  # noqa: PLC0415

        self._call = call
        self._ids: Any = aiter(ids) if isinstance(ids, AsyncIterable) else iter(ids)
        self._line = line
        self._reading = anyio.Lock()
        self._room = anyio.Event()
        self._news = anyio.Event()
        self._event = anyio.Event
        self._is_cancelled: Any = anyio.get_cancelled_exc_class()
        self._is_over = False
        self._is_closed = False
        self._has_raised = False
        self._failure: Exception | None = None
        self.interruption: BaseException | None = None

    def __aiter__(self) -> Self:
        return self

    def close(self) -> None:
        """Give no more results."""
        self._is_closed = True
        self._news.set()

    async def __anext__(self) -> UsageResult:
        while True:
            if self._is_closed:
                raise OneloopError(_OVER)
            if self._has_raised:
                raise StopAsyncIteration
            if result := self._take():
                return result
            if self._is_over and self._line.is_empty:
                self._has_raised = True
                if self._failure:
                    raise self._failure
                raise StopAsyncIteration
            if self._news.is_set():  # others may wait for the one there is
                self._news = self._event()
            await self._news.wait()

    def _take(self) -> UsageResult | None:
        try:
            result = self._line.take()
        except BaseException:
            self._is_over = self._has_raised = True
            self._room.set()
            self._news.set()
            raise
        if result:
            self._room.set()
            if self._is_over and self._line.is_empty:
                self._news.set()  # for others who wait for one more
        return result

    async def work(self, cancel: Callable[[], None]) -> None:
        """Fetch one id after another, until there is none; `cancel` ends the whole run."""
        try:
            while (task := await self._next()) is not None:
                number, bid = task
                outcome = await self._fetch(bid)
                if isinstance(outcome, BaseException):
                    self._is_over = True  # no id behind it; those before are under way
                self._line.put(number, outcome)
                self._news.set()
        except (self._is_cancelled, GeneratorExit):
            raise
        except BaseException as error:  # noqa: BLE001 - it is raised as itself, not in a group
            self.interruption = error
            cancel()

    async def _next(self) -> tuple[int, str] | None:
        async with self._reading:
            while not (self._line.has_room or self._is_over):
                self._room = self._event()
                await self._room.wait()
            if self._is_over:
                return None
            bid: Any = None
            try:
                is_async = isinstance(self._ids, AsyncIterator)
                bid = await anext(self._ids, _END) if is_async else next(self._ids, _END)
            except Exception as error:  # noqa: BLE001 - behind the results that are on their way
                bid, self._failure = _END, error
            if bid is not _END:
                return self._line.join(), bid
            self._is_over = True
            self._news.set()
            return None

    async def _fetch(self, bid: str) -> Outcome:
        line = _request_line(bid)
        if isinstance(line, UsageResult):
            return line
        try:
            return UsageResult(bid, usage.decode(await self._call(*line), bid))
        except Exception as error:  # noqa: BLE001 - whoever takes the results meets it
            return _outcome(bid, error)


def _request_line(bid: str) -> tuple[str, str] | UsageResult:
    try:
        return usage.request_line(bid)
    except (TypeError, ValueError) as error:
        return UsageResult(bid, error=error)


def _outcome(bid: str, error: Exception) -> Outcome:
    """Return the error as the id's, or itself where it would come of every id."""
    of_one_id = isinstance(error, APIStatusError | APIConnectionError | ResponseValidationError)
    if of_one_id and not isinstance(error, AuthenticationError):
        return UsageResult(bid, error=error)
    return error
