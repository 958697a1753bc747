"""The clients: construction, lifecycle, operations."""

from __future__ import annotations

import functools
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from oneloop import bulk, usage
from oneloop._http.keywords import hide, hinting

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager, AbstractContextManager

    import httpx  # noqa: F401 - the strings below name it

    from oneloop._http.api import API, AsyncAPI
    from oneloop._http.config import Config
    from oneloop._http.hooks import Hook
    from oneloop._http.transport import AsyncTransport, SyncTransport

# ruff: noqa: PLC0415 - httpx and what is on it come with the first client, not with the package

InjectedT = TypeVar("InjectedT")
TransportT = TypeVar("TransportT", "SyncTransport", "AsyncTransport")


class _Client(Generic[InjectedT, TransportT]):
    """What both clients share: everything but the I/O."""

    _config: Config
    _http: TransportT
    _injected: InjectedT | None

    @hinting
    def __init__(
        self,
        *,
        api_key: str | None = None,
        base_url: str | None = None,
        timeout: float = 60.0,
        max_retries: int = 2,
        max_response_bytes: int = 64 * 2**20,
        max_connections: int | None = None,
        default_headers: Mapping[str, str] | None = None,
        user_agent: str | None = None,
        event_hooks: Mapping[str, Sequence[Hook]] | None = None,
        proxy: str | None = None,
        ssl_context: ssl.SSLContext | None = None,
        trust_env: bool = True,
        allow_http: bool = False,
        pickle_api_key: bool = False,
        transport: InjectedT | None = None,
    ) -> None:
        from oneloop._http.config import load
        from oneloop._http.log import set_up
        from oneloop.version import __version__
        from oneloop_api_client.spec import SERVER_URL

        set_up()
        config = load(  # what is secret is a `Secret` here: `hinting` has seen to it
            api_key=api_key,
            base_url=base_url,
            default_url=SERVER_URL,
            timeout=timeout,
            max_retries=max_retries,
            max_response_bytes=max_response_bytes,
            max_connections=max_connections,
            default_headers=default_headers,
            user_agent=user_agent,
            event_hooks=event_hooks,
            proxy=proxy,
            ssl_context=ssl_context,
            trust_env=trust_env,
            allow_http=allow_http,
            pickle_api_key=pickle_api_key,
        )
        http = self._transport_class().open(config, transport, __version__)
        self._set_up(config, http, transport)

    @hinting
    def with_options(
        self,
        *,
        timeout: float | None = None,
        max_retries: int | None = None,
        max_response_bytes: int | None = None,
        default_headers: Mapping[str, str] | None = None,
        user_agent: str | None = None,
        event_hooks: Mapping[str, Sequence[Hook]] | None = None,
    ) -> Self:
        """Return a client with other options that shares this one's connections and lifetime.

        What is given comes in place of this one's: `{}` is no header or hook at all.

        Raises:
            TypeError: an option has another name, or is of the connections that both share.
            ConfigurationError: an option isn't usable.
        """
        http = self._layer(
            timeout=timeout,
            max_retries=max_retries,
            max_response_bytes=max_response_bytes,
            default_headers=default_headers,
            user_agent=user_agent,
            event_hooks=event_hooks,
        )
        other = object.__new__(type(self))
        # What a subclass keeps goes along; the generated client belongs to one set of options.
        vars(other).update({name: value for name, value in vars(self).items() if name != "api"})
        other._set_up(http.config, http, self._injected)
        return other

    def _layer(self, **options: Any) -> TransportT:
        """Return the transport, with other options where one isn't None."""
        changes = {name: value for name, value in options.items() if value is not None}
        return self._http.evolve(self._config.evolve(changes)) if changes else self._http

    def _many(
        self,
        ids: object,
        concurrency: int,
        rate: float | None,
        **options: float | None,
    ) -> TransportT:
        """Return the transport for many calls, with the options of one."""
        from oneloop._http.pace import Pace

        bulk.check(ids, concurrency)
        http = self._layer(**options)
        return http if rate is None else http.evolve(http.config, Pace(rate))

    def _api_options(self) -> dict[str, Any]:
        """Return what the generated client on this client's transport is made with."""
        return {
            "base_url": str(self._config.base_url),
            "token": "[added by the transport]",  # says where the real one is
            "headers": dict(self._http.headers),
            "raise_on_unexpected_status": True,
            "httpx_args": {"transport": self._http},
        }

    def __repr__(self) -> str:
        config = vars(self).get("_config")  # none where construction failed
        return f"{type(self).__name__}(base_url={str(config and config.base_url)!r})"

    def __copy__(self) -> Self:
        return self.with_options()

    def __deepcopy__(self, memo: object) -> Self:
        return self.with_options()

    def __reduce__(self) -> tuple[Any, ...]:
        problem = None if self._injected is None else "a transport of yours"
        problem = problem or self._config.stays_here()
        if problem:
            raise TypeError(f"a {type(self).__name__} with {problem} doesn't pickle")
        # As in `with_options`, what a subclass keeps goes along.
        made = ("_config", "_http", "_injected", "api")
        own = {name: value for name, value in vars(self).items() if name not in made}
        return _rebuild, (type(self), self._config.options()), own

    def _set_up(self, config: Config, http: TransportT, injected: InjectedT | None) -> None:
        self._config = config
        self._http = http
        self._injected = injected

    @staticmethod
    def _transport_class() -> type[TransportT]:
        raise NotImplementedError


