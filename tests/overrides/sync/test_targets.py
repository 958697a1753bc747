"""A database that can't be used is said in a line, and nothing of a batch is in it."""

from __future__ import annotations

import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from oneloop import AsyncOneloop, ConfigurationError, DatabaseError, Oneloop
from oneloop.export import export_database
from oneloop.sync import SyncResult, sync, target
from oneloop.testing import FakeAPI
from tests.clock import ends_within
from tests.overrides.sync.api import set_answers
from tests.overrides.sync.databases import Database, DuckDB, Postgres, rows
from tests.postgres import with_option

ROOT = Path(__file__).parents[3]
DAY = "2025-01-01"
SECRET = "hunter2"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target, "_PATIENCE", 0.2)


@pytest.mark.parametrize(
    "name",
    [
        "usage.db",
        "",
        "mysql://root:hunter2@h/db",
        "mysql://root:hunter2@h/x.duckdb",
        "s3://bucket/x.duckdb",
        "postgresql:db",
        ":memory:",
        "usage.DUCKDB",
    ],
)
def test_another_kind_of_target_is_refused(client: Oneloop, name: str) -> None:
    with pytest.raises(ConfigurationError, match=r"a file \*.duckdb or a database postgresql://"):
        sync(client, ["a"], name)


@pytest.mark.parametrize(
    ("name", "module", "words"),
    [
        ("x.duckdb", "duckdb", r"needs DuckDB: pip install 'oneloop-api-client\[duckdb\]'"),
        ("postgres://h", "psycopg", r"psycopg 3: pip install 'oneloop-api-client\[postgres\]'"),
    ],
)
def test_an_extra_that_is_missing_is_named(
    client: Oneloop, monkeypatch: pytest.MonkeyPatch, name: str, module: str, words: str
) -> None:
    for loaded in [it for it in sys.modules if it.partition(".")[0] == module]:
        monkeypatch.delitem(sys.modules, loaded)
    monkeypatch.setitem(sys.modules, module, None)
    for engine in ("duckdb", "postgres"):
        monkeypatch.delitem(sys.modules, f"oneloop.sync.{engine}", raising=False)
    with pytest.raises(ConfigurationError, match=words):
        sync(client, ["a"], name)


@pytest.mark.parametrize("age", [-1, float("nan"), float("inf")])
def test_an_age_that_is_none_is_refused(client: Oneloop, tmp_path: Path, age: float) -> None:
    with pytest.raises(ConfigurationError, match="max_age is seconds"):
        sync(client, ["a"], tmp_path / "x.duckdb", max_age=age)
    assert list(tmp_path.iterdir()) == []


def test_other_options_are_refused_before_anything_is_stored(
    client: Oneloop, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match="concurrency"):
        sync(client, ["a"], tmp_path / "x.duckdb", concurrency=0)


def test_an_asynchronous_client_is_refused(tmp_path: Path) -> None:
    other: Any = AsyncOneloop(api_key="x")
    with pytest.raises(TypeError, match="an Oneloop, not AsyncOneloop"):
        sync(other, ["a"], tmp_path / "x.duckdb")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("alter table billing_usage rename total to count", "billing_usage.total is missing"),
        ("alter table billing_usage_history drop column total", "history.total is missing"),
        ("drop table billing_usage_ids", "billing_usage_ids.billing_id is missing"),
        ("update billing_usage_layout set version = 2", "layout 2, and this version .* knows 1"),
        ("delete from billing_usage_layout", "layout unknown"),
        ("drop table billing_usage_layout", "that aren't this client's: billing_usage, "),
    ],
)
def test_another_layout_is_refused(
    database: Database, api: FakeAPI, client: Oneloop, change: str, words: str
) -> None:
    sync(client, [], database.target)
    database.run(change)
    before = tables(database)
    with pytest.raises(DatabaseError, match=words) as caught:
        sync(client, ["a"], database.target)
    assert "\n" not in str(caught.value)
    assert tables(database) == before
    assert api.asked == []


def test_a_total_of_another_type_is_refused(database: Database, client: Oneloop) -> None:
    database.run("create table billing_usage (billing_id text, total double precision)")
    with pytest.raises(DatabaseError, match=r"aren't this client's: billing_usage$"):
        sync(client, ["a"], database.target)
    database.run("drop table billing_usage")
    sync(client, [], database.target)
    database.run("alter table billing_usage alter column total type double precision")
    with pytest.raises(DatabaseError, match=r"(?i)billing_usage.total is double.*, not .*38,0"):
        sync(client, ["a"], database.target)


