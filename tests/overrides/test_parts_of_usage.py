"""Usage made by hand, parts of usage, and what became of it since: right, or refused in words."""

from __future__ import annotations

import copy
import datetime
import pickle
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oneloop import BillingUsage, UsageChange, UsageRow
from oneloop.usage import decode
from tests.answers import answer
from tests.servers import BID, row, usage_body

DAY = datetime.date(2025, 1, 31)
NEXT = datetime.date(2025, 2, 1)
MOST = 10**38 - 1


def made(day: Any = DAY, name: Any = "seats", total: Any = 1, bid: Any = BID) -> UsageRow:
    return UsageRow(day=day, name=name, total=total, billing_id=bid)


def usage_of(*rows: UsageRow) -> BillingUsage:
    return BillingUsage(BID, rows)


every_rows = st.lists(
    st.builds(
        made,
        st.dates() | st.dates(DAY, NEXT),
        st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(["seats", "\0", "🧾"]),
        st.integers(0, MOST) | st.integers(0, 3),
    ),
    max_size=12,
)
by_property = settings(deadline=None, max_examples=100, derandomize=True)


def test_usage_made_by_hand_equals_what_is_fetched() -> None:
    body = usage_body(row(), row(day="2025-01-02", totalBillingUsage="9" * 38))
    fetched = decode(answer(body), BID)
    assert fetched.response is not None
    for rows in (fetched, list(fetched), (each for each in fetched), fetched.rows):
        by_hand = BillingUsage(BID, rows)
        assert by_hand == fetched
        assert hash(by_hand) == hash(fetched)
        assert by_hand.rows == fetched.rows
        assert by_hand.total == MOST + 12
        assert by_hand.response is None
    assert BillingUsage(BID, fetched, response=fetched.response).response is fetched.response
    assert BillingUsage(BID, []).total == 0
    assert repr(BillingUsage(BID, [])) == "BillingUsage(billing_id='bid_1', rows=<0 rows>)"


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))]
)
def test_usage_made_by_hand_copies(copied: Callable[[BillingUsage], BillingUsage]) -> None:
    usage = usage_of(made(), made(NEXT))
    assert copied(usage) == usage
    assert copied(usage).total == usage.total == 2
    assert attrs.evolve(usage, rows=[]) == usage_of()
    with pytest.raises(ValueError, match=r"rows\[0\]\.billing_id"):
        attrs.evolve(usage, billing_id="bid_2")


class Today(datetime.date):
    """A date as freezegun makes them."""


def test_a_row_may_have_a_date_of_the_callers_class() -> None:
    assert usage_of(made(Today(2025, 1, 31))).by_day() == {DAY: 1}


@pytest.mark.parametrize(
    ("bid", "rows", "says"),
    [
        pytest.param(5, [], "billing_id is of type str, not int", id="an id of another type"),
        pytest.param(BID, 5, "not iterable", id="rows of no kind"),
        pytest.param(BID, [made(), {}], r"rows\[1\] is of type UsageRow, not dict", id="a dict"),
        pytest.param(BID, "abc", r"rows\[0\] is of type UsageRow, not str", id="text"),
        pytest.param(BID, [made(bid="bid_2")], r"'bid_1', not 'bid_2'", id="another's"),
        pytest.param(
            BID, [made(bid=None)], "billing_id is of type str, not NoneType", id="nobody's"
        ),
        pytest.param(BID, [made(bid="x" * 9999)], r"… \(9999 long\)$", id="a long id"),
        pytest.param(BID, [made("2025-01-31")], "day is of type date, not str", id="a day's text"),
        pytest.param(
            BID,
            [made(datetime.datetime(2025, 1, 1))],
            "day is of type date, not datetime",
            id="a time",
        ),
        pytest.param(BID, [made(name=b"seats")], "name is of type str, not bytes", id="bytes"),
        pytest.param(BID, [made(total="1")], "total is of type int, not str", id="digits as text"),
        pytest.param(BID, [made(total=1.0)], "total is of type int, not float", id="a float"),
        pytest.param(BID, [made(total=True)], "total is of type int, not bool", id="a bool"),
        pytest.param(BID, [made(total=MOST + 1)], "total has 1 to 38 digits", id="39 digits"),
        pytest.param(BID, [made(total=10**9999)], "total has 1 to 38 digits", id="a huge total"),
        pytest.param(BID, [made(total=-1)], "digits, and no sign", id="a negative total"),
    ],
)
def test_what_is_no_usage_is_refused(bid: Any, rows: Any, says: str) -> None:
    with pytest.raises((TypeError, ValueError), match=says) as caught:
        BillingUsage(bid, rows)
    assert len(str(caught.value)) < 500


def test_usage_is_a_sequence_in_all_but_name() -> None:
    """Not by name, as polars would read it row by row before it asks for Arrow."""
    first, second = made(), made(NEXT)
    usage = usage_of(first, second, first)
    assert not isinstance(usage, Sequence)
    assert (len(usage), list(usage), list(reversed(usage))) == (3, [*usage.rows], [*usage.rows])
    assert (usage[1], usage[-1], usage[1:]) == (second, first, (second, first))
    assert (usage.index(second), usage.index(first, 1), usage.count(first)) == (1, 2, 2)
    assert second in usage
    assert made(total=5) not in usage
    with pytest.raises(ValueError, match="not in tuple"):
        usage.index(second, 2)
    with pytest.raises(ValueError, match="not in tuple"):
        usage.index(second, 0, 1)
    with pytest.raises(IndexError):
        usage[3]


