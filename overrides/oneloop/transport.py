"""The one HTTP layer that every operation passes: auth, deadline, retries, limits, status → error.

SyncTransport, AsyncTransport     one call: auth, deadline, errors
  httpx_retries.RetryTransport    whether and when to try again (retry.py)
    _SyncTry, _AsyncTry           one try: timeouts, limits, log
      SyncPool, AsyncPool         connections (network.py)
"""

from __future__ import annotations

import contextlib
import json
import logging
import sys
import time
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self, cast

import anyio
import httpx
import httpx_retries

from oneloop import routes
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
from oneloop.retry import GaveUpError, Retry
from oneloop.version import __version__
from oneloop_api_client.spec import Operation

_log = logging.getLogger("oneloop")

# UnicodeError: a host name that IDNA can't encode shows only at the look-up.
_NETWORK_FAULTS = (httpx.TransportError, OSError, UnicodeError)
_READING_FAULTS = (httpx.NetworkError, httpx.ProtocolError, ResponseValidationError)
_CALL = "oneloop.call"
_NO_BODY = httpx.ByteStream(b"")

HEADERS = {
    "Accept": "*/*",
    "Accept-Encoding": "gzip",
    "Connection": "keep-alive",
    "User-Agent": f"oneloop-api-client/{__version__} "
    f"python/{sys.version_info[0]}.{sys.version_info[1]} httpx/{httpx.__version__}",
}
"""What every request says, beside its `Authorization`."""


