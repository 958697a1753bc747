"""The API that a test talks to: what it is given, what it is to do wrong, what it was asked."""

from __future__ import annotations

import contextlib
import json
import math
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, NamedTuple, Self

import attrs
import httpx

from oneloop.client import AsyncOneloop, Oneloop
from oneloop.sandbox import usage as wire
from oneloop.sandbox.api import API, spec_of
from oneloop.sandbox.server import Answer, Reply, Request
from oneloop.testing import faults
from oneloop.testing.faults import FaultName
from oneloop.testing.given import Usage, usage_of
from oneloop.testing.memory import BASE_URL, MemoryTransport
from oneloop.testing.port import Port

_KEY = "fake-key"


class Call(NamedTuple):
    """One request that reached the API; a retry is another."""

    method: str
    path: str
    """Percent-encoded, without a query."""
    bid: str | None
    """The billing id whose usage was asked for; None for any other operation."""
    fault: str | int | None
    """The fault that it met."""


class FakeAPI:
    """A Oneloop API for tests: a context manager, for several threads at once.

    It takes any key, checks each request by the spec, and answers as the spec says unless a fault
    is asked for: usage that was set, 400 for every other billing id, and any other operation with
    its example. Leaving the block closes its clients and its port.
    """

    transport: MemoryTransport
    """This API as an httpx transport, for a client that the tested code makes itself:
    `Oneloop(api_key="any", transport=api.transport)`, and `AsyncOneloop` as well."""
    calls: list[Call]
    """What was asked, in order, each try of a call. The key isn't kept."""

    def __init__(self) -> None:
        self._usage: dict[str, wire.Rows] = {}
        self._faults: list[_Injected] = []
        self._is_down = False
        self._lock = threading.RLock()
        self._api = API(spec_of(None), self._usage.get, None)
        self._clients = contextlib.ExitStack()
        self._port = Port(self._answer)
        self.transport = MemoryTransport(self._answer_in_memory)
        self.calls = []

    @property
    def asked(self) -> list[str]:
        """The billing ids whose usage was asked for, in order, each try of a call."""
        return [call.bid for call in self.calls if call.bid is not None]

    def set_usage(self, bid: str, usage: Usage) -> None:
        """Say what the usage of a billing id is, in place of what it was.

        Args:
            bid: the billing id, 1 to 256 characters.
            usage: a `BillingUsage`, or rows: each a `UsageRow`, or the day, the name and the
                total. A day is a `datetime.date` or ISO 8601 text such as "2025-01-31"; a total
                is an int of 1 to 38 digits. No rows are usage as well.

        Raises:
            TypeError, ValueError: `bid` can't be a billing id, or the usage isn't usage of it; in
                words, with the row's number. What was set before stays.
        """
        rows = usage_of(bid, usage)
        self._usage[bid] = [wire.row(bid, row.day, row.name, row.total) for row in rows]

    def fail(
        self,
        fault: FaultName | int,
        *,
        bid: str | None = None,
        times: int | None = None,
        retry_after: int | str | None = None,
        seconds: float | None = None,
    ) -> None:
        """Have requests meet a fault, in memory and over the socket alike.

        A request meets the first fault, in the order in which they were asked for, that is for its
        billing id and isn't used up. So `fail(503, times=2)` and then `fail("reset", times=1)` are
        two answers of 503, a reset, and right answers from then on.

        Args:
            fault: a name, see `FAULTS` for what each means; or a status from 201 to 999, with the
                error's body that the spec documents.
            bid: the billing id whose usage it is for; None for every request. The faults in what
                an answer says are for requests for usage alone.
            times: how often; None for always, and for once with "429 then right" and
                "503 then right". Each try of a call counts.
            retry_after: the header `Retry-After` of a status: seconds, or any text.
            seconds: how long "slow" takes, 1 unless given; how long each byte of "drip" takes, 0.1
                unless given. They are really waited for, as far as the client's `timeout` allows.

        Raises:
            TypeError, ValueError: there is no such fault, or it doesn't go with such an argument:
                "refused" with neither `bid` nor `times`, since nothing is asked then.
        """
        faults.check(fault, bid=bid, times=times, retry_after=retry_after, seconds=seconds)
        if fault == faults.REFUSED:
            self._is_down = True
            self._port.shut()
            return
        if fault in faults.THEN_RIGHT:
            times = 1 if times is None else times
            retry_after = 0 if retry_after is None else retry_after
        with self._lock:
            make = self._maker(fault, retry_after, seconds)
            self._faults.append(_Injected(fault, bid, math.inf if times is None else times, make))

    def clear_faults(self) -> None:
        """Answer right from now on."""
        with self._lock:
            self._faults.clear()
            self._is_down = False
            self._port.reopen()

    def clear(self) -> None:
        """Forget faults, usage and calls."""
        self.clear_faults()
        self._usage.clear()
        self.calls.clear()

    def client(self, *, socket: bool = False, **options: Any) -> Oneloop:
        """Return a client of this API, which is closed at the end of the test.

        Args:
            socket: whether it connects to a port on this machine; else nothing leaves this
                process.
            options: those of `Oneloop`; a key isn't needed.

        Raises:
            ConfigurationError: an option isn't usable.
        """
        client = Oneloop(**self._options(options, over_socket=socket))
        self._clients.callback(client.close)
        return client

    def async_client(self, *, socket: bool = False, **options: Any) -> AsyncOneloop:
        """Return an asynchronous client of this API, for asyncio and trio; see `client`."""
        client = AsyncOneloop(**self._options(options, over_socket=socket))
        self._clients.callback(_close, client)
        return client

    def serve(self) -> str:
        """Serve over a socket as well, from now on, and return the URL: `http://127.0.0.1:…`.

        For code that makes its client by itself or in another process, such as by the environment
        variables `ONELOOP_BASE_URL` and `ONELOOP_API_KEY`. Any key will do. Serving twice is once.
        """
        return self._port.url(is_shut=self._is_down)

    def close(self) -> None:
        """Close the clients and the port."""
        self._clients.close()
        self._port.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        faulty = sum(each.left > 0 for each in self._faults) + self._is_down
        return (
            f"<FakeAPI: {len(self._usage)} billing ids, {faulty} faults, {len(self.calls)} calls>"
        )

    def _options(self, options: dict[str, Any], *, over_socket: bool) -> dict[str, Any]:
        if over_socket:
            return {"api_key": _KEY, "base_url": self.serve(), **options}
        return {"api_key": _KEY, "base_url": BASE_URL, "transport": self.transport, **options}

    def _answer_in_memory(self, request: Request) -> Answer:
        if self._is_down:
            raise httpx.ConnectError("Connection refused")
        return self._answer(request)

    def _answer(self, request: Request) -> Answer:
        bid = self._api.billing_id(request)
        with self._lock:
            fault = next((each for each in self._faults if each.strikes(bid)), None)
            if fault:
                fault.left -= 1
            path = request.target.partition("?")[0]
            name = fault.name if fault else None
            self.calls.append(Call(request.method, path, bid, name))
        return fault.answer(request, bid) if fault else self._api.answer(request)

    def _maker(
        self, fault: str | int, retry_after: int | str | None, seconds: float | None
    ) -> Callable[[Request, str | None], Answer]:
        """Return what makes a fault's answer to a request for the usage of a billing id."""
        status = faults.THEN_RIGHT.get(fault, fault) if isinstance(fault, str) else fault
        if isinstance(status, int):
            return lambda request, _: self._status(request, status, retry_after)
        if status in wire.WRONG:
            wrong = wire.WRONG[status][1]
            return lambda _, bid: _success(wrong(bid or "", self._usage.get(bid or "", [])))
        spoil = faults.HTTP[status].answer
        pause = faults.SECONDS.get(status, 0.0) if seconds is None else seconds
        return lambda request, _: spoil(self._api.answer(request), pause)

    def _status(self, request: Request, status: int, retry_after: int | str | None) -> Reply:
        reply = self._api.error(request, status, f"the test asked for a {status}")
        if retry_after is None:
            return reply
        headers = [*reply.headers, ("Retry-After", str(retry_after))]
        return Reply(reply.status, headers, reply.body)


@attrs.define
class _Injected:
    """A fault that was asked for."""

    name: str | int
    bid: str | None
    left: float
    answer: Callable[[Request, str | None], Answer]

    def strikes(self, bid: str | None) -> bool:
        """Whether a request for the usage of a billing id meets it."""
        if self.left <= 0 or (self.name in wire.WRONG and bid is None):
            return False
        return self.bid is None or self.bid == bid


def _success(body: dict[str, Any]) -> Reply:
    return Reply(200, [("Content-Type", "application/json")], json.dumps(body).encode())


def _close(client: AsyncOneloop) -> None:
    """Close a client outside its event loop, which may be over: nothing is waited for."""
    with contextlib.suppress(StopIteration):
        client.aclose().send(None)
