"""Conversations on a port of this machine, each in a thread of its own."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
import time
from collections.abc import Callable

_BACKLOG = 1024
_PAUSE = 0.01


class Server:
    """Holds a conversation on each connection, from when it is started until it is stopped.

    Args:
        converse: reads from a connection and writes to it, in a thread of its own. It ends with
            the conversation, or with an `OSError` where the client goes away.
        port: the TCP port; 0 takes a free one.

    Raises:
        OSError: the port is taken.
    """

    def __init__(self, converse: Callable[[socket.socket], None], port: int = 0) -> None:
        self._converse = converse
        self._listener = socket.create_server(("127.0.0.1", port), backlog=_BACKLOG)
        self._listener.setblocking(False)  # a client may be gone before it is accepted
        self.port: int = self._listener.getsockname()[1]
        self.connections: int = 0
        """How many there were."""
        self._open: dict[socket.socket, threading.Thread] = {}
        self._lock = threading.Lock()
        self._woken, self._wake = socket.socketpair()
        self._thread = threading.Thread(target=self._accept, name="oneloop server", daemon=True)
        self.stopped: threading.Event = threading.Event()
        """Set as soon as it stops: what a conversation waits for in a pause."""

    @property
    def open(self) -> int:
        """How many connections there are."""
        return len(self._open)

    def start(self) -> None:
        """Answer from now on: nothing is waited for, since the port is open already."""
        self._thread.start()

    def stop(self, patience: float = 5.0) -> None:
        """Close the port and all connections, and wait so many seconds for their conversations."""
        self.stopped.set()
        self._wake.close()
        self._thread.join()
        self._woken.close()
        self._listener.close()
        with self._lock:
            serving = dict(self._open)
        for connection in serving:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        deadline = time.monotonic() + patience
        for thread in serving.values():
            thread.join(max(0.0, deadline - time.monotonic()))

    def _accept(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            while True:
                ready = {key.fileobj for key, _ in selector.select()}
                if self._woken in ready:
                    return
                try:
                    connection, _ = self._listener.accept()
                except OSError:  # it is gone, or the system has no more
                    self.stopped.wait(_PAUSE)
                else:
                    self._begin(connection)

    def _begin(self, connection: socket.socket) -> None:
        thread = threading.Thread(
            target=self._serve, args=[connection], name="oneloop connection", daemon=True
        )
        with self._lock:
            self.connections += 1
            self._open[connection] = thread
        thread.start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with contextlib.suppress(OSError), connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._converse(connection)
        finally:
            with self._lock:
                del self._open[connection]
