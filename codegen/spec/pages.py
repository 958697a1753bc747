"""What the pages of a documentation site say of operations, and whether a spec says the same."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from codegen.spec import comparison
from codegen.spec.document import load
from codegen.spec.fences import WEBHOOK, fences
from codegen.spec.operations import with_items_in_place
from codegen.spec.upstream import Page
from codegen.spec.words import first, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from codegen.spec.fences import Fence

_OLD_SHAPE: Final = re.compile(r"^paths:\s*$", re.MULTILINE)


class Entry(NamedTuple):
    """One fence of a page, and the operations, as path and method, of the spec in it."""

    page: Page
    fence: Fence
    operations: list[tuple[str, str]]

    @property
    def told(self) -> str:
        """The operation that the fence is about, and the page, for messages."""
        about = self.fence.about
        return plain(f"{about[1]} {about[2]} ({self.page.label})" if about else self.page.label)

    @property
    def is_webhook(self) -> bool:
        """Whether it is about what the vendor calls and no client does."""
        about = self.fence.about
        return bool(about and about[1] == WEBHOOK) or (self.fence.is_spec and not self.operations)

    @property
    def is_old(self) -> bool:
        """Whether it is of the shape `paths: {path:, method:}`, which is no spec."""
        return not self.fence.is_spec and not self.is_webhook

    @property
    def claimed(self) -> list[tuple[str, str]]:
        """The operations that the page says there are, readable or not."""
        about = self.fence.about
        return self.operations or ([(about[2], about[1].lower())] if about else [])


class Findings(NamedTuple):
    """What pages say otherwise than the specs, and what they have that the specs lack."""

    contradictions: list[str]
    lacking: list[str]


def entries(label: str, text: str) -> Iterator[Entry]:
    """Yield the fences of a page that are about operations or webhooks."""
    for fence in fences(text, label):
        page = Page(label, fence.text, None, fence.first_line)
        if fence.is_spec:
            document = load(fence.text, page.label)
            page = Page(label, fence.text, document, fence.first_line)
            yield Entry(page, fence, list(comparison.operations(document)))
        elif _OLD_SHAPE.search(fence.text):
            yield Entry(page, fence, [])


def findings(found: Iterable[Entry], specs: Sequence[Page]) -> Findings:
    """Hold each operation of the pages against the specs'."""
    specs = [replace(page, document=with_items_in_place(page.document)) for page in specs]
    known = {
        operation: page for page in specs for operation in comparison.operations(page.document)
    }
    contradictions: list[str] = []
    lacking: list[str] = []
    for entry in found:
        for path, method in () if entry.is_webhook else entry.claimed:
            if (path, method) not in known:
                lacking.append(plain(f"{method.upper()} {path} ({entry.page.label})"))
            elif entry.operations:
                contradictions += _contradictions(entry.page, known[path, method], path, method)
    return Findings(contradictions, lacking)


def _contradictions(page: Page, spec: Page, path: str, method: str) -> list[str]:
    own = with_items_in_place(page.document)
    there = plain(f"{method.upper()} {path} of {spec.label}")
    return first(
        [
            f"{page.label} {plain(where)}: {mine}; {there}: {theirs}"
            for where, mine, theirs in comparison.differences(own, spec.document, path, method)
        ]
    )
