"""A server's answer: read whole within limits, and strict about JSON."""

from __future__ import annotations

import io
import json
import math
import zlib
from decimal import Decimal
from typing import Any, Protocol

import httpx

from oneloop._http import schema
from oneloop._http.secret import MAX_KEY_LENGTH, MAX_SPELLING
from oneloop.errors import MAX_EXCERPT, ResponseValidationError, excerpt, shortened
from oneloop_api_client.responses import ResponseInfo
from oneloop_api_client.spec import Operation

MAX_ERROR_BYTES = 65_536
"""Bytes read of a body that only serves an error message."""

Headers = list[tuple[bytes, bytes]]

_GZIP_WBITS = 16 + zlib.MAX_WBITS
# What no longer holds of the body as it is handed on, and cookies, which are never kept.
_CHANGED = {b"content-encoding", b"content-length", b"transfer-encoding", b"set-cookie"}


class Call(Protocol):
    """What an answer says of the call that it answers."""

    @property
    def name(self) -> str:
        """Method and path, bounded and printable."""
        raise NotImplementedError

    @property
    def operation(self) -> Operation | None:
        """The spec's operation; None for a path that it doesn't have."""
        raise NotImplementedError

    @property
    def tries(self) -> int:
        """How often it was tried."""
        raise NotImplementedError

    def redact(self, text: str) -> str:
        """Return the text without the key."""
        raise NotImplementedError


class Answer(httpx.Response):
    """A response whose body is in memory, decompressed, and whose `json()` is strict.

    Generated code calls `json()`; so every operation gets the checks.
    """

    def __init__(self, call: Call, status_code: int, headers: Headers, body: bytes) -> None:
        kept = [pair for pair in headers if pair[0].lower() not in _CHANGED]
        super().__init__(status_code, headers=kept, stream=httpx.ByteStream(body))
        self.call = call
        self.body = body

    def fault(self, where: str, expected: str, got: str) -> ResponseValidationError:
        """Return the error that says what of this answer isn't as promised."""
        return ResponseValidationError(
            self.call.name,
            where=printable(self.call.redact(where)),
            expected=expected,
            got=self.call.redact(got),
            request_id=self.request_id,
        )

    def excerpt(self, text: str | bytes) -> str:
        """Return text of this answer quoted, bounded, and without the key."""
        # Redacted before it is cut: half a key at the edge wouldn't be found.
        part = text[: MAX_EXCERPT + MAX_KEY_LENGTH * MAX_SPELLING]
        shown = part.decode("utf-8", "replace") if isinstance(part, bytes) else part
        return excerpt(self.call.redact(shown), len(text))

    @property
    def request_id(self) -> str | None:
        """The server's name for this answer, bounded; None where it gives none."""
        name = self.headers.get("x-request-id") or self.headers.get("request-id")
        return printable(self.call.redact(name)) if name else None

    def info(self) -> ResponseInfo:
        """Return what is worth keeping of this answer beside what it says."""
        headers = self.headers
        texts = [text for pair in headers.multi_items() for text in pair]
        if self.call.redact(line := "\n".join(texts)) != line:
            texts = [self.call.redact(text) for text in texts]
            headers = httpx.Headers(list(zip(texts[::2], texts[1::2], strict=True)))
        return ResponseInfo(
            status_code=self.status_code,
            headers=headers,
            request_id=self.request_id,
            tries=self.call.tries,
            elapsed=self.elapsed,
        )

    def untyped(self) -> Any:
        """Return a body of no type, by its media type: what JSON says, text, or bytes."""
        if not self.body:
            return None
        if self.is_json:
            return self.json()
        return self.text if self.media_type.startswith("text/") else self.body

    def json_bytes(self) -> bytes:
        """Return the body, which its media type and encoding say may be JSON.

        Raises:
            ResponseValidationError: the media type isn't JSON's, or the body isn't UTF-8
                (RFC 8259 §8.1).
        """
        if not self.is_json:
            got = self.excerpt(self.media_type)
            raise self.fault("$", "the content type application/json", got)
        if not self.body.isascii() and (start := _first_that_is_not_utf8(self.body)) is not None:
            raise self.fault("$", "UTF-8", f"byte {start} that isn't")
        return self.body

    @property
    def text(self) -> str:
        """The body as text; what isn't in its encoding is an error, never replaced."""
        encoding = self.encoding or "utf-8"
        try:
            return self.body.decode(encoding)
        except (LookupError, UnicodeError, AssertionError):  # the last is a codec's of Python
            problem = self.excerpt(self.body)
        raise self.fault("$", f"text in {printable(encoding)}", problem)

    @property
    def is_json(self) -> bool:
        """Whether the content type is one of JSON's."""
        return schema.is_json(self.media_type)

    @property
    def media_type(self) -> str:
        """The content type in lower case, without parameters."""
        return schema.media_type_of(self.headers.get("content-type", ""))

    def json(self, **kwargs: Any) -> Any:
        """Return the parsed body.

        Raises:
            ResponseValidationError: not JSON (RFC 8259), with `NaN` or `Infinity`, with a key
                twice in one object, with a number of thousands of digits, or nested too deep; or of
                another shape than the spec says.
        """
        value = self.parse(self.json_bytes(), **kwargs)
        operation = self.call.operation
        if operation and (flaw := schema.flaw(value, operation, self.status_code, self.media_type)):
            got = "nothing" if flaw.got is None else self.excerpt(flaw.got)
            raise self.fault(flaw.where, flaw.expected, got)
        return value

    def parse(self, body: bytes, **kwargs: Any) -> Any:
        """Return what the body, or a part of it, says; raises as `json` does."""
        try:
            # As text: given bytes, json.loads would guess UTF-16 and skip a byte order mark.
            return json.loads(
                body.decode(),
                object_pairs_hook=_unique,
                parse_float=_number,
                parse_constant=_refuse_constant,
                **kwargs,
            )
        except (ValueError, RecursionError) as error:
            problem = "nesting too deep" if isinstance(error, RecursionError) else str(error)
        # Raised out here, where no error that holds the whole body is its context.
        raise self.fault("$", "valid JSON", f"{self.excerpt(body)} ({problem[:MAX_EXCERPT]})")


