"""What a worker does with a partition of billing ids: fetches and stores it."""

from __future__ import annotations

import pickle
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeAlias

import attrs

from oneloop.bulk import UsageResult
from oneloop.client import Oneloop
from oneloop.errors import ConfigurationError, OneloopError, excerpt, missing_extra
from oneloop.sync import SyncResult
from oneloop.sync import sync as into_database
from oneloop.sync.run import storable
from oneloop.usage import BillingUsage

Outcome: TypeAlias = tuple[SyncResult, list[UsageResult]] | OneloopError
"""The counts and the failures of a partition, or what ends the run."""

_clients: Final[dict[str, Oneloop | None]] = {}
"""This worker's client of each run; None when the run is over."""
_lock: Final = threading.Lock()


@attrs.frozen
class Run:
    """What all partitions have in common. Dask may log and show it, so its `repr` says nothing."""

    name: str
    client: bytes = attrs.field(repr=False)
    target: str | Path = attrs.field(repr=False)
    options: dict[str, Any] = attrs.field(repr=False)


@attrs.frozen
class Partition:
    """Some of the billing ids."""

    run: Run
    number: int
    ids: list[str] = attrs.field(repr=False)


def work(partition: Partition) -> Outcome:
    """Fetch and store a partition. An error is returned: Dask would log one that is raised."""
    try:
        client = _client(partition.run)
        if rate := partition.run.options["rate"]:
            time.sleep(1 / rate)  # after the last request of the partition before
        return _stored(client, partition)
    except ConfigurationError as error:
        return ConfigurationError(f"on a worker: {error}")
    except OneloopError as error:
        return error
    except Exception as error:  # noqa: BLE001 - it may not pickle
        return OneloopError(f"on a worker: {type(error).__name__}: {excerpt(str(error))}")


def end(name: str) -> None:
    """Close this worker's client of a run: calls of it that are still made fail."""
    with _lock:
        client, _clients[name] = _clients.get(name), None
    if client:
        client.close()


def _client(run: Run) -> Oneloop:
    with _lock:
        if run.name not in _clients:
            _clients[run.name] = pickle.loads(run.client)  # noqa: S301 - we pickled it
        client = _clients[run.name]
    if client is None:
        raise OneloopError("the run is over")
    return client


def _stored(client: Oneloop, partition: Partition) -> tuple[SyncResult, list[UsageResult]]:
    run, failures = partition.run, list[UsageResult]()
    if isinstance(run.target, Path):
        counts = _write_part(client, partition, failures.append)
    else:
        counts = into_database(
            client, partition.ids, run.target, on_failure=failures.append, **run.options
        )
    return counts, failures


def _write_part(
    client: Oneloop, partition: Partition, on_failure: Callable[[UsageResult], object]
) -> SyncResult:
    """Write the usage of a partition into a file, whole or not at all."""
    try:
        from pyarrow import concat_tables, parquet, table  # noqa: PLC0415 - an extra
    except ImportError:
        raise missing_extra("pyarrow", "dask") from None
    counts = SyncResult()
    tables = [table(BillingUsage("of none", ()))]
    with client.iter_billing_usage(partition.ids, **partition.run.options) as results:
        for result in map(storable, results):
            if result.usage is None:
                counts.failed += 1
                on_failure(result)
            else:
                counts.ids += 1
                counts.new += len(result.usage)
                tables.append(table(result.usage))
    path = Path(partition.run.target, f"part-{partition.number:05}.parquet")
    beside = path.with_name(f".{uuid.uuid4().hex}")
    key = [(name, "ascending") for name in ("billing_id", "day", "name")]
    parquet.write_table(concat_tables(tables).sort_by(key), beside)
    beside.replace(path)
    return counts
