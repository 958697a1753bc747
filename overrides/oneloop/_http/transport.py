"""The one HTTP layer that every operation passes: auth, deadline, tries, limits, status → error."""

from __future__ import annotations

import datetime
import json
import random
import ssl
import sys
import time
from http import HTTPStatus
from typing import Any, Self

import httpx

from oneloop._http import log, retry, routes
from oneloop._http.answer import Answer, AnswerReader, Headers, printable
from oneloop._http.config import Config
from oneloop._http.connection import Exchange, RequestError
from oneloop._http.foreign import Foreign
from oneloop._http.network import Network
from oneloop._http.pace import Pace
from oneloop._http.pool import Pool
from oneloop._http.waits import Patience, Sleep, Steps, run, run_async
from oneloop.errors import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    ConfigurationError,
    OneloopError,
    status_error_class,
)
from oneloop_api_client.spec import Operation

# UnicodeError: a host name that IDNA can't encode shows only at the look-up.
_FAULTS = (OSError, httpx.TransportError, UnicodeError)
_NO_BOUNDS: dict[str, float | None] = {}


def standard_headers(version: str) -> dict[str, str]:
    """Return what every request says, beside its `Authorization`; `version` is this client's."""
    python = f"python/{sys.version_info[0]}.{sys.version_info[1]}"
    return {
        "Accept": "*/*",
        "Accept-Encoding": "gzip",
        "Connection": "keep-alive",
        "User-Agent": f"oneloop-api-client/{version} {python}",
    }


class _Call:
    """One call of an operation, through all its tries."""

    def __init__(self, config: Config, method: str, target: str, prefix: str) -> None:
        path = target.partition("?")[0].removeprefix(prefix)
        self.method = method
        self.path = target
        self.operation: Operation | None = routes.find(method, path)
        self.timeout = config.timeout
        self.began = time.monotonic()
        self.deadline = self.began + config.timeout
        self.tries = 0
        self.redact = config.api_key.redact
        self._limit = config.max_response_bytes

    @property
    def name(self) -> str:
        return f"{self.method} {printable(self.path)}"

    @property
    def template(self) -> str:
        """The method, and the path as the spec has it."""
        path = self.operation.path if self.operation else "(a path that isn't in the spec)"
        return f"{self.method} {path}"

    def reader(self, status_code: int, headers: Headers) -> AnswerReader:
        return AnswerReader(self, status_code, headers, limit=self._limit)


