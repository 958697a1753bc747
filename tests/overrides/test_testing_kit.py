"""The fake API for tests: what it answers, what goes wrong in it, in memory as over a socket."""

from __future__ import annotations

import asyncio
import datetime
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, get_args

import httpx
import pytest
import trio

from oneloop import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    AsyncOneloop,
    AuthenticationError,
    BadRequestError,
    BillingUsage,
    ConflictError,
    InternalServerError,
    NotFoundError,
    Oneloop,
    OneloopError,
    PermissionDeniedError,
    RateLimitError,
    ResponseValidationError,
    UnprocessableEntityError,
    UsageRow,
)
from oneloop.sandbox import Sandbox
from oneloop.sandbox.api import spec_of
from oneloop.testing import FAULTS, Call, FakeAPI, FaultName
from tests.clock import LATE, ends_within
from tests.faces import KEY

BID = "bid_acme"
DAY = datetime.date(2025, 1, 31)
WIDEST = 10**38 - 1


def in_a_thread(api: FakeAPI, **options: Any) -> BillingUsage:
    return api.client(**options).get_billing_usage(BID)


def under_asyncio(api: FakeAPI, **options: Any) -> BillingUsage:
    async def main() -> BillingUsage:
        return await api.async_client(**options).get_billing_usage(BID)

    return asyncio.run(main())


def under_trio(api: FakeAPI, **options: Any) -> BillingUsage:
    async def main() -> BillingUsage:
        return await api.async_client(**options).get_billing_usage(BID)

    return trio.run(main)


Caller = Callable[..., BillingUsage]
every_caller = pytest.mark.parametrize("caller", [in_a_thread, under_asyncio, under_trio])
every_way = pytest.mark.parametrize("socket", [False, True], ids=["in memory", "over a socket"])


@pytest.fixture
def api(oneloop_api: FakeAPI) -> FakeAPI:
    oneloop_api.set_usage(BID, [(DAY, "api-calls", 1200), ("2025-02-01", "seats", WIDEST)])
    return oneloop_api


# What a request meets → what a client without retries raises.
ERRORS: list[tuple[FaultName | int, type[OneloopError], str]] = [
    ("429 then right", RateLimitError, "retry after 0 s"),
    ("503 then right", InternalServerError, "retry after 0 s"),
    ("refused", APIConnectionError, "Connection refused"),
    ("slow", APITimeoutError, "1 try"),
    ("drip", APITimeoutError, "1 try"),
    ("no answer", APITimeoutError, "1 try"),
    ("reset", APIConnectionError, "Connection reset by peer"),
    ("hang up", APIConnectionError, "closed .*without an answer"),
    ("cut short", APIConnectionError, "without sending complete message body"),
    ("not HTTP", APIConnectionError, "illegal status line"),
    ("HTML", ResponseValidationError, "text/html"),
    ("empty", ResponseValidationError, "valid JSON"),
    ("not JSON", ResponseValidationError, "valid JSON"),
    ("too large", ResponseValidationError, "at most 100000 bytes"),
    ("wrong count", ResponseValidationError, r"\$.data\[1\].totalBillingUsage: .* got 'ddd'"),
    ("wrong day", ResponseValidationError, r"\$.data\[1\].day"),
    ("another id", ResponseValidationError, r"\$.data\[1\].billingId"),
    ("no list", ResponseValidationError, r"\$.data"),
    ("partial", ResponseValidationError, r"\$.hasMore"),
    (204, APIStatusError, "204"),
    (302, APIStatusError, "302"),
    (400, BadRequestError, "the test asked for a 400"),
    (401, AuthenticationError, "code 401"),
    (403, PermissionDeniedError, "403"),
    (404, NotFoundError, "404"),
    (409, ConflictError, "409"),
    (422, UnprocessableEntityError, "422"),
    (429, RateLimitError, "429"),
    (500, InternalServerError, "500"),
    (520, InternalServerError, "520"),
    (999, APIStatusError, "999"),
]


