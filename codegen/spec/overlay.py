"""Reading and applying overrides/overlay.yaml, an OpenAPI Overlay 1.0 document, strictly.

Beside the standard's `target`, `update` and `remove`, each action has `x-expected`: what upstream
says today at the keys that the action sets, with an absent key for an absent value; or, for
`remove`, the value that it removes, of a mapping as much as is the reason for it; and `x-reason`.
The document's `x-upstream-facts` list what the Python layer relies on, and the strings by which its
files show that they do. `codegen.spec.facts` judges actions and facts; here they are only read and
applied.
"""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import jsonpath
from jsonpath.segments import JSONPathChildSegment
from jsonpath.selectors import IndexSelector, NameSelector

from codegen.errors import OverlayError, SourceError
from codegen.spec import pointer
from codegen.spec.document import Json, load

if TYPE_CHECKING:
    from pathlib import Path

_DOCUMENT_KEYS: Final = {"overlay", "info", "actions", "x-upstream-facts"}
_ACTION_KEYS: Final = {"target", "update", "remove", "description", "x-expected", "x-reason"}
_FACT_KEYS: Final = {"pointer", "expected", "compare", "keys-matching", "relied-on-by", "reason"}
_COMPARISONS: Final = {"equals", "contains", "keys", "parameters"}


@dataclass(frozen=True)
class Action:
    """One mended place: what to change there, and what upstream says before."""

    pointer: str
    update: Json
    remove: bool
    expected: Json
    reason: str
    override: str


@dataclass(frozen=True)
class UpstreamFact:
    """One upstream value that Python code relies on; `relied_on_by` has a string of each file."""

    pointer: str
    expected: Json
    compare: str
    keys_matching: re.Pattern[str]
    relied_on_by: dict[str, str]
    reason: str
    place: str

    @property
    def override(self) -> str:
        """The files that rely on it, in words."""
        return ", ".join(f"{file} ({text})" for file, text in self.relied_on_by.items())


@dataclass(frozen=True)
class Overlay:
    """The whole document, and its bytes."""

    raw: bytes = b""
    actions: tuple[Action, ...] = ()
    facts: tuple[UpstreamFact, ...] = ()


def read(path: Path) -> Overlay:
    """Read the overlay document at `path`."""
    name = f"{path.parent.name}/{path.name}"
    try:
        raw = path.read_bytes()
        document = load(raw.decode("utf-8"), name)
    except (OSError, UnicodeDecodeError) as error:
        raise OverlayError(f"{name}: {error}") from None
    except SourceError as error:
        raise OverlayError(str(error)) from None
    _keys(document, name, required={"overlay", "info", "actions"}, allowed=_DOCUMENT_KEYS)
    for key in ("actions", "x-upstream-facts"):
        if not isinstance(document.get(key, []), list):
            raise OverlayError(f"{name}: `{key}` is not a list")
    if document["overlay"] != "1.0.0":
        raise OverlayError(f"{name}: overlay version {document['overlay']!r} is not '1.0.0'")
    return Overlay(
        raw,
        tuple(
            _action(entry, f"{name} actions[{index}]")
            for index, entry in enumerate(document["actions"])
        ),
        tuple(
            _fact(entry, f"{name} x-upstream-facts[{index}]")
            for index, entry in enumerate(document.get("x-upstream-facts", []))
        ),
    )


def require_mentions(overlay: Overlay, root: Path) -> None:
    """Stop unless each file that relies on a fact is below `root` and has the fact's string."""
    problems = [
        f"{fact.place}: {fact.pointer}: {problem}"
        for fact in overlay.facts
        for file, text in fact.relied_on_by.items()
        if (problem := _mention_problem(root, file, text))
    ]
    if problems:
        raise OverlayError(
            "\n  ".join(["`relied-on-by` doesn't say who relies on a fact:", *problems])
        )


def apply(overlay: Overlay, document: Json) -> Json:
    """Return `document` with every action done; each target has to be there."""
    effective = copy.deepcopy(document)
    for action in overlay.actions:
        *parents, last = pointer.split(action.pointer)
        if pointer.find(effective, action.pointer) is pointer.ABSENT:
            raise OverlayError(f"{action.override}: nothing at {action.pointer}")
        parent = pointer.find(effective, pointer.join(parents))
        key: Any = int(last) if isinstance(parent, list) else last
        if action.remove:
            del parent[key]
        else:
            parent[key] = merged(parent[key], action.update)
    return effective


