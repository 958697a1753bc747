"""Usage in a file: exact in each format, whole or as it was, gone on with after any end."""

from __future__ import annotations

import csv
import datetime
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from oneloop import (
    AuthenticationError,
    BillingUsage,
    ConfigurationError,
    DatabaseError,
    Oneloop,
    UsageRow,
)
from oneloop.cli.formats import CSV
from oneloop.export import ExportResult, export, export_database
from oneloop.sync import sync, target
from oneloop.testing import FakeAPI
from tests.commands import COMMAND, run
from tests.faces import KEY
from tests.overrides.sync.api import Usage, set_answers
from tests.overrides.sync.databases import DuckDB, Postgres
from tests.postgres import with_option
from tests.servers import RawServer, echo

DAY = "2025-01-01"
WIDEST = 10**38 - 1
NAMES = [
    "",
    " ",
    "a\tb\\n",
    "é😀",
    'a "quote", and comma',
    "line\nbreak\r",
    "=1+1",
    "null",
    "a;=b",
    "\x1b",
]
Row = tuple[str, str, str, int]


def of_parquet(path: Path) -> list[Row]:
    table = pq.read_table(path)
    assert table.schema.names == ["billing_id", "day", "name", "total"]
    assert table.schema.types == [pa.string(), pa.date32(), pa.string(), pa.decimal128(38, 0)]
    return [
        (bid, str(day), name, int(total))
        for bid, day, name, total in zip(*table.to_pydict().values(), strict=True)
    ]


def of_csv(path: Path) -> list[Row]:
    with path.open(newline="", encoding="utf-8") as file:
        head, *lines = csv.reader(file)
    assert head == ["billing_id", "day", "name", "total"]
    return [(bid, day, name, int(total)) for bid, day, name, total in lines]


def of_jsonl(path: Path) -> list[Row]:
    with path.open(newline="\n", encoding="utf-8") as file:
        found = [json.loads(line) for line in file]
    assert all(list(each) == ["billing_id", "day", "name", "total"] for each in found)
    assert all(isinstance(each["total"], str) for each in found)
    return [
        (*[each[key] for key in ("billing_id", "day", "name")], int(each["total"]))
        for each in found
    ]


READERS: dict[str, Callable[[Path], list[Row]]] = {
    ".parquet": of_parquet,
    ".csv": of_csv,
    ".jsonl": of_jsonl,
}
every_format = pytest.mark.parametrize("suffix", READERS)


def read(path: Path) -> list[Row]:
    return READERS[path.suffix](path)


def as_rows(usage: dict[str, Usage]) -> list[Row]:
    """Return what a file should hold, in its order."""
    return sorted((bid, *row) for bid, found in usage.items() for row in found)


@every_format
@pytest.mark.parametrize("source", ["ids", "duckdb", "postgres"])
def test_usage_is_written_exactly_and_sorted(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    api: FakeAPI,
    client: Oneloop,
    suffix: str,
    source: str,
) -> None:
    out = tmp_path / f"it's{suffix}"
    usage: dict[str, Usage] = {
        "b": [("9999-12-31", "calls", WIDEST), ("0001-01-01", "calls", 0), (DAY, "calls", 2**64)],
        "a": [(DAY, name, number) for number, name in enumerate(NAMES)],
        "Z": [(DAY, "calls", 1)],
        "none": [],
    }
    set_answers(api, usage)
    if source == "ids":
        assert export(client, usage, out) == ExportResult(ids=4, failed=0, rows=14)
    else:
        in_file = source == "duckdb"
        path = tmp_path / "it's.duckdb"
        database = DuckDB(path) if in_file else Postgres(request.getfixturevalue("postgres"))
        sync(client, usage, database.target)
        assert export_database(database.target, out) == 14
    assert read(out) == as_rows(usage)
    assert {path.suffix for path in tmp_path.iterdir()} <= {suffix, ".duckdb"}
    assert not list(tmp_path.glob("*.part*"))


