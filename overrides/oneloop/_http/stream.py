"""A socket that never blocks, with TLS where it is asked for: what it waits for, it yields."""

from __future__ import annotations

import encodings.idna  # noqa: F401 - else at the first look-up: a fork amid it hangs the child
import errno
import functools
import os
import socket
import ssl
from collections.abc import Callable
from typing import Any

from oneloop._http.waits import READ, WRITE, LookUp, Patience, Ready, Steps, T

CONNECT_TIMEOUT = 10.0
"""Seconds for a TCP connection, all addresses together, and again for TLS."""

_LEAST_SHARE = 2.0
_CHUNK = 65_536
_UNDER_WAY = {errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EAGAIN}
_EVENTS: dict[type[OSError], str] = {ssl.SSLWantReadError: READ, ssl.SSLWantWriteError: WRITE}


class Stream:
    """Bytes to and from a server, for the process that opened it and no other."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._pid = os.getpid()
        sock.setblocking(False)

    def connect(self, address: Any, patience: Patience) -> Steps[None]:
        """Connect to one address."""
        code = self._socket.connect_ex(address)
        if code in _UNDER_WAY:
            yield Ready(self._socket, WRITE, "connect", patience.left("connect"))
            code = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            raise OSError(code, os.strerror(code))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def start_tls(self, context: ssl.SSLContext, host: str, patience: Patience) -> Steps[None]:
        """Go on encrypted, with a server that proves to be `host`."""
        encrypted = context.wrap_socket(
            self._socket,
            server_hostname=host,
            do_handshake_on_connect=False,
            # A close without TLS's own is an error: it may cut an answer short (RFC 8446 §6.1).
            suppress_ragged_eofs=False,
        )
        self._socket = encrypted
        handshake = patience.within(CONNECT_TIMEOUT)
        yield from self._until_done(encrypted.do_handshake, READ, "connect", handshake)
        if encrypted.selected_alpn_protocol() not in (None, "http/1.1"):
            raise ConnectionError("ssl_context offers another protocol than http/1.1 (ALPN)")

    def send(self, data: memoryview, patience: Patience) -> Steps[None]:
        """Send all of the data."""
        while data:
            send = functools.partial(self._socket.send, data)
            data = data[(yield from self._until_done(send, WRITE, "write", patience)) :]

    def receive(self, patience: Patience) -> Steps[bytes]:
        """Return what has arrived once something has; nothing means that the server is done."""
        # Waited for even where it is there: a server that never pauses must not outrun the
        # deadline, nor hold up an event loop.
        if not (isinstance(self._socket, ssl.SSLSocket) and self._socket.pending()):
            yield Ready(self._socket, READ, "read", patience.left("read"))
        receive = functools.partial(self._socket.recv, _CHUNK)
        return (yield from self._until_done(receive, READ, "read", patience))

    def is_quiet(self) -> bool:
        """Whether the server has neither said anything more nor closed."""
        try:
            self._socket.recv(1)
        except (BlockingIOError, ssl.SSLWantReadError):
            return True
        except OSError:
            return False
        return False

    def close(self) -> None:
        """Close at once, without a word to the server."""
        self._socket.close()

    def _until_done(
        self, operation: Callable[[], T], event: str, purpose: str, patience: Patience
    ) -> Steps[T]:
        while True:
            if self._pid != os.getpid():
                raise ConnectionAbortedError("this process was forked inside the call")
            # Also where there is nothing to wait for: a server may never pause.
            seconds = patience.left(purpose)
            try:
                return operation()
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError) as error:
                wanted = _EVENTS.get(type(error), event)
            yield Ready(self._socket, wanted, purpose, seconds)


def connect(host: str, port: int, patience: Patience) -> Steps[Stream]:
    """Return a stream to the first address of the host that answers.

    Raises:
        OSError: none does; the last one's error.
    """
    addresses = yield LookUp(host, port, patience.left("connect"))
    patience = patience.within(CONNECT_TIMEOUT)
    failure = OSError("the host has no address")
    for index, (family, kind, protocol, _, address) in enumerate(addresses):
        # As in Go's net.Dialer, one that is silent leaves the others their share of the time.
        share = max(patience.left("connect") / (len(addresses) - index), _LEAST_SHARE)
        try:
            stream = Stream(socket.socket(family, kind, protocol))
        except OSError as error:  # a kernel without IPv6 has no socket for such an address
            failure = error
            continue
        try:
            yield from stream.connect(address, patience.within(share))
        except OSError as error:
            stream.close()
            failure = error
        except BaseException:
            stream.close()
            raise
        else:
            return stream
    raise failure
