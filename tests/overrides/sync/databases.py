"""The engines that usage goes into, real ones, read behind the client's back."""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import psycopg

Row = tuple[str, datetime.date, str, Decimal]


class DuckDB:
    """A file."""

    def __init__(self, path: Path) -> None:
        self.target = str(path)

    def run(self, sql: str) -> list[Any]:
        with duckdb.connect(self.target) as connection:
            return connection.execute(sql).fetchall()


class Postgres:
    """A database of a server."""

    def __init__(self, url: str) -> None:
        self.target = url

    def run(self, sql: str) -> list[Any]:
        with psycopg.connect(self.target, autocommit=True) as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []


Database = DuckDB | Postgres


def rows(database: Database) -> list[Row]:
    """Return what is billed, by its key."""
    return database.run("select billing_id, day, name, total from billing_usage order by 1, 2, 3")


def history(database: Database) -> list[Row]:
    """Return what was billed before, the oldest first."""
    columns = "billing_id, day, name, total"
    return database.run(
        f"select {columns} from billing_usage_history order by replaced_at, {columns}"
    )


def ids(database: Database) -> dict[str, tuple[bool, str | None]]:
    """Return of each id whether its usage was ever stored, and its error."""
    found = database.run("select billing_id, fetched_at is not null, error from billing_usage_ids")
    return {bid: (was_stored, error) for bid, was_stored, error in found}
