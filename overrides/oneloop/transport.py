"""The one HTTP layer that every operation passes: auth, deadline, retries, limits, status → error.

SyncTransport, AsyncTransport     one call: auth, deadline, errors
  httpx_retries.RetryTransport    whether and when to try again
    _SyncTry, _AsyncTry           one try: timeouts, limits, log
      SyncPool, AsyncPool         connections (network.py)
"""

from __future__ import annotations

import contextlib
import copy
import json
import logging
import math
import re
import time
from collections.abc import Generator, Iterable
from http import HTTPStatus
from typing import cast

import anyio
import httpx
import httpx_retries

from oneloop.answer import MAX_ERROR_BYTES, Answer, AnswerReader, printable
from oneloop.config import Config
from oneloop.errors import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    OneloopError,
    ResponseValidationError,
    status_error_class,
)
from oneloop.network import CONNECT_TIMEOUT, DEADLINE, AsyncPool, SyncPool
from oneloop_api_client.spec import OPERATIONS, Operation

_log = logging.getLogger("oneloop")

_RETRIED_STATUSES = (408, 429, 500, 502, 503, 504)
# UnicodeError: a host name that IDNA can't encode shows only at the look-up.
_NETWORK_FAULTS = (httpx.TransportError, OSError, UnicodeError)
_READING_FAULTS = (httpx.NetworkError, httpx.ProtocolError, ResponseValidationError)
_CALL = "oneloop.call"


class _Call:
    """One call of an operation, through all its tries."""

    def __init__(self, request: httpx.Request, operation: Operation | None, timeout: float) -> None:
        self.path = request.url.raw_path.decode("ascii")
        self.what = f"{request.method} {printable(self.path)}"
        self.operation = operation
        self.template = operation.path if operation else "(a path that isn't in the spec)"
        self.timeout = timeout
        self.deadline = time.monotonic() + timeout
        self.tries = 0

    def begin_try(self, request: httpx.Request) -> None:
        """Bound each of httpx's timeouts by what the call has left."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise httpx.ReadTimeout("the call's deadline has passed")
        self.tries += 1
        bounds = {"connect": min(left, CONNECT_TIMEOUT), "read": left, "write": left, "pool": left}
        own = request.extensions.get("timeout", {})
        request.extensions["timeout"] = {
            name: min(left, own.get(name) or left) for name, left in bounds.items()
        }

    @contextlib.contextmanager
    def logged(self, request: httpx.Request) -> Generator[dict[str, object]]:
        """Log how the try in this block ends; the block says `status`."""
        facts: dict[str, object] = {"status": "no answer"}
        began = time.monotonic()
        try:
            yield facts
        except Exception as error:
            facts["status"] = f"{facts['status']}, {type(error).__name__}"
            raise
        finally:
            milliseconds = (time.monotonic() - began) * 1000
            _log.info(
                "%s %s: %s (try %d, %.0f ms)",
                request.method,
                self.template,
                facts["status"],
                self.tries,
                milliseconds,
            )
            _log.debug("the path was %s", self.path)


class _Retry(httpx_retries.Retry):
    """The policy of httpx-retries, under one deadline for tries and pauses together."""

    deadline = math.inf

    def until(self, deadline: float) -> _Retry:
        retry = copy.copy(self)
        retry.deadline = deadline
        return retry

    def increment(self) -> _Retry:
        retry = copy.copy(self)
        retry.attempts_made += 1
        return retry

    def sleep(self, response: httpx.Response | Exception) -> None:
        time.sleep(self._pause(response))

    async def asleep(self, response: httpx.Response | Exception) -> None:
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
            raise _GaveUpError(outcome)
        return seconds


class _GaveUpError(Exception):
    """The next try would begin past the deadline; carries the last one's outcome."""

    def __init__(self, outcome: httpx.Response | Exception) -> None:
        super().__init__()
        self.outcome = outcome


