"""Usage in a database: exact, each figure once, what was restated kept, nothing half-written."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import duckdb
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oneloop import AuthenticationError, Oneloop, UsageResult
from oneloop.sync import SyncResult, run, sync
from oneloop.testing import FakeAPI
from tests.overrides.sync.api import Usage, set_answers
from tests.overrides.sync.databases import Database, Row, history, ids, rows

DAY = "2025-01-01"
WIDEST = 10**38 - 1


def as_rows(usage: dict[str, Usage]) -> list[Row]:
    """Return what a database should hold of the usage."""
    return sorted(
        (bid, datetime.date.fromisoformat(day), name, Decimal(total))
        for bid, found in usage.items()
        for day, name, total in found
    )


def test_usage_is_stored_exactly(database: Database, api: FakeAPI, client: Oneloop) -> None:
    names = [
        "",
        " ",
        "a\tb\\n\\N",
        "é\u0301😀",
        'quote " and comma ,',
        "line\nbreak\r",
        "\\.",
        "null",
    ]
    usage: dict[str, Usage] = {
        "a": [("0001-01-01", "calls", 0), ("9999-12-31", "calls", WIDEST), (DAY, "calls", 2**64)],
        "ü %\"'": [(DAY, name, number) for number, name in enumerate(names)],
        "none": [],
    }
    set_answers(api, usage)
    result = sync(client, usage, database.target)
    assert result == SyncResult(ids=3, new=11)
    assert rows(database) == as_rows(usage)
    assert history(database) == []
    assert ids(database) == dict.fromkeys(usage, (True, None))


def test_the_same_usage_again_changes_nothing(
    database: Database, api: FakeAPI, client: Oneloop
) -> None:
    set_answers(api, {"a": [(DAY, "calls", 1), (DAY, "seats", 2)], "b": [(DAY, "calls", 3)]})
    sync(client, ["a", "b"], database.target)
    before = database.run("select * from billing_usage order by 1, 2, 3")
    assert sync(client, ["a", "b"], database.target) == SyncResult(ids=2)
    assert database.run("select * from billing_usage order by 1, 2, 3") == before
    assert history(database) == []


def test_what_was_restated_is_in_the_history(
    database: Database, api: FakeAPI, client: Oneloop
) -> None:
    for total in (1, 2, WIDEST, 1):
        set_answers(api, {"a": [(DAY, "calls", total), (DAY, "seats", 5)]})
        result = sync(client, ["a"], database.target)
    assert result == SyncResult(ids=1, restated=1)
    assert [row[3] for row in rows(database)] == [1, 5]
    assert [row[3] for row in history(database)] == [1, 2, WIDEST]
    times = database.run(
        "select changed_at, replaced_at from billing_usage_history order by replaced_at"
    )
    ((now,),) = database.run("select changed_at from billing_usage where name = 'calls'")
    starts, ends = zip(*times, strict=True)
    assert list(ends) == [*starts[1:], now]
    assert database.run("select count(distinct changed_at) from billing_usage") == [(2,)]


@pytest.mark.parametrize("prune", [False, True])
def test_rows_that_are_gone(database: Database, api: FakeAPI, client: Oneloop, prune: bool) -> None:
    set_answers(api, {"a": [(DAY, "calls", 1), (DAY, "seats", 2)], "b": [(DAY, "calls", 3)]})
    sync(client, ["a", "b"], database.target)
    set_answers(api, {"a": [(DAY, "calls", 1)], "b": 500})
    result = sync(client, ["a", "b"], database.target, prune=prune)
    assert result == SyncResult(ids=1, failed=1, gone=1)
    assert len(rows(database)) == (2 if prune else 3)
    assert [row[2] for row in history(database)] == (["seats"] if prune else [])
    again = sync(client, ["a"], database.target, prune=prune)
    assert again == SyncResult(ids=1, gone=0 if prune else 1)


def test_a_row_that_comes_back_is_new(database: Database, api: FakeAPI, client: Oneloop) -> None:
    for found in ([(DAY, "calls", 1)], [], [(DAY, "calls", 2)]):
        set_answers(api, {"a": found})
        result = sync(client, ["a"], database.target, prune=True)
    assert result == SyncResult(ids=1, new=1)
    assert [row[3] for row in rows(database)] == [2]
    assert [row[3] for row in history(database)] == [1]


def test_errors_are_counted_named_and_kept(
    database: Database, api: FakeAPI, client: Oneloop
) -> None:
    failures: list[UsageResult] = []
    set_answers(api, {"a": [(DAY, "calls", 1)], "b": 503})
    wanted: Any = ["a", "b", "gone", "", "a/b", 5, ["list"], "nul\0"]
    result = sync(client, wanted, database.target, on_failure=failures.append)
    assert result == SyncResult(ids=1, failed=7, new=1)
    assert {str(failure.billing_id) for failure in failures} == set(map(str, wanted[1:]))
    found = ids(database)
    assert found.keys() == {"a", "b", "gone"}
    assert found["b"][0] is False
    assert "503" in str(found["b"][1])
    set_answers(api, {"a": 500, "b": [(DAY, "calls", 1)]})
    sync(client, ["a", "b"], database.target)
    found = ids(database)
    assert found["b"] == (True, None)
    assert found["a"][0] is True
    assert "500" in str(found["a"][1])


@pytest.mark.parametrize(
    ("found", "where"),
    [
        ([(DAY, "calls", 1), (DAY, "seats", 1), (DAY, "calls", 1)], "$.data[2]: expected one row"),
        ([(DAY, "calls", 1), (DAY, "a\0b", 1)], "$.data[1].billingUsageName: expected a text"),
    ],
)
def test_rows_without_a_key_of_their_own_are_an_error(
    database: Database, api: FakeAPI, client: Oneloop, found: Usage, where: str
) -> None:
    set_answers(api, {"a": [(DAY, "calls", 7)], "b": [(DAY, "calls", 8)]})
    sync(client, ["a", "b"], database.target)
    set_answers(api, {"a": found, "b": [(DAY, "calls", 9)]})
    failures: list[UsageResult] = []
    sync(client, ["a", "b"], database.target, on_failure=failures.append)
    assert where in str(failures[0].error)
    assert where in str(ids(database)["a"][1])
    assert [row[3] for row in rows(database)] == [7, 9]


def test_ids_that_are_young_enough_are_not_asked_for(
    database: Database, api: FakeAPI, client: Oneloop
) -> None:
    set_answers(api, {"a": [(DAY, "calls", 1)], "b": 500})
    sync(client, ["a", "b"], database.target)
    api.calls.clear()
    wanted: Any = ["a", "b", "c", 5, ["list"], "nul\0", "\ud800"]
    result = sync(client, wanted, database.target, max_age=3600)
    assert sorted(api.asked) == ["b", "c"]
    assert result == SyncResult(skipped=1, failed=6)
    ages = "update billing_usage_ids set fetched_at = fetched_at {} interval '2 hours'"
    for sign in "-+":  # too old, and from a clock that went wrong
        database.run(ages.format(sign) + " where billing_id = 'a'")
        assert sync(client, ["a"], database.target, max_age=3600).ids == 1
    assert sync(client, ["a"], database.target, max_age=0).ids == 1


def test_no_figure_is_replaced_before_it_was_there(
    database: Database, api: FakeAPI, client: Oneloop
) -> None:
    """As where a clock goes back."""
    set_answers(api, {"a": [(DAY, "calls", 1), (DAY, "seats", 1)]})
    sync(client, ["a"], database.target)
    database.run("update billing_usage set changed_at = changed_at + interval '2 hours'")
    set_answers(api, {"a": [(DAY, "calls", 2)]})
    assert sync(client, ["a"], database.target, prune=True).restated == 1
    found = "select count(*) from billing_usage_history where changed_at <= replaced_at"
    assert database.run(found) == [(2,)]
    since = "select count(*) from billing_usage join billing_usage_history h using (name)"
    assert database.run(f"{since} where billing_usage.changed_at = h.replaced_at") == [(1,)]


def test_ids_that_come_slowly_are_not_waited_for(
    database: Database, api: FakeAPI, client: Oneloop
) -> None:
    asked: list[int] = []

    def wanted() -> Iterator[str]:
        for number in range(40):
            asked.append(len(api.asked))
            yield f"b{number}"

    sync(client, wanted(), database.target, max_age=60, concurrency=1)
    assert asked[1] <= 1
    assert asked[-1] > 0, "some were fetched before the last was read"


def test_an_id_twice_is_stored_once(database: Database, api: FakeAPI, client: Oneloop) -> None:
    set_answers(api, {"a": [(DAY, "calls", 1)]})
    assert sync(client, ["a"] * 9, database.target) == SyncResult(ids=9, new=1)
    assert len(rows(database)) == 1


class OddError(Exception):
    """Not one of ours."""


@pytest.mark.parametrize("max_age", [None, 60])
def test_what_came_before_an_error_is_stored(
    database: Database, api: FakeAPI, client: Oneloop, max_age: float | None
) -> None:
    def wanted() -> Iterator[str]:
        yield "a"
        raise OddError

    set_answers(api, {"a": [(DAY, "calls", 1)], "b": [(DAY, "calls", 1)], "c": 401})
    with pytest.raises(OddError):
        sync(client, wanted(), database.target, max_age=max_age)
    assert len(rows(database)) == 1
    with pytest.raises(AuthenticationError):
        sync(client, ["b", "c"], database.target, concurrency=1)
    assert len(rows(database)) == 2
    assert "c" not in ids(database)


def test_progress_is_told(database: Database, api: FakeAPI, client: Oneloop) -> None:
    set_answers(api, {"a": [(DAY, "calls", 1)], "b": 500})
    told: list[tuple[int, int]] = []
    sync(
        client,
        ["a", "b"],
        database.target,
        on_progress=lambda counts: told.append((counts.ids, counts.failed)),
    )
    assert told == sorted(told)
    assert told[-1] == (1, 1)
    assert len(told) == 3


KEYS = st.tuples(st.sampled_from([DAY, "2025-01-02"]), st.sampled_from(["calls", "seats"]))
TOTALS = st.sampled_from([0, 1, 2**63, WIDEST])
STATES = st.dictionaries(
    st.sampled_from("abcd"),
    st.just(500) | st.dictionaries(KEYS, TOTALS).map(lambda it: [(*k, n) for k, n in it.items()]),
)


class Model:
    """What the tables should hold, in plain Python."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str, str], int] = {}
        self.history: list[tuple[str, str, str, int]] = []

    def store(self, state: dict[str, Usage | int], *, prune: bool) -> SyncResult:
        counts = SyncResult()
        for bid, usage in state.items():
            if isinstance(usage, int):
                counts.failed += 1
                continue
            counts.ids += 1
            found = {(bid, day, name): total for day, name, total in usage}
            for key in [key for key in self.rows if key[0] == bid and key not in found]:
                counts.gone += 1
                if prune:
                    self.history.append((*key, self.rows.pop(key)))
            for key, total in found.items():
                if key not in self.rows:
                    counts.new += 1
                elif self.rows[key] != total:
                    counts.restated += 1
                    self.history.append((*key, self.rows[key]))
                self.rows[key] = total
        return counts


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    runs=st.lists(st.tuples(STATES, st.booleans()), min_size=2, max_size=5),
    batch=st.sampled_from([1, 3, 1_000]),
)
def test_any_run_of_states_is_kept(
    database: Database,
    api: FakeAPI,
    client: Oneloop,
    runs: list[tuple[dict[str, Usage | int], bool]],
    batch: int,
) -> None:
    for table in ("billing_usage", "billing_usage_history", "billing_usage_ids"):
        with contextlib.suppress(duckdb.Error, psycopg.Error):
            database.run(f"delete from {table}")
    model = Model()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "_ROWS", batch)
        for state, prune in runs:
            set_answers(api, state)
            want = model.store(state, prune=prune)
            assert sync(client, state, database.target, prune=prune) == want
            assert rows(database) == [
                (bid, datetime.date.fromisoformat(day), name, Decimal(total))
                for (bid, day, name), total in sorted(model.rows.items())
            ]
            assert sorted(history(database)) == sorted(
                (bid, datetime.date.fromisoformat(day), name, Decimal(total))
                for bid, day, name, total in model.history
            )
