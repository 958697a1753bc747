"""Loopback servers, each a process of its own that prints its port and then a figure a line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.process import start

if TYPE_CHECKING:  # other clients' environments haven't ours
    from oneloop.sandbox import loopback


def serve(server: loopback.Server, figure: Callable[[], int]) -> None:
    """Print the port, then `figure()` for each line of standard input, and end with it."""
    server.start()
    print(server.port, flush=True)
    while sys.stdin.readline():
        print(figure(), flush=True)
    server.stop()


class Server(NamedTuple):
    """A server that runs: where, as which process, and what asks for its figure."""

    url: str
    pid: int
    figure: Callable[[], int]


@contextmanager
def running(module: str) -> Iterator[Server]:
    """Yield the server that a module of ours is."""
    with start(sys.executable, "-m", module) as process:
        assert process.stdin
        assert process.stdout
        ask, answers = process.stdin, process.stdout

        def figure() -> int:
            ask.write("\n")
            ask.flush()
            return int(answers.readline())

        try:
            yield Server(f"http://127.0.0.1:{int(answers.readline())}", process.pid, figure)
        finally:
            ask.close()
