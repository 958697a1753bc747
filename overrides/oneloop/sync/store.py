"""What the engines have in common: the tables, and what writing a batch means, in SQL."""

from __future__ import annotations

import abc
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, ClassVar, Final, Self

import attrs

from oneloop.bulk import UsageResult
from oneloop.errors import MAX_EXCERPT, DatabaseError, escaped
from oneloop.usage import UsageRow

LAYOUT: Final = 1
"""The version of the tables: another one is refused."""
_ROW: Final = {"billing_id": "text", "day": "date", "name": "text", "total": "numeric(38,0)"}
TABLES: Final[Mapping[str, Mapping[str, str]]] = {
    "billing_usage": {**_ROW, "changed_at": "timestamptz"},
    "billing_usage_history": {**_ROW, "changed_at": "timestamptz", "replaced_at": "timestamptz"},
    "billing_usage_ids": {"billing_id": "text", "fetched_at": "timestamptz", "error": "text"},
    "billing_usage_layout": {"version": "integer"},
}
NAMES: Final = ", ".join(f"'{table}'" for table in TABLES)
"""The tables, as SQL lists them."""
_KEYS: Final = {"billing_usage": "billing_id, day, name", "billing_usage_ids": "billing_id"}
_NULLABLE: Final = ("fetched_at", "error")

# A clock may go back, and who waits for a turn has an older `now()`: hence `greatest`.
# `billing_usage_fetched` are the rows of a batch, `billing_usage_asked` its ids: with an error, or
# none. Nobody else's tables have such names: `pg_temp` needn't be first in a search_path.
_GONE: Final = """
    from billing_usage u
    where u.billing_id in (select billing_id from billing_usage_asked where error is null)
    and not exists (select 1 from billing_usage_fetched f
        where f.billing_id = u.billing_id and f.day = u.day and f.name = u.name)"""
_KEEP: Final = f"""
    insert into billing_usage_history ({", ".join(TABLES["billing_usage_history"])})
    select u.billing_id, u.day, u.name, u.total, u.changed_at, greatest(now(), u.changed_at)"""
_KEEP_RESTATED: Final = f"""{_KEEP}
    from billing_usage u join billing_usage_fetched f using (billing_id, day, name)
    where u.total <> f.total"""
_STORE_ROWS: Final = """
    insert into billing_usage (billing_id, day, name, total, changed_at)
    select billing_id, day, name, total, now() from billing_usage_fetched
    on conflict (billing_id, day, name)
    do update set total = excluded.total,
    changed_at = greatest(excluded.changed_at, billing_usage.changed_at)
    where billing_usage.total <> excluded.total"""
_STORE_IDS: Final = """
    insert into billing_usage_ids (billing_id, fetched_at, error)
    select billing_id, case when error is null then now() end, error from billing_usage_asked
    on conflict (billing_id) do update set error = excluded.error,
    fetched_at = coalesce(excluded.fetched_at, billing_usage_ids.fetched_at)"""
_COUNT_GONE: Final = f"select count(*) {_GONE}"
_KEEP_GONE: Final = _KEEP + _GONE
_DELETE_GONE: Final = f"delete {_GONE}"


class BusyError(DatabaseError):
    """Another run is at work there."""


class Batch:
    """Results that are stored together, each id once."""

    def __init__(self) -> None:
        self.rows: list[UsageRow] = []
        self.asked: dict[str, str | None] = {}

    def add(self, result: UsageResult) -> None:
        """Add a result."""
        if result.usage is not None:
            self.rows += result.usage.rows
        error = result.error
        self.asked[result.billing_id] = None if error is None else described(error)


@attrs.frozen
class Written:
    """What a batch changed."""

    ids: int
    new: int
    restated: int
    gone: int


