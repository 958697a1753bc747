"""A sync that is killed and continued leaves what an undisturbed one does, history included."""

from __future__ import annotations

import pytest

from benchmarks import soak_sync


@pytest.mark.parametrize("engine", soak_sync.ENGINES)
def test_killed_sync_continues(engine: str, request: pytest.FixtureRequest) -> None:
    url = request.getfixturevalue("postgres_server") if engine == "postgres" else ""
    figures = soak_sync.run(engine, url, ids=300, kills=(2, 1), batch=2_000)
    assert [sync["differences"] for sync in figures.values()] == [[], []]
    first, second = (sync["undisturbed"]["counts"] for sync in figures.values())
    assert (first["ids"], first["new"], first["restated"]) == (300, 9_000, 0)
    assert (second["ids"], second["new"], second["restated"]) == (300, 0, 900)
