"""`oneloop usage`: many ids, parts of them, the table with its bars, and a file."""

from __future__ import annotations

import csv
import datetime
import fcntl
import io
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import oneloop.cli.writer
from oneloop import UsageRow
from oneloop.cli.screen import Screen, width
from oneloop.cli.table import Table
from oneloop.cli.writer import Writer
from oneloop.usage import BillingUsage
from tests.commands import COMMAND, heed_interrupts, here, on_terminal, run, serving, started
from tests.faces import KEY
from tests.overrides.test_cli_sync import failing
from tests.servers import RawServer, echo, reply, row, usage_body

Called = Callable[..., tuple[int, str, str]]

HUGE = "9" * 38
ROWS = [
    row(day="2025-01-31", totalBillingUsage="3"),
    row(day="2025-01-31", totalBillingUsage="4", billingUsageName="seats"),
    row(day="2025-02-01", totalBillingUsage="70"),
    row(day="9999-12-31", totalBillingUsage=HUGE),
]


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Called:
    """Run the command in this process, on the server's answer."""

    def call(server: RawServer, *arguments: str) -> tuple[int, str, str]:
        monkeypatch.setenv("ONELOOP_API_KEY", KEY)
        monkeypatch.setenv("ONELOOP_BASE_URL", server.url)
        return here(capsys, "usage", *arguments)

    return call


@pytest.fixture
def rows() -> Iterator[RawServer]:
    with RawServer(lambda connection, *_: connection.sendall(reply(usage_body(*ROWS)))) as server:
        yield server


def environment(server: RawServer) -> dict[str, str]:
    return {"ONELOOP_API_KEY": KEY, "ONELOOP_BASE_URL": server.url}


def test_ids_come_from_arguments_files_and_stdin_in_their_order(
    server: RawServer, tmp_path: Path
) -> None:
    (tmp_path / "one").write_bytes(b"\xef\xbb\xbff1\r\n\r\nf2")
    (tmp_path / "two").write_bytes(b"f3\n")
    sources = [
        "a1",
        "--ids",
        f"{tmp_path}/one",
        "-",
        "--ids",
        f"{tmp_path}/two",
        "--ids",
        "-",
        "a2",
    ]
    code, out, err = run(
        *("usage", "--format", "csv", *sources), environment=environment(server), stdin=b"s1\ns2\n"
    )
    assert (code, err) == (0, "")
    ids = [line.partition(",")[0] for line in out.splitlines()[1:]]
    assert ids == ["a1", "a2", "f1", "f2", "f3", "s1", "s2"]


def test_results_keep_their_order_and_memory(called: Called) -> None:
    """Several ids are fetched at a time, and the slow first of them holds up the lines alone."""
    asked = []

    def slow_first(connection: socket.socket, head: bytes, number: int) -> None:
        asked.append(head.split(b" ")[1].rpartition(b"/")[2])
        time.sleep(0.1 * (asked[-1] == b"b1"))
        echo(connection, head, number)

    ids = [f"b{number}" for number in range(40)]
    with RawServer(slow_first) as server:
        code, out, _ = called(server, *ids, "--format", "jsonl", "--concurrency", "4")
    assert code == 0
    assert [json.loads(line)["billing_id"] for line in out.splitlines()] == ids
    assert asked[0] == b"b0"
    assert asked.index(b"b5") < len(ids)


def test_each_id_is_printed_as_it_comes(server: RawServer) -> None:
    reader, writer = os.pipe()
    process = subprocess.Popen(
        [*COMMAND, "usage", "-", "--format", "jsonl", "--concurrency", "1"],
        env=environment(server),
        stdin=reader,
        stdout=subprocess.PIPE,
    )
    os.close(reader)
    assert process.stdout
    # The reading of ids is ahead by some: the first line comes while the last id isn't known yet.
    os.write(writer, b"".join(b"b%d\n" % number for number in range(7)))
    assert json.loads(process.stdout.readline())["billing_id"] == "b0"
    os.close(writer)
    assert len(process.stdout.readlines()) == 6
    process.stdout.close()
    assert process.wait(9) == 0


