"""Rows as an Arrow stream, which polars, DuckDB, pandas and others read: always of one schema."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from oneloop.errors import missing_extra

if TYPE_CHECKING:
    import pyarrow

_BATCH = 8192
"""Rows that make a record batch: a few MiB."""
_PATIENCE = 0.5
"""Seconds after which fewer do: an engine heeds Ctrl-C between two batches."""


def stream(
    parts: Iterable[Iterable[Any]],
    requested_schema: object,
    failed: Callable[[BaseException], None] | None = None,
) -> object:
    """Return an `ArrowArrayStream` capsule of all parts' rows, which reads them as it is read.

    Args:
        parts: of rows, which have attributes named as the columns.
        requested_schema: a capsule of what the caller wishes: other types of the same columns.
        failed: told what ends the stream early; who reads it gets the text alone.

    Raises:
        ConfigurationError: pyarrow isn't installed.
        ValueError: other columns are wished for, or a float, which doesn't hold every total.
    """
    try:
        import pyarrow as pa  # noqa: PLC0415 - an extra
    except ImportError:
        raise missing_extra("pyarrow", "arrow") from None
    columns = {
        "billing_id": pa.string(),
        "day": pa.date32(),
        "name": pa.string(),
        "total": pa.decimal128(38, 0),
    }
    schema = pa.schema([pa.field(name, kind, nullable=False) for name, kind in columns.items()])
    if requested_schema is not None:
        wish = pa.schema(_Wish(requested_schema))
        if any(map(pa.types.is_floating, wish.types)):
            raise ValueError("a float doesn't hold every total: ask for decimal128(38, 0)")
        requested_schema = wish.__arrow_c_schema__()
    reader = pa.RecordBatchReader.from_batches(schema, _batches(parts, schema, failed))
    return reader.__arrow_c_stream__(requested_schema)


class _Wish:
    """A schema's capsule as pyarrow takes it."""

    def __init__(self, capsule: object) -> None:
        self._capsule = capsule

    def __arrow_c_schema__(self) -> object:
        return self._capsule


def _batches(
    parts: Iterable[Iterable[Any]],
    schema: pyarrow.Schema,
    failed: Callable[[BaseException], None] | None,
) -> Iterator[pyarrow.RecordBatch]:
    try:
        rows: list[Any] = []
        due = time.monotonic() + _PATIENCE
        for part in parts:
            rows += part
            if len(rows) >= _BATCH or time.monotonic() > due:
                yield _batch(rows, schema)
                rows, due = [], time.monotonic() + _PATIENCE
        yield _batch(rows, schema)
    except GeneratorExit:  # the reader has enough
        raise
    except BaseException as error:
        if failed:
            failed(error)
        raise


def _batch(rows: list[Any], schema: pyarrow.Schema) -> pyarrow.RecordBatch:
    import pyarrow as pa  # noqa: PLC0415

    columns = [pa.array(list(map(attrgetter(each.name), rows)), each.type) for each in schema]
    return pa.record_batch(columns, schema=schema)
