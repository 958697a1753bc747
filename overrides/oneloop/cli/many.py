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
from typing import TYPE_CHECKING, BinaryIO

from oneloop.bulk import UsageResult
from oneloop.cli.api import opened
from oneloop.cli.failures import as_line, exit_code, fail
from oneloop.cli.parser import Parser
from oneloop.cli.progress import Progress
from oneloop.errors import ConfigurationError, OneloopError

if TYPE_CHECKING:
    from oneloop.sync import SyncResult

_INTERRUPTED = "oneloop: interrupted: what is stored stays, and another run goes on from there"
_NONE = "there is no billing id: name some, or give a file of them with --ids"
_LONGEST = 2**20
"""Bytes of a line: what has more, holds no ids."""
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def add_arguments(parser: Parser) -> None:
    """Add the arguments that name many ids, and say how fast to ask for them."""
    parser.add_argument(
        "billing_ids", nargs="*", metavar="BID", help="a billing id, or - for those of stdin"
    )
    parser.add_file(
        "--ids",
        action="append",
        default=[],
        metavar="FILE",
        help="a file with a billing id a line, or - for stdin; may be given several times",
    )
    parser.add_argument(
        "--concurrency", type=int, default=16, metavar="N", help="ids at a time; default: 16"
    )
    parser.add_argument(
        "--rate", type=float, metavar="N", help="requests a second at most, retries counted"
    )


def add_max_age(parser: Parser, default: str | None = None) -> None:
    """Add what leaves out ids whose usage is young enough."""
    parser.add_argument(
        "--max-age",
        type=duration,
        default=default,
        metavar="AGE",
        help="leave out ids whose usage was stored since: 90s, 30m, 6h, 1d; default: %(default)s",
    )


def read_ids(options: argparse.Namespace, *, count: bool) -> tuple[Iterable[str], int | None]:
    """Return the ids, read as they are needed, and how many there are, if that can be known.

    Args:
        options: name them.
        count: whether it is worth reading files twice to know how many there are.

    Raises:
        ConfigurationError: there are none; or, as they are read, a line isn't UTF-8.
    """
    named = [bid for bid in options.billing_ids if bid != "-"]
    files = [name for name in options.ids if name != "-"]
    has_stdin = "-" in (*options.billing_ids, *options.ids)
    sources: list[Iterable[str]] = [named, *map(_file, files)]
    if has_stdin:
        sources.append(_stdin())
    if not (named or files or has_stdin):
        raise ConfigurationError(_NONE)
    total = None
    if count and not has_stdin and all(map(os.path.isfile, files)):  # a pipe can be read but once
        total = len(named) + sum(1 for name in files for _ in _file(name))
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
    from oneloop.sync import SyncResult  # noqa: PLC0415 - not for --help

    ids, total = read_ids(options, count=True)
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