class Oneloop(_Client["httpx.BaseTransport", "SyncTransport"]):
    """The synchronous client: thread-safe, fork-safe, a context manager.

    Args:
        api_key: the key; else the environment variable `ONELOOP_API_KEY`.
        base_url: where the API is; else `ONELOOP_BASE_URL`, else the spec's server. https, or http
            on this machine.
        timeout: seconds for one call, its retries and pauses included.
        max_retries: tries after the first, for connection failures, 408, 429, 500, 502, 503 and
            504: of idempotent methods (RFC 9110 §9.2.2), of requests with an `Idempotency-Key`, and
            of any of which nothing was sent. `Retry-After` is honoured.
        max_response_bytes: the most that an answer's body may hold after decompression.
        max_connections: how many connections there may be at a time, of all threads and event
            loops; a call beyond them waits its turn. 200 unless given.
        default_headers: sent with each request, where an operation has none of that name itself.
            None that authenticate, name a host, say what this client sends or reads, ask for a part
            of an answer, make an operation another, or all requests one (`Idempotency-Key`). No
            `repr` or log shows them; a pickled client carries them.
        user_agent: what stands behind this client's own products in `User-Agent`: `my-app/2.3`.
        event_hooks: functions that are told of each try: lists of them by the event, `request`
            (before a try), `response` (after it, whether an answer came or not) and `retry` (after
            that, where another try follows). Each gets a `oneloop.TryEvent`. They are called where
            the call is made, `iter_billing_usage` and `oneloop.sync` in several threads at a time;
            for `AsyncOneloop` they may be coroutine functions. Their time is the call's: it counts
            for `timeout`, which can't cut it short. What one raises ends the call. A try that is
            cancelled or interrupted has no further event.
        proxy: URL of an http:// proxy, perhaps with user and password, in place of the
            environment's. It serves https alone, as a tunnel. No `repr`, error or log shows it; a
            client whose proxy has a password pickles with `pickle_api_key` alone.
        ssl_context: in place of our own: for an authority of yours or a client certificate. Begin
            with `ssl.create_default_context()`. It has to verify certificates and host names, and
            to begin at TLS 1.2, or where the system's OpenSSL does. Without it count certifi's
            authorities, or `SSL_CERT_FILE` and `SSL_CERT_DIR`. Such a client doesn't pickle.
        trust_env: whether `HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`, `SSL_CERT_FILE` and
            `SSL_CERT_DIR` count. Proxies are http:// ones; they serve https alone, never this
            machine.
        allow_http: whether plain http may leave this machine. It shows the key to the network.
        pickle_api_key: whether a pickled client carries its key. Else the unpickling process reads
            `ONELOOP_API_KEY`.
        transport: an httpx transport to send through, such as `httpx.MockTransport`, in place of
            real connections; everything else stays as it is.

    `proxy`, `ssl_context` and `max_connections` are for real connections: with a `transport` they
    are refused; for http on this machine the first two count for nothing.

    Raises:
        TypeError: an option has another name; the message says which.
        ConfigurationError: an option or environment variable isn't usable.
    """

    @functools.cached_property
    def api(self) -> API:
        """Every operation of the API as a method: `client.api.get_billing_usage(bid)`.

        Their results are the generator's models, of the spec's shape, nothing more converted; what
        isn't a success raises as the methods here do. `client.api.with_raw_response` has the same
        methods with what came with the result. Generated functions take it as well:
        `some_operation.sync(..., client=client.api)`.
        """
        from oneloop._http.api import API

        return API(**self._api_options())

    def get_billing_usage(
        self,
        bid: str,
        *,
        timeout: float | None = None,
        max_retries: int | None = None,
        max_response_bytes: int | None = None,
    ) -> usage.BillingUsage:
        """Retrieve the usage of one billing id.

        Args:
            bid: the billing id, 1 to 256 characters.
            timeout: seconds for this call, in place of the client's.
            max_retries: tries after the first, in place of the client's.
            max_response_bytes: of the answer's body, in place of the client's.

        Raises:
            TypeError, ValueError: `bid` can't be a billing id.
            APIStatusError: the API refused (see its subclasses).
            APIConnectionError: no whole answer arrived; `APITimeoutError` within `timeout`.
            ResponseValidationError: the answer isn't a usage answer, or not for this id.
        """
        http = self._layer(
            timeout=timeout, max_retries=max_retries, max_response_bytes=max_response_bytes
        )
        return usage.decode(http.call(*usage.request_line(bid)), bid)

    def iter_billing_usage(
        self,
        ids: Iterable[str],
        *,
        concurrency: int = 16,
        rate: float | None = None,
        ordered: bool = False,
        timeout: float | None = None,
        max_retries: int | None = None,
        max_response_bytes: int | None = None,
    ) -> AbstractContextManager[bulk.Results]:
        """Retrieve the usage of many billing ids, some at a time, in threads of its own.

            with client.iter_billing_usage(ids) as results:
                for result in results:
                    print(result.billing_id, result.usage or result.error)

        A result is there for each id, with its usage or its error. Leaving the block ends what is
        under way. With the extra `arrow` the results are an Arrow stream as well:
        `polars.DataFrame(results)`, `duckdb.sql("from results")`; see `oneloop.bulk.Results`.

        Args:
            ids: the billing ids, any iterable; read as results are taken, at most four ahead of
                `concurrency`, in the thread that takes them.
            concurrency: how many are fetched at a time.
            rate: requests a second, each retry counted, evenly spaced; None for no limit.
            ordered: whether results come in the order of `ids`, rather than as they arrive.
            timeout: seconds for one id's call, in place of the client's; a wait for `rate` apart.
            max_retries: tries after the first of each call, in place of the client's.
            max_response_bytes: of each answer's body, in place of the client's.

        Raises:
            ConfigurationError: an option isn't usable.
            AuthenticationError: while results are taken, the key isn't valid: for no id then.
            Exception: what `ids` raises, after the results of the ids before.
        """
        http = self._many(
            ids,
            concurrency,
            rate,
            timeout=timeout,
            max_retries=max_retries,
            max_response_bytes=max_response_bytes,
        )
        return bulk.by_threads(http.call, ids, concurrency=concurrency, ordered=ordered)

    def close(self) -> None:
        """Close the connections. Calls after it raise `OneloopError`; closing twice is fine."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @staticmethod
    def _transport_class() -> type[SyncTransport]:
        from oneloop._http.transport import SyncTransport

        return SyncTransport


class AsyncOneloop(_Client["httpx.AsyncBaseTransport", "AsyncTransport"]):
    """The asynchronous client: the options and methods of `Oneloop`, awaited.

    Works under asyncio and trio, and in one event loop after another.
    """

    @functools.cached_property
    def api(self) -> AsyncAPI:
        """Every operation of the API as a method to be awaited; see `Oneloop.api`."""
        from oneloop._http.api import AsyncAPI

        return AsyncAPI(**self._api_options())

    async def get_billing_usage(
        self,
        bid: str,
        *,
        timeout: float | None = None,
        max_retries: int | None = None,
        max_response_bytes: int | None = None,
    ) -> usage.BillingUsage:
        """Retrieve the usage of one billing id; see `Oneloop.get_billing_usage`."""
        http = self._layer(
            timeout=timeout, max_retries=max_retries, max_response_bytes=max_response_bytes
        )
        return usage.decode(await http.call(*usage.request_line(bid)), bid)

    def iter_billing_usage(
        self,
        ids: Iterable[str] | AsyncIterable[str],
        *,
        concurrency: int = 16,
        rate: float | None = None,
        ordered: bool = False,
        timeout: float | None = None,
        max_retries: int | None = None,
        max_response_bytes: int | None = None,
    ) -> AbstractAsyncContextManager[AsyncIterator[bulk.UsageResult]]:
        """Retrieve the usage of many billing ids, some at a time, in tasks of its own.

            async with client.iter_billing_usage(ids) as results:
                async for result in results:
                    print(result.billing_id, result.usage or result.error)

        See `Oneloop.iter_billing_usage`; `ids` may be asynchronous as well.
        """
        http = self._many(
            ids,
            concurrency,
            rate,
            timeout=timeout,
            max_retries=max_retries,
            max_response_bytes=max_response_bytes,
        )
        return bulk.by_tasks(http.call, ids, concurrency=concurrency, ordered=ordered)

    async def aclose(self) -> None:
        """Close the connections. Calls after it raise `OneloopError`; closing twice is fine."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    @staticmethod
    def _transport_class() -> type[AsyncTransport]:
        from oneloop._http.transport import AsyncTransport

        return AsyncTransport


def _rebuild(cls: type[_Client[Any, Any]], options: dict[str, Any]) -> _Client[Any, Any]:
    """Return a client with these options; a subclass's constructor may want others."""
    client = object.__new__(cls)
    hide(options)  # else a traceback of what isn't usable here would show them
    initialize: Any = _Client.__init__
    initialize.__wrapped__(client, **options)
    return client
