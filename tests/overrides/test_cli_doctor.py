"""`oneloop doctor`: it names what is wrong, whatever that is, in time, and shows no secret."""

from __future__ import annotations

import base64
import contextlib
import datetime
import email.utils
import json
import re
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import pytest
import trustme

from oneloop.cli.doctor import installed
from tests.clock import ends_within
from tests.commands import here, on_terminal
from tests.faces import KEY
from tests.proxies import Proxy
from tests.servers import (
    BID,
    Handler,
    RawServer,
    hang_up,
    replies,
    reply,
    row,
    sends_then,
    silence,
    silent_address,
    usage_body,
)

# Before Python 3.11.4 http.client leaves a proxy's answer unclosed (python/cpython#103472).
pytestmark = [
    pytest.mark.filterwarnings(f"ignore:{words}")
    for words in ("unclosed:ResourceWarning", ":pytest.PytestUnraisableExceptionWarning")
    if sys.version_info < (3, 11, 4)
]

ORDER = ["client", "libraries", "key", "address", "proxy", "dns", "connection", "clock", "access"]
ORDER += ["answer"]
PASSWORD = "hunter2"


class Told(NamedTuple):
    """What the doctor said."""

    code: int
    checks: dict[str, tuple[str, str]]
    """Status and words of each."""
    failed: list[str]
    out: str


Doctor = Callable[..., Told]


@pytest.fixture
def doctor(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Doctor:
    """Ask the doctor about an address, in this process."""

    def ask(url: str, *arguments: str, key: str | None = KEY) -> Told:
        if key is not None:
            monkeypatch.setenv("ONELOOP_API_KEY", key)
        monkeypatch.setenv("ONELOOP_BASE_URL", url)
        code, out, err = here(capsys, "doctor", "--format", "json", "--timeout", "5", *arguments)
        assert err == ""
        assert KEY not in out
        assert PASSWORD not in out
        document = json.loads(out)
        assert document["ok"] == (code == 0)
        found = document["checks"]
        assert all(each["advice"] for each in found if each["status"] == "failed")
        checks = {each["check"]: (each["status"], each["text"] + each["advice"]) for each in found}
        assert len(checks) == len(found)
        return Told(code, checks, [c for c, (s, _) in checks.items() if s == "failed"], out)

    return ask


def date(seconds: float = 0) -> str:
    now = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)
    return email.utils.format_datetime(now, usegmt=True)


def api(answer: bytes, head: bytes | None = None) -> Handler:
    """Answer with the time to whoever only asks for that, and to others with the answer."""

    def handle(connection: socket.socket, request: bytes, number: int) -> None:
        is_head = request.startswith(b"HEAD")
        time = head or reply(b"", 404, headers={"Date": date()}, length=0)
        connection.sendall(time if is_head else answer)

    return handle


def test_all_is_well(doctor: Doctor) -> None:
    with RawServer(api(reply())) as server:
        code, checks, failed, _ = doctor(server.url, BID)
        assert not any(b"Authorization" in head for head in server.requests if b"HEAD" in head[:4])
    assert (code, failed) == (0, [])
    assert list(checks) == ORDER
    assert {status for status, _ in checks.values()} == {"ok"}
    assert checks["key"][1] == "from ONELOOP_API_KEY"
    assert checks["address"][1] == f"{server.url}, from ONELOOP_BASE_URL"
    assert checks["answer"][1].endswith("1 rows from 2025-01-01 to 2025-01-01")


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))


def tls(authority: trustme.CA, days: int = 90) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days, hours=1)
    certificate = authority.issue_cert("127.0.0.1", "prod.oneloop.test", not_after=end)
    certificate.configure_cert(context)
    return context


@pytest.mark.parametrize(("days", "status"), [(90, "ok"), (3, "warning")])
def test_certificate(
    doctor: Doctor, authority: trustme.CA, trusted: None, days: int, status: str
) -> None:
    with RawServer(api(reply()), tls(authority, days)) as server:
        code, checks, _, _ = doctor(server.url, BID)
    assert code == 0
    assert checks["tls"][0] == status
    assert re.match(
        rf"TLSv1.3; the certificate is by trustme \S+, until \S+ \({days} days\)", checks["tls"][1]
    )


def test_a_certificate_of_nobody_we_trust(doctor: Doctor, authority: trustme.CA) -> None:
    with RawServer(api(reply()), tls(authority)) as server:
        code, checks, failed, _ = doctor(server.url, BID)
    assert (code, failed) == (1, ["tls"])
    assert "the certificate is refused: unable to get local issuer" in checks["tls"][1]
    assert "SSL_CERT_FILE" in checks["tls"][1]
    assert checks["access"][0] == checks["answer"][0] == "skipped"


