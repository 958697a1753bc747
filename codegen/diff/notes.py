"""What differs apart from schemas, noted: change by change, and the keys that every part has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codegen.diff.rules import Change, api_change
from codegen.spec.document import same

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codegen.spec.document import Json


class Notes:
    """The changes that were found so far."""

    def __init__(self) -> None:
        self.changes: list[Change] = []

    def add(self, kind: str, where: str, detail: str = "") -> None:
        """Note a change of a kind that `rules.API` knows."""
        self.changes.append(api_change(kind, where, detail))

    def deprecated(self, old: Json, new: Json, where: str) -> None:
        """Note that a part is deprecated from now on, or no longer."""
        if bool(old.get("deprecated")) != bool(new.get("deprecated")):
            self.add("deprecated" if new.get("deprecated") else "no longer deprecated", where)

    def prose(self, old: Json, new: Json, keys: Iterable[str], where: str) -> None:
        """Note which of `keys`, and of the extensions, read differently."""
        extensions = {key for key in {*old, *new} if key.startswith("x-")}
        changed = [
            key for key in sorted({*keys, *extensions}) if not same(old.get(key), new.get(key))
        ]
        if changed:
            self.add("reworded", where, ", ".join(changed))

    def others(self, old: Json, new: Json, known: set[str], where: str) -> None:
        """Note what differs under keys that nothing else looks at."""
        for key in sorted({*old, *new} - known):
            if key.startswith("x-") or same(old.get(key), new.get(key)):
                continue
            kind = "added" if key not in old else "removed" if key not in new else "changed"
            self.add(f"part {kind}", where, key)

    def servers(self, old: Json, new: Json, where: str) -> None:
        """Note how the servers of a part differ."""
        olds, news = (
            {server["url"]: server for server in part.get("servers") or [{"url": "/"}]}
            for part in (old, new)
        )
        for url in sorted(olds.keys() - news.keys()):
            self.add("server removed", where, url)
        for url in sorted(news.keys() - olds.keys()):
            self.add("server added", where, url)
        if (first := next(iter(news))) != next(iter(olds)):
            self.add("default server changed", where, first)
        for url in sorted(olds.keys() & news.keys()):
            self.prose(olds[url], news[url], {"description"}, f"{where}: {url}")
            before, after = (_variables(side[url]) for side in (olds, news))
            if before != after:
                self.add("server changed", where, f"variables of {url}")
            elif olds[url].get("variables") != news[url].get("variables"):
                self.add("reworded", where, f"variables of {url}")


def _variables(server: Json) -> Json:
    """Return what a server's variables can be, without what is said of them."""
    return {
        name: {key: value for key, value in variable.items() if key in {"default", "enum"}}
        for name, variable in server.get("variables", {}).items()
    }