def outcome(caller: Caller, api: FakeAPI, *, socket: bool, timeout: float) -> OneloopError:
    """Return the error that a call without retries comes to."""
    with pytest.raises(OneloopError) as caught:
        caller(api, socket=socket, timeout=timeout, max_retries=0, max_response_bytes=100_000)
    return caught.value


def calls(api: FakeAPI) -> list[Call]:
    """Return what was asked; the server may note it after the client has given up."""
    deadline = time.monotonic() + LATE
    while not api.calls and time.monotonic() < deadline:
        time.sleep(0.01)
    return api.calls[:]


@every_caller
@pytest.mark.parametrize(
    ("fault", "error", "words"), [pytest.param(*case, id=str(case[0])) for case in ERRORS]
)
def test_a_fault_is_the_same_error_in_memory_and_over_a_socket(
    caller: Caller, api: FakeAPI, fault: FaultName | int, error: type[Exception], words: str
) -> None:
    timeout = 0.1 if error is APITimeoutError else 10
    seen = []
    for socket in (False, True):
        api.fail(fault)
        with ends_within(timeout):
            raised = outcome(caller, api, socket=socket, timeout=timeout)
        assert type(raised) is error
        assert re.search(words, str(raised))
        details = {**vars(raised), "got": None}
        seen.append((details, calls(api) if fault != "refused" else api.calls[:]))
        api.calls.clear()
    assert seen[0] == seen[1]
    api.clear_faults()
    assert caller(api, socket=True).total == caller(api).total == WIDEST + 1200


def test_every_fault_is_in_the_table() -> None:
    named = [fault for fault, _, _ in ERRORS if isinstance(fault, str)]
    assert named == list(FAULTS) == list(get_args(FaultName))


@every_way
@every_caller
def test_usage_that_was_set_comes_back(caller: Caller, api: FakeAPI, socket: bool) -> None:
    usage = caller(api, socket=socket)
    assert [(row.day, row.name, row.total) for row in usage] == [
        (DAY, "api-calls", 1200),
        (datetime.date(2025, 2, 1), "seats", WIDEST),
    ]
    assert api.calls == [Call("GET", f"/api/v1/usage/{BID}", BID, None)]


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(BillingUsage(BID, [UsageRow(DAY, "n", 1, BID)]), id="usage"),
        pytest.param([UsageRow(DAY, "n", 1, BID)], id="rows"),
        pytest.param((row for row in [("2025-01-31T00:00:00Z", "n", 1)]), id="an iterator"),
        pytest.param([[DAY, "n", 1]], id="lists"),
    ],
)
def test_usage_is_given_as_one_has_it(oneloop_api: FakeAPI, given: Any) -> None:
    oneloop_api.set_usage(BID, given)
    found = in_a_thread(oneloop_api)
    assert found.rows == (UsageRow(DAY, "n", 1, BID),)
    oneloop_api.set_usage(BID, [])
    assert in_a_thread(oneloop_api).rows == ()


