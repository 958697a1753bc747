"""Whether and when to try again: one pure function, and the reading of `Retry-After`."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Iterable
from email.utils import parsedate_to_datetime
from typing import NamedTuple
from urllib.parse import parse_qsl

_PASSING = {408, 429, 500, 502, 503, 504}
_IDEMPOTENT = {"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"}
_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 8.0


class Tried(NamedTuple):
    """What one try came to, as far as another depends on it."""

    number: int
    """From 1."""
    idempotent: bool
    """Whether the server may get the request twice."""
    sent: bool
    """Whether a byte of it may have reached the server."""
    replayable: bool
    """Whether its body can be sent again."""
    status: int | None
    """The answer's; None where no whole answer arrived."""
    retry_after: float | None = None
    """Seconds that the server asks to wait."""
    permanent: bool = False
    """Whether the same would happen again, as with a certificate that isn't valid."""


def pause(tried: Tried, *, max_retries: int, left: float, jitter: float) -> float | None:
    """Return the seconds to wait before the next try; None where there is to be none.

    A request that was sent is sent again only if it is idempotent (RFC 9110 §9.2.2), and only for
    a status that passes or without a whole answer; one that wasn't sent always. `Retry-After` is
    waited for; what would end past the deadline isn't begun.

    Args:
        tried: the last try.
        max_retries: tries after the first, at most.
        left: seconds to the call's deadline.
        jitter: at random from 0 to 1, so that many clients don't come back at once.
    """
    passing = not tried.permanent if tried.status is None else tried.status in _PASSING
    safe = not tried.sent or (tried.idempotent and tried.replayable)
    if tried.number > max_retries or not (passing and safe):
        return None
    seconds = max(tried.retry_after or 0.0, backoff(tried.number, jitter))
    return seconds if seconds < left else None


def backoff(number: int, jitter: float) -> float:
    """Return the pause after so many tries in seconds: half to all of 0.25, 0.5, 1, … 8."""
    return min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** (number - 1)) * (1 - jitter / 2)


def is_idempotent(method: str, query: str, headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether a request may be sent twice: by its method, or by a key that makes it so.

    The key is the header `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header), also under
    another prefix, or a parameter of that name.
    """
    return method in _IDEMPOTENT or any(
        value and re.sub("[-_]", "", name).lower().endswith("idempotencykey")
        for name, value in [
            *((name.decode("latin-1"), value) for name, value in headers),
            *parse_qsl(query),
        ]
    )


def retry_after(value: str | None, now: float) -> float | None:
    """Return the seconds that `Retry-After` asks for (RFC 9110 §10.2.3); None for garbage.

    Args:
        value: the header's, if there is one.
        now: `time.time()`.
    """
    if value is None:
        return None
    if re.fullmatch("[0-9]+", value.strip()):
        seconds = float(value)
        return seconds if math.isfinite(seconds) else None
    try:
        date = parsedate_to_datetime(value)
        # HTTP's dates are UTC (RFC 9110 §5.6.7), also where the zone is missing.
        return max(0.0, date.replace(tzinfo=date.tzinfo or datetime.UTC).timestamp() - now)
    except (ValueError, OverflowError):
        return None
