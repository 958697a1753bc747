"""Which line of a text says what is at a JSON pointer: asked only when there is a fault to tell."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from ruamel.yaml.nodes import MappingNode, SequenceNode

from codegen.spec import pointer
from codegen.spec.composing import compose

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ruamel.yaml.nodes import Node

_DECODER: Final = json.JSONDecoder()
_SPACE: Final = " \t\r\n"


def lines(text: str, pointers: Iterable[str]) -> dict[str, int]:
    """Return the line, from 1, of each of `pointers` that `text` has: of its key, if it has one.

    `text` is one that `codegen.spec.document.load` has read.
    """
    find = _in_json if text.lstrip().startswith("{") else _in_yaml
    return find(text, {where: pointer.split(where) for where in pointers})


def _in_yaml(text: str, pointers: dict[str, list[str]]) -> dict[str, int]:
    root = compose(text)
    found = {where: _yaml_line(root, parts) for where, parts in pointers.items()}
    return {where: line for where, line in found.items() if line}


def _yaml_line(node: Node | None, parts: list[str]) -> int:
    line = node.start_mark.line + 1 if node else 0
    for part in parts:
        match node:
            case MappingNode():
                pairs = ((key, value) for key, value in node.value if key.value == part)
                key, node = next(pairs, (None, node))
            case SequenceNode() if part.isdecimal() and int(part) < len(node.value):
                key = node = node.value[int(part)]
            case _:
                key = None
        if key is None:
            return 0
        line = key.start_mark.line + 1
    return int(line)


def _in_json(text: str, pointers: dict[str, list[str]]) -> dict[str, int]:
    found = {where: _json_offset(text, parts) for where, parts in pointers.items()}
    return {
        where: text.count("\n", 0, offset) + 1
        for where, offset in found.items()
        if offset is not None
    }


def _json_offset(text: str, parts: list[str]) -> int | None:
    """Return where the key or item at `parts` begins; each value beside the way is read over."""
    here = shown = _past_space(text, 0)
    for part in parts:
        is_object, index = text[here] == "{", 0
        if text[here] not in "{[":
            return None
        here = _past_space(text, here + 1)
        while text[here] not in "}]":
            shown, name = here, str(index)
            if is_object:
                name, here = _DECODER.raw_decode(text, here)
                here = _past_space(text, _past_space(text, here) + 1)
            if name == part:
                break
            _, here = _DECODER.raw_decode(text, here)
            here = _past_space(text, here)
            here = _past_space(text, here + 1) if text[here] == "," else here
            index += 1
        else:
            return None
    return shown


def _past_space(text: str, offset: int) -> int:
    while offset < len(text) and text[offset] in _SPACE:
        offset += 1
    return offset
