"""How two generated packages differ for Python code that uses them.

griffe finds removed names and changed signatures; types, return types and new required model
fields, which it passes over, are compared here.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import griffe

from codegen.diff.rules import Change, Level

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# The modules that say where a package comes from, and have its functions once more as methods.
_INTERNAL: Final = {"spec", "operations"}


def python_changes(
    old: Path, new: Path, *, is_private: Callable[[str], bool] | None = None
) -> list[Change]:
    """Return what users of the package in the folder `old` meet in its namesake `new`.

    `is_private` says of a dotted path that it is no user's; unless given, an underscore does.
    """
    before, after = loaded(old), loaded(new)
    hidden = is_private or _is_private
    changes = [
        *_griffe(before, after, hidden),
        *_Walk(before, after, hidden).changes(),
        *_renamed(before, after),
    ]
    return sorted(dict.fromkeys(changes), key=lambda change: (-change.level, change.where))


def loaded(folder: Path) -> griffe.Module:
    """Return what the package in a folder has, without running any of it."""
    module = griffe.load(folder.name, search_paths=[folder.parent], allow_inspection=False)
    if not isinstance(module, griffe.Module):
        raise TypeError("griffe.load gave no module")
    return module


def _renamed(before: griffe.Module, after: griffe.Module) -> Iterator[Change]:
    """Yield the methods that are gone while their functions are there still."""
    functions = {
        path.rpartition(".")[2] for path, _ in _public(after, _is_private) if ".api." in path
    }
    for name in sorted((_methods(before) - _methods(after)) & functions):
        words = "method was renamed: another operation has its name now"
        yield Change(f"{after.name}.operations.{name}", words, Level.BREAKING)


def _methods(package: griffe.Module) -> set[str]:
    module = package.members.get("operations")
    classes = module.classes.values() if isinstance(module, griffe.Module) else ()
    return {name for each in classes for name in each.functions}


def _griffe(
    before: griffe.Module, after: griffe.Module, hidden: Callable[[str], bool]
) -> Iterator[Change]:
    for breakage in griffe.find_breaking_changes(before, after):
        name = breakage.obj.canonical_path
        if breakage.kind is griffe.BreakageKind.ATTRIBUTE_CHANGED_VALUE or hidden(name):
            continue
        words = breakage.kind.value
        if detail := _detail(breakage):
            words = f"{words}: {detail}"
        yield Change(name, words[:1].lower() + words[1:], Level.BREAKING)


def _detail(breakage: griffe.Breakage) -> str:
    values = [breakage.old_value, breakage.new_value]
    names = [value.name for value in values if isinstance(value, griffe.Parameter)]
    return names[0] if names else ""


def _is_private(path: str) -> bool:
    parts = path.split(".")[1:]
    return any(part.startswith("_") for part in parts) or not _INTERNAL.isdisjoint(parts[:1])


@dataclass(frozen=True)
class _Roles:
    """Which classes users write into requests, and which they read from answers."""

    written: frozenset[str]
    read: frozenset[str]


class _Walk:
    """Compares both packages name by name."""

    def __init__(
        self, before: griffe.Module, after: griffe.Module, hidden: Callable[[str], bool]
    ) -> None:
        self._before = dict(_public(before, hidden))
        self._after = dict(_public(after, hidden))
        self._roles = _roles(self._before | self._after)

    def changes(self) -> Iterator[Change]:
        for path, new in self._after.items():
            old = self._before.get(path)
            if old is None:
                yield from self._added(path, new)
            elif isinstance(old, griffe.Function) and isinstance(new, griffe.Function):
                yield from self._function(path, old, new)
            elif isinstance(old, griffe.Attribute) and isinstance(new, griffe.Attribute):
                yield from self._attribute(path, old, new)

    def _added(self, path: str, new: griffe.Object) -> Iterator[Change]:
        parent = path.rpartition(".")[0]
        if parent in self._after and parent not in self._before:
            return  # told with its parent
        if isinstance(new, griffe.Attribute) and new.value is None and parent in self._before:
            level = Level.BREAKING if parent in self._roles.written else Level.COMPATIBLE
            yield Change(path, "required field was added", level)
        else:
            yield Change(path, f"{new.kind.value} was added", Level.COMPATIBLE)

    def _function(self, path: str, old: griffe.Function, new: griffe.Function) -> Iterator[Change]:
        before, after = _members(old.returns), _members(new.returns)
        if before != after:
            mixed = not (_covers(after, before) or _covers(before, after))
            yield Change(
                path,
                f"return type changed: {old.returns} → {new.returns}",
                Level.BREAKING if mixed else Level.COMPATIBLE,
            )
        for parameter in old.parameters:
            # What kind of client an operation needs is the spec's security, which is told there.
            if parameter.name in new.parameters and parameter.name != "client":
                match = new.parameters[parameter.name]
                before, after = _members(parameter.annotation), _members(match.annotation)
                if before != after:
                    yield Change(
                        f"{path}({parameter.name})",
                        f"type changed: {parameter.annotation} → {match.annotation}",
                        Level.COMPATIBLE if _covers(after, before) else Level.BREAKING,
                    )
        for parameter in new.parameters:
            if parameter.name not in old.parameters and not parameter.required:
                yield Change(f"{path}({parameter.name})", "argument was added", Level.COMPATIBLE)

    def _attribute(
        self, path: str, old: griffe.Attribute, new: griffe.Attribute
    ) -> Iterator[Change]:
        before, after = _members(old.annotation), _members(new.annotation)
        if before == after:
            return
        owner = path.rpartition(".")[0]
        hurt = (owner in self._roles.written and not _covers(after, before)) or (
            owner not in self._roles.written - self._roles.read and not _covers(before, after)
        )
        yield Change(
            path,
            f"type changed: {old.annotation} → {new.annotation}",
            Level.BREAKING if hurt else Level.COMPATIBLE,
        )


def _public(
    module: griffe.Module, hidden: Callable[[str], bool]
) -> Iterator[tuple[str, griffe.Object]]:
    """Yield every public object with its path; an imported name belongs to where it is defined."""
    queue: list[griffe.Object] = [module]
    while queue:
        owner = queue.pop()
        for member in owner.members.values():
            if member.is_alias or hidden(member.canonical_path):
                continue
            if isinstance(member, griffe.Object):
                yield member.canonical_path, member
                if isinstance(member, griffe.Module | griffe.Class):
                    queue.append(member)


def _roles(objects: dict[str, griffe.Object]) -> _Roles:
    classes = {path.rpartition(".")[2]: path for path in objects if ".models." in path}
    written: list[object] = []
    read: list[object] = []
    for path, member in objects.items():
        if ".api." in path and isinstance(member, griffe.Function):
            written += [parameter.annotation for parameter in member.parameters]
            read.append(member.returns)
    return _Roles(_reachable(written, classes, objects), _reachable(read, classes, objects))


def _reachable(
    annotations: list[object], classes: dict[str, str], objects: dict[str, griffe.Object]
) -> frozenset[str]:
    """Return the paths of the classes that annotations mention, directly or by their fields."""
    found: set[str] = set()
    queue = list(annotations)
    while queue:
        for name in _names(queue.pop()) & classes.keys():
            if (path := classes[name]) not in found:
                found.add(path)
                owner = objects[path]
                if isinstance(owner, griffe.Class):
                    queue += [
                        member.annotation
                        for member in owner.members.values()
                        if isinstance(member, griffe.Attribute)
                    ]
    return frozenset(found)


def _names(annotation: object) -> set[str]:
    tree = _parsed(annotation)
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} if tree else set()


def _members(annotation: object) -> set[str]:
    """Return the members of a union, those inside `Response[...]` included."""
    tree = _parsed(annotation)
    if isinstance(tree, ast.Subscript) and ast.unparse(tree.value) == "Response":
        tree = tree.slice
    members: set[str] = set()
    queue = [tree] if tree else []
    while queue:
        node = queue.pop()
        if isinstance(node, ast.BinOp):
            queue += [node.left, node.right]
        else:
            members.add(ast.unparse(node))
    return members


def _covers(wide: set[str], narrow: set[str]) -> bool:
    """Say whether a type checker takes each of the types `narrow` for one of `wide`."""
    if "Any" in wide:
        return True
    taken = wide | {"int"} if "float" in wide else wide
    return all(each in taken or _literal_type(each) in taken for each in narrow - {"Any"})


def _literal_type(member: str) -> str | None:
    """Return the type of the value of `Literal[...]`; None for any other type."""
    tree = ast.parse(member, mode="eval").body
    if isinstance(tree, ast.Subscript) and ast.unparse(tree.value) == "Literal":
        return type(ast.literal_eval(tree.slice)).__name__
    return None


def _parsed(annotation: object) -> ast.expr | None:
    """Return an annotation's syntax, taken out of the quotes of a forward reference."""
    if annotation is None:
        return None
    tree = ast.parse(str(annotation), mode="eval").body
    if isinstance(tree, ast.Constant) and isinstance(tree.value, str):
        return ast.parse(tree.value, mode="eval").body
    return tree
