"""Where a new spec comes from: files, URLs and standard input; YAML, JSON and Markdown pages.

The vendor publishes one operation a page, its spec in a fence, and an index of all pages. Several
pages become one spec; what two of them say differently stops the run.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import httpx

from codegen.errors import SourceError
from codegen.spec import fences, fetching, index, site
from codegen.spec.document import canonical, excerpt, load, same
from codegen.spec.pointer import join
from codegen.spec.site import Taken
from codegen.spec.upstream import Page, Upstream, require_version

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from codegen.spec.document import Json
    from codegen.spec.fetching import Fetched

# How many keys below each part of a spec two pages may each contribute to.
_MERGED_DEPTH: Final = {"paths": 2, "components": 2, "webhooks": 1}


def read(sources: Sequence[str]) -> Upstream:
    """Read `sources` as one spec, valid or not."""
    taken = [_taken(source) for source in sources]
    pages = [page for each in taken for page in each.pages]
    notes = tuple(note for each in taken for note in each.notes)
    try:
        return replace(_joined(pages), notes=notes)
    except SourceError as stop:
        stop.notes = notes
        raise


def merged(pages: Iterable[Page]) -> Json:
    """Return one document that says what each of `pages` says."""
    merge = _Merge()
    for page in pages:
        merge.put(merge.document, (), page.document, page.label)
    if merge.conflicts:
        raise SourceError("\n  ".join(["the pages contradict each other:", *merge.conflicts]))
    return merge.document


def _joined(pages: Sequence[Page]) -> Upstream:
    if len(pages) == 1:
        return Upstream.of(pages[0])
    document = merged(pages)
    require_version(document, "the merged pages")
    return Upstream(canonical(document).encode(), document, tuple(pages))


def _taken(source: str) -> Taken:
    if fetching.is_folder(source):
        return site.from_folder(Path(source))
    found = fetching.fetched(source)
    text = fetching.text(found.name, found.raw)
    texts = [] if _is_json(text) else fences.specs(text, found.name)
    if not texts and _is_index(found.name, text):
        return _from_index(source, found, text)
    whole = [(fence.first_line, fence.text) for fence in texts] or [(1, text)]
    return Taken([_page(found.name, first_line, content) for first_line, content in whole], [])


def _is_json(text: str) -> bool:
    return text.lstrip().startswith("{")


def _is_index(name: str, text: str) -> bool:
    if name.rpartition("/")[2] == index.FILE:
        return True
    return not _is_json(text) and not fences.is_spec(text) and index.is_index(text)


def _from_index(source: str, found: Fetched, text: str) -> Taken:
    """Take the site that an index lists: a host's by its URL, else a saved copy beside it."""
    if found.url:
        asked = httpx.URL(source)
        if fetching.origin(asked) != fetching.origin(found.url):
            there = fetching.label(found.url)
            raise SourceError(
                f"{found.name}: leads to another origin: give {there} if you trust it"
            )
        return site.from_host(text, found.url, asked)
    if source == "-":
        raise SourceError(
            f"{found.name}: an index of pages, whose place it doesn't say: give its URL, or the"
            " folder of a saved copy"
        )
    return site.from_copy(text, found.name, Path(source).parent)


def _page(name: str, first_line: int, text: str) -> Page:
    page = Page(name, text, None, first_line)
    document = load(text, page.label)
    if not isinstance(document, dict):
        raise SourceError(f"{name}: neither an OpenAPI document nor a page with one in a fence")
    return replace(page, document=document)


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
