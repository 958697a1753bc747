"""A body is read within limits, decompressed strictly, and is strict JSON."""

from __future__ import annotations

import functools
import gzip
import socket
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from oneloop import ResponseValidationError
from oneloop._http.answer import Answer
from oneloop.usage import decode
from tests.answers import answer, read
from tests.faces import Face, check_error, every_face
from tests.servers import BID, RawServer, replies, reply, usage_body

every_reading = pytest.mark.parametrize(
    "reading", [pytest.param(lambda got: decode(got, BID), id="usage"), Answer.json]
)


def refused(make: Callable[[], object]) -> ResponseValidationError:
    with pytest.raises(ResponseValidationError) as caught:
        make()
    check_error(caught.value)
    return caught.value


@every_reading
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"<html>", id="HTML"),
        pytest.param(b"", id="empty"),
        pytest.param(usage_body()[:-1], id="cut"),
        pytest.param(usage_body() + b"x", id="bytes behind"),
        pytest.param(usage_body() + usage_body(), id="twice"),
        pytest.param(b"{'data': []}", id="single quotes"),
        pytest.param(b'{"data": [],}', id="trailing comma"),
        pytest.param(b'{"data": [], "x": "caf\xe9"}', id="latin-1 in a field nobody reads"),
        pytest.param(usage_body().decode().encode("utf-16"), id="UTF-16"),
        pytest.param(usage_body().decode().encode("utf-16-le"), id="UTF-16 without BOM"),
        pytest.param(usage_body().decode().encode("utf-8-sig"), id="BOM"),
        pytest.param(b'{"data": [], "x": NaN}', id="NaN"),
        pytest.param(b'{"data": [], "x": -Infinity}', id="Infinity"),
        pytest.param(b"9" * 5000, id="a 5,000-digit number"),
        pytest.param(b"[" * 100_000 + b"]" * 100_000, id="100,000 nested brackets"),
        pytest.param(b'{"data":' + b"[" * 100_000, id="nested inside data"),
        pytest.param(
            b'{"data": [], "x": %s%s}' % (b"[" * 100_000, b"]" * 100_000),
            id="nested in a field nobody reads",
        ),
        pytest.param(b'{"data": [], "data": []}', id="data twice"),
        pytest.param(b'{"data": [], "d\\u0061ta": []}', id="data twice, escaped"),
        pytest.param(
            usage_body().replace(b'"day"', b'"totalBillingUsage": "99", "day"'), id="a count twice"
        ),
        pytest.param(
            usage_body().replace(b'"day"', b'"totalBillingUs\\u0061ge": "99", "day"'),
            id="a count twice, escaped",
        ),
    ],
)
def test_body_that_is_not_json(reading: Callable[[Answer], object], body: bytes) -> None:
    error = refused(lambda: reading(answer(body)))
    assert error.where.startswith("$")


@every_reading
@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/html",
        "text/plain; charset=utf-8",
        "application/jsonp",
        "json",
        "application/x-json",
    ],
)
def test_content_type_that_is_not_json(
    reading: Callable[[Answer], object], content_type: str | None
) -> None:
    error = refused(lambda: reading(answer(content_type=content_type)))
    assert (error.where, error.expected) == ("$", "the content type application/json")


@every_reading
@pytest.mark.parametrize(
    "content_type",
    ["application/json", "Application/JSON;charset=utf-8", "application/vnd.oneloop.v1+json"],
)
def test_content_type_that_is_json(reading: Callable[[Answer], object], content_type: str) -> None:
    assert reading(answer(content_type=content_type))


COMPRESSED = gzip.compress(usage_body())
every_size = pytest.mark.parametrize("size", [1, 2**20], ids=["byte by byte", "at once"])


@every_size
@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "GZIP"])
def test_gzip_is_read(encoding: str, size: int) -> None:
    assert read(COMPRESSED, encoding, size=size).json_bytes() == usage_body()


