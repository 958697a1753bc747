"""What can go wrong, by name: each makes of the right answer what goes onto the wire."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple, TypeAlias

from oneloop.errors import excerpt
from oneloop.sandbox import usage
from oneloop.sandbox.server import Answer, End, Reply, Script, written
from oneloop.usage import request_line

FaultName: TypeAlias = Literal[
    "429 then right",
    "503 then right",
    "refused",
    "slow",
    "drip",
    "no answer",
    "reset",
    "hang up",
    "cut short",
    "not HTTP",
    "HTML",
    "empty",
    "not JSON",
    "too large",
    "wrong count",
    "wrong day",
    "another id",
    "no list",
    "partial",
]
"""The faults that have a name; any status is one as well, by its number."""

THEN_RIGHT = {"429 then right": 429, "503 then right": 503}
"""Those that are a status once, with `Retry-After: 0`."""

REFUSED = "refused"
"""The one that strikes before anything is asked."""

SECONDS = {"slow": 1.0, "drip": 0.1}
"""Those that take time, and how much where the test names none."""

_JSON = [("Content-Type", "application/json")]
_BLOCK = b" " * 65_536
_BLOCKS = 1025


class Fault(NamedTuple):
    """A fault of HTTP."""

    means: str
    """What goes onto the wire."""
    answer: Callable[[Reply, float], Answer]
    """Makes it of the right answer and the seconds that were asked for."""


def _drip(right: Reply, seconds: float) -> Script:
    def steps() -> Iterator[bytes | float]:
        for byte in written(right):
            yield bytes([byte])
            yield seconds

    return Script(steps(), End.STAY)


def _cut_short(right: Reply, _seconds: float) -> Script:
    whole = right if right.status == 200 else Reply(200, _JSON, b"{}")
    return Script([written(whole)[: -(len(whole.body) // 2 + 1)]])


def _html(_right: Reply, _seconds: float) -> Reply:
    page = b"<!doctype html><title>Maintenance</title><p>We will be back soon."
    return Reply(200, [("Content-Type", "text/html")], page)


def _too_large(_right: Reply, _seconds: float) -> Script:
    def steps() -> Iterator[bytes]:
        head, _, _ = written(Reply(200, _JSON)).partition(b"Content-Length")
        yield head + b"Content-Length: %d\r\n\r\n" % (_BLOCKS * len(_BLOCK))
        for _ in range(_BLOCKS):
            yield _BLOCK

    return Script(steps())


HTTP: dict[str, Fault] = {
    "slow": Fault(
        "the right answer, after `seconds`, 1 unless given",
        lambda right, seconds: Script([seconds, written(right)], End.STAY),
    ),
    "drip": Fault("the right answer, a byte each `seconds`, 0.1 unless given", _drip),
    "no answer": Fault("nothing, and the connection stays open", lambda *_: Script([math.inf])),
    "reset": Fault("the connection is reset", lambda *_: Script([], End.RESET)),
    "hang up": Fault("the connection is closed without an answer", lambda *_: Script([])),
    "cut short": Fault("half of the body, and the connection is closed", _cut_short),
    "not HTTP": Fault(
        "a greeting of another protocol", lambda *_: Script([b"220 mail.example ESMTP\r\n\r\n"])
    ),
    "HTML": Fault("status 200 with a page in HTML", _html),
    "empty": Fault("status 200 with an empty body", lambda *_: Reply(200, _JSON)),
    "not JSON": Fault(
        "status 200 with a body that ends amid its JSON",
        lambda *_: Reply(200, _JSON, b'{"amid": ['),
    ),
    "too large": Fault("status 200 with a body of more than 64 MiB", _too_large),
}
"""The faults that know HTTP alone; `usage.WRONG` has those of what an answer says."""

FAULTS: dict[str, str] = {
    **{name: f"status {status} once, with `Retry-After: 0`" for name, status in THEN_RIGHT.items()},
    REFUSED: "no connection is taken, whatever it is for, until `clear_faults()`",
    **{name: fault.means for name, fault in HTTP.items()},
    **{name: means for name, (means, _) in usage.WRONG.items()},
}
"""What each name means, on the wire."""


def check(
    fault: object,
    *,
    bid: str | None,
    times: int | None,
    retry_after: int | str | None,
    seconds: float | None,
) -> None:
    """Refuse what can't be had.

    Raises:
        TypeError, ValueError: there is no such fault, or it doesn't go with such an argument.
    """
    if isinstance(fault, bool) or not isinstance(fault, str | int):
        raise TypeError(f"a fault is a name or a status, not {type(fault).__name__}")
    if isinstance(fault, int):
        if not 201 <= fault <= 999:
            raise ValueError(f"a status that is a fault is from 201 to 999, not {fault}")
    elif fault not in FAULTS:
        names = ", ".join(map(repr, FAULTS))
        raise ValueError(f"there is no fault {excerpt(fault)}; there are {names} and any status")
    if bid is not None:
        request_line(bid)
    if fault == REFUSED and not (bid is None and times is None):
        raise ValueError("'refused' is for all ids and until clear_faults(): nothing is asked then")
    if times is not None and (type(times) is not int or times < 1):
        raise ValueError(f"times is None or an int from 1, not {excerpt(repr(times))}")
    if retry_after is not None:
        _check_retry_after(fault, retry_after)
    if seconds is not None:
        _check_seconds(fault, seconds)


def _check_retry_after(fault: str | int, value: int | str) -> None:
    if isinstance(fault, str) and fault not in THEN_RIGHT:
        raise ValueError(f"retry_after is for a status, not for {fault!r}")
    text = str(value)
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise TypeError(f"retry_after is an int or a str, not {type(value).__name__}")
    if not (text.isascii() and text.isprintable()):
        raise ValueError(f"retry_after is text that a header can hold, not {excerpt(text)}")


def _check_seconds(fault: str | int, value: float) -> None:
    if fault not in SECONDS:
        raise ValueError(f"seconds is for {' and '.join(map(repr, SECONDS))}, not for {fault!r}")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"seconds is a number, not {type(value).__name__}")
    if not value >= 0:
        raise ValueError(f"seconds is a number from 0, not {value}")
