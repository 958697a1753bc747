"""What a failed call says: status → error, and no answer at all."""

from __future__ import annotations

import json
import time
from http import HTTPStatus
from typing import Protocol

import httpx

from oneloop._http import answer as answers
from oneloop._http import retry
from oneloop._http.answer import Answer, printable
from oneloop.errors import APIConnectionError, APIStatusError, APITimeoutError, status_error_class


class Call(answers.Call, Protocol):
    """What an error says of its call."""

    timeout: float
    """Seconds that it had."""


def retry_after(answer: Answer) -> float | None:
    """Return the seconds that an answer asks to wait, if any."""
    return retry.retry_after(answer.headers.get("retry-after"), time.time())


def connection_error(call: Call, fault: Exception) -> APIConnectionError:
    """Return the error that says why no whole answer came."""
    tries = "1 try" if call.tries == 1 else f"{call.tries} tries"
    reason = printable(call.redact(str(fault))) or type(fault).__name__
    summary = f"{call.name}: no whole answer after {tries}"
    if isinstance(fault, TimeoutError | httpx.TimeoutException):
        error: APIConnectionError = APITimeoutError(
            f"{summary} ({reason}, timeout={call.timeout:g} s)"
        )
    else:
        error = APIConnectionError(f"{summary}: {reason}")
    error.__cause__ = _keyless(call, fault)
    return error


def _keyless(call: Call, fault: Exception) -> Exception | None:
    """Return the fault as a cause to be shown: without frames, whose locals hold the request.

    None where it, or what it comes from, holds the key.
    """
    link: BaseException | None = fault
    while link is not None:
        link.__traceback__ = None
        if any(call.redact(text) != text for text in (str(link), repr(link))):
            return None
        link = link.__cause__ or link.__context__
    return fault


def status_error(call: Call, answer: Answer) -> APIStatusError:
    """Return the error that says what an answer that is no success says."""
    status = answer.status_code
    code, message = _error_body(answer.body)
    message = printable(call.redact(message))
    wait = retry_after(answer)
    details = [
        f"code {code}" if code is not None else "",
        f"request {answer.request_id}" if answer.request_id else "",
        f"retry after {wait:g} s" if wait is not None else "",
        f"{call.tries} tries" if call.tries > 1 else "",
    ]
    summary = f"{call.name}: {status} {_phrase(status)}".rstrip()
    if message:
        summary += f": {message}"
    if any(details):
        summary += f" ({', '.join(filter(None, details))})"
    return status_error_class(status)(
        summary,
        status_code=status,
        code=code,
        message=message,
        request_id=answer.request_id,
        retry_after=wait,
    )


def _error_body(body: bytes) -> tuple[int | None, str]:
    """Return the API's code and message from an error's body, the body itself where it has none."""
    text = body.decode("utf-8", "replace")
    try:
        error = json.loads(text)["error"]
    except (ValueError, TypeError, LookupError, RecursionError):
        return None, text
    if isinstance(error, str):
        return None, error
    if not isinstance(error, dict):
        return None, text
    code, message = error.get("code"), error.get("message")
    in_range = type(code) is int and abs(code) < 2**63
    return code if in_range else None, message if isinstance(message, str) and message else text


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
