"""The usage operation: its request's check, its wire format, and the records people get.

The only file that knows what one endpoint's data means.
"""

from __future__ import annotations

import datetime
import functools
import json
import re
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Reversible
from typing import TYPE_CHECKING, Any, TypeVar, overload
from urllib.parse import quote

import attrs
import msgspec

from oneloop import _arrow
from oneloop._http.partial import sign_in_headers, sign_in_members
from oneloop.errors import excerpt

if TYPE_CHECKING:
    from oneloop._http.answer import Answer
    from oneloop_api_client.responses import ResponseInfo
    from oneloop_api_client.spec import Operation

KeyT = TypeVar("KeyT", str, datetime.date, tuple[datetime.date, str])

MAX_ID_LENGTH = 256
MAX_COUNT_DIGITS = 38
"""Digits of one count, leading zeros included: what SQL's widest common NUMERIC holds."""


_WIRE_NAMES = {
    "billing_id": "billingId",
    "name": "billingUsageName",
    "total": "totalBillingUsage",
}


class UsageRow(msgspec.Struct, frozen=True, order=True, gc=False, rename=_WIRE_NAMES):
    """The usage of one thing on one day."""

    day: datetime.date
    """The UTC day."""
    name: str
    """What was used: the API's `billingUsageName`."""
    total: int
    """How much of it: the API's `totalBillingUsage`."""
    billing_id: str
    """Whose usage it is."""


class UsageChange(msgspec.Struct, frozen=True, gc=False):
    """What became of the usage of one thing on one day between two fetches."""

    day: datetime.date
    """The UTC day."""
    name: str
    """What was used."""
    before: int | None
    """How much of it the earlier usage says; None where it has no such row."""
    after: int | None
    """How much of it the later usage says; None where it has no such row any more."""