def test_through_a_proxy(
    doctor: Doctor, authority: trustme.CA, trusted: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RawServer(api(reply()), tls(authority)) as server, Proxy(server.port) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url.replace("//", f"//user:{PASSWORD}@"))
        code, checks, _, _ = doctor("https://prod.oneloop.test", BID)
        assert code == 0
        assert all(b"Proxy-Authorization: Basic" in head for head in proxy.requests[:1])
    assert checks["proxy"][1] == f"{proxy.url}, from https_proxy"
    assert checks["connection"][1].startswith(f"the proxy 127.0.0.1:{proxy.port} answers")


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({}, "none: neither HTTPS_PROXY nor ALL_PROXY is set"),
        ({"ALL_PROXY": "http://p:1", "NO_PROXY": ".test"}, "none: NO_PROXY excepts prod"),
        ({"ALL_PROXY": f"http://u:{PASSWORD}@127.0.0.1:1"}, "http://127.0.0.1:1, from ALL_PROXY"),
    ],
)
def test_which_proxy_and_why(
    doctor: Doctor, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], words: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with unknown_hosts(monkeypatch):
        _, checks, failed, _ = doctor("https://prod.oneloop.test")
    assert checks["proxy"][1].startswith(words)
    assert failed == (["connection"] if "127.0.0.1:1" in words else ["dns"])


@contextlib.contextmanager
def unknown_hosts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    known = socket.getaddrinfo

    def look_up(host: str, *rest: object, **more: object) -> object:
        if host.endswith(".test"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return known(host, *rest, **more)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(socket, "getaddrinfo", look_up)
        yield


def test_a_proxy_that_wants_another_password(
    doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RawServer(replies(reply(b"", 407))) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url.replace("//", f"//user:{PASSWORD}@"))
        code, checks, failed, _ = doctor("https://prod.oneloop.test")
    assert (code, failed) == (1, ["connection"])
    assert "407" in checks["connection"][1]
    assert "password (from HTTPS_PROXY" in checks["connection"][1]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (f"HTTP/1.1 407 no {{login}} {PASSWORD}\r\n\r\n", "the proxy answers 407"),
        (f"{PASSWORD} {{login}}\r\n\r\n", "the proxy doesn't speak HTTP/1.1"),
        (f"HTTP/1.1 {PASSWORD} {{login}}\r\n\r\n", "the proxy doesn't speak HTTP/1.1"),
        ("", "onnection"),
    ],
)
def test_a_proxy_that_echoes_the_password(
    doctor: Doctor, monkeypatch: pytest.MonkeyPatch, answer: str, words: str
) -> None:
    login = base64.b64encode(f"user:{PASSWORD}".encode()).decode()
    with RawServer(sends_then(answer.format(login=login).encode(), hang_up)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url.replace("//", f"//user:{PASSWORD}@"))
        told = doctor("https://prod.oneloop.test")
    assert told.failed == ["connection"]
    assert words in told.checks["connection"][1]
    assert login not in told.out


def error(code: int | None, message: str = "no way") -> bytes:
    return json.dumps({"error": {"code": code, "message": message}}).encode()


HTML = reply(b"<html>Welcome to nginx</html>", 404, content_type="text/html")
NO_USAGE = reply(b'{"data": []}')
OTHER = reply(usage_body(row(billingId="another")))


