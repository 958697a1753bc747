"""What generated code hands to httpx, made to what it means: files, null, cookies, joined lists."""

from __future__ import annotations

import datetime
import io
import json
import os
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any
from urllib.parse import quote

import anyio.to_thread
import httpx

from oneloop._http import routes


def streamed(options: dict[str, Any], chunks: Callable[[Any], Any]) -> dict[str, Any]:
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


def chunks(file: Any) -> Iterator[bytes]:
    """Yield what is left of an open file."""
    while chunk := file.read(_CHUNK_BYTES):
        yield chunk


async def chunks_async(file: Any) -> AsyncIterator[bytes]:
    """Yield what is left of an open file, read in a thread."""
    while chunk := await anyio.to_thread.run_sync(file.read, _CHUNK_BYTES):
        yield chunk


def sendable(
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
    options = dict(options)
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


def with_joined_lists(method: str, url: httpx.URL | str, options: dict[str, Any]) -> dict[str, Any]:
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
