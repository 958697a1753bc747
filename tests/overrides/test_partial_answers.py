"""FAULTS.md, "An answer that isn't all": a part is never taken for the whole bill."""

from __future__ import annotations

import json
from typing import Any

import pytest

from oneloop import ResponseValidationError
from tests.clients import CALLERS, Caller
from tests.faces import KEY, check_error
from tests.servers import RawServer, replies, reply, row, usage_body

every_caller = pytest.mark.parametrize("caller", CALLERS)


def answer(beside: dict[str, Any], *, behind: bool = True, **of_row: Any) -> bytes:
    rows = {"data": [row(**of_row)]}
    return reply(json.dumps(rows | beside if behind else beside | rows).encode())


def outcome(answer: bytes, caller: Caller = CALLERS[0]) -> Any:
    with RawServer(replies(answer)) as server:
        (result,) = caller(server.url, calls=1, max_retries=2)
    assert len(server.requests) == 1
    return result


PARTIAL: list[tuple[dict[str, Any], str]] = [
    ({"hasMore": True}, "$.hasMore"),
    ({"has_more": True}, "$.has_more"),
    ({"has_more": "true"}, "$.has_more"),
    ({"hasNextPage": True}, "$.hasNextPage"),
    ({"truncated": True}, "$.truncated"),
    ({"isTruncated": True}, "$.isTruncated"),
    ({"partial": True}, "$.partial"),
    ({"more": True}, "$.more"),
    ({"cursor": "abc"}, "$.cursor"),
    ({"nextCursor": "abc"}, "$.nextCursor"),
    ({"next_cursor": 17}, "$.next_cursor"),
    ({"endCursor": "abc"}, "$.endCursor"),
    ({"next": "/api/v1/usage/bid_1?page=2"}, "$.next"),
    ({"next": {"href": "/2"}}, "$.next"),
    ({"nextPage": 2}, "$.nextPage"),
    ({"next_page_token": "t"}, "$.next_page_token"),
    ({"nextPageToken": "t"}, "$.nextPageToken"),
    ({"pageToken": "t"}, "$.pageToken"),
    ({"NextToken": "t"}, "$.NextToken"),
    ({"continuationToken": "t"}, "$.continuationToken"),
    ({"@odata.nextLink": "/2"}, "$.@odata.nextLink"),
    ({"LastEvaluatedKey": {"id": 5}}, "$.LastEvaluatedKey"),
    ({"pagination": {"next": "/2"}}, "$.pagination.next"),
    ({"links": {"self": "/1", "next": "/2"}}, "$.links.next"),
    ({"_links": {"next": {"href": "/2"}}}, "$._links.next"),
    ({"meta": {"page": {"has_more": True}}}, "$.meta.page.has_more"),
    ({"pageInfo": {"hasNextPage": True, "endCursor": None}}, "$.pageInfo.hasNextPage"),
    ({"meta": {"totalPages": 3, "page": 1}}, "$.meta.totalPages"),
    ({"totalCount": 2}, "$.totalCount"),
    ({"error": {"code": 3, "message": "half of it"}}, "$.error"),
    ({"error": "timeout"}, "$.error"),
    ({"errors": ["timeout"]}, "$.errors"),
    ({"success": False}, "$.success"),
    ({"success": "false"}, "$.success"),
    ({"links": [{"rel": "self"}, {"rel": "next", "href": "/2"}]}, "$.links"),
    ({"isComplete": False}, "$.isComplete"),
    ({"last": False, "totalElements": 1}, "$.last"),
    ({"totalElements": 2}, "$.totalElements"),
    ({"nextPageNumber": 2}, "$.nextPageNumber"),
    ({"more_available": True}, "$.more_available"),
    ({"hasMoreRows": True}, "$.hasMoreRows"),
    ({"resultsTruncated": True}, "$.resultsTruncated"),
    ({"resumeToken": "t"}, "$.resumeToken"),
    ({"status": "PARTIAL"}, "$.status"),
    ({"errorCode": 17}, "$.errorCode"),
    ({"total": 500, "limit": 100, "offset": 0}, "$.total"),
    ({"page": 1, "per_page": 50, "count": 70}, "$.count"),
    ({"pagination": {"pageSize": 1, "total": 2}}, "$.pagination.total"),
]


