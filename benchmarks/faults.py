"""A loopback server whose billing ids say what they get: `reset-17` a reset, `plain-18` usage."""

from __future__ import annotations

import datetime
import json
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

from benchmarks.loopback import serve
from oneloop.sandbox import usage
from oneloop.sandbox.server import Answer, HTTPServer, Reply, Request, Script, written
from oneloop.testing import faults

DRIP_SECONDS = 0.1
"""Between one byte and the next of a dripping answer."""

_DAY = datetime.date(2025, 1, 31)
_JSON = [("Content-Type", "application/json")]


def totals(number: int) -> list[int]:
    """Return the counts in the usage of the id with this number."""
    return [number + index for index in range(number % 4 + 1)]


def _rows(bid: str, number: int) -> usage.Rows:
    return [usage.row(bid, _DAY, "api-calls", total) for total in totals(number)]


def _reply(body: Any, status: int = 200, *headers: tuple[str, str]) -> Reply:
    return Reply(status, [*_JSON, *headers], json.dumps(body).encode())


def _usage(bid: str, number: int) -> Reply:
    return _reply({"data": _rows(bid, number)})


def _refusal(status: int, *headers: tuple[str, str]) -> Callable[[str, int], Reply]:
    body = {"error": {"code": status, "message": "injected"}}
    return lambda _bid, _number: _reply(body, status, *headers)


def _fault(name: str) -> Callable[[str, int], Answer]:
    """Return what makes a fault of the testing kit."""
    if name in usage.WRONG:
        wrong = usage.WRONG[name][1]
        return lambda bid, number: _reply(wrong(bid, _rows(bid, number)))
    return lambda bid, number: faults.HTTP[name].answer(_usage(bid, number), DRIP_SECONDS)


class Kind(NamedTuple):
    """A kind of answer: the error that it must become (None: the usage), and what makes it."""

    error: str | None
    answer: Callable[[str, int], Answer]


_AT_ONCE = ("Retry-After", "0")
KINDS = {
    "plain": Kind(None, _usage),
    "hangup": Kind(None, lambda *of: Script([written(_usage(*of))])),
    "reset_once": Kind(None, _usage),
    "unavailable_once": Kind(None, _usage),
    "reset": Kind("APIConnectionError", _fault("reset")),
    "silent": Kind("APIConnectionError", _fault("hang up")),
    "truncated": Kind("APIConnectionError", _fault("cut short")),
    "not_http": Kind("APIConnectionError", _fault("not HTTP")),
    "drip": Kind("APITimeoutError", _fault("drip")),
    "unauthorized": Kind("AuthenticationError", _refusal(401)),
    "too_many": Kind("RateLimitError", _refusal(429, _AT_ONCE)),
    "broken": Kind("InternalServerError", _refusal(500)),
    "unavailable": Kind("InternalServerError", _refusal(503, _AT_ONCE)),
    "teapot": Kind("APIStatusError", _refusal(418)),
    "html": Kind("ResponseValidationError", _fault("HTML")),
    "cut_json": Kind("ResponseValidationError", _fault("not JSON")),
    "letters": Kind("ResponseValidationError", _fault("wrong count")),
    "stranger": Kind("ResponseValidationError", _fault("another id")),
}


class _Answers:
    """What each id gets; of those of a kind that is once so, the first time another."""

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __call__(self, request: Request) -> Answer:
        bid = request.target.rpartition("/")[2]
        kind, _, number = bid.rpartition("-")
        if kind.endswith("_once"):
            with self._lock:
                self._seen[bid] += 1
                is_first = self._seen[bid] == 1
            kind = kind.removesuffix("_once") if is_first else kind
        return KINDS[kind].answer(bid, int(number))


if __name__ == "__main__":
    server = HTTPServer(_Answers())
    serve(server, lambda: server.open)
