"""The generated client and its operations, put on the guarded transport."""

from __future__ import annotations

import datetime
import io
import json
import os
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Self
from urllib.parse import quote

import anyio.to_thread
import attrs
import httpx

from oneloop._http import routes
from oneloop._http.answer import Answer
from oneloop._http.transport import AsyncTransport, SyncTransport
from oneloop.errors import OneloopError
from oneloop_api_client import AuthenticatedClient, operations
from oneloop_api_client.responses import APIResponse
from oneloop_api_client.types import Unset


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
        options = _streamed(options, _chunks)
        return super().request(*args, **_sendable(self, cookies, options))

    def build_request(self, method: str, url: httpx.URL | str, **options: Any) -> httpx.Request:
        routes.check_path(str(url))
        return super().build_request(method, url, **_with_joined_lists(method, url, options))


class _AsyncHTTP(httpx.AsyncClient):
    async def request(self, *args: Any, cookies: Any = None, **options: Any) -> httpx.Response:
        options = _streamed(options, _chunks_async)
        return await super().request(*args, **_sendable(self, cookies, options))

    def build_request(self, method: str, url: httpx.URL | str, **options: Any) -> httpx.Request:
        routes.check_path(str(url))
        return super().build_request(method, url, **_with_joined_lists(method, url, options))


def _streamed(options: dict[str, Any], chunks: Callable[[Any], Any]) -> dict[str, Any]:
    """Return the options with an open file as what is left of it.

    httpx says the whole file's length, and on an event loop takes no file.

    Raises:
        TypeError: it was opened as text.
        ValueError: nothing is left of a file that isn't empty.
    """
    file: Any = options.get("content")
    if not hasattr(file, "read"):
        return options
    if isinstance(file, io.TextIOBase):
        raise TypeError("the file to be sent gives text: open it in binary mode, 'rb'")
    headers = options.get("headers") or {}
    if getattr(file, "seekable", bool)():
        position = file.tell()
        end = file.seek(0, os.SEEK_END)
        file.seek(position)
        if 0 < end <= position:
            raise ValueError("the file to be sent is at its end: nothing is left; seek(0) first")
        headers = headers | {"Content-Length": f"{end - position}"}
    return options | {"content": chunks(file), "headers": headers}


def _chunks(file: Any) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK_BYTES):
        yield chunk


async def _chunks_async(file: Any) -> AsyncIterator[bytes]:
    while chunk := await anyio.to_thread.run_sync(file.read, _CHUNK_BYTES):
        yield chunk


def _sendable(
    client: httpx.Client | httpx.AsyncClient,
    cookies: dict[str, Any] | None,
    options: dict[str, Any],
) -> dict[str, Any]:
    """Return the options of generated code as httpx sends what they mean.

    A body of JSON's null is none for httpx. Generated code names the type of a body that was left
    out; the boundary that it names may stand in a file: httpx's own is random. httpx warns of
    cookies for one call, takes none but strings, and sends them without the client's own; generated
    code hands on what the parameter is. What a cookie can't hold is percent-encoded (RFC 6265
    §4.1.1).
    """
    options = {name: each for name, each in options.items() if not isinstance(each, Unset)}
    if options.get("json", ...) is None and "content" not in options:
        del options["json"]
        options["content"] = b"null"
    headers = options.get("headers") or {}
    if headers.get("Content-Type") == _MULTIPART or not options.keys() & _BODIES:
        options["headers"] = {name: headers[name] for name in headers if name != "Content-Type"}
    if not cookies:
        return options
    texts = {name: quote(_text(value), _IN_COOKIES) for name, value in cookies.items()}
    line = "; ".join(f"{name}={text}" for name, text in (dict(client.cookies) | texts).items())
    return options | {"headers": {**(options.get("headers") or {}), "Cookie": line}}


def _text(value: Any) -> str:
    if isinstance(value, datetime.date):  # a time is one, too
        return value.isoformat()
    return json.dumps(value) if isinstance(value, bool | int | float | None) else str(value)


def _with_joined_lists(
    method: str, url: httpx.URL | str, options: dict[str, Any]
) -> dict[str, Any]:
    """Return the options with the lists that the spec wants in one piece as such.

    Generated code passes over a parameter's `style` and `explode`.
    """
    params = options.get("params")
    if not (isinstance(params, dict) and any(isinstance(each, list) for each in params.values())):
        return options
    operation = routes.find(method.upper(), str(url))
    joined = {
        name: delimiter.join(
            each if isinstance(each, str) else json.dumps(each, default=str) for each in value
        )
        for name, delimiter in (operation.joined if operation else {}).items()
        if (value := params.get(name)) and isinstance(value, list)
    }
    return options | {"params": params | joined}


_BODIES = {"content", "data", "files", "json"}
_CHUNK_BYTES = 65_536
_MULTIPART = "multipart/form-data; boundary=+++"
_IN_COOKIES = "!#$&'()*+-./:<=>?@[]^_`{|}~"