class _Transport:
    """One call, however it waits."""

    kind: type
    """What a transport of the caller's has to be."""

    def __init__(
        self, config: Config, wire: Pool | Foreign, version: str, pace: Pace | None = None
    ) -> None:
        self.config = config
        self._pace = pace
        self._wire = wire
        self._version = version
        self._origin = _origin(config.base_url)
        self._prefix = config.base_url.raw_path.decode("ascii").rstrip("/")
        self.headers = standard_headers(version)
        self._raw_headers: Headers = [
            (b"Host", config.base_url.netloc),
            *((name.encode(), value.encode()) for name, value in self.headers.items()),
        ]

    @classmethod
    def open(cls, config: Config, transport: object | None, version: str) -> Self:
        """Return a layer on connections of its own, or on a transport of the caller's.

        Raises:
            ConfigurationError: the transport isn't of httpx's kind, or the environment's
                certificates or proxy aren't usable.
        """
        if transport is None:
            return cls(config, Pool(Network(config).open), version)
        if not isinstance(transport, cls.kind):
            raise ConfigurationError(f"transport must be an httpx.{cls.kind.__name__}")
        return cls(config, Foreign(transport, config.base_url), version)

    def evolve(self, config: Config, pace: Pace | None = None) -> Self:
        """Return a layer with other options on the same connections, at a pace of its own."""
        return type(self)(config, self._wire, self._version, pace or self._pace)

    def _operation(self, method: str, path: str) -> Steps[Answer]:
        """Call an operation without a body; the path begins below the base URL."""
        return self._call(method, self._prefix + path, self._raw_headers, b"", _NO_BOUNDS)

    def _request(self, request: httpx.Request) -> Steps[Answer]:
        """Send a request of httpx's."""
        if _origin(request.url) != self._origin:
            raise ValueError("the request's URL isn't below the client's base_url: the key stays")
        headers = [pair for pair in request.headers.raw if pair[0].lower() != b"authorization"]
        stream = request.stream
        body: Any = b"".join(stream) if isinstance(stream, httpx.ByteStream) else stream
        return self._call(
            request.method,
            request.url.raw_path.decode("ascii"),
            headers,
            body,
            request.extensions.get("timeout", _NO_BOUNDS),
        )

    def _call(
        self, method: str, target: str, headers: Headers, body: Any, bounds: dict[str, float | None]
    ) -> Steps[Answer]:
        """Try until there is an answer that counts.

        Raises:
            APIStatusError, APIConnectionError: the last try's outcome.
            ResponseValidationError: an answer that must be right isn't.
            OneloopError: the client is closed.
        """
        if self._pace:  # before the call's time begins
            yield Sleep(self._pace.wait())
        call = _Call(self.config, method, target, self._prefix)
        idempotent = retry.is_idempotent(method, target.partition("?")[2], headers)
        patience = Patience(call.deadline, bounds)
        while True:
            exchange = Exchange(
                method, target, headers, body, self.config.api_key, patience, call.reader
            )
            outcome = yield from self._try(call, exchange)
            tried = retry.Tried(
                number=call.tries,
                idempotent=idempotent,
                sent=exchange.sent,
                replayable=isinstance(body, bytes),
                status=outcome.status_code if isinstance(outcome, Answer) else None,
                retry_after=_retry_after(outcome) if isinstance(outcome, Answer) else None,
                permanent=isinstance(outcome, ssl.SSLCertVerificationError | RequestError),
            )
            seconds = retry.pause(
                tried,
                max_retries=self.config.max_retries,
                left=call.deadline - time.monotonic(),
                jitter=random.random(),  # noqa: S311 - no secret
            )
            if seconds is None:
                break
            yield Sleep(seconds)
            if self._pace:  # nor does the call's time run while it waits its turn again
                turn = self._pace.wait()
                yield Sleep(turn)
                call.deadline += turn
                patience = Patience(call.deadline, bounds)
        if not isinstance(outcome, Answer):
            raise _connection_error(call, outcome) from _keyless(call, outcome)
        status = outcome.status_code
        if not (outcome.is_success and routes.is_documented(call.operation, status)):
            raise _status_error(call, outcome)
        if media := routes.other_media(call.operation, status, outcome.media_type):
            got = outcome.excerpt(outcome.media_type)
            raise outcome.fault("$", f"the content type {' or '.join(media)}", got)
        outcome.elapsed = datetime.timedelta(seconds=time.monotonic() - call.began)
        return outcome

    def _try(self, call: _Call, exchange: Exchange) -> Steps[Answer | Exception]:
        """Return the answer, or what came in its place where another try may help."""
        if self._wire.closed:
            raise OneloopError("this client is closed; make a new one")
        call.tries += 1
        began = time.monotonic()
        outcome = "no answer"
        try:
            answer = (yield from self._wire.exchange(exchange)).answer()
            outcome = f"{answer.status_code}"
        except Exception as error:
            outcome += f", {type(error).__name__}"
            if isinstance(error, _FAULTS):
                return error
            raise
        else:
            return answer
        finally:
            seconds = time.monotonic() - began
            log.tried(call.template, call.path, outcome, call.tries, seconds)


class SyncTransport(_Transport, httpx.BaseTransport):
    """The layer for synchronous calls.

    Raises, for every operation: `APIStatusError`, `APIConnectionError`, `APITimeoutError`,
    `ResponseValidationError`, and `OneloopError` after `close()`.
    """

    kind = httpx.BaseTransport

    def call(self, method: str, path: str) -> Answer:
        """Call an operation without a body; the path begins below the base URL."""
        return run(self._operation(method, path))

    def handle_request(self, request: httpx.Request) -> Answer:
        return run(self._request(request))

    def close(self) -> None:
        run(self._wire.close())


class AsyncTransport(_Transport, httpx.AsyncBaseTransport):
    """The layer for asynchronous calls; raises as `SyncTransport` does."""

    kind = httpx.AsyncBaseTransport

    async def call(self, method: str, path: str) -> Answer:
        """Call an operation without a body; the path begins below the base URL."""
        return await run_async(self._operation(method, path))

    async def handle_async_request(self, request: httpx.Request) -> Answer:
        return await run_async(self._request(request))

    async def aclose(self) -> None:
        await run_async(self._wire.close())


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _retry_after(answer: Answer) -> float | None:
    return retry.retry_after(answer.headers.get("retry-after"), time.time())


def _connection_error(call: _Call, fault: Exception) -> APIConnectionError:
    tries = "1 try" if call.tries == 1 else f"{call.tries} tries"
    reason = printable(call.redact(str(fault))) or type(fault).__name__
    if isinstance(fault, TimeoutError | httpx.TimeoutException):
        return APITimeoutError(
            f"{call.name}: no whole answer after {tries} ({reason}, timeout={call.timeout:g} s)"
        )
    return APIConnectionError(f"{call.name}: no whole answer after {tries}: {reason}")


def _keyless(call: _Call, fault: Exception) -> Exception | None:
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


def _status_error(call: _Call, answer: Answer) -> APIStatusError:
    status = answer.status_code
    code, message = _error_body(answer.body)
    message = printable(call.redact(message))
    wait = _retry_after(answer)
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
