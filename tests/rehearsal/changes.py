"""The rows of table.yaml: what the spec becomes, and what people do where it needs them."""

from __future__ import annotations

import copy
import functools
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from codegen.spec import operations
from codegen.spec.document import load
from codegen.spec.pointer import find

TOGETHER = "all that go together, at once"
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
    in_3_1: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether the whole test suite is for it: on others it runs with all of them at once."""
        return self.verdict != "stopped" and (self.alone or self.name == TOGETHER)

    def spec(self, document: Any) -> Any:
        """Return the spec `document` with the change."""
        changed = _in_3_1(document) if self.in_3_1 else copy.deepcopy(document)
        for pointer in self.remove:
            parent, _, key = pointer.rpartition("/")
            find(changed, parent).pop(key, None)
        return merged(changed, self.merge)

    def is_new(self, document: Any) -> bool:
        """Whether the spec `document` hasn't the change already, nor anything of the same name."""
        if self.alone:
            return bool(self.spec(document) != document)
        return _names(self.merge).isdisjoint(_names(document))


def rows(document: Any) -> list[Row]:
    """Return the rows that are new to a spec, and one that is all of those that go together."""
    table = [Row(**entry) for entry in copy.deepcopy(_table())]
    new = [row for row in table if row.is_new(document)]
    together = [row for row in new if not row.alone]
    return [*new, _together(together)] if together else new


@functools.cache
def _table() -> list[Any]:
    table: list[Any] = YAML(typ="safe").load(TABLE.read_text(encoding="utf-8"))
    return table


def _in_3_1(node: Any) -> Any:
    """Return a document of OpenAPI 3.0 with its limits and nulls as 3.1 has them."""
    if isinstance(node, list):
        return [_in_3_1(each) for each in node]
    if not isinstance(node, dict):
        return node
    made = {key: _in_3_1(each) for key, each in node.items()}
    for limit, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if isinstance(made.get(exclusive), bool) and made.pop(exclusive) and limit in made:
            made[exclusive] = made.pop(limit)
    if made.get("nullable") is True and isinstance(made.get("type"), str):
        made["type"] = [made["type"], "null"]
        del made["nullable"]
    return made


def _names(document: Any) -> set[str]:
    """Return the paths, operation ids and schemas of a spec or a part of one."""
    ids = {operation.get("operationId", "") for _, _, operation in operations.each(document)}
    schemas = document.get("components", {}).get("schemas", {})
    return {*document.get("paths", {}), *schemas, *ids} - {""}


def _together(parts: list[Row]) -> Row:
    merge: Any = {}
    actions: list[Any] = []
    for part in parts:
        merge = merged(merge, part.merge)
        actions += (part.mend or {}).get("add", [])
    stop = {"code": 6, "says": ["/api/v1/"]} if actions else None
    return Row(TOGETHER, merge, stop=stop, mend={"add": actions})


def merged(left: Any, right: Any) -> Any:
    """Return two JSON values as one: objects are merged, else `right` it is."""
    if not (isinstance(left, dict) and isinstance(right, dict)):
        return copy.deepcopy(right)
    return left | {key: merged(left.get(key), value) for key, value in right.items()}


def pages(ours: Any, theirs: Any) -> tuple[Any, Any]:
    """Return two specs as pages of one API, ours; what another one says of its key is left out."""
    if theirs["info"] == ours["info"]:
        return ours, theirs
    page = {key: theirs.get(key, {}) for key in ("paths", "components")}
    text = json.dumps(page)
    for name in ours["components"]["schemas"].keys() & page["components"].get("schemas", {}).keys():
        text = text.replace(f'"{name}":', f'"{name}2":')
        text = text.replace(f'/schemas/{name}"', f'/schemas/{name}2"')
    page = json.loads(text)
    page["components"]["securitySchemes"] = {}
    for _, _, operation in operations.each(page):
        operation.pop("security", None)
    first = ours | {"openapi": theirs["openapi"]}
    said = {key: first[key] for key in ("openapi", "info", "servers", "security") if key in first}
    return first, page | said


def mend(root: Path, change: dict[str, Any]) -> None:
    """Change the overlay below `root` as a row says."""
    path = root / "overrides" / "overlay.yaml"
    overlay: Any = load(path.read_text(encoding="utf-8"), path.name)
    for words in change.get("drop", ()):
        kept = [it for it in overlay["actions"] if words not in it["x-reason"]]
        if len(kept) != len(overlay["actions"]) - 1:
            raise LookupError(f"{path.name}: no one action says {words!r}")
        overlay["actions"] = kept
    overlay["actions"] += change.get("add", [])
    with path.open("w", encoding="utf-8") as file:
        YAML(typ="safe").dump(copy.deepcopy(overlay), file)
