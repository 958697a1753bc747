"""The embedded engine: a file of DuckDB, which one process opens at a time."""

from __future__ import annotations

import contextlib
import os
import re
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from oneloop.errors import DatabaseError, missing_extra
from oneloop.sync.store import NAMES, Batch, BusyError, Store, described

try:
    import duckdb
except ImportError:
    raise missing_extra("DuckDB", "duckdb") from None

# A document for each column is bound several times faster than a parameter for each value.
_FETCHED = """
    create or replace temp table billing_usage_fetched as
    select unnest(from_json(?, '["VARCHAR"]')) as billing_id,
    unnest(from_json(?, '["DATE"]')) as day, unnest(from_json(?, '["VARCHAR"]')) as name,
    unnest(from_json(?, '["DECIMAL(38,0)"]')) as total"""
_ASKED = """
    create or replace temp table billing_usage_asked as
    select unnest(from_json(?, '["VARCHAR"]')) as billing_id,
    unnest(from_json(?, '["VARCHAR"]')) as error"""


class DuckDBStore(Store):
    """A file of DuckDB.

    Args:
        path: the file; made where it isn't there.
        read_only: only to read it.

    Raises:
        BusyError: another process, or another run of this one, has it open.
        DatabaseError: it can't be used.
    """

    PARAMETER: ClassVar[str] = "?"
    TYPES: ClassVar[Mapping[str, str]] = {
        "text": "VARCHAR",
        "date": "DATE",
        "numeric(38,0)": "DECIMAL(38,0)",
        "timestamptz": "TIMESTAMP WITH TIME ZONE",
        "integer": "INTEGER",
    }
    _claiming: ClassVar = threading.Lock()
    _open: ClassVar[set[str]] = set()
    """The files that this process writes to: DuckDB itself would let it do so twice."""

    def __init__(self, path: str, *, read_only: bool = False) -> None:
        self._path = path
        self._real = os.path.realpath(path)
        with self._claiming:
            if self._real in self._open:
                raise BusyError(f"{path}: another run of this process is at work there")
            self._open.add(self._real)
        try:
            self._connect(read_only=read_only)
        except BaseException:
            self._open.discard(self._real)
            raise
        try:
            self._file = Path(self._real).stat()
            with self._transaction():
                self._require_layout(read_only=read_only)
        except BaseException:
            self.close()
            raise

    def _connect(self, *, read_only: bool) -> None:
        try:
            # By a full path: `~`, `md:` and the like mean something to DuckDB.
            self._connection = duckdb.connect(self._real, read_only=read_only)
        except duckdb.Error as error:
            if holder := re.search(r"Conflicting lock is held.*?(\(PID \d+\))", str(error)):
                who = f"another process {holder[1]}"
                raise BusyError(f"{self._path}: {who} has it open, and only one can") from error
            raise DatabaseError(f"{self._path}: {described(error)}") from error

    def close(self) -> None:
        try:
            with self._errors():
                self._connection.close()
        finally:
            self._open.discard(self._real)

    def interrupt(self) -> None:
        self._connection.interrupt()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._errors():
            self._connection.begin()
            try:
                yield
                self._require_file()
                self._connection.commit()
            except BaseException:
                with contextlib.suppress(duckdb.Error):
                    self._connection.rollback()
                raise

    def _require_file(self) -> None:
        """Refuse to write to a file that is deleted, which nobody would ever read again."""
        try:
            is_there = os.path.samestat(Path(self._real).stat(), self._file)
        except OSError:
            is_there = False
        if not is_there:
            raise DatabaseError(f"{self._path}: the file is gone")

    def _stage(self, batch: Batch) -> None:
        rows = batch.rows
        columns = [
            [row.billing_id for row in rows],
            [row.day for row in rows],
            [row.name for row in rows],
            [str(row.total) for row in rows],
        ]
        asked = [list(batch.asked), list(batch.asked.values())]
        for sql, lists in ((_FETCHED, columns), (_ASKED, asked)):
            self._connection.execute(sql, [msgspec.json.encode(each).decode() for each in lists])

    def _change(self, sql: str) -> int:
        changed = self._connection.execute(sql).fetchone()
        return changed[0] if changed else 0

    def _fetch(self, sql: str, *parameters: object) -> list[Any]:
        with self._errors():
            return self._connection.execute(sql, parameters).fetchall()

    def _columns(self) -> list[tuple[str, str, str]]:
        return self._fetch(
            f"""select table_name, column_name, data_type from duckdb_columns()
            where database_name = current_database() and schema_name = current_schema()
            and table_name in ({NAMES})"""
        )

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except duckdb.Error as error:
            raise DatabaseError(f"{self._path}: {described(error)}") from error
