"""One run: fetch, fill a batch, write it."""

from __future__ import annotations

import contextlib
import datetime
import itertools
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final

import attrs

from oneloop.bulk import UsageResult
from oneloop.client import Oneloop
from oneloop.errors import ConfigurationError, DatabaseError, ResponseValidationError, excerpt
from oneloop.sync.store import Batch, Store, Written
from oneloop.sync.target import open_store
from oneloop.usage import BillingUsage, request_line

_ROWS: Final = 30_000
_SECONDS: Final = 5.0
"""A batch is written when it has so many rows, or began so long ago."""
_LOOKED_UP: Final = 1_000
"""How many ids are looked up at a time, at most, where some may have been fetched already."""


@attrs.define
class SyncResult:
    """What a run did, in numbers."""

    ids: int = 0
    """Billing ids whose usage was stored."""
    pending: int = 0
    """Billing ids whose usage is fetched and not stored yet: none at the end."""
    skipped: int = 0
    """Billing ids whose usage is younger than `max_age`: they weren't asked for."""
    failed: int = 0
    """Billing ids that gave an error in place of usage."""
    new: int = 0
    """Rows that weren't there before."""
    restated: int = 0
    """Rows whose total is another one now; what it was is in the history."""
    gone: int = 0
    """Rows that the API no longer gives. They stay, unless they are pruned."""


def sync(
    client: Oneloop,
    ids: Iterable[str],
    target: str | Path,
    *,
    concurrency: int = 16,
    rate: float | None = None,
    max_age: float | None = None,
    prune: bool = False,
    on_failure: Callable[[UsageResult], object] | None = None,
    on_progress: Callable[[SyncResult], object] | None = None,
) -> SyncResult:
    """Fetch the usage of `ids` and store it, a batch in one transaction.

    A run that was ended at any moment leaves whole batches; run again, it leads to the same state
    as one that wasn't. The same usage again changes no row.

    Args:
        client: fetches; its `timeout` and `max_retries` hold for each id.
        ids: the billing ids, any iterable, read as results come.
        target: a file `*.duckdb`, made if it isn't there (extra `duckdb`), or `postgresql://…` as
            libpq has it, `PGPASSWORD` and `~/.pgpass` included (extra `postgres`).
        concurrency: how many ids are fetched at a time.
        rate: requests a second, retries counted; None for no limit.
        max_age: seconds; ids whose usage was stored since, and that didn't fail since, aren't asked
            for.
        prune: whether rows that the API no longer gives move to the history.
        on_failure: called with each id's result that is an error.
        on_progress: called with the counts so far, after each id and each batch.

    Raises:
        ConfigurationError: an option isn't usable, or the extra isn't installed.
        DatabaseError: the database can't be used, or another run is at work there.
        AuthenticationError: the key isn't valid; what came before is stored.
        Exception: what `ids` raises; what came before is stored.
    """
    check_age(max_age)
    with open_store(target) as store, working(store) as thread:
        return fill(
            *(store, thread, client, ids),
            concurrency=concurrency,
            rate=rate,
            max_age=max_age,
            prune=prune,
            on_failure=on_failure,
            on_progress=on_progress,
        )


def fill(
    store: Store,
    thread: Executor,
    client: Oneloop,
    ids: Iterable[str],
    *,
    concurrency: int,
    rate: float | None,
    max_age: float | None,
    prune: bool,
    on_failure: Callable[[UsageResult], object] | None,
    on_progress: Callable[[SyncResult], object] | None,
) -> SyncResult:
    """Fetch the usage of `ids` into an open database; see `sync`."""
    if not isinstance(client, Oneloop):
        raise TypeError(f"the client is an Oneloop, not {type(client).__name__}")
    run = _Run(store, thread, prune=prune, on_failure=on_failure, on_progress=on_progress)
    wanted = ids if max_age is None else run.stale(ids, max_age)
    with client.iter_billing_usage(wanted, concurrency=concurrency, rate=rate) as results:
        run.store(results)
    return run.counts


def check_age(max_age: float | None) -> None:
    """Refuse what is no age.

    Raises:
        ConfigurationError: it isn't.
    """
    if max_age is not None and not 0 <= max_age < float("inf"):
        raise ConfigurationError(f"max_age is seconds, 0 or more, not {max_age!r}")


@contextlib.contextmanager
def working(store: Store) -> Iterator[Executor]:
    """Give the one thread that uses the database; what ends the block ends its work.

    So a batch is written while the next is fetched, and an exception from a signal's handler is
    never DuckDB's to lose: it checks for signals while it works, and says that it was interrupted.
    """
    with ThreadPoolExecutor(1, "oneloop sync") as thread:
        try:
            yield thread
        except BaseException:
            store.interrupt()
            raise


