"""The documentation's site: built strictly, whole, asks no other host, can be read by anybody."""

from __future__ import annotations

import fcntl
import functools
import html.parser
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag

import docutils.core
import griffe
import pytest
from sphinx.ext.napoleon.docstring import GoogleDocstring
from sphinx.util.inventory import InventoryFile

from docs._extensions.docstrings import plain

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "overrides" / "oneloop"


class Page(html.parser.HTMLParser):
    """What there is to check about a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.language: str | None = None
        self.headings: list[int] = []
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.without_alt: list[str] = []
        self.empty: set[str] = set()
        """The ids of objects of the reference that have no text."""
        self.signatures = ""
        self._in_signature: str | None = None
        self._waiting: set[str] = set()
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if "id" in found:
            self.ids.add(found["id"])
        if tag == "html":
            self.language = found.get("lang")
        elif re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        elif tag == "a" and "href" in found:
            self.links.append(found["href"])
        elif tag == "img" and not found.get("alt", "").strip():
            self.without_alt.append(found["src"])
        elif tag == "dt" and "sig" in found.get("class", "").split():
            self._in_signature = found.get("id", "")
        elif tag == "dd" and self._waiting:
            self.empty |= self._waiting
        if tag != "a":
            self.loaded += [found[name] for name in ("src", "href") if name in found]

    def handle_data(self, data: str) -> None:
        if self._in_signature is not None:
            self.signatures += data
        elif data.strip():
            self.empty -= self._waiting
            self._waiting = set()

    def handle_endtag(self, tag: str) -> None:
        if tag == "dt" and self._in_signature is not None:
            self.signatures += "\n"
            self._waiting = {self._in_signature}
            self._in_signature = None
        elif tag == "dd" and self._waiting:
            self.empty |= self._waiting


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Build the site, once for all workers."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "site"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            built = subprocess.run(
                [ROOT / "scripts" / "docs", folder], capture_output=True, text=True, check=False
            )
            assert built.returncode == 0, built.stderr
            assert built.stdout == f"{folder}/index.html\n"
    return folder


@pytest.fixture(scope="session")
def pages(site: Path) -> dict[Path, Page]:
    return {path: Page(path) for path in sorted(site.rglob("*.html"))}


def test_no_page_asks_another_host(pages: dict[Path, Page], site: Path) -> None:
    """No font, script, style or picture: a page can be read offline, and tells nobody who reads."""
    found = [(path.name, url) for path, page in pages.items() for url in page.loaded]
    assert [it for it in found if re.match(r"(https?:)?//", it[1])] == []
    styles = "".join(path.read_text("utf-8") for path in (site / "_static").rglob("*.css"))
    assert re.findall(r"(?:url\(|@import\s+)[\"']?(?:https?:)?//", styles) == []


def test_links_lead_somewhere(pages: dict[Path, Page], site: Path) -> None:
    wrong = []
    for path, page in pages.items():
        for link in page.links:
            if re.match(r"https://[\w.-]+\.\w", link) or link.startswith("mailto:"):
                continue
            target, anchor = urldefrag(link)
            leads = (path.parent / unquote(target)).resolve() if target else path
            ids = pages[leads].ids if leads in pages else set()
            if not leads.is_file() or (anchor and unquote(anchor) not in ids):
                wrong.append((path.name, link))
    assert wrong == []


def test_pages_can_be_read_by_anybody(pages: dict[Path, Page]) -> None:
    for path, page in pages.items():
        if path.name == "search.html":
            continue  # is the theme's, and has a heading once it has found something
        assert page.language == "en", path
        assert page.without_alt == [], path
        assert page.headings[:1] == [1], path
        assert page.headings.count(1) == 1, path
        jumps = zip(page.headings, page.headings[1:], strict=False)
        assert all(after <= before + 1 for before, after in jumps), (path, page.headings)


def test_nothing_says_where_it_was_built(site: Path) -> None:
    for path in site.rglob("*"):
        if path.is_file():
            assert str(ROOT).encode() not in path.read_bytes(), path


@functools.cache
def public_modules() -> dict[str, Any]:
    """Return the modules that say what is public in them, as they are written."""
    loader = griffe.GriffeLoader(allow_inspection=False)
    loader.load("oneloop_api_client")
    package: Any = loader.load("oneloop")
    loader.resolve_aliases()
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        module = package[".".join(parts)] if parts else package
        if module.exports is not None and not any(part.startswith("_") for part in parts):
            found[".".join(["oneloop", *parts])] = module
    return found


def public_names() -> Iterator[str]:
    for module, written in public_modules().items():
        for name in written.exports:
            yield f"{module}.{name}"
            found = written[name]
            if found.is_class:
                yield from (f"{module}.{name}.{member}" for member in public_members(found))


def public_members(written: Any) -> Iterator[str]:
    """Yield what a class has of its own, or from a base that isn't public itself."""
    exported = {name for module in public_modules().values() for name in module.exports}
    for name, member in written.all_members.items():
        owner = member.canonical_path.split(".")[-2]
        if not name.startswith("_") and (owner == written.name or owner not in exported):
            yield name


