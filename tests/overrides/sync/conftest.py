"""Each engine in turn, and a client of an API whose usage the test sets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from oneloop import Oneloop
from tests.faces import KEY
from tests.overrides.sync.api import API
from tests.overrides.sync.databases import Database, DuckDB, Postgres


@pytest.fixture(params=["duckdb", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    if request.param == "duckdb":
        return DuckDB(tmp_path / "usage.duckdb")
    return Postgres(request.getfixturevalue("postgres"))


@pytest.fixture
def api() -> API:
    return API()


@pytest.fixture
def client(api: API) -> Iterator[Oneloop]:
    transport = httpx.MockTransport(api)
    with Oneloop(api_key=KEY, transport=transport, max_retries=0) as client:
        yield client
