"""A broken connection is an `APIConnectionError`; certificates and proxies count as they should."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from oneloop import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    AsyncOneloop,
    ConfigurationError,
    Oneloop,
)
from oneloop_api_client.api.usage import get_billing_usage
from tests.faces import KEY, Face, check_error, every_client, every_face, every_method
from tests.proxies import Proxy
from tests.servers import (
    BID,
    Handler,
    RawServer,
    hang_up,
    replies,
    reply,
    sends_then,
    usage_body,
)

BROKEN = [
    pytest.param(sends_then(b"", hang_up), id="reset before the answer"),
    pytest.param(sends_then(b"", socket.socket.close), id="closed before the answer"),
    pytest.param(sends_then(b"HTTP/1.1 200 OK\r\nConte", hang_up), id="reset inside the head"),
    pytest.param(sends_then(reply()[:-10], hang_up), id="reset inside the body"),
    pytest.param(sends_then(reply()[:-10], socket.socket.close), id="closed inside the body"),
    pytest.param(
        sends_then(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n",
            socket.socket.close,
        ),
        id="closed between chunks",
    ),
    pytest.param(replies(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), id="not HTTP"),
    pytest.param(replies(b"HTTP/1.1 \x1b" + b"x" * 50_000 + b"\r\n\r\n"), id="long status line"),
    pytest.param(replies(b"HTTP/1.1 2000 OK\r\n\r\n"), id="four-digit status"),
    pytest.param(replies(b"HTTP/1.1 200 OK\r\nContent-Length: ten\r\n\r\n"), id="bad length"),
    pytest.param(replies(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"), id="negative length"),
    pytest.param(
        replies(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n"), id="bad chunk"
    ),
    pytest.param(replies(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000 + b"\r\n\r\n"), id="huge head"),
    pytest.param(
        replies(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n[]"),
        id="two lengths",
    ),
]


@every_face
@pytest.mark.parametrize("handler", BROKEN)
def test_broken_connection_is_typed_and_retried(
    face: Face, handler: Handler, no_pauses: None, caplog: pytest.LogCaptureFixture
) -> None:
    with RawServer(handler) as server, pytest.raises(APIConnectionError) as caught:
        face(server.url, max_retries=1)
    assert not isinstance(caught.value, APITimeoutError)
    assert caught.value.__cause__ is not None
    assert "after 2 tries" in str(caught.value)
    assert len(server.requests) == 2
    check_error(caught.value, caplog.text)


@every_face
def test_close_without_an_answer_says_so(face: Face) -> None:
    with RawServer(sends_then(b"HTTP/1.1 200 OK\r\nConte", socket.socket.close)) as server:
        with pytest.raises(APIConnectionError, match="closed the connection without an answer"):
            face(server.url)


@every_face
def test_interim_answer_is_no_answer(face: Face) -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n"
    with RawServer(replies(hints + reply())) as server:
        assert face(server.url)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a reset takes the answer along")
def test_answer_before_the_request_is_over_counts() -> None:
    with RawServer(sends_then(reply(b"too large", 413), hang_up)) as server:
        with Oneloop(api_key=KEY, base_url=server.url) as client:
            with pytest.raises(APIStatusError, match="413"):
                client.api.get_httpx_client().put("/x", content=b"x" * 2**24)


@every_face
def test_refused_connection(face: Face, caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(APIConnectionError, match="refused") as caught:
        face(f"http://127.0.0.1:{port}")
    check_error(caught.value, caplog.text)


@every_face
@pytest.mark.parametrize(
    "error",
    [
        pytest.param(socket.gaierror(-2, "Name or service not known"), id="unknown name"),
        pytest.param(UnicodeError("label too long"), id="name that IDNA can't encode"),
    ],
)
def test_failed_look_up(
    face: Face, error: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(APIConnectionError) as caught:
        face("https://prod.oneloop.test")
    check_error(caught.value, caplog.text)


def test_cookies_are_not_kept() -> None:
    async def scenario(url: str) -> None:
        async with AsyncOneloop(api_key=KEY, base_url=url) as client:
            for _ in range(2):
                await client.get_billing_usage(BID)
                await get_billing_usage.asyncio(BID, client=client.api)

    with RawServer(replies(reply(headers={"Set-Cookie": "session=1; Path=/"}))) as server:
        with Oneloop(api_key=KEY, base_url=server.url) as client:
            for _ in range(2):
                client.get_billing_usage(BID)
                get_billing_usage.sync(BID, client=client.api)
        asyncio.run(scenario(server.url))
    assert len(server.requests) == 8
    assert all(b"cookie" not in request.lower() for request in server.requests)


@pytest.fixture(scope="module")
def tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "prod.oneloop.test").configure_cert(context)
    return context


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))


@every_face
def test_certificate_of_nobody_we_trust(
    face: Face, tls: ssl.SSLContext, caplog: pytest.LogCaptureFixture
) -> None:
    with RawServer(replies(reply()), tls) as server:
        with pytest.raises(APIConnectionError, match="certificate") as caught:
            face(server.url, max_retries=2)
    assert (server.requests, server.connections) == ([], 1), "it won't be valid at the next try"
    check_error(caught.value, caplog.text)


@every_face
def test_certificate_for_another_host(face: Face, tls: ssl.SSLContext, trusted: None) -> None:
    with RawServer(replies(reply()), tls) as server:
        with pytest.raises(APIConnectionError, match="certificate"):
            face(server.url.replace("127.0.0.1", "localhost"))
    assert server.requests == []


@every_face
def test_certificate_authority_from_the_environment(
    face: Face, tls: ssl.SSLContext, trusted: None
) -> None:
    with RawServer(replies(reply()), tls) as server:
        assert face(server.url)
        with pytest.raises(APIConnectionError, match="certificate"):
            face(server.url, trust_env=False)


@every_face
def test_plain_text_where_tls_is_due(face: Face, caplog: pytest.LogCaptureFixture) -> None:
    with RawServer(replies(reply())) as server, pytest.raises(APIConnectionError) as caught:
        face(server.url.replace("http:", "https:"), timeout=0.3)
    check_error(caught.value, caplog.text)


@every_face
@pytest.mark.parametrize("option", [0, ssl.OP_IGNORE_UNEXPECTED_EOF], ids=["strict", "lenient"])
def test_answer_that_tls_does_not_end_may_be_cut(
    face: Face, tls: ssl.SSLContext, trusted: None, option: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever Python sets by default; before 3.11.3 it is lenient."""
    make = ssl.create_default_context

    def with_option(**options: Any) -> ssl.SSLContext:
        context = make(**options)
        context.options |= option
        return context

    monkeypatch.setattr(ssl, "create_default_context", with_option)
    endless = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + usage_body()
    with RawServer(sends_then(endless, socket.socket.close), tls) as server:
        with pytest.raises(APIConnectionError):
            face(server.url)
    with RawServer(sends_then(endless.replace(b"200", b"500"), socket.socket.close), tls) as server:
        with pytest.raises(APIStatusError):
            face(server.url)