@pytest.mark.parametrize(
    ("answer", "bid", "code", "failed", "check", "words"),
    [
        pytest.param(
            *(reply(error(7), 401), None, 1, ["access"], "access"),
            "the key isn't taken: .*401 Unauthorized.*comes from ONELOOP_API_KEY",
            id="key refused",
        ),
        pytest.param(
            *(reply(b"", 302, headers={"Location": "/login"}), None, 1, ["access"], "access"),
            "is http://127.0.0.1:[0-9]+ the API's address",
            id="redirect",
        ),
        pytest.param(
            reply(error(7), 400), None, 0, [], "access", "isn't refused: 400", id="unknown id"
        ),
        pytest.param(
            reply(error(7), 404), None, 0, [], "answer", "name a billing id", id="unknown, 404"
        ),
        pytest.param(NO_USAGE, None, 0, [], "answer", "name a billing id", id="any id is fine"),
        pytest.param(NO_USAGE, BID, 0, [], "answer", "it has no usage yet", id="no usage"),
        pytest.param(
            reply(error(7), 404), BID, 1, ["answer"], "answer", "is the id right", id="404 for ours"
        ),
        pytest.param(
            reply(error(7), 403), BID, 1, ["answer"], "answer", "the right to it", id="403 for ours"
        ),
        pytest.param(HTML, None, 1, ["access"], "access", "no error of the API's", id="web page"),
        pytest.param(reply(error(7), 429), None, 1, ["access"], "access", "later", id="429"),
        pytest.param(
            OTHER, BID, 3, ["answer"], "answer", "not what the contract.*bill nothing", id="other's"
        ),
        pytest.param(
            *(reply(b"<html>", content_type="text/html"), None, 3, ["answer"], "answer"),
            "ONELOOP_BASE_URL the API's",
            id="200 web page",
        ),
        pytest.param(reply(), "..", 2, ["access"], "access", "no path", id="no id"),
    ],
)
def test_answers(
    doctor: Doctor,
    answer: bytes,
    bid: str | None,
    code: int,
    failed: list[str],
    check: str,
    words: str,
) -> None:
    with RawServer(api(answer)) as server:
        told = doctor(server.url, *([bid] if bid else []))
    assert (told.code, told.failed) == (code, failed)
    assert re.search(words, told.checks[check][1])


@pytest.mark.parametrize(
    ("head", "status", "words"),
    [
        (reply(b"", headers={"Date": date(3600)}), "warning", "behind the server's"),
        (reply(b"", headers={"Date": date(-7200)}), "warning", "ahead of the server's"),
        (reply(b"", headers={"Date": "now"}), "warning", "isn't to be had"),
        (reply(b""), "ok", "says no time"),
        (b"SSH-2.0-OpenSSH_9\r\n", "warning", "isn't to be had"),
        (f"220 {KEY}\r\n".encode(), "warning", "its answer can't be read"),
        (reply(b"", headers={"Date": KEY}), "warning", "its answer can't be read"),
    ],
)
def test_clock(doctor: Doctor, head: bytes, status: str, words: str) -> None:
    with RawServer(api(reply(), head)) as server:
        code, checks, _, _ = doctor(server.url, BID)
    assert code == 0
    assert checks["clock"][0] == status
    assert words in checks["clock"][1]


def test_a_server_that_says_no_time_leaves_some_for_the_call(doctor: Doctor) -> None:
    def handle(connection: socket.socket, request: bytes, number: int) -> None:
        if not request.startswith(b"HEAD"):
            connection.sendall(reply())

    with RawServer(handle) as server:
        code, checks, _, _ = doctor(server.url, BID, "--timeout", "2")
    assert (code, checks["clock"][0], checks["answer"][0]) == (0, "warning", "ok")


@pytest.mark.parametrize(
    "handler",
    [
        pytest.param(sends_then(b"SSH-2.0-OpenSSH_9\r\n", hang_up), id="another protocol"),
        pytest.param(sends_then(b"", hang_up), id="resets"),
        pytest.param(sends_then(b"x" * 200_000, hang_up), id="an endless line"),
        pytest.param(silence(9), id="silent"),
    ],
)
def test_a_server_that_is_not_the_api(doctor: Doctor, handler: Handler) -> None:
    with RawServer(handler) as server, ends_within(1):
        told = doctor(server.url, "--timeout", "0.6")
    assert (told.code, told.failed) == (1, ["access"])
    assert len(told.out) < 6000


def test_plain_text_where_tls_is_due(doctor: Doctor) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def refuse() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                connection.recv(65_536)

        threading.Thread(target=refuse, daemon=True).start()
        told = doctor(f"https://127.0.0.1:{listener.getsockname()[1]}")
    assert (told.code, told.failed) == (1, ["tls"])
    assert "speaks something else" in told.checks["tls"][1]


def test_nobody_listens(doctor: Doctor) -> None:
    with RawServer(replies(reply())) as server:
        pass
    told = doctor(server.url)
    assert (told.code, told.failed) == (1, ["connection"])
    assert f"nothing listens at 127.0.0.1:{server.port}" in told.checks["connection"][1]


def test_nobody_answers(doctor: Doctor) -> None:
    with silent_address() as (host, port), ends_within(1):
        told = doctor(f"http://{host}:{port}", "--timeout", "0.3")
    assert (told.code, told.failed) == (1, ["connection"])
    assert "no answer in time" in told.checks["connection"][1]


def test_a_look_up_that_never_ends(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: over.wait(9))
    with ends_within(1):
        told = doctor("https://prod.oneloop.test", "--timeout", "0.3")
    over.set()
    assert (told.code, told.failed) == (1, ["dns"])


