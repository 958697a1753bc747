"""FAULTS.md, "The answer's body, status 200": right numbers or a `ResponseValidationError`."""

from __future__ import annotations

import datetime
import gzip
import pickle
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from oneloop import BillingUsage, ResponseValidationError
from tests.faces import FACES, KEY, METHODS, check_error
from tests.servers import BID, RawServer, replies, reply, row, usage_body

Face = Callable[..., BillingUsage]
every_face = pytest.mark.parametrize("face", FACES)
every_method = pytest.mark.parametrize("face", METHODS)

DIGITS = "1 to 38 digits"
ROW = "$.data[1]"
WRONG_TYPES: list[object] = [None, 5, True, [], {}]


def refused(face: Face, answer: bytes, log: str, **options: object) -> ResponseValidationError:
    with RawServer(replies(answer)) as server, pytest.raises(ResponseValidationError) as caught:
        face(server.url, max_retries=2, **options)
    assert len(server.requests) == 1, "a wrong answer isn't asked for again"
    check_error(caught.value, log)
    return caught.value


@every_face
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
def test_body_that_is_not_json(face: Face, body: bytes, caplog: pytest.LogCaptureFixture) -> None:
    error = refused(face, reply(body), caplog.text)
    assert error.where.startswith("$")


@every_face
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
    face: Face, content_type: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    error = refused(face, reply(content_type=content_type), caplog.text)
    assert (error.where, error.expected) == ("$", "the content type application/json")


@every_face
@pytest.mark.parametrize(
    "content_type",
    ["application/json", "Application/JSON;charset=utf-8", "application/vnd.oneloop.v1+json"],
)
def test_content_type_that_is_json(face: Face, content_type: str) -> None:
    with RawServer(replies(reply(content_type=content_type))) as server:
        assert face(server.url)


