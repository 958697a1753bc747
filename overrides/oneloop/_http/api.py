"""The generated client, put on the guarded transport."""

from __future__ import annotations

import json
from typing import Any

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
    def build_request(self, method: str, url: httpx.URL | str, **options: Any) -> httpx.Request:
        check_path(str(url))
        return super().build_request(method, url, **_cookies_as_text(options))


class _AsyncHTTP(httpx.AsyncClient):
    def build_request(self, method: str, url: httpx.URL | str, **options: Any) -> httpx.Request:
        check_path(str(url))
        return super().build_request(method, url, **_cookies_as_text(options))


def _cookies_as_text(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options with each cookie a str: generated code hands numbers on as they are."""
    cookies = options.get("cookies")
    if isinstance(cookies, dict):
        as_text = {
            name: value if isinstance(value, str) else json.dumps(value, default=str)
            for name, value in cookies.items()
        }
        return options | {"cookies": as_text}
    return options