@pytest.mark.parametrize(
    ("url", "variables", "key", "failed", "words"),
    [
        ("https://x.test/?y", {}, KEY, ["address"], "ONELOOP_BASE_URL has a query"),
        (f"https://u:{PASSWORD}@x.test", {}, KEY, ["address"], "ONELOOP_BASE_URL has user-info"),
        ("http://x.test", {}, KEY, ["address"], "is plain http"),
        ("https://xn--zz.test", {}, KEY, ["address"], "ONELOOP_BASE_URL isn't a URL"),
        ("https://x.test", {"SSL_CERT_FILE": "/no"}, KEY, ["address"], "SSL_CERT_FILE names"),
        ("https://x.test", {"ONELOOP_LOG": "loud"}, KEY, ["address"], "ONELOOP_LOG is none"),
        (
            "https://x.test",
            {"HTTPS_PROXY": f"socks5://u:{PASSWORD}@x"},
            KEY,
            ["address"],
            "HTTPS_PROXY must be a URL",
        ),
        ("https://x.test", {}, None, ["key", "dns"], "there is none"),
        ("https://x.test", {}, "a b", ["key", "dns"], "ONELOOP_API_KEY must be 1 to 4096"),
        ("https://x.test", {}, "", ["key", "dns"], "ONELOOP_API_KEY must be 1 to 4096"),
        ("https://x.test", {"ONELOOP_PROFILE": "x"}, None, ["key"], "config.toml: isn't there"),
    ],
)
def test_a_configuration_that_is_wrong(
    doctor: Doctor,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    url: str,
    variables: dict[str, str],
    key: str | None,
    failed: list[str],
    words: str,
) -> None:
    for name, value in {**variables, "XDG_CONFIG_HOME": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    with unknown_hosts(monkeypatch):
        told = doctor(url, key=key)
    assert (told.code, told.failed) == (2, failed)
    assert words in told.checks[failed[0]][1]
    assert list(told.checks)[-2:] == ["access", "answer"]


def test_two_keys_are_a_warning(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONELOOP_PROFILE", "acme")
    with RawServer(api(reply())) as server:
        code, checks, _, _ = doctor(server.url, BID)
    assert (code, checks["key"][0]) == (0, "warning")
    assert "ONELOOP_PROFILE is set as well, and doesn't count" in checks["key"][1]


@pytest.mark.parametrize(
    ("bounds", "version", "allowed"),
    [
        (">=4.11", "4.11", True),
        (">=4.11", "4.11.0", True),
        (">=4.11", "4.9", False),
        (">=4.11", "4.9.12", False),
        ("<0.29,>=0.25.2", "0.28.1", True),
        ("<0.29,>=0.25.2", "0.29", False),
        ("<0.29,>=0.25.2", "0.29.0rc1", False),
        ("==1.0", "1.0.0", True),
        ("", "1", True),
    ],
)
def test_versions(
    monkeypatch: pytest.MonkeyPatch, bounds: str, version: str, allowed: bool
) -> None:
    monkeypatch.setattr(metadata, "requires", lambda name: [f"x{bounds}"])
    monkeypatch.setattr(metadata, "version", lambda name: version)
    assert installed.libraries().status == ("ok" if allowed else "warning")


def test_a_library_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        metadata, "requires", lambda name: ["no-such[x]>=1", 'nor-this>=1; extra == "cli"']
    )
    finding = installed.libraries()
    assert (finding.status, finding.text, finding.code) == ("failed", "missing: no-such", 2)


def test_an_installation_without_metadata(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(name: str) -> list[str]:
        raise metadata.PackageNotFoundError(name)

    with RawServer(api(reply())) as server:
        monkeypatch.setattr(metadata, "requires", gone)
        assert doctor(server.url, BID).failed == ["libraries"]


def test_as_people_see_it(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = here(capsys, "doctor", "bid_acme", "--sandbox")
    assert (code, err) == (0, "")
    *checks, last = out.splitlines()
    assert last == "all is well"
    assert [line.split()[:2] for line in checks] == [["ok", name] for name in ORDER]
    code, shown = on_terminal("doctor", "--timeout", "5", environment={"TERM": "xterm"})
    assert code == 2
    assert "\x1b[1;31mfailed\x1b[0m   key" in shown
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert max(map(len, plain.splitlines())) <= 100


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "100000"])
def test_no_time_at_all(capsys: pytest.CaptureFixture[str], seconds: str) -> None:
    code, _, err = here(capsys, "doctor", f"--timeout={seconds}")
    assert code == 2
    assert "--timeout is a number of seconds above 0" in err
