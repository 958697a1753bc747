"""Standard streams as they are met: closed, full, read by somebody who goes away."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from typing import TextIO


def fill_closed_streams() -> None:
    """Give each closed standard stream its descriptor back: else the next socket would take it."""
    if sys.stdin is None:
        sys.stdin = os.fdopen(os.open(os.devnull, os.O_RDONLY), closefd=False)
    if sys.stdout is None:  # read-only: writing still fails
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_RDONLY), "w", closefd=False)
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", closefd=False)


def show(text: str, code: int) -> int:
    """Print the text and return the exit code, never 0 if that fails."""
    try:
        _write(sys.stdout, text)
    except BrokenPipeError:
        pass  # the reader, `head` for one, has what it wanted
    except OSError as error:
        say(f"oneloop: can't write the output: {error.strerror}\n")
        code = code or 1
    return code


def say(text: str) -> None:
    """Write to stderr, if anybody listens."""
    with contextlib.suppress(OSError):
        _write(sys.stderr, text)


def _write(stream: TextIO, text: str) -> None:
    """Write and flush; after a failure the rest goes nowhere: Python's flush at exit can't fail."""
    try:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
        stream.write(text)
        stream.flush()
    except (OSError, KeyboardInterrupt):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        raise
