"""What comes with the result of an operation."""

import datetime
from typing import Generic, TypeVar

import httpx
from attrs import field, frozen

ResultT = TypeVar("ResultT")


@frozen(kw_only=True)
class ResponseInfo:
    """What came with a success, for audit trails; the API key is redacted in it."""

    status_code: int
    """The HTTP status."""
    headers: httpx.Headers = field(repr=False, hash=False)
    """The answer's headers, cookies left out."""
    request_id: str | None
    """The answer's `X-Request-Id` or `Request-Id` header."""
    tries: int
    """How often the request was made, from 1."""
    elapsed: datetime.timedelta
    """From the call to the whole answer, retries and pauses included."""


@frozen(kw_only=True)
class APIResponse(ResponseInfo, Generic[ResultT]):
    """The result of an operation with what came with it.

    Results compare, and don't count in the hash: models can change.
    """

    parsed: ResultT = field(hash=False)
    """What the operation's method returns."""
