"""The one HTTP layer that every operation passes: auth, deadline, tries, limits, status → error."""

from __future__ import annotations

import datetime
import functools
import random
import ssl
import time
from typing import Any, NamedTuple, Self

import httpx

from oneloop._http import failure, headers, log, retry, routes
from oneloop._http.answer import Answer, AnswerReader, Headers, printable
from oneloop._http.config import Config
from oneloop._http.connection import Exchange, RequestError
from oneloop._http.foreign import Foreign
from oneloop._http.hooks import Tell, TryEvent
from oneloop._http.network import Network
from oneloop._http.pace import Pace
from oneloop._http.pool import Pool
from oneloop._http.secret import Unseen
from oneloop._http.waits import Patience, Sleep, Steps, run, run_async
from oneloop.errors import ConfigurationError, OneloopError
from oneloop_api_client.spec import Operation

# UnicodeError: a host name that IDNA can't encode shows only at the look-up.
_FAULTS = (OSError, httpx.TransportError, UnicodeError)
_PERMANENT = (ssl.SSLCertVerificationError, RequestError)
_NO_BOUNDS: dict[str, float | None] = {}


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
        self._base_url = config.base_url
        self._limit = config.max_response_bytes

    @functools.cached_property
    def context(self) -> dict[str, Any]:
        """What those who are told of its tries keep of it."""
        return {}

    def left(self) -> float:
        """Return the seconds to its deadline."""
        return self.deadline - time.monotonic()

    @property
    def name(self) -> str:
        return f"{self.method} {printable(self.path)}"

    def event(self, **ended: Any) -> TryEvent:
        """Return what is told of a try, with what is known of its end."""
        return TryEvent(
            method=self.method,
            template=self.operation.path if self.operation else None,
            server=f"{self._base_url.scheme}://{self._base_url.netloc.decode()}",
            path=self.redact(self.path),
            number=self.tries,
            context=self.context,
            **ended,
        )

    def reader(self, status_code: int, headers: Headers) -> AnswerReader:
        return AnswerReader(self, status_code, headers, limit=self._limit)


class _Request(NamedTuple):
    """What is sent, as often as it takes."""

    method: str
    target: str
    headers: Headers
    unseen: Unseen
    body: Any
    bounds: dict[str, float | None]

    def is_idempotent(self) -> bool:
        """Whether the server may get it twice."""
        return retry.is_idempotent(self.method, self.target.partition("?")[2], self.headers)

    def exchange(self, call: _Call) -> Exchange:
        """Return it as it is sent this time."""
        patience = Patience(call.deadline, self.bounds)
        return Exchange(
            self.method, self.target, self.headers, self.body, self.unseen, patience, call.reader
        )


