"""Connections: TLS trust and proxies, a deadline on each wait, safety with forks and loops.

The one file that touches httpx's connection pools.
"""

from __future__ import annotations

import asyncio
import contextvars
import os
import ssl
import threading
import time
import urllib.request
import weakref
from collections.abc import Callable, Iterable
from typing import Any

import anyio
import anyio.lowlevel
import certifi
import httpcore
import httpx

from oneloop.config import Config, is_loopback
from oneloop.connections import KEEPALIVE_SECONDS, AsyncConnections, Connections
from oneloop.errors import ConfigurationError, OneloopError

_PIECE = 65_536
CONNECT_TIMEOUT = 10.0
"""Seconds for one TCP or TLS handshake, where the call's deadline leaves as many."""

DEADLINE: contextvars.ContextVar[float] = contextvars.ContextVar("oneloop_deadline")
"""The `time.monotonic()` at which the running synchronous call must be over."""


class Network:
    """Opens connection pools for one client; reads the environment once, at construction.

    Raises:
        ConfigurationError: `SSL_CERT_FILE`, `SSL_CERT_DIR` or a proxy variable isn't usable.
    """

    def __init__(self, config: Config) -> None:
        https = config.base_url.scheme == "https"
        self._options: dict[str, Any] = {
            "verify": _tls_context(trust_env=config.trust_env) if https else _trust_nobody(),
            "proxy": _proxy(config.base_url) if https and config.trust_env else None,
            "limits": httpx.Limits(keepalive_expiry=KEEPALIVE_SECONDS),
            "trust_env": False,
        }

    def open_sync(self) -> httpx.HTTPTransport:
        """Return a new pool whose every wait on the wire ends at `DEADLINE`."""
        transport = httpx.HTTPTransport(**self._options)
        # httpx has no parameter for httpcore's public `network_backend`.
        pool = transport._pool  # noqa: SLF001
        pool._network_backend = _DeadlineBackend(pool._network_backend)  # noqa: SLF001
        transport._pool = Connections(pool)  # type: ignore[assignment]  # noqa: SLF001
        return transport

    def open_async(self) -> httpx.AsyncHTTPTransport:
        """Return a new pool; its deadline is the caller's cancel scope."""
        transport = httpx.AsyncHTTPTransport(**self._options)
        pool = transport._pool  # noqa: SLF001
        pool._network_backend = _ClosingBackend(pool._network_backend)  # noqa: SLF001
        transport._pool = AsyncConnections(pool)  # type: ignore[assignment]  # noqa: SLF001
        return transport

    def aiohttp_opener(self) -> Callable[[], httpx.AsyncBaseTransport]:
        """Return what opens a pool of aiohttp's.

        Raises:
            ConfigurationError: the extra isn't installed.
        """
        try:
            from oneloop.aiohttp_pool import AiohttpPool  # noqa: PLC0415 - an extra
        except ImportError:
            raise ConfigurationError(
                "transport='aiohttp' needs an extra: pip install 'oneloop-api-client[aiohttp]'"
            ) from None
        return lambda: AiohttpPool(self._options["verify"], self._options["proxy"])


class SyncPool(httpx.BaseTransport):
    """One pool for all threads of a process; a forked child opens its own."""

    def __init__(self, open_pool: Callable[[], httpx.BaseTransport]) -> None:
        self._open_pool = open_pool
        self._pools = {os.getpid(): open_pool()}
        self._closed = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        _check_open(closed=self._closed)
        pid = os.getpid()
        # The parent's pool stays untouched in the child: its sockets and locks are the parent's.
        pool = self._pools.get(pid) or self._pools.setdefault(pid, self._open_pool())
        return pool.handle_request(request)

    def close(self) -> None:
        self._closed = True
        if pool := self._pools.pop(os.getpid(), None):
            pool.close()


