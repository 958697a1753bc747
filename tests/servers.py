"""Loopback servers that misbehave exactly: raw sockets, a framework would be too polite."""

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


def hang_up(connection: socket.socket) -> None:
    """Close so that the peer gets a reset, not an orderly end."""
    linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    connection.close()


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


class RawServer:
    """Serves a handler on a free loopback port, one thread a connection, and remembers requests."""

    def __init__(self, handler: Handler, tls: ssl.SSLContext | None = None) -> None:
        self.handler = handler
        self.requests: list[bytes] = []
        self.connections = 0
        self._tls = tls
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._thread.join()

    def all_closed(self, within: float) -> bool:
        """Whether the peers close every connection within so many seconds."""
        return self.are_open(0, within)

    def are_open(self, count: int, within: float) -> bool:
        """Whether within so many seconds no more than so many connections are open."""
        deadline = time.monotonic() + within
        while len(self._open) > count and time.monotonic() < deadline:
            time.sleep(0.01)
        return len(self._open) == count

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        accepted = connection
        self._open.add(accepted)
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            stack.enter_context(connection)
            if self._tls:
                connection = stack.enter_context(
                    self._tls.wrap_socket(connection, server_side=True)
                )
            for head in _heads(connection):
                with self._lock:
                    self.requests.append(head)
                    number = len(self.requests)
                self.handler(connection, head, number)
        self._open.discard(accepted)


def _heads(connection: socket.socket) -> Iterator[bytes]:
    received = b""
    while chunk := connection.recv(65_536):
        received += chunk
        head, end, rest = received.partition(b"\r\n\r\n")
        if end:
            received = rest
            yield head + b"\r\n"
