"""The run, where the cluster is used from: hands out partitions and adds up what comes of them."""

from __future__ import annotations

import contextlib
import itertools
import pickle
import shutil
import uuid
from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from oneloop.bulk import UsageResult
from oneloop.client import Oneloop
from oneloop.cluster.worker import Outcome, Partition, Run, end, work
from oneloop.errors import ConfigurationError, OneloopError, excerpt, missing_extra
from oneloop.sync import SyncResult
from oneloop.sync.target import is_server

if TYPE_CHECKING:
    import distributed


def sync(
    client: Oneloop,
    ids: Iterable[str],
    target: str | Path,
    *,
    dask_client: distributed.Client,
    concurrency: int = 16,
    rate: float | None = None,
    max_age: float | None = None,
    prune: bool = False,
    partition_size: int = 1_000,
    at_once: int | None = None,
    on_failure: Callable[[UsageResult], object] | None = None,
) -> SyncResult:
    """Fetch the usage of `ids` by the workers of a cluster, and store it.

    What a killed worker was at is done anew by another. However the run ends, what is under way on
    the workers ends with it.

    Args:
        client: its options hold on the workers. Its key goes there only with `pickle_api_key`; else
            each worker needs `ONELOOP_API_KEY`.
        ids: the billing ids, any iterable, read as partitions are done. Each is fetched once.
        target: a folder that isn't there yet, where all workers see it. It gets the files
            `part-00000.parquet` and so on, each sorted by billing id, day and name, and appears
            when all are whole. Or `postgresql://…`, as for `oneloop.sync.sync`.
        dask_client: the cluster.
        concurrency: how many ids of a partition are fetched at a time.
        rate: requests a second of all workers together, retries counted; None for no limit. Each
            partition gets a whole number of them: best is a multiple of `at_once`.
        max_age: seconds; ids whose usage was stored since aren't asked for. PostgreSQL alone.
        prune: whether rows that the API no longer gives move to the history. PostgreSQL alone.
        partition_size: how many ids a worker gets at a time.
        at_once: how many partitions are under way: one a worker that there is now, unless given.
        on_failure: called with each id's result that is an error.

    Returns:
        The counts. For a folder, `new` are its rows.

    Raises:
        ConfigurationError: an option isn't usable, here or on a worker.
        AuthenticationError: the key isn't valid.
        DatabaseError: the database can't be used, or another run is at work there.
        OneloopError: the folder can't be written, or the cluster lost a partition for good.
        Exception: what `ids` raises.
    """
    at_once = _checked(dask_client, partition_size, at_once)
    client.iter_billing_usage(ids, concurrency=concurrency, rate=rate)  # checks them
    at_once, share = _shares(at_once, rate)
    options: dict[str, Any] = {"concurrency": concurrency, "rate": share}
    total = SyncResult()
    with contextlib.ExitStack() as stack:
        if is_server(target):
            options |= {"max_age": max_age, "prune": prune}
        elif (
            "://" in str(target) or str(target).endswith(".duckdb") or max_age is not None or prune
        ):
            raise ConfigurationError(
                "a target is a folder, without max_age and prune, or a database postgresql://…"
            )
        else:
            target = stack.enter_context(_new_folder(Path(target).absolute()))
        run = Run(f"oneloop-{uuid.uuid4().hex}", pickle.dumps(client), target, options)
        partitions = _partitions(run, ids, partition_size)
        outcomes = _outcomes(dask_client, run, partitions, at_once)
        for counts, failures in stack.enter_context(contextlib.closing(outcomes)):
            _add(total, counts)
            for failure in failures:
                if on_failure:
                    on_failure(failure)
    return total


