"""What a run found, for a terminal, a pull request or a program."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from codegen.diff.rules import Level
from codegen.release import text
from codegen.spec import pointer
from codegen.verdict import verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codegen.diff.rules import Change
    from codegen.errors import CodegenError
    from codegen.release import Release
    from codegen.spec.facts import Fact
    from codegen.verdict import Verdict


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

    @property
    def verdict(self) -> Verdict | None:
        """The part of the version that the changes raise."""
        return None if self.stop else verdict([*self.spec_changes, *self.python_changes])

    def markdown(self) -> str:
        """Return the report for people."""
        parts = [f"# {self._headline()}"]
        if self.sources:
            parts.append(f"Source: {', '.join(self.sources)}")
        if self.stop:
            parts.append(f"```text\n{self.stop}\n```")
        parts += _changes("What changed for users of the API", self.spec_changes)
        parts += _changes("What changed for Python code", self.python_changes)
        if self.left_out:
            parts += ["## What the generator left out", _list(self.left_out)]
        if self.facts and not self.stop:
            parts.append(f"All {len(self.facts)} upstream facts hold.")
        if self.release and self.release.entry:
            parts += ["## For CHANGELOG.md", text(self.release.entry)]
        return "\n\n".join(parts) + "\n"

    def json(self) -> str:
        """Return the report for programs."""
        document = {
            "verdict": self.verdict,
            "current_version": self.release and self.release.current,
            "next_version": self.release and self.release.next,
            "written": self.written,
            "stopped": self.stop and str(self.stop),
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
            "changelog": self.release and text(self.release.entry),
        }
        return json.dumps(document, ensure_ascii=False, indent=2) + "\n"

    def _headline(self) -> str:
        if self.stop:
            return "Stopped; nothing was changed"
        if self.verdict == "none":
            return "Nothing changed for users"
        versions = f": {self.release.current} → {self.release.next}" if self.release else ""
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
