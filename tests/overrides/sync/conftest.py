"""Each engine in turn, and a client of an API whose usage the test sets."""

from __future__ import annotations

from pathlib import Path

import pytest

from oneloop import Oneloop
from oneloop.testing import FakeAPI
from tests.overrides.sync.databases import Database, DuckDB, Postgres


@pytest.fixture(params=["duckdb", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    if request.param == "duckdb":
        return DuckDB(tmp_path / "usage.duckdb")
    return Postgres(request.getfixturevalue("postgres"))


@pytest.fixture
def api(oneloop_api: FakeAPI) -> FakeAPI:
    return oneloop_api


@pytest.fixture
def client(api: FakeAPI) -> Oneloop:
    return api.client(max_retries=0)
