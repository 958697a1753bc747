"""The way to the server: whose certificates count, and the proxy, if there is one."""

from __future__ import annotations

import base64
import os
import ssl
import urllib.request

import attrs
import certifi
import h11
import httpx

from oneloop._http.config import Config, is_loopback, parsed_url
from oneloop._http.stream import CONNECT_TIMEOUT, Stream, connect
from oneloop._http.waits import Patience, Steps
from oneloop.errors import ConfigurationError


@attrs.frozen
class _Proxy:
    host: str
    port: int
    headers: list[tuple[str, str]] = attrs.field(repr=False)


class Network:
    """Connects one client to its server; reads the environment once, at construction.

    Raises:
        ConfigurationError: `SSL_CERT_FILE`, `SSL_CERT_DIR` or a proxy variable isn't usable.
    """

    def __init__(self, config: Config) -> None:
        https = config.base_url.scheme == "https"
        self.host = config.base_url.raw_host.decode("ascii")
        self.port = config.base_url.port or (443 if https else 80)
        self._tls = _tls_context(trust_env=config.trust_env) if https else None
        self._proxy = _proxy(self.host, self.port) if https and config.trust_env else None

    def open(self, patience: Patience) -> Steps[Stream]:
        """Return a new stream to the server, through the proxy and encrypted where that is due.

        Raises:
            OSError: there is none to be had.
            h11.ProtocolError: the proxy doesn't speak HTTP/1.1.
        """
        next_hop = self._proxy or self
        stream = yield from connect(next_hop.host, next_hop.port, patience)
        try:
            if self._proxy:
                yield from self._tunnel(stream, self._proxy, patience.within(CONNECT_TIMEOUT))
            if self._tls:
                yield from stream.start_tls(self._tls, self.host, patience)
        except BaseException:
            stream.close()
            raise
        return stream

    def _tunnel(self, stream: Stream, proxy: _Proxy, patience: Patience) -> Steps[None]:
        """Have the proxy pass on what it can't read (CONNECT, RFC 9110 §9.3.6)."""
        authority = f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
        http = h11.Connection(h11.CLIENT)
        headers = [("Host", authority), *proxy.headers]
        request = h11.Request(method="CONNECT", target=authority, headers=headers)
        yield from stream.send(memoryview(http.send(request) or b""), patience)
        while not isinstance(event := http.next_event(), h11.Response):
            if event is h11.NEED_DATA:
                if not (data := (yield from stream.receive(patience))):
                    raise ConnectionError("the proxy closed the connection")
                http.receive_data(data)
        if not 200 <= event.status_code <= 299:
            raise ConnectionError(f"the proxy answered {event.status_code}")
        if http.trailing_data[0]:
            raise ConnectionError("the proxy said more than its answer")


def _tls_context(*, trust_env: bool) -> ssl.SSLContext:
    file = os.environ.get("SSL_CERT_FILE") if trust_env else None
    folder = os.environ.get("SSL_CERT_DIR") if trust_env else None
    variable = "SSL_CERT_FILE" if file else "SSL_CERT_DIR"
    if (file or folder) and not (os.path.isfile(file) if file else os.path.isdir(folder or "")):  # noqa: PTH112, PTH113
        raise ConfigurationError(f"{variable} names nothing that is there")
    try:
        if file or folder:
            context = ssl.create_default_context(
                cafile=file or None, capath=None if file else folder
            )
        else:
            context = ssl.create_default_context(cafile=certifi.where())
    except OSError as error:  # ssl.SSLError is one
        raise ConfigurationError(f"{variable} holds no usable certificates: {error}") from None
    context.set_alpn_protocols(["http/1.1"])
    # Python before 3.11.3 sets it: an answer that is cut off would look whole.
    context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
    return context


def _proxy(host: str, port: int) -> _Proxy | None:
    if is_loopback(host) or urllib.request.proxy_bypass(f"{host}:{port}"):
        return None
    proxies = urllib.request.getproxies()
    name = next((name for name in ("https", "all") if proxies.get(name)), None)
    if name is None:
        return None
    text = proxies[name]
    url = parsed_url(text if "://" in text else f"http://{text}")
    if url is None or url.scheme != "http" or not url.host or not 0 < _port(url) <= 65535:
        # Unquoted: a proxy's URL may hold a password. To an https:// proxy, TLS would run inside
        # TLS, which no socket of Python's can do.
        raise ConfigurationError(f"{name.upper()}_PROXY must be a URL such as http://proxy:3128")
    headers = []
    if url.userinfo:
        user = f"{url.username}:{url.password}".encode()
        headers.append(("Proxy-Authorization", f"Basic {base64.b64encode(user).decode()}"))
    return _Proxy(url.raw_host.decode("ascii"), _port(url), headers)


def _port(proxy: httpx.URL) -> int:
    return 80 if proxy.port is None else proxy.port
