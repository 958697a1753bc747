"""Reading and applying overrides/overlay.yaml, an OpenAPI Overlay 1.0 or 1.1 document, strictly.

Beside the standard's `target` and `update`, `copy` or `remove`, each action has `x-expected`: what
upstream says before at the keys that the action sets or copies, with an absent key for an absent
value; what it says at all, for a primitive value or an array; or, for `remove`, the value that it
removes, of a mapping as much as is the reason for it. For a target that may select several places
it has that for each, by JSON pointer. `x-reason` says why, and `x-upstream-issue` where it was
reported. The document's `x-upstream-facts` list what the Python layer relies on, and the strings by
which its files show that they do. `codegen.spec.facts` judges actions and facts; here they are only
read and applied. `extends` is for other tools: the document is the one that `apply` is given.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from codegen.errors import OverlayError, SourceError
from codegen.spec import pointer
from codegen.spec.actions import Action
from codegen.spec.document import Json, canonical, load, unshared
from codegen.spec.targets import Query

if TYPE_CHECKING:
    from pathlib import Path

_VERSION: Final = re.compile(r"1\.([01])\.[0-9]+")
_DOCUMENT_KEYS: Final = {"overlay", "info", "extends", "actions", "x-upstream-facts"}
_INFO_KEYS: Final = {"title", "version"}
_ACTION_KEYS: Final = {
    *("target", "update", "remove", "description"),
    *("x-expected", "x-reason", "x-upstream-issue"),
}
_FACT_KEYS: Final = {"pointer", "expected", "compare", "keys-matching", "relied-on-by", "reason"}
_OURS: Final = ("x-expect", "x-reason", "x-upstream")
_URL: Final = re.compile(r"https?://[!-;=?-~]{1,500}")  # ASCII without `<` and `>`
_COMPARISONS: Final = {"equals", "contains", "keys", "parameters"}


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


def read(path: Path, *, with_facts: bool = True) -> Overlay:
    """Read the overlay document at `path`; each action says what it corrects, `with_facts`."""
    name = f"{path.parent.name}/{path.name}"
    try:
        raw = path.read_bytes()
        document = load(raw.decode("utf-8"), name)
    except (OSError, UnicodeDecodeError) as error:
        raise OverlayError(f"{name}: {error}") from None
    except SourceError as error:
        raise OverlayError(str(error)) from None
    by_1_0 = _require_document(document, name)
    return Overlay(
        raw,
        tuple(
            _action(entry, f"{name} actions[{index}]", by_1_0=by_1_0, with_facts=with_facts)
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
    """Return `document` with every action done, one after the other."""
    effective = document
    for action in overlay.actions:
        effective = action.done(effective)
    return unshared(effective)


def _require_document(document: Json, name: str) -> bool:
    """Stop unless `document` is an overlay's whole, and say whether it is one of version 1.0."""
    _keys(document, name, required={"overlay", "info", "actions"}, allowed=_DOCUMENT_KEYS)
    version = document["overlay"]
    if not (isinstance(version, str) and (known := _VERSION.fullmatch(version))):
        raise OverlayError(f"{name}: overlay version {version!r:.80} is neither 1.0.x nor 1.1.x")
    by_1_0 = known[1] == "0"
    allowed = _INFO_KEYS if by_1_0 else {*_INFO_KEYS, "description"}
    _keys(document["info"], f"{name} info", required=_INFO_KEYS, allowed=allowed)
    for key in sorted(allowed & document["info"].keys()):
        _string(document["info"][key], f"{name} info", key)
    _string(document.get("extends", ""), name, "extends")
    for key in ("actions", "x-upstream-facts"):
        if not isinstance(document.get(key, []), list):
            raise OverlayError(f"{name}: `{key}` is not a list")
    if not document["actions"] and "x-upstream-facts" not in document:
        raise OverlayError(f"{name}: `actions` is empty")
    seen: dict[str, int] = {}
    for index, entry in enumerate(document["actions"]):
        if (first := seen.setdefault(canonical(entry), index)) != index:
            raise OverlayError(f"{name} actions[{index}]: says the same as actions[{first}]")
    return by_1_0


def _action(entry: Json, where: str, *, by_1_0: bool, with_facts: bool) -> Action:
    _keys(
        entry,
        where,
        required={"target", "x-expected", "x-reason"} if with_facts else {"target"},
        allowed=_ACTION_KEYS if by_1_0 else {*_ACTION_KEYS, "copy"},
    )
    for key in ("description", "x-reason"):
        _string(entry.get(key, ""), where, key)
    remove = entry.get("remove", False)
    if not isinstance(remove, bool):
        raise OverlayError(f"{where}: `remove` is true or false")
    changes = [key for key in ("update", "copy") if key in entry] + ["remove"] * remove
    if changes == ["update", "copy"] or (with_facts and len(changes) != 1):
        raise OverlayError(f"{where}: needs either `update`, `copy` or `remove: true`")
    action = Action(
        target=_query(entry["target"], where, "target"),
        update=pointer.ABSENT if remove else entry.get("update", pointer.ABSENT),
        copy=_query(entry["copy"], where, "copy") if "copy" in entry else None,
        remove=remove,
        by_1_0=by_1_0,
        expected=entry.get("x-expected", pointer.ABSENT),
        reason=entry.get("x-reason", ""),
        override=where,
        upstream_issue=_url(entry.get("x-upstream-issue"), where),
    )
    if with_facts:
        _require_expected(action)
    return action


def _require_expected(action: Action) -> None:
    """Stop unless `x-expected` can be compared with what upstream says."""
    if action.target.pointer is None:
        places = action.expected
        if not (places and isinstance(places, dict) and all(map(_is_pointer, places))):
            raise OverlayError(
                f"{action.override}: target {action.target} can match more than one place:"
                " `x-expected` maps the JSON pointer of each to what upstream says there"
            )
    for expected in action.expected_places.values():
        if isinstance(action.update, dict) and not (
            isinstance(expected, list)
            or (isinstance(expected, dict) and expected.keys() <= action.update.keys())
        ):
            raise OverlayError(
                f"{action.override}: `update` and `x-expected` are mappings over the same keys"
            )


def _is_pointer(text: str) -> bool:
    return not text or text.startswith("/")


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


def _query(text: Json, where: str, key: str) -> Query:
    try:
        return Query(text)
    except ValueError as error:
        raise OverlayError(f"{where}: `{key}` {error}") from None


def _url(text: Json, where: str) -> str | None:
    if text is None:
        return None
    if not (isinstance(text, str) and _URL.fullmatch(text)):
        raise OverlayError(f"{where}: `x-upstream-issue` is not an http(s) URL")
    return text


def _string(value: Json, where: str, key: str) -> None:
    if not isinstance(value, str):
        raise OverlayError(f"{where}: `{key}` is not a string")


def _keys(entry: Json, where: str, *, required: set[str], allowed: set[str]) -> None:
    if not isinstance(entry, dict):
        raise OverlayError(f"{where}: is not a mapping")
    if missing := sorted(required - entry.keys()):
        raise OverlayError(f"{where}: lacks {', '.join(missing)}")
    # Anything may be extended, but a misspelt key of ours must not pass for an extension.
    others = {key for key in entry if key.startswith("x-") and not key.startswith(_OURS)}
    if unknown := sorted(entry.keys() - allowed - others):
        raise OverlayError(f"{where}: unknown {', '.join(unknown)}")
