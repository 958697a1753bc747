"""What a run found, for a terminal, a pull request or a program."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from codegen import pointer, release
from codegen.rules import Level

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codegen.facts import Fact
    from codegen.release import Entry
    from codegen.rules import Change
    from codegen.verdict import Verdict


@dataclass
class Report:
    """What is known so far; a run that stops leaves the rest unknown."""

    sources: Sequence[str] = ()
    facts: list[Fact] = field(default_factory=list)
    spec_changes: list[Change] = field(default_factory=list)
    python_changes: list[Change] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    verdict: Verdict | None = None
    current_version: str = ""
    next_version: str | None = None
    entry: Entry = field(default_factory=dict)
    written: bool = False
    stopped: str = ""

    def stop(self, message: str) -> None:
        """Note that the run stopped, so that no verdict counts."""
        self.stopped, self.verdict, self.next_version = message, None, None

    def markdown(self) -> str:
        """Return the report for people."""
        parts = [f"# {self._headline()}"]
        if self.sources:
            parts.append(f"Source: {', '.join(self.sources)}")
        if self.stopped:
            parts.append(f"```text\n{self.stopped}\n```")
        parts += _changes("What changed for users of the API", self.spec_changes)
        parts += _changes("What changed for Python code", self.python_changes)
        if self.left_out:
            parts += ["## What the generator left out", _list(self.left_out)]
        if self.facts and not self.stopped:
            parts.append(f"All {len(self.facts)} upstream facts hold.")
        if self.entry:
            parts += ["## For CHANGELOG.md", release.text(self.entry)]
        return "\n\n".join(parts) + "\n"

    def json(self) -> str:
        """Return the report for programs."""
        document = {
            "verdict": self.verdict,
            "current_version": self.current_version,
            "next_version": self.next_version,
            "written": self.written,
            "stopped": self.stopped or None,
            "changes": [
                {"where": change.where, "what": change.what, "level": str(change.level), "in": kind}
                for kind, changes in (("spec", self.spec_changes), ("python", self.python_changes))
                for change in changes
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
                }
                for fact in self.facts
            ],
            "left_out": self.left_out,
            "changelog": release.text(self.entry),
        }
        return json.dumps(document, ensure_ascii=False, indent=2) + "\n"

    def _headline(self) -> str:
        if self.stopped:
            return "Stopped; nothing was changed"
        if self.verdict == "none":
            return "Nothing changed for users"
        versions = f": {self.current_version} → {self.next_version}" if self.next_version else ""
        return f"A {self.verdict} change{versions}"


def _changes(title: str, changes: Sequence[Change]) -> list[str]:
    if not changes:
        return []
    parts = [f"## {title}"]
    for level in sorted(Level, reverse=True):
        lines = [f"`{change.where}`: {change.what}" for change in changes if change.level is level]
        if lines:
            parts += [f"### {str(level).capitalize()}", _list(lines)]
    return parts


def _list(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
