"""FAULTS.md, "Time": the deadline holds whatever the host, its addresses and the proxy do."""

from __future__ import annotations

import contextlib
import errno
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from oneloop import APIConnectionError, APITimeoutError, AsyncOneloop, ConfigurationError, Oneloop
from tests.clients import CALLERS, Caller
from tests.clock import ends_within
from tests.faces import KEY
from tests.servers import RawServer, replies, reply

every_caller = pytest.mark.parametrize("caller", CALLERS)


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that never answers: a full backlog lets no further handshake end."""
    with socket.socket() as listener, contextlib.ExitStack() as stack:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


@pytest.fixture
def host_with(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let every host name stand for these ports of this machine, one address each."""

    def resolve(*ports: int) -> None:
        def getaddrinfo(name: str | bytes, port: int, *args: Any, **options: Any) -> list[Any]:
            host = name if isinstance(name, str) else name.decode()
            if host.replace(".", "").isdigit():
                return real(host, port, *args, **options)
            if options.get("flags"):
                raise socket.gaierror(socket.EAI_NONAME, "not an address")
            kind = socket.AF_INET, socket.SOCK_STREAM, 6, ""
            return [(*kind, ("127.0.0.1", each)) for each in ports]

        real = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

    return resolve


@every_caller
def test_six_addresses_that_are_silent(
    caller: Caller, silent_port: int, host_with: Callable[..., None]
) -> None:
    host_with(*[silent_port] * 6)
    with ends_within(0.6):
        (outcome,) = caller("http://six.test", calls=1, timeout=0.6, max_retries=2, allow_http=True)
    assert isinstance(outcome, APITimeoutError)


@every_caller
def test_address_that_refuses_leaves_it_to_the_next(
    caller: Caller, host_with: Callable[..., None]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = closed.getsockname()[1]
    with RawServer(replies(reply())) as server:
        host_with(nobody, nobody, server.port)
        assert caller("http://three.test", calls=1, allow_http=True) == [12]
        host_with(nobody, nobody)
        (outcome,) = caller("http://two.test", calls=1, allow_http=True)
    assert isinstance(outcome, APIConnectionError)
    assert isinstance(outcome.__cause__, ConnectionRefusedError)


@every_caller
def test_address_that_is_silent_leaves_the_next_its_share(
    caller: Caller,
    silent_port: int,
    host_with: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("oneloop._http.stream._LEAST_SHARE", 0.1)
    monkeypatch.setattr("oneloop._http.stream.CONNECT_TIMEOUT", 0.6)
    with RawServer(replies(reply())) as server:
        host_with(silent_port, silent_port, server.port)
        assert caller("http://three.test", calls=1, allow_http=True) == [12]


@every_caller
def test_connecting_takes_no_longer_than_its_own_limit(
    caller: Caller, silent_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that a try is left to a call whose deadline is far."""
    monkeypatch.setattr("oneloop._http.stream.CONNECT_TIMEOUT", 0.3)
    monkeypatch.setattr("oneloop._http.stream._LEAST_SHARE", 0.3)
    began = time.monotonic()
    with ends_within(0.3):
        (outcome,) = caller(f"http://127.0.0.1:{silent_port}", calls=1, timeout=9)
    assert isinstance(outcome, APITimeoutError)
    assert time.monotonic() - began > 0.25


def drip(connection: socket.socket, head: bytes, number: int) -> None:
    for byte in b"HTTP/1.1 200 Connected\r\nX: " + b"x" * 60:
        connection.sendall(bytes([byte]))
        time.sleep(0.05)


@every_caller
@pytest.mark.parametrize(
    "handler",
    [
        pytest.param(drip, id="drips"),
        pytest.param(lambda *_: time.sleep(4), id="is silent"),
        pytest.param(
            lambda connection, *_: connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n"),
            id="tunnels to nobody",
        ),
    ],
)
def test_proxy_that_is_slow(
    caller: Caller, handler: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    with RawServer(handler) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with ends_within(0.5):
            (outcome,) = caller("https://prod.oneloop.test", calls=1, timeout=0.5)
    assert isinstance(outcome, APITimeoutError)


@every_caller
@pytest.mark.parametrize(
    ("answer", "words"),
    [
        pytest.param(b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n", "answered 407", id="407"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\njunk", "more than its answer", id="junk behind"),
        pytest.param(
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 403 No\r\n\r\n", "answered 403", id="403"
        ),
        pytest.param(b"SSH-2.0-OpenSSH\r\n\r\n", "the proxy doesn't speak HTTP/1.1", id="no HTTP"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000, "", id="huge head"),
    ],
)
def test_proxy_that_refuses(
    caller: Caller, answer: bytes, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RawServer(replies(answer)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:p%2540ss@127.0.0.1:{proxy.port}")
        (outcome,) = caller("https://prod.oneloop.test", calls=1)
    assert isinstance(outcome, APIConnectionError)
    assert words in str(outcome)
    assert b"Proxy-Authorization: Basic dXNlcjpwJTQwc3M=\r\n" in proxy.requests[0]
    assert KEY.encode() not in proxy.requests[0]


@pytest.mark.parametrize("client_class", [Oneloop, AsyncOneloop])
@pytest.mark.parametrize(
    "proxy",
    [
        pytest.param("https://user:secret@h:3128", id="TLS inside TLS"),
        pytest.param("socks5://h:1080", id="SOCKS"),
        pytest.param("http://h:65536", id="a port that doesn't exist"),
        pytest.param("http://h:0", id="port 0"),
    ],
)
def test_proxy_of_another_kind_says_so_at_once(
    client_class: type[Oneloop], proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(ConfigurationError, match=r"^HTTPS_PROXY must be a URL such as http://"):
        client_class(api_key=KEY)


def test_proxy_without_a_scheme_is_http(monkeypatch: pytest.MonkeyPatch) -> None:
    with RawServer(replies(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n")) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"127.0.0.1:{proxy.port}")
        with pytest.raises(APIConnectionError, match="the proxy answered 503"):
            Oneloop(api_key=KEY, base_url="https://[::ffff:1:2]", max_retries=0).get_billing_usage(
                "b"
            )
    assert proxy.requests[0].startswith(b"CONNECT [::ffff:1:2]:443 HTTP/1.1\r\n")


@every_caller
def test_address_of_a_family_that_this_machine_does_not_speak(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with IPv6 where the kernel has none: there is no socket to be had for it."""
    with RawServer(replies(reply())) as server:
        really = socket.socket.__init__
        tried = []

        def init(self: socket.socket, family: int = -1, *args: Any, **options: Any) -> None:
            if family == socket.AF_INET6:
                tried.append(family)
                raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")
            really(self, family, *args, **options)

        def getaddrinfo(host: Any, port: Any, *args: Any, **options: Any) -> list[Any]:
            if options.get("flags"):
                raise socket.gaierror(socket.EAI_NONAME, "not an address")
            kind = socket.SOCK_STREAM, 6, ""
            return [
                (socket.AF_INET6, *kind, ("::1", server.port, 0, 0)),
                (socket.AF_INET, *kind, ("127.0.0.1", server.port)),
            ]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        monkeypatch.setattr(socket.socket, "__init__", init)
        assert caller("http://two.test", calls=1, allow_http=True) == [12]
    assert tried
