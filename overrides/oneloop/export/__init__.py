"""Usage into a file for other programs: Parquet, CSV or JSON lines, written by DuckDB.

The file has the columns `billing_id`, `day`, `name` and `total`, and is sorted by the first three.
Totals are decimals in Parquet (38 digits), digits in CSV, and strings in JSON lines, which programs
would else read as floats. It is written beside its place and renamed: it is whole, or as it was.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from oneloop.bulk import UsageResult
from oneloop.client import Oneloop
from oneloop.errors import ConfigurationError
from oneloop.sync.run import SyncResult, check_age, fill, working
from oneloop.sync.target import is_file, open_file, open_server, patiently, require_text

if TYPE_CHECKING:
    from oneloop.export.work import WorkStore

__all__ = ["ExportResult", "export", "export_database"]

_SUFFIXES = (".parquet", ".csv", ".jsonl")
_MANY = 30_000
"""Rows that are read from a server at a time."""


@attrs.frozen
class ExportResult:
    """What is in the file, and what isn't."""

    ids: int
    """Billing ids whose usage is in it."""
    failed: int
    """Billing ids that gave an error in place of usage."""
    rows: int
    """Rows in it."""


def export(
    client: Oneloop,
    ids: Iterable[str],
    out: str | Path,
    *,
    concurrency: int = 16,
    rate: float | None = None,
    max_age: float = 6 * 3600.0,
    spreadsheet: bool = False,
    on_failure: Callable[[UsageResult], object] | None = None,
    on_progress: Callable[[SyncResult], object] | None = None,
) -> ExportResult:
    """Fetch the usage of `ids` and write it to a file.

    Until all of it is in the file, `OUT.part.duckdb` beside it keeps what was fetched: where a run
    was ended, or ids failed, the next run goes on. Of an id that failed, nothing is in the file.

    Args:
        client: fetches; its `timeout` and `max_retries` hold for each id.
        ids: the billing ids, any iterable, read as results come.
        out: the file, `*.parquet`, `*.csv` or `*.jsonl`; replaced if it is there.
        concurrency: how many ids are fetched at a time.
        rate: requests a second, retries counted; None for no limit.
        max_age: seconds; what a run that was ended fetched since isn't asked for again.
        spreadsheet: CSV with an apostrophe before all that a spreadsheet takes for a formula.
        on_failure: called with each id's result that is an error.
        on_progress: called with the counts so far, after each id and each batch.

    Raises:
        ConfigurationError: an option isn't usable, or the extra `duckdb` isn't installed.
        DatabaseError: the file can't be written, or another run writes it.
        AuthenticationError: the key isn't valid; the file is as it was.
        Exception: what `ids` raises; the file is as it was.
    """
    check_age(max_age)
    with _opened(out, spreadsheet=spreadsheet) as (work, thread):
        counts = fill(
            *(work, thread, client, ids),
            concurrency=concurrency,
            rate=rate,
            max_age=max_age,
            prune=True,
            on_failure=on_failure,
            on_progress=on_progress,
        )
        rows = thread.submit(work.copy_asked).result()
        work.is_done = not counts.failed
    return ExportResult(ids=counts.ids + counts.skipped, failed=counts.failed, rows=rows)


def export_database(source: str | Path, out: str | Path, *, spreadsheet: bool = False) -> int:
    """Write the usage in a database that `oneloop.sync` filled to a file; return how many rows.

    Args:
        source: a file `*.duckdb`, or `postgresql://…` (extra `postgres`).
        out: the file, `*.parquet`, `*.csv` or `*.jsonl`; replaced if it is there.
        spreadsheet: CSV with an apostrophe before all that a spreadsheet takes for a formula.

    Raises:
        ConfigurationError: an option isn't usable, or an extra isn't installed.
        DatabaseError: the database can't be read, or the file can't be written.
    """
    of_file = is_file(source)
    with _opened(out, spreadsheet=spreadsheet) as (work, thread):
        work.is_done = True  # nothing is fetched that another run could go on with
        if of_file:
            open_file(source, read_only=True).close()  # its tables are looked at
            rows = thread.submit(work.copy_file, str(source)).result()
        else:
            with open_server(source, read_only=True) as server:
                rows = thread.submit(work.copy_rows, server.read(_MANY)).result()
    return rows


@contextlib.contextmanager
def _opened(out: str | Path, *, spreadsheet: bool) -> Iterator[tuple[WorkStore, Executor]]:
    """Give a database beside the file, and the thread that uses it."""
    path = Path(out)
    if path.suffix not in _SUFFIXES:
        raise ConfigurationError(f"a file is {' or '.join('*' + each for each in _SUFFIXES)}")
    if spreadsheet and path.suffix != ".csv":
        raise ConfigurationError("a file for spreadsheets is a *.csv")
    require_text("a file", str(path))
    if not os.path.isdir(path.parent):  # noqa: PTH112 - False where the folder is somebody else's
        raise ConfigurationError(f"{path.parent}: there is no such folder")
    if os.path.exists(path) and not os.path.isfile(path):  # noqa: PTH110, PTH113 - as above
        raise ConfigurationError(f"{path}: is no file that could be replaced: name another")
    from oneloop.export.work import WorkStore  # noqa: PLC0415 - an extra

    work = patiently(lambda: WorkStore(path, spreadsheet=spreadsheet))
    with work, working(work) as thread:
        yield work, thread
