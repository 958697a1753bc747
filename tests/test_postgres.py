"""The PostgreSQL of the tests: exact, empty for each test, and gone behind its block."""

from __future__ import annotations

import psycopg
import pytest

from tests import postgres as postgresql


@pytest.mark.parametrize("number", [1, 2])
def test_each_test_has_a_database_of_its_own(postgres: str, number: int) -> None:
    with psycopg.connect(postgres) as connection:
        connection.execute("CREATE TABLE only_here (total NUMERIC(38,0))")


def test_another_server_gets_a_database_that_goes_again(
    postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(postgresql.ANOTHER, postgres)
    with postgresql.server() as url:
        assert url != postgres
        psycopg.connect(url).close()
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(url)