@every_format
def test_no_usage_is_a_file_too(tmp_path: Path, client: Oneloop, suffix: str) -> None:
    out = tmp_path / f"x{suffix}"
    assert export(client, [], out) == ExportResult(ids=0, failed=0, rows=0)
    assert read(out) == []


def test_what_failed_is_not_in_the_file_and_is_asked_for_again(
    tmp_path: Path, api: FakeAPI, client: Oneloop
) -> None:
    out = tmp_path / "x.csv"
    failures: list[str] = []
    set_answers(api, {"a": [(DAY, "calls", 1)], "b": 500})

    def again(**options: Any) -> ExportResult:
        api.calls.clear()
        failures.clear()
        told = lambda failure: failures.append(failure.billing_id)  # noqa: E731
        return export(client, ["a", "b", ""], out, on_failure=told, **options)

    assert again() == ExportResult(ids=1, failed=2, rows=1)
    assert sorted(failures) == ["", "b"]
    set_answers(api, {"a": 500, "b": [(DAY, "calls", 2)]})
    assert again() == ExportResult(ids=2, failed=1, rows=2)
    assert api.asked == ["b"]
    assert read(out) == [("a", DAY, "calls", 1), ("b", DAY, "calls", 2)]
    assert again(max_age=0) == ExportResult(ids=1, failed=2, rows=1)
    assert sorted(api.asked) == ["a", "b"]
    assert read(out) == [("b", DAY, "calls", 2)]
    set_answers(api, {"a": [(DAY, "calls", 3)], "b": [(DAY, "calls", 2)]})
    assert again() == ExportResult(ids=2, failed=1, rows=2)
    assert api.asked == ["a"], "young enough, and failed since"
    assert read(out) == [("a", DAY, "calls", 3), ("b", DAY, "calls", 2)]


def test_nothing_of_a_run_before_is_in_the_file_but_what_was_asked_for(
    tmp_path: Path, api: FakeAPI, client: Oneloop
) -> None:
    out = tmp_path / "x.csv"
    set_answers(
        api, {"a": [(DAY, "calls", 1), (DAY, "seats", 1)], "b": [(DAY, "calls", 2)], "c": 500}
    )
    export(client, ["a", "b", "c"], out)
    set_answers(api, {"a": [(DAY, "calls", 3)]})
    assert export(client, ["a"], out, max_age=0) == ExportResult(ids=1, failed=0, rows=1)
    assert read(out) == [("a", DAY, "calls", 3)]
    assert not Path(f"{out}.part.duckdb").exists()


class OddError(Exception):
    """Not one of ours."""


@pytest.mark.parametrize("error", [AuthenticationError, OddError])
def test_a_run_that_ends_early_leaves_the_file_as_it_was(
    tmp_path: Path, api: FakeAPI, client: Oneloop, error: type[Exception]
) -> None:
    def wanted() -> Any:
        yield from "ab"
        if error is OddError:
            raise OddError

    out = tmp_path / "x.csv"
    out.write_text("as it was")
    set_answers(api, {"a": [(DAY, "calls", 1)], "b": 401 if error is AuthenticationError else 404})
    with pytest.raises(error):
        export(client, wanted(), out, concurrency=1)
    assert out.read_text() == "as it was"
    set_answers(api, {"a": [(DAY, "calls", 1)], "b": [(DAY, "calls", 2)]})
    api.calls.clear()
    assert export(client, ["a", "b"], out).rows == 2
    assert api.asked == ["b"]


@pytest.mark.parametrize(
    ("out", "options", "words"),
    [
        ("x.xlsx", {}, r"a file is \*.parquet or \*.csv or \*.jsonl"),
        ("x", {}, "a file is"),
        ("none/x.csv", {}, "none: there is no such folder"),
        ("n" * 300 + "/x.csv", {}, "there is no such folder"),
        ("x\udcff.csv", {}, "a file's name is UTF-8, without NUL"),
        ("x\0.csv", {}, "a file's name is UTF-8, without NUL"),
        ("x.parquet", {"spreadsheet": True}, r"a file for spreadsheets is a \*.csv"),
        ("x.csv", {"max_age": -1}, "max_age is seconds"),
    ],
)
def test_what_cannot_be_written_is_refused(
    tmp_path: Path, client: Oneloop, out: str, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words):
        export(client, ["a"], tmp_path / out, **options)
    assert list(tmp_path.iterdir()) == []


