"""Whether and when to try again: the policy of httpx-retries under a deadline."""

from __future__ import annotations

import copy
import math
import time

import anyio
import httpx
import httpx_retries

_STATUSES = (408, 429, 500, 502, 503, 504)


class GaveUpError(Exception):
    """The next try would begin past the deadline; carries the last one's outcome."""

    def __init__(self, outcome: httpx.Response | Exception) -> None:
        super().__init__()
        self.outcome = outcome


class Retry(httpx_retries.Retry):
    """Retries of idempotent methods (RFC 9110 §9.2.2), pauses that end before `deadline`.

    Args:
        max_retries: tries after the first.
    """

    def __init__(self, max_retries: int) -> None:
        super().__init__(
            total=max_retries,
            backoff_factor=0.25,
            max_backoff_wait=8.0,
            status_forcelist=_STATUSES,
        )
        self.deadline = math.inf

    def until(self, deadline: float) -> Retry:
        """Return this policy with a deadline, on `time.monotonic()`'s clock."""
        retry = copy.copy(self)
        retry.deadline = deadline
        return retry

    def increment(self) -> Retry:
        """Return the policy for the next try."""
        retry = copy.copy(self)
        retry.attempts_made += 1
        return retry

    def sleep(self, response: httpx.Response | Exception) -> None:
        """Wait before the next try."""
        time.sleep(self._pause(response))

    async def asleep(self, response: httpx.Response | Exception) -> None:
        """Wait before the next try."""
        await anyio.sleep(self._pause(response))

    def retry_after(self, response: httpx.Response) -> float | None:
        """Return the seconds that `Retry-After` asks for (RFC 9110 §10.2.3), None for garbage."""
        try:
            seconds = self.parse_retry_after(response.headers["retry-after"])
        except (KeyError, ValueError, OverflowError):
            return None
        return seconds if math.isfinite(seconds) else None

    def _pause(self, outcome: httpx.Response | Exception) -> float:
        asked = self.retry_after(outcome) if isinstance(outcome, httpx.Response) else None
        seconds = max(asked or 0.0, self.backoff_strategy())
        if time.monotonic() + seconds >= self.deadline:
            raise GaveUpError(outcome)
        return seconds