class AnswerReader:
    """Makes an `Answer` from a status, headers and raw chunks.

    A body that must be right raises `ResponseValidationError` when it is larger than `limit` bytes
    after decompression, badly compressed, or cut short in its compression.
    """

    def __init__(self, call: Call, status_code: int, headers: Headers, *, limit: int) -> None:
        self.headers = headers
        self.must_be_whole = 200 <= status_code <= 299
        """Of an error's body, whatever can be read will do: the status is what counts."""
        self._call = call
        self._status_code = status_code
        self._limit = limit if self.must_be_whole else min(limit, MAX_ERROR_BYTES)
        self._room = self._limit
        # One buffer: a list of the chunks of a hostile body would take a hundred times its size.
        self._body = io.BytesIO()
        self._is_empty = True
        encodings = [value for name, value in headers if name.lower() == b"content-encoding"]
        self._encoding = b", ".join(encodings).strip().lower()
        gzip = self._encoding in (b"gzip", b"x-gzip")
        self._inflate = zlib.decompressobj(_GZIP_WBITS) if gzip else None

    def feed(self, chunk: bytes) -> None:
        """Take the next chunk off the wire."""
        self._is_empty = False
        if self._inflate:
            chunk = self._decompress(self._inflate, chunk)
        elif self._encoding not in (b"", b"identity"):
            raise self._fault("no content encoding but gzip", self.answer().excerpt(self._encoding))
        self._body.write(chunk if len(chunk) <= self._room else chunk[: self._room])
        self._room -= len(chunk)
        if self._room < 0:
            raise self._fault(f"at most {self._limit} bytes", "more (see max_response_bytes)")

    def finish(self) -> None:
        """Say that no more comes."""
        if self._inflate and not (self._is_empty or self._inflate.eof):
            raise self._fault("a whole gzip stream", "one that is cut short")

    def answer(self) -> Answer:
        """Return the answer with what was read of its body."""
        return Answer(self._call, self._status_code, self.headers, self._body.getvalue())

    def _decompress(self, inflate: Any, chunk: bytes) -> bytes:
        try:
            # One byte past the room shows a body that is too large without inflating it all.
            data: bytes = inflate.decompress(chunk, self._room + 1)
        except zlib.error as error:
            problem = "a gzip stream", str(error)
        else:
            if not inflate.unused_data:
                return data
            problem = "one gzip stream", "bytes behind its end"
        raise self._fault(*problem)

    def _fault(self, expected: str, got: str) -> ResponseValidationError:
        return self.answer().fault("$", expected, got)


def printable(text: str) -> str:
    """Return foreign text as one bounded line of printable characters."""
    line = " ".join(text[: 8 * MAX_EXCERPT].split())
    line = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in line)
    return shortened(line)


def _first_that_is_not_utf8(body: bytes) -> int | None:
    try:
        body.decode()
    except UnicodeDecodeError as error:
        return error.start
    return None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("an object has a key twice")
    return members


def _number(text: str) -> float:
    """Return a number with a point or an exponent; an int where a float would say another."""
    value = float(text)
    if math.isinf(value):
        raise ValueError("a number past all measure")
    if not value.is_integer():
        return value
    try:
        exact = Decimal(text)
    except ArithmeticError:  # an exponent that Decimal doesn't have
        exact = Decimal("NaN")
    if exact == Decimal(repr(value)):
        return value
    if exact == exact.to_integral_value():
        return int(exact)
    raise ValueError("a number of more digits than a float has")


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} isn't JSON")
