"""Where the files of a documentation site are: on its host, or in a folder with a saved copy.

A link leads to a file of the same site or nowhere: another origin is never asked, and nothing
outside of the folder is read.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote

import httpx

from codegen.errors import SourceError
from codegen.spec import fetching
from codegen.spec.fetching import UnavailableError
from codegen.spec.index import PAGES
from codegen.spec.words import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_SITE_SECONDS: Final = 120.0
MAX_SITE_BYTES: Final = 64 * 2**20
_MOST_FILES: Final = 20_000  # that a saved copy may have, read or not
_CONNECTIONS: Final = 6
_DEEPEST: Final = 8  # folders of a site that a copy may begin below
_PAUSES: Final = (0.25, 1.0)  # before a file is asked for again that couldn't be had
_SAVED: Final = httpx.URL("http://saved.invalid/llms.txt")  # where relative links of a copy begin


class Host:
    """A site on its host, read within bounds of size and time that count from the first file."""

    def __init__(self, index: httpx.URL, user: httpx.URL) -> None:
        """Take links as those of `index`; `user` is a URL with the user and password, if any."""
        self._index, self._origin = index, fetching.origin(index)
        self._user = {"username": user.username, "password": user.password}
        self._deadline = time.monotonic() + MAX_SITE_SECONDS
        self._taken = 0

    def at(self, link: str) -> str | None:
        """Return the URL, without fragment and user, of what `link` leads to on this host."""
        try:
            url = self._index.join(link)
        except httpx.InvalidURL:
            return None
        if fetching.origin(url) != self._origin:
            return None
        return str(url.copy_with(fragment=None, username="", password=""))

    def label(self, key: str) -> str:
        """Return what a file is called in messages."""
        return fetching.label(httpx.URL(key))

    def read(self, keys: Sequence[str]) -> dict[str, bytes | SourceError]:
        """Return each file, or why it can't be had."""
        return asyncio.run(self._read(keys))

    async def _read(self, keys: Sequence[str]) -> dict[str, bytes | SourceError]:
        slots, progress = asyncio.Semaphore(_CONNECTIONS), Progress(len(keys))
        try:
            left = self._deadline - time.monotonic()
            async with asyncio.timeout(left), fetching.client() as http:
                found = await asyncio.gather(
                    *(self._one(http, key, slots, progress) for key in keys)
                )
        except TimeoutError:
            raise SourceError(
                f"{self._origin}: the site isn't here within {MAX_SITE_SECONDS:g} s"
                f" ({progress.done} of {len(keys)} files are)"
            ) from None
        _require_size(self._origin, self._taken)
        return dict(zip(keys, found, strict=True))

    async def _one(
        self, http: httpx.AsyncClient, key: str, slots: asyncio.Semaphore, progress: Progress
    ) -> bytes | SourceError:
        url = httpx.URL(key).copy_with(**self._user)
        async with slots:
            found = await self._tried(http, url)
            for pause in _PAUSES:
                if isinstance(found, UnavailableError):
                    await asyncio.sleep(pause)
                    found = await self._tried(http, url)
        progress.tell(self.label(key))
        return found

    async def _tried(self, http: httpx.AsyncClient, url: httpx.URL) -> bytes | SourceError:
        try:
            _, found = await fetching.get(http, url, only=self._origin, count=self._count)
        except SourceError as error:
            return error
        return found

    def _count(self, size: int) -> None:
        self._taken += size
        _require_size(self._origin, self._taken)


class Folder:
    """A saved copy of a site; `links` are its index's, the most common origin its own."""

    def __init__(self, root: Path, links: Sequence[str] = ()) -> None:
        self._name, self._root = str(root), root.resolve()
        urls = [url for link in links if (url := _joined(link))]
        own = fetching.origin(_SAVED)
        counted = Counter(fetching.origin(url) for url in urls if url.scheme in {"http", "https"})
        del counted[own]
        self._origins = {own, *(origin for origin, _ in counted.most_common(1))}
        paths = [_parts(url) for url in urls]
        # How many folders of the site the copy's own begins below.
        self._above = next(
            (n for n in range(_DEEPEST) if any(self._has(it[n:]) for it in paths)), 0
        )

    def at(self, link: str) -> str | None:
        """Return the path, below the folder, of what `link` leads to."""
        url = _joined(link)
        if url is None or fetching.origin(url) not in self._origins:
            return None
        return "/".join(_parts(url)[self._above :])

    def label(self, key: str) -> str:
        """Return what a file is called in messages."""
        return plain(f"{self._name}/{key}")

    def read(self, keys: Sequence[str]) -> dict[str, bytes | SourceError]:
        """Return each file, or why it can't be had."""
        found: dict[str, bytes | SourceError] = {}
        size, progress = 0, Progress(len(keys))
        for key in keys:
            try:
                found[key] = content = self._one(key)
                size += len(content)
            except SourceError as error:
                found[key] = error
            _require_size(self._name, size)
            progress.tell(self.label(key))
        return found

    def pages(self) -> list[str]:
        """Return links to all Markdown files in the folder and below."""
        found, seen = [], 0
        for folder, _, names in os.walk(self._root):
            seen += 1 + len(names)
            if seen > _MOST_FILES:
                raise SourceError(f"{self._name}: more than {_MOST_FILES} files: no saved site")
            here = Path(folder).relative_to(self._root)
            pages = [here / name for name in names if name.lower().endswith(PAGES)]
            found += [quote(page.as_posix()) for page in pages]
        return sorted(found)

    def _one(self, key: str) -> bytes:
        name = self.label(key)
        try:
            real = (self._root / key).resolve()
            if not real.is_relative_to(self._root):
                raise SourceError(f"{name}: leads out of the folder, and isn't read")
            if real.exists() and not real.is_file():
                raise SourceError(f"{name}: no file")
        except (OSError, RuntimeError, ValueError):  # links in a circle, a NUL in the name
            raise SourceError(f"{name}: no file") from None
        return fetching.file(real, name)

    def _has(self, parts: Sequence[str]) -> bool:
        try:
            return bool(parts) and (self._root / "/".join(parts)).is_file()
        except (OSError, ValueError):
            return False


class Progress:
    """One line for each file on a terminal, and none elsewhere."""

    def __init__(self, total: int) -> None:
        self.done, self._total = 0, total

    def tell(self, name: str) -> None:
        """Say that one more file is here."""
        self.done += 1
        if sys.stderr.isatty():
            sys.stderr.write(f"[{self.done}/{self._total}] {name}\n")


def _require_size(name: str, size: int) -> None:
    if size > MAX_SITE_BYTES:
        raise SourceError(f"{name}: the site is larger than {MAX_SITE_BYTES // 2**20} MiB")


def _joined(link: str) -> httpx.URL | None:
    try:
        return _SAVED.join(link)
    except httpx.InvalidURL:
        return None


def _parts(url: httpx.URL) -> list[str]:
    path = url.raw_path.decode("ascii").partition("?")[0]
    return [part for part in unquote(path).split("/") if part]
