"""Many ids for one command: where they come from, and how the run goes."""

from __future__ import annotations

import argparse
import contextlib
import itertools
import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO

from oneloop.bulk import UsageResult
from oneloop.cli.api import opened
from oneloop.cli.failures import as_line, exit_code, fail
from oneloop.cli.progress import Progress
from oneloop.errors import ConfigurationError, OneloopError
from oneloop.sync import SyncResult

_INTERRUPTED = "oneloop: interrupted: what is stored stays, and another run goes on from there"
_NONE = "there is no billing id: name some, or give a file of them with --ids"
_LONGEST = 2**20
"""Bytes of a line: what has more, holds no ids."""
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def add_arguments(parser: argparse.ArgumentParser, *, max_age: str | None = None) -> None:
    """Add the arguments that name many ids, and say how to ask for them."""
    parser.add_argument(
        "billing_ids", nargs="*", metavar="BID", help="a billing id, or - for those of stdin"
    )
    parser.add_argument("--ids", metavar="FILE", help="a file with a billing id a line")
    parser.add_argument(
        "--concurrency", type=int, default=16, metavar="N", help="ids at a time; default: 16"
    )
    parser.add_argument(
        "--rate", type=float, metavar="N", help="requests a second, retries counted"
    )
    parser.add_argument(
        "--max-age",
        type=duration,
        default=max_age,
        metavar="AGE",
        help="leave out ids whose usage was stored since: 90s, 30m, 6h, 1d; default: %(default)s",
    )


def _ids(options: argparse.Namespace) -> tuple[Iterable[str], int | None]:
    """Return the ids, read as they are needed, and how many there are, if that can be known.

    Raises:
        ConfigurationError: there are none; or, as they are read, a line isn't UTF-8.
    """
    named = [bid for bid in options.billing_ids if bid != "-"]
    sources: list[Iterable[str]] = [named]
    total: int | None = len(named)
    if options.ids not in (None, "-"):
        sources.append(_file(options.ids))
        is_file = os.path.isfile(options.ids)  # noqa: PTH113 - a pipe can be read but once
        total = len(named) + sum(1 for _ in _file(options.ids)) if is_file else None
    if "-" in (*options.billing_ids, options.ids):
        sources.append(_stdin())
        total = None
    if total == 0:
        raise ConfigurationError(_NONE)
    return _some(itertools.chain.from_iterable(sources)), total


def _some(ids: Iterable[str]) -> Iterator[str]:
    """Yield the ids, of which there has to be one: no customers at all is somebody's mistake."""
    is_empty = True
    for bid in ids:
        is_empty = False
        yield bid
    if is_empty:
        raise ConfigurationError(_NONE)


def _file(name: str) -> Iterator[str]:
    with _reading(name), open(name, "rb") as file:  # noqa: PTH123 - /dev/stdin as well
        yield from _lines(name, file)


def _stdin() -> Iterator[str]:
    with _reading("stdin"):
        yield from _lines("stdin", sys.stdin.buffer)


@contextlib.contextmanager
def _reading(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigurationError(f"{name}: can't be read: {error.strerror}") from error


def _lines(name: str, file: BinaryIO) -> Iterator[str]:
    """Yield the lines that aren't empty."""
    for number, line in enumerate(iter(lambda: file.readline(_LONGEST), b""), 1):
        if len(line) == _LONGEST:
            raise ConfigurationError(f"{name}: line {number} is far longer than a billing id")
        try:
            bid = line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
        except UnicodeDecodeError:
            raise ConfigurationError(f"{name}: line {number} isn't UTF-8") from None
        if bid:
            yield bid


def run(options: argparse.Namespace, job: Callable[..., str]) -> tuple[int, str]:
    """Do a job with the client and the ids; return the exit code and what was done."""
    ids, total = _ids(options)
    codes: list[int] = []
    counts = SyncResult()
    began = time.monotonic()
    with opened(options) as client, Progress(total) as progress:

        def on_failure(result: UsageResult) -> None:
            assert result.error is not None
            codes.append(exit_code(result.error))
            progress.say(as_line(result.error))

        def on_progress(so_far: SyncResult) -> None:
            nonlocal counts
            counts = so_far
            seen = so_far.ids + so_far.pending + so_far.skipped + so_far.failed
            progress.show(seen, failed=so_far.failed)

        try:
            done = job(
                *(client, ids),
                concurrency=options.concurrency,
                rate=options.rate,
                max_age=options.max_age,
                on_failure=on_failure,
                on_progress=on_progress,
            )
        except OneloopError as error:
            codes.insert(0, fail(error))
            done = "" if counts == SyncResult() else summary(counts)
        except KeyboardInterrupt:
            progress.say(_INTERRUPTED)
            codes.insert(0, 130)
            done = summary(counts)
    seconds = time.monotonic() - began
    return next(iter(codes), 0), f"{done}; {seconds:,.1f} s\n" if done else ""


def summary(counts: SyncResult) -> str:
    """Return what a run stored, in words."""
    ids = f"{counts.ids:,} stored, {counts.skipped:,} skipped, {counts.failed:,} failed"
    rows = f"{counts.new:,} new, {counts.restated:,} restated, {counts.gone:,} gone"
    return f"billing ids: {ids}; rows: {rows}"


def duration(text: str) -> float:
    """Return the seconds of `90s`, `30m`, `6h` or `1d`."""
    found = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)([smhd])", text)
    if not found:
        raise argparse.ArgumentTypeError(f"an age is such as 90s, 30m, 6h or 1d, not {text!r}")
    return float(found[1]) * _UNITS[found[2]]
