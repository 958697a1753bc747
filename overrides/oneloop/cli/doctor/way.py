"""The way to the API: its name, proxy, connection, TLS and clock, each looked at by itself.

What the client does by itself when it calls is looked at here from outside, by Python's own
libraries, so that a failure has a place.
"""

from __future__ import annotations

import base64
import datetime
import email.utils
import http.client
import ipaddress
import os
import re
import socket
import ssl
import time
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

import certifi

from oneloop.cli.doctor.finding import FAILED, OK, WARNING, Finding, skipped
from oneloop.errors import excerpt

Bounded = Callable[..., Any]
"""Calls what takes time, for a share of what is left; `TimeoutError` once it is over."""

_FAULTS = (OSError, http.client.HTTPException, ValueError)
_SOON = 14
"""Days before its end at which a certificate is a warning."""
_APART = 60
"""Seconds between two clocks that are a warning."""


def look(base_url: str, url_from: str, bounded: Bounded) -> Iterator[Finding]:
    """Yield what is found on the way, up to what bars it."""
    url = urlsplit(base_url)
    proxy, words = _proxy(url)
    yield Finding("proxy", OK, words)
    hop = _Hop(url, proxy)
    steps = {"dns": hop.resolve, "connection": hop.connect}
    if url.scheme == "https":
        steps["tls"] = hop.secure
    name = ""
    try:
        for name in list(steps):
            yield bounded(steps.pop(name))
        yield _clock(hop, bounded)
    except _FAULTS as error:
        yield _failure(name, error, hop, url_from)
        yield from skipped(*steps, "clock")
    finally:
        hop.close()