def test_what_others_add_is_left_alone(database: Database, api: FakeAPI, client: Oneloop) -> None:
    database.run("create table other (x integer)")
    set_answers(api, {"a": [(DAY, "calls", 1)]})
    sync(client, ["a"], database.target)
    database.run("alter table billing_usage add column note text")
    database.run("create view billing_usage_by_month as select 1 as one")
    set_answers(api, {"a": [(DAY, "calls", 2)], "b": [(DAY, "calls", 1)]})
    assert sync(client, ["a", "b"], database.target) == SyncResult(ids=2, new=1, restated=1)


def tables(database: Database) -> list[Any]:
    return database.run(
        """select table_name, column_name, data_type from information_schema.columns
        where table_name like 'billing_usage%' order by 1, 2"""
    )


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: None, "No such file or directory"),
        (lambda path: (path.parent.mkdir(), path.write_text("x" * 9999)), "not a valid DuckDB"),
        (lambda path: path.mkdir(parents=True), "x.duckdb: "),
    ],
)
def test_a_file_that_is_no_database(
    client: Oneloop, api: FakeAPI, tmp_path: Path, make: Any, words: str
) -> None:
    path = tmp_path / "folder" / "x.duckdb"
    make(path)
    with pytest.raises(DatabaseError, match=words) as caught:
        sync(client, ["a"], path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)
    assert api.asked == []


HOLDER = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1])
print("open", flush=True)
sys.stdin.read()
"""


@contextmanager
def held(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Have another process hold the file open."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "open\n"
        yield process


def test_a_file_that_another_process_has_open(
    client: Oneloop, api: FakeAPI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.duckdb"
    set_answers(api, {"a": [(DAY, "calls", 1)]})
    with held(path) as process:
        with monkeypatch.context() as patch:
            patch.setattr(target, "_PATIENCE", 0.2)
            with pytest.raises(
                DatabaseError, match=rf"another process \(PID {process.pid}\) has it"
            ):
                sync(client, ["a"], path)
        threading.Timer(0.3, process.kill).start()
        assert sync(client, ["a"], path).new == 1


@pytest.mark.parametrize("name", ["x\udcff.duckdb", "x\0.duckdb", "postgresql://u:hunter2\udcff@h"])
def test_a_name_that_no_engine_takes(client: Oneloop, name: str) -> None:
    with pytest.raises(ConfigurationError, match="a target's name is UTF-8, without NUL") as caught:
        sync(client, ["a"], name)
    assert SECRET not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    "name", ["md:x.duckdb", "duckdb:x.duckdb", ":memory:.duckdb", "~.duckdb", "it's x.duckdb"]
)
def test_a_name_is_that_of_a_file_here(
    client: Oneloop, api: FakeAPI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    set_answers(api, {"a": [(DAY, "calls", 1)]})
    elsewhere = lambda counts: monkeypatch.chdir("/")  # noqa: E731
    assert sync(client, ["a"], name, on_progress=elsewhere).new == 1
    monkeypatch.chdir(tmp_path)
    assert export_database(name, "x.csv") == 1
    assert {path.name for path in tmp_path.iterdir()} == {name, "x.csv"}


def test_a_home_that_no_shell_put_in(
    client: Oneloop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(DatabaseError, match=r"~/x.duckdb: .*No such file or directory"):
        sync(client, ["a"], "~/x.duckdb")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("impatient")
def test_two_runs_of_one_process_on_one_file(client: Oneloop, api: FakeAPI, tmp_path: Path) -> None:
    path = tmp_path / "x.duckdb"
    link = tmp_path / "link.duckdb"
    link.symlink_to(path)

    def again(counts: SyncResult) -> None:
        with pytest.raises(DatabaseError, match="another run of this process is at work"):
            sync(client, ["a"], link)

    set_answers(api, {"a": [(DAY, "calls", 1)]})
    assert sync(client, ["a"], path, on_progress=again).new == 1
    assert sync(client, ["a"], link).ids == 1


def test_runs_of_one_process_on_one_file_take_turns(
    client: Oneloop, api: FakeAPI, tmp_path: Path
) -> None:
    path = tmp_path / "x.duckdb"
    wanted = [f"b{number}" for number in range(40)]
    set_answers(api, {bid: [(DAY, "calls", 1)] for bid in wanted})
    found: list[SyncResult] = []
    together = threading.Barrier(4)

    def run() -> None:
        together.wait()
        found.append(sync(client, wanted, path))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(each.new for each in found) == [0, 0, 0, 40]


def test_a_file_that_is_deleted_while_a_run_writes(
    client: Oneloop, api: FakeAPI, tmp_path: Path
) -> None:
    path = tmp_path / "x.duckdb"
    set_answers(api, {"a": [(DAY, "calls", 1)]})

    def delete(counts: SyncResult) -> None:
        path.unlink(missing_ok=True)

    with pytest.raises(DatabaseError, match="the file is gone"):
        sync(client, ["a"], path, on_progress=delete)


FULL = """
import resource, signal, sys
from oneloop import DatabaseError
from oneloop.sync import sync
from tests.overrides.sync.test_targets import many
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
limit = int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    with many(400) as client:
        sync(client, [f"b{number}" for number in range(400)], sys.argv[1])
