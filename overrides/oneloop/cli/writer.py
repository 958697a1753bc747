"""Writes whole lines, whatever strikes meanwhile."""

from __future__ import annotations

import contextlib
import io
import queue
import threading
import time
from typing import Any, Final

_GRACE: Final = 1.0
"""Seconds for the rest of a line, once an interrupt asked for the end."""


class Writer:
    """Writes to a stream at once, in a thread of its own.

    An interrupt reaches the main thread alone, so it cuts no line but one that nobody reads.

    Args:
        stream: text, or bytes without a buffer.
        encoding: of the bytes; what it can't say is escaped.
    """

    def __init__(self, stream: Any, encoding: str) -> None:
        # Its buffer's lock would be the thread's as long as nobody reads: Python's end needs it.
        self._stream = getattr(getattr(stream, "buffer", stream), "raw", stream)
        self._encoding = encoding
        self._tasks: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[tuple[int, Exception | None]] = queue.SimpleQueue()
        self._given = 0
        self._written = 0
        self._is_stuck = False
        threading.Thread(target=self._work, name="oneloop writer", daemon=True).start()

    def write(self, text: str) -> None:
        """Write all of the text; once an interrupt had to leave some of it, nothing more.

        Raises:
            OSError: it can't be written.
        """
        if self._is_stuck:
            return
        self._given += 1
        try:
            self._tasks.put(text)
            failure = self._outcome(None)
        except KeyboardInterrupt:
            if self._written < self._given:  # else an interrupt took what was said of it
                self._is_stuck = True
                with contextlib.suppress(queue.Empty):
                    self._outcome(_GRACE)
                    self._is_stuck = False
            raise
        if failure:
            raise failure

    @property
    def is_begun(self) -> bool:
        """Whether anything is written."""
        return self._written > 0

    def close(self) -> None:
        """End the thread."""
        self._tasks.put(None)

    def _outcome(self, seconds: float | None) -> Exception | None:
        while True:
            number, failure = self._done.get(timeout=seconds)
            if number == self._given:  # what was said of one before may be there still
                return failure

    def _work(self) -> None:
        while (text := self._tasks.get()) is not None:
            failure: Exception | None = None
            try:
                self._put(text)
            except Exception as error:  # noqa: BLE001 - raised where it is waited for
                failure = error
            self._written += 1
            self._done.put((self._written, failure))

    def _put(self, text: str) -> None:
        if isinstance(self._stream, io.TextIOBase):  # not of a file: a test's
            self._stream.write(text)
            self._stream.flush()
            return
        left = memoryview(text.encode(self._encoding, "backslashreplace"))
        while left:
            written = self._stream.write(left)
            if written is None:  # somebody made it not block
                time.sleep(0.01)
            else:
                left = left[written:]
