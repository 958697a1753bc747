"""Where usage goes: a file of DuckDB or a PostgreSQL database, by its name."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from oneloop.errors import ConfigurationError
from oneloop.sync.store import BusyError, Store

_PATIENCE: Final = 5.0
"""Seconds to wait for another run: one that was killed may take a moment to be gone."""


def open_store(target: str | Path) -> Store:
    """Return the database, open, its tables made.

    Raises:
        ConfigurationError: there is no such kind of target, or its extra isn't installed.
        DatabaseError: it can't be used.
    """
    name = str(target)
    engine = _engine(name)
    give_up = time.monotonic() + _PATIENCE
    while True:
        try:
            return engine(name)
        except BusyError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.1)


def _engine(name: str) -> Callable[[str], Store]:
    if name.startswith(("postgresql://", "postgres://")):
        from oneloop.sync.postgres import PostgresStore  # noqa: PLC0415 - an extra

        return PostgresStore
    if name.endswith(".duckdb"):
        from oneloop.sync.duckdb import DuckDBStore  # noqa: PLC0415 - an extra

        return DuckDBStore
    raise ConfigurationError("a target is a file *.duckdb or a database postgresql://…")