class _Call:
    """One call of an operation, through all its tries."""

    def __init__(self, method: str, path: str, operation: Operation | None, timeout: float) -> None:
        self.method = method
        self.path = path
        self.operation = operation
        self.timeout = timeout
        self.deadline = time.monotonic() + timeout
        self.tries = 0
        self.status: int | None = None

    @property
    def what(self) -> str:
        return f"{self.method} {printable(self.path)}"

    def begin_try(self, request: httpx.Request) -> None:
        """Bound each of httpx's timeouts by what the call has left."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise httpx.ReadTimeout("the call's deadline has passed")
        self.tries += 1
        self.status = None
        bounds = {"connect": min(left, CONNECT_TIMEOUT), "read": left, "write": left, "pool": left}
        for name, seconds in request.extensions.get("timeout", {}).items():
            if seconds is not None:
                bounds[name] = min(seconds, bounds[name])
        request.extensions["timeout"] = bounds


class _Logged:
    """Logs how the try in its block ends."""

    def __init__(self, call: _Call) -> None:
        self._call = call
        self._began = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if not _log.isEnabledFor(logging.INFO):
            return
        call = self._call
        outcome = str(call.status or "no answer") + (f", {exc_type.__name__}" if exc_type else "")
        template = call.operation.path if call.operation else "(a path that isn't in the spec)"
        milliseconds = (time.monotonic() - self._began) * 1000
        _log.info(
            "%s %s: %s (try %d, %.0f ms)", call.method, template, outcome, call.tries, milliseconds
        )
        _log.debug("the path was %s", call.path)


class _Try:
    """One try, less its I/O."""

    def __init__(self, config: Config) -> None:
        self._redact = config.api_key.redact
        self._limit = config.max_response_bytes

    def _reader(self, call: _Call, response: httpx.Response) -> AnswerReader:
        call.status = response.status_code
        limit = self._limit if response.is_success else min(self._limit, MAX_ERROR_BYTES)
        return AnswerReader(response, call=call, redact=self._redact, limit=limit)

    @staticmethod
    def _tolerated(response: httpx.Response) -> contextlib.AbstractContextManager[None]:
        # Of an error's body, whatever can be read will do: the status is what counts.
        return contextlib.suppress(*(() if response.is_success else _READING_FAULTS))


class _SyncTry(_Try, httpx.BaseTransport):
    def __init__(self, config: Config, pool: httpx.BaseTransport) -> None:
        super().__init__(config)
        self._pool = pool

    def handle_request(self, request: httpx.Request) -> Answer:
        call: _Call = request.extensions[_CALL]
        call.begin_try(request)
        DEADLINE.set(call.deadline)
        with _Logged(call):
            response = self._pool.handle_request(request)
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

    async def handle_async_request(self, request: httpx.Request) -> Answer:
        call: _Call = request.extensions[_CALL]
        call.begin_try(request)
        with _Logged(call):
            response = await self._pool.handle_async_request(request)
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

    def __init__(self, config: Config, pool: Any) -> None:
        self._config = config
        self.pool = pool
        self._origin = _origin(config.base_url)
        self._base = str(config.base_url).rstrip("/")
        self._prefix = config.base_url.raw_path.decode("ascii").rstrip("/")
        self._headers = [("Host", config.base_url.netloc.decode("ascii")), *HEADERS.items()]
        self._retry = Retry(config.max_retries)

    def evolve(self, config: Config) -> Self:
        """Return a layer with other options on the same connections."""
        return type(self)(config, self.pool)

    def request(self, *, method: str, url: str) -> httpx.Request:
        """Return a generated operation's request, as `httpx.Client` would build it but faster."""
        return httpx.Request(method, self._base + url, headers=self._headers, stream=_NO_BODY)

    def _prepare(self, request: httpx.Request) -> tuple[_Call, httpx.Request]:
        if _origin(request.url) != self._origin:
            raise ValueError("the request's URL isn't below the client's base_url: the key stays")
        path = request.url.raw_path.decode("ascii")
        operation = routes.find(request.method, path.partition("?")[0].removeprefix(self._prefix))
        call = _Call(request.method, path, operation, self._config.timeout)
        headers = [pair for pair in request.headers.raw if pair[0].lower() != b"authorization"]
        headers.append((b"Authorization", b"Bearer " + self._config.api_key.reveal().encode()))
        # A copy: errors, hooks and the caller see the request without its key.
        outgoing = httpx.Request.__new__(httpx.Request)
        vars(outgoing).update(
            vars(request),
            headers=httpx.Headers(headers),
            extensions={
                **request.extensions,
                _CALL: call,
                "retry": self._retry.until(call.deadline),
            },
        )
        return call, outgoing

    def _checked(self, call: _Call, answer: Answer) -> Answer:
        if answer.is_success and routes.is_documented(call.operation, answer.status_code):
            return answer
        raise self._status_error(call, answer)

    def _failed(self, call: _Call, error: Exception) -> OneloopError:
        """Return what to raise for the last try's failure, its cause chained."""
        outcome = error.outcome if isinstance(error, GaveUpError) else error
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
        super().__init__(config, pool)
        self._retrying = httpx_retries.RetryTransport(_SyncTry(config, pool), retry=self._retry)

    def handle_request(self, request: httpx.Request) -> Answer:
        call, outgoing = self._prepare(request)
        try:
            answer = cast(Answer, self._retrying.handle_request(outgoing))
        except (*_NETWORK_FAULTS, GaveUpError) as error:
            raise self._failed(call, error)  # noqa: B904 - it chains the cause itself
        return self._checked(call, answer)

    def close(self) -> None:
        self.pool.close()


class AsyncTransport(_Transport, httpx.AsyncBaseTransport):
    """The layer for asynchronous calls; raises as `SyncTransport` does."""

    def __init__(self, config: Config, pool: AsyncPool) -> None:
        super().__init__(config, pool)
        self._retrying = httpx_retries.RetryTransport(_AsyncTry(config, pool), retry=self._retry)

    async def handle_async_request(self, request: httpx.Request) -> Answer:
        call, outgoing = self._prepare(request)
        try:
            with anyio.fail_after(call.timeout):
                answer = cast(Answer, await self._retrying.handle_async_request(outgoing))
        except (*_NETWORK_FAULTS, GaveUpError) as error:
            raise self._failed(call, error)  # noqa: B904 - it chains the cause itself
        return self._checked(call, answer)

    async def aclose(self) -> None:
        await self.pool.aclose()


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
