"""`oneloop sync`: ids from where they are, progress, a summary, exit codes."""

from __future__ import annotations

import os
import pty
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from oneloop.cli import many as command
from oneloop.cli.progress import Progress
from oneloop.sync import postgres as engine
from tests.clock import ends_within
from tests.commands import COMMAND, on_terminal, run, shell, started
from tests.faces import KEY
from tests.overrides.sync.databases import DuckDB, Postgres, ids, rows
from tests.servers import RawServer, echo, reply

SUMMARY = (
    r"billing ids: {} stored, {} skipped, {} failed; rows: {} new, {} restated, {} gone; \S+ s\n"
)


def summary(*counts: int) -> str:
    return SUMMARY.format(*counts)


def environment(server: RawServer) -> dict[str, str]:
    return {"ONELOOP_API_KEY": KEY, "ONELOOP_BASE_URL": server.url}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "usage.duckdb"


def test_usage_is_stored_and_counted(path: Path) -> None:
    code, out, err = run("sync", str(path), "bid_acme", "bid_new", "--sandbox")
    assert (code, err) == (0, "")
    assert re.fullmatch(summary(2, 0, 0, 30, 0, 0), out)
    assert len(rows(DuckDB(path))) == 30
    code, out, err = run("sync", str(path), "bid_acme", "--sandbox", "--max-age", "1h")
    assert (code, err) == (0, "")
    assert re.fullmatch(summary(0, 1, 0, 0, 0, 0), out)


@pytest.mark.parametrize("stdin", [["-"], ["--ids", "-"], ["--ids", "/dev/stdin"]])
def test_ids_come_from_arguments_a_file_and_stdin(
    server: RawServer, path: Path, tmp_path: Path, stdin: list[str]
) -> None:
    file = tmp_path / "ids.txt"
    file.write_bytes(b"\xef\xbb\xbff1\r\n\r\nf2\n\nf3")
    sources = ["a1", *stdin, "a2"] if stdin[0] == "--ids" else ["a1", "--ids", str(file), "-", "a2"]
    code, _, err = run(
        "sync", str(path), *sources, environment=environment(server), stdin=b"s1\ns2"
    )
    assert (code, err) == (0, "")
    want = {"a1", "a2", "s1", "s2"} | (set() if stdin[0] == "--ids" else {"f1", "f2", "f3"})
    stored = ids(DuckDB(path))
    assert {bid for bid, (was_stored, _) in stored.items() if was_stored} == want


def test_ids_come_from_a_pipe(server: RawServer, path: Path) -> None:
    script = "exec \"$@\" --ids <(printf 'a\\nb\\n')"
    done = subprocess.run(
        ["bash", "-c", script, "-", *COMMAND, "sync", str(path)],
        env=environment(server),
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert ids(DuckDB(path)).keys() == {"a", "b"}


@pytest.mark.parametrize(
    ("arguments", "stdin", "words"),
    [
        ([], b"", "there is no billing id"),
        (["-"], b"\n\n", "there is no billing id"),
        (["--ids", "/no/such/file"], b"", "/no/such/file: can't be read: No such file"),
        (["--ids", "/"], b"", "/: can't be read: Is a directory"),
        (["--ids", "a" * 300], b"", "can't be read: File name too long"),
        (["-"], b"a\nb\xff\n", "stdin: line 2 isn't UTF-8"),
        (["--ids", "/dev/zero"], b"", "/dev/zero: line 1 is far longer than a billing id"),
        (["a", "--max-age", "6"], b"", "such as 90s, 30m, 6h or 1d, not '6'"),
        (["a", "--concurrency", "0"], b"", "concurrency is a whole number"),
        (["a", "--rate", "0"], b"", "rate"),
        (["a", "--no-such"], b"", "unrecognized arguments: --no-such"),
    ],
)
def test_a_wrong_command_line(
    server: RawServer, path: Path, arguments: list[str], stdin: bytes, words: str
) -> None:
    code, _, err = run("sync", str(path), *arguments, environment=environment(server), stdin=stdin)
    assert code == 2
    assert words in err


@pytest.mark.parametrize(
    ("streams", "words"),
    [("<&-", "there is no billing id"), ("0>/dev/null", "stdin: can't be read: Bad file")],
)
def test_stdin_that_cannot_be_read(server: RawServer, path: Path, streams: str, words: str) -> None:
    code, _, err = shell(streams, "sync", str(path), "-", env=environment(server))
    assert code == 2
    assert words in err


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("0.5m", 30), ("6h", 21_600), ("1d", 86_400)]
)
def test_ages(text: str, seconds: float) -> None:
    assert command.duration(text) == seconds


def failing(connection: socket.socket, head: bytes, number: int) -> None:
    """Answer with the status that an id begins with, else with its usage."""
    bid = head.split(b" ")[1].rpartition(b"/")[2]
    if bid[:3].isdigit():
        connection.sendall(reply(b"{}", int(bid[:3])))
    elif bid == b"wrong":
        connection.sendall(reply(b"[]"))
    else:
        echo(connection, head, number)