class AsyncPool(httpx.AsyncBaseTransport):
    """One pool for each event loop: connections can't outlive the loop that opened them."""

    def __init__(self, open_pool: Callable[[], httpx.AsyncBaseTransport]) -> None:
        self._open_pool = open_pool
        self._pools: weakref.WeakKeyDictionary[Any, httpx.AsyncBaseTransport]
        self._pools = weakref.WeakKeyDictionary()
        self._opening = threading.Lock()
        self._closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        _check_open(closed=self._closed)
        loop = anyio.lowlevel.current_token().native_token
        pool = self._pools.get(loop) or self._pool_for(loop)
        return await pool.handle_async_request(request)

    async def aclose(self) -> None:
        self._closed = True
        if pool := self._pools.pop(anyio.lowlevel.current_token().native_token, None):
            await pool.aclose()

    def _pool_for(self, loop: Any) -> httpx.AsyncBaseTransport:
        with self._opening:
            # asyncio's connections refer to their loop, which keeps it in this dictionary.
            for other in [other for other in self._pools if _is_over(other)]:
                del self._pools[other]
            return self._pools.setdefault(loop, self._open_pool())


def _is_over(loop: Any) -> bool:
    return isinstance(loop, asyncio.AbstractEventLoop) and loop.is_closed()


class _DeadlineBackend(httpcore.NetworkBackend):
    """httpcore's timeouts bound each read alone; this bounds them by what the call has left."""

    def __init__(self, backend: httpcore.NetworkBackend) -> None:
        self._backend = backend

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        stream = self._backend.connect_tcp(host, port, left, local_address, socket_options)
        return _DeadlineStream(stream)


class _DeadlineStream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        # In pieces: httpcore's timeout begins anew with what each `send` leaves over.
        for start in range(0, len(buffer), _PIECE):
            left = _left(timeout, httpcore.WriteTimeout)
            self._stream.write(buffer[start : start + _PIECE], left)

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _DeadlineStream(self._stream.start_tls(ssl_context, server_hostname, left))

    def close(self) -> None:
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _ClosingBackend(httpcore.AsyncNetworkBackend):
    """httpcore forgets the socket of a TLS handshake that is cancelled; this closes it."""

    def __init__(self, backend: httpcore.AsyncNetworkBackend) -> None:
        self._backend = backend

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        return _ClosingStream(
            await self._backend.connect_tcp(host, port, timeout, local_address, socket_options)
        )


class _ClosingStream(httpcore.AsyncNetworkStream):
    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await self._stream.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            return await self._stream.start_tls(ssl_context, server_hostname, timeout)
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self._stream.aclose()
            raise

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(timeout: float | None, error: type[httpcore.TimeoutException]) -> float:
    left = DEADLINE.get() - time.monotonic()
    if left <= 0:
        raise error("the call's deadline has passed")
    return left if timeout is None else min(left, timeout)


def _check_open(*, closed: bool) -> None:
    if closed:
        raise OneloopError("this client is closed; make a new one")


def _tls_context(*, trust_env: bool) -> ssl.SSLContext:
    file = os.environ.get("SSL_CERT_FILE") if trust_env else None
    folder = os.environ.get("SSL_CERT_DIR") if trust_env else None
    if not (file or folder):
        return ssl.create_default_context(cafile=certifi.where())
    variable = "SSL_CERT_FILE" if file else "SSL_CERT_DIR"
    if not (os.path.isfile(file) if file else os.path.isdir(folder or "")):  # noqa: PTH112, PTH113
        raise ConfigurationError(f"{variable} names nothing that is there")
    try:
        return ssl.create_default_context(cafile=file or None, capath=None if file else folder)
    except OSError as error:  # ssl.SSLError is one
        raise ConfigurationError(f"{variable} holds no usable certificates: {error}") from None


def _trust_nobody() -> ssl.SSLContext:
    """Return a context without certificates: a plain-http client has no use for them."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _proxy(base_url: httpx.URL) -> httpx.Proxy | None:
    host = f"{base_url.host}:{base_url.port or 443}"
    if is_loopback(base_url.host) or urllib.request.proxy_bypass(host):
        return None
    proxies = urllib.request.getproxies()
    name = next((name for name in ("https", "all") if proxies.get(name)), None)
    if name is None:
        return None
    try:
        proxy = httpx.Proxy(proxies[name])
        if not proxy.url.host:
            raise ValueError
        httpx.HTTPTransport(proxy=proxy, verify=_trust_nobody()).close()
    except (ValueError, ImportError, httpx.InvalidURL):
        # Unquoted: a proxy's URL may hold a password.
        raise ConfigurationError(
            f"{name.upper()}_PROXY isn't a usable proxy URL (http, https, or socks5 with socksio)"
        ) from None
    return proxy
