"""The client that a command asks, and the ids that it asks for."""

from __future__ import annotations

import argparse
import contextlib
import itertools
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from oneloop.client import Oneloop
from oneloop.errors import ConfigurationError


def add_client_options(parser: argparse.ArgumentParser) -> None:
    """Add what a client is made with."""
    parser.add_argument(
        "--timeout", type=float, default=60.0, metavar="SECONDS", help="for each id"
    )
    parser.add_argument(
        "--sandbox", action="store_true", help="ask a sandbox on this machine, without any key"
    )


@contextlib.contextmanager
def opened(options: argparse.Namespace) -> Iterator[Oneloop]:
    """Give the client."""
    with contextlib.ExitStack() as stack:
        connection = stack.enter_context(_sandbox()) if options.sandbox else {}
        yield stack.enter_context(Oneloop(timeout=options.timeout, **connection))


@contextlib.contextmanager
def _sandbox() -> Any:
    from oneloop import sandbox  # noqa: PLC0415 - few need a server

    with sandbox.Sandbox() as server:
        yield {"api_key": sandbox.API_KEY, "base_url": server.url}


def add_many_ids(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that name many ids, and say how fast to ask for them."""
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


def many_ids(options: argparse.Namespace) -> tuple[Iterable[str], int | None]:
    """Return the ids, read as they are needed, and how many there are, if that can be known.

    Raises:
        ConfigurationError: there are none; or, as they are read, a line isn't UTF-8.
    """
    named = [bid for bid in options.billing_ids if bid != "-"]
    sources: list[Iterable[str]] = [named]
    total: int | None = len(named)
    if options.ids not in (None, "-"):
        sources.append(_file(options.ids))
        is_file = Path(options.ids).is_file()  # a pipe can be read but once
        total = len(named) + sum(1 for _ in _file(options.ids)) if is_file else None
    if "-" in (*options.billing_ids, options.ids):
        sources.append(_lines("stdin", sys.stdin.buffer))
        total = None
    if total == 0:
        raise ConfigurationError(_NONE)
    return _some(itertools.chain.from_iterable(sources)), total


_NONE = "there is no billing id: name some, or give a file of them with --ids"


def _some(ids: Iterable[str]) -> Iterator[str]:
    """Yield the ids, of which there has to be one: no customers at all is somebody's mistake."""
    is_empty = True
    for bid in ids:
        is_empty = False
        yield bid
    if is_empty:
        raise ConfigurationError(_NONE)


def _file(name: str) -> Iterator[str]:
    try:
        with open(name, "rb") as file:  # noqa: PTH123 - /dev/stdin as well
            yield from _lines(name, file)
    except OSError as error:
        raise ConfigurationError(f"{name}: can't be read: {error.strerror}") from error


def _lines(name: str, file: BinaryIO) -> Iterator[str]:
    """Yield the lines that aren't empty."""
    for number, line in enumerate(file, 1):
        try:
            bid = line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
        except UnicodeDecodeError:
            raise ConfigurationError(f"{name}: line {number} isn't UTF-8") from None
        if bid:
            yield bid
