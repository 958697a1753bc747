"""A proxy, a TLS context and a limit of the caller's: they count, safely, and don't show."""

from __future__ import annotations

import asyncio
import copy
import pickle
import socket
import ssl
import threading
import traceback
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio
import trustme

from oneloop import (
    APIConnectionError,
    AsyncOneloop,
    ConfigurationError,
    Oneloop,
    OneloopError,
)
from tests.clients import CALLERS, Caller
from tests.faces import KEY, Face, every_client, every_face, frames_of_ours
from tests.proxies import Proxy
from tests.servers import BID, RawServer, replies, reply, sends_then, usage_body

every_caller = pytest.mark.parametrize("caller", CALLERS)
PASSWORD = "s3cret-pass"


@pytest.fixture(scope="module")
def tls(authority: trustme.CA) -> ssl.SSLContext:
    """A server's side that wants a client certificate of the same authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "prod.oneloop.test").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


@pytest.fixture(scope="module")
def certificate(authority: trustme.CA) -> trustme.LeafCert:
    return authority.issue_cert("client@oneloop.test")


@pytest.fixture
def ours(authority: trustme.CA, certificate: trustme.LeafCert) -> ssl.SSLContext:
    """As people would make it: an authority of theirs, and a client certificate."""
    context = ssl.create_default_context(cadata=authority.cert_pem.bytes().decode())
    certificate.configure_cert(context)
    context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF  # Python before 3.11.3 sets it
    return context


# A proxy


@every_face
@pytest.mark.parametrize("trust_env", [True, False])
def test_proxy_goes_before_the_environments(
    face: Face,
    trust_env: bool,
    tls: ssl.SSLContext,
    ours: ssl.SSLContext,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "*")
    with RawServer(replies(reply()), tls) as server, Proxy(server.port) as proxy:
        url = f"http://me:{PASSWORD}@127.0.0.1:{proxy.port}"
        assert face("https://prod.oneloop.test", proxy=url, ssl_context=ours, trust_env=trust_env)
        assert face(server.url, proxy=url, ssl_context=ours), "this machine, as it is said"
    connect, *passed = proxy.requests
    assert connect.startswith(b"CONNECT prod.oneloop.test:443 HTTP/1.1\r\n")
    assert connect.count(b"Proxy-Authorization: Basic bWU6czNjcmV0LXBhc3M=\r\n") == 1
    assert KEY.encode() not in b"".join([connect, *passed])
    for request in server.requests:
        assert b"Proxy-" not in request
        assert f"Bearer {KEY}".encode() in request


@every_client
@pytest.mark.parametrize(
    "url",
    [
        *[
            f"https://me:{PASSWORD}@h:3128",
            f"socks5://me:{PASSWORD}@h",
            f"socks5h://me:{PASSWORD}@h",
        ],
        *[
            f"http://me:{PASSWORD}@h:0",
            f"http://me:{PASSWORD}@h:65536",
            f"http://me:{PASSWORD}@h:x",
        ],
        *[f"http://me:{PASSWORD}@", f"ftp://me:{PASSWORD}@h", f"http://me:{PASSWORD}@[::1"],
        *["", " ", "://", "http://", f"http://h\n{PASSWORD}", f"http://me:{PASSWORD}@h/\0"],
        *[PASSWORD.encode(), 5, True, {"https": PASSWORD}, [PASSWORD], httpx.Proxy("http://h")],
        *[f"http://h/{PASSWORD}", f"h?{PASSWORD}", f"h#{PASSWORD}", "http://" + PASSWORD * 10_000],
    ],
    ids=lambda url: repr(url)[:30],
)
def test_proxy_that_cannot_be_is_refused_in_words(client_class: Any, url: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        client_class(api_key=KEY, proxy=url)
    assert str(caught.value) == "proxy must be a URL such as http://proxy:3128"
    assert PASSWORD not in frames_of_ours(caught.value)
    assert caught.value.__context__ is None


LOGIN = "bWU6czNjcmV0LXBhc3M="


@every_caller
@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(f"HTTP/1.1 407 {PASSWORD} {LOGIN}\r\n\r\n{PASSWORD}".encode(), id="status"),
        pytest.param(f"{LOGIN} {PASSWORD}\r\n\r\n".encode(), id="no HTTP"),
        pytest.param(f"HTTP/1.1 200 OK\r\n{PASSWORD} {LOGIN}\r\n\r\n".encode(), id="header"),
        pytest.param(f"HTTP/1.1 200 OK\r\n\r\n{PASSWORD} {LOGIN}".encode(), id="behind"),
    ],
)
def test_password_that_a_proxy_echoes_shows_nowhere(
    caller: Caller, answer: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with RawServer(replies(answer)) as proxy:
        url = f"http://me:{PASSWORD}@127.0.0.1:{proxy.port}"
        (error,) = caller("https://prod.oneloop.test", calls=1, proxy=url)
    assert isinstance(error, APIConnectionError)
    assert "the proxy " in str(error)
    shown = "".join(traceback.format_exception(error)) + frames_of_ours(error) + caplog.text
    assert PASSWORD not in shown
    assert LOGIN not in shown


@every_client
def test_nothing_shows_a_proxys_password(client_class: Any) -> None:
    client = client_class(api_key=KEY, proxy=f"http://me:{PASSWORD}@h:1")
    wire = client._http._wire
    network = wire._open.__self__
    shown = repr([client, vars(client), client.api, vars(client._http), vars(wire), vars(network)])
    assert PASSWORD not in shown
    assert LOGIN not in shown


@every_client
def test_proxys_password_pickles_with_the_key_alone(client_class: Any) -> None:
    options = {"api_key": KEY, "proxy": f"http://me:{PASSWORD}@h:1"}
    with pytest.raises(TypeError, match="with a password for its proxy and without pickle_api_key"):
        pickle.dumps(client_class(**options))
    assert pickle.dumps(client_class(api_key=KEY, proxy="http://h:1"))
    for client in (
        client_class(**options, pickle_api_key=True),
        client_class(api_key=KEY, proxy="http://h:1", pickle_api_key=True),
    ):
        assert pickle.loads(pickle.dumps(client))._config == client._config
        assert copy.copy(client)._config == client._config


# TLS


@every_face
def test_authority_and_client_certificate_of_ones_own(
    face: Face, tls: ssl.SSLContext, ours: ssl.SSLContext, authority: trustme.CA
) -> None:
    options = ours.options
    with RawServer(replies(reply()), tls) as server:
        assert face(server.url, ssl_context=ours)
        with pytest.raises(APIConnectionError, match="certificate"):
            face(server.url)
        without = ssl.create_default_context(cadata=authority.cert_pem.bytes().decode())
        without.options = options
        with pytest.raises(APIConnectionError):
            face(server.url, ssl_context=without)
    assert ours.options == options


@every_caller
def test_context_of_ones_own_is_checked_as_ours(
    caller: Caller, tls: ssl.SSLContext, ours: ssl.SSLContext
) -> None:
    endless = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + usage_body()
    with RawServer(sends_then(endless, socket.socket.close), tls) as server:
        (cut,) = caller(server.url, calls=1, ssl_context=ours)
        (other,) = caller(server.url.replace("127.0.0.1", "localhost"), calls=1, ssl_context=ours)
    assert isinstance(cut, APIConnectionError)
    assert isinstance(other, APIConnectionError)
    assert "certificate" in str(other)


def changed(**attributes: Any) -> Callable[[], ssl.SSLContext]:
    def make() -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
        for name, value in attributes.items():
            setattr(context, name, value)
        return context

    return make


def of_protocol(protocol: int) -> Callable[[], ssl.SSLContext]:
    def make() -> ssl.SSLContext:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            return ssl.SSLContext(protocol)

    return make


def with_early_versions() -> ssl.SSLContext:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return changed(minimum_version=ssl.TLSVersion.TLSv1_1)()


UNSAFE = [
    pytest.param(changed(check_hostname=False), "the host's name", id="any host"),
    pytest.param(
        changed(check_hostname=False, verify_mode=ssl.CERT_NONE), "verify", id="any certificate"
    ),
    pytest.param(
        changed(check_hostname=False, verify_mode=ssl.CERT_OPTIONAL), "verify", id="optional"
    ),
    pytest.param(with_early_versions, "before TLS 1.2", id="TLS 1.1"),
    pytest.param(
        changed(minimum_version=ssl.TLSVersion.MINIMUM_SUPPORTED),
        "before TLS 1.2",
        id="any version",
        marks=pytest.mark.skipif(
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).minimum_version < 0,
            reason="this Python leaves the version to OpenSSL's own settings",
        ),
    ),
    pytest.param(of_protocol(ssl.PROTOCOL_TLS_SERVER), "for a client", id="a server's"),
    pytest.param(of_protocol(ssl.PROTOCOL_TLS), "for a client", id="of both sides"),
    pytest.param(of_protocol(ssl.PROTOCOL_TLSv1), "for a client", id="TLS 1.0 alone"),
    pytest.param(ssl._create_unverified_context, "verify", id="Python's unverified"),
]


@every_client
@pytest.mark.parametrize(("make", "words"), UNSAFE)
def test_unsafe_context_is_refused_in_words(
    client_class: Any, make: Callable[[], ssl.SSLContext], words: str
) -> None:
    with pytest.raises(ConfigurationError, match=r"^ssl_context .*create_default_con") as caught:
        client_class(api_key=KEY, ssl_context=make())
    assert words in str(caught.value)


@every_client
def test_context_that_hides_a_cut_answer_is_refused_with_what_mends_it(client_class: Any) -> None:
    context = ssl.create_default_context()
    context.options |= ssl.OP_IGNORE_UNEXPECTED_EOF
    with pytest.raises(ConfigurationError, match="cut off") as caught:
        client_class(api_key=KEY, ssl_context=context)
    exec(str(caught.value).rpartition(": ")[2], {"context": context, "ssl": ssl})
    client_class(api_key=KEY, ssl_context=context)


@every_client
@pytest.mark.parametrize("value", [False, True, 0, "", "ca.pem", b"x", ssl, ssl.SSLContext, ()])
def test_context_of_another_type_is_refused(client_class: Any, value: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"^ssl_context must be an ssl.SSLContext$"):
        client_class(api_key=KEY, ssl_context=value)


@every_caller
def test_context_that_becomes_unsafe_later_sends_nothing(
    caller: Caller, tls: ssl.SSLContext, ours: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when a library that shares it is told not to verify."""
    started = ssl.SSLContext.wrap_socket

    def wrap(self: ssl.SSLContext, *args: Any, **options: Any) -> ssl.SSLSocket:
        if not options.get("server_side"):
            self.check_hostname = False
        return started(self, *args, **options)

    monkeypatch.setattr(ssl.SSLContext, "wrap_socket", wrap)
    last = reply(headers={"Connection": "close"})
    with RawServer(replies(last), tls) as server:
        _, refused = caller(server.url, calls=2, ssl_context=ours)
    assert isinstance(refused, ConfigurationError)
    assert "the host's name" in str(refused)
    assert len(server.requests) == 1


