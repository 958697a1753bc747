"""How fast tries may follow each other: the generic cell rate algorithm without a burst."""

from __future__ import annotations

import math
import threading
import time

from oneloop.errors import ConfigurationError

_SLOWEST = 1 / 86_400


class Pace:
    """Gives each try its moment, evenly spaced, whatever thread or task it is made in.

    Args:
        rate: tries a second.

    Raises:
        ConfigurationError: `rate` isn't a number, or it is less than one try in a day.
    """

    def __init__(self, rate: float) -> None:
        is_number = isinstance(rate, int | float) and not isinstance(rate, bool)
        if not is_number or not _SLOWEST <= rate < math.inf:
            raise ConfigurationError(
                f"rate is requests a second, at least one in a day, not {rate!r:.40}"
            )
        self._interval = 1 / rate
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self) -> float:
        """Take the next moment, and return the seconds until then."""
        with self._lock:
            now = time.monotonic()
            moment = max(now, self._next)
            self._next = moment + self._interval
        return moment - now
