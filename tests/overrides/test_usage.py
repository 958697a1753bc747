"""What is in an answer becomes right numbers and days, or a `ResponseValidationError`."""

from __future__ import annotations

import datetime

import pytest

from oneloop import BillingUsage, ResponseValidationError
from oneloop.usage import decode
from tests.answers import answer
from tests.faces import Face, check_error, every_method
from tests.servers import BID, RawServer, replies, reply, row, usage_body

DIGITS = "1 to 38 digits"
ROW = "$.data[1]"
WRONG_TYPES: list[object] = [None, 5, True, [], {}]


def usage_of(*rows: object) -> BillingUsage:
    return decode(answer(usage_body(*rows)), BID)


def refused(body: bytes) -> ResponseValidationError:
    with pytest.raises(ResponseValidationError) as caught:
        decode(answer(body), BID)
    check_error(caught.value)
    return caught.value


@every_method
def test_every_method_decodes(face: Face) -> None:
    """The tests below need no wire."""
    with RawServer(replies(reply(usage_body(row(), row(totalBillingUsage="-3"))))) as server:
        with pytest.raises(ResponseValidationError) as caught:
            face(server.url, max_retries=2)
    assert caught.value.where == f"{ROW}.totalBillingUsage"
    assert len(server.requests) == 1, "a wrong answer isn't asked for again"
    check_error(caught.value)


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
def test_shape_that_is_not_usage(body: bytes, where: str) -> None:
    assert refused(body).where == where


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
def test_count_that_is_not_digits(count: str) -> None:
    error = refused(usage_body(row(), row(totalBillingUsage=count)))
    assert (error.where, error.expected) == (f"{ROW}.totalBillingUsage", DIGITS)
    assert repr(count)[:20] in str(error)


@pytest.mark.parametrize("count", ["-3", "1e3", "12.0"])
def test_count_behind_an_escaped_key_is_checked_too(count: str) -> None:
    body = usage_body(row(totalBillingUsage=count)).replace(b"Usage", b"Us\\u0061ge")
    error = refused(body)
    assert (error.where, error.expected) == ("$.data[0].totalBillingUsage", DIGITS)


@pytest.mark.parametrize("count", ["0", "7", "007", "12345678901234567890", "9" * 38])
def test_count_that_is_digits(count: str) -> None:
    assert usage_of(row(totalBillingUsage=count)).total == int(count)


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
def test_day_that_is_not_a_utc_day(day: str) -> None:
    assert refused(usage_body(row(), row(day=day))).where == f"{ROW}.day"


@pytest.mark.parametrize(
    "day",
    [
        *["2024-02-29", "2024-02-29T00:00Z", "2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"],
        *["2024-02-29T00:00:00+00:00", "2024-02-29T00Z", "2024-02-29T00:00:00-00:00"],
    ],
)
def test_day_that_is_a_utc_day(day: str) -> None:
    assert [row.day for row in usage_of(row(day=day))] == [datetime.date(2024, 2, 29)]


@pytest.mark.parametrize("other", ["bid_2", "", "BID_1", "bid_1 ", "x" * 10_000])
def test_usage_of_another_id(other: str) -> None:
    error = refused(usage_body(row(), row(billingId=other)))
    assert error.where == f"{ROW}.billingId"
    assert repr(BID) in error.expected


def test_unknown_fields_are_ignored() -> None:
    body = usage_body(row(unit="calls", day2=None, nested={"day": "x", "data": [{}]}))
    body = body.replace(b"{", b'{"extra": {"data": 1}, ', 1)
    assert decode(answer(body), BID).total == 12


def test_no_rows_are_no_usage() -> None:
    usage = decode(answer(b'{"data": []}'), BID)
    assert (len(usage), usage.total, usage.by_day(), usage.by_name()) == (0, 0, {}, {})


def test_escapes_are_read() -> None:
    body = usage_body(row(billingUsageName='é "quoted" 🧾'))
    assert b"\\u" in body
    assert decode(answer(body), BID)[0].name == 'é "quoted" 🧾'


@pytest.mark.parametrize("length", [200, 5000])
def test_excerpt_of_what_is_longer_escaped_is_bounded(length: int) -> None:
    refused(usage_body(row(totalBillingUsage="\U000e0001" * length)))


def test_excerpt_says_how_long_the_whole_was() -> None:
    error = refused(usage_body(row(totalBillingUsage="9" * 10_000)))
    assert error.got == f"'{'9' * 200}'… (10000 long)"
