"""Docstrings as they are written here, read the way that Sphinx wants them."""

from __future__ import annotations

import functools
import re
import typing
from typing import TYPE_CHECKING, Any

import griffe

if TYPE_CHECKING:
    from sphinx.application import Sphinx

GENERATED = "oneloop_api_client."
_FIELDS = ("Args:", "Raises:", "Attributes:")
_FIELD = re.compile(r" {4}(\w[\w, ]*?)(?: \(.*?\))?:(?: (.*))?")


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect, ahead of napoleon and behind it."""
    app.connect("autodoc-process-docstring", _read, priority=400)
    app.connect("autodoc-process-docstring", _with_what_was_no_type, priority=600)
    app.connect("autodoc-process-signature", _with_public_names)
    return {"parallel_read_safe": True}


def _read(
    _app: Sphinx, what: str, name: str, _object: object, _options: object, lines: list[str]
) -> None:
    if name.startswith(GENERATED):
        lines[:] = plain(lines)
    elif what == "data" or not any(lines):  # else it would be the docstring of the value's class
        lines[:] = _written(name)
    lines[:] = _with_literal_blocks(lines)
    lines[:] = [re.sub(r"(?<!`)(https?://)(?=\s)", r"``\1``", line) for line in lines]  # no link


def _written(name: str) -> list[str]:
    """Return a docstring as the source has it: a cached property among attrs' slots has lost it."""
    package, _, rest = name.partition(".")
    found = read(package)[rest] if rest else read(package)
    return found.docstring.value.splitlines() if found.docstring else []


@functools.cache
def read(package: str) -> Any:
    """Read a package without running it."""
    return griffe.load(package, allow_inspection=False, resolve_aliases=True)


def _with_what_was_no_type(
    _app: Sphinx, what: str, _name: str, _object: object, _options: object, lines: list[str]
) -> None:
    """Undo that napoleon takes what an attribute's docstring has before a colon for a type."""
    if what in ("attribute", "data", "property") and ":type:" in (last := "".join(lines[-1:])):
        lines[0] = f"{last.removeprefix(':type: ')}: {lines[0]}"
        del lines[-1]


def _with_literal_blocks(lines: list[str]) -> list[str]:
    """Make what is indented behind an empty line a block of code."""
    found: list[str] = []
    is_code = False
    for index, line in enumerate(lines):
        if line.strip():
            begins = line.startswith("    ") and not is_code and index and not lines[index - 1]
            if begins:
                found += ["::", ""]
            is_code = begins or (is_code and line.startswith("    "))
        found.append(line)
    return found


def plain(lines: list[str]) -> list[str]:
    """Take the prose of a spec for nothing but text, whatever markup it seems to hold."""
    found: list[str] = []
    is_fields = False
    for line in lines:
        if line in _FIELDS:
            is_fields = True
            found += ["", line]
        elif is_fields and (field := _FIELD.fullmatch(line)):
            found.append(f"    {field[1]}: {_escaped(field[2] or '')}".rstrip())
        elif line.strip() and found and found[-1] not in ("", *_FIELDS):
            found[-1] += f" {_escaped(line.strip())}"
        elif not is_fields:
            found.append(_escaped(line.strip()))
    return found


def _escaped(text: str) -> str:
    """Return text that means itself, but for names in backticks."""
    parts = re.split(r"`([\w.]+)`", text)
    parts[::2] = [re.sub(r"([^\w\s]|_)", r"\\\1", part) for part in parts[::2]]
    parts[1::2] = [rf"\ ``{part}``\ " for part in parts[1::2]]
    return "".join(parts)


def _with_public_names(
    _app: Sphinx,
    what: str,
    _name: str,
    cls: object,
    _options: object,
    signature: str | None,
    returns: str | None,
) -> tuple[str | None, str | None] | None:
    """Write what a class takes in place of its base's type variables, and of attrs' inner names."""
    if what != "class" or not signature:
        return None
    signature = re.sub(r"attr_dict\[.*?\]\.default", "...", signature)
    for base in vars(cls).get("__orig_bases__", ()):
        variables = getattr(typing.get_origin(base), "__parameters__", ())
        for variable, taken in zip(variables, typing.get_args(base), strict=False):
            name = getattr(taken, "__forward_arg__", str(taken))
            signature = re.sub(rf"\b{variable.__name__}\b", name, signature)
    return signature, returns
