"""The one loopback server: HTTP/1.1 by h11, right answers and answers to the letter."""

from __future__ import annotations

import enum
import socket
import struct
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from http import HTTPStatus
from typing import NamedTuple, TypeAlias

import h11

from oneloop.sandbox.loopback import Server

_MOST_BODY_BYTES = 64 * 1024 * 1024
_READ = 65_536
_BLANK_LINE = b"\r\n\r\n"

Headers = Sequence[tuple[str, str]]


class Request(NamedTuple):
    """What a client asks for."""

    method: str
    target: str
    """Path and query, percent-encoded as they came."""
    headers: Headers
    """Names in lower case."""
    body: bytes

    def header(self, name: str) -> str | None:
        """Return a header's value; several of one name as one, with commas (RFC 9110 §5.3)."""
        values = [value for each, value in self.headers if each == name]
        return ", ".join(values) if values else None


class Reply(NamedTuple):
    """A proper answer."""

    status: int
    headers: Headers = ()
    body: bytes = b""


class End(enum.Enum):
    """What becomes of a connection after a script."""

    STAY = "the next request is read"
    CLOSE = "it is closed in order"
    RESET = "the client gets a reset"


class Script(NamedTuple):
    """An answer to the letter: bytes as they go onto the wire, and pauses in seconds."""

    steps: Iterable[bytes | float]
    end: End = End.CLOSE


Answer: TypeAlias = Reply | Script


class HTTPServer(Server):
    """A server that reads requests whole and answers each.

    Args:
        answer: what each request gets; called from several threads at once.
        port: the TCP port; 0 takes a free one.

    Raises:
        OSError: the port is taken.
    """

    def __init__(self, answer: Callable[[Request], Answer], port: int = 0) -> None:
        self._answer = answer
        super().__init__(self._talk, port)
        self.url: str = f"http://127.0.0.1:{self.port}"

    def _talk(self, connection: socket.socket) -> None:
        """Answer the requests of one connection, one after the other."""
        behind = b""
        while True:
            # One for each request, since it doesn't see what a script sends.
            peer = h11.Connection(h11.SERVER)
            if behind:
                peer.receive_data(behind)
            try:
                request = _read(peer, connection)
            except h11.RemoteProtocolError as error:
                if peer.our_state in (h11.IDLE, h11.SEND_RESPONSE):
                    connection.sendall(written(Reply(error.error_status_hint), closes=True))
                return
            if request is None:
                return
            is_last = peer.their_state is h11.MUST_CLOSE
            answer = self._answer(request)
            if isinstance(answer, Reply):
                connection.sendall(written(answer, request.method, closes=is_last))
            elif not perform(answer, connection, self.stopped):
                return
            if is_last:
                return
            behind, _ = peer.trailing_data


def heads(connection: socket.socket) -> Iterator[bytes]:
    """Yield the heads of requests without bodies as they come, to be answered on the socket.

    Nothing is refused, and nothing is checked: a third of the CPU of `HTTPServer`.
    """
    received = b""
    while chunk := connection.recv(_READ):
        received += chunk
        while (end := received.find(_BLANK_LINE)) >= 0:
            head, received = received[: end + 2], received[end + 4 :]
            yield head


def perform(script: Script, connection: socket.socket, stopped: threading.Event) -> bool:
    """Send what a script says; return whether the connection stays open."""
    for step in script.steps:
        if isinstance(step, bytes):
            connection.sendall(step)
        elif stopped.wait(min(step, threading.TIMEOUT_MAX)):
            return False
    if script.end is End.RESET:
        reset(connection)
    return script.end is End.STAY


def reset(connection: socket.socket) -> None:
    """Close so that the peer gets a reset, not an orderly end."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    connection.close()


# On Windows its fields are shorts.
_NO_LINGER = struct.pack("hh" if hasattr(socket, "SO_EXCLUSIVEADDRUSE") else "ii", 1, 0)


def written(reply: Reply, method: str = "GET", *, closes: bool = False) -> bytes:
    """Return a proper answer as it goes onto the wire."""
    has_length = reply.status not in (204, 304)
    body = reply.body if has_length and reply.status != 205 else b""
    headers = [*reply.headers, *([("Connection", "close")] if closes else [])]
    if has_length:  # 205 as well (RFC 9110 §15.3.6): else its end would be waited for
        headers.append(("Content-Length", str(len(body))))
    reason = HTTPStatus(reply.status).phrase if reply.status in _NAMED else ""
    lines = [f"HTTP/1.1 {reply.status} {reason}", *(f"{name}: {value}" for name, value in headers)]
    head = "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n"
    return head + body if method != "HEAD" else head


_NAMED = frozenset(HTTPStatus)


def _read(peer: h11.Connection, connection: socket.socket) -> Request | None:
    """Return the next request, whole; None where no more comes."""
    head: h11.Request | None = None
    body = bytearray()
    while True:
        event = peer.next_event()
        if event is h11.NEED_DATA:
            if peer.they_are_waiting_for_100_continue:
                go_on = h11.InformationalResponse(status_code=100, headers=[])
                connection.sendall(peer.send(go_on) or b"")
            peer.receive_data(connection.recv(_READ))
        elif isinstance(event, h11.Request):
            head = event
        elif isinstance(event, h11.Data):
            body += event.data
            if len(body) > _MOST_BODY_BYTES:
                raise h11.RemoteProtocolError("too large", error_status_hint=413)
        else:
            break
    if head is None:  # the end of the connection
        return None
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in head.headers]
    return Request(head.method.decode("ascii"), head.target.decode("ascii"), headers, bytes(body))
