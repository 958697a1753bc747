"""PostgreSQL, by psycopg 3; also behind a pooler, since nothing outlives a transaction."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from oneloop.errors import ConfigurationError, DatabaseError, missing_extra
from oneloop.sync.store import NAMES, Batch, Store, described
from oneloop.usage import UsageRow

try:
    import psycopg
    from psycopg.conninfo import conninfo_to_dict
except ImportError:
    raise missing_extra("psycopg 3", "postgres") from None

_DEFAULTS = {
    "fallback_application_name": "oneloop",
    "connect_timeout": 10,  # seconds
    "tcp_user_timeout": 60_000,  # milliseconds without an acknowledgement
}
_SETTLED = {"client_encoding": "utf8"}
_ALL_ROWS = "set local row_security = off"  # else rows that a role can't see are none at all
# Runs take turns, a batch each: they would count one restatement twice, and collide in `create`.
_TURN = f"""
    set local lock_timeout = '60s';
    {_ALL_ROWS};
    select pg_advisory_xact_lock(hashtextextended('oneloop ' || current_schema(), 0))"""
_STAGING = """
    create temp table billing_usage_fetched (billing_id text collate "C", day date,
    name text collate "C", total numeric(38,0)) on commit drop;
    create temp table billing_usage_asked (billing_id text collate "C", error text)
    on commit drop"""


class PostgresStore(Store):
    """A database of PostgreSQL; the tables are in the first schema of its `search_path`.

    Args:
        url: as libpq has it.
        read_only: only to read it.

    Raises:
        ConfigurationError: it isn't such a URL.
        DatabaseError: it can't be used.
    """

    PARAMETER: ClassVar[str] = "%s"
    TYPES: ClassVar[Mapping[str, str]] = {"timestamptz": "timestamp with time zone"}
    TEXT: ClassVar[str] = 'text collate "C"'

    def __init__(self, url: str, *, read_only: bool = False) -> None:
        options: dict[str, Any] = {}
        with contextlib.suppress(psycopg.Error):  # it quotes the URL, and so a password
            options = _DEFAULTS | conninfo_to_dict(url) | _SETTLED
        if not options:
            raise ConfigurationError("the target isn't a postgresql:// URL as libpq has it")
        if "@" in f"{options.get('host')}{options.get('dbname')}":  # errors would quote the rest
            raise ConfigurationError("the target's user or password isn't percent-encoded")
        with self._errors():
            self._connection = psycopg.connect(**options, autocommit=True, prepare_threshold=None)
            # A server may say otherwise; a snapshot would then be older than the turn.
            self._connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
        try:
            ((encoding,),) = self._fetch("show server_encoding")
            if encoding != "UTF8":  # names can be any text
                raise DatabaseError(f"the database's encoding is {encoding}, not UTF8")
            ((schema,),) = self._fetch("select current_schema()")
            if schema and schema.startswith("pg_temp"):  # the usage would go with the connection
                raise DatabaseError("the search_path begins with pg_temp: name another schema")
            with contextlib.nullcontext() if read_only else self._transaction():
                self._require_layout(read_only=read_only)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._connection.close()

    def interrupt(self) -> None:
        """Hang up: unlike a request to cancel, that needs no server that answers."""
        with contextlib.suppress(psycopg.Error, OSError):
            number = self._connection.fileno()
            with socket.fromfd(number, socket.AF_INET, socket.SOCK_STREAM) as connection:
                connection.shutdown(socket.SHUT_RDWR)

    def read(self, many: int) -> Iterator[list[UsageRow]]:
        """Yield all rows, so many at a time, as they were at one moment."""
        columns = "day, name, total::text, billing_id"
        cursor = self._connection.cursor("usage")  # one of the server's
        with self._errors(), self._connection.transaction(), cursor:
            self._connection.execute(_ALL_ROWS)
            cursor.execute(f"select {columns} from billing_usage".encode())
            while some := cursor.fetchmany(many):
                if not all(total.isdecimal() for _, _, total, _ in some):
                    raise DatabaseError("PostgreSQL: a total is no number of this client's")
                yield [UsageRow(day, name, int(total), bid) for day, name, total, bid in some]

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._errors(), self._connection.transaction():
            self._connection.execute(_TURN)
            yield

    def _stage(self, batch: Batch) -> None:
        cursor = self._connection.cursor()
        cursor.execute(_STAGING)
        with cursor.copy("copy billing_usage_fetched from stdin (format binary)") as copy:
            copy.set_types(["text", "date", "text", "numeric"])
            for row in batch.rows:
                copy.write_row((row.billing_id, row.day, row.name, row.total))
        with cursor.copy("copy billing_usage_asked from stdin (format binary)") as copy:
            copy.set_types(["text", "text"])
            for asked in batch.asked.items():
                copy.write_row(asked)

    def _change(self, sql: str) -> int:
        return self._connection.execute(sql.encode()).rowcount

    def _fetch(self, sql: str, *parameters: object) -> list[Any]:
        with self._errors():
            return self._connection.execute(sql.encode(), parameters or None).fetchall()

    def _columns(self) -> list[tuple[str, str, str]]:
        return self._fetch(
            f"""select relname, attname, format_type(atttypid, atttypmod)
            from pg_attribute join pg_class on pg_class.oid = attrelid
            where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p', 'v', 'm')
            and relname in ({NAMES}) and attnum > 0 and not attisdropped"""
        )

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            raise DatabaseError(f"PostgreSQL: {described(error)}") from error