@pytest.mark.parametrize(
    ("wanted", "code", "stored", "words"),
    [
        (["a", "404x", "b"], 1, {"a", "b"}, "oneloop: GET /api/v1/usage/404x: 404"),
        (["a", "wrong", "b"], 3, {"a", "b"}, "expected `object`, got `array`"),
        (["a", "x/y", "b"], 2, {"a", "b"}, "a billing id is no path"),
        (["a", "401x", "b"], 1, {"a"}, "401"),
    ],
)
def test_failures_are_named_and_give_the_exit_code(
    path: Path, wanted: list[str], code: int, stored: set[str], words: str
) -> None:
    with RawServer(failing) as server:
        got, out, err = run(
            "sync", str(path), "--concurrency", "1", *wanted, environment=environment(server)
        )
    assert got == code
    assert re.fullmatch(r"oneloop: [^\n]+\n", err)
    assert words in err
    assert KEY not in err + out
    assert {row[0] for row in rows(DuckDB(path))} == stored
    assert re.fullmatch(summary(len(stored), 0, int("401x" not in wanted), len(stored), 0, 0), out)


def test_a_database_that_cannot_be_used_is_one_line(tmp_path: Path) -> None:
    code, out, err = run("sync", str(tmp_path / "none" / "x.duckdb"), "a", "--sandbox")
    assert (code, out) == (1, "")
    assert re.fullmatch(r"oneloop: \S+x.duckdb: [^\n]+\n", err)


def slow(connection: socket.socket, head: bytes, number: int) -> None:
    """Answer all but a few at once, those never."""
    if number <= 40:
        echo(connection, head, number)
    else:
        connection.recv(1)


def test_an_interrupt_keeps_what_was_committed(path: Path) -> None:
    wanted = [f"b{number}" for number in range(60)]
    with RawServer(slow) as server:
        run("sync", str(path), *wanted[:20], environment=environment(server))
        process = started(
            "sync", str(path), *wanted, "--max-age", "1h", environment=environment(server)
        )
        while len(server.requests) < 50:
            time.sleep(0.01)
        with ends_within(1):
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=9)
    assert process.returncode == 130
    assert err == "oneloop: interrupted: what is stored stays, and another run goes on from there\n"
    assert re.fullmatch(summary(0, 20, 0, 0, 0, 0), out)
    assert len(rows(DuckDB(path))) == 20


def test_an_interrupt_waits_for_no_other_run(postgres: str) -> None:
    """A batch that waits for its turn is given up, and the turn with it."""
    assert run("sync", postgres, "bid_acme", "--sandbox")[0] == 0
    with psycopg.connect(postgres) as other:

        def take_the_turn(connection: socket.socket, head: bytes, number: int) -> None:
            other.execute(engine._TURN.encode())
            echo(connection, head, number)

        with RawServer(take_the_turn) as server:
            process = started("sync", postgres, "b1", environment=environment(server))
            waiting = "select count(*) from pg_stat_activity where wait_event = 'advisory'"
            while Postgres(postgres).run(waiting) == [(0,)]:
                assert process.poll() is None
                time.sleep(0.01)
            with ends_within(1):
                process.send_signal(signal.SIGINT)
                process.communicate(timeout=9)
    assert process.returncode == 130
    assert {row[0] for row in rows(Postgres(postgres))} == {"bid_acme"}


def test_a_terminal_shows_a_bar(server: RawServer, path: Path) -> None:
    with RawServer(failing) as server:
        code, shown = on_terminal(
            *("sync", str(path), "a", "b", "404\u202ex", "[red]/:cat:", "--concurrency", "1"),
            environment=environment(server) | {"TERM": "xterm", "NO_COLOR": "1"},
            errors=True,
        )
    assert code == 1
    assert "4/4 ids" in shown
    assert "2 failed" in shown
    line, end = "oneloop: GET /api/v1/usage/404", "billing ids: 2 stored, 0 skipped, 2 failed"
    assert line in shown
    assert end in shown
    assert "\u202e" not in shown
    assert "'[red]/:cat:'" in shown
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", shown), "colours, which NO_COLOR forbids"


def test_a_terminal_that_goes_away_ends_no_run(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, its = pty.openpty()
    with os.fdopen(its, "w", encoding="utf-8") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        with Progress(3) as progress:
            os.close(ours)
            for done in range(3):
                progress.show(done, failed=done)
                progress.say("failed")


def test_a_terminal_without_a_cursor_has_lines(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    test_without_a_terminal_there_is_a_line_now_and_then(capsys, monkeypatch, 400)


@pytest.mark.parametrize("total", [None, 400])
def test_without_a_terminal_there_is_a_line_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, total: int | None
) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    with Progress(total) as progress:
        for done in range(1, 401):
            now += 0.0500001
            progress.show(done, failed=done // 100)
        progress.say("something")
    *lines, last = capsys.readouterr().err.splitlines()
    assert last == "something"
    assert len(lines) in (3, 4)
    of, left = (" of 400", ", 15 s left") if total else ("", "")
    assert lines[0] == f"oneloop: 100{of} ids, 20 a second, 1 failed{left}"


def test_a_file_of_ids_that_grows_is_never_done_before_its_time(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    with Progress(100) as progress:
        now += 5
        progress.show(150, failed=0)
    line = "oneloop: 150 of 100 ids, 30 a second, 0 failed, 0 s left"
    assert capsys.readouterr().err.splitlines() == [line]


def test_a_password_is_in_no_line(server: RawServer) -> None:
    for url in ("postgresql://u:hunter2@127.0.0.1:1/db", "postgresql://u:hunter2%ZZ@h/db"):
        code, out, err = run("sync", url, "a", environment=environment(server))
        assert code in (1, 2)
        assert "hunter2" not in out + err
        assert err.count("\n") == 1