@every_size
@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        pytest.param(COMPRESSED[:-8], "gzip", id="cut"),
        pytest.param(COMPRESSED[:-8] + b"\0" * 8, "gzip", id="wrong checksum"),
        pytest.param(COMPRESSED + COMPRESSED, "gzip", id="two streams"),
        pytest.param(usage_body(), "gzip", id="not compressed"),
        pytest.param(usage_body(), "br", id="another encoding"),
        pytest.param(COMPRESSED, "gzip, gzip", id="two encodings"),
    ],
)
def test_encoding_that_does_not_hold(body: bytes, encoding: str, size: int) -> None:
    assert refused(lambda: read(body, encoding, size=size)).where == "$"


def test_empty_body_is_no_broken_gzip() -> None:
    assert read(b"", "gzip").body == b""


def test_gzip_bomb_is_never_inflated() -> None:
    bomb = gzip.compress(b" " * 64 * 2**20)
    tracemalloc.start()
    try:
        error = refused(lambda: read(bomb, "gzip", limit=1000))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert error.expected == "at most 1000 bytes"
    assert peak < 2**20


@every_face
@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        pytest.param(reply(b"{'data': []}"), "valid JSON", id="body"),
        pytest.param(reply(content_type=None), "the content type application/json", id="type"),
        pytest.param(
            reply(COMPRESSED[:-8], headers={"Content-Encoding": "gzip"}),
            "a whole gzip stream",
            id="gzip",
        ),
        pytest.param(
            reply(headers={"Content-Encoding": "br"}), "no content encoding but gzip", id="encoding"
        ),
        pytest.param(reply(b" " * 10_001), "at most 10000 bytes", id="declared length"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\n\r\n" + b" " * 10_001, "at most 10000 bytes", id="no length"
        ),
        pytest.param(
            reply(gzip.compress(b" " * 10_001), headers={"Content-Encoding": "gzip"}),
            "at most 10000 bytes",
            id="length behind gzip",
        ),
    ],
)
def test_wrong_answer_is_not_asked_for_again(
    face: Face, wrong: bytes, expected: str, caplog: pytest.LogCaptureFixture
) -> None:
    with RawServer(replies(wrong)) as server:
        error = refused(lambda: face(server.url, max_retries=2, max_response_bytes=10_000))
    assert error.expected == expected
    assert len(server.requests) == 1
    check_error(error, caplog.text)


@every_face
def test_gzip_is_asked_for_and_read(face: Face) -> None:
    with RawServer(replies(reply(COMPRESSED, headers={"Content-Encoding": "gzip"}))) as server:
        assert face(server.url)
    assert b"\r\nAccept-Encoding: gzip\r\n" in server.requests[0]


@every_face
def test_body_at_the_limit(face: Face) -> None:
    with RawServer(replies(reply())) as server:
        assert face(server.url, max_response_bytes=len(usage_body()))
        with pytest.raises(ResponseValidationError):
            face(server.url, max_response_bytes=len(usage_body()) - 1)


BOMB_PROBE = """
import re, sys
from pathlib import Path
from tests import faces
from oneloop import ResponseValidationError
def peak_kib():  # of this process alone: ru_maxrss would begin at its parent's
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
call = getattr(faces, sys.argv[1])
try:
    call(sys.argv[2] + "/warm-up", max_response_bytes=1)
except ResponseValidationError:
    before = peak_kib()
try:
    call(sys.argv[2], max_response_bytes=2**20)
except ResponseValidationError:
    grown = peak_kib() - before
    sys.exit(0 if grown < 16 * 1024 else f"grew by {grown // 1024} MiB")
sys.exit("no error")
"""


@functools.cache
def bomb() -> bytes:
    return gzip.compress(b" " * 200 * 2**20)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads /proc")
@every_face
@pytest.mark.parametrize("kind", ["gzip bomb", "endless body"])
def test_memory_stays_near_the_limit(face: Face, kind: str) -> None:
    def endless(connection: socket.socket, head: bytes, number: int) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[")
        while True:
            connection.sendall(b" " * 65_536)

    handler = (
        endless
        if kind == "endless body"
        else replies(reply(bomb(), headers={"Content-Encoding": "gzip"}))
    )
    with RawServer(handler) as server:
        probe = subprocess.run(
            [sys.executable, "-c", BOMB_PROBE, face.__name__, server.url],
            capture_output=True,
            text=True,
            check=False,
        )
    assert probe.returncode == 0, probe.stderr
