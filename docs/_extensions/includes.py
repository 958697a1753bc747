"""The repository's own files as pages: links that are right beside them are made right here."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

PAGES = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "README.md": "index.md",
    "SECURITY.md": "security.md",
}
_LINK = re.compile(r"(?<!!)\[([^]\[]+)\]\((?!https?:|#)([^)#\s]+)(#[^)\s]*)?\)")


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect."""
    app.connect("include-read", _read)
    return {"parallel_read_safe": True}


def _read(_app: Sphinx, path: Path, _page: str, content: list[str]) -> None:
    if path.parts[0] == ".." and path.parent == Path(".."):
        content[0] = _LINK.sub(_link, content[0])


def _link(found: re.Match[str]) -> str:
    text, target, anchor = found.groups()
    if target.startswith("docs/"):
        return f"[{text}]({target.removeprefix('docs/')}{anchor or ''})"
    if target in PAGES:
        return f"[{text}]({PAGES[target]}{anchor or ''})"
    return text  # a file of the repository that is no page