def merged(value: Json, update: Json) -> Json:
    """Return `value` with `update` merged in by the standard: objects by key, arrays joined."""
    if isinstance(value, dict) and isinstance(update, dict):
        return value | {
            key: merged(value[key], new) if key in value else new for key, new in update.items()
        }
    if isinstance(value, list):
        return [*value, *update] if isinstance(update, list) else [*value, update]
    return update


def _action(entry: Json, where: str) -> Action:
    _keys(entry, where, required={"target", "x-expected", "x-reason"}, allowed=_ACTION_KEYS)
    if ("update" in entry) == ("remove" in entry) or entry.get("remove", True) is not True:
        raise OverlayError(f"{where}: needs either `update` or `remove: true`")
    if "update" in entry and not (
        isinstance(entry["update"], dict)
        and isinstance(entry["x-expected"], dict)
        and entry["x-expected"].keys() <= entry["update"].keys()
    ):
        raise OverlayError(f"{where}: `update` and `x-expected` are mappings over the same keys")
    return Action(
        pointer=_pointer(entry["target"], where),
        update=entry.get("update"),
        remove="remove" in entry,
        expected=entry["x-expected"],
        reason=entry["x-reason"],
        override=where,
    )


def _fact(entry: Json, where: str) -> UpstreamFact:
    required = {"pointer", "expected", "relied-on-by", "reason"}
    _keys(entry, where, required=required, allowed=_FACT_KEYS)
    if (compare := entry.get("compare", "equals")) not in _COMPARISONS:
        raise OverlayError(f"{where}: `compare` is one of {', '.join(sorted(_COMPARISONS))}")
    if compare != "equals" and not isinstance(entry["expected"], list):
        raise OverlayError(f"{where}: with `compare: {compare}`, `expected` is a list")
    relied_on_by = entry["relied-on-by"]
    if not (relied_on_by and isinstance(relied_on_by, dict)) or not all(
        text and isinstance(text, str) for text in relied_on_by.values()
    ):
        raise OverlayError(f"{where}: `relied-on-by` maps a file to a string that occurs in it")
    try:
        keys_matching = re.compile(entry.get("keys-matching", ""))
    except (re.error, TypeError) as error:
        raise OverlayError(f"{where}: `keys-matching`: {error}") from None
    return UpstreamFact(
        pointer=entry["pointer"],
        expected=entry["expected"],
        compare=compare,
        keys_matching=keys_matching,
        relied_on_by=relied_on_by,
        reason=entry["reason"],
        place=where,
    )


def _mention_problem(root: Path, file: str, text: str) -> str | None:
    try:
        content = (root / file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return f"{file} is no text file of this checkout"
    return None if text in content else f"{file} doesn't mention {text!r}"


def _pointer(target: Json, where: str) -> str:
    """Return the pointer of a JSONPath that can match one place only."""
    try:
        query = jsonpath.compile(target)
    except (jsonpath.JSONPathError, TypeError, AttributeError) as error:
        raise OverlayError(f"{where}: target {target!r} is not a JSONPath: {error}") from None
    parts: list[str | int] = []
    for segment in query.segments if isinstance(query, jsonpath.JSONPath) else ():
        is_child = isinstance(segment, JSONPathChildSegment)
        match segment.selectors if is_child else ():
            case (NameSelector(name=str(part)),) | (IndexSelector(index=int(part)),):
                parts.append(part)
            case _:
                raise OverlayError(f"{where}: target {target!r} can match more than one place")
    if not parts:
        raise OverlayError(f"{where}: target {target!r} names no place")
    return pointer.join(parts)


def _keys(entry: Json, where: str, *, required: set[str], allowed: set[str]) -> None:
    if not isinstance(entry, dict):
        raise OverlayError(f"{where}: is not a mapping")
    if missing := sorted(required - entry.keys()):
        raise OverlayError(f"{where}: lacks {', '.join(missing)}")
    if unknown := sorted(entry.keys() - allowed):
        raise OverlayError(f"{where}: unknown {', '.join(unknown)}")