@pytest.mark.parametrize(
    ("bid", "given", "error", "words"),
    [
        ("", [], ValueError, "1 to 256 characters"),
        ("a/b", [], ValueError, "no path"),
        (5, [], TypeError, "is a str, not int"),
        (BID, None, TypeError, "a BillingUsage or its rows, not NoneType"),
        (BID, "rows", TypeError, "a BillingUsage or its rows, not str"),
        (BID, ["abc"], TypeError, r"rows\[0\] is \(day, name, total\)"),
        (BID, [(DAY, "n", 1), (DAY, "n")], TypeError, r"rows\[1\] is \(day, name, total\)"),
        (BID, [("x" * 9000,) * 2], TypeError, "long"),
        (BID, [("2025-02-30", "n", 1)], ValueError, r"rows\[0\].day is a day .* '2025-02-30'"),
        (BID, [("01/02/2025", "n", 1)], ValueError, r"rows\[0\].day"),
        (BID, [(datetime.datetime(2025, 1, 1), "n", 1)], TypeError, r"rows\[0\].day"),
        (BID, [(DAY, None, 1)], TypeError, r"rows\[0\].name is of type str"),
        (BID, [(DAY, "a\ud800", 1)], ValueError, r"rows\[0\].name holds half a character"),
        (BID, [(DAY, "n", "12")], TypeError, r"rows\[0\].total is of type int, not str"),
        (BID, [(DAY, "n", True)], TypeError, r"rows\[0\].total is of type int, not bool"),
        (BID, [(DAY, "n", 1.0)], TypeError, r"rows\[0\].total is of type int, not float"),
        (BID, [(DAY, "n", -1)], ValueError, r"rows\[0\].total has 1 to 38 digits"),
        (BID, [(DAY, "n", 10**38)], ValueError, r"rows\[0\].total has 1 to 38 digits"),
        (BID, [UsageRow(DAY, "n", 1, "b")], ValueError, r"rows\[0\].billing_id"),
        (BID, BillingUsage("b", [UsageRow(DAY, "n", 1, "b")]), ValueError, "usage of 'b'"),
        (BID, BillingUsage("b", []), ValueError, "usage of 'b', not of 'bid_acme'"),
    ],
)
def test_usage_that_cannot_be_is_refused_in_words(
    api: FakeAPI, bid: Any, given: Any, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words) as caught:
        api.set_usage(bid, given)
    assert len(str(caught.value)) < 600
    assert in_a_thread(api).total == WIDEST + 1200, "what was set before stays"


@pytest.mark.parametrize(
    ("fault", "options", "error", "words"),
    [
        ("flood", {}, ValueError, "no fault 'flood'; there are '429 then right', .* any status"),
        (True, {}, TypeError, "not bool"),
        (None, {}, TypeError, "not NoneType"),
        (200, {}, ValueError, "from 201 to 999, not 200"),
        (1000, {}, ValueError, "from 201 to 999"),
        ("reset", {"bid": "a/b"}, ValueError, "no path"),
        ("reset", {"times": 0}, ValueError, "an int from 1, not '0'"),
        ("reset", {"times": 1.5}, ValueError, "an int from 1"),
        ("reset", {"times": True}, ValueError, "an int from 1"),
        ("refused", {"bid": BID}, ValueError, "until clear_faults"),
        ("refused", {"times": 2}, ValueError, "until clear_faults"),
        ("reset", {"retry_after": 1}, ValueError, "for a status, not for 'reset'"),
        (429, {"retry_after": "1\r\nX: y"}, ValueError, "a header can hold"),
        (429, {"retry_after": "é"}, ValueError, "a header can hold"),
        (429, {"retry_after": 1.5}, TypeError, "not float"),
        ("reset", {"seconds": 1}, ValueError, "for 'slow' and 'drip', not for 'reset'"),
        (503, {"seconds": 1}, ValueError, "for 'slow' and 'drip', not for 503"),
        ("slow", {"seconds": -1}, ValueError, "from 0"),
        ("slow", {"seconds": float("nan")}, ValueError, "from 0"),
        ("slow", {"seconds": "1"}, TypeError, "not str"),
    ],
)
def test_fault_that_cannot_be_is_refused_in_words(
    api: FakeAPI, fault: Any, options: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words) as caught:
        api.fail(fault, **options)
    assert len(str(caught.value)) < 600
    assert in_a_thread(api, max_retries=0).total == WIDEST + 1200, "nothing fails"


@every_way
@pytest.mark.parametrize("status", [201, 204, 205, 302, 304, 599, 999])
def test_any_status_is_an_answer_that_ends(api: FakeAPI, socket: bool, status: int) -> None:
    api.fail(status, times=2)
    client = api.client(socket=socket, max_retries=0, timeout=2)
    for _ in range(2):  # the second on the same connection
        with pytest.raises(APIStatusError) as caught:
            client.get_billing_usage(BID)
        assert caught.value.status_code == status
    assert client.get_billing_usage(BID).rows