def _checked(dask_client: Any, partition_size: int, at_once: int | None) -> int:
    """Return how many partitions may be under way."""
    try:
        import distributed  # noqa: PLC0415 - an extra
    except ImportError:
        raise missing_extra("Dask", "dask") from None
    if not isinstance(dask_client, distributed.Client) or dask_client.asynchronous:
        raise ConfigurationError("dask_client must be a distributed.Client, and not asynchronous")
    if at_once is None:
        with _cluster():
            at_once = max(1, len(dask_client.scheduler_info(n_workers=-1)["workers"]))
    for name, value in (("partition_size", partition_size), ("at_once", at_once)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ConfigurationError(f"{name} is a whole number from 1 up, not {value!r:.40}")
    return at_once


def _shares(at_once: int, rate: float | None) -> tuple[int, float | None]:
    """Return how many partitions may be under way, and the rate of each.

    Who asks n times a second, evenly spaced, does so n times in any second if n is whole; else once
    more in some, which for many at once would be more than `rate`.
    """
    if rate is None or rate < 2:
        return (at_once if rate is None else 1), rate
    at_once = min(at_once, int(rate))
    return at_once, float(rate // at_once)


@contextlib.contextmanager
def _new_folder(target: Path) -> Iterator[Path]:
    """Give a folder beside `target` that takes its name when all went well."""
    beside = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
    with _writing(target):
        if target.exists():
            raise ConfigurationError(
                f"{excerpt(str(target))} is there already: each run makes a folder of its own"
            )
        beside.mkdir()
    try:
        yield beside
        with _writing(target):
            for unfinished in beside.glob(".*"):  # of workers that were killed
                unfinished.unlink()
            beside.rename(target)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


@contextlib.contextmanager
def _writing(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where = excerpt(str(target))
        raise OneloopError(f"{where} can't be written: {error.strerror}") from error


def _partitions(run: Run, ids: Iterable[str], size: int) -> Iterator[Partition]:
    """Yield the ids in partitions, each id once; a partition of none if there is no id."""
    distinct = _distinct(ids)
    for number in itertools.count():
        some = list(itertools.islice(distinct, size))
        if some or number == 0:
            yield Partition(run, number, some)
        if len(some) < size:
            return


def _distinct(ids: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for bid in ids:
        if not isinstance(bid, str) or bid not in seen:  # what isn't one becomes an error there
            yield bid
        if isinstance(bid, str):
            seen.add(bid)


def _outcomes(
    dask_client: Any, run: Run, partitions: Iterator[Partition], at_once: int
) -> Generator[tuple[SyncResult, list[UsageResult]]]:
    """Yield what comes of each partition, and leave none on the cluster."""
    import distributed  # noqa: PLC0415

    line = distributed.as_completed(loop=dask_client.loop)
    under_way = set()

    def submit(some: Iterable[Partition]) -> None:
        for partition in some:
            key = f"{run.name}-{partition.number}"
            with _cluster():
                future = dask_client.submit(work, partition, key=key, pure=False)
            under_way.add(future)
            line.add(future)

    try:
        submit(itertools.islice(partitions, at_once))
        for future in line:
            under_way.discard(future)
            outcome = _outcome(future)
            submit(itertools.islice(partitions, 1))
            yield outcome
    finally:
        with contextlib.suppress(Exception):  # the cluster may be what is gone
            dask_client.cancel(list(under_way))
            dask_client.run(end, run.name, on_error="ignore")


def _outcome(future: Any) -> tuple[SyncResult, list[UsageResult]]:
    with _cluster():
        outcome: Outcome = future.result()
    if isinstance(outcome, OneloopError):
        raise outcome
    return outcome


@contextlib.contextmanager
def _cluster() -> Iterator[None]:
    """Tell what went wrong with the cluster, rather than on a worker."""
    try:
        yield
    except Exception as error:
        what = f"{type(error).__name__}: {excerpt(str(error))}"
        raise OneloopError(f"the Dask cluster failed: {what}") from error


def _add(total: SyncResult, counts: SyncResult) -> None:
    for name in attrs.fields_dict(SyncResult):
        setattr(total, name, getattr(total, name) + getattr(counts, name))
