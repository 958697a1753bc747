"""Ways to be ended: by Ctrl-C, a scheduler, a container that stops, a terminal that hangs up."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator

_SIGNALS = ("SIGTERM", "SIGHUP")


@contextlib.contextmanager
def as_interrupts() -> Iterator[None]:
    """Have each end the command as Ctrl-C does: with whole lines, and nothing left lying about."""
    before = {}
    try:
        if threading.current_thread() is threading.main_thread():  # no other may set handlers
            for name in _SIGNALS:
                number = getattr(signal, name, None)  # Windows has no SIGHUP
                # One that is ignored, as by nohup, stays so.
                if number is not None and signal.getsignal(number) is signal.SIG_DFL:
                    before[number] = signal.signal(number, signal.default_int_handler)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