@every_caller
@pytest.mark.parametrize("behind", [True, False], ids=["behind data", "before data"])
@pytest.mark.parametrize(("beside", "where"), PARTIAL, ids=lambda value: str(value)[:60])
def test_part_is_refused(caller: Caller, beside: dict[str, Any], where: str, behind: bool) -> None:
    error = outcome(answer(beside, behind=behind), caller)
    assert isinstance(error, ResponseValidationError)
    assert (error.where, error.expected) == (where, "the whole usage")
    check_error(error)


@pytest.mark.parametrize(
    "beside",
    [
        {"hasMore": False},
        {"has_more": None},
        {"has_more": "false"},
        {"truncated": False, "partial": False},
        {"cursor": None},
        {"nextCursor": ""},
        {"next": None, "nextPage": None, "nextPageToken": ""},
        {"pagination": {"next": None, "hasMore": False, "totalPages": 1, "page": 1}},
        {"links": {"self": "/api/v1/usage/bid_1", "next": ""}},
        {"meta": {"totalCount": 1, "requestId": "r"}},
        {"requestId": "r-1"},
        {"error": None, "errors": []},
        {"success": True, "ok": "true", "isComplete": True, "last": True},
        {"links": [{"rel": "self", "href": "/1"}, "next"], "totalElements": 1},
        {
            "nextBillingDate": "2025-02-01",
            "moreInfo": "https://x",
            "hasNextInvoice": True,
            "partner": "p",
            "pages": 1,
        },
        {"extra": {"data": [{"hasMore": True}]}},
        {"status": "complete", "errorCode": None, "total": 500, "limit": 10_000},
        {"total": 1, "offset": 0, "count": True, "paging": {"cursors": {"after": "x"}}},
    ],
    ids=lambda value: str(value)[:60],
)
def test_whole_is_taken(beside: dict[str, Any]) -> None:
    assert outcome(answer(beside)) == 12
    assert outcome(answer(beside, behind=False, unit="calls")) == 12


def test_what_a_row_says_of_itself_is_no_page() -> None:
    assert outcome(answer({}, hasMore=True, next="x", error="y")) == 12


@pytest.mark.parametrize("copies", [1, 2])
def test_rows_are_told_from_a_copy_of_them(copies: int) -> None:
    rows = usage_body()[len(b'{"data": ') : -1]
    body = b'{"copy": %b, "data": %b, "hasMore": true}' % (rows * copies, rows)
    if copies == 2:
        body = body.replace(rows * 2, b"[%b, %b]" % (rows, rows))
    error = outcome(reply(body))
    assert isinstance(error, ResponseValidationError)
    assert error.where in ("$", "$.hasMore")


def test_flag_that_is_given_twice_is_no_json() -> None:
    error = outcome(reply(b'{"hasMore": true, "data": [], "hasMore": false}'))
    assert isinstance(error, ResponseValidationError)
    assert "key twice" in error.got


HEADERS = [
    ("Link", '</api/v1/usage/bid_1?page=2>; rel="next"'),
    ("Link", "</1>; rel=self, </2>; rel=next"),
    ("link", '</2>; title="x"; REL="last next"'),
    ("link", '</2>; rel="next last"'),
    ("Content-Range", "items 0-99/500"),
]


@every_caller
@pytest.mark.parametrize(("name", "value"), HEADERS)
def test_header_of_a_part(caller: Caller, name: str, value: str) -> None:
    error = outcome(reply(headers={name: value}), caller)
    assert isinstance(error, ResponseValidationError)
    assert error.where == f"header {name.title()}"
    check_error(error)


@pytest.mark.parametrize(
    "value",
    [
        "</api/v1/usage/bid_1>; rel=self",
        '</>; rel="nextgen"',
        '</next>; rel="prev"',
        "</>; rel=next-archive",
    ],
)
def test_link_to_somewhere_else(value: str) -> None:
    assert outcome(reply(headers={"Link": value})) == 12


def test_key_in_a_cursor_is_redacted() -> None:
    error = outcome(answer({"nextCursor": KEY}))
    assert KEY not in str(error)
