"""The fences of a Markdown page, byte for byte."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from markdown_it import MarkdownIt

from codegen.errors import SourceError
from codegen.spec.operations import METHODS

if TYPE_CHECKING:
    from collections.abc import Iterator

_OPENAPI_KEY: Final = re.compile(r"^[\"']?openapi[\"']?\s*:", re.MULTILINE)
_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")
# Where a page says which operation it is about: `openapi: GET /x`.
_FRONT_MATTER: Final = re.compile(r"\A---[ \t]*\r?\n.*?^---[ \t]*$", re.DOTALL | re.MULTILINE)
_INFO: Final = re.compile(
    rf"(?:ya?ml|json)\s+(?:(\S+)\s+)?({'|'.join(METHODS)}|webhook)\s+(\S+)", re.IGNORECASE
)
_BLOCKS: Final = MarkdownIt().disable("inline")
WEBHOOK: Final = "WEBHOOK"


class Fence(NamedTuple):
    """One fence: what its opening line says beside the marks, its lines, what is inside."""

    info: str
    start: int
    end: int
    text: str

    @property
    def first_line(self) -> int:
        """The number of its first line inside."""
        return self.start + 2

    @property
    def is_spec(self) -> bool:
        """Whether it holds an OpenAPI document."""
        return is_spec(self.text)

    @property
    def about(self) -> tuple[str | None, str, str] | None:
        """The spec, the method and the path that the opening line names: `yaml [SPEC] GET /x`."""
        match = _INFO.match(self.info)
        return (match[1], match[2].upper(), match[3]) if match else None


def is_spec(text: str) -> bool:
    """Say whether a line of `text` begins an OpenAPI document."""
    return bool(_OPENAPI_KEY.search(text))


def fences(text: str, name: str) -> list[Fence]:
    """Return the fences of a page that hold a spec or say which operation they are about."""
    return list(_fences(text, _LINE.findall(text), name))


def specs(text: str, name: str) -> list[Fence]:
    """Return the fences of a page that hold a spec; none for a text that is a spec itself."""
    lines = _LINE.findall(text)
    found = [fence for fence in _fences(text, lines, name) if fence.is_spec]
    for fence in found:
        lines[fence.start : fence.end] = [""] * (fence.end - fence.start)
    return [] if is_spec(_FRONT_MATTER.sub("", "".join(lines))) else found


def _fences(text: str, lines: list[str], name: str) -> Iterator[Fence]:
    if "```" not in text and "~~~" not in text:  # a large spec takes long to be read as Markdown
        return
    for token in _BLOCKS.parse(text):
        if token.type != "fence" or not token.map:
            continue
        start, end = token.map
        inside = "".join(lines[start + 1 : end - 1])
        normal = inside.replace("\r\n", "\n").replace("\r", "\n")
        content = inside if normal == token.content else token.content
        fence = Fence(token.info.strip(), start, end, content)
        if not (fence.is_spec or fence.about):
            continue
        closing = lines[end - 1].strip() if end > start + 1 else ""
        if set(closing) != {token.markup[0]} or len(closing) < len(token.markup):
            raise SourceError(f"{name}: the fence at line {start + 1} is not closed")
        yield fence