@attrs.frozen(init=False)
class BillingUsage(Reversible[UsageRow], Collection[UsageRow]):
    """The usage of one billing id: an immutable sequence of `UsageRow`, in the API's order.

    Also an Arrow stream, with the extra `arrow`: `pyarrow.table(usage)`, `polars.DataFrame(usage)`,
    `duckdb.sql("from usage")` and `pandas.DataFrame.from_arrow(usage)` have the columns billing_id
    (string), day (date32), name (string) and total (decimal128(38, 0)), also without a row. Hence
    it is no `collections.abc.Sequence`, which polars would read row by row; `rows` is one.

    Args:
        billing_id: whose usage it is.
        rows: its rows, any iterable.
        response: what came with it.

    Raises:
        TypeError: what should be rows aren't, or hold what isn't of a row's types.
        ValueError: a row is another billing id's, or its total hasn't 1 to 38 digits.
    """

    billing_id: str
    """Whose usage it is."""
    rows: tuple[UsageRow, ...] = attrs.field(repr=lambda rows: f"<{len(rows)} rows>")
    """Its rows, in the API's order."""
    response: ResponseInfo | None = attrs.field(kw_only=True, repr=False, eq=False)
    """What came with it, the request id for one; None for usage that is made by hand."""

    def __init__(
        self, billing_id: str, rows: Iterable[UsageRow], *, response: ResponseInfo | None = None
    ) -> None:
        rows = tuple(rows)
        _check_rows(rows, billing_id)
        self.__attrs_init__(  # pyright: ignore[reportAttributeAccessIssue]
            billing_id, rows, response=response
        )

    @functools.cached_property
    def total(self) -> int:
        """The sum over all rows, whatever their name: it means something where the units agree."""
        return sum(row.total for row in self.rows)

    def by_name(self) -> dict[str, int]:
        """Return the total of each name, in the names' order."""
        return _totals((row.name, row.total) for row in self.rows)

    def by_day(self) -> dict[datetime.date, int]:
        """Return the total of each day, in the days' order."""
        return _totals((row.day, row.total) for row in self.rows)

    def by_month(self) -> dict[datetime.date, int]:
        """Return the total of each month, by its first day, in the months' order."""
        return _totals((row.day.replace(day=1), row.total) for row in self.rows)

    def between(self, start: datetime.date, end: datetime.date) -> BillingUsage:
        """Return the usage from the day `start` to the day before `end`.

        Raises:
            TypeError: one of them is a datetime, or no date: usage is known by UTC days.
            ValueError: `end` is before `start`.
        """
        for name, day in (("start", start), ("end", end)):
            _check_type(name, day, datetime.date)
        if end < start:
            raise ValueError(f"end, {end}, is before start, {start}")
        rows = tuple(row for row in self.rows if start <= row.day < end)
        return _trusted(self.billing_id, rows, self.response)

    def diff(self, earlier: BillingUsage) -> list[UsageChange]:
        """Return what was restated, added or is gone since `earlier`, by day and name.

        Rows of one day and name count as one, of their sum.

        Raises:
            TypeError, ValueError: `earlier` isn't usage, or is another billing id's.
        """
        _check_type("earlier", earlier, BillingUsage)
        if earlier.billing_id != self.billing_id:
            ids = f"{excerpt(earlier.billing_id)}, not of {excerpt(self.billing_id)}"
            raise ValueError(f"earlier is the usage of {ids}")
        before, after = _by_key(earlier), _by_key(self)
        return [
            UsageChange(*key, before.get(key), after.get(key))
            for key in sorted(before.keys() | after)
            if before.get(key) != after.get(key)
        ]

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return the rows as dicts, ready for `json` and `pandas.DataFrame(dicts, dtype=object)`.

        Without that `dtype` pandas takes counts for int64, whose sums wrap around.
        """
        return [msgspec.structs.asdict(row) for row in self.rows]

    def index(self, row: object, start: int = 0, stop: int = sys.maxsize) -> int:
        """Return the first place of a row, as a tuple does."""
        return self.rows.index(row, start, stop)

    def count(self, row: object) -> int:
        """Return how many rows equal this one."""
        return self.rows.count(row)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return _arrow.stream([self.rows], requested_schema)

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[UsageRow]:
        return iter(self.rows)

    def __reversed__(self) -> Iterator[UsageRow]:
        return reversed(self.rows)

    def __contains__(self, row: object) -> bool:
        return row in self.rows

    @overload
    def __getitem__(self, index: int) -> UsageRow: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[UsageRow, ...]: ...
    def __getitem__(self, index: int | slice) -> UsageRow | tuple[UsageRow, ...]:
        return self.rows[index]


def _trusted(bid: str, rows: tuple[UsageRow, ...], response: ResponseInfo | None) -> BillingUsage:
    """Return the usage of rows that are right: a check takes three times as long as decoding."""
    usage = BillingUsage.__new__(BillingUsage)
    usage.__attrs_init__(bid, rows, response=response)  # pyright: ignore[reportAttributeAccessIssue]
    return usage


def _check_rows(rows: tuple[UsageRow, ...], bid: str) -> None:
    _check_type("billing_id", bid, str)
    for index, row in enumerate(rows):
        where = f"rows[{index}]"
        _check_type(where, row, UsageRow)
        for field, kind in _TYPES.items():
            _check_type(f"{where}.{field}", getattr(row, field), kind)
        if row.billing_id != bid:
            raise ValueError(
                f"{where}.billing_id is the usage's, {excerpt(bid)}, not {excerpt(row.billing_id)}"
            )
        if not 0 <= row.total < 10**MAX_COUNT_DIGITS:
            raise ValueError(f"{where}.total has 1 to {MAX_COUNT_DIGITS} digits, and no sign")


_TYPES = {"billing_id": str, "day": datetime.date, "name": str, "total": int}


def _check_type(where: str, value: object, kind: type) -> None:
    # A datetime is a date to Python, and a bool an int.
    if not isinstance(value, kind) or isinstance(value, datetime.datetime | bool):
        raise TypeError(f"{where} is of type {kind.__name__}, not {type(value).__name__}")


def _by_key(rows: Iterable[UsageRow]) -> dict[tuple[datetime.date, str], int]:
    return _totals(((row.day, row.name), row.total) for row in rows)


def _totals(pairs: Iterable[tuple[KeyT, int]]) -> dict[KeyT, int]:
    totals: Counter[KeyT] = Counter()
    for key, total in pairs:
        totals[key] += total
    return dict(sorted(totals.items()))


def request_line(bid: str) -> tuple[str, str]:
    """Return method and path, below the base URL, of the request for the usage of `bid`.

    Raises:
        TypeError: not a `str`.
        ValueError: empty, longer than 256 characters, `.` or `..` (RFC 3986 §5.2.4), or with `/`,
            a backslash, a control character or a lone surrogate.
    """
    if not isinstance(bid, str):
        raise TypeError(f"a billing id is a str, not {type(bid).__name__}")
    if not 0 < len(bid) <= MAX_ID_LENGTH:
        raise ValueError(f"a billing id has 1 to {MAX_ID_LENGTH} characters, not {len(bid)}")
    if bid in (".", "..") or re.search(r"[/\\\x00-\x1f\x7f-\x9f\ud800-\udfff]", bid):
        raise ValueError(f"a billing id is no path and holds no control character: {excerpt(bid)}")
    operation = _operation()
    return operation.method, operation.path.replace("{bid}", quote(bid, ""))


def decode(answer: Answer, bid: str) -> BillingUsage:
    """Return the usage of `bid` that the answer holds.

    Raises:
        ResponseValidationError: anything in the answer isn't as the spec promises, it says that it
            isn't all, or it is somebody else's usage.
    """
    body = answer.json_bytes()
    if sign := sign_in_headers(answer.headers):
        raise answer.fault(sign[0], "the whole usage", answer.excerpt(sign[1]))
    rows = _lenient_rows(body)
    is_bare = rows is not None and _is_bare(body, len(rows))
    if rows is None or not _is_plain(body, rows, bid, is_bare=is_bare):
        rows = _strict_rows(answer, body, bid)
    beside = {} if is_bare or _is_rows_alone(body) else _beside_rows(answer, body)
    if sign := sign_in_members(beside, len(rows)):
        raise answer.fault(sign[0], "the whole usage", answer.excerpt(json.dumps(sign[1])))
    return _trusted(bid, tuple(rows), answer.info())


@functools.cache
def _operation() -> Operation:
    from oneloop_api_client.spec import OPERATIONS  # noqa: PLC0415 - it brings httpx along

    (operation,) = (each for each in OPERATIONS if each.operation_id == "getBillingUsage")
    return operation


class _LenientUsage(msgspec.Struct, gc=False):
    data: list[UsageRow]


_LENIENT = msgspec.json.Decoder(_LenientUsage, strict=False)
# The end of the count's key: found a quarter faster than all of it; another string that ends so
# only takes the strict way.
_UNUSUAL_COUNT = re.compile(rb'gUsage"(?!: ?"[0-9]{1,%d}")' % MAX_COUNT_DIGITS)


def _lenient_rows(body: bytes) -> list[UsageRow] | None:
    """Return the rows as a decoder reads them that takes more than it should; None if it can't."""
    try:
        return _LENIENT.decode(body).data
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _is_bare(body: bytes, count: int) -> bool:
    """Whether the body holds the rows and nothing else.

    Without a backslash, quotes do nothing but delimit strings. A row has at least four keys and
    four strings: 16 quotes. So 16 n + 2 quotes leave no room for another member anywhere.
    """
    return body.count(b'"') == 16 * count + 2 and b"\\" not in body


