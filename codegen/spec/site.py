"""A whole documentation site as one spec, from its index, llms.txt, or from a saved copy.

The specs that the index lists are taken; else those that the pages' fences name; else the fences
themselves, one operation a page. Where a spec is taken, the pages are held against it. What would
make a wrong client stops the run, what only makes a smaller one is a note; text of the site is
data, whatever it asks its readers to do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from codegen.errors import SourceError
from codegen.spec import fetching
from codegen.spec.document import load, same
from codegen.spec.fetching import HtmlError, MissingError
from codegen.spec.index import FILE, Index, shown
from codegen.spec.pages import entries, findings
from codegen.spec.places import Folder, Host
from codegen.spec.upstream import Page, require_version
from codegen.spec.words import few, first

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import httpx

    from codegen.spec.pages import Entry

MAX_PAGES: Final = 2_000
_MOST_TOLD: Final = 200


class Taken(NamedTuple):
    """What is taken of a source, and what a person should know of it."""

    pages: list[Page]
    notes: list[str]


def from_host(text: str, url: httpx.URL, user: httpx.URL) -> Taken:
    """Take the site whose index, at `url`, is `text`; `user` has the user and password, if any."""
    return _Site(fetching.label(url), Host(url, user), Index.of(text)).taken()


def from_folder(folder: Path) -> Taken:
    """Take a saved copy of a site, by its index or, without one, all its pages."""
    place, name = Folder(folder), f"{folder}/{FILE}"
    try:
        text = _text(name, place.read([FILE])[FILE])
    except MissingError:
        return _Site(str(folder), place, Index(place.pages())).taken()
    return from_copy(text, name, folder)


def from_copy(text: str, name: str, folder: Path) -> Taken:
    """Take a saved copy of a site, in `folder`, by the index `text`, which is called `name`."""
    index = Index.of(text)
    links = [*index.pages, *index.specs][:MAX_PAGES]
    return _Site(name, Folder(folder, links), index).taken()


@dataclass
class _Site:
    """One reading of a site."""

    name: str
    place: Host | Folder
    index: Index
    notes: list[str] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)

    def taken(self) -> Taken:
        """Return the specs of the site, and what is noted; a stop has the notes as well."""
        try:
            return Taken(self._found(), self.notes)
        except SourceError as stop:
            stop.notes = tuple(self.notes)
            raise

    def _found(self) -> list[Page]:
        self._read_pages()
        self._leave_examples()
        specs = self._specs(self.index.specs, "that the index lists")
        if not specs:
            links = [about[0] for it in self.entries if (about := it.fence.about) and about[0]]
            specs = self._specs(links, "that the pages name")
        if specs:
            self._hold_against(specs)
        self._note("Pages of webhooks, which no client calls", self._told_webhooks())
        return specs or self._operations()

    def _read_pages(self) -> None:
        missing = []
        for key, content in self.place.read(self._keys(self.index.pages)).items():
            label = self.place.label(key)
            try:
                self.entries += entries(label, _text(label, content))
            except MissingError as error:
                missing.append(str(error))
            except SourceError as error:
                self.unread.append(str(error))
        self._note("Pages that the index lists and that aren't there", missing)

    def _leave_examples(self) -> None:
        """Leave out specs in fences that name no operation, unless the site has no others."""
        named = [it for it in self.entries if it.fence.about]
        if any(it.operations for it in named):
            examples = [it.page.label for it in self.entries if not it.fence.about]
            self._note("Specs in fences that name no operation, examples perhaps, left", examples)
            self.entries = named

    def _keys(self, links: Iterable[str]) -> list[str]:
        """Return where links of the site lead, each place once."""
        distinct = dict.fromkeys(links)
        if len(distinct) > MAX_PAGES:
            raise SourceError(
                f"{self.name}: {len(distinct)} pages, more than {MAX_PAGES}: give the spec instead,"
                " or the pages that matter"
            )
        found = {link: self.place.at(link) for link in distinct}
        self._note(
            "Links that lead away from the site, and aren't followed",
            [shown(link) for link, key in found.items() if key is None],
        )
        return list(dict.fromkeys(key for key in found.values() if key))

    def _specs(self, links: Sequence[str], whose: str) -> list[Page]:
        """Return the specs at `links`; what isn't there is noted, as another way may remain."""
        if not links:
            return []
        specs: list[Page] = []
        gone = []
        for key, content in self.place.read(self._keys(links)).items():
            label = self.place.label(key)
            try:
                text = _text(label, content)
            except (MissingError, HtmlError) as error:
                gone.append(str(error))
                continue
            page = Page(label, text, load(text, label))
            require_version(page.document, label)
            if not any(same(page.document, other.document) for other in specs):
                specs.append(page)
        self._note(f"Specs {whose} and that can't be had", gone)
        if not specs:
            self.notes.append(f"No spec {whose} can be taken: the pages are asked instead.")
        return specs

    def _hold_against(self, specs: Sequence[Page]) -> None:
        """Stop where a page contradicts the specs; note what they lack and what can't be told."""
        contradictions, lacking = findings(self.entries, specs)
        if contradictions:
            advice = "to take the spec all the same, give its URL instead of the index's"
            headline = f"{self.name}: pages contradict the site's spec; {advice}:"
            raise SourceError("\n  ".join([headline, *first(contradictions, _MOST_TOLD)]))
        names = few([page.name for page in specs])
        self._note(f"Operations that pages have and {names} lacks", lacking)
        unheld = f"can't be held against {names}"
        self._note(f"Pages in an old shape, which {unheld}", self._told_old())
        self._note(f"Pages that {unheld}", self.unread)
        if cut := self.index.cut:
            self.notes.append(f"The index is cut ({cut}): pages beyond {unheld}.")

    def _operations(self) -> list[Page]:
        """Return the pages' own specs, to be merged."""
        if self.unread:
            headline = f"{self.name}: the client would lack what is on pages that can't be read:"
            raise SourceError("\n  ".join([headline, *first(self.unread)]))
        found = [it.page for it in self.entries if it.operations]
        if not found:
            raise SourceError(self._nothing())
        if cut := self.index.cut:
            raise SourceError(
                f"{self.name}: the index is cut ({cut}) and no whole spec is to be had: the client"
                " would lack the operations beyond. Give the spec, or a folder with all pages"
            )
        self._note(
            "Pages in an old shape (`paths: {path:, method:}`), which is no OpenAPI; the client"
            " lacks their operations",
            self._told_old(),
        )
        return found

    def _nothing(self) -> str:
        """Say that there is no operation, and what there is."""
        count = len(self.index.pages)
        lines = [f"{self.name}: none of its {count} pages has an OpenAPI operation in a fence"]
        if old := self._told_old():
            lines.append(f"in an old shape, which is no OpenAPI: {few(old)}")
        if self.index.cut:
            lines.append(f"the index is cut ({self.index.cut})")
        return "\n  ".join(lines)

    def _told_old(self) -> list[str]:
        return [it.told for it in self.entries if it.is_old]

    def _told_webhooks(self) -> list[str]:
        return [it.told for it in self.entries if it.is_webhook]

    def _note(self, headline: str, told: Sequence[str]) -> None:
        if told:
            self.notes.append(f"{headline}: {few(told)}.")


def _text(label: str, content: bytes | SourceError) -> str:
    if isinstance(content, SourceError):
        raise content
    return fetching.text(label, content)
