"""The way to the server: whose certificates count, and the proxy, if there is one."""

from __future__ import annotations

import base64
import contextlib
import os
import re
import ssl
import urllib.request
from typing import Any

import attrs
import certifi
import h11
import httpx

from oneloop._http.config import Config, is_loopback, parsed_url
from oneloop._http.secret import Secret, Unseen
from oneloop._http.stream import CONNECT_TIMEOUT, Stream, connect
from oneloop._http.waits import Patience, Steps
from oneloop.errors import ConfigurationError


@attrs.frozen
class Proxy:
    """A proxy that speaks HTTP/1.1, and what it is told beside the host."""

    host: str
    port: int
    login: Unseen


class Network:
    """Connects one client to its server; reads the environment once, at construction.

    Raises:
        ConfigurationError: `ssl_context`, `SSL_CERT_FILE`, `SSL_CERT_DIR`, `proxy` or a proxy
            variable isn't usable.
    """

    def __init__(self, config: Config) -> None:
        https = config.base_url.scheme == "https"
        self.host, self.port = host_and_port(config.base_url)
        # In any case: a program that is tried on this machine fails as it would elsewhere.
        tls = None if config.ssl_context is None else _checked(config.ssl_context)
        proxy = None if config.proxy is None else _proxy("proxy", config.proxy)
        if (tls or proxy) and not (https or is_loopback(self.host)):
            name = "ssl_context" if tls else "proxy"
            raise ConfigurationError(f"{name} is for https alone: base_url is plain http")
        if https and not tls:
            tls = trusted(trust_env=config.trust_env)
        if https and not proxy and config.trust_env:
            proxy, _ = environments_proxy(self.host, self.port)
        self._tls = tls if https else None
        self._proxy = proxy if https else None

    def open(self, patience: Patience) -> Steps[Stream]:
        """Return a new stream to the server, through the proxy and encrypted where that is due.

        Raises:
            OSError: there is none to be had.
            ConfigurationError: `ssl_context` has become less safe than it was.
        """
        if self._tls:
            _checked(self._tls)  # others may hold it, and change it
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

    def _tunnel(self, stream: Stream, proxy: Proxy, patience: Patience) -> Steps[None]:
        """Have the proxy pass on what it can't read (CONNECT, RFC 9110 §9.3.6)."""
        target = authority(self.host, self.port)
        http = h11.Connection(h11.CLIENT)
        request = h11.Request(method="CONNECT", target=target, headers=[("Host", target)])
        yield from stream.send(proxy.login.complete(http.send(request) or b""), patience)
        event: Any = None
        # h11's error may quote what the proxy said, and that the password.
        with contextlib.suppress(h11.RemoteProtocolError):
            while not isinstance(event := http.next_event(), h11.Response):
                if event is h11.NEED_DATA:
                    if not (data := (yield from stream.receive(patience))):
                        raise ConnectionError("the proxy closed the connection")
                    http.receive_data(data)
        if not isinstance(event, h11.Response):
            raise ConnectionError("the proxy doesn't speak HTTP/1.1")
        if not 200 <= event.status_code <= 299:
            raise ConnectionError(f"the proxy answered {event.status_code}")
        if http.trailing_data[0]:
            raise ConnectionError("the proxy said more than its answer")


def host_and_port(url: httpx.URL) -> tuple[str, int]:
    """Return the host, as it is looked up, and the port of an http or https URL."""
    return url.raw_host.decode("ascii"), url.port or (443 if url.scheme == "https" else 80)


def authority(host: str, port: int) -> str:
    """Return host and port as a URL has them (RFC 3986 §3.2)."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def trusted(*, trust_env: bool) -> ssl.SSLContext:
    """Return a context that trusts whom the environment says, else the authorities of certifi.

    Raises:
        ConfigurationError: `SSL_CERT_FILE` or `SSL_CERT_DIR` isn't usable.
    """
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
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # Debian's Python leaves it to OpenSSL
    # Python before 3.11.3 sets it: an answer that is cut off would look whole.
    context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
    return context


def environments_proxy(host: str, port: int) -> tuple[Proxy | None, str]:
    """Return the proxy for a host by https, and which variable says so; or None, and why.

    Raises:
        ConfigurationError: the variable's value can't be one.
    """
    if is_loopback(host):
        return None, "this machine is asked directly"
    # No variable of this frame holds a password, which a traceback might show.
    proxies = {kind: Secret(url) for kind, url in urllib.request.getproxies().items() if url}
    kind = next((kind for kind in ("https", "all") if kind in proxies), None)
    if kind is None:
        return None, "neither HTTPS_PROXY nor ALL_PROXY is set"
    if urllib.request.proxy_bypass(f"{host}:{port}"):
        return None, f"NO_PROXY excepts {host}"
    name = f"{kind}_PROXY".upper()
    source = next((each for each in (name.lower(), name) if os.environ.get(each)), None)
    return _proxy(name, proxies[kind]), source or "the system's settings"


def _checked(context: object) -> ssl.SSLContext:
    """Return the context that a caller gave.

    Raises:
        ConfigurationError: it is no context, or connections by it would be less safe than ours.
    """
    if not isinstance(context, ssl.SSLContext):
        raise ConfigurationError("ssl_context must be an ssl.SSLContext")
    problems = (
        (context.protocol != ssl.PROTOCOL_TLS_CLIENT, "isn't for a client of TLS"),
        (context.verify_mode != ssl.CERT_REQUIRED, "doesn't verify certificates"),
        (not context.check_hostname, "doesn't check the host's name"),
        (_begins_early(context), "allows versions before TLS 1.2"),
    )
    for wrong, words in problems:
        if wrong:
            raise ConfigurationError(f"ssl_context {words}: use ssl.create_default_context()")
    if context.options & ssl.OP_IGNORE_UNEXPECTED_EOF:
        words = "takes an answer that is cut off for a whole one, as Python before 3.11.3 has it"
        mend = "context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF"
        raise ConfigurationError(f"ssl_context {words}: {mend}")
    return context


def _begins_early(context: ssl.SSLContext) -> bool:
    """Whether a context allows what comes before TLS 1.2; Debian's Python leaves it to OpenSSL."""
    if context.minimum_version >= ssl.TLSVersion.TLSv1_2:
        return False
    return context.minimum_version != ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).minimum_version


def _proxy(name: str, url: Secret) -> Proxy:
    if proxy := _parsed(url):
        return proxy
    # Unquoted: a proxy's URL may hold a password. To an https:// proxy, TLS would run inside TLS,
    # which no socket of Python's can do.
    raise ConfigurationError(f"{name} must be a URL such as http://proxy:3128")


def _parsed(secret: Secret) -> Proxy | None:
    text = secret.reveal()
    if not isinstance(text, str) or re.search(r"\s", text):
        return None
    url = parsed_url(text if "://" in text else f"http://{text}")
    port = 80 if url is None or url.port is None else url.port
    if url is None or url.scheme != "http" or not url.host or not 0 < port <= 65535:
        return None
    if url.raw_path != b"/" or url.fragment:
        return None
    login = []
    if url.userinfo:
        user = f"{url.username}:{url.password}".encode()
        login.append((b"Proxy-Authorization", b"Basic " + base64.b64encode(user)))
    return Proxy(host_and_port(url)[0], port, Unseen(login))