def _is_plain(body: bytes, rows: list[UsageRow], bid: str, *, is_bare: bool) -> bool:
    """Whether the lenient decoder read what is there: it saves two thirds of the strict way's time.

    It takes more than digits for a count, and the last of two equal keys. Where digits in quotes
    follow each count's key, and no key is there more often than there are rows, it can't have.
    """
    return (
        (is_bare or (b"\\" not in body and _has_each_key_once(body, len(rows))))
        and not _UNUSUAL_COUNT.search(body)
        and {row.billing_id for row in rows} <= {bid}
    )


def _has_each_key_once(body: bytes, count: int) -> bool:
    """Whether no key that we read is there twice, provided that none is escaped."""
    return body.count(b'"data"') == 1 and all(body.count(key) == count for key in _KEYS)


_BEGIN = re.compile(rb'\s*\{\s*"data"\s*:\s*\[')
_END = re.compile(rb"\]\s*\}\s*")


def _is_rows_alone(body: bytes) -> bool:
    """Whether nothing is in front of the rows or behind: their bracket is the only one."""
    return bool(_BEGIN.match(body) and _END.fullmatch(body, body.find(b"]")))


class _Envelope(msgspec.Struct, gc=False):
    data: msgspec.Raw


_ENVELOPE = msgspec.json.Decoder(_Envelope)


def _beside_rows(answer: Answer, body: bytes) -> dict[str, Any]:
    """Return what the answer has beside its rows, read strictly."""
    rows = bytes(_ENVELOPE.decode(body).data)
    start = -1
    while True:  # to look for all of the rows would take longer than to decode them
        start = body.find(rows[:80], start + 1)
        if body[start : (end := start + len(rows))] == rows:
            break
    beside: dict[str, Any] = answer.parse(body[:start] + b"null" + body[end:])
    return beside