class _Try:
    """One try, less its I/O."""

    def __init__(self, config: Config) -> None:
        self._redact = config.api_key.redact
        self._limit = config.max_response_bytes

    def _reader(self, call: _Call, response: httpx.Response) -> AnswerReader:
        limit = self._limit if response.is_success else min(self._limit, MAX_ERROR_BYTES)
        return AnswerReader(response, what=call.what, redact=self._redact, limit=limit)

    @staticmethod
    def _tolerated(response: httpx.Response) -> contextlib.AbstractContextManager[None]:
        # Of an error's body, whatever can be read will do: the status is what counts.
        return contextlib.suppress(*(() if response.is_success else _READING_FAULTS))


class _SyncTry(_Try, httpx.BaseTransport):
    def __init__(self, config: Config, pool: httpx.BaseTransport) -> None:
        super().__init__(config)
        self._pool = pool

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        call: _Call = request.extensions[_CALL]
        call.begin_try(request)
        DEADLINE.set(call.deadline)
        with call.logged(request) as facts:
            response = self._pool.handle_request(request)
            facts["status"] = response.status_code
            reader = self._reader(call, response)
            try:
                with self._tolerated(response):
                    for chunk in cast(httpx.SyncByteStream, response.stream):
                        reader.feed(chunk)
                    reader.finish()
            finally:
                response.close()
        return reader.answer()


class _AsyncTry(_Try, httpx.AsyncBaseTransport):
    def __init__(self, config: Config, pool: httpx.AsyncBaseTransport) -> None:
        super().__init__(config)
        self._pool = pool

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        call: _Call = request.extensions[_CALL]
        call.begin_try(request)
        with call.logged(request) as facts:
            response = await self._pool.handle_async_request(request)
            facts["status"] = response.status_code
            reader = self._reader(call, response)
            try:
                with self._tolerated(response):
                    async for chunk in cast(httpx.AsyncByteStream, response.stream):
                        reader.feed(chunk)
                    reader.finish()
            finally:
                await response.aclose()
        return reader.answer()


class _Transport:
    """One call, less its I/O."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._origin = _origin(config.base_url)
        self._prefix = config.base_url.raw_path.decode("ascii").rstrip("/")
        self._retry = _Retry(
            total=config.max_retries,
            backoff_factor=0.25,
            max_backoff_wait=8.0,
            status_forcelist=_RETRIED_STATUSES,
        )

    def _prepare(self, request: httpx.Request) -> tuple[_Call, httpx.Request]:
        if _origin(request.url) != self._origin:
            raise ValueError("the request's URL isn't below the client's base_url: the key stays")
        path = request.url.raw_path.decode("ascii").partition("?")[0]
        operation = _operation(request.method, path.removeprefix(self._prefix))
        call = _Call(request, operation, self._config.timeout)
        # Only this copy holds the key: errors, hooks and the caller see the request without it.
        headers = [pair for pair in request.headers.raw if pair[0].lower() != b"authorization"]
        key = self._config.api_key.reveal()
        headers.append((b"Authorization", f"Bearer {key}".encode("ascii")))
        retry = self._retry.until(call.deadline)
        outgoing = httpx.Request(
            request.method,
            request.url,
            headers=headers,
            stream=request.stream,
            extensions=request.extensions | {_CALL: call, "retry": retry},
        )
        return call, outgoing

    def _checked(self, call: _Call, response: httpx.Response) -> httpx.Response:
        if response.is_success and _is_documented(call.operation, response.status_code):
            return response
        raise self._status_error(call, cast(Answer, response))

    def _failed(self, call: _Call, error: Exception) -> OneloopError:
        """Return what to raise for the last try's failure, its cause chained."""
        outcome = error.outcome if isinstance(error, _GaveUpError) else error
        if isinstance(outcome, httpx.Response):
            return self._status_error(call, cast(Answer, outcome))
        failure = self._connection_error(call, outcome)
        failure.__cause__ = outcome
        # The frames below this layer have the key's header among their locals.
        link: BaseException | None = outcome
        while link is not None:
            link.__traceback__ = None
            link = link.__cause__ or link.__context__
        return failure

    def _connection_error(self, call: _Call, error: Exception) -> APIConnectionError:
        tries = "1 try" if call.tries == 1 else f"{call.tries} tries"
        if isinstance(error, httpx.TimeoutException | TimeoutError):
            return APITimeoutError(
                f"{call.what}: no whole answer after {tries} ({type(error).__name__}, "
                f"timeout={call.timeout:g} s)"
            )
        reason = printable(self._config.api_key.redact(str(error))) or type(error).__name__
        return APIConnectionError(f"{call.what}: no whole answer after {tries}: {reason}")

    def _status_error(self, call: _Call, answer: Answer) -> APIStatusError:
        status = answer.status_code
        code, message = _error_body(answer.content)
        message = printable(self._config.api_key.redact(message))
        wait = self._retry.retry_after(answer)
        details = [
            f"code {code}" if code is not None else "",
            f"request {answer.request_id}" if answer.request_id else "",
            f"retry after {wait:g} s" if wait is not None else "",
            f"{call.tries} tries" if call.tries > 1 else "",
        ]
        summary = f"{call.what}: {status} {_phrase(status)}".rstrip()
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


