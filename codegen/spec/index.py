"""The index of a documentation site, llms.txt: which pages and specs it has."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from codegen.spec.words import plain

FILE: Final = "llms.txt"
PAGES: Final = (".md", ".mdx")
_MOST: Final = 100_000  # characters, where hosts of documentation cut an index
_NEAR: Final = 1_000
_ITEM: Final = re.compile(r"\s*[-*+]\s+\[")
# Where an item leads, behind its `](`. No possessive quantifiers: Python 3.11.2 has them wrong.
_TARGET: Final = re.compile(r"\s*<?([^\s()<>]*(?:\([^\s()<>]*\)[^\s()<>]*)*)")
_HEADING: Final = re.compile(r"#{1,2}\s+(\S.*?)\s*")
_SPECS: Final = re.compile(r"openapi\s+specs?(ifications?)?", re.IGNORECASE)
_NOTE: Final = re.compile(
    r"truncat|cut (off|short)|shortened|incomplete|omitted|characters? limit|limited to",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Index:
    """What an index lists, as it is written there; `cut` says why it isn't all."""

    pages: list[str] = field(default_factory=list)
    specs: list[str] = field(default_factory=list)
    cut: str | None = None

    @staticmethod
    def of(text: str) -> Index:
        """Read the index `text`."""
        pages, specs, in_specs = [], [], False
        for line in text.splitlines():
            if heading := _HEADING.fullmatch(line):
                in_specs = bool(_SPECS.fullmatch(heading[1]))
            elif link := _link(line):
                if in_specs:
                    specs.append(link)
                elif _is_page(link):
                    pages.append(link)
        return Index(pages, specs, _cut(text))


def is_index(text: str) -> bool:
    """Say whether a text that holds no spec lists pages."""
    return bool(Index.of(text).pages)


def shown(link: str) -> str:
    """Return a link for a message, without what may be secret in it."""
    return plain(re.sub(r"//[^/]*@", "//", _bare(link)))


def _link(line: str) -> str | None:
    """Return where an item of a list leads that begins with a link; None for any other line."""
    item = _ITEM.match(line)
    _, opened, rest = line[item.end() :].partition("](") if item else ("", "", "")
    target = _TARGET.match(rest) if opened else None
    return target[1] if target and ")" in rest[target.end() :] and target[1] else None


def _bare(link: str) -> str:
    return re.split(r"[?#]", link)[0]


def _is_page(link: str) -> bool:
    return _bare(link).lower().endswith(PAGES)


def _cut(text: str) -> str | None:
    """Say in words how it shows that an index isn't whole; None for one that seems to be."""
    last = [line for line in text.splitlines() if line.strip()][-3:]
    for line in last:
        if not _ITEM.match(line) and _NOTE.search(line):
            return f"it says: {plain(line)}"
    if last and _ITEM.match(last[-1]) and not _link(last[-1]):
        return f"its last line is: {plain(last[-1])}"
    if len(text) >= _MOST - _NEAR:
        return f"it has {len(text)} characters, where hosts cut at {_MOST}"
    return None