def test_public_modules_are_these_at_least() -> None:
    assert {f"oneloop{it}" for it in ("", ".sync", ".export", ".cluster", ".sandbox")} <= (
        public_modules().keys()
    )
    assert "oneloop.BillingUsage.total" in set(public_names())
    assert "oneloop.Oneloop.with_options" in set(public_names())


def test_reference_has_every_public_name_with_a_docstring(
    site: Path, pages: dict[Path, Page]
) -> None:
    inventory = InventoryFile.loads((site / "objects.inv").read_bytes(), uri="").data
    documented = {
        name for kind, names in inventory.items() if kind.startswith("py:") for name in names
    }
    assert sorted(set(public_names()) - documented) == []
    empty = {name for page in pages.values() for name in page.empty}
    generated = {name for name in empty if name.startswith("oneloop_api_client.")}
    assert sorted(empty - generated) == []


def test_signatures_have_no_private_names(pages: dict[Path, Page]) -> None:
    signatures = "\n".join(page.signatures for page in pages.values())
    assert "BillingUsage" in signatures
    leaks = re.findall(
        r"\b_[A-Za-z]\w*|\b[A-Z][a-z]\w*T\b|Guarded\w+|\bSyncOperations|0x[0-9a-f]+", signatures
    )
    assert set(leaks) <= {"ResultT", "__version__"}


def test_each_command_is_told(pages: dict[Path, Page], site: Path) -> None:
    """Asked in another way than the page does."""
    wrong = subprocess.run(
        [ROOT / ".venv" / "bin" / "oneloop", "no-such-command"],
        capture_output=True,
        text=True,
        check=False,
    )
    (listed,) = re.findall(r"(?:choose from|there are) (.*)", wrong.stderr)
    ids = pages[site / "command-line.html"].ids
    names = re.findall(r"[\w-]+", listed)
    assert {f"oneloop-{name}" for name in names} <= ids


PROSE = """\
A *star, a `tick, a |pipe, a trailing_ and :role:`x`, \\slash and `name`.

- item
continues badly
    - nested

Title
=====

1. first
B. second

::

  code

Note:
.. warning:: of a spec's own
[link](nowhere.md) <script> | line
"""


def test_prose_of_a_spec_is_text() -> None:
    """Whatever a vendor writes, tomorrow's pages build, and say it."""
    fields = "".join(f"\n    {name}: {PROSE}" for name in ("one (list[str])", "two"))
    lines = plain(f"{PROSE}\nArgs:{fields}\n\nRaises:\n    OSError: {PROSE}".splitlines())
    text = "\n".join(GoogleDocstring(lines, what="method").lines())
    strict = {"report_level": 2, "halt_level": 2, "warning_stream": False}
    tree = docutils.core.publish_doctree(text, settings_overrides=strict)
    shown = tree.astext()
    assert "A *star, a `tick, a |pipe, a trailing_ and :role:x, \\slash and name." in shown
    assert shown.count("[link](nowhere.md) <script> | line") == 4
    assert tree.asdom().getElementsByTagName("warning") == []