class Store(abc.ABC):
    """A database with the tables; a context manager that closes it."""

    PARAMETER: ClassVar[str]
    """How the engine writes a parameter in SQL."""
    TYPES: ClassVar[Mapping[str, str]]
    """What the engine calls the types of the columns, where it is something else."""
    TEXT: ClassVar[str] = "text"
    """How it makes a column of text."""

    def fresh(self, ids: Sequence[str], max_age: float) -> set[str]:
        """Return those whose usage was stored within `max_age` seconds and didn't fail since."""
        found = self._fetch(
            f"""select billing_id from billing_usage_ids
            where billing_id in (select unnest({self.PARAMETER}::text[]))
            and extract(epoch from now()) - extract(epoch from fetched_at)
            between 0 and {max_age:f} and error is null""",
            list(ids),
        )
        return {bid for (bid,) in found}

    def write(self, batch: Batch, *, prune: bool) -> Written:
        """Store a batch, whole or not at all.

        Raises:
            DatabaseError: it can't be.
        """
        with self._transaction():
            self._stage(batch)
            restated = self._change(_KEEP_RESTATED)
            if prune:
                gone = self._change(_KEEP_GONE)
                self._change(_DELETE_GONE)
            else:
                ((gone,),) = self._fetch(_COUNT_GONE)
            stored = self._change(_STORE_ROWS)
            self._change(_STORE_IDS)
        ids = sum(error is None for error in batch.asked.values())
        return Written(ids=ids, new=stored - restated, restated=restated, gone=gone)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @abc.abstractmethod
    def close(self) -> None:
        """Close the database."""

    @abc.abstractmethod
    def interrupt(self) -> None:
        """End what another thread does with the database: it raises there."""

    @abc.abstractmethod
    def _transaction(self) -> AbstractContextManager[Any]:
        """Return a block that is done whole or not at all."""

    @abc.abstractmethod
    def _stage(self, batch: Batch) -> None:
        """Put the batch into `billing_usage_fetched` and `billing_usage_asked`."""

    @abc.abstractmethod
    def _change(self, sql: str) -> int:
        """Run a statement and return how many rows it changed."""

    @abc.abstractmethod
    def _fetch(self, sql: str, *parameters: object) -> list[Any]:
        """Run a query and return its rows."""

    @abc.abstractmethod
    def _columns(self) -> list[tuple[str, str, str]]:
        """Return table, name and type of each column of the tables that are there."""

    def _require_layout(self, *, read_only: bool) -> None:
        """Make the tables where there is none of them; in a transaction, unless `read_only`.

        Raises:
            DatabaseError: those that are there aren't these.
        """
        there = {(table, name): type_ for table, name, type_ in self._columns()}
        if not there and read_only:
            raise DatabaseError("it holds no usage: oneloop sync makes its tables")
        if not there:
            self._make_tables()
            return
        if ("billing_usage_layout", "version") not in there:
            names = ", ".join(sorted({table for table, _ in there}))
            raise DatabaseError(f"it has tables of these names that aren't this client's: {names}")
        versions = [
            version for (version,) in self._fetch("select version from billing_usage_layout")
        ]
        if versions != [LAYOUT]:
            raise DatabaseError(
                f"its tables are of layout {', '.join(map(str, versions)) or 'unknown'}, and this"
                f" version of the client knows {LAYOUT}: update the client, or use another database"
            )
        for table, columns in TABLES.items():
            for name, type_ in columns.items():
                want, found = self.TYPES.get(type_, type_), there.get((table, name))
                if found != want:
                    raise DatabaseError(f"its {table}.{name} is {found or 'missing'}, not {want}")

    def _make_tables(self) -> None:
        for table, columns in TABLES.items():
            lines = [
                f"{name} {self.TEXT if type_ == 'text' else type_}"
                + ("" if name in _NULLABLE else " not null")
                for name, type_ in columns.items()
            ]
            if table in _KEYS:
                lines.append(f"primary key ({_KEYS[table]})")
            self._change(f"create table {table} ({', '.join(lines)})")
        self._change(f"insert into billing_usage_layout values ({LAYOUT})")


def described(error: BaseException) -> str:
    """Return the error's first line, bounded and printable."""
    return escaped(str(error).partition("\n")[0][: 2 * MAX_EXCERPT]) or type(error).__name__
