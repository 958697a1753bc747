"""One spec as its vendor publishes it, valid or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from codegen.errors import SourceError
from codegen.spec import pointer
from codegen.spec.document import load
from codegen.spec.lines import lines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codegen.spec.document import Json

_VERSIONS: Final = ("3.0", "3.1")
_NAMED: Final = 4


@dataclass(frozen=True)
class Page:
    """One text that has a spec, as read; in a file of prose it begins at `first_line`."""

    name: str
    text: str
    document: Json
    first_line: int = 1

    @property
    def label(self) -> str:
        """What the page is called in messages."""
        return self.name if self.first_line == 1 else f"{self.name} line {self.first_line}"


@dataclass(frozen=True)
class Upstream:
    """The bytes of a spec, their one reading, and the pages that it was read from."""

    raw: bytes
    document: Json
    pages: tuple[Page, ...]
    notes: tuple[str, ...] = ()
    """What a person should know of how it was read."""

    @staticmethod
    def read(raw: bytes, name: str) -> Upstream:
        """Read the spec in `raw`; `name` is for errors."""
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise SourceError(f"{name}: not UTF-8: {error}") from None
        return Upstream.of(Page(name, text, load(text, name)))

    @staticmethod
    def of(page: Page) -> Upstream:
        """Return the spec that `page` is."""
        require_version(page.document, page.label)
        return Upstream(page.text.encode(), page.document, (page,))

    @property
    def name(self) -> str:
        """What the spec is called in messages."""
        labels = [page.label for page in self.pages]
        if len(labels) > _NAMED:
            return f"{labels[0]} and {len(labels) - 1} more pages"
        return " and ".join(labels)

    def lines(self, pointers: Iterable[str]) -> dict[str, str]:
        """Return in words the line that says what is at each of `pointers`, or what is around it.

        Reads the pages again, so for a run that stops.
        """
        told: dict[str, str] = {}
        nearest: dict[int, dict[str, str]] = {}
        for where in pointers:
            there = [pointer.deepest(page.document, where)[0] for page in self.pages]
            best = there.index(max(there, key=len))
            nearest.setdefault(best, {})[where] = there[best]
        for index, asked in nearest.items():
            page = self.pages[index]
            found = lines(page.text, set(asked.values()))
            for where, there_is in asked.items():
                told[where] = f"{page.name} line {found[there_is] + page.first_line - 1}"
        return told


def require_version(document: Json, name: str) -> None:
    """Stop unless `document` says that it is OpenAPI 3.0 or 3.1."""
    version = document.get("openapi") if isinstance(document, dict) else None
    if not isinstance(version, str) or not version.startswith(_VERSIONS):
        raise SourceError(f"{name}: not OpenAPI 3.0 or 3.1: {_otherwise(document):.500}")


def _otherwise(document: Json) -> str:
    """Say what a document is instead, and what to do about it."""
    match document:
        case {"swagger": version}:
            words = (
                f"it is Swagger {version}. Convert it first, for one with"
                " `npx swagger2openapi --yaml --outfile NEW OLD`"
            )
        case {"asyncapi": version}:
            words = (
                f"it is AsyncAPI {version}, which describes messages. Take the OpenAPI document of"
                " the API's HTTP operations"
            )
        case {"info": {"_postman_id": _}} | {"info": {"schema": str()}}:
            words = "it is a Postman collection. Export it as OpenAPI 3.0 first"
        case {"openapi": float(version)}:
            words = f"`openapi` is the number {version}; write it in quotes, with all of its parts"
        case {"openapi": str(version)} if version.startswith("3."):
            words = (
                f"it is OpenAPI {version}, which neither the generator nor the checks know. If it"
                " uses nothing that 3.1 doesn't have, save it with `openapi: 3.1.1`"
            )
        case {"openapi": version}:
            words = f"`openapi` is {version!r}"
        case {"paths": _} | {"components": _} | {"info": _}:
            words = "it is a part of a spec, without `openapi` at its top. Take the whole document"
        case _:
            words = "it has no `openapi`"
    return words
