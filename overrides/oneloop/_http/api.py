"""The generated client and its operations, put on the guarded transport."""

from __future__ import annotations

from typing import Any, Self

import attrs
import httpx

from oneloop._http import routes, sending
from oneloop._http.answer import Answer
from oneloop._http.transport import AsyncTransport, SyncTransport
from oneloop.errors import OneloopError
from oneloop_api_client import AuthenticatedClient, operations
from oneloop_api_client.responses import APIResponse


class GuardedClient(AuthenticatedClient):
    """A generated `AuthenticatedClient` that knows no key: the transport adds it.

    Copies of it (`with_headers`, `with_timeout`, …) stay on the same transport.
    """

    def get_httpx_client(self) -> httpx.Client:
        """Return the httpx client on the guarded transport.

        Raises:
            OneloopError: this is the `api` of an `AsyncOneloop`.
        """
        if self._client is None:
            if not isinstance(self._httpx_args["transport"], SyncTransport):
                raise OneloopError("an AsyncOneloop has no synchronous calls: use Oneloop")
            self._client = _SyncHTTP(**self._arguments())
        return self._client

    def get_async_httpx_client(self) -> httpx.AsyncClient:
        """Return the asynchronous httpx client on the guarded transport.

        Raises:
            OneloopError: this is the `api` of a `Oneloop`.
        """
        if self._async_client is None:
            if not isinstance(self._httpx_args["transport"], AsyncTransport):
                raise OneloopError("a Oneloop has no asynchronous calls: use AsyncOneloop")
            self._async_client = _AsyncHTTP(**self._arguments())
        return self._async_client

    def with_headers(self, headers: dict[str, str]) -> Self:
        """Return a copy that sends these headers as well, such as an `Idempotency-Key`."""
        return attrs.evolve(self, headers={**self._headers, **headers})

    def with_cookies(self, cookies: dict[str, str]) -> Self:
        """Return a copy that sends these cookies as well."""
        return attrs.evolve(self, cookies={**self._cookies, **cookies})

    def with_timeout(self, timeout: httpx.Timeout) -> Self:
        """Return a copy with bounds for the parts of a try; the deadline stays the client's."""
        return attrs.evolve(self, timeout=timeout)

    def _arguments(self) -> dict[str, Any]:
        return {
            "base_url": self._base_url,
            "cookies": self._cookies,
            "headers": self._headers,
            "timeout": self._timeout,
            "trust_env": False,
            **self._httpx_args,
        }


class API(operations.SyncOperations, GuardedClient):
    """Every operation of the spec as a method, and what generated functions take as `client`."""

    @property
    def with_raw_response(self) -> operations.SyncRawOperations:
        """The same methods, which return an `APIResponse`: the result and what came with it."""
        return operations.SyncRawOperations(self._call)

    def _call(self, module: Any, arguments: dict[str, Any]) -> APIResponse[Any]:
        request = operations.request(module, arguments)
        return _response(self, module, self.get_httpx_client().request(**request))


class AsyncAPI(operations.AsyncOperations, GuardedClient):
    """Every operation of the spec as a method to be awaited; see `API`."""

    @property
    def with_raw_response(self) -> operations.AsyncRawOperations:
        """The same methods, which return an `APIResponse`: the result and what came with it."""
        return operations.AsyncRawOperations(self._call)

    async def _call(self, module: Any, arguments: dict[str, Any]) -> APIResponse[Any]:
        request = operations.request(module, arguments)
        return _response(self, module, await self.get_async_httpx_client().request(**request))


def _response(client: GuardedClient, module: Any, answer: httpx.Response) -> APIResponse[Any]:
    if not isinstance(answer, Answer):
        raise OneloopError("client.api was given another httpx client: its answers aren't checked")
    return APIResponse(
        parsed=_parsed(client, module, answer), **attrs.asdict(answer.info(), recurse=False)
    )


def _parsed(client: GuardedClient, module: Any, answer: Answer) -> Any:
    # Where the spec gives no type the generator reads nothing, and writes no `sync`.
    if not hasattr(module, "sync"):
        return answer.untyped()
    try:
        return operations.parse(module, client, answer)
    except OneloopError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a generated model trips over
        problem = answer.excerpt(f"{type(error).__name__}: {error}")
    raise answer.fault("$", "what the generated models read", problem)


class _SyncHTTP(httpx.Client):
    def request(self, *args: Any, cookies: Any = None, **options: Any) -> httpx.Response:
        options = sending.streamed(options, sending.chunks)
        return super().request(*args, **sending.sendable(self, cookies, options))

    def build_request(self, method: str, url: httpx.URL | str, **options: Any) -> httpx.Request:
        routes.check_path(str(url))
        return super().build_request(method, url, **sending.with_joined_lists(method, url, options))


class _AsyncHTTP(httpx.AsyncClient):
    async def request(self, *args: Any, cookies: Any = None, **options: Any) -> httpx.Response:
        options = sending.streamed(options, sending.chunks_async)
        return await super().request(*args, **sending.sendable(self, cookies, options))

    def build_request(self, method: str, url: httpx.URL | str, **options: Any) -> httpx.Request:
        routes.check_path(str(url))
        return super().build_request(method, url, **sending.with_joined_lists(method, url, options))
