"""Any input gives a right result or an error of ours: never another, never a wrong number."""

from __future__ import annotations

import datetime
import json
import os
import re
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from oneloop import (
    APIStatusError,
    BillingUsage,
    ConfigurationError,
    Oneloop,
    OneloopError,
    ResponseValidationError,
    UsageRow,
)
from oneloop.usage import _is_bare, _is_plain, _lenient_rows
from tests.faces import KEY, check_error
from tests.servers import BID, row

settings.register_profile(
    "tests",
    max_examples=int(os.environ.get("ONELOOP_EXAMPLES", "200")),
    deadline=None,
    derandomize="ONELOOP_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.load_profile("tests")

JSON_TYPE = {"Content-Type": "application/json"}


def client_for(answer: httpx.Response) -> Oneloop:
    return Oneloop(api_key=KEY, max_retries=0, transport=httpx.MockTransport(lambda _: answer))


def ask(body: bytes, status: int = 200, headers: Mapping[str, str] = JSON_TYPE) -> BillingUsage:
    return client_for(httpx.Response(status, content=body, headers=headers)).get_billing_usage(BID)


def naive_total(document: Any) -> int:
    """Return the sum that the spec means, by a reading as plain as can be; raise where none is."""
    total = 0
    for item in document["data"]:
        assert item["billingId"] == BID
        assert isinstance(item["billingUsageName"], str)
        assert isinstance(item["day"], str)
        assert re.fullmatch("[0-9]+", item["totalBillingUsage"], re.ASCII)
        total += int(item["totalBillingUsage"])
    return total


def check_answer(body: bytes) -> None:
    try:
        usage = ask(body)
    except ResponseValidationError as error:
        check_error(error)
    else:
        assert usage.total == naive_total(json.loads(body.decode()))
        assert all(type(row.day) is datetime.date for row in usage)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
near_counts = st.one_of(
    st.from_regex(r"[0-9]{1,40}", fullmatch=True), st.text("0123456789+-._eE \u0967", max_size=9)
)
near_days = st.one_of(
    st.dates().map(str),
    st.datetimes(timezones=st.just(datetime.UTC)).map(datetime.datetime.isoformat),
    st.text("0123456789-T:Z+./W ", max_size=25),
)
near_rows = st.fixed_dictionaries(
    {},
    optional={
        "billingId": st.just(BID) | st.text(max_size=5),
        "day": near_days | json_values,
        "totalBillingUsage": near_counts | json_values,
        "billingUsageName": st.text() | json_values,
        "extra": json_values,
    },
) | st.builds(lambda day, count: row(day=day, totalBillingUsage=count), near_days, near_counts)


@given(st.binary())
@example(b"")
@example(b'{"data":[]}')
def test_any_bytes(body: bytes) -> None:
    check_answer(body)


@given(json_values)
def test_any_json(document: Any) -> None:
    check_answer(json.dumps(document).encode())


@given(
    st.fixed_dictionaries({"data": st.lists(near_rows, max_size=4) | json_values}), st.booleans()
)
def test_any_json_that_is_nearly_usage(document: Any, ascii_only: bool) -> None:
    check_answer(json.dumps(document, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass"))


tokens = st.sampled_from(
    [
        *[b"{", b"}", b"[", b"]", b",", b":", b": ", b" ", b'"', b'"data"', b'"data":[', b"]}"],
        *[b'"billingId"', b'"billingId":"bid_1"', b'"day"', b'"day":"2025-01-01"', b'"bid_1"'],
        *[b'"totalBillingUsage"', b'"totalBillingUsage":"12"', b'"totalBillingUsage":12', b'"-3"'],
        *[b'"billingUsageName"', b'"billingUsageName":"x"', b'"12"', b"12", b'"1e3"', b'"x":1'],
        *[
            b'"x"',
            b"null",
            b"1e3",
            b"12.0",
            b'"totalBillingUsage":"1e3"',
            b'"totalBillingUsage":[]',
        ],
        *[
            b'"totalBillingUsage": "12"',
            b'"totalBillingUsage":"007"',
            b'"billingId":"bid_2"',
            b"{}",
        ],
    ]
)
ROW = b'{"billingId":"bid_1","day":"2025-01-01","totalBillingUsage":"12","billingUsageName":"x"}'


@given(st.lists(st.lists(tokens | st.just(b"},{"), max_size=5).map(b"".join), min_size=1))
def test_fast_way_agrees_with_the_strict_way(changes: list[bytes]) -> None:
    """Members and values, mixed as no client would, into rows that are whole."""
    body = (
        b'{"data":['
        + b",".join(
            ROW.replace(b",", b"," + change + b",", 1) if index % 2 else ROW[:-1] + change + b"}"
            for index, change in enumerate(changes)
        )
        + b"]}"
    )
    agree(body)


@given(st.data())
def test_fast_way_agrees_where_one_part_of_a_row_changes(data: st.DataObject) -> None:
    parts = re.findall(rb'"[^"]*"|[^"]', b'{"data":[' + ROW + b"," + ROW + b"]}")
    for _ in range(data.draw(st.integers(1, 3))):
        parts[data.draw(st.integers(0, len(parts) - 1))] = data.draw(tokens | st.just(b""))
    agree(b"".join(parts))


def agree(body: bytes) -> None:
    fast = plainly(body)
    if fast is not None:
        assert fast == strictly(body)


def plainly(body: bytes) -> list[UsageRow] | None:
    """Return the rows of the fast way; None where it leaves the body to the strict one."""
    rows = _lenient_rows(body)
    if rows is None or not _is_plain(body, rows, BID, is_bare=_is_bare(body, len(rows))):
        return None
    return rows


def strictly(body: bytes) -> list[UsageRow]:
    """Return the rows by a reading that shares no code with the client's."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(dict(pairs)) == len(pairs)
        return dict(pairs)

    document = json.loads(body.decode(), object_pairs_hook=unique)
    naive_total(document)
    return [
        UsageRow(
            day=datetime.date.fromisoformat(item["day"]),
            name=item["billingUsageName"],
            total=int(item["totalBillingUsage"]),
            billing_id=item["billingId"],
        )
        for item in document["data"]
    ]


@given(st.binary(max_size=300), st.integers(100, 999), st.sampled_from(["", "application/json"]))
def test_any_status_and_body(body: bytes, status: int, content_type: str) -> None:
    try:
        ask(body, status, {"Content-Type": content_type})
    except APIStatusError as error:
        assert error.status_code == status
        check_error(error)
    except ResponseValidationError:
        assert status == 200
    else:
        assert status == 200


header_names = st.sampled_from(
    ["Retry-After", "X-Request-Id", "Request-Id", "Content-Type", "Content-Encoding", "Set-Cookie"]
)
header_values = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=400)


@given(
    st.dictionaries(header_names, header_values | st.just(KEY)),
    st.sampled_from([200, 401, 429, 503]),
)
@example({"Retry-After": "9" * 5000}, 429)
@example({"Retry-After": "Mon, 32 Foo 99999 99:99:99 +9999"}, 429)
def test_any_header(headers: dict[str, str], status: int) -> None:
    encoded = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    client = client_for(httpx.Response(status, content=b'{"data":[]}', headers=encoded))
    try:
        client.get_billing_usage(BID)
    except OneloopError as error:
        check_error(error, echoed=KEY in headers.values())


@given(st.text() | st.text("./\\%?#\r\n\0 a", max_size=6))
def test_any_billing_id(bid: str) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        prefix, _, last = request.url.raw_path.decode().rpartition("/")
        assert prefix == "/api/v1/usage"
        assert httpx.URL(f"http://h/{last}").path == f"/{bid}"
        return httpx.Response(200, json={"data": [row(billingId=bid)]})

    client = Oneloop(api_key=KEY, transport=httpx.MockTransport(answer))
    try:
        assert client.get_billing_usage(bid).billing_id == bid
    except ValueError as error:
        assert "billing id" in str(error)


@given(st.text())
@example("\ud800")
def test_any_key(key: str) -> None:
    try:
        client = Oneloop(api_key=key)
    except ConfigurationError as error:
        assert re.fullmatch(
            r"api_key (begins with 'Bearer '|must be 1 to 4096 visible).*", str(error)
        )
    else:
        assert re.fullmatch("[!-~]+", key)
        of_any_key = repr(vars(Oneloop(api_key="another")))
        assert key in of_any_key or key not in repr(vars(client))


@given(st.text() | st.text("htps:/.@?#[]%\\lo1", max_size=30).map("https://".__add__))
@example("https://[::ffff:0:0]%eth0")
def test_any_base_url(url: str) -> None:
    try:
        client = Oneloop(api_key=KEY, base_url=url)
    except ConfigurationError as error:
        assert len(str(error)) < 300
    else:
        assert client._config.base_url.scheme in ("https", "http")
        assert client._config.base_url.userinfo == b""
        assert client._config.base_url.query == b""


rows = st.builds(
    UsageRow,
    day=st.dates(),
    name=st.text(st.characters(exclude_categories=["Cs"])),
    total=st.integers(0, 10**38 - 1),
    billing_id=st.just(BID),
)


@given(st.lists(rows), st.booleans(), st.booleans())
def test_usage_comes_back_equal(
    given_rows: list[UsageRow], midnight: bool, ascii_only: bool
) -> None:
    wire = [
        {
            "day": f"{row.day}T00:00:00Z" if midnight else f"{row.day}",
            "billingUsageName": row.name,
            "totalBillingUsage": f"{row.total}",
            "billingId": row.billing_id,
        }
        for row in given_rows
    ]
    usage = ask(json.dumps({"data": wire}, ensure_ascii=ascii_only).encode())
    assert list(usage) == given_rows
    assert usage.total == sum(row.total for row in given_rows)
    assert sum(usage.by_day().values()) == sum(usage.by_name().values()) == usage.total
    assert list(usage.by_day()) == sorted({row.day for row in given_rows})


@pytest.mark.parametrize("index", [0, -1])
def test_usage_is_a_sequence(index: int) -> None:
    usage = ask(json.dumps({"data": [row(), row(day="2025-01-02")]}).encode())
    assert usage[index] == list(usage)[index]
    assert usage[:1] == (usage[0],)
    assert usage[0] in usage
    assert hash(usage) == hash(ask(json.dumps({"data": [row(), row(day="2025-01-02")]}).encode()))
    assert usage[0] < usage[1]
    with pytest.raises(AttributeError):
        usage[0].total = 5  # type: ignore[misc]
    with pytest.raises(AttributeError):
        usage.rows = ()  # type: ignore[misc]
