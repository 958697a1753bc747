"""The `oneloop` command, run as people run it."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import termios
import tty
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

import pytest

from oneloop import cli
from tests.faces import KEY
from tests.servers import RawServer, replies

COMMAND = [sys.executable, "-m", "oneloop"]


def run(
    *arguments: str, environment: Mapping[str, str] | None = None, stdin: bytes = b""
) -> tuple[int, str, str]:
    """Run the command as people do, with no environment but the one given."""
    return shell("", *arguments, env=environment, stdin=stdin)


def shell(
    streams: str, *arguments: str, env: Mapping[str, str] | None = None, stdin: bytes = b""
) -> tuple[int, str, str]:
    """Run the command from a shell that redirects its streams."""
    done = subprocess.run(
        ["sh", "-c", f'exec "$0" "$@" {streams}', *COMMAND, *arguments],
        env=dict(env or {}),
        input=stdin,
        capture_output=True,
        timeout=30,
        check=False,
    )
    # Decoded here: text mode would turn a name's own carriage return into a line feed.
    out, err = done.stdout.decode(), done.stderr.decode()
    assert "Traceback" not in err
    return done.returncode, out, err


def on_terminal(
    *arguments: str, environment: Mapping[str, str], encoding: str = "utf-8", errors: bool = False
) -> tuple[int, str]:
    """Run the command with a terminal for its output, and return all that the terminal gets.

    With `errors`, those go there, too.
    """
    ours, its = pty.openpty()
    tty.setraw(its)
    termios.tcsetwinsize(its, (24, 100))
    utf8 = {"PYTHONUTF8": "1"}
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        env={**utf8, **environment},
        stdout=its,
        stderr=its if errors else None,
    )
    os.close(its)
    shown = bytearray()
    with suppress(OSError):  # how Linux says that the other side is closed
        while part := os.read(ours, 65_536):
            shown += part
    os.close(ours)
    return process.wait(30), shown.decode(encoding)


def here(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Run the command in this process, where that tells as much: a new one takes its time."""
    with pytest.raises(SystemExit) as end:
        cli.main(arguments)
    out, err = capsys.readouterr()
    return int(end.value.code or 0), out, err


@contextmanager
def serving(*answers: bytes) -> Iterator[dict[str, str]]:
    """Give the environment in which the command asks a server with these answers."""
    with RawServer(replies(*answers)) as server:
        yield {"ONELOOP_API_KEY": KEY, "ONELOOP_BASE_URL": server.url}


def against(answer: bytes, *arguments: str) -> tuple[int, str, str]:
    with serving(answer) as environment:
        return run("usage", *arguments, environment=environment)


def heed_interrupts() -> None:
    """Undo what a shell does to a job in the background: its children would ignore SIGINT."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def started(*arguments: str, environment: Mapping[str, str]) -> subprocess.Popen[str]:
    """Start the command, which heeds an interrupt; what it prints is in pipes."""
    return subprocess.Popen(
        [*COMMAND, *arguments],
        env=dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_interrupts,  # noqa: PLW1509 - it takes no lock
    )
