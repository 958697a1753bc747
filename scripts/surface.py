"""What changed for people who import the package, and so how great a release must be."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import griffe

from codegen.checkout import Checkout
from codegen.diff.packages import loaded, python_changes
from codegen.diff.rules import Change, Level
from codegen.diff.specs import spec_changes
from codegen.spec.document import load

# What people wrote into CHANGELOG.md asks for no less than this.
_HEADINGS: Final[dict[str, Level]] = {
    "Added": Level.COMPATIBLE,
    "Changed": Level.COMPATIBLE,
    "Deprecated": Level.COMPATIBLE,
    "Removed": Level.BREAKING,
    "Fixed": Level.COSMETIC,
    "Security": Level.COSMETIC,
}


def changes(old: Path, new: Path) -> list[Change]:
    """Return how two checkouts differ: in the imported package, the generated one, the spec."""
    place = Checkout(new)
    packages = [root / "generated_client" / place.package_name for root in (old, new)]
    specs = [
        load((package / "openapi.json").read_text("utf-8"), "openapi.json") for package in packages
    ]
    layers = [root / "overrides" / str(place.audience.layer) for root in (old, new)]
    return [*layer_changes(*layers), *python_changes(*packages), *spec_changes(*specs)]


def layer_changes(old: Path, new: Path) -> list[Change]:
    """Return what changed in what packages export: what each `__all__` names, and its bases."""
    before, after = _exports(loaded(old)), _exports(loaded(new))
    told = [
        *(Change(name, "is no longer exported", Level.BREAKING) for name in before.keys() - after),
        *(Change(name, "is exported", Level.COMPATIBLE) for name in after.keys() - before),
    ]
    surface = {path for exports in (before, after) for paths in exports.values() for path in paths}
    return [*sorted(told, key=str), *python_changes(old, new, is_private=_outside(surface))]


def said(text: str) -> list[Change]:
    """Return what a section of CHANGELOG.md claims."""
    made = [
        Change("CHANGELOG.md", f"has a section {heading}", _HEADINGS[heading])
        for heading in re.findall(r"^### (\w+)", text, re.MULTILINE)
        if heading in _HEADINGS
    ]
    if "**Breaking:**" in text:
        made.append(Change("CHANGELOG.md", "calls something breaking", Level.BREAKING))
    return made


def _exports(package: griffe.Module) -> dict[str, list[str]]:
    """Return each name that a door exports, with the paths of what it is, and of its bases."""
    doors = [package, *(each for each in package.modules.values() if each.exports)]
    return {
        f"{door.path}.{name}": list(_paths(door, str(name)))
        for door in doors
        for name in door.exports or ()
    }


def _paths(door: griffe.Module, name: str) -> Iterator[str]:
    member = door.members.get(name)
    while isinstance(member, griffe.Alias):
        try:
            member = member.target
        except griffe.AliasResolutionError:  # another package's
            return
    if member is not None:
        yield member.path
    if isinstance(member, griffe.Class):
        yield from (base.path for base in member.mro())


def _outside(surface: set[str]) -> Callable[[str], bool]:
    """Return a function that says of a path that it is no part of the surface, nor leads there."""

    def is_outside(path: str) -> bool:
        for each in surface:
            if f"{each}.".startswith(f"{path}."):
                return False
            if path.startswith(f"{each}."):
                rest = path[len(each) + 1 :].split(".")
                return any(re.match(r"_(?!_)", part) for part in rest)
        return True

    return is_outside
