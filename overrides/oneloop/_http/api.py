"""The generated client, put on the guarded transport."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import anyio.to_thread
import httpx

from oneloop._http.routes import check_path
from oneloop._http.transport import AsyncTransport, SyncTransport
from oneloop.errors import OneloopError
from oneloop_api_client import AuthenticatedClient


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

    def _arguments(self) -> dict[str, Any]:
        return {
            "base_url": self._base_url,
            "cookies": self._cookies,
            "headers": self._headers,
            "timeout": self._timeout,
            "trust_env": False,
            **self._httpx_args,
        }


class _SyncHTTP(httpx.Client):
    def request(self, *args: Any, cookies: Any = None, **options: Any) -> httpx.Response:
        return super().request(*args, **_with_cookies(cookies, options))

    def build_request(self, method: str, url: httpx.URL | str, **options: Any) -> httpx.Request:
        check_path(str(url))
        return super().build_request(method, url, **options)


class _AsyncHTTP(httpx.AsyncClient):
    async def request(self, *args: Any, cookies: Any = None, **options: Any) -> httpx.Response:
        if hasattr(options.get("content"), "read"):
            options = options | {"content": _File(options["content"])}
        return await super().request(*args, **_with_cookies(cookies, options))

    def build_request(self, method: str, url: httpx.URL | str, **options: Any) -> httpx.Request:
        check_path(str(url))
        return super().build_request(method, url, **options)


class _File:
    """An open file as the asynchronous stream that httpx wants, and the generator doesn't make."""

    def __init__(self, file: Any) -> None:
        self._file = file

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while chunk := await anyio.to_thread.run_sync(self._file.read, 65_536):
            yield chunk


def _with_cookies(cookies: dict[str, Any] | None, options: dict[str, Any]) -> dict[str, Any]:
    """Return the options with a call's cookies as a header.

    httpx warns of cookies for one call, and takes none but strings; generated code hands on what
    the parameter is. What a cookie can't hold is percent-encoded (RFC 6265 §4.1.1).
    """
    if not cookies:
        return options
    texts = {
        name: value if isinstance(value, str) else json.dumps(value, default=str)
        for name, value in cookies.items()
    }
    line = "; ".join(f"{name}={quote(text, _IN_COOKIES)}" for name, text in texts.items())
    return options | {"headers": {**(options.get("headers") or {}), "Cookie": line}}


_IN_COOKIES = "!#$&'()*+-./:<=>?@[]^_`{|}~"