except DatabaseError as error:
    print(error)
"""


@contextmanager
def many(rows_an_id: int) -> Iterator[Oneloop]:
    """Give a client of an API that has many rows for each id."""
    api = FakeAPI()
    found = [(DAY, f"{number}" * 9, number) for number in range(rows_an_id)]
    set_answers(api, {f"b{number}": found for number in range(400)})
    with api, api.client() as client:
        yield client


def test_a_disk_that_is_full(tmp_path: Path) -> None:
    path = tmp_path / "x.duckdb"
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(path), str(2_000_000)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1
    assert "Traceback" not in done.stderr
    (number,) = DuckDB(path).run("select count(*) from billing_usage")[0]
    assert number % 400 == 0
    assert number == len(DuckDB(path).run("from billing_usage_ids")) * 400


def with_password(url: str, **changes: str) -> str:
    """Return the URL with a password, and other parts."""
    parts = urlsplit(url)
    user = parts.username or "postgres"
    return parts._replace(
        netloc=f"{user}:{SECRET}@" + parts.netloc.rpartition("@")[2], **changes
    ).geturl()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (f"postgresql://u:{SECRET}%ZZ@h/db", "isn't a postgresql:// URL"),
        # libpq takes a space before 17.
        (f"postgresql://u:{SECRET} x@h/db", "isn't a postgresql:// URL|PostgreSQL: "),
        (f"postgresql://u:{SECRET}@h/db?no_such=1", "isn't a postgresql:// URL"),
        (f"postgresql://u:{SECRET}@127.0.0.1:1/db", "Connection refused"),
        (f"postgresql://u:{SECRET}@127.0.0.1:99999999/db", "port"),
        (f"postgresql://u:{SECRET}@/db?host=/no/such/folder", "No such file"),
    ],
)
def test_a_server_that_is_not_there(client: Oneloop, api: FakeAPI, url: str, words: str) -> None:
    with pytest.raises((DatabaseError, ConfigurationError), match=words) as caught:
        sync(client, ["a"], url)
    shown = "".join(traceback.format_exception(caught.value))
    assert SECRET not in shown.replace(url, "")
    assert SECRET not in f"{caught.value.__cause__} {caught.value.__context__}"
    assert "\n" not in str(caught.value)
    assert api.asked == []


def test_a_database_that_is_not_there(client: Oneloop, postgres: str) -> None:
    with pytest.raises(DatabaseError, match="none_such") as caught:
        sync(client, ["a"], with_password(postgres, path="/none_such"))
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_a_server_that_goes_away(client: Oneloop, api: FakeAPI, postgres: str) -> None:
    set_answers(api, {"a": [(DAY, "calls", 1)]})

    def end(counts: SyncResult) -> None:
        Postgres(postgres).run(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where application_name = 'oneloop'"
        )

    with pytest.raises(DatabaseError, match=r"PostgreSQL: .*terminating") as caught:
        sync(client, ["a"], postgres, on_progress=end)
    assert "\n" not in str(caught.value)
    assert rows(Postgres(postgres)) == []
    assert sync(client, ["a"], postgres).new == 1


def test_a_database_that_can_only_be_read(client: Oneloop, postgres: str) -> None:
    sync(client, [], postgres)
    url = with_option(postgres, "options=-cdefault_transaction_read_only%3Don")
    with pytest.raises(DatabaseError, match="read-only transaction"):
        sync(client, ["a"], url)


def test_a_database_that_cannot_hold_any_name(client: Oneloop, postgres: str) -> None:
    name = urlsplit(postgres).path[1:] + "_latin"
    server = Postgres(postgres)
    server.run(f"create database {name} encoding latin1 locale 'C' template template0")
    try:
        with pytest.raises(DatabaseError, match="encoding is LATIN1, not UTF8"):
            sync(client, ["a"], urlsplit(postgres)._replace(path=f"/{name}").geturl())
    finally:
        server.run(f"drop database {name}")


def test_another_schema_of_the_search_path(client: Oneloop, api: FakeAPI, postgres: str) -> None:
    set_answers(api, {"a": [(DAY, "calls", 1)]})
    sync(client, ["a"], postgres)
    Postgres(postgres).run("create schema billing")
    url = with_option(postgres, "options=-csearch_path%3Dbilling,public")
    assert sync(client, ["a"], url).new == 1
    assert Postgres(postgres).run("select count(*) from billing.billing_usage") == [(1,)]


def test_runs_on_one_server_take_turns(client: Oneloop, api: FakeAPI, postgres: str) -> None:
    wanted = [f"b{number}" for number in range(40)]
    set_answers(api, {bid: [(DAY, "calls", 1)] for bid in wanted})
    found: list[SyncResult] = []
    threads = [
        threading.Thread(target=lambda: found.append(sync(client, wanted, postgres)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each.ids for each in found] == [40] * 4
    assert sorted(each.new for each in found) == [0, 0, 0, 40]
    assert len(rows(Postgres(postgres))) == 40


def test_a_turn_that_never_comes(
    client: Oneloop, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from oneloop.sync import postgres as engine  # noqa: PLC0415 - as the client does

    sync(client, [], postgres)
    monkeypatch.setattr(engine, "_TURN", engine._TURN.replace("60s", "200ms"))
    with psycopg.connect(postgres) as other:
        other.execute(engine._TURN.encode())
        with ends_within(0.2), pytest.raises(DatabaseError, match="lock timeout"):
            sync(client, ["a"], postgres)


@pytest.mark.parametrize("encoding", ["utf8", "latin1"])
def test_an_encoding_in_the_url(
    client: Oneloop, api: FakeAPI, postgres: str, encoding: str
) -> None:
    set_answers(api, {"a": [(DAY, "é☂", 1)]})
    assert sync(client, ["a"], with_option(postgres, f"client_encoding={encoding}")).new == 1
    assert [row[2] for row in rows(Postgres(postgres))] == ["é☂"]


def test_runs_take_turns_where_transactions_are_serializable(
    client: Oneloop, api: FakeAPI, postgres: str
) -> None:
    """Their snapshot would be of the moment when they began to wait."""
    other = "options=-cdefault_transaction_isolation%3Dserializable"
    test_runs_on_one_server_take_turns(client, api, with_option(postgres, other))


def test_a_schema_that_ends_with_the_connection(
    client: Oneloop, api: FakeAPI, postgres: str
) -> None:
    with pytest.raises(DatabaseError, match="search_path begins with pg_temp"):
        sync(client, ["a"], with_option(postgres, "options=-csearch_path%3Dpg_temp,public"))
    assert api.asked == []


def test_tables_of_others_are_not_taken_for_a_batch(
    database: Database, api: FakeAPI, client: Oneloop
) -> None:
    columns = "(billing_id text, day date, name text, total numeric(38,0), error text)"
    for name in ("fetched", "asked"):
        database.run(f"create table {name} {columns}")
        database.run(f"insert into {name} values ('z', '{DAY}', 'calls', 9, null)")
    last = "options=-csearch_path%3Dpublic,pg_temp"
    is_file = isinstance(database, DuckDB)
    set_answers(api, {"a": [(DAY, "calls", 1)]})
    sync(client, ["a"], database.target if is_file else with_option(database.target, last))
    assert [row[0] for row in rows(database)] == ["a"]
    assert database.run("select count(*) from fetched") == [(1,)]
