"""A loopback server whose billing ids say what they get: `reset-17` a reset, `plain-18` usage."""

from __future__ import annotations

import asyncio
import json
import socket
from collections import Counter
from collections.abc import Callable
from http import HTTPStatus
from typing import ClassVar, NamedTuple

from benchmarks.loopback import Connection, serve

DRIP_SECONDS = 0.1
"""Between one byte and the next of a dripping answer."""

_RESET = b"\x01\x00\x00\x00\x00\x00\x00\x00"


def totals(number: int) -> list[int]:
    """Return the counts in the usage of the id with this number."""
    return [number + index for index in range(number % 4 + 1)]


def _usage(bid: str, number: int) -> bytes:
    return _reply(_rows(bid, [str(total) for total in totals(number)]))


def _rows(bid: str, counts: list[str]) -> bytes:
    plain = {"billingId": bid, "day": "2025-01-31", "billingUsageName": "api-calls"}
    return json.dumps({"data": [plain | {"totalBillingUsage": count} for count in counts]}).encode()


def _reply(body: bytes, status: int = 200, *headers: str, content_type: str = "json") -> bytes:
    lines = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        f"Content-Type: application/{content_type}",
        f"Content-Length: {len(body)}",
        *headers,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def _refusal(status: int, *headers: str) -> Callable[[str, int], bytes]:
    body = json.dumps({"error": {"code": status, "message": "injected"}}).encode()
    return lambda _bid, _number: _reply(body, status, *headers)


class Kind(NamedTuple):
    """A kind of answer: the error that it must become (None: the usage), its bytes, its end."""

    error: str | None
    answer: Callable[[str, int], bytes]
    end: str = "stay"


KINDS = {
    "plain": Kind(None, _usage),
    "hangup": Kind(None, _usage, "close"),
    "reset_once": Kind(None, _usage),
    "unavailable_once": Kind(None, _usage),
    "reset": Kind("APIConnectionError", lambda *_: b"", "reset"),
    "silent": Kind("APIConnectionError", lambda *_: b"", "close"),
    "truncated": Kind("APIConnectionError", lambda *of: _usage(*of)[:-9], "close"),
    "not_http": Kind("APIConnectionError", lambda *_: b"220 mail.example ESMTP\r\n\r\n", "close"),
    "drip": Kind("APITimeoutError", _usage, "drip"),
    "unauthorized": Kind("AuthenticationError", _refusal(401)),
    "too_many": Kind("RateLimitError", _refusal(429, "Retry-After: 0")),
    "broken": Kind("InternalServerError", _refusal(500)),
    "unavailable": Kind("InternalServerError", _refusal(503, "Retry-After: 0")),
    "teapot": Kind("APIStatusError", _refusal(418)),
    "html": Kind(
        "ResponseValidationError", lambda *_: _reply(b"<html>", content_type="xhtml+markup")
    ),
    "cut_json": Kind("ResponseValidationError", lambda bid, _: _reply(_rows(bid, ["1"])[:-1])),
    "letters": Kind("ResponseValidationError", lambda bid, _: _reply(_rows(bid, ["1", "ddd"]))),
    "stranger": Kind("ResponseValidationError", lambda bid, _: _reply(_rows(f"{bid}0", ["1"]))),
}


class _Connection(Connection):
    open = 0
    seen: ClassVar[Counter[str]] = Counter()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        _Connection.open += 1

    def connection_lost(self, _exc: Exception | None) -> None:
        _Connection.open -= 1

    def answer(self, path: bytes) -> None:
        bid = path.decode().rpartition("/")[2]
        kind, _, number = bid.rpartition("-")
        if kind.endswith("_once"):
            _Connection.seen[bid] += 1
            if _Connection.seen[bid] == 1:
                kind = kind.removesuffix("_once")
        self._send(KINDS[kind].answer(bid, int(number)), KINDS[kind].end)

    def _send(self, answer: bytes, end: str) -> None:
        if end == "drip":
            self._drip(answer)
            return
        self.transport.write(answer)
        if end == "reset":
            connection = self.transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self.transport.abort()
        elif end == "close":
            self.transport.close()

    def _drip(self, rest: bytes) -> None:
        if rest and not self.transport.is_closing():
            self.transport.write(rest[:1])
            asyncio.get_running_loop().call_later(DRIP_SECONDS, self._drip, rest[1:])


if __name__ == "__main__":
    asyncio.run(serve(_Connection, lambda: _Connection.open))
