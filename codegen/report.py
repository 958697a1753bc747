"""What a run found, for a terminal, a pull request or a program: to each reader their part."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from codegen import listing
from codegen.catalogue import FILE, left_out_list
from codegen.release import text
from codegen.spec import pointer, proposals
from codegen.spec.fetching import name_of
from codegen.verdict import verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codegen.checkout import Audience
    from codegen.diff.rules import Change
    from codegen.errors import CodegenError
    from codegen.make.calls import Call
    from codegen.release import Release
    from codegen.spec.facts import Fact
    from codegen.spec.omissions import Omission
    from codegen.verdict import Verdict

_NOTHING: Final = "Nothing changes."
_MOST_WARNINGS: Final = 20


class Outlook(NamedTuple):
    """What follows once the facts that stopped a run are mended: a verdict, or what is invalid."""

    verdict: Verdict
    invalid: str | None

    def __str__(self) -> str:
        if self.invalid:
            return (
                f"Once that is mended, the next run stops again, at least for this:\n{self.invalid}"
            )
        if self.verdict == "none":
            return "Once that is mended: nothing else has changed for users of the API."
        return f"Once that is mended: at least a {self.verdict} change, by what the spec changes."


@dataclass(frozen=True)
class Report:
    """What a run found out; one that stopped has no verdict."""

    sources: Sequence[str] = ()
    facts: Sequence[Fact] = ()
    spec_changes: Sequence[Change] = ()
    python_changes: Sequence[Change] = ()
    left_out: Sequence[str] = ()
    release: Release | None = None
    written: bool = False
    stop: CodegenError | None = None
    outlook: Outlook | None = None
    audience: Audience | None = None
    calls: Sequence[Call] = ()
    omitted: Sequence[Omission] = ()
    against: Sequence[str] = ()
    """The sources that `sources` are compared with, if not with what is checked in."""
    unbuilt: Sequence[str] = ()
    """The sides of a comparison that the generator can't build, each with why."""
    doubts: Sequence[str] = ()
    """What the spec says that nobody can hold to."""
    forgotten_version: str | None = None
    """The spec's version, if it changed without one of its own."""
    notes: Sequence[str] = ()
    """What a person should know of how the sources were read."""

    @property
    def _changes(self) -> list[Change]:
        return [*self.spec_changes, *self.python_changes]

    @property
    def _many(self) -> bool:
        return listing.are_many(self._changes)

    @property
    def verdict(self) -> Verdict | None:
        """The part of the version that the changes raise."""
        return None if self.stop else verdict(self._changes)

    @property
    def new_calls(self) -> list[Call]:
        """The operations that the spec gained."""
        added = {
            change.where
            for change in self.spec_changes
            if change.what.startswith("operation added")
        }
        return [call for call in self.calls if call.request in added]

    @property
    def warnings(self) -> list[str]:
        """What a person should know and nothing stops for."""
        if not self.forgotten_version:
            return [*self.notes, *self.doubts]
        return [
            *self.notes,
            *self.doubts,
            f"The spec still calls itself version {self.forgotten_version}, as it did before these"
            " changes: that number doesn't tell one from the other.",
        ]

    def markdown(self) -> str:
        """Return the report for people."""
        parts = [*self._top(), *self._middle()]
        if self.omitted:
            parts += ["## Left out on purpose", left_out_list(self.omitted, FILE)]
        if self.left_out:
            parts += ["## What the generator left out", _list(self.left_out)]
        if self.release and self.release.entry:
            entry = text(self.release.entry)
            if self._many:
                lines = sum(map(len, self.release.entry.values()))
                entry = (
                    f"{lines} lines, one for each change that isn't cosmetic; `--json` has them."
                )
            parts += ["## For CHANGELOG.md", entry]
        return "\n\n".join(parts) + "\n"

    def json(self) -> str:
        """Return the report for programs."""
        document = {
            "verdict": self.verdict,
            "sources": [name_of(each) for each in self.sources],
            "against": [name_of(each) for each in self.against],
            "unbuilt": list(self.unbuilt),
            "verdict_once_mended": self.outlook
            and (None if self.outlook.invalid else self.outlook.verdict),
            "current_version": self.release and self.release.current,
            "next_version": self.release and self.release.next,
            "written": self.written,
            "stopped": self.stop and str(self.stop),
            "warnings": self.warnings,
            "changes": [
                {"where": change.where, "what": change.what, "level": str(change.level), "in": kind}
                for kind, changes in (("spec", self.spec_changes), ("python", self.python_changes))
                for change in changes
            ],
            "new_operations": [
                {
                    "request": call.request,
                    "call": self._spelled(call),
                    "summary": call.summary,
                    "tagged": bool(call.tags),
                }
                for call in self.new_calls
            ],
            "facts": [
                {
                    "pointer": fact.pointer,
                    "expected": fact.expected,
                    "found": None if fact.found is pointer.ABSENT else fact.found,
                    "state": fact.state,
                    "override": fact.override,
                    "reason": fact.reason,
                    "to_do": fact.to_do,
                    "upstream_issue": fact.upstream_issue,
                }
                for fact in self.facts
            ],
            "left_out": self.left_out,
            "left_out_on_purpose": [omission._asdict() for omission in self.omitted],
            "changelog": self.release and text(self.release.entry),
        }
        return json.dumps(document, ensure_ascii=False, indent=2) + "\n"

    def _headline(self) -> str:
        if self.stop:
            return "Stopped; nothing was changed"
        if self.verdict == "none":
            return "Nothing changed for users" + (", as far as specs tell" if self.unbuilt else "")
        if not self.release:
            return f"{'At least a' if self.unbuilt else 'A'} {self.verdict} change"
        if self.release.next == self.release.current:
            return f"A {self.verdict} change; the version already is {self.release.current}"
        versions = f"{self.release.current} → {self.release.next}"
        if not self.sources:  # a change of our own: only a new spec raises the version by itself
            return f"A {self.verdict} change; raise the version by hand: {versions}"
        return f"A {self.verdict} change: {versions}"

    def _top(self) -> list[str]:
        """Say what came out, of what, and what a person should know first."""
        parts = [f"# {self._headline()}"]
        if self.sources:
            sides = (", ".join(map(name_of, side)) for side in (self.against, self.sources) if side)
            parts.append(f"Source: {' → '.join(sides)}")
        if self.stop:
            parts.append(f"```text\n{self.stop}\n```")
        if self.outlook:
            parts.append(str(self.outlook))
        for side in self.unbuilt:
            parts += [
                "**Not compared as packages:** the generator can't build",
                f"```text\n{side}\n```",
            ]
        parts += _warnings(self.warnings)
        if self._many:
            parts.append(listing.counts(self._changes))
        return parts

    def _middle(self) -> list[str]:
        """Say what changes, to each reader their part."""
        if self.stop:
            return self._for_the_api("What changes for users of the API itself")
        if self.verdict == "none":
            return [f"All {len(self.facts)} upstream facts hold."] if self.facts else []
        title = "For users of the API itself"
        return [
            *self._for_the_layer(),
            *([] if self.unbuilt else self._for_python()),
            *(self._for_the_api(title) or [f"## {title}", _NOTHING]),
        ]

    def _for_the_layer(self) -> list[str]:
        """Say what the facts know of the hand-written code."""
        if not (self.audience and self.audience.layer and self.facts):
            return []
        return [
            f"## For people who `from {self.audience.layer} import`",
            f"{_NOTHING[:-1]} in what is written by hand: all {len(self.facts)} upstream facts"
            " that it relies on hold.",
        ]

    def _for_python(self) -> list[str]:
        """Say what changes in the generated package; a new operation by the line that calls it."""
        names = [self.audience.methods, self.audience.package] if self.audience else []
        title = f"## For users of {' and '.join(f'`{name}`' for name in names if name)}"
        more = 0
        modules = tuple(f".api.{call.module}" for call in self.new_calls)
        told = [
            change
            for change in self.python_changes
            if not (change.where.endswith(modules) and change.what == "module was added")
        ]
        if self._many:
            own = listing.untold(told, self.spec_changes, self.calls)
            more, told = len(told) - len(own), own
        parts = [*self._new_operations(), *listing.by_level(told, many=self._many)]
        if more:
            parts.append(
                f"{more} more are in operations and classes whose changes are told below, for users"
                " of the API; `--json` has each."
            )
        return [title, *(parts or ["No name, argument or type changes."])]

    def _for_the_api(self, title: str) -> list[str]:
        listed = listing.by_level(self.spec_changes, many=self._many)
        return [f"## {title}", *listed] if listed else []

    def _new_operations(self) -> list[str]:
        if not self.new_calls:
            return []
        lines = [f"`{self._spelled(call)}`: `{call.request}`" for call in self.new_calls]
        parts = ["### New operations", _list(lines)]
        if untagged := [call for call in self.new_calls if not call.tags]:
            first = untagged[0]
            which = ", ".join(f"`{call.request}`" for call in untagged)
            if untagged == self.new_calls:
                which = "all of them"
            parts += [
                f"Without a tag, and so in `api.{first.module.partition('.')[0]}`:"
                f" {which}. A tag that comes later moves the module, which is breaking. To give one"
                " now, in overrides/overlay.yaml:",
                f"```yaml\n{proposals.tagging(first.path, first.method, first.tags)}\n```",
            ]
        return parts

    def _spelled(self, call: Call) -> str:
        return call.spelled(self.audience.methods if self.audience else None)


def _warnings(warnings: Sequence[str]) -> list[str]:
    parts = []
    for warning in warnings[:_MOST_WARNINGS]:
        words, _, action = warning.partition("\n")
        parts += [f"**Warning:** {words}", *([f"```yaml\n{action}\n```"] if action else [])]
    if (more := len(warnings) - _MOST_WARNINGS) > 0:
        parts.append(f"**Warning:** {more} more like these; `--json` has all.")
    return parts


def _list(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
