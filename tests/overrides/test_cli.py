"""The `oneloop` command: its formats, its one-line errors, its exit codes."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from oneloop import cli
from oneloop.cli.failures import EXIT_CODES, OF_MANY
from oneloop.sandbox import API_KEY, Sandbox
from tests.clock import ends_within
from tests.commands import (
    COMMAND,
    against,
    heed_interrupts,
    on_terminal,
    run,
    serving,
    shell,
    started,
)
from tests.faces import KEY
from tests.servers import BID, RawServer, replies, reply, row, usage_body

needs_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")


def csv_rows(out: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(out, newline="")))


def test_sandbox_needs_no_key() -> None:
    code, out, err = run("usage", "bid_acme", "bid_new", "--sandbox")
    assert (code, err) == (0, "")
    head, *lines = out.splitlines()
    assert head.split() == ["billing_id", "day", "name", "total"]
    totals = {
        name: int(total)
        for bid, day, name, total in (line.split() for line in lines[:-1])
        if day == "total"
    }
    summed = dict.fromkeys(totals, 0)
    for line in lines[:-1]:
        _, day, name, total = line.split()
        if day != "total":
            summed[name] += int(total)
    assert totals == summed
    assert re.fullmatch(r"bid_new +total +\(no usage\) +0", lines[-1])


def test_formats_for_machines_agree() -> None:
    with Sandbox() as sandbox:
        environment = {"ONELOOP_API_KEY": API_KEY, "ONELOOP_BASE_URL": sandbox.url}
        _, as_json, _ = run("usage", "bid_acme", "--format", "json", environment=environment)
        _, as_csv, _ = run("usage", "bid_acme", "--format", "csv", environment=environment)
    (document,) = json.loads(as_json)
    rows = [{**item, "total": int(item["total"])} for item in csv.DictReader(as_csv.splitlines())]
    assert rows == document["rows"]
    assert document["total"] == sum(int(item["total"]) for item in rows)
    assert document["billing_id"] == "bid_acme"
    assert sum(document["by_name"].values()) == document["total"]


NAMES = ["=1+1", "-1", "a,b", 'say "hi"', "two\nlines", "a\rb", "\r\n", "\x1b[31mred", "\x7f\x9b"]
NAMES += ["\u202eevil", "é🧾", "  "]


@pytest.mark.parametrize("format_", ["csv", "json"])
def test_machines_get_names_as_they_are(format_: str) -> None:
    rows = [row(billingUsageName=name) for name in NAMES]
    code, out, _ = against(reply(usage_body(*rows)), "bid_1", "--format", format_)
    assert code == 0
    if format_ == "json":
        names = [item["name"] for item in json.loads(out)[0]["rows"]]
    else:
        names = [item["name"] for item in csv_rows(out)]
    assert names == NAMES


def test_table_shows_no_control_characters() -> None:
    answer = reply(usage_body(row(billingUsageName="\x1b[31mred\nalert")))
    _, out, _ = against(answer, "bid_1")
    assert "\x1b" not in out
    assert len(out.splitlines()) == 3


@pytest.mark.parametrize(("format_", "shown"), [("table", b"caf\\xe9"), ("csv", b"caf\xc3\xa9")])
def test_terminal_without_unicode(format_: str, shown: bytes) -> None:
    answer = reply(usage_body(row(billingUsageName="caf\xe9")))
    with RawServer(replies(answer)) as server:
        environment = {"ONELOOP_API_KEY": KEY, "ONELOOP_BASE_URL": server.url}
        out = subprocess.check_output(
            [sys.executable, "-m", "oneloop", "usage", BID, "--format", format_],
            env=environment | {"PYTHONIOENCODING": "ascii"},
        )
    assert shown in out


ERROR = b'{"error": {"code": 9, "message": "no\\nway"}}'


@pytest.mark.parametrize(
    ("answer", "arguments", "code", "words"),
    [
        pytest.param(reply(ERROR, 401), ["b"], 1, "401 Unauthorized: no way (code 9)", id="401"),
        pytest.param(reply(b"[]"), ["b"], 3, "expected `object`, got `array`", id="wrong answer"),
        pytest.param(reply(), [".."], 2, "a billing id is no path", id="no id"),
        pytest.param(reply(), ["b", "--timeout", "0"], 2, "timeout must be", id="no timeout"),
    ],
)
def test_errors_are_one_line_with_their_code(
    answer: bytes, arguments: list[str], code: int, words: str
) -> None:
    got, out, err = against(answer, *arguments)
    assert got == code
    assert re.fullmatch(r"oneloop: [^\n]+\n", err)
    assert words in err
    assert KEY not in err + out


def test_what_worked_is_printed_all_the_same() -> None:
    code, out, err = run("usage", "bid_x", "bid_acme", "bid_y", "--sandbox", "--format", "json")
    assert code == 1
    assert [item["billing_id"] for item in json.loads(out)] == ["bid_acme"]
    assert [re.search(r"bid_\w", line)[0] for line in err.splitlines()] == ["bid_x", "bid_y"]  # type: ignore[index]


def test_first_of_several_failures_gives_the_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONELOOP_API_KEY", KEY)
    with RawServer(replies(reply(b"", 401))) as server:
        monkeypatch.setenv("ONELOOP_BASE_URL", server.url)
        with pytest.raises(SystemExit, match="2"):
            cli.main(["usage", "..", BID])


@pytest.mark.parametrize(
    ("arguments", "code"),
    [([], 2), (["usage"], 2), (["usage", "b", "--format", "xml"], 2), (["--help"], 0)],
)
def test_command_line(arguments: list[str], code: int) -> None:
    assert run(*arguments)[0] == code


def test_abbreviated_option_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        cli.main(["usage", BID, "--form", "json"])
    assert "unrecognized arguments: --form" in capsys.readouterr().err


def test_no_key_says_which_variable() -> None:
    code, _, err = run("usage", "bid_acme")
    words = "set ONELOOP_API_KEY, or choose a profile with --profile or ONELOOP_PROFILE"
    assert (code, err) == (2, f"oneloop: no API key: {words}; see oneloop profiles --help\n")


def test_version_says_what_it_was_made_from() -> None:
    code, out, _ = run("--version")
    assert code == 0
    assert re.fullmatch(
        r"oneloop-api-client \d+\.\d+\.\d+\n"
        r"spec \S+ sha256:[0-9a-f]{64}\n"
        r"overlay sha256:[0-9a-f]{64}\n"
        r"openapi-python-client \d+\.\d+\.\d+\n",
        out,
    )


def test_help_documents_the_exit_codes() -> None:
    assert EXIT_CODES + OF_MANY in run("usage", "--help")[1]


def test_interrupt_keeps_what_was_fetched() -> None:
    def first_only(connection: object, head: bytes, number: int) -> None:
        if number == 1:
            replies(reply(usage_body(row(billingId="b1"))))(connection, head, number)  # type: ignore[arg-type]

    with RawServer(first_only) as server:
        process = started(
            "usage",
            "b1",
            "b2",
            "--format",
            "csv",
            environment={"ONELOOP_API_KEY": KEY, "ONELOOP_BASE_URL": server.url},
        )
        while len(server.requests) < 2:
            time.sleep(0.01)
        with ends_within(0):
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=5)
    assert (process.returncode, err) == (130, "")
    assert out.splitlines()[1:] == ["b1,2025-01-01,api-calls,12"]


def test_interrupt_anywhere_has_its_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(options: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli.usage, "_run", interrupted)
    with pytest.raises((SystemExit, KeyboardInterrupt)) as caught:
        cli.main(["usage", BID])
    assert repr(caught.value) == "SystemExit(130)"


# What a terminal would obey or show out of order: C0, DEL, C1, bidi overrides, line separators.
UNPRINTABLE = "".join(map(chr, [*range(32), *range(0x7F, 0xA0)])) + "\u202e\u2066\u200b\u2028\ufeff"


@pytest.mark.parametrize("format_", ["table", "csv", "json"])
def test_terminal_gets_no_control_characters(format_: str) -> None:
    bid = "b\u202e1"
    body = usage_body(row(billingId=bid, billingUsageName=f"<{UNPRINTABLE}>"))
    with serving(reply(body)) as environment:
        code, out = on_terminal("usage", bid, "--format", format_, environment=environment)
    assert code == 0
    assert {char for char in out if not char.isprintable()} == {"\n"}
    if format_ == "json":
        assert json.loads(out)[0]["rows"][0]["name"] == f"<{UNPRINTABLE}>"
    else:
        assert r"b\u202e1" in out
        assert r"<\x00\x01" in out
        assert r"\x1b" in out
        assert r"\x7f\x80" in out
        assert r"\ufeff>" in out


def test_terminal_gets_printable_names_as_they_are() -> None:
    names = ["api-calls", "a,b", 'say "hi"', r"c:\x1b", "é🧾", "  "]
    rows = [row(billingUsageName=name) for name in names]
    with serving(reply(usage_body(*rows))) as environment:
        _, out = on_terminal("usage", "bid_1", "--format", "csv", environment=environment)
    assert [item["name"] for item in csv_rows(out)] == names


def test_terminal_keeps_its_own_encoding() -> None:
    with serving(reply(usage_body(row(billingUsageName="\u00db")))) as environment:
        environment |= {"PYTHONIOENCODING": "latin-1"}
        _, out = on_terminal(
            "usage", "bid_1", "--format", "csv", environment=environment, encoding="latin-1"
        )
    assert ",\u00db,12" in out


WRONG = reply(b"[]")
ONE_ROW = "billing_id,day,name,total\nb2,2025-01-01,api-calls,12\n"


@pytest.mark.parametrize(
    "streams",
    [
        pytest.param("2>&-", id="stderr closed"),
        pytest.param("<&-", id="stdin closed"),
        pytest.param("<&- 2>&-", id="both closed"),
        pytest.param("2>/dev/full", id="stderr full", marks=needs_full),
        pytest.param("2</dev/null", id="stderr only read"),
    ],
)
def test_error_lines_never_land_in_the_output(streams: str) -> None:
    with serving(WRONG, reply(usage_body(row(billingId="b2")))) as environment:
        environment |= {"ONELOOP_LOG": "info"}
        code, out, _ = shell(streams, "usage", "b1", "b2", "--format", "csv", env=environment)
    assert (code, out) == (3, ONE_ROW)


@pytest.mark.parametrize("streams", ["2>&-", pytest.param("2>/dev/full", marks=needs_full)])
def test_wrong_command_line_without_stderr(streams: str) -> None:
    assert shell(streams, "usage") == (2, "", "")


def test_closed_streams_descriptors_are_no_socket() -> None:
    look = (
        "import os\n"
        "from oneloop import cli, usage\n"
        "null = os.stat(os.devnull)\n"
        "taken = lambda *_: [os.path.samestat(os.fstat(n), null) for n in range(3)] == [True] * 3\n"
        "usage.decode = lambda *_: os._exit(42 if taken() else 43)\n"
        "cli.main(['usage', 'b'])\n"
    )
    with serving(reply()) as environment:
        command = ["sh", "-c", 'exec "$0" -c "$1" <&- >&- 2>&-', sys.executable, look]
        assert subprocess.run(command, env=environment, timeout=30, check=False).returncode == 42


@pytest.mark.parametrize(
    ("streams", "why"),
    [
        pytest.param(">&-", "Bad file descriptor", id="closed"),
        pytest.param("<&- >&-", "Bad file descriptor", id="closed as stdin is"),
        pytest.param(">/dev/full", "No space left on device", id="full", marks=needs_full),
    ],
)
@pytest.mark.parametrize(
    "arguments",
    [
        *(pytest.param(["usage", "bid_1", "--format", f], id=f) for f in ("table", "csv", "json")),
        pytest.param(["--help"], id="help"),
        pytest.param(["--version"], id="version"),
    ],
)
def test_output_that_cannot_be_written(streams: str, why: str, arguments: list[str]) -> None:
    with serving(reply()) as environment:
        code, out, err = shell(streams, *arguments, env=environment)
    assert (code, out, err) == (1, "", f"oneloop: can't write the output: {why}\n")


@needs_full
def test_first_failure_keeps_its_code_where_the_disk_is_full() -> None:
    with serving(WRONG, reply(usage_body(row(billingId="b2")))) as environment:
        code, _, err = shell(">/dev/full", "usage", "b1", "b2", env=environment)
    assert code == 3
    assert err.splitlines()[1:] == ["oneloop: can't write the output: No space left on device"]


def test_no_stream_at_all() -> None:
    with serving(reply()) as environment:
        assert shell("<&- >&- 2>&-", "usage", "bid_1", env=environment) == (1, "", "")


@pytest.mark.parametrize(
    ("first", "answer", "code"),
    [
        pytest.param("b1", reply(usage_body(row(billingId="b1"))), 0, id="nothing failed"),
        pytest.param("b1", reply(ERROR, 400), 1, id="refused"),
        pytest.param("..", None, 2, id="no id"),
        pytest.param("b1", WRONG, 3, id="wrong answer"),
    ],
)
@pytest.mark.parametrize("rows", [1, 20_000])
@pytest.mark.parametrize("stderr", [subprocess.PIPE, subprocess.STDOUT], ids=["apart", "2>&1"])
def test_exit_code_outlives_the_reader(
    first: str, answer: bytes | None, code: int, rows: int, stderr: int
) -> None:
    answers = [answer] if answer else []
    answers.append(reply(usage_body(*[row(billingId="b2")] * rows)))
    reader, writer = os.pipe()
    os.close(reader)
    with serving(*answers) as environment:
        done = subprocess.run(
            [*COMMAND, "usage", first, "b2"],
            env=environment,
            stdout=writer,
            stderr=stderr,
            encoding="utf-8",
            timeout=30,
            check=False,
        )
    os.close(writer)
    assert done.returncode == code
    if stderr == subprocess.PIPE:
        assert len(done.stderr.splitlines()) == (code != 0)


def test_interrupt_ends_output_that_nobody_reads() -> None:
    reader, writer = os.pipe()
    with serving(reply(usage_body(*[row()] * 20_000))) as environment:
        process = subprocess.Popen(
            [*COMMAND, "usage", "bid_1"],
            env=environment,
            stdout=writer,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=heed_interrupts,  # noqa: PLW1509 - it takes no lock
        )
        os.close(writer)
        os.read(reader, 1)
        time.sleep(0.2)  # the pipe is full by now, and the command waits
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=5)
    os.close(reader)
    assert (process.returncode, err) == (130, "")


FORMULAS = [f"{lead}1+1" for lead in "=+-@\t\r\n\0\uff1d\uff0b\uff0d\uff20"]
SAFE = {
    **{name: f"'{name}" for name in FORMULAS},
    **{name: name for name in ["api-calls", "'=1", "a=1", "a,=1", "a;b", " -"]},
    "a;=1;b": "a;'=1;b",
    "a\n=1\nb": "a\n'=1\nb",
}


@pytest.mark.parametrize("spreadsheet", [True, False], ids=["asked for", "not asked for"])
def test_spreadsheet_takes_no_name_for_a_formula(spreadsheet: bool) -> None:
    rows = [row(billingUsageName=name) for name in SAFE]
    options = ["--spreadsheet"] if spreadsheet else []
    code, out, _ = against(reply(usage_body(*rows)), "bid_1", "--format", "csv", *options)
    assert code == 0
    names = [item["name"] for item in csv_rows(out)]
    assert names == list(SAFE.values() if spreadsheet else SAFE)


def test_spreadsheet_gets_safe_ids_and_plain_numbers() -> None:
    answer = reply(usage_body(row(billingId="=b", billingUsageName="@x")))
    _, out, _ = against(answer, "=b", "--format", "csv", "--spreadsheet")
    assert out.splitlines()[1] == "'=b,2025-01-01,'@x,12"


@pytest.mark.parametrize("format_", [[], ["--format", "json"], ["--format", "table"]])
def test_spreadsheet_is_for_csv(format_: list[str]) -> None:
    code, out, err = run("usage", "b", "--spreadsheet", *format_)
    assert (code, out, err) == (2, "", "oneloop: --spreadsheet goes with --format csv\n")


def test_help_says_what_csv_does_with_formulas() -> None:
    words = " ".join(run("usage", "--help")[1].split())
    assert "csv writes names as they are" in words
    assert "begins with =, +, - or @" in words


def test_refused_key_stops_the_run() -> None:
    with RawServer(replies(reply(usage_body(row(billingId="b1"))), reply(ERROR, 401))) as server:
        environment = {"ONELOOP_API_KEY": KEY, "ONELOOP_BASE_URL": server.url}
        bids = [f"b{number}" for number in range(1, 1001)]
        one_by_one = ("--format", "csv", "--concurrency", "1")
        code, out, err = run("usage", *bids, *one_by_one, environment=environment)
        assert len(server.requests) == 2
    assert code == 1
    assert len(err.splitlines()) == 1
    assert out.splitlines()[1:] == ["b1,2025-01-01,api-calls,12"]


def test_refused_id_does_not_stop_the_run() -> None:
    with serving(reply(ERROR, 403), reply(usage_body(row(billingId="b2")))) as environment:
        code, out, _ = run("usage", "b1", "b2", "--format", "csv", environment=environment)
    assert (code, out) == (1, ONE_ROW)
