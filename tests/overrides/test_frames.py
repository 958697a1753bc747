"""Usage in the engines that people use: the same columns and types in each, and exact totals."""

from __future__ import annotations

import datetime
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oneloop import BillingUsage, ConfigurationError, UsageRow
from tests.servers import BID

DAY = datetime.date(2025, 1, 31)
MOST = 10**38 - 1
SCHEMA = pa.schema(
    [
        pa.field("billing_id", pa.string(), nullable=False),
        pa.field("day", pa.date32(), nullable=False),
        pa.field("name", pa.string(), nullable=False),
        pa.field("total", pa.decimal128(38, 0), nullable=False),
    ]
)
POLARS = {"billing_id": pl.String, "day": pl.Date, "name": pl.String, "total": pl.Decimal(38, 0)}
DUCKDB = ["VARCHAR", "DATE", "VARCHAR", "DECIMAL(38,0)"]


def usage_of(*totals: int, name: str = "🧾 \0 é") -> BillingUsage:
    return BillingUsage(BID, [UsageRow(DAY, name, total, BID) for total in totals])


FULL = usage_of(MOST, 0, 2**64)
EMPTY = usage_of()
full_and_empty = pytest.mark.parametrize("usage", [FULL, EMPTY], ids=["full", "empty"])


def tuples(usage: BillingUsage) -> list[tuple[object, ...]]:
    return [(row.billing_id, row.day, row.name, Decimal(row.total)) for row in usage]


def from_pyarrow(usage: Any) -> list[tuple[object, ...]]:
    table = pa.table(usage)
    assert table.schema.equals(SCHEMA)
    table.validate(full=True)
    return [tuple(row.values()) for row in table.to_pylist()]


def from_polars(usage: Any) -> list[tuple[object, ...]]:
    frame = pl.DataFrame(usage)
    assert frame.schema == POLARS
    return frame.rows()


def from_duckdb(usage: Any) -> list[tuple[object, ...]]:
    relation = duckdb.sql("from usage")
    assert relation is not None
    assert relation.columns == SCHEMA.names
    assert [str(each) for each in relation.types] == DUCKDB
    return relation.fetchall()


def from_pandas(usage: Any) -> list[tuple[object, ...]]:
    frame = pd.DataFrame.from_arrow(usage)
    assert list(frame.columns) == SCHEMA.names
    return list(frame.itertuples(index=False, name=None))


@pytest.mark.parametrize("engine", [from_pyarrow, from_polars, from_duckdb, from_pandas])
@full_and_empty
def test_every_engine_has_the_same_columns_and_totals(
    usage: BillingUsage, engine: Callable[[Any], list[tuple[object, ...]]]
) -> None:
    assert engine(usage) == tuples(usage)


def test_usage_without_a_row_goes_with_the_rest() -> None:
    assert pl.concat([pl.DataFrame(EMPTY), pl.DataFrame(FULL)]).rows() == tuples(FULL)
    assert pa.concat_tables([pa.table(EMPTY), pa.table(FULL)]).num_rows == len(FULL)
    one, other = EMPTY, FULL  # noqa: F841 - DuckDB finds them by name
    query = "from (from one union all from other) order by total"
    rows = [(BID, DAY, FULL[0].name, Decimal(total)) for total in (0, 2**64, MOST)]
    assert duckdb.execute(query).fetchall() == rows


def test_usage_is_read_as_often_as_it_is_asked_for() -> None:
    for usage in (FULL, FULL):
        assert len(from_duckdb(usage)) == len(from_polars(usage)) == len(from_pyarrow(usage)) == 3


@pytest.mark.parametrize("length", [1, 20_000])
def test_usage_of_any_length_comes_whole(length: int) -> None:
    usage = usage_of(*range(length))
    assert from_pyarrow(usage) == tuples(usage)


class Wishing:
    """Asks for other types, and leaves it at that."""

    def __init__(self, usage: BillingUsage, wish: Any) -> None:
        self._usage = usage
        self._wish = wish

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._usage.__arrow_c_stream__(self._wish.__arrow_c_schema__())


@full_and_empty
@pytest.mark.parametrize(
    ("column", "kind"),
    [
        ("name", pa.large_string()),
        ("billing_id", pa.dictionary(pa.int32(), pa.string())),
        ("day", pa.timestamp("us")),
        ("total", pa.decimal256(76, 0)),
        ("total", pa.string()),
    ],
)
def test_other_types_may_be_asked_for(usage: BillingUsage, column: str, kind: Any) -> None:
    place = SCHEMA.get_field_index(column)
    wish = SCHEMA.set(place, pa.field(column, kind))
    table = pa.table(Wishing(usage, wish))
    assert table.schema.equals(wish)
    assert table.equals(pa.table(usage, schema=wish))
    assert table.cast(SCHEMA).equals(pa.table(usage))


@pytest.mark.parametrize("kind", [pa.float64(), pa.float32(), pa.int64(), pa.decimal128(10, 0)])
def test_totals_never_lose_a_digit(kind: Any) -> None:
    wish = SCHEMA.set(3, pa.field("total", kind))
    with pytest.raises(ValueError, match=r"ask for decimal128|out of bounds|does not fit"):
        pa.table(FULL, schema=wish)


@pytest.mark.parametrize(
    "wish",
    [
        pytest.param(pa.schema([SCHEMA[0], SCHEMA[3]]), id="fewer"),
        pytest.param(SCHEMA.append(pa.field("currency", pa.string())), id="more"),
        pytest.param(pa.schema(list(SCHEMA)[::-1]), id="in another order"),
        pytest.param(SCHEMA.set(3, SCHEMA[3].with_name("totals")), id="of another name"),
    ],
)
@full_and_empty
def test_other_columns_are_refused(usage: BillingUsage, wish: Any) -> None:
    with pytest.raises(ValueError, match="field names"):
        pa.table(usage, schema=wish)


def test_without_pyarrow_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ConfigurationError, match=r"needs pyarrow: pip install .*\[arrow\]"):
        FULL.__arrow_c_stream__()


def test_no_engine_is_imported_before_it_is_needed() -> None:
    program = "import sys, oneloop; print(*sys.modules)"
    imported = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"pyarrow", "polars", "pandas", "numpy", "duckdb"}.intersection(imported)


every_rows = st.lists(
    st.builds(
        UsageRow,
        day=st.dates(),
        name=st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(["", "\0", "🧾"]),
        total=st.integers(0, 38).flatmap(lambda digits: st.integers(0, 10**digits - 1)),
        billing_id=st.just(BID),
    ),
    max_size=8,
)


@settings(deadline=None, max_examples=100, derandomize=True)
@given(every_rows)
def test_any_rows_come_back_from_arrow(rows: list[UsageRow]) -> None:
    usage = BillingUsage(BID, rows)
    found = pa.table(usage).to_pylist()
    assert [UsageRow(**row | {"total": int(row["total"])}) for row in found] == rows
    assert from_polars(usage) == tuples(usage)