@every_way
def test_a_fault_is_for_an_id_and_so_many_times(api: FakeAPI, socket: bool) -> None:
    api.set_usage("other", [])
    client = api.client(socket=socket, max_retries=0)
    api.fail(503, bid=BID, times=2)
    api.fail("wrong count", bid=BID, times=1)
    api.fail(404, bid="nobody")
    seen: list[Any] = []
    for bid in [BID, "other", BID, BID, BID, "nobody", "nobody"]:
        try:
            seen.append(client.get_billing_usage(bid).billing_id)
        except OneloopError as error:
            seen.append(type(error))
    assert seen == [
        InternalServerError,
        "other",
        InternalServerError,
        ResponseValidationError,
        BID,
        NotFoundError,
        NotFoundError,
    ]
    assert [call.fault for call in api.calls] == [503, None, 503, "wrong count", None, 404, 404]


@every_way
@every_caller
@pytest.mark.parametrize("fault", ["429 then right", "503 then right"])
def test_then_right_is_a_retry(
    caller: Caller, api: FakeAPI, socket: bool, fault: FaultName, no_pauses: None
) -> None:
    api.fail(fault)
    usage = caller(api, socket=socket)
    assert usage.total == WIDEST + 1200
    assert usage.response
    assert usage.response.tries == 2
    assert api.asked == [BID, BID]


@every_way
def test_retry_after_is_what_was_asked_for(api: FakeAPI, socket: bool) -> None:
    client = api.client(socket=socket, max_retries=0)
    for given, read in ((7, 7.0), ("soon", None), (None, None)):
        api.fail(429, retry_after=given, times=1)
        with pytest.raises(RateLimitError) as caught:
            client.get_billing_usage(BID)
        assert caught.value.retry_after == read


@every_way
@every_caller
def test_slow_is_really_waited_for(caller: Caller, api: FakeAPI, socket: bool) -> None:
    api.fail("slow", seconds=0.2)
    began = time.monotonic()
    assert caller(api, socket=socket).total == WIDEST + 1200
    assert time.monotonic() - began >= 0.2


@every_way
@every_caller
def test_slow_ends_with_the_deadline(caller: Caller, api: FakeAPI, socket: bool) -> None:
    api.fail("slow", seconds=3600)
    began = time.monotonic()
    with ends_within(0.2), pytest.raises(APITimeoutError, match="after 1 try"):
        caller(api, socket=socket, timeout=0.2)
    assert time.monotonic() - began >= 0.2
    assert [call.bid for call in calls(api)] == [BID]


def test_an_id_without_usage_gets_what_the_real_api_gives(api: FakeAPI) -> None:
    for socket in (False, True):
        with pytest.raises(BadRequestError, match="unknown billing id: nobody"):
            api.client(socket=socket).get_billing_usage("nobody")


@every_way
def test_answers_are_of_the_spec(api: FakeAPI, socket: bool) -> None:
    """What isn't a fault that was asked for passes the sandbox's own check."""
    spec = spec_of(None)
    (operation,) = (each for each in spec.operations if each.id == "getBillingUsage")
    responses = dict(operation.responses)
    api.set_usage("empty", [])
    documented = {f"gets-{key}": int(key) for key in responses if key[0] in "45"}
    for bid, status in documented.items():
        api.fail(status, bid=bid)
    transport = None if socket else api.transport
    with httpx.Client(transport=transport, base_url=api.serve()) as client:
        client.headers["Authorization"] = "Bearer any"
        for bid, status in {BID: 200, "empty": 200, "nobody": 400, **documented}.items():
            answer = client.get(f"/api/v1/usage/{bid}")
            assert answer.status_code == status
            content = responses[str(status)].get("content").get("application/json")
            assert spec.responses.flaw(content.at("schema"), answer.json()) is None
        del client.headers["Authorization"]
        assert client.get(f"/api/v1/usage/{BID}").status_code == 401, "any key, but one"
        assert client.get("/api/v1/nothing").status_code == 404
        assert client.post(f"/api/v1/usage/{BID}").status_code == 405


def test_the_sandbox_answers_an_id_as_the_fake_does(api: FakeAPI) -> None:
    with Sandbox() as sandbox, httpx.Client(headers={"Authorization": "Bearer sandbox-key"}) as it:
        rows = it.get(f"{sandbox.url}/api/v1/usage/{BID}").json()["data"]
        api.set_usage(
            BID,
            [
                (each["day"], each["billingUsageName"], int(each["totalBillingUsage"]))
                for each in rows
            ],
        )
        assert it.get(f"{api.serve()}/api/v1/usage/{BID}").json() == {"data": rows}


