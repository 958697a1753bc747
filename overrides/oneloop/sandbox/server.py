"""An HTTP/1.1 server on the loopback interface, by h11, in a thread of its own."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import NamedTuple

import h11

_MOST_BODY_BYTES = 64 * 1024 * 1024
_READ = 65_536

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
    """What the server answers."""

    status: int
    headers: Headers = ()
    body: bytes = b""


class Server:
    """Answers requests from when it is started until it is stopped.

    Args:
        answer: what each request gets.
        port: the TCP port; 0 takes a free one.

    Raises:
        OSError: the port is taken.
    """

    def __init__(self, answer: Callable[[Request], Reply], port: int) -> None:
        self._answer = answer
        self._socket = socket.create_server(("127.0.0.1", port))
        self.url: str = f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def start(self) -> None:
        """Answer from now on: nothing is waited for, since the port is open already."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="oneloop.sandbox", daemon=True)
        self._stopped = asyncio.Event()
        self._thread.start()

    def stop(self) -> None:
        """Close the port and all connections."""
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:  # cancels conversations
            runner.run(self._serve())

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._converse, sock=self._socket)
        await self._stopped.wait()
        server.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection, one after the other."""
        peer = h11.Connection(h11.SERVER)
        try:
            while True:
                method = await self._exchange(peer, reader, writer)
                if method is None or peer.our_state is h11.MUST_CLOSE:
                    return
                peer.start_next_cycle()
        except h11.RemoteProtocolError as error:
            if peer.our_state in (h11.IDLE, h11.SEND_RESPONSE):
                writer.write(_written(peer, "GET", Reply(error.error_status_hint)))
        except OSError:
            pass  # the client went away
        finally:
            writer.close()

    async def _exchange(
        self, peer: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> str | None:
        """Answer the next request and return its method; None where no more comes."""
        head: h11.Request | None = None
        body = bytearray()
        while True:
            event = peer.next_event()
            if event is h11.NEED_DATA:
                if peer.they_are_waiting_for_100_continue:
                    go_on = h11.InformationalResponse(status_code=100, headers=[])
                    writer.write(peer.send(go_on) or b"")
                peer.receive_data(await reader.read(_READ))
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
        headers = [
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in head.headers
        ]
        method = head.method.decode("ascii")
        request = Request(method, head.target.decode("ascii"), headers, bytes(body))
        writer.write(_written(peer, method, self._answer(request)))
        await writer.drain()
        return method


def _written(peer: h11.Connection, method: str, reply: Reply) -> bytes:
    has_body = reply.status not in (204, 205, 304)
    headers = list(reply.headers)
    if has_body:
        headers.append(("Content-Length", str(len(reply.body))))
    reason = HTTPStatus(reply.status).phrase if reply.status in set(HTTPStatus) else ""
    written = peer.send(
        h11.Response(status_code=reply.status, headers=headers, reason=reason.encode())
    )
    events: list[h11.Event] = [h11.EndOfMessage()]
    if has_body and method != "HEAD":
        events.insert(0, h11.Data(data=reply.body))
    return (written or b"") + b"".join(peer.send(event) or b"" for event in events)