class SyncTransport(_Transport, httpx.BaseTransport):
    """The layer for synchronous calls.

    Raises, for every operation: `APIStatusError`, `APIConnectionError`, `APITimeoutError`,
    `ResponseValidationError`, and `OneloopError` after `close()`.
    """

    def __init__(self, config: Config, pool: SyncPool) -> None:
        super().__init__(config)
        self.pool = pool
        self._retrying = httpx_retries.RetryTransport(_SyncTry(config, pool), retry=self._retry)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        call, outgoing = self._prepare(request)
        try:
            response = self._retrying.handle_request(outgoing)
        except (*_NETWORK_FAULTS, _GaveUpError) as error:
            raise self._failed(call, error)  # noqa: B904 - it chains the cause itself
        return self._checked(call, response)

    def close(self) -> None:
        self.pool.close()


class AsyncTransport(_Transport, httpx.AsyncBaseTransport):
    """The layer for asynchronous calls; raises as `SyncTransport` does."""

    def __init__(self, config: Config, pool: AsyncPool) -> None:
        super().__init__(config)
        self.pool = pool
        self._retrying = httpx_retries.RetryTransport(_AsyncTry(config, pool), retry=self._retry)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        call, outgoing = self._prepare(request)
        try:
            with anyio.fail_after(call.timeout):
                response = await self._retrying.handle_async_request(outgoing)
        except (*_NETWORK_FAULTS, _GaveUpError) as error:
            raise self._failed(call, error)  # noqa: B904 - it chains the cause itself
        return self._checked(call, response)

    async def aclose(self) -> None:
        await self.pool.aclose()


def _routes(operations: Iterable[Operation]) -> list[tuple[re.Pattern[str], Operation]]:
    # OpenAPI 3.0 §4.7.8.2: a concrete path goes before a templated one.
    concrete_first = sorted(operations, key=lambda operation: operation.path.count("{"))
    return [
        (re.compile(re.sub(r"\\{.*?\\}", "[^/]+", re.escape(operation.path))), operation)
        for operation in concrete_first
    ]


_ROUTES = _routes(OPERATIONS)


def _operation(method: str, path: str) -> Operation | None:
    for pattern, operation in _ROUTES:
        if operation.method == method and pattern.fullmatch(path):
            return operation
    return None


def check_path(url: str) -> None:
    """Refuse a URL whose path a parameter's value would turn into another operation's.

    Raises:
        ValueError: a path parameter is empty, `.` or `..` (RFC 3986 §5.2.4).
    """
    path = url.partition("?")[0].rpartition("://")[2]
    if any(operation.path == path for _, operation in _ROUTES):
        return
    if not {"", ".", ".."}.isdisjoint(path.split("/")[1:]):
        raise ValueError(f"a path parameter is empty, '.' or '..': {printable(path)}")


def _is_documented(operation: Operation | None, status: int) -> bool:
    """Whether the spec promises this success (OpenAPI 3.0 §4.7.16: exact, by range, or default)."""
    if operation is None:
        return True
    return not {str(status), f"{status // 100}XX", "default"}.isdisjoint(operation.responses)


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


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
    return HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else ""