def _strict_rows(answer: Answer, body: bytes, bid: str) -> list[UsageRow]:
    rows = _wire_rows(answer, body)
    _check_keys_are_unique(answer, body, len(rows))
    _check_ids(answer, rows, bid)
    totals = _totals_of(answer, rows)
    days = _days_of(answer, rows)
    return [
        UsageRow(days[row.day], row.billingUsageName, total, bid)
        for row, total in zip(rows, totals, strict=True)
    ]


class _WireRow(msgspec.Struct, gc=False):
    billingId: str  # noqa: N815 - the wire's own names
    day: str
    totalBillingUsage: str  # noqa: N815
    billingUsageName: str  # noqa: N815


class _WireUsage(msgspec.Struct, gc=False):
    data: list[_WireRow]


_DECODER = msgspec.json.Decoder(_WireUsage)
_KEYS = [f'"{field}"'.encode() for field in _WireRow.__struct_fields__]
_MISSING = re.compile(r"Object missing required field `(.+?)`(?: - at `(.+)`)?")
_MISTYPED = re.compile(r"Expected `(.+?)`, got `(.+?)`(?: - at `(.+)`)?")
_DIGITS = re.compile(r"[0-9]+")
_DAY = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(T00(:?00(:?00([.,]0+)?)?)?(Z|[+-]00(:?00)?))?"  # midnight UTC, at any precision
)


def _wire_rows(answer: Answer, body: bytes) -> list[_WireRow]:
    try:
        return _DECODER.decode(body).data
    except msgspec.ValidationError as error:
        if missing := _MISSING.fullmatch(str(error)):
            name, where = missing.groups()
            raise answer.fault(f"{where or '$'}.{name}", "a value", "nothing") from error
        if mistyped := _MISTYPED.fullmatch(str(error)):
            expected, got, where = mistyped.groups()
            raise answer.fault(where or "$", f"`{expected}`", f"`{got}`") from error
        raise answer.fault("$", "a usage answer", answer.excerpt(str(error))) from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise answer.fault("$", "valid JSON", f"{answer.excerpt(body)} ({error})") from error


def _check_keys_are_unique(answer: Answer, body: bytes, count: int) -> None:
    # The decoder takes the last of two equal keys. Where a cheap count can't exclude that there
    # are two, the strict parser decides.
    if b"\\" in body or not _has_each_key_once(body, count):
        answer.parse(body)


def _check_ids(answer: Answer, rows: list[_WireRow], bid: str) -> None:
    for index, row in enumerate(rows):
        if row.billingId != bid:
            where = f"$.data[{index}].billingId"
            raise answer.fault(
                where, f"the id asked for, {answer.excerpt(bid)}", answer.excerpt(row.billingId)
            )


def _totals_of(answer: Answer, rows: list[_WireRow]) -> list[int]:
    for index, row in enumerate(rows):
        text = row.totalBillingUsage
        if len(text) > MAX_COUNT_DIGITS or not _DIGITS.fullmatch(text):
            where = f"$.data[{index}].totalBillingUsage"
            raise answer.fault(where, f"1 to {MAX_COUNT_DIGITS} digits", answer.excerpt(text))
    return [int(row.totalBillingUsage) for row in rows]


def _days_of(answer: Answer, rows: list[_WireRow]) -> dict[str, datetime.date]:
    days: dict[str, datetime.date] = {}
    for index, row in enumerate(rows):
        if row.day not in days:
            day = parse_day(row.day)
            if day is None:
                where = f"$.data[{index}].day"
                raise answer.fault(where, "a day such as 2025-01-31", answer.excerpt(row.day))
            days[row.day] = day
    return days


def parse_day(text: str) -> datetime.date | None:
    """Return the day of an ISO 8601 date, or of a datetime at midnight UTC; None for the rest."""
    return _date(text[:10]) if len(text) <= 40 and _DAY.fullmatch(text) else None


@functools.lru_cache(maxsize=4096)
def _date(text: str) -> datetime.date | None:
    from dateutil.parser import isoparse  # noqa: PLC0415 - plain answers don't need it

    try:
        return isoparse(text).date()
    except ValueError:
        return None