@every_client
@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_missing_certificates_name_their_variable(
    client_class: type[Oneloop], variable: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(variable, str(tmp_path / "none"))
    with pytest.raises(ConfigurationError, match=variable):
        client_class(api_key=KEY)
    client_class(api_key=KEY, trust_env=False)
    client_class(api_key=KEY, base_url="http://127.0.0.1:1")


@every_client
def test_certificate_file_without_certificates(
    client_class: type[Oneloop], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with pytest.raises(ConfigurationError, match="SSL_CERT_FILE"):
        client_class(api_key=KEY)


@pytest.fixture
def proxied(tls: ssl.SSLContext, trusted: None) -> Iterator[tuple[RawServer, Proxy]]:
    with RawServer(replies(reply()), tls) as server, Proxy(server.port) as proxy:
        yield server, proxy


@every_face
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
def test_proxy_only_tunnels(
    face: Face,
    variable: str,
    proxied: tuple[RawServer, Proxy],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server, proxy = proxied
    monkeypatch.setenv(variable, proxy.url)
    assert face("https://prod.oneloop.test")
    assert proxy.requests[0].startswith(b"CONNECT prod.oneloop.test:443 ")
    assert KEY.encode() in server.requests[0]
    assert KEY.encode() not in b"".join(proxy.requests)


@every_face
@pytest.mark.parametrize(
    ("handler", "words"),
    [
        pytest.param(
            replies(b"HTTP/1.1 103 Wait\r\n\r\nHTTP/1.1 407 No\r\n\r\n"),
            "the proxy answered 407",
            id="interim answer",
        ),
        pytest.param(sends_then(b"", socket.socket.close), "no whole answer", id="no answer"),
    ],
)
def test_proxy_that_does_not_tunnel(
    face: Face, handler: Handler, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RawServer(handler) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with pytest.raises(APIConnectionError, match=words) as caught:
            face("https://prod.oneloop.test")
    check_error(caught.value)


@every_face
@pytest.mark.parametrize("url", ["https://127.0.0.1:{port}", "https://localhost:{port}"])
def test_this_machine_is_never_asked_through_a_proxy(
    face: Face, url: str, proxied: tuple[RawServer, Proxy], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, proxy = proxied
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    with contextlib.suppress(APIConnectionError):  # localhost isn't on the certificate
        face(url.format(port=server.port))
    assert server.connections == 1
    assert proxy.connections == 0


@every_face
@pytest.mark.parametrize("no_proxy", ["prod.oneloop.test", ".oneloop.test", "oneloop.test", "*"])
def test_no_proxy_goes_direct(
    face: Face,
    no_proxy: str,
    proxied: tuple[RawServer, Proxy],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, proxy = proxied
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    monkeypatch.setenv("NO_PROXY", no_proxy)
    monkeypatch.setattr(socket, "getaddrinfo", _unknown)
    with pytest.raises(APIConnectionError):
        face("https://prod.oneloop.test")
    assert proxy.connections == 0


look_up = socket.getaddrinfo


def _unknown(host: Any, *args: Any, **kwargs: Any) -> Any:
    if host in ("127.0.0.1", b"127.0.0.1"):  # where a proxy would be
        return look_up(host, *args, **kwargs)
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


@every_face
def test_trust_env_off_means_no_proxy(
    face: Face, proxied: tuple[RawServer, Proxy], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, proxy = proxied
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    with pytest.raises(APIConnectionError):
        face(server.url.replace("127.0.0.1", "prod.oneloop.test"), trust_env=False, timeout=0.5)
    assert proxy.connections == 0


@every_face
@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_plain_http_never_takes_a_proxy(
    face: Face, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RawServer(replies(reply())) as proxy:
        monkeypatch.setenv(variable, proxy.url)
        monkeypatch.setattr(socket, "getaddrinfo", _unknown)
        with pytest.raises(APIConnectionError):
            face("http://oneloop.test", allow_http=True)
    assert proxy.connections == 0


@every_client
@pytest.mark.parametrize(
    "proxy",
    [
        "ftp://h",
        "http://",
        "://",
        "socks4://h",
        "https://h",
        "http://[::1",
        "http://user:secret@h:port",
        "socks5://h",
    ],
)
def test_proxy_that_is_not_one_names_its_variable(
    client_class: type[Oneloop], proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(ConfigurationError, match="HTTPS_PROXY") as caught:
        client_class(api_key=KEY)
    assert "secret" not in str(caught.value)


@every_method
def test_netrc_is_never_read(face: Face, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with RawServer(replies(reply())) as server:
        face(server.url)
    assert f"Bearer {KEY}".encode() in server.requests[0]
