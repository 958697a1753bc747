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
from collections.abc import Mapping

import pytest

from oneloop import cli
from oneloop.sandbox import API_KEY, Sandbox
from tests.faces import KEY
from tests.servers import BID, RawServer, replies, reply, row, usage_body


def run(*arguments: str, environment: Mapping[str, str] | None = None) -> tuple[int, str, str]:
    """Run the command as people do, with no environment but the one given."""
    done = subprocess.run(
        [sys.executable, "-m", "oneloop.cli", *arguments],
        env=dict(environment or {}),
        capture_output=True,
        encoding="utf-8",
        timeout=30,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def against(answer: bytes, *arguments: str) -> tuple[int, str, str]:
    with RawServer(replies(answer)) as server:
        environment = {"ONELOOP_API_KEY": KEY, "ONELOOP_BASE_URL": server.url}
        return run("usage", *arguments, environment=environment)


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


NAMES = ["=1+1", "a,b", 'say "hi"', "two\nlines", "\x1b[31mred", "é🧾", "  "]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("format_", ["csv", "json"])
def test_machines_get_names_as_they_are(name: str, format_: str) -> None:
    answer = reply(usage_body(row(billingUsageName=name)))
    code, out, _ = against(answer, "bid_1", "--format", format_)
    assert code == 0
    if format_ == "json":
        names = [item["name"] for item in json.loads(out)[0]["rows"]]
    else:
        names = [item["name"] for item in csv.DictReader(io.StringIO(out, newline=""))]
    assert names == [name]


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
            [sys.executable, "-m", "oneloop.cli", "usage", BID, "--format", format_],
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
    assert (code, err) == (2, "oneloop: no API key: pass api_key or set ONELOOP_API_KEY\n")


def test_version_says_what_it_was_made_from() -> None:
    code, out, _ = run("--version")
    assert code == 0
    assert re.fullmatch(
        r"oneloop-api-client \d+\.\d+\.\d+\n"
        r"spec 1\.0\.0 sha256:[0-9a-f]{64}\n"
        r"overlay sha256:[0-9a-f]{64}\n"
        r"openapi-python-client \d+\.\d+\.\d+\n",
        out,
    )


def test_help_documents_the_exit_codes() -> None:
    assert cli.EXIT_CODES in run("usage", "--help")[1]


def test_missing_extra_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "oneloop.sandbox", None)
    monkeypatch.delattr("oneloop.sandbox", raising=False)
    with pytest.raises(SystemExit, match="2"):
        cli.main(["usage", "b", "--sandbox"])
    assert "pip install 'oneloop-api-client[sandbox]'" in capsys.readouterr().err


def heed_interrupts() -> None:
    """Undo what a shell does to a job in the background: its children would ignore SIGINT."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_interrupt_keeps_what_was_fetched() -> None:
    def first_only(connection: object, head: bytes, number: int) -> None:
        if number == 1:
            replies(reply(usage_body(row(billingId="b1"))))(connection, head, number)  # type: ignore[arg-type]

    with RawServer(first_only) as server:
        process = subprocess.Popen(
            [sys.executable, "-m", "oneloop.cli", "usage", "b1", "b2", "--format", "csv"],
            env={"ONELOOP_API_KEY": KEY, "ONELOOP_BASE_URL": server.url},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=heed_interrupts,  # noqa: PLW1509 - it takes no lock
        )
        while len(server.requests) < 2:
            time.sleep(0.01)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=5)
    assert time.monotonic() - began < 1
    assert (process.returncode, err) == (130, "")
    assert out.splitlines()[1:] == ["b1,2025-01-01,api-calls,12"]


def test_interrupt_anywhere_has_its_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(options: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_usage", interrupted)
    with pytest.raises((SystemExit, KeyboardInterrupt)) as caught:
        cli.main(["usage", BID])
    assert repr(caught.value) == "SystemExit(130)"


def test_closed_pipe_is_no_error() -> None:
    with RawServer(replies(reply(usage_body(*[row()] * 20_000)))) as server:
        environment = {"ONELOOP_API_KEY": KEY, "ONELOOP_BASE_URL": server.url}
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run(
            [sys.executable, "-m", "oneloop.cli", "usage", "bid_1"],
            env=environment,
            stdout=writer,
            stderr=subprocess.PIPE,
            check=False,
        )
        os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")