def test_no_key_is_kept(api: FakeAPI) -> None:
    for socket in (False, True):
        api.client(socket=socket, api_key=KEY).get_billing_usage(BID)
    assert api.asked == [BID, BID]
    assert KEY not in repr((api, api.calls, vars(api), api.transport))


def test_a_client_of_ones_own_takes_the_transport(api: FakeAPI) -> None:
    with Oneloop(api_key="any", transport=api.transport) as client:
        assert client.get_billing_usage(BID).total == WIDEST + 1200
        assert client.api.get_billing_usage(BID).data

    async def main() -> int:
        async with AsyncOneloop(api_key="any", transport=api.transport) as client:
            return (await client.get_billing_usage(BID)).total

    assert asyncio.run(main()) == WIDEST + 1200


def test_a_process_finds_it_by_the_environment(api: FakeAPI) -> None:
    program = f"from oneloop import Oneloop; print(Oneloop().get_billing_usage({BID!r}).total)"
    environment = os.environ | {"ONELOOP_BASE_URL": api.serve(), "ONELOOP_API_KEY": "any"}
    run = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert run.stdout == f"{WIDEST + 1200}\n"


@every_way
def test_many_ids_in_threads(oneloop_api: FakeAPI, socket: bool) -> None:
    ids = [f"bid_{number}" for number in range(60)]
    for number, bid in enumerate(ids):
        oneloop_api.set_usage(bid, [(DAY, "api-calls", number)])
    oneloop_api.fail("another id", times=7)
    client = oneloop_api.client(socket=socket, max_retries=0)
    with client.iter_billing_usage(ids) as results:
        found = {result.billing_id: result.usage for result in results}
    assert sum(usage is None for usage in found.values()) == 7
    assert all(usage.total == ids.index(bid) for bid, usage in found.items() if usage)


def test_all_is_closed_at_the_end() -> None:
    before = threading.active_count()
    with FakeAPI() as api:
        api.set_usage(BID, [])
        clients = [api.client(), api.client(socket=True)]
        awaited = api.async_client(socket=True)
        under_asyncio(api, socket=True)
        clients[1].get_billing_usage(BID)
        url = api.serve()
        assert url == api.serve()
    assert threading.active_count() == before
    for client in clients:
        with pytest.raises(OneloopError, match="closed"):
            client.get_billing_usage(BID)
    with pytest.raises(OneloopError, match="closed"):
        asyncio.run(awaited.get_billing_usage(BID))
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)


def test_closing_ends_an_answer_that_is_awaited() -> None:
    with FakeAPI() as api, ends_within(0):
        api.fail("no answer")
        asked = threading.Thread(target=outcome, args=[in_a_thread, api], kwargs=PATIENT)
        asked.start()
        while not api.calls:
            time.sleep(0.01)
        api.close()
        asked.join()


PATIENT = {"socket": True, "timeout": 60}


def test_refused_is_over_when_faults_are_cleared(api: FakeAPI) -> None:
    client = api.client(socket=True, max_retries=0)
    api.fail("refused")
    for _ in range(2):
        with pytest.raises(APIConnectionError, match="refused"):
            client.get_billing_usage(BID)
    assert api.calls == []
    api.clear_faults()
    assert client.get_billing_usage(BID).total == WIDEST + 1200
    assert api.serve() == str(httpx.URL(api.serve()))
    api.fail("refused")
    api.close()


def test_clear_forgets_all(api: FakeAPI) -> None:
    api.fail(500)
    with pytest.raises(InternalServerError):
        in_a_thread(api, max_retries=0)
    assert repr(api) == "<FakeAPI: 1 billing ids, 1 faults, 1 calls>"
    api.clear()
    assert repr(api) == "<FakeAPI: 0 billing ids, 0 faults, 0 calls>"
    with pytest.raises(BadRequestError):
        in_a_thread(api)
