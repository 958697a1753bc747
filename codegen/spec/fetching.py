"""The bytes of a source, from a URL, a file or standard input, within bounds of size and time."""

from __future__ import annotations

import asyncio
import functools
import re
import ssl
import sys
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import httpx

from codegen.errors import SourceError
from codegen.spec.document import MAX_BYTES
from codegen.spec.words import plain

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_SECONDS: Final = 60.0
_MOST_REDIRECTS: Final = 10
_HEADERS: Final = {"Accept-Encoding": "gzip"}  # which is inflated here, within the bound
_HTML: Final = re.compile(r"\s*<(!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_BUSY: Final = {429, 500, 502, 503, 504}


class MissingError(SourceError):
    """Its place answers that it isn't there."""


class UnavailableError(SourceError):
    """It can't be had now, perhaps later."""


class HtmlError(SourceError):
    """It is HTML: a login page perhaps, or what a host shows for any path."""


class Fetched(NamedTuple):
    """What a source has, and the URL where it was in the end, if it has one."""

    name: str
    raw: bytes
    url: httpx.URL | None = None


def fetched(source: str) -> Fetched:
    """Return the bytes of one source."""
    if source == "-":
        name = "standard input"
        return Fetched(name, _within_bounds(name, sys.stdin.buffer.read(MAX_BYTES + 1)))
    if is_url(source):
        return asyncio.run(_from_url(_parsed(source)))
    return Fetched(source, file(Path(source), source))


def is_url(source: str) -> bool:
    """Say whether a source is on a host."""
    return bool(re.match(r"https?://", source, re.IGNORECASE))


def is_folder(source: str) -> bool:
    """Say whether a source is a folder."""
    try:
        return source != "-" and not is_url(source) and Path(source).is_dir()
    except OSError:  # a name that is too long
        return False


def name_of(source: str) -> str:
    """Return what a source is called in messages."""
    if not is_url(source):
        return "standard input" if source == "-" else source
    try:
        return label(httpx.URL(source))
    except httpx.InvalidURL:
        return "a URL that is none"


def label(url: httpx.URL) -> str:
    """Return what a URL is called in messages: without user, password, query and fragment."""
    path = url.raw_path.decode("ascii").partition("?")[0]
    return plain(f"{origin(url)}{path}")


def origin(url: httpx.URL) -> str:
    """Return a URL's scheme, host and port; httpx leaves out a scheme's own port."""
    return f"{url.scheme}://{url.netloc.decode('ascii')}"


def file(path: Path, name: str) -> bytes:
    """Return the bytes of a file."""
    try:
        with path.open("rb") as opened:
            return _within_bounds(name, opened.read(MAX_BYTES + 1))
    except FileNotFoundError as error:
        raise MissingError(f"{name}: {error.strerror}") from None
    except OSError as error:
        raise SourceError(f"{name}: {error.strerror}") from None
    except ValueError as error:  # a NUL in the name
        raise SourceError(f"{plain(name)}: {error}") from None


def text(name: str, raw: bytes) -> str:
    """Return the bytes of a source as text, unless they are HTML."""
    try:
        content = raw.decode("utf-8-sig" if raw.startswith(b"\xef\xbb\xbf") else "utf-8")
    except UnicodeDecodeError as error:
        raise SourceError(f"{name}: not UTF-8: {error}") from None
    if _HTML.match(content):
        raise HtmlError(f"{name}: HTML, not Markdown or a spec: does it ask for a login?")
    return content


def client() -> httpx.AsyncClient:
    """Return a client that leaves redirects and compression to `get`."""
    return httpx.AsyncClient(headers=_HEADERS, timeout=MAX_SECONDS, verify=_authorities())


async def get(
    http: httpx.AsyncClient,
    url: httpx.URL,
    *,
    only: str | None = None,
    count: Callable[[int], None] = lambda _: None,
) -> tuple[httpx.URL, bytes]:
    """Return what `url` has, and the URL where that was after redirects.

    With `only` no redirect is followed to another origin. `count` is told of all bytes that are
    taken, and may raise.
    """
    name, request = label(url), http.build_request("GET", url)
    try:
        for _ in range(_MOST_REDIRECTS + 1):
            response = await http.send(request, stream=True)
            try:
                if response.next_request is None:
                    return response.url, await _body(response, name, count)
            finally:
                await response.aclose()
            request = response.next_request
            if only and origin(request.url) != only:
                there = plain(origin(request.url))
                raise SourceError(f"{name}: leads to another origin, {there}, which isn't asked")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise UnavailableError(f"{name}: {plain(str(error)) or type(error).__name__}") from None
    raise SourceError(f"{name}: redirects more than {_MOST_REDIRECTS} times")


@functools.cache
def _authorities() -> ssl.SSLContext:
    return httpx.create_ssl_context()


def _within_bounds(name: str, content: bytes) -> bytes:
    _require_size(name, len(content))
    return content


def _require_size(name: str, size: int) -> None:
    if size > MAX_BYTES:
        raise SourceError(f"{name}: larger than {MAX_BYTES // 2**20} MiB")


def _parsed(source: str) -> httpx.URL:
    try:
        return httpx.URL(source)
    except httpx.InvalidURL:  # whose message may quote a password
        raise SourceError("a source begins like a URL and is none") from None


async def _from_url(url: httpx.URL) -> Fetched:
    name = label(url)
    try:
        async with asyncio.timeout(MAX_SECONDS), client() as http:
            there, raw = await get(http, url)
    except TimeoutError:
        raise SourceError(f"{name}: not here within {MAX_SECONDS:g} s") from None
    return Fetched(name, raw, there)


async def _body(response: httpx.Response, name: str, count: Callable[[int], None]) -> bytes:
    status = response.status_code
    if status != 200:
        kind = MissingError if status in {404, 410} else SourceError
        raise (UnavailableError if status in _BUSY else kind)(f"{name}: answered {status}")
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in {"", "identity", "gzip", "x-gzip"}:
        raise SourceError(f"{name}: encoded as {plain(encoding)}, which wasn't asked for")
    inflate = zlib.decompressobj(31) if encoding.endswith("gzip") else None
    content = bytearray()
    try:
        async for chunk in response.aiter_raw():
            room = MAX_BYTES + 1 - len(content)
            taken = inflate.decompress(chunk, room) if inflate else chunk
            count(len(taken))
            content += taken
            _require_size(name, len(content))
    except zlib.error as error:
        raise SourceError(f"{name}: not gzip: {error}") from None
    if inflate and not inflate.eof:
        raise UnavailableError(f"{name}: its gzip is cut")
    return bytes(content)
