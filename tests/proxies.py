"""A proxy that tunnels to one port of this machine, and keeps all that it could read."""

from __future__ import annotations

import contextlib
import socket
import threading

from tests.servers import RawServer


class Proxy(RawServer):
    """Tunnels every CONNECT to one port, and keeps all that it could read."""

    def __init__(self, target: int) -> None:
        super().__init__(self._tunnel)
        self._target = target

    def _tunnel(self, connection: socket.socket, head: bytes, number: int) -> None:
        with socket.create_connection(("127.0.0.1", self._target)) as upstream:
            connection.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
            back = threading.Thread(target=_pump, args=(upstream, connection), daemon=True)
            back.start()
            _pump(connection, upstream, self.requests)
            back.join()


def _pump(source: socket.socket, sink: socket.socket, kept: list[bytes] | None = None) -> None:
    with contextlib.suppress(OSError):
        while chunk := source.recv(65_536):
            if kept is not None:
                kept.append(chunk)
            sink.sendall(chunk)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_RDWR)
