"""The rows of table.yaml: what the spec becomes, and what people do where it needs them."""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from codegen.spec.document import load
from codegen.spec.pointer import find

TABLE = Path(__file__).with_name("table.yaml")


@dataclass(frozen=True)
class Row:
    """One change of the spec; see table.yaml."""

    name: str
    merge: Any
    remove: list[str] = field(default_factory=list)
    verdict: str = "minor"
    stop: dict[str, Any] | None = None
    mend: dict[str, Any] | None = None
    alone: bool = False

    def spec(self, document: Any) -> Any:
        """Return the spec `document` with the change."""
        changed = copy.deepcopy(document)
        for pointer in self.remove:
            parent, _, key = pointer.rpartition("/")
            del find(changed, parent)[key]
        return merged(changed, self.merge)


def rows() -> list[Row]:
    """Return the table's rows, and one that is all of those that go together."""
    table = [Row(**entry) for entry in YAML(typ="safe").load(TABLE.read_text(encoding="utf-8"))]
    return [*table, _together([row for row in table if not row.alone])]


def _together(parts: list[Row]) -> Row:
    merge: Any = {}
    mend: dict[str, Any] = {"add": [], "drop": [], "settings": {}}
    for part in parts:
        merge = merged(merge, part.merge)
        for key, value in (part.mend or {}).items():
            mend[key] = merged(mend[key], value) if key == "settings" else mend[key] + value
    stop = {"code": 6, "says": ["no function", "within"]}
    return Row("all that go together, at once", merge, stop=stop, mend=mend)


def merged(left: Any, right: Any) -> Any:
    """Return two JSON values as one: objects are merged, else `right` it is."""
    if not (isinstance(left, dict) and isinstance(right, dict)):
        return copy.deepcopy(right)
    return left | {key: merged(left.get(key), value) for key, value in right.items()}


def mend(root: Path, change: dict[str, Any]) -> None:
    """Change overrides/ below `root` as a row says."""
    path = root / "overrides" / "overlay.yaml"
    overlay: Any = load(path.read_text(encoding="utf-8"), path.name)
    for words in change.get("drop", ()):
        kept = [it for it in overlay["actions"] if not re.search(re.escape(words), it["x-reason"])]
        if len(kept) != len(overlay["actions"]) - 1:
            raise LookupError(f"{path.name}: no one action says {words!r}")
        overlay["actions"] = kept
    overlay["actions"] += change.get("add", [])
    _write(path, overlay)
    path = root / "overrides" / "generator.yaml"
    settings = load(path.read_text(encoding="utf-8"), path.name)
    _write(path, merged(settings, change.get("settings", {})))


def _write(path: Path, document: Any) -> None:
    with path.open("w", encoding="utf-8") as file:
        YAML(typ="safe").dump(copy.deepcopy(document), file)