@pytest.mark.parametrize("wanted", [1000, 1], ids=["many", "one"])
def test_a_refused_key_is_asked_about_once(called: Called, wanted: int) -> None:
    with RawServer(lambda connection, *_: connection.sendall(reply(b"{}", 401))) as server:
        code, out, err = called(server, *map(str, range(wanted)), "--format", "json")
        assert len(server.requests) == 1
    assert (code, out) == (1, "")
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("form", ["table", "json", "jsonl", "csv"])
def test_total_failure_prints_nothing(called: Called, form: str, tmp_path: Path) -> None:
    file = tmp_path / "out"
    with RawServer(failing) as server:
        assert called(server, "404a", "404b", "..", "--format", form)[:2] == (1, "")
        code, out, _ = called(server, "404a", "--format", form, "--output", str(file))
    assert (code, out) == (1, "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("by", [None, "day", "month", "name"])
@pytest.mark.parametrize("form", ["table", "json", "jsonl", "csv"])
def test_totals_are_exact(called: Called, rows: RawServer, form: str, by: str | None) -> None:
    _, out, _ = called(rows, "bid_1", "--format", form, *(["--by", by] if by else []))
    sums = {
        None: {HUGE},
        "day": {HUGE, "7"},
        "month": {HUGE, "7", "70"},
        "name": {str(int(HUGE) + 73), "4"},
    }[by]
    assert sums <= set(re.findall(r"\d+", out))


GROUPS = {
    "day": {"2025-01-31": 7, "2025-02-01": 70, "9999-12-31": int(HUGE)},
    "month": {"2025-01": 7, "2025-02": 70, "9999-12": int(HUGE)},
    "name": {"api-calls": 73 + int(HUGE), "seats": 4},
}


@pytest.mark.parametrize("by", GROUPS)
def test_by_adds_up(called: Called, rows: RawServer, by: str) -> None:
    _, out, _ = called(rows, "bid_1", "--by", by, "--format", "json")
    assert json.loads(out) == [
        {"billing_id": "bid_1", "total": int(HUGE) + 77, f"by_{by}": GROUPS[by]}
    ]
    _, out, _ = called(rows, "bid_1", "--by", by, "--format", "csv")
    head, *lines = csv.reader(io.StringIO(out))
    assert head == ["billing_id", by, "total"]
    assert {key: int(total) for _, key, total in lines} == GROUPS[by]


@pytest.mark.parametrize(
    ("days", "count"),
    [
        ([], 4),
        (["--from", "2025-02-01"], 2),
        (["--to", "2025-02-01"], 2),
        (["--from", "2025-01-31", "--to", "2025-02-01"], 2),
        (["--from", "2025-01-31", "--to", "9999-12-31"], 3),
        (["--to", "2025-01-31"], 0),
    ],
)
def test_days_are_from_the_first_to_before_the_last(
    called: Called, rows: RawServer, days: list[str], count: int
) -> None:
    code, out, _ = called(rows, "bid_1", "--format", "csv", *days)
    assert (code, len(out.splitlines())) == (0, 1 + count)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["b", "--from", "2025-02-30"], "a day is such as 2025-01-31, not '2025-02-30'"),
        (["b", "--from", "20250201"], "a day is such as"),
        (["b", "--from", "2025-02-01", "--to", "2025-02-01"], "there is no day from 2025-02-01"),
        (["b", "--by", "week"], "invalid choice"),
        (["b", "--output", "/"], "--output /: can't be written: Is a directory"),
        (["b", "--output", "/no/such/folder/x"], "can't be written: No such file"),
        (["b", "--output", "a" * 300], "can't be written: File name too long"),
        (["b", "--output", ""], "--output : can't be written: No such file"),
        (["b", "--\x1b[31mred"], r"unrecognized arguments: --\x1b[31mred"),
        (["b", "--format", "x" * 100_000], "invalid choice"),
        (["b", "--output", "x.json", "--spreadsheet"], "--spreadsheet goes with --format csv"),
        ([], "there is no billing id"),
        (["--ids", "/no/such"], "/no/such: can't be read"),
        (["b", "--concurrency", "0"], "concurrency is a whole number"),
        (["b", "--sandbox", "--profile", "x"], "leave out --profile"),
    ],
)
def test_a_wrong_command_line_asks_for_nothing(
    called: Called, rows: RawServer, arguments: list[str], words: str
) -> None:
    code, out, err = called(rows, *arguments)
    assert (code, out) == (2, "")
    assert words in err
    assert len(err) < 1500
    assert rows.requests == []