class _Run:
    """One run: the batch that is being filled, the one that is being written, and the counts."""

    def __init__(
        self,
        store: Store,
        thread: Executor,
        *,
        prune: bool,
        on_failure: Callable[[UsageResult], object] | None,
        on_progress: Callable[[SyncResult], object] | None,
    ) -> None:
        self._store = store
        self._thread = thread
        self._prune = prune
        self._on_failure = on_failure
        self._on_progress = on_progress
        self._writing: Future[Written] | None = None
        self._batch = Batch()
        self._began = time.monotonic()
        self.counts = SyncResult()

    def stale(self, ids: Iterable[str], max_age: float) -> Iterator[str]:
        """Yield the ids whose usage isn't there, or is older than `max_age` seconds."""
        for some in _chunks(ids):
            known = [bid for bid in some if _is_id(bid)]
            fresh = self._thread.submit(self._store.fresh, known, max_age).result()
            for bid in some:
                if isinstance(bid, str) and bid in fresh:
                    self.counts.skipped += 1
                else:
                    yield bid
            self._tell()

    def store(self, results: Iterable[UsageResult]) -> None:
        """Store the results as they come; what came before an error, too."""
        try:
            for result in results:
                self._take(result)
        except DatabaseError:
            raise
        except Exception:
            self._finish()
            raise
        self._finish()

    def _take(self, result: UsageResult) -> None:
        result = storable(result)
        if not isinstance(result.error, TypeError | ValueError):  # else it is no billing id
            if result.billing_id in self._batch.asked:
                self._write()
            self._batch.add(result)
        if result.error is None:
            self.counts.pending += 1
        else:
            self.counts.failed += 1
            if self._on_failure:
                self._on_failure(result)
        self._tell()
        if self._writing and self._writing.done():
            self._settle()
        now = time.monotonic()
        if len(self._batch.rows) >= _ROWS or now - self._began >= _SECONDS:
            self._write()

    def _write(self) -> None:
        """Begin to write the batch, once the one before is written."""
        self._settle()
        if self._batch.asked:
            self._writing = self._thread.submit(self._store.write, self._batch, prune=self._prune)
        self._batch = Batch()
        self._began = time.monotonic()

    def _settle(self) -> None:
        """Wait for the batch that is being written."""
        if self._writing:
            written = self._writing.result()
            self._writing = None
            self.counts.ids += written.ids
            self.counts.pending -= written.ids
            self.counts.new += written.new
            self.counts.restated += written.restated
            self.counts.gone += written.gone
            self._tell()

    def _finish(self) -> None:
        self._write()
        self._settle()

    def _tell(self) -> None:
        if self._on_progress:
            self._on_progress(self.counts)


def _chunks(ids: Iterable[str]) -> Iterator[list[str]]:
    """Yield the ids, ever more at a time; an error of theirs comes behind what came before it."""
    unread = iter(ids)
    size = 1  # ids that come slowly aren't waited for
    failure: Exception | None = None
    while failure is None:
        some: list[str] = []
        try:
            for bid in itertools.islice(unread, size):
                some.append(bid)  # noqa: PERF402 - what came before an error is kept
        except Exception as error:  # noqa: BLE001 - raised below
            failure = error
        if not some:
            break
        yield some
        size = min(2 * size, _LOOKED_UP)
    if failure:
        raise failure


def _is_id(bid: str) -> bool:
    try:
        request_line(bid)
    except (TypeError, ValueError):
        return False
    return True


def storable(result: UsageResult) -> UsageResult:
    """Return the result, or an error in its place where its rows can't be stored."""
    if result.usage is not None and (fault := _fault(result.usage)):
        return UsageResult(result.billing_id, error=fault)
    return result


def _fault(usage: BillingUsage) -> ResponseValidationError | None:
    """Return what keeps the rows from a database: two with one key, or NUL in a text."""
    first: dict[tuple[datetime.date, str], int] = {}
    for index, row in enumerate(usage):
        where = f"$.data[{index}]"
        if first.setdefault((row.day, row.name), index) != index:
            got = f"those of $.data[{first[row.day, row.name]}] again"
            return _unstorable(usage, where, "one row for each day and name", got)
        if "\0" in row.name:
            return _unstorable(usage, f"{where}.billingUsageName", "a text without NUL", "one with")
    return None


def _unstorable(
    usage: BillingUsage, where: str, expected: str, got: str
) -> ResponseValidationError:
    what = f"the usage of {excerpt(usage.billing_id)} can't be stored"
    request_id = usage.response.request_id if usage.response else None
    return ResponseValidationError(
        what, where=where, expected=expected, got=got, request_id=request_id
    )
