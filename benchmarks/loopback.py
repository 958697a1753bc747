"""Loopback servers, each a process of its own that prints its port and then a figure a line."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from benchmarks.process import start


class Connection(asyncio.Protocol):
    """Plain HTTP/1.1 with keep-alive, for requests without bodies."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._received = b""

    def data_received(self, data: bytes) -> None:
        *heads, self._received = (self._received + data).split(b"\r\n\r\n")
        for head in heads:
            self.answer(head.split(b" ", 2)[1])

    def answer(self, path: bytes) -> None:
        """Answer the request for a path."""
        raise NotImplementedError


async def serve(connection: Callable[[], Connection], figure: Callable[[], int]) -> None:
    """Print the port, then `figure()` for each line of standard input, and end with it."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(connection, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    while await loop.run_in_executor(None, sys.stdin.readline):
        print(figure(), flush=True)


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