@every_caller
def test_context_that_offers_another_protocol_is_told(
    caller: Caller, authority: trustme.CA, ours: ssl.SSLContext
) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    tls.set_alpn_protocols(["h2"])
    ours.set_alpn_protocols(["h2", "http/1.1"])
    with RawServer(replies(reply()), tls) as server:
        (error,) = caller(server.url, calls=1, ssl_context=ours)
    assert isinstance(error, APIConnectionError)
    assert "another protocol than http/1.1" in str(error)
    assert server.requests == []


@every_client
def test_client_with_a_context_copies_and_does_not_pickle(
    client_class: Any, ours: ssl.SSLContext
) -> None:
    client = client_class(api_key=KEY, ssl_context=ours)
    assert copy.deepcopy(client)._config.ssl_context is ours
    with pytest.raises(TypeError, match="with an ssl_context of yours doesn't pickle"):
        pickle.dumps(client)


def test_certificates_of_the_environment_are_not_read_beside_a_context(
    ours: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none"))
    Oneloop(api_key=KEY, ssl_context=ours)


# Both


@every_client
@pytest.mark.parametrize("name", ["proxy", "ssl_context"])
def test_plain_http_has_neither(client_class: Any, name: str, ours: ssl.SSLContext) -> None:
    option = {name: {"proxy": "http://127.0.0.1:1", "ssl_context": ours}[name]}
    with pytest.raises(ConfigurationError, match=rf"^{name} is for https alone"):
        client_class(api_key=KEY, base_url="http://h", allow_http=True, **option)


@every_caller
def test_this_machine_by_http_needs_neither(caller: Caller, ours: ssl.SSLContext) -> None:
    """So that a program runs against the sandbox as it is."""
    with RawServer(replies(reply())) as server:
        assert caller(server.url, calls=1, proxy="http://127.0.0.1:1", ssl_context=ours) == [12]
    with pytest.raises(ConfigurationError, match=r"^proxy must be"):
        Oneloop(api_key=KEY, base_url=server.url, proxy="socks5://h")


@every_client
@pytest.mark.parametrize(
    "option", [{"proxy": "http://h"}, {"ssl_context": None}, {"max_connections": 5}], ids=str
)
def test_transport_of_ones_own_has_its_own(
    client_class: Any, option: dict[str, Any], ours: ssl.SSLContext
) -> None:
    ((name, value),) = option.items()
    transport = httpx.MockTransport(lambda request: httpx.Response(200))
    with pytest.raises(ConfigurationError, match=rf"^{name} is none of a transport of yours"):
        client_class(api_key=KEY, transport=transport, **{name: value or ours})


# A limit


@pytest.mark.parametrize("limit", [1, 3])
def test_no_more_connections_than_that(limit: int) -> None:
    options: dict[str, Any] = {"api_key": KEY, "timeout": 9, "max_connections": limit}
    with RawServer(replies(reply())) as server:

        async def scenario() -> None:
            async with AsyncOneloop(base_url=server.url, **options) as client:
                await asyncio.gather(*(client.get_billing_usage(BID) for _ in range(8)))

        async def under_trio() -> None:
            async with AsyncOneloop(base_url=server.url, **options) as client:
                async with trio.open_nursery() as nursery:
                    for _ in range(8):
                        nursery.start_soon(client.get_billing_usage, BID)

        with Oneloop(base_url=server.url, **options) as client, ThreadPoolExecutor(8) as threads:
            list(threads.map(client.get_billing_usage, [BID] * 8))
        by_threads = server.connections
        asyncio.run(scenario())
        by_asyncio = server.connections - by_threads
        trio.run(under_trio)
        by_trio = server.connections - by_threads - by_asyncio
    assert max(by_threads, by_asyncio, by_trio) <= limit


@every_client
def test_limit_goes_along(client_class: Any) -> None:
    client = client_class(api_key=KEY, max_connections=7, pickle_api_key=True)
    for other in (pickle.loads(pickle.dumps(client)), copy.copy(client)):
        assert other._config == client._config
        assert other._http._wire._limit == 7


def test_wait_for_a_place_stays_within_the_deadline() -> None:
    asked, done = threading.Event(), threading.Event()

    def slow(connection: socket.socket, head: bytes, number: int) -> None:
        asked.set()
        done.wait(9)
        connection.sendall(reply())

    with RawServer(slow) as server:
        with Oneloop(api_key=KEY, base_url=server.url, max_connections=1) as client:
            other = threading.Thread(target=client.get_billing_usage, args=[BID])
            other.start()
            asked.wait(3)
            with pytest.raises(OneloopError, match="pool timed out"):
                client.get_billing_usage(BID, timeout=0.1, max_retries=0)
            done.set()
            other.join()
