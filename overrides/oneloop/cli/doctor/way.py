"""The way to the API: its name, proxy, connection, TLS and clock, each looked at by itself.

What the client does by itself when it calls is looked at here from outside, by Python's own
libraries, so that a failure has a place. Where it goes and whom it trusts, the client itself says.
"""

from __future__ import annotations

import datetime
import email.utils
import http.client
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx

from oneloop._http.network import Proxy, authority, environments_proxy, host_and_port, trusted
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
    url = httpx.URL(base_url)
    proxy, why = None, "this machine is asked directly"
    if url.scheme == "https":
        proxy, why = environments_proxy(*host_and_port(url))
    hop = _Hop(url, proxy)
    yield Finding("proxy", OK, f"http://{hop.address}, from {why}" if proxy else f"none: {why}")
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

    def __init__(self, url: httpx.URL, proxy: Proxy | None) -> None:
        self.url = url
        self.proxy = proxy
        self.host, self.port = (proxy.host, proxy.port) if proxy else host_and_port(url)
        self.address: str = authority(self.host, self.port)
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
            login = {name.decode(): value.decode() for name, value in self.proxy.login.reveal()}
            self._http.set_tunnel(*host_and_port(self.url), login)
        self._http.connect()
        milliseconds = (time.monotonic() - began) * 1000
        whose = "the proxy " if self.proxy else ""
        text = f"{whose}{self.address} answers, in {milliseconds:.0f} ms"
        return Finding("connection", OK, text)

    def secure(self) -> Finding:
        """Go on encrypted."""
        assert self._http
        context = trusted(trust_env=True)
        sock = context.wrap_socket(self._http.sock, server_hostname=host_and_port(self.url)[0])
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
        self._http.request(
            "HEAD", self.url.raw_path.decode("ascii"), headers={"User-Agent": "oneloop-doctor"}
        )
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
