"""Actions for overrides/overlay.yaml that a message proposes, ready to paste."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from codegen.spec import operations, pointer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codegen.spec.document import Json


_MOST: Final = 10
_NAME: Final = re.compile(r"[A-Za-z_]\w*", re.ASCII)


def leaving_out(document: Json, problems: Sequence[str]) -> list[str]:
    """Return actions to paste that leave out the operations that problems are about, ten at most.

    A problem begins with method and path, whose parameters may lack their names, and may go on
    with `, status 200 …`.
    """
    actions = []
    for path, method, operation in operations.each(document):
        line = f"{method.upper()} {path}"
        either = "|".join(re.escape(each) for each in (line, re.sub(r"\{[^{}]*\}", "{}", line)))
        about = re.compile(rf"(?:{either})(?:, status (\w+) |[, ])")
        if found := next(filter(None, map(about.match, problems)), None):
            actions.append(
                _action(_operation(path, method), "remove: true", _reason(operation, found[1]))
            )
    if not actions:
        return []
    headline = f"to leave out the first {_MOST}:" if actions[_MOST:] else "to leave out:"
    return [headline, *actions[:_MOST]]


def tagging(path: str, method: str, tags: Sequence[str] | None) -> str:
    """Return an action to paste that gives an operation its first tag; `tags` are none so far."""
    expected = {} if tags is None else {"tags": list(tags)}
    return _action(_operation(path, method.lower()), "update: {tags: [<name>]}", expected)


def removing(document: Json, where: str) -> str:
    """Return an action to paste that removes what is at a pointer."""
    target, value = "$", document
    for part in pointer.split(where):
        if isinstance(value, list):
            target, value = f"{target}[{part}]", value[int(part)]
        else:
            step = f".{part}" if _NAME.fullmatch(part) else _quoted(part)
            target, value = target + step, value[part]
    return _action(target, "remove: true", value)


def _quoted(part: str) -> str:
    escaped = part.replace("\\", "\\\\").replace("'", "\\'")
    return f"['{escaped}']"


def _reason(operation: Json, status: str | None) -> Json:
    """Return as much of an operation as is why it is left out."""
    if status:
        return {"responses": {status: _media_types(operation["responses"][status])}}
    if "requestBody" in operation:
        return {"requestBody": _media_types(operation["requestBody"])}
    if "operationId" in operation:
        return {"operationId": operation["operationId"]}
    return operation


def _media_types(part: Json) -> Json:
    if "$ref" in part:
        return {"$ref": part["$ref"]}
    return {"content": {name: {} for name in part["content"]}} if "content" in part else {}


def _operation(path: str, method: str) -> str:
    return f"$.paths{_quoted(path)}.{method}"


def _action(target: str, change: str, expected: Json) -> str:
    """Return the overlay's action, in YAML, that makes a change to its target."""
    if re.search(r": |:$| #", target):  # YAML would read more into it
        target = json.dumps(target, ensure_ascii=False)
    return (
        f"  - target: {target}\n"
        f"    {change}\n"
        f"    x-expected: {json.dumps(expected, ensure_ascii=False)}\n"
        "    x-reason: <why>"
    )