class _Transport:
    """One call, however it waits."""

    kind: type
    """What a transport of the caller's has to be."""
    awaits: bool
    """Whether a hook may be a coroutine function."""

    def __init__(
        self, config: Config, wire: Pool | Foreign, version: str, pace: Pace | None = None
    ) -> None:
        self.config = config
        self._pace = pace
        self._wire = wire
        self._version = version
        self._origin = _origin(config.base_url)
        self._prefix = config.base_url.raw_path.decode("ascii").rstrip("/")
        self._hooks = config.event_hooks
        if not (self.awaits or self._hooks.are_plain()):
            raise ConfigurationError(
                "event_hooks has a coroutine function: that's for AsyncOneloop"
            )
        self.headers = headers.standard(version, config.user_agent)
        self._unseen = Unseen(
            [config.api_key.header(), *headers.raw(config.default_headers.reveal())]
        )
        self._raw_headers: Headers = [
            (b"Host", config.base_url.netloc),
            *((name.encode(), value.encode()) for name, value in self.headers.items()),
        ]

    @classmethod
    def open(cls, config: Config, transport: object | None, version: str) -> Self:
        """Return a layer on connections of its own, or on a transport of the caller's.

        Raises:
            ConfigurationError: the transport isn't of httpx's kind, or has options that are for
                connections of ours; or the certificates or the proxy aren't usable.
        """
        if transport is None:
            return cls(config, Pool(Network(config).open, config.max_connections), version)
        for name in ("proxy", "ssl_context", "max_connections"):
            if getattr(config, name) is not None:
                raise ConfigurationError(f"{name} is none of a transport of yours: give it to that")
        if not isinstance(transport, cls.kind):
            raise ConfigurationError(f"transport must be an httpx.{cls.kind.__name__}")
        return cls(config, Foreign(transport, config.base_url), version)

    def evolve(self, config: Config, pace: Pace | None = None) -> Self:
        """Return a layer with other options on the same connections, at a pace of its own."""
        return type(self)(config, self._wire, self._version, pace or self._pace)

    def _operation(self, method: str, path: str) -> Steps[Answer]:
        """Call an operation without a body; the path begins below the base URL."""
        headers = self._raw_headers
        return self._call(
            _Request(method, self._prefix + path, headers, self._unseen, b"", _NO_BOUNDS)
        )

    def _request(self, request: httpx.Request) -> Steps[Answer]:
        """Send a request of httpx's."""
        if _origin(request.url) != self._origin:
            raise ValueError("the request's URL isn't below the client's base_url: the key stays")
        headers = [pair for pair in request.headers.raw if pair[0].lower() != b"authorization"]
        stream = request.stream
        return self._call(
            _Request(
                request.method,
                request.url.raw_path.decode("ascii"),
                headers,
                self._unseen.beside(headers),
                b"".join(stream) if isinstance(stream, httpx.ByteStream) else stream,
                request.extensions.get("timeout", _NO_BOUNDS),
            )
        )

    def _call(self, request: _Request) -> Steps[Answer]:
        """Try until there is an answer that counts.

        Raises:
            APIStatusError, APIConnectionError: the last try's outcome.
            ResponseValidationError: an answer that must be right isn't.
            OneloopError: the client is closed.
            Exception: what a hook raises.
        """
        if self._pace:  # before the call's time begins
            yield Sleep(self._pace.wait())
        call = _Call(self.config, request.method, request.target, self._prefix)
        while True:
            if self._wire.closed:
                raise OneloopError("this client is closed; make a new one")
            call.tries += 1
            if self._hooks.request:
                yield Tell(self._hooks.request, call.event())
            exchange = request.exchange(call)
            began = time.monotonic()
            outcome = yield from self._try(exchange)
            elapsed = time.monotonic() - began
            pause = self._pause(call, request, outcome, sent=exchange.sent)
            if self._hooks or log.is_on():
                yield from self._tell(call, outcome, elapsed, pause)
            if pause is None or call.left() <= pause:  # where hooks took their time
                break
            yield Sleep(pause)
            if self._pace:  # nor does the call's time run while it waits its turn again
                turn = self._pace.wait()
                yield Sleep(turn)
                call.deadline += turn
        if isinstance(outcome, Answer):
            return _checked(call, outcome)
        try:
            is_fault = isinstance(outcome, _FAULTS)
            raise failure.connection_error(call, outcome) if is_fault else outcome
        finally:
            del outcome  # its traceback holds this frame

    def _pause(
        self, call: _Call, request: _Request, outcome: Answer | Exception, *, sent: bool
    ) -> float | None:
        """Return the seconds until the next try; None where there is to be none."""
        answer = outcome if isinstance(outcome, Answer) else None
        tried = retry.Tried(
            number=call.tries,
            idempotent=request.is_idempotent(),
            sent=sent,
            replayable=isinstance(request.body, bytes),
            status=answer.status_code if answer is not None else None,
            retry_after=failure.retry_after(answer) if answer is not None else None,
            permanent=isinstance(outcome, _PERMANENT) or not isinstance(outcome, _FAULTS),
        )
        return retry.pause(
            tried,
            max_retries=self.config.max_retries,
            left=call.left(),
            jitter=random.random(),  # noqa: S311 - no secret
        )

    def _try(self, exchange: Exchange) -> Steps[Answer | Exception]:
        """Return the answer, or what came in its place."""
        try:
            return (yield from self._wire.exchange(exchange)).answer()
        except Exception as error:  # noqa: BLE001 - it is raised where all have been told
            return error

    def _tell(
        self, call: _Call, outcome: Answer | Exception, elapsed: float, pause: float | None
    ) -> Steps[None]:
        """Tell the log and the hooks how a try ended."""
        if isinstance(outcome, Answer):
            came = {"status_code": outcome.status_code, "request_id": outcome.request_id}
        else:
            came = {"error_type": type(outcome).__name__}
        event = call.event(**came, elapsed=elapsed, pause=pause)
        log.tried(event)
        yield Tell(self._hooks.response, event)
        if pause is not None:
            yield Tell(self._hooks.retry, event)


class SyncTransport(_Transport, httpx.BaseTransport):
    """The layer for synchronous calls.

    Raises, for every operation: `APIStatusError`, `APIConnectionError`, `APITimeoutError`,
    `ResponseValidationError`, and `OneloopError` after `close()`.
    """

    kind = httpx.BaseTransport
    awaits = False

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
    awaits = True

    async def call(self, method: str, path: str) -> Answer:
        """Call an operation without a body; the path begins below the base URL."""
        return await run_async(self._operation(method, path))

    async def handle_async_request(self, request: httpx.Request) -> Answer:
        return await run_async(self._request(request))

    async def aclose(self) -> None:
        await run_async(self._wire.close())


def _checked(call: _Call, answer: Answer) -> Answer:
    """Return an answer that is one of the operation's successes."""
    status = answer.status_code
    if not (answer.is_success and routes.is_documented(call.operation, status)):
        raise failure.status_error(call, answer)
    if media := routes.other_media(call.operation, status, answer.media_type):
        got = answer.excerpt(answer.media_type)
        raise answer.fault("$", f"the content type {' or '.join(media)}", got)
    answer.elapsed = datetime.timedelta(seconds=time.monotonic() - call.began)
    return answer


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
