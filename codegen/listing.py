"""Changes as lines of a report: few as they are; many counted, and none of them told twice."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

from codegen.diff.rules import Level

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from codegen.diff.rules import Change
    from codegen.make.calls import Call

_FEW: Final = 30
_EXAMPLES: Final = 3
_LEVELS: Final = sorted(Level, reverse=True)
_OPERATION: Final = re.compile(
    r"((?:GET|PUT|POST|DELETE|OPTIONS|HEAD|PATCH|TRACE) \S+?)(?:: (.*))?"
)
_FUNCTION: Final = re.compile(r"(.+\.api\..+)\.(?:sync|asyncio)(?:_detailed)?(\(.*\))?")
_SUBJECT: Final = re.compile(r".+?\.(?:api\.(\w+\.\w+)|models\.\w+\.(\w+)).*")


def are_many(changes: Sequence[Change]) -> bool:
    """Say whether there are more than a person reads one by one."""
    return len(changes) > _FEW


def counts(changes: Sequence[Change]) -> str:
    """Return how many changes there are of each level and kind."""
    by_level = {level: [it for it in changes if it.level is level] for level in _LEVELS}
    numbers = ", ".join(f"{len(found)} {level}" for level, found in by_level.items() if found)
    lines = [f"{len(changes)} changes: {numbers}.", ""]
    for level, found in by_level.items():
        kinds = Counter(re.split(r":| \(", change.what)[0] for change in found).most_common()
        if kinds:
            lines.append(f"- {level}: " + ", ".join(f"{kind} ({n})" for kind, n in kinds))
    return "\n".join(lines)


def by_level(changes: Sequence[Change], *, many: bool) -> list[str]:
    """Return the changes as Markdown, the gravest first; each once where there are many."""
    parts = []
    for level in _LEVELS:
        found = [change for change in changes if change.level is level]
        lines = _grouped(found) if many else [f"`{it.where}`: {it.what}" for it in found]
        if lines:
            parts += [f"### {str(level).capitalize()}", "\n".join(f"- {line}" for line in lines)]
    return parts


def untold(python: Sequence[Change], spec: Iterable[Change], calls: Iterable[Call]) -> list[Change]:
    """Return the changes in Python that no change of the spec tells that is as grave."""
    levels: defaultdict[str, int] = defaultdict(int)
    for change in spec:
        operation = _OPERATION.fullmatch(change.where)
        subject = operation[1] if operation else change.where.partition(":")[0]
        levels[subject] = max(levels[subject], change.level)
        kind, _, function = change.what.partition(": ")
        if kind == "operation removed":
            levels[f".{function}"] = change.level
    requests = {call.module: call.request for call in calls}

    def subject_of(change: Change) -> str:
        found = _SUBJECT.fullmatch(change.where)
        if not found:
            return ""
        module, model = found[1], found[2]
        return f"schema {model}" if model else requests.get(module, f".{module.split('.')[1]}")

    return [change for change in python if levels[subject_of(change)] < change.level]


def _grouped(changes: Iterable[Change]) -> list[str]:
    """Return a line for the same change in several operations, in functions of one, in classes.

    What breaks is told by every name that isn't an operation's.
    """
    groups: defaultdict[tuple[str, str, str], list[str]] = defaultdict(list)
    for change in changes:
        where, what = change.where, change.what
        if found := _OPERATION.fullmatch(where):
            groups["operations", found[2] or "", what].append(found[1])
        elif found := _FUNCTION.fullmatch(where):
            what = what.replace(" | None", "").replace("Response[", "").replace("]", "")
            groups["functions", f"{found[1]}{found[2] or ''}", what].append(where)
        elif change.level is Level.BREAKING:
            groups["", where, what].append(where)
        else:
            groups["places", "", what].append(where)
    return [_line(*key, places) for key, places in groups.items()]


def _line(kind: str, rest: str, what: str, places: list[str]) -> str:
    if kind == "functions" and places[1:]:
        return f"`{rest}`: {what} (in {len(places)} functions)"
    if len(places) <= _EXAMPLES:
        inside = f": {rest}" if rest and kind == "operations" else ""
        return f"{', '.join(f'`{place}{inside}`' for place in places)}: {what}"
    examples = ", ".join(f"`{place}`" for place in places[:_EXAMPLES])
    subject = f"`{rest}`: {what}" if rest else what
    return f"{subject} (in {len(places)} {kind}: {examples}, …)"