def test_json_is_the_list_that_json_would_write(called: Called, server: RawServer) -> None:
    _, out, _ = called(server, "a", "b", "c", "--format", "json")
    assert out == json.dumps(json.loads(out), indent=2) + "\n"
    assert [each["billing_id"] for each in json.loads(out)] == ["a", "b", "c"]


def test_json_of_a_run_that_fails_midway_is_whole(called: Called) -> None:
    with RawServer(failing) as server:
        code, out, _ = called(server, "a", "b", "401x", "c", "--format", "json", "--rate", "1000")
    assert code == 1
    assert [each["billing_id"] for each in json.loads(out)] == ["a", "b"]


def usage(*rows: tuple[str, str, int], bid: str = "b") -> BillingUsage:
    return BillingUsage(
        bid, [UsageRow(datetime.date.fromisoformat(day), name, n, bid) for day, name, n in rows]
    )


BLOCKS = Screen(columns=40, is_terminal=True, has_blocks=True)


@pytest.mark.parametrize(
    ("screen", "bars"),
    [
        pytest.param(BLOCKS, ["█" * 9, "▏", "", "█" * 4 + "▌"], id="terminal"),
        pytest.param(Screen(columns=40), ["#" * 9, "#", "", "#" * 4], id="file"),
    ],
)
def test_bars_are_to_scale(screen: Screen, bars: list[str]) -> None:
    days = [("2025-01-01", 4000), ("2025-01-02", 1), ("2025-01-03", 0), ("2025-01-04", 2000)]
    out = Table("day", screen).part(usage(*((day, "x", n) for day, n in days)))
    lines = out.splitlines()
    assert max(map(width, lines)) == 40
    assert [line[31:] for line in lines[1:-1]] == bars


def test_a_bar_of_38_digits_has_its_length() -> None:
    screen = Screen(columns=100, is_terminal=True, has_blocks=True)
    huge = [("2025-01-01", "x", 10**38 - 1), ("2025-01-02", "x", 10**37)]
    _, first, second, total = Table("day", screen).part(usage(*huge)).splitlines()
    assert width(first) <= 100
    assert first.count("█") > 9 * second.count("█") > 0
    assert total.split()[-1] == "1" + "0" * 0 + str(10**38 - 1 + 10**37)[1:]


def test_wide_names_keep_the_columns() -> None:
    names = ["api", "\u4f7f\u7528\u91cf", "e\u0301te\u0301", "\U0001f9fe"]
    out = Table(None, Screen()).part(usage(*(("2025-01-01", name, 5) for name in names)))
    assert len({width(line) for line in out.splitlines()}) == 1


def test_a_narrow_terminal_has_the_id_in_a_line_of_its_own() -> None:
    out = Table(None, BLOCKS).part(usage(("2025-01-01", "storage-gb", 12), bid="customer-17"))
    assert out.splitlines()[1] == "customer-17"
    assert max(map(width, out.splitlines())) <= 40
    assert "customer-17  2025-01-01" in Table(None, Screen(columns=40)).part(
        usage(("2025-01-01", "storage-gb", 12), bid="customer-17")
    )


@pytest.mark.parametrize("by", [None, "name"])
def test_a_name_that_is_too_long_breaks_its_own_line_alone(by: str | None) -> None:
    screen = Screen(columns=80, is_terminal=True)
    rows = [("2025-01-01", "x" * 90, 1), ("2025-01-01", "seats", 7000)]
    lines = Table(by, screen).part(usage(*rows)).splitlines()
    too_long = [line for line in lines if width(line) > 80]
    assert too_long == [line for line in lines if "x" * 90 in line]
    assert len({width(line.rstrip("#").rstrip()) for line in lines if line not in too_long}) == 1
    assert all(("##" in line) == (by is not None) for line in lines if "seats" in line)


def test_two_thousand_names(called: Called) -> None:
    many = [row(billingUsageName=f"name {number}") for number in range(2000)]
    with RawServer(lambda connection, *_: connection.sendall(reply(usage_body(*many)))) as server:
        _, out, _ = called(server, "bid_1", "--by", "name")
    assert len(out.splitlines()) == 2001
    assert len(set(map(len, out.splitlines()[1:]))) == 1


