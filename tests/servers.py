"""The package's loopback server with handlers that misbehave exactly, on the raw socket."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Self

from oneloop.sandbox.loopback import Server
from oneloop.sandbox.server import heads, reset

hang_up = reset

BID = "bid_1"

Handler = Callable[[socket.socket, bytes, int], None]
"""Answers one request on a connection: its socket, the request's head, the request's number."""


def row(**changes: object) -> dict[str, object]:
    """Return a usage row as the wire has it."""
    plain = {
        "billingId": BID,
        "day": "2025-01-01",
        "totalBillingUsage": "12",
        "billingUsageName": "api-calls",
    }
    return plain | changes


def usage_body(*rows: object) -> bytes:
    """Return the body of a usage answer."""
    return json.dumps({"data": list(rows or [row()])}).encode()


def reply(
    body: bytes = usage_body(),
    status: int | str = 200,
    *,
    content_type: str | None = "application/json",
    length: int | None = None,
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """Return a whole HTTP/1.1 response."""
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {length or len(body)}"]
    if content_type is not None:
        lines.append(f"Content-Type: {content_type}")
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def replies(*answers: bytes) -> Handler:
    """Return a handler that sends one answer a request, in turn, and the last from then on."""

    def handle(connection: socket.socket, head: bytes, number: int) -> None:
        connection.sendall(answers[min(number, len(answers)) - 1])

    return handle


def echo(connection: socket.socket, head: bytes, number: int) -> None:
    """Answer with usage of the id that was asked for."""
    match = re.match(rb"GET /api/v1/usage/(\S+) ", head)
    assert match
    connection.sendall(reply(usage_body(row(billingId=match[1].decode()))))


def silence(seconds: float) -> Handler:
    """Return a handler that says nothing for so long, and hangs up."""

    def handle(connection: socket.socket, head: bytes, number: int) -> None:
        time.sleep(seconds)
        hang_up(connection)

    return handle


def sends_then(answer: bytes, end: Callable[[socket.socket], None]) -> Handler:
    """Return a handler that sends an answer, or a part of one, and ends."""

    def handle(connection: socket.socket, head: bytes, number: int) -> None:
        connection.sendall(answer)
        time.sleep(0.02)
        end(connection)

    return handle


@contextlib.contextmanager
def silent_address() -> Iterator[tuple[str, int]]:
    """Give an address where no handshake of TCP's ends: its backlog is full."""
    with socket.socket() as listener, contextlib.ExitStack() as stack:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()


class RawServer(Server):
    """Serves a handler on a free loopback port, one thread a connection, and remembers requests."""

    def __init__(self, handler: Handler, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(self._handle)
        self.handler = handler
        self.requests: list[bytes] = []
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self._tls = tls
        self._number = threading.Lock()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop(patience=0)  # a handler may sleep

    def all_closed(self, within: float) -> bool:
        """Whether the peers close every connection within so many seconds."""
        return self.are_open(0, within)

    def are_open(self, count: int, within: float) -> bool:
        """Whether within so many seconds no more than so many connections are open."""
        deadline = time.monotonic() + within
        while self.open > count and time.monotonic() < deadline:
            time.sleep(0.01)
        return self.open == count

    def _handle(self, connection: socket.socket) -> None:
        with contextlib.ExitStack() as stack:
            if self._tls:
                connection = stack.enter_context(
                    self._tls.wrap_socket(connection, server_side=True)
                )
            for head in heads(connection):
                with self._number:
                    self.requests.append(head)
                    number = len(self.requests)
                self.handler(connection, head, number)
