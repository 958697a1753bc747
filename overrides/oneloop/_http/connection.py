"""One connection's exchanges of HTTP/1.1, by h11."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from typing import Any

import attrs
import h11

from oneloop._http.answer import AnswerReader, Headers, printable
from oneloop._http.secret import Unseen
from oneloop._http.stream import Stream
from oneloop._http.waits import Chunk, Patience, Steps
from oneloop.errors import ResponseValidationError

KEEPALIVE_SECONDS = 5.0
"""How long a connection may stay idle."""

_MAX_HEAD_BYTES = 102_400


class ProtocolError(ConnectionError):
    """The server doesn't speak HTTP/1.1."""


class RequestError(ProtocolError):
    """What we were to send isn't HTTP/1.1."""


@attrs.define
class Exchange:
    """A request as it goes onto the wire, and what is to become of its answer."""

    method: str
    target: str
    headers: Headers
    """All that may be seen."""
    body: Any = attrs.field(repr=False)
    """Bytes, or what the caller streams: an iterable of them, for event loops an async one."""
    unseen: Unseen
    """The key, and the caller's headers that the request doesn't have itself."""
    patience: Patience
    begin: Callable[[int, Headers], AnswerReader]
    """Returns what reads an answer with this status and these headers."""
    sent: bool = False
    """Whether a byte of it may have left this machine."""


class Connection:
    """A place for one connection, opened when needed, for one call at a time.

    What it holds counts as dead unless an exchange has left it clean: whatever interrupts a call,
    nothing behind an answer is ever read as another.
    """

    def __init__(self, open_stream: Callable[[Patience], Steps[Stream]]) -> None:
        self._open = open_stream
        self._idle: tuple[Stream, h11.Connection] | None = None
        self._idle_since = 0.0

    def exchange(self, exchange: Exchange) -> Steps[AnswerReader]:
        """Send a request and read its answer.

        Raises:
            OSError: no whole answer arrived.
            ResponseValidationError: a body that must be right isn't.
        """
        idle, self._idle = self._idle, None
        stream, http = idle if idle and self._is_usable(idle[0]) else (None, _http())
        try:
            if stream is None:
                stream = yield from self._open(exchange.patience)
            yield from _send(exchange, stream, http)
            reader = yield from _receive(exchange, stream, http)
            if _is_clean(http, reader.headers):
                http.start_next_cycle()
                self._idle_since = time.monotonic()
                self._idle = stream, http
            return reader
        except h11.ProtocolError as error:
            kind = RequestError if isinstance(error, h11.LocalProtocolError) else ProtocolError
            problem = str(error)
        finally:
            if idle and idle[0] is not stream:
                idle[0].close()
            if stream and not self._idle:
                stream.close()
        # Out here, where h11's own error, which may quote all of the wire, is no context.
        raise kind(printable(problem))

    @property
    def is_open(self) -> bool:
        """Whether it holds a connection that an exchange has left clean."""
        return self._idle is not None

    def close_if_idle_since(self, moment: float) -> None:
        """Close a connection that has been idle since this moment, or for longer."""
        if self._idle and self._idle_since <= moment:
            self.close()

    def close(self) -> None:
        """Close the idle connection, if there is one."""
        idle, self._idle = self._idle, None
        if idle:
            idle[0].close()

    def _is_usable(self, stream: Stream) -> bool:
        return time.monotonic() - self._idle_since < KEEPALIVE_SECONDS and stream.is_quiet()


def _http() -> h11.Connection:
    return h11.Connection(h11.CLIENT, max_incomplete_event_size=_MAX_HEAD_BYTES)


def _send(exchange: Exchange, stream: Stream, http: h11.Connection) -> Steps[None]:
    """Send the request; a server that hangs up before its end may have answered why."""
    head = h11.Request(method=exchange.method, target=exchange.target, headers=exchange.headers)
    if isinstance(exchange.body, bytes):
        data = exchange.unseen.complete(http.send(head) or b"", _framed(http, exchange.body))
        exchange.sent = True
        yield from _write(stream, data, exchange.patience)
        return
    data = exchange.unseen.complete(http.send(head) or b"")
    exchange.sent = True
    chunks = Chunk(exchange.body)
    while (yield from _write(stream, data, exchange.patience)):
        if (chunk := (yield chunks)) is None:
            yield from _write(stream, memoryview(_framed(http, b"")), exchange.patience)
            return
        data = memoryview(http.send(h11.Data(data=chunk)) or b"")


def _framed(http: h11.Connection, body: bytes) -> bytes:
    """Return a whole body as it goes onto the wire."""
    data = http.send(h11.Data(data=body)) if body else b""
    return (data or b"") + (http.send(h11.EndOfMessage()) or b"")


def _write(stream: Stream, data: memoryview, patience: Patience) -> Steps[bool]:
    try:
        yield from stream.send(data, patience)
    except ConnectionError:
        return False
    return True


def _receive(exchange: Exchange, stream: Stream, http: h11.Connection) -> Steps[AnswerReader]:
    """Read the final answer."""
    reader: AnswerReader | None = None
    try:
        while True:
            event = http.next_event()
            if event is h11.NEED_DATA:
                if not (yield from _more(exchange, stream, http)) and reader is None:
                    raise ProtocolError("the server closed the connection without an answer")
            elif isinstance(event, h11.Data) and reader:
                reader.feed(event.data)
            elif isinstance(event, h11.EndOfMessage) and reader:
                reader.finish()
                return reader
            elif isinstance(event, h11.Response):
                reader = exchange.begin(event.status_code, list(event.headers))
    except (ConnectionError, ssl.SSLError, h11.RemoteProtocolError, ResponseValidationError):
        if reader is None or reader.must_be_whole:
            raise
        return reader


def _more(exchange: Exchange, stream: Stream, http: h11.Connection) -> Steps[bool]:
    """Give h11 what arrives next; say whether anything did."""
    data = yield from stream.receive(exchange.patience)
    http.receive_data(data)
    return bool(data)


def _is_clean(http: h11.Connection, headers: Headers) -> bool:
    """Whether an exchange is over on both sides and nothing is behind its answer."""
    framings = {name for name, _ in headers} & {b"content-length", b"transfer-encoding"}
    return (
        set(http.states.values()) == {h11.DONE}
        and http.trailing_data == (b"", False)
        and len(framings) < 2  # RFC 9112 §6.3: with both, somebody may see the end elsewhere
    )
