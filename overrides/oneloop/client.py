"""The clients: construction, lifecycle, operations."""

from __future__ import annotations

import functools
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from oneloop import bulk, usage

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Iterable
    from contextlib import AbstractAsyncContextManager, AbstractContextManager

    import httpx  # noqa: F401 - the strings below name it

    from oneloop._http.api import API, AsyncAPI
    from oneloop._http.config import Config
    from oneloop._http.transport import AsyncTransport, SyncTransport

# ruff: noqa: PLC0415 - httpx and what is on it come with the first client, not with the package

InjectedT = TypeVar("InjectedT")
TransportT = TypeVar("TransportT", "SyncTransport", "AsyncTransport")


class _Client(Generic[InjectedT, TransportT]):
    """What both clients share: everything but the I/O."""

    _config: Config
    _http: TransportT
    _injected: InjectedT | None

    def __init__(
        self,
        *,
        api_key: str | None = None,
        base_url: str | None = None,
        timeout: float = 60.0,
        max_retries: int = 2,
        max_response_bytes: int = 64 * 2**20,
        trust_env: bool = True,
        allow_http: bool = False,
        pickle_api_key: bool = False,
        transport: InjectedT | None = None,
    ) -> None:
        from oneloop._http.config import load
        from oneloop._http.log import set_up
        from oneloop._http.secret import Secret
        from oneloop.version import __version__
        from oneloop_api_client.spec import SERVER_URL

        # From here on no variable of a frame holds the key, which a traceback might show.
        secret = None if api_key is None else Secret(api_key)
        del api_key
        set_up()
        config = load(
            api_key=secret,
            base_url=base_url,
            default_url=SERVER_URL,
            timeout=timeout,
            max_retries=max_retries,
            max_response_bytes=max_response_bytes,
            trust_env=trust_env,
            allow_http=allow_http,
            pickle_api_key=pickle_api_key,
        )
        http = self._transport_class().open(config, transport, __version__)
        self._set_up(config, http, transport)

    def with_options(
        self,
        *,
        timeout: float | None = None,
        max_retries: int | None = None,
        max_response_bytes: int | None = None,
    ) -> Self:
        """Return a client with other options that shares this one's connections and lifetime.

        Raises:
            ConfigurationError: an option isn't usable.
        """
        http = self._layer(timeout, max_retries, max_response_bytes)
        other = object.__new__(type(self))
        # What a subclass keeps goes along; the generated client belongs to one set of options.
        vars(other).update({name: value for name, value in vars(self).items() if name != "api"})
        other._set_up(http.config, http, self._injected)
        return other

    def _layer(
        self, timeout: float | None, max_retries: int | None, max_response_bytes: int | None
    ) -> TransportT:
        """Return the transport, with other options where one isn't None."""
        options = {
            "timeout": timeout,
            "max_retries": max_retries,
            "max_response_bytes": max_response_bytes,
        }
        changes = {name: value for name, value in options.items() if value is not None}
        return self._http.evolve(self._config.evolve(changes)) if changes else self._http

    def _many(
        self,
        ids: object,
        concurrency: int,
        rate: float | None,
        options: tuple[float | None, int | None, int | None],
    ) -> TransportT:
        """Return the transport for many calls, with the options of one."""
        from oneloop._http.pace import Pace

        bulk.check(ids, concurrency)
        http = self._layer(*options)
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
        if self._injected is not None:
            raise TypeError(f"a {type(self).__name__} with a transport of yours doesn't pickle")
        return _rebuild, (type(self), self._config.options())

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
        trust_env: whether `HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`, `SSL_CERT_FILE` and
            `SSL_CERT_DIR` count. Proxies are http:// ones; they serve https alone, never this
            machine.
        allow_http: whether plain http may leave this machine. It shows the key to the network.
        pickle_api_key: whether a pickled client carries its key. Else the unpickling process reads
            `ONELOOP_API_KEY`.
        transport: an httpx transport to send through, such as `httpx.MockTransport`, in place of
            real connections; everything else stays as it is.

    Raises:
        ConfigurationError: an option or environment variable isn't usable.
    """

    @functools.cached_property
    def api(self) -> API:
        """Every operation of the API as a method: `client.api.get_billing_usage(bid)`.

        Their results are the generator's models, of the spec's shape, nothing more converted; what
        isn't a success raises as the methods here do. `client.api.with_raw_response` has the same
        methods with what came with the result. Generated functions take it as well:
        `some_operation.sync(..., client=oneloop.api)`.
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
        http = self._layer(timeout, max_retries, max_response_bytes)
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
        http = self._many(ids, concurrency, rate, (timeout, max_retries, max_response_bytes))
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
        http = self._layer(timeout, max_retries, max_response_bytes)
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
        http = self._many(ids, concurrency, rate, (timeout, max_retries, max_response_bytes))
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
    return cls(**options)