def test_between_has_the_first_day_and_not_the_last() -> None:
    fetched = decode(answer(usage_body(row(), row(day="2025-01-02"), row(day="2025-01-03"))), BID)
    part = fetched.between(datetime.date(2025, 1, 1), datetime.date(2025, 1, 3))
    assert part.rows == fetched.rows[:2]
    assert (part.billing_id, part.response, part.total) == (BID, fetched.response, 24)
    assert len(fetched.between(DAY, DAY)) == 0


@pytest.mark.parametrize(
    ("start", "end", "error", "says"),
    [
        (datetime.datetime(2025, 1, 1), NEXT, TypeError, "start is of type date, not datetime"),
        (DAY, datetime.datetime(2025, 1, 1), TypeError, "end is of type date, not datetime"),
        ("2025-01-01", NEXT, TypeError, "start is of type date, not str"),
        (DAY, None, TypeError, "end is of type date, not NoneType"),
        (NEXT, DAY, ValueError, "end, 2025-01-31, is before start, 2025-02-01"),
    ],
)
def test_what_is_no_range_of_days_is_refused(
    start: Any, end: Any, error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        usage_of(made()).between(start, end)


def test_months_are_known_by_their_first_day() -> None:
    usage = usage_of(made(NEXT, total=4), made(DAY), made(datetime.date(2024, 2, 29), total=2))
    months = [datetime.date(2024, 2, 1), datetime.date(2025, 1, 1), datetime.date(2025, 2, 1)]
    assert usage.by_month() == dict(zip(months, [2, 1, 4], strict=True))
    assert list(usage.by_month()) == months


def test_diff_says_what_was_restated_added_or_is_gone() -> None:
    earlier = usage_of(made(total=5), made(name="gone"), made(name="same"), made(NEXT, total=2))
    later = usage_of(made(NEXT, "added", 0), made(NEXT, total=3), made(name="same"), made(total=4))
    assert later.diff(earlier) == [
        UsageChange(DAY, "gone", 1, None),
        UsageChange(DAY, "seats", 5, 4),
        UsageChange(NEXT, "added", None, 0),
        UsageChange(NEXT, "seats", 2, 3),
    ]
    assert later.diff(later) == []
    change = later.diff(earlier)[0]
    assert hash(change) == hash(copy.copy(change))
    with pytest.raises(AttributeError):
        change.before = 5  # type: ignore[misc]


def test_rows_of_one_day_and_name_count_as_their_sum() -> None:
    assert usage_of(made(total=5), made(total=7)).diff(usage_of(made(total=12))) == []
    assert usage_of(made(total=5)).diff(usage_of(made(), made(total=3))) == [
        UsageChange(DAY, "seats", 4, 5)
    ]


def test_usage_of_another_id_is_no_earlier_usage() -> None:
    with pytest.raises(ValueError, match="the usage of 'bid_2', not of 'bid_1'"):
        usage_of().diff(BillingUsage("bid_2", []))
    other: Any = [made()]
    with pytest.raises(TypeError, match="earlier is of type BillingUsage, not list"):
        usage_of().diff(other)


@by_property
@given(every_rows, st.dates() | st.just(DAY), st.dates() | st.just(NEXT))
def test_parts_add_up(rows: list[UsageRow], one: datetime.date, other: datetime.date) -> None:
    usage, (start, end) = usage_of(*rows), sorted((one, other))
    parts = [
        usage.between(datetime.date.min, start),
        usage.between(start, end),
        usage.between(end, datetime.date.max),
    ]
    last = [each for each in rows if each.day == datetime.date.max]
    assert sorted([*last, *(each for part in parts for each in part)]) == sorted(rows)
    assert list(parts[1]) == [each for each in rows if start <= each.day < end]
    months = usage.by_month()
    assert sum(months.values()) == usage.total
    assert list(months) == sorted({datetime.date(it.day.year, it.day.month, 1) for it in rows})


def sums(rows: Iterable[UsageRow]) -> dict[tuple[datetime.date, str], int]:
    found: dict[tuple[datetime.date, str], int] = {}
    for each in rows:
        found[each.day, each.name] = found.get((each.day, each.name), 0) + each.total
    return found


@by_property
@given(every_rows, every_rows, st.integers(0, 12))
def test_changes_lead_from_the_earlier_usage_to_the_later(
    before: list[UsageRow], after: list[UsageRow], common: int
) -> None:
    earlier, later = usage_of(*before), usage_of(*before[:common], *after)
    changes = later.diff(earlier)
    assert [(it.day, it.name) for it in changes] == sorted({(it.day, it.name) for it in changes})
    state: dict[tuple[datetime.date, str], int | None] = {**sums(earlier)}
    for it in changes:
        assert it.before != it.after
        assert state.get((it.day, it.name)) == it.before
        state[it.day, it.name] = it.after
    assert {key: total for key, total in state.items() if total is not None} == sums(later)
    assert [(it.day, it.name, it.after, it.before) for it in earlier.diff(later)] == [
        (it.day, it.name, it.before, it.after) for it in changes
    ]