@every_method
@pytest.mark.parametrize(
    ("body", "where"),
    [
        pytest.param(b"{}", "$.data", id="data missing"),
        pytest.param(b'{"data": null}', "$.data", id="data null"),
        pytest.param(b'{"data": {}}', "$.data", id="data an object"),
        pytest.param(b'{"data": ""}', "$.data", id="data a string"),
        pytest.param(b'{"data": 0}', "$.data", id="data a number"),
        pytest.param(b"[]", "$", id="a list"),
        pytest.param(b"null", "$", id="null"),
        pytest.param(usage_body(row(), []), ROW, id="row a list"),
        pytest.param(usage_body(row(), "x"), ROW, id="row a string"),
        pytest.param(usage_body(row(), None), ROW, id="row null"),
        *[
            pytest.param(
                usage_body(row(), row(**{key: value})), f"{ROW}.{key}", id=f"{key} {value!r}"
            )
            for key in row()
            for value in WRONG_TYPES
        ],
        *[
            pytest.param(
                usage_body(row(), {k: v for k, v in row().items() if k != key}),
                f"{ROW}.{key}",
                id=f"{key} missing",
            )
            for key in row()
        ],
    ],
)
def test_shape_that_is_not_usage(
    face: Face, body: bytes, where: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert refused(face, reply(body), caplog.text).where == where


@every_method
@pytest.mark.parametrize(
    "count",
    [
        *["", " ", " 12 ", "12 ", "12\n", "1e3", "1_000", "1,000", "+3", "-3", "-0", "1.0", "0x1f"],
        *[
            "१२",
            "\uff11\uff12",
            "²",
            "ddd",
            "NaN",
            "null",
            "12\0",
            "9" * 39,
            "0" * 39,
            "9" * 10_000,
        ],
    ],
)
def test_count_that_is_not_digits(face: Face, count: str, caplog: pytest.LogCaptureFixture) -> None:
    error = refused(face, reply(usage_body(row(), row(totalBillingUsage=count))), caplog.text)
    assert (error.where, error.expected) == (f"{ROW}.totalBillingUsage", DIGITS)
    assert repr(count)[:20] in str(error)


@every_method
@pytest.mark.parametrize("count", ["0", "7", "007", "12345678901234567890", "9" * 38])
def test_count_that_is_digits(face: Face, count: str) -> None:
    with RawServer(replies(reply(usage_body(row(totalBillingUsage=count))))) as server:
        assert face(server.url).total == int(count)


@every_method
@pytest.mark.parametrize(
    "day",
    [
        *[
            "",
            " ",
            "01/02/2025",
            "2025/01/02",
            "2025-02-30",
            "2025-13-01",
            "2025-00-01",
            "0000-01-01",
        ],
        *["20250101", "2025-1-1", "2025-01", "2025", "2025-W01-1", "2025-001", "25-01-01", "today"],
        *[
            "2025-01-01 ",
            " 2025-01-01",
            "2025-01-01\n",
            "\uff12\uff10\uff12\uff15-01-01",
            "+2025-01-01",
            "2025-01-01Z",
        ],
        *[
            "2025-01-01T13:00Z",
            "2025-01-01T00:00:01Z",
            "2025-01-01T00:00:00.001Z",
            "2025-01-01T24:00Z",
        ],
        *[
            "2025-01-01T00:00:00",
            "2025-01-01T00:00+01:00",
            "2025-01-01T01:00+01:00",
            "2025-01-01TZ",
        ],
        *[
            "2025-01-01 00:00:00Z",
            "2025-01-01T00:00:00Zulu",
            "2025-01-01" + "T" * 10_000,
            "1735689600",
        ],
    ],
)
def test_day_that_is_not_a_utc_day(face: Face, day: str, caplog: pytest.LogCaptureFixture) -> None:
    error = refused(face, reply(usage_body(row(), row(day=day))), caplog.text)
    assert error.where == f"{ROW}.day"


@every_method
@pytest.mark.parametrize(
    "day",
    [
        *["2024-02-29", "2024-02-29T00:00Z", "2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"],
        *["2024-02-29T00:00:00+00:00", "2024-02-29T00Z", "2024-02-29T00:00:00-00:00"],
    ],
)
def test_day_that_is_a_utc_day(face: Face, day: str) -> None:
    with RawServer(replies(reply(usage_body(row(day=day))))) as server:
        assert [row.day for row in face(server.url)] == [datetime.date(2024, 2, 29)]


@every_method
@pytest.mark.parametrize("other", ["bid_2", "", "BID_1", "bid_1 ", "x" * 10_000])
def test_usage_of_another_id(face: Face, other: str, caplog: pytest.LogCaptureFixture) -> None:
    error = refused(face, reply(usage_body(row(), row(billingId=other))), caplog.text)
    assert error.where == f"{ROW}.billingId"
    assert repr(BID) in error.expected


@every_method
def test_message_is_bounded_whatever_the_id(face: Face) -> None:
    with RawServer(replies(reply())) as server:
        with pytest.raises(ResponseValidationError) as caught:
            face(server.url, "\U000e0001" * 256)
    check_error(caught.value)


@every_method
def test_unknown_fields_are_ignored(face: Face) -> None:
    body = usage_body(row(unit="calls", day2=None, nested={"day": "x", "data": [{}]}))
    body = body.replace(b"{", b'{"extra": {"data": 1}, ', 1)
    with RawServer(replies(reply(body))) as server:
        assert face(server.url).total == 12


@every_method
def test_no_rows_are_no_usage(face: Face) -> None:
    with RawServer(replies(reply(b'{"data": []}'))) as server:
        usage = face(server.url)
    assert (len(usage), usage.total, usage.by_day(), usage.by_name()) == (0, 0, {}, {})


@every_method
def test_escapes_are_read(face: Face) -> None:
    body = usage_body(row(billingUsageName='é "quoted" 🧾'))
    assert b"\\u" in body
    with RawServer(replies(reply(body))) as server:
        assert face(server.url)[0].name == 'é "quoted" 🧾'


@every_method
@pytest.mark.parametrize("before", ["", "x" * 190], ids=["whole", "cut by the excerpt"])
def test_key_in_a_wrong_body_is_redacted(face: Face, before: str) -> None:
    answer = reply(usage_body(row(totalBillingUsage=before + KEY)))
    with RawServer(replies(answer)) as server:
        with pytest.raises(ResponseValidationError, match=r"\[redacted") as caught:
            face(server.url)
    assert KEY[:5] not in str(caught.value)
    assert KEY.encode() not in pickle.dumps(caught.value)


COMPRESSED = gzip.compress(usage_body())


@every_face
@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "GZIP"])
def test_gzip_is_read(face: Face, encoding: str) -> None:
    with RawServer(replies(reply(COMPRESSED, headers={"Content-Encoding": encoding}))) as server:
        assert face(server.url)


@every_face
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
def test_encoding_that_does_not_hold(
    face: Face, body: bytes, encoding: str, caplog: pytest.LogCaptureFixture
) -> None:
    refused(face, reply(body, headers={"Content-Encoding": encoding}), caplog.text)


@every_face
@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(reply(b" " * 10_001), id="declared"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n" + b" " * 10_001, id="undeclared"),
        pytest.param(
            reply(gzip.compress(b" " * 10_001), headers={"Content-Encoding": "gzip"}), id="gzip"
        ),
    ],
)
def test_body_past_the_limit(face: Face, answer: bytes, caplog: pytest.LogCaptureFixture) -> None:
    error = refused(face, answer, caplog.text, max_response_bytes=10_000)
    assert error.expected == "at most 10000 bytes"


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


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads /proc")
@every_face
@pytest.mark.parametrize("kind", ["gzip bomb", "endless body"])
def test_memory_stays_near_the_limit(face: Face, kind: str) -> None:
    def endless(connection: socket.socket, head: bytes, number: int) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[")
        while True:
            connection.sendall(b" " * 65_536)

    bomb = gzip.compress(b" " * 200 * 2**20)
    handler = (
        endless
        if kind == "endless body"
        else replies(reply(bomb, headers={"Content-Encoding": "gzip"}))
    )
    with RawServer(handler) as server:
        probe = subprocess.run(
            [sys.executable, "-c", BOMB_PROBE, face.__name__, server.url],
            capture_output=True,
            text=True,
            check=False,
        )
    assert probe.returncode == 0, probe.stderr
