"""A port that can refuse connections and take them again."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable

from oneloop.sandbox.server import Answer, HTTPServer, Request

_HOST = "127.0.0.1"


class Port:
    """The port of an API, open from when its URL is first asked for.

    Args:
        answer: what each request gets.
    """

    def __init__(self, answer: Callable[[Request], Answer]) -> None:
        self._answer = answer
        self._lock = threading.Lock()
        self._server: HTTPServer | None = None
        self._held: socket.socket | None = None
        self._number = 0

    def url(self, *, is_shut: bool) -> str:
        """Return the URL; whether the port is shut counts where it is the first time."""
        with self._lock:
            if not self._number:
                (self._hold if is_shut else self._open)()
            return f"http://{_HOST}:{self._number}"

    def shut(self) -> None:
        """Refuse connections, and end those that there are."""
        with self._lock:
            if self._server:
                self._close()
                self._hold()

    def reopen(self) -> None:
        """Take connections again."""
        with self._lock:
            if self._held:
                self._close()
                self._open()

    def close(self) -> None:
        """Give the port up."""
        with self._lock:
            self._close()

    def _open(self) -> None:
        self._server = HTTPServer(self._answer, self._number)
        self._number = self._server.port
        self._server.start()

    def _hold(self) -> None:
        """Keep the number from others: a socket that doesn't listen refuses."""
        self._held = socket.socket()
        if os.name == "posix":
            self._held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._held.bind((_HOST, self._number))
        self._number = self._held.getsockname()[1]

    def _close(self) -> None:
        server, self._server = self._server, None
        held, self._held = self._held, None
        if server:
            server.stop()
        if held:
            held.close()
