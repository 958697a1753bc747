"""Where a new spec comes from: files, URLs and standard input; YAML, JSON and Markdown pages.

The vendor publishes one operation a page, its spec in a fence. Several pages become one spec; what
two of them say differently stops the run.
"""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import httpx
from markdown_it import MarkdownIt

from codegen.errors import SourceError
from codegen.spec.document import MAX_BYTES, canonical, excerpt, load, same
from codegen.spec.pointer import join
from codegen.spec.upstream import Page, Upstream, require_version

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from codegen.spec.document import Json

_TIMEOUT: Final = 30.0
_OPENAPI_KEY: Final = re.compile(r"^[\"']?openapi[\"']?\s*:", re.MULTILINE)
_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")
# How many keys below each part of a spec two pages may each contribute to.
_MERGED_DEPTH: Final = {"paths": 2, "components": 2, "webhooks": 1}


def read(sources: Sequence[str]) -> Upstream:
    """Read `sources` as one spec, valid or not."""
    pages = [page for source in sources for page in _pages(source)]
    if len(pages) == 1:
        return Upstream.of(pages[0])
    document = merged(pages)
    require_version(document, "the merged pages")
    return Upstream(canonical(document).encode(), document, tuple(pages))


def merged(pages: Iterable[Page]) -> Json:
    """Return one document that says what each of `pages` says."""
    merge = _Merge()
    for page in pages:
        merge.put(merge.document, (), page.document, page.label)
    if merge.conflicts:
        raise SourceError("\n  ".join(["the pages contradict each other:", *merge.conflicts]))
    return merge.document


def _pages(source: str) -> list[Page]:
    name, raw = _fetched(source)
    try:
        text = raw.decode("utf-8-sig" if raw.startswith(b"\xef\xbb\xbf") else "utf-8")
    except UnicodeDecodeError as error:
        raise SourceError(f"{name}: not UTF-8: {error}") from None
    is_json = text.lstrip().startswith("{")
    texts = ([] if is_json else _fences(text, name)) or [(1, text)]
    return [_page(name, first_line, content) for first_line, content in texts]


def _page(name: str, first_line: int, text: str) -> Page:
    page = Page(name, text, None, first_line)
    document = load(text, page.label)
    if not isinstance(document, dict):
        raise SourceError(f"{name}: neither an OpenAPI document nor a page with one in a fence")
    return replace(page, document=document)


def _fetched(source: str) -> tuple[str, bytes]:
    """Return a name for messages, which keeps a URL's secrets out, and the bytes."""
    if source == "-":
        return "standard input", _bounded("standard input", [sys.stdin.buffer.read(MAX_BYTES + 1)])
    if re.match(r"https?://", source):
        parts = urlsplit(source)
        name = f"{parts.scheme}://{parts.hostname}{parts.path}"
        try:
            with httpx.stream("GET", source, timeout=_TIMEOUT, follow_redirects=True) as response:
                response.raise_for_status()
                return name, _bounded(name, response.iter_bytes())
        except httpx.HTTPStatusError as error:
            raise SourceError(f"{name}: answered {error.response.status_code}") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise SourceError(f"{name}: {error or type(error).__name__}") from None
    try:
        with Path(source).open("rb") as file:
            return source, _bounded(source, [file.read(MAX_BYTES + 1)])
    except OSError as error:
        raise SourceError(f"{source}: {error.strerror}") from None


def _bounded(name: str, chunks: Iterable[bytes]) -> bytes:
    content = bytearray()
    for chunk in chunks:
        content += chunk
        if len(content) > MAX_BYTES:
            raise SourceError(f"{name}: larger than {MAX_BYTES // 2**20} MiB")
    return bytes(content)


def _fences(text: str, name: str) -> list[tuple[int, str]]:
    """Return a page's specs, byte for byte, each with its first line; none for a spec itself."""
    if "```" not in text and "~~~" not in text:
        return []
    lines = _LINE.findall(text)
    fences = [token for token in MarkdownIt().parse(text) if token.type == "fence" and token.map]
    fences = [token for token in fences if _OPENAPI_KEY.search(token.content)]
    found = []
    for token in fences:
        start, end = token.map or (0, 0)
        closing = lines[end - 1].strip() if end > start + 1 else ""
        if set(closing) != {token.markup[0]} or len(closing) < len(token.markup):
            raise SourceError(f"{name}: the fence at line {start + 1} is not closed")
        inside = "".join(lines[start + 1 : end - 1])
        normal = inside.replace("\r\n", "\n").replace("\r", "\n")
        found.append((start + 2, inside if normal == token.content else token.content))
        lines[start:end] = [""] * (end - start)
    return [] if _OPENAPI_KEY.search("".join(lines)) else found


class _Merge:
    """Puts pages together part by part, and notes where two of them differ."""

    def __init__(self) -> None:
        self.document: Json = {}
        self.conflicts: list[str] = []
        self._said_by: dict[str, str] = {}

    def put(self, owner: Json, parts: tuple[str, ...], value: Json, page: str) -> None:
        """Put the mapping `value`, which `page` has at `parts`, into `owner`."""
        for key, child in value.items():
            here = (*parts, key)
            where = join(here)
            shared = len(here) <= _MERGED_DEPTH.get(here[0], 0) and isinstance(child, dict)
            if key not in owner:
                owner[key] = {} if shared else child
                self._said_by[where] = page
            if here == ("tags",) and isinstance(owner[key], list) and isinstance(child, list):
                owner[key] = [*owner[key], *(tag for tag in child if tag not in owner[key])]
            elif shared and isinstance(owner[key], dict):
                self.put(owner[key], here, child, page)
            elif not same(owner[key], child):
                self.conflicts.append(
                    f"{self._said_by[where]} {where}: {excerpt(owner[key])}\n"
                    f"  {page} {where}: {excerpt(child)}"
                )