class _Hop:
    """The first step towards the API, to itself or a proxy, and what follows."""

    def __init__(self, url: SplitResult, proxy: SplitResult | None) -> None:
        self.url = url
        self.proxy = proxy
        self.host: str = (proxy or url).hostname or ""
        self.port: int = _port(proxy or url)
        self.address: str = _address(proxy or url)
        self._http: http.client.HTTPConnection | None = None

    def resolve(self) -> Finding:
        """Look up the address."""
        found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(address[0]) for *_, address in found))
        more = f" and {len(addresses) - 1} more" if len(addresses) > 1 else ""
        whose = f"the proxy {self.host}" if self.proxy else self.host
        return Finding("dns", OK, f"{whose} is {addresses[0]}{more}")

    def connect(self) -> Finding:
        """Connect, through the proxy if there is one."""
        began = time.monotonic()
        self._http = http.client.HTTPConnection(self.host, self.port)
        if self.proxy:
            self._http.set_tunnel(self.url.hostname or "", _port(self.url), _login(self.proxy))
        self._http.connect()
        milliseconds = (time.monotonic() - began) * 1000
        whose = "the proxy " if self.proxy else ""
        text = f"{whose}{self.address} answers, in {milliseconds:.0f} ms"
        return Finding("connection", OK, text)

    def secure(self) -> Finding:
        """Go on encrypted."""
        assert self._http
        sock = _context().wrap_socket(self._http.sock, server_hostname=self.url.hostname)
        self._http.sock = sock
        certificate: Any = sock.getpeercert()
        issuer = dict(pair for part in certificate["issuer"] for pair in part)
        name = issuer.get("organizationName") or issuer.get("commonName") or "somebody unnamed"
        end = ssl.cert_time_to_seconds(certificate["notAfter"])
        days = int((end - time.time()) // 86_400)
        until = datetime.datetime.fromtimestamp(end, datetime.UTC).date()
        text = f"{sock.version()}; the certificate is by {name[:100]}, until {until} ({days} days)"
        if days < _SOON:
            return Finding("tls", WARNING, text, "the server's owner has to renew it")
        return Finding("tls", OK, text)

    def date(self) -> str | None:
        """Ask for nothing, without a key; return what time the server says it is."""
        assert self._http
        self._http.request("HEAD", self.url.path or "/", headers={"User-Agent": "oneloop-doctor"})
        return self._http.getresponse().getheader("Date")

    def close(self) -> None:
        """Hang up."""
        if self._http:
            self._http.close()


def _clock(hop: _Hop, bounded: Bounded) -> Finding:
    """Hold this machine's clock against the server's; no call depends on it."""
    try:
        date = bounded(hop.date, share=0.5)
        if date is None:
            return Finding("clock", OK, "the server says no time to compare with")
        seconds = time.time() - email.utils.parsedate_to_datetime(date).timestamp()
    except (*_FAULTS, TypeError, OverflowError) as error:
        words = _unquoted(error, "its answer can't be read")
        return Finding("clock", WARNING, f"the server's time isn't to be had: {words}", "see below")
    if abs(seconds) <= _APART:
        return Finding("clock", OK, "as the server's, within a minute")
    apart = datetime.timedelta(seconds=round(abs(seconds)))
    text = f"{apart} {'ahead of' if seconds > 0 else 'behind'} the server's"
    return Finding("clock", WARNING, text, "set this machine's clock (NTP)")


def _proxy(url: SplitResult) -> tuple[SplitResult | None, str]:
    """Return the proxy that the client takes, and why, in words without its password."""
    host = url.hostname or ""
    if url.scheme != "https" or _is_loopback(host):
        return None, "none: this machine is asked directly"
    proxies = urllib.request.getproxies()
    kind = next((kind for kind in ("https", "all") if proxies.get(kind)), None)
    if kind is None:
        return None, "none: neither HTTPS_PROXY nor ALL_PROXY is set"
    if urllib.request.proxy_bypass(f"{host}:{_port(url)}"):
        return None, f"none: NO_PROXY excepts {host}"
    text = proxies[kind]
    proxy = urlsplit(text if "://" in text else f"http://{text}")
    variable = f"{kind}_proxy"
    names = [name for name in (variable, variable.upper()) if os.environ.get(name)]
    source = names[0] if names else "the system's settings"
    return proxy, f"http://{_address(proxy)}, from {source}"


def _failure(name: str, error: Exception, hop: _Hop, url_from: str) -> Finding:
    """Return what went wrong, and what to do."""
    whose = "the proxy's" if hop.proxy else "the API's"
    source = "HTTPS_PROXY or ALL_PROXY" if hop.proxy else url_from
    words = excerpt(str(error) or type(error).__name__).strip("'\"")
    where = hop.address
    if isinstance(error, TimeoutError):
        words, advice = f"no answer in time from {where}", "look at the network, or give more time"
        advice += " by --timeout; behind a company's network, HTTPS_PROXY may have to be set"
    elif isinstance(error, UnicodeError):
        words, advice = f"no host has such a name: {hop.host[:100]}", f"look at {source}"
    elif isinstance(error, socket.gaierror):
        words = f"no address for {hop.host}: {error.strerror}"
        advice = f"look at this machine's network, and at {whose} name (from {source})"
    elif isinstance(error, ssl.SSLCertVerificationError):
        words = f"the certificate is refused: {error.verify_message}"
        advice = "an authority of your company's goes into SSL_CERT_FILE; a wrong clock, or a"
        advice += " network that asks for a login, looks like this as well"
    elif isinstance(error, ssl.SSLError):
        words = f"no TLS: {error.reason or 'the handshake failed'}"
        advice = f"{where} speaks something else: look at {whose} address (from {source})"
    elif isinstance(error, ConnectionRefusedError):
        words, advice = f"nothing listens at {where}", f"look at {whose} address (from {source})"
    elif hop.proxy and name == "connection":
        words = _unquoted(error, "the proxy doesn't speak HTTP/1.1")
        advice = f"look at the proxy's address, user and password (from {source})"
    else:
        advice = f"it isn't the API, or something between hangs up: look at {where} (from {source})"
    return Finding(name, FAILED, words, advice, 1)


def _unquoted(error: Exception, otherwise: str) -> str:
    """Return what went wrong, without what the other end said: it may be a key or a password."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ConnectionError):
        return "the connection is closed without an answer"
    status = re.match(r"Tunnel connection failed: ([0-9]{3})\b", str(error))
    return f"the proxy answers {status[1]}" if status else otherwise


def _context() -> ssl.SSLContext:
    """Return whose certificates the client trusts."""
    file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    if file or folder:
        return ssl.create_default_context(cafile=file or None, capath=None if file else folder)
    return ssl.create_default_context(cafile=certifi.where())


def _login(proxy: SplitResult) -> dict[str, str]:
    if proxy.username is None:
        return {}
    login = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}".encode()
    return {"Proxy-Authorization": f"Basic {base64.b64encode(login).decode()}"}


def _address(url: SplitResult) -> str:
    """Return host and port, and no password."""
    host = url.hostname or ""
    return f"{f'[{host}]' if ':' in host else host}:{_port(url)}"


def _port(url: SplitResult) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
