"""The API key, and what else is secret: one object holds it, and nothing else ever shows it."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from typing import Any

MAX_KEY_LENGTH = 4096
MAX_SPELLING = 12
"""Characters that one of the key's may take in a text that `Secret.redact` reads."""

_LEAST_TELLING = 8
_IN_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;"}


class Secret:
    """A value that is written into requests, and shows itself to nobody who doesn't `reveal()` it.

    Args:
        value: what was given as the key, whatever it is; `problem` says whether it can be one.
    """

    __slots__ = ("_value",)

    def __init__(self, value: Any) -> None:
        self._value = value

    def problem(self) -> str | None:
        """Return in words, which never quote it, why the value can't be a key; None where it can.

        A bearer token has no space (RFC 6750 §2.1), a header value no control (RFC 9110 §5.5).
        """
        if not isinstance(self._value, str):
            return f"is of type {type(self._value).__name__}, it must be a str"
        if self._value[:7].lower() == "bearer ":
            return "begins with 'Bearer ': give the key alone"
        if not re.fullmatch(rf"[!-~]{{1,{MAX_KEY_LENGTH}}}", self._value):
            return f"must be 1 to {MAX_KEY_LENGTH} visible ASCII characters, no space or line break"
        return None

    def header(self) -> tuple[bytes, bytes]:
        """Return the header `Authorization`."""
        return b"Authorization", b"Bearer " + self._value.encode()

    def reveal(self) -> Any:
        """Return the value."""
        return self._value

    def is_in(self, text: str) -> bool:
        """Whether a text of the caller's holds the value; a short one, only where it is all."""
        return self._value == text or (len(self._value) >= _LEAST_TELLING and self._value in text)

    def redact(self, text: str) -> str:
        """Return the text without the value, in any case and as JSON, URLs and HTML escape it."""
        return _spellings(self).sub("[redacted]", text)

    def __repr__(self) -> str:
        return "Secret('[redacted]')"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> Any:
        raise TypeError("an API key doesn't pickle; see the client option `pickle_api_key`")


class Unseen:
    """Headers that go into a request as it is sent: no list, and nobody who logs one, has them.

    Args:
        headers: such as `Authorization`, in the form that goes onto the wire.
    """

    __slots__ = ("_headers",)

    def __init__(self, headers: list[tuple[bytes, bytes]]) -> None:
        self._headers = headers

    def beside(self, own: Iterable[tuple[bytes, bytes]]) -> Unseen:
        """Return those of them that a request doesn't have itself."""
        names = {name.lower() for name, _ in own}
        return Unseen([pair for pair in self._headers if pair[0].lower() not in names])

    def reveal(self) -> list[tuple[bytes, bytes]]:
        """Return them, for a transport that isn't ours."""
        return self._headers

    def names(self) -> list[str]:
        """Return how they are called."""
        return [name.decode("ascii") for name, _ in self._headers]

    def complete(self, head: bytes, body: bytes = b"") -> memoryview:
        """Return a request, its head completed by them; a view's `repr` shows nothing."""
        # In front of the empty line that ends a head.
        return memoryview(
            b"%b%b\r\n%b"
            % (head[:-2], b"".join([b"%b: %b\r\n" % pair for pair in self._headers]), body)
        )


@functools.lru_cache(maxsize=16)
def _spellings(secret: Secret) -> re.Pattern[str]:
    return re.compile("".join(map(_spelling, secret.reveal())), re.IGNORECASE | re.ASCII)


def _spelling(char: str) -> str:
    code = ord(char)
    spellings = [  # the longer ones first
        rf"&\#(0{{0,4}}{code}|x0{{0,4}}{code:x});",
        re.escape(_IN_HTML.get(char, f"&#{code};")),
        rf"%{code:02x}",
        rf"\\{{1,4}}(u00|x){code:02x}",
        rf"\\{{0,4}}{re.escape(char)}",
    ]
    return f"(?:{'|'.join(spellings)})"
