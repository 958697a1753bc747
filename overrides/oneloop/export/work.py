"""The database beside a file: keeps what a run fetched, and writes the file."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from oneloop._spreadsheet import FORMULA, safe
from oneloop.errors import DatabaseError
from oneloop.sync.duckdb import DuckDBStore
from oneloop.sync.store import Batch
from oneloop.usage import UsageRow

_FORMATS: Final = {
    ".parquet": "format parquet, compression zstd",
    ".csv": "format csv, header",
    ".jsonl": "format json",
}
_COLUMNS: Final = "billing_id, day, name, total"
_WANTED: Final = "create temp table if not exists wanted (billing_id text primary key)"
# What this run asked for and got.
_ASKED: Final = """
    select u.* from billing_usage u join wanted using (billing_id)
    join billing_usage_ids i using (billing_id) where i.error is null"""


class WorkStore(DuckDBStore):
    """A database that only one run at a time has open, and that is gone when the file is written.

    Args:
        out: the file to write.
        spreadsheet: whether its texts mustn't be formulas.

    Raises:
        BusyError: another run writes the file.
        DatabaseError: it can't be used.
    """

    is_done = False
    """Whether nothing is left to go on with."""

    def __init__(self, out: Path, *, spreadsheet: bool) -> None:
        self._out = out.absolute()
        self._spreadsheet = spreadsheet
        super().__init__(f"{out}.part.duckdb")

    def close(self) -> None:
        super().close()
        if self.is_done:
            for end in ("", ".wal"):
                Path(f"{self._real}{end}").unlink(missing_ok=True)

    def fresh(self, ids: Sequence[str], max_age: float) -> set[str]:
        """Return those that need not be asked for, and note them all."""
        self._fetch(_WANTED)
        self._fetch("insert or ignore into wanted select unnest(?::text[])", list(ids))
        return super().fresh(ids, max_age)

    def copy_asked(self) -> int:
        """Write the rows of the ids that were asked for, and return how many."""
        self._fetch(_WANTED)
        return self._copy(_ASKED)

    def copy_file(self, path: str) -> int:
        """Write the rows of another file of DuckDB, and return how many."""
        self._fetch(f"attach {_quoted(os.path.realpath(path))} as other (read_only)")
        return self._copy("select * from other.billing_usage")

    def copy_rows(self, parts: Iterable[Sequence[UsageRow]]) -> int:
        """Write rows, given in parts, and return how many."""
        self._fetch(f"create temp table copied as select {_COLUMNS} from billing_usage limit 0")
        for part in parts:
            batch = Batch()
            batch.rows += part
            with self._errors():
                self._stage(batch)
                self._change(f"insert into copied select {_COLUMNS} from billing_usage_fetched")
        return self._copy("select * from copied")

    def _copy(self, rows: str) -> int:
        """Write the rows of a query beside the file, and put them in its place."""
        if self._spreadsheet:
            self._find_formulas(rows)
        total = "total::text" if self._out.suffix == ".jsonl" else "total"
        part = Path(f"{self._out}.part")
        try:
            with self._errors():
                written = self._change(
                    f"""copy (
                        select {self._text("billing_id")}, day, {self._text("name")},
                        {total} as total
                        from ({rows}) found order by found.billing_id, day, found.name
                    ) to {_quoted(part)} ({_FORMATS[self._out.suffix]})"""
                )
            with part.open("r+b") as file:  # Windows syncs only what can be written to
                os.fsync(file.fileno())
            part.replace(self._out)
        except OSError as error:
            raise DatabaseError(f"{self._out}: can't be written: {error.strerror}") from error
        finally:
            part.unlink(missing_ok=True)
        return written

    def _text(self, column: str) -> str:
        """Return a column of texts, as it is or without formulas, in SQL."""
        if not self._spreadsheet:
            return column
        safe_ = f"(select safe from formulas where formula = found.{column})"
        return f"coalesce({safe_}, found.{column}) as {column}"

    def _find_formulas(self, rows: str) -> None:
        """Put all texts that are formulas, and what they become, into a table."""
        found = self._fetch(
            f"""select distinct unnest([billing_id, name]) as text from ({rows})
            where regexp_matches(billing_id, $1) or regexp_matches(name, $1)""",
            FORMULA,
        )
        texts = [text for (text,) in found]
        self._fetch("create temp table formulas (formula text, safe text)")
        columns = [texts, [safe(text) for text in texts]]
        self._fetch("insert into formulas select unnest(?::text[]), unnest(?::text[])", *columns)


def _quoted(path: object) -> str:
    return "'" + str(path).replace("'", "''") + "'"