needs_pipes = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(Path.mkdir, id="folder"),
        pytest.param(getattr(os, "mkfifo", None), id="named pipe", marks=needs_pipes),
    ],
)
def test_what_is_no_file_is_not_replaced(
    tmp_path: Path, api: FakeAPI, client: Oneloop, make: Callable[[Path], None]
) -> None:
    out = tmp_path / "x.csv"
    make(out)
    before = out.stat()
    with pytest.raises(ConfigurationError, match=r"x.csv: is no file that could be replaced"):
        export(client, ["a"], out)
    assert api.asked == []
    assert out.stat() == before
    assert list(tmp_path.iterdir()) == [out]


def test_a_place_that_cannot_be_written_to(tmp_path: Path, api: FakeAPI, client: Oneloop) -> None:
    out = tmp_path / "x.csv"

    def ids() -> Iterator[str]:
        out.mkdir()  # by somebody else, meanwhile
        yield "a"

    set_answers(api, {"a": []})
    with pytest.raises(DatabaseError, match=r"x.csv: can't be written: Is a directory"):
        export(client, ids(), out)
    assert list(out.iterdir()) == []
    assert not Path(f"{out}.part").exists()


def test_a_file_is_on_the_disk_before_it_is_in_its_place(
    tmp_path: Path, api: FakeAPI, client: Oneloop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a descriptor that can write: Windows refuses any other."""
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda number: synced.append(os.write(number, b"")))
    set_answers(api, {"a": []})
    export(client, ["a"], tmp_path / "x.csv")
    assert synced == [0]


def test_one_run_at_a_time_writes_a_file(
    tmp_path: Path, api: FakeAPI, client: Oneloop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(target, "_PATIENCE", 0.1)
    out = tmp_path / "x.csv"
    set_answers(api, {"a": []})

    def again(counts: object) -> None:
        with pytest.raises(DatabaseError, match="another run"):
            export(client, ["a"], out)

    export(client, ["a"], out, on_progress=again)


@pytest.mark.parametrize(
    "make", [None, "create table other (x integer)", "create table billing_usage (x text)"]
)
def test_a_database_without_usage(tmp_path: Path, make: str | None) -> None:
    database = DuckDB(tmp_path / "x.duckdb")
    if make:
        database.run(make)
    with pytest.raises(DatabaseError, match=r"does not exist|holds no usage|aren't this client's"):
        export_database(database.target, tmp_path / "x.csv")
    assert {path.suffix for path in tmp_path.iterdir()} <= {".duckdb"}
    assert not list(tmp_path.glob("x.csv*"))


def test_an_empty_server(postgres: str, tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="holds no usage"):
        export_database(postgres, tmp_path / "x.csv")


def test_a_server_is_only_read(
    postgres: str, tmp_path: Path, api: FakeAPI, client: Oneloop
) -> None:
    set_answers(api, {"a": [(DAY, "calls", 1)]})
    sync(client, ["a"], postgres)
    url = with_option(postgres, "options=-cdefault_transaction_read_only%3Don")
    assert export_database(url, tmp_path / "x.csv") == 1


def test_rows_that_a_role_does_not_see_are_an_error(
    postgres: str, tmp_path: Path, api: FakeAPI, client: Oneloop
) -> None:
    """The file would be without them, and nobody would hear of it."""
    set_answers(api, {"a": [(DAY, "calls", 1)]})
    sync(client, ["a"], postgres)
    server = Postgres(postgres)
    role = urlsplit(postgres).path[1:] + "_role"
    server.run(f"create role {role}")
    try:
        server.run(f"grant all on all tables in schema public to {role}")
        server.run("alter table billing_usage enable row level security")
        url = with_option(postgres, f"options=-crole%3D{role}")
        with pytest.raises(DatabaseError, match="row-level security"):
            export_database(url, tmp_path / "x.csv")
        with pytest.raises(DatabaseError, match="row-level security"):
            sync(client, ["a"], url, prune=True)
    finally:
        server.run(f"drop owned by {role}")
        server.run(f"drop role {role}")
    assert not (tmp_path / "x.csv").exists()


def test_a_total_that_is_no_number(
    postgres: str, tmp_path: Path, api: FakeAPI, client: Oneloop
) -> None:
    set_answers(api, {"a": [(DAY, "calls", 1)]})
    sync(client, ["a"], postgres)
    Postgres(postgres).run("update billing_usage set total = 'NaN'")
    with pytest.raises(DatabaseError, match="a total is no number of this client"):
        export_database(postgres, tmp_path / "x.csv")
    assert not (tmp_path / "x.csv").exists()


TEXTS = st.text(st.sampled_from("=+-@;\n\r\t\"',ab é\uff1d\uff20"), max_size=5)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    bid=st.sampled_from(["a", "-a"]),
    names=st.lists(TEXTS, unique=True, min_size=1, max_size=8),
    spreadsheet=st.booleans(),
)
@example(bid="a", names=["a;=b"], spreadsheet=True)
def test_csv_is_that_of_oneloop_usage(
    tmp_path: Path, api: FakeAPI, client: Oneloop, bid: str, names: list[str], spreadsheet: bool
) -> None:
    out = tmp_path / "x.csv"
    set_answers(api, {bid: [(DAY, name, 5) for name in names]})
    export(client, [bid], out, spreadsheet=spreadsheet)
    rows = [UsageRow(datetime.date(2025, 1, 1), name, 5, bid) for name in names]
    usage = BillingUsage(bid, sorted(rows))
    with out.open(newline="", encoding="utf-8") as file:
        found = list(csv.reader(file))
    text = CSV(None, terminal=False, spreadsheet=spreadsheet).part(usage)
    assert found == list(csv.reader(text.splitlines(keepends=True)))


def test_a_run_that_was_killed_is_gone_on_with(tmp_path: Path) -> None:
    out = tmp_path / "x.jsonl"
    wanted = [f"b{number}" for number in range(300)]

    def drip(connection: Any, head: bytes, number: int) -> None:
        time.sleep(0.05 if number > 100 else 0)
        echo(connection, head, number)

    with RawServer(drip) as server:
        env = {"ONELOOP_API_KEY": KEY, "ONELOOP_BASE_URL": server.url}
        command = [*COMMAND, "export", str(out), *wanted, "--concurrency", "4"]
        script = (
            "from oneloop.cli import main; from oneloop.sync import run; run._ROWS = 20; main()"
        )
        process = subprocess.Popen([command[0], "-c", script, *command[3:]], env=env)
        while len(server.requests) < 200:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert not out.exists()
        asked = len(server.requests)
        server.handler = echo
        code, text, err = run(*command[3:], environment=env)
        assert (code, err) == (0, "")
        assert text.startswith("billing ids: 300 written, 0 failed; rows: 300; ")
        assert len(server.requests) - asked < 200
    assert [row[0] for row in read(out)] == sorted(wanted)
    assert list(tmp_path.iterdir()) == [out]


def test_the_command(tmp_path: Path) -> None:
    out = tmp_path / "x.parquet"
    code, text, err = run("export", str(out), "bid_acme", "bid_nobody", "--sandbox")
    assert code == 1
    assert text.startswith("billing ids: 1 written, 1 failed; rows: 30; ")
    assert err.startswith("oneloop: GET /api/v1/usage/bid_nobody: 400")
    assert len(read(out)) == 30
    run("sync", str(tmp_path / "x.duckdb"), "bid_acme", "bid_globex", "--sandbox")
    source = ["--from", str(tmp_path / "x.duckdb")]
    assert run("export", str(tmp_path / "y.csv"), *source) == (0, "rows: 60\n", "")
    assert run("export", str(tmp_path / "y.csv"), *source, "bid_acme")[0] == 2
    assert run("export", str(tmp_path / "y.csv"), "--from", str(tmp_path / "z.duckdb"))[0] == 1
