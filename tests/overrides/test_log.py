"""The log: silent by default, one line a try, ids at DEBUG alone, never a key or a body."""

from __future__ import annotations

import logging
import re
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from oneloop import APIConnectionError, ConfigurationError, Oneloop, OneloopError
from tests.faces import KEY, Face, every_face, every_method
from tests.servers import BID, RawServer, hang_up, replies, reply


@pytest.fixture(autouse=True)
def fresh_logger() -> Iterator[None]:
    logger = logging.getLogger("oneloop")
    handlers, level = logger.handlers[:], logger.level
    yield
    logger.handlers[:] = handlers
    logger.setLevel(level)


@every_face
def test_each_try_is_one_line(
    face: Face, caplog: pytest.LogCaptureFixture, no_pauses: None
) -> None:
    def handle(connection: socket.socket, head: bytes, number: int) -> None:
        if number == 1:
            hang_up(connection)
        else:
            connection.sendall(reply(b"", 503) if number == 2 else reply())

    with RawServer(handle) as server:
        face(server.url, max_retries=2)
    lines = {
        level: [
            re.sub(r"\d+ ms", "N ms", record.getMessage())
            for record in caplog.records
            if record.name == "oneloop" and record.levelno == level
        ]
        for level in (logging.INFO, logging.DEBUG)
    }
    operation = "GET /api/v1/usage/{bid}"
    first, *rest = lines[logging.INFO]
    assert re.fullmatch(rf"{re.escape(operation)}: no answer, \w+Error \(try 1, N ms\)", first)
    assert rest == [f"{operation}: 503 (try 2, N ms)", f"{operation}: 200 (try 3, N ms)"]
    assert lines[logging.DEBUG] == [f"the path was /api/v1/usage/{BID}"] * 3


@every_method
def test_log_of_a_try_has_no_status_of_another(
    face: Face, no_pauses: None, caplog: pytest.LogCaptureFixture
) -> None:
    def handle(connection: socket.socket, head: bytes, number: int) -> None:
        connection.sendall(reply(b"", 503)) if number == 1 else hang_up(connection)

    with RawServer(handle) as server, pytest.raises(APIConnectionError):
        face(server.url, max_retries=1)
    _, second = [message for message in caplog.messages if "(try " in message]
    assert ": no answer, " in second


PROGRAM = f"""
from oneloop import Oneloop
import sys
Oneloop(api_key={KEY!r}, base_url=sys.argv[1]).get_billing_usage({BID!r})
Oneloop(api_key={KEY!r}, base_url=sys.argv[1]).get_billing_usage({BID!r})
"""


@pytest.mark.parametrize(
    ("level", "lines"),
    [
        pytest.param("", 0, id="unset"),
        pytest.param("info", 2, id="info"),
        pytest.param("DEBUG", 4, id="debug"),
        pytest.param("warning", 0, id="warning"),
    ],
)
def test_variable_turns_it_on(level: str, lines: int) -> None:
    with RawServer(replies(reply())) as server:
        run = subprocess.run(
            [sys.executable, "-c", PROGRAM, server.url],
            env={"ONELOOP_LOG": level},
            capture_output=True,
            text=True,
            check=True,
        )
    assert run.stdout == ""
    assert len(run.stderr.splitlines()) == lines
    assert KEY not in run.stderr
    assert (BID in run.stderr) == (level == "DEBUG")


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("debug", logging.DEBUG),
        ("Info", logging.INFO),
        ("warning", logging.WARNING),
        ("WARN", logging.WARNING),
        ("error", logging.ERROR),
        ("critical", logging.CRITICAL),
        ("notset", logging.NOTSET),
    ],
)
def test_variable_is_any_level(name: str, level: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONELOOP_LOG", name)
    Oneloop(api_key=KEY)
    assert logging.getLogger("oneloop").level == level


@pytest.mark.parametrize("value", ["loud", "1", "true", "20", " ", "info ", "x" * 100_000])
def test_variable_of_another_value(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONELOOP_LOG", value)
    words = "^ONELOOP_LOG is none of debug, info, warning, error, critical$"
    with pytest.raises(ConfigurationError, match=words):
        Oneloop(api_key=KEY)


def test_failed_calls_are_silent_too(capfd: pytest.CaptureFixture[str]) -> None:
    logging.getLogger("oneloop").setLevel(logging.NOTSET)
    with pytest.raises(OneloopError):
        Oneloop(api_key=KEY, base_url="http://127.0.0.1:1", max_retries=0).get_billing_usage(BID)
    assert capfd.readouterr() == ("", "")
    handlers = logging.getLogger("oneloop").handlers
    assert [type(handler) for handler in handlers] == [logging.NullHandler]
