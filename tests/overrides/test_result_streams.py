"""The results of many ids as one Arrow stream: all rows of all ids, or an error, in few bytes."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Any

import duckdb
import httpx
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from oneloop import (
    APIConnectionError,
    AuthenticationError,
    ConfigurationError,
    NotFoundError,
    Oneloop,
    OneloopError,
)
from oneloop.bulk import Results
from tests.faces import KEY
from tests.servers import row

TOTAL = 10**38 - 1
IDS = [f"b{number}" for number in range(40)]
Read = Callable[[Any], Any]


def usage(request: httpx.Request) -> httpx.Response:
    """Answer with three rows, an id that begins with `none` without one, with an error others."""
    bid = request.url.path.rpartition("/")[2]
    if bid == "down":
        raise httpx.ConnectError("it is down")
    if status := {"gone": 404, "refused": 401}.get(bid):
        return httpx.Response(status, json={"error": {"code": 1, "message": "no"}})
    rows = [row(billingId=bid, totalBillingUsage=str(TOTAL - number)) for number in range(3)]
    return httpx.Response(200, json={"data": [] if bid.startswith("none") else rows})


def run(read: Read, ids: Iterable[str], **options: Any) -> Any:
    """Return what is read of the results, within their block."""
    with Oneloop(api_key=KEY, max_retries=0, transport=httpx.MockTransport(usage)) as client:
        with client.iter_billing_usage(ids, **options) as results:
            return read(results)


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    yield
    assert [each.name for each in threading.enumerate() if each.name == "oneloop bulk"] == []


def by_pyarrow(results: Results) -> list[tuple[Any, ...]]:
    table = pa.RecordBatchReader.from_stream(results).read_all()
    return [(each["billing_id"], each["total"]) for each in table.to_pylist()]


def by_polars(results: Results) -> list[tuple[Any, ...]]:
    return pl.DataFrame(results).select("billing_id", "total").rows()


def by_duckdb(results: Results) -> list[tuple[Any, ...]]:
    return duckdb.execute("select billing_id, total from results").fetchall()


def by_pandas(results: Results) -> list[tuple[Any, ...]]:
    frame = pd.DataFrame.from_arrow(results)[["billing_id", "total"]]
    return list(frame.itertuples(index=False, name=None))


ENGINES = [by_pyarrow, by_polars, by_duckdb, by_pandas]
every_engine = pytest.mark.parametrize("engine", ENGINES)


@every_engine
def test_a_stream_has_the_rows_of_each_id(engine: Read) -> None:
    expected = [(bid, Decimal(TOTAL - number)) for bid in IDS for number in range(3)]
    assert sorted(run(engine, IDS)) == sorted(expected, key=lambda it: (it[0], it[1]))
    assert run(engine, ["none1", *IDS, "none2"], ordered=True) == expected
    assert run(engine, ["none1", "none2"]) == run(engine, []) == []


@every_engine
@pytest.mark.parametrize(
    ("last", "error"),
    [
        ("gone", NotFoundError),
        ("refused", AuthenticationError),
        ("a/b", ValueError),
        ("down", APIConnectionError),
    ],
)
def test_an_error_of_an_id_ends_the_stream_and_the_run_as_itself(
    engine: Read, last: str, error: type[Exception]
) -> None:
    with pytest.raises(error) as caught:
        run(engine, [*IDS, last, *IDS])
    assert type(caught.value) is error
    assert (caught.value.__cause__ is None) == (last != "down")


class OddError(Exception):
    """Not one of ours."""


def odd_ids() -> Iterator[str]:
    yield from IDS
    raise OddError


@every_engine
def test_an_error_of_the_ids_ends_the_run_as_itself(engine: Read) -> None:
    with pytest.raises(OddError):
        run(engine, odd_ids())


def interrupted() -> Iterator[str]:
    yield from IDS
    raise KeyboardInterrupt


@every_engine
def test_an_interrupt_is_no_engines_error(engine: Read) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(engine, interrupted())


@every_engine
def test_an_error_that_is_met_inside_the_block_stays_there(engine: Read) -> None:
    def read(results: Results) -> None:
        with pytest.raises(Exception, match="404 Not Found: no"):
            engine(results)
        assert isinstance(results.failure, NotFoundError)
        raise OddError("the caller's own")

    with pytest.raises(OddError, match="own"):
        run(read, ["gone"])


@every_engine
@pytest.mark.parametrize("first", [next, list, *ENGINES])
def test_no_stream_begins_in_the_midst(first: Read, engine: Read) -> None:
    """Else a query that is run twice would find nothing the second time, and say nothing."""
    with pytest.raises(OneloopError, match="some were taken"):
        run(lambda results: (first(results), engine(results)), IDS)


def test_a_relation_may_be_looked_at_before_it_is_read() -> None:
    def read(results: Results) -> Any:
        relation = duckdb.sql("select sum(total - total) as nil, count(*) as n from results")
        assert relation is not None
        assert relation.columns == ["nil", "n"]
        return relation.fetchall()

    assert run(read, IDS) == [(0, 3 * len(IDS))]


def test_a_stream_outside_the_block_is_an_error() -> None:
    stream = run(pa.RecordBatchReader.from_stream, IDS)
    with pytest.raises(ValueError, match="inside the block"):
        stream.read_all()
    results = run(lambda results: results, IDS)
    with pytest.raises(pl.exceptions.ComputeError, match="inside the block"):
        by_polars(results)


def test_leaving_a_stream_early_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oneloop._arrow._BATCH", 10)

    def read(results: Results) -> Any:
        batch = next(iter(pa.RecordBatchReader.from_stream(results)))
        assert results.failure is None
        return batch.num_rows

    reads = []

    def ids() -> Iterator[str]:
        for number in range(10**6):
            reads.append(number)
            yield f"b{number}"

    assert run(read, ids()) >= 3
    assert len(reads) < 100


def test_batches_are_bounded_in_rows_and_time(monkeypatch: pytest.MonkeyPatch) -> None:
    def batches(results: Results) -> list[int]:
        return [batch.num_rows for batch in pa.RecordBatchReader.from_stream(results)]

    monkeypatch.setattr("oneloop._arrow._BATCH", 10)
    sizes = run(batches, IDS)
    assert sum(sizes) == 3 * len(IDS)
    assert max(sizes) <= 12
    assert len(sizes) >= 10

    def slow() -> Iterator[str]:
        for bid in ["none", "b0", "b1", "none"]:
            yield bid
            time.sleep(0.06)

    monkeypatch.setattr("oneloop._arrow._PATIENCE", 0.05)
    sizes = run(batches, slow(), concurrency=1)
    assert sum(sizes) == 6
    assert len(sizes) >= 2


def test_without_pyarrow_results_name_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'oneloop-api-client\[arrow\]'"):
        run(lambda results: results.__arrow_c_stream__(), IDS)