@pytest.mark.parametrize(
    ("variables", "coloured"),
    [
        ({"TERM": "xterm"}, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
        ({}, False),
    ],
)
def test_colours_are_for_terminals_that_want_them(
    server: RawServer, variables: dict[str, str], coloured: bool
) -> None:
    code, out = on_terminal(
        "usage", "b", "--by", "day", environment=environment(server) | variables
    )
    assert code == 0
    assert ("\x1b[" in out) == coloured
    assert "█" in out


@pytest.mark.parametrize("coloured", [True, False])
def test_pipes_have_plain_bars_and_colours_by_force(
    called: Called, server: RawServer, monkeypatch: pytest.MonkeyPatch, coloured: bool
) -> None:
    if coloured:
        monkeypatch.setenv("FORCE_COLOR", "1")
    _, out, _ = called(server, "b", "--by", "day")
    assert ("\x1b[" in out) == coloured
    assert "##" in out
    assert "█" not in out


def test_a_terminal_that_is_not_utf8_has_plain_bars(server: RawServer) -> None:
    ascii_only = environment(server) | {"PYTHONIOENCODING": "ascii"}
    _, out = on_terminal("usage", "b", "--by", "day", environment=ascii_only)
    assert "##" in out
    assert out.isascii()


def test_without_rich_a_terminal_has_plain_text(
    called: Called, server: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "rich.console", None)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b" not in called(server, "b")[1]


@pytest.mark.parametrize("suffix", ["csv", "json", "jsonl", "txt"])
def test_a_file_is_written_as_it_is_named(
    called: Called, server: RawServer, tmp_path: Path, suffix: str
) -> None:
    file = tmp_path / f"usage.{suffix}"
    code, out, err = called(server, "a", "b", "--output", str(file))
    assert (code, err) == (0, "")
    assert re.fullmatch(r"billing ids: 2 written, 0 failed; rows: 2; \S+ s\n", out)
    assert list(tmp_path.iterdir()) == [file]
    form = "table" if suffix == "txt" else suffix
    assert file.read_text("utf-8") == called(server, "a", "b", "--format", form)[1]


def test_a_file_is_replaced_when_all_is_right(called: Called, tmp_path: Path) -> None:
    file, link = tmp_path / "usage.csv", tmp_path / "link.csv"
    file.write_text("before")
    file.chmod(0o640)
    link.symlink_to(file)
    with RawServer(failing) as server:
        code, out, err = called(server, "a", "404x", "b", "--output", str(link))
        assert code == 1
        assert "1 failed" in out
        assert f"{file} is as it was: what came is in {file}.part" in err
        assert file.read_text() == "before"
        part = tmp_path / "usage.csv.part"
        assert [line[0] for line in part.read_text().splitlines()[1:]] == ["a", "b"]
        assert called(server, "a", "--output", str(link))[0] == 0
    assert file.read_text().startswith("billing_id,day,name,total\na,")
    assert link.is_symlink()
    assert file.stat().st_mode & 0o777 == 0o640


def test_links_in_a_circle_stay(called: Called, rows: RawServer, tmp_path: Path) -> None:
    link, other = tmp_path / "link", tmp_path / "other"
    link.symlink_to(other)
    other.symlink_to(link)
    code, out, err = called(rows, "a", "--output", str(link))
    assert (code, out) == (2, "")
    assert f"--output {link}: can't be written: Too many levels of symbolic links" in err
    assert link.is_symlink()
    assert rows.requests == []


def test_a_link_to_nothing_yet_is_followed(
    called: Called, server: RawServer, tmp_path: Path
) -> None:
    link = tmp_path / "link"
    link.symlink_to("file.csv")
    assert called(server, "a", "--output", str(link))[0] == 0
    assert link.is_symlink()
    assert (tmp_path / "file.csv").is_file()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_what_is_no_file_is_written_as_it_is(
    called: Called, server: RawServer, tmp_path: Path
) -> None:
    # Its own: a guard that fails would replace a device of the machine's by a file.
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert called(server, "a", "--output", str(pipe))[0] == 0
        assert os.read(reader, 10) == b"billing_id"
    finally:
        os.close(reader)
    assert pipe.is_fifo()
    assert called(server, "a", "--output", "-")[1].startswith("billing_id")
    code, out, err = run("usage", "a", "--output", "/dev/stdout", environment=environment(server))
    assert (code, out.split()[0], err) == (0, "billing_id", "")


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_file_is_beside_its_place(tmp_path: Path, end: signal.Signals) -> None:
    def first_only(connection: socket.socket, head: bytes, number: int) -> None:
        if number == 1:
            echo(connection, head, number)

    file = tmp_path / "usage.json"
    with RawServer(first_only) as server:
        process = started("usage", "a", "b", "--output", str(file), environment=environment(server))
        while len(server.requests) < 2:
            time.sleep(0.01)
        process.send_signal(end)
        _, err = process.communicate(timeout=9)
    assert process.returncode == 130
    assert f"what came is in {file}.part" in err
    assert [each["billing_id"] for each in json.loads(Path(f"{file}.part").read_text())] == ["a"]
    assert [each.name for each in tmp_path.iterdir()] == ["usage.json.part"]


def test_nohup_is_heard(tmp_path: Path) -> None:
    def answer(connection: socket.socket, head: bytes, number: int) -> None:
        process.send_signal(signal.SIGHUP)
        echo(connection, head, number)

    with RawServer(answer) as server:
        nohup = ["nohup", *COMMAND, "usage", "a", "--format", "csv"]
        process = subprocess.Popen(nohup, env=environment(server), stdout=subprocess.PIPE)
        out, _ = process.communicate(timeout=9)
    assert process.returncode == 0
    assert out.startswith(b"billing_id,")


def test_a_reader_that_goes_away_ends_the_run(server: RawServer, tmp_path: Path) -> None:
    ids = tmp_path / "ids"
    ids.write_text("".join(f"b{number}\n" for number in range(20_000)))
    script = 'set -o pipefail; "$@" | head -n 3'
    done = subprocess.run(
        ["bash", "-c", script, "-", *COMMAND, "usage", "--ids", str(ids), "--format", "csv"],
        env=environment(server) | {"PATH": os.environ["PATH"]},
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 3
    assert len(server.requests) < 2000


@pytest.mark.parametrize("lines", [1, 40, 150])
def test_an_interrupt_at_any_moment_leaves_whole_lines(lines: int) -> None:
    """The lines are longer than what a pipe takes at once."""
    wide = [row(billingUsageName="x" * 100)] * 300

    def handle(connection: socket.socket, head: bytes, number: int) -> None:
        bid = head.split(b" ")[1].rpartition(b"/")[2].decode()
        connection.sendall(reply(usage_body(*({**each, "billingId": bid} for each in wide))))

    with RawServer(handle) as server:
        process = subprocess.Popen(
            [*COMMAND, "usage", "-", "--format", "jsonl"],
            env=environment(server),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=heed_interrupts,  # noqa: PLW1509 - it takes no lock
        )
        assert process.stdin
        assert process.stdout
        process.stdin.write(b"".join(b"b%d\n" % number for number in range(3000)))
        process.stdin.flush()
        got = [process.stdout.readline() for _ in range(lines)]
        process.send_signal(signal.SIGINT)
        got += process.stdout.readlines()
        _, err = process.communicate(timeout=9)
    assert (process.returncode, err) == (130, b"")
    assert [json.loads(line)["billing_id"] for line in got] == [f"b{n}" for n in range(len(got))]
    assert len(got) < 3000


def test_an_interrupt_waits_for_the_rest_of_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oneloop.cli.writer, "_GRACE", 9)
    line = "x" * 500_000  # more than a pipe takes
    number, end = os.pipe()

    def interrupt() -> bytes:
        got = os.read(pipe, 1)
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.1)  # one that doesn't wait is over before anybody reads
        while len(got) < len(line):
            got += os.read(pipe, len(line))
        return got

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with os.fdopen(end, "wb", buffering=0) as file, os.fdopen(number, "rb") as reader:
            pipe = reader.fileno()
            writer = Writer(file, "utf-8")
            with ThreadPoolExecutor() as threads:
                reading = threads.submit(interrupt)
                with pytest.raises(KeyboardInterrupt):
                    writer.write(line)
                assert writer.is_begun
                assert reading.result() == line.encode()
            writer.close()
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_stream_that_does_not_block_gets_all(server: RawServer) -> None:
    wide = [row(billingUsageName="x" * 100)] * 3000
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with serving(reply(usage_body(*wide))) as variables:
        process = subprocess.Popen(
            [*COMMAND, "usage", "bid_1", "--format", "csv"], env=variables, stdout=writer
        )
        os.close(writer)
        while struct.unpack("i", fcntl.ioctl(reader, termios.FIONREAD, bytes(4))) < (60_000,):
            time.sleep(0.01)
        with os.fdopen(reader, encoding="utf-8") as file:
            assert len(file.readlines()) == 3001
    assert process.wait(9) == 0
