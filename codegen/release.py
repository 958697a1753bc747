"""The version in pyproject.toml and the entry in CHANGELOG.md that a new spec brings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from codegen.diff.rules import Level
from codegen.errors import CheckoutError
from codegen.verdict import next_version, verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codegen.checkout import Checkout
    from codegen.diff.rules import Change

_HEADINGS: Final = ("Added", "Changed", "Deprecated", "Removed", "Fixed", "Security")
_UNRELEASED: Final = re.compile(
    r"(?<=^## \[Unreleased\]\n).*?(?=^## |^\[|\Z)", re.MULTILINE | re.DOTALL
)
_RELEASED: Final = re.compile(r"^## \[(\d+\.\d+\.\d+)\]", re.MULTILINE)
_VERSION: Final = re.compile(r'(^\[project\]\n(?:(?!\[).*\n)*?version = ")([^"]*)(")', re.MULTILINE)

Entry = dict[str, list[str]]


@dataclass(frozen=True)
class Release:
    """The version before and after some changes, and what CHANGELOG.md says about them."""

    current: str
    next: str
    entry: Entry


def following(
    checkout: Checkout,
    spec_changes: Sequence[Change],
    python_changes: Sequence[Change],
    spec_version: str,
) -> Release:
    """Return the release that the changes ask for."""
    before = current(checkout)
    raised = verdict([*spec_changes, *python_changes])
    return Release(
        before,
        next_version(before, released(checkout), raised),
        _entry(spec_changes or python_changes, spec_version),
    )


def text(made: Entry) -> str:
    """Return an entry as Markdown."""
    return "\n\n".join(f"### {heading}\n\n" + "\n".join(lines) for heading, lines in made.items())


def with_version(project: str, version: str) -> str:
    """Return the text of a pyproject.toml with `version` in it."""
    return _VERSION.sub(rf"\g<1>{version}\g<3>", project, 1)


def with_entry(checkout: Checkout, made: Entry) -> str:
    """Return CHANGELOG.md with the entry merged into its Unreleased section."""
    changelog = _changelog(checkout)
    match = _UNRELEASED.search(changelog)
    if match is None:
        raise CheckoutError("CHANGELOG.md: needs a line `## [Unreleased]`")
    words, *parts = re.split(r"^### (.+)\n", match[0], flags=re.MULTILINE)
    sections = {
        heading.strip(): [lines.strip("\n")]
        for heading, lines in zip(parts[::2], parts[1::2], strict=True)
    }
    for heading, lines in made.items():
        known = sections.setdefault(heading, [])
        known += [line for line in lines if line not in "\n".join(known).splitlines()]
    order = [heading for heading in dict.fromkeys([*_HEADINGS, *sections]) if heading in sections]
    body = [words.strip("\n"), text({heading: sections[heading] for heading in order})]
    section = "\n" + "".join(part + "\n\n" for part in body if part)
    return changelog[: match.start()] + section + changelog[match.end() :]


def unreleased(changelog: str) -> str:
    """Return what CHANGELOG.md says of what comes next."""
    if match := _UNRELEASED.search(changelog):
        return match[0].strip("\n")
    raise CheckoutError("CHANGELOG.md: needs a line `## [Unreleased]`")


def section(changelog: str, version: str) -> str | None:
    """Return what CHANGELOG.md says of a version; None if it has no section for it."""
    pattern = rf"^## \[{re.escape(version)}\].*\n((?:(?!## |\[).*\n?)*)"
    match = re.search(pattern, changelog, re.MULTILINE)
    return match[1].strip("\n") if match else None


def closed(changelog: str, version: str, day: str) -> str:
    """Return CHANGELOG.md with what comes next as the section of a version."""
    text = unreleased(changelog)
    made = f"\n## [{version}] - {day}\n\n{text}\n\n"
    return _UNRELEASED.sub(lambda _: made, changelog, count=1)


def current(checkout: Checkout) -> str:
    """Return the checkout's version."""
    version = checkout.project().get("project", {}).get("version")
    if not isinstance(version, str) or not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise CheckoutError('pyproject.toml: [project] needs version = "X.Y.Z"')
    return version


def released(checkout: Checkout) -> str:
    """Return the last version that CHANGELOG.md has a section for, else the checkout's."""
    match = _RELEASED.search(_changelog(checkout))
    return match[1] if match else current(checkout)


def _entry(changes: Sequence[Change], spec_version: str) -> Entry:
    """Return what CHANGELOG.md says about `changes`, by heading."""
    made: Entry = {heading: [] for heading in _HEADINGS}
    for change in changes:
        if change.level is not Level.COSMETIC:
            mark = "**Breaking:** " if change.level is Level.BREAKING else ""
            made[_heading(change)].append(f"- {mark}{change.where}: {change.what}.")
    if reworded := sum(change.level is Level.COSMETIC for change in changes):
        places = "place" if reworded == 1 else "places"
        made["Changed"].append(f"- Documentation reworded in {reworded} {places}.")
    if changes:
        made["Changed"].append(f"- Generated from version {spec_version} of the API's spec.")
    return {heading: lines for heading, lines in made.items() if lines}


def _changelog(checkout: Checkout) -> str:
    path = checkout.changelog
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _heading(change: Change) -> str:
    words = change.what.partition(":")[0]
    for word, heading in (("removed", "Removed"), ("added", "Added"), ("deprecated", "Deprecated")):
        if re.search(rf"\b{word}\b", words) and not words.startswith("no longer"):
            return heading
    return "Changed"
