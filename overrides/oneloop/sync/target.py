"""Where usage goes: a file of DuckDB or a PostgreSQL database, by its name."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from oneloop.errors import ConfigurationError
from oneloop.sync.store import BusyError, Store

if TYPE_CHECKING:
    from oneloop.sync.duckdb import DuckDBStore
    from oneloop.sync.postgres import PostgresStore

StoreT = TypeVar("StoreT", bound=Store)

_PATIENCE: Final = 5.0
"""Seconds to wait for another run: one that was killed may take a moment to be gone."""


def is_server(target: str | Path) -> bool:
    """Whether the target is a database of PostgreSQL."""
    return str(target).startswith(("postgresql://", "postgres://"))


def is_file(target: str | Path) -> bool:
    """Whether the target is a file of DuckDB, and not a database of PostgreSQL.

    Raises:
        ConfigurationError: it is neither.
    """
    name = str(target)
    require_text("a target", name)
    if is_server(name):
        return False
    if name.endswith(".duckdb") and "://" not in name:
        return True
    raise ConfigurationError("a target is a file *.duckdb or a database postgresql://…")


def require_text(what: str, name: str) -> None:
    """Refuse a name that no engine takes; it may hold a password.

    Raises:
        ConfigurationError: it is one.
    """
    if "\0" in name or re.search("[\ud800-\udfff]", name):
        raise ConfigurationError(f"{what}'s name is UTF-8, without NUL")


def open_store(target: str | Path) -> Store:
    """Return the database, open, its tables made.

    Raises:
        ConfigurationError: there is no such kind of target, or its extra isn't installed.
        DatabaseError: it can't be used.
    """
    return open_file(target) if is_file(target) else open_server(target)


def open_file(path: str | Path, *, read_only: bool = False) -> DuckDBStore:
    """Return a database of DuckDB; see `open_store`."""
    from oneloop.sync.duckdb import DuckDBStore  # noqa: PLC0415 - an extra

    return patiently(lambda: DuckDBStore(str(path), read_only=read_only))


def open_server(url: str | Path, *, read_only: bool = False) -> PostgresStore:
    """Return a database of PostgreSQL; see `open_store`."""
    from oneloop.sync.postgres import PostgresStore  # noqa: PLC0415 - an extra

    return PostgresStore(str(url), read_only=read_only)


def patiently(make: Callable[[], StoreT]) -> StoreT:
    """Return what is made, once nobody else is at work there; give up after a few seconds."""
    give_up = time.monotonic() + _PATIENCE
    while True:
        try:
            return make()
        except BusyError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.1)
