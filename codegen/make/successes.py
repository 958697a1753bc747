"""Whether generated code reads each success that the spec documents, as the spec says.

What the generator can't read it leaves out, and the answer then passes for that of a range or of
`default`, which is an error's; what it can't tell apart it takes for text, bytes or nothing.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from email.message import Message
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from codegen.make import inspection
from codegen.spec import operations
from codegen.spec.document import same
from codegen.spec.operations import resolved

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from codegen.spec.document import Json

# How the generator tests for an exact status and for a range.
_TEST: Final = re.compile(
    r"response\.status_code == (?P<exact>\d{3})"
    r"|(?P<first>\d)00 <= response\.status_code <= (?P=first)99"
)


@dataclass(frozen=True)
class _Branch:
    """What generated code takes of a response: attributes of httpx's, and fields of models."""

    sources: frozenset[str]
    fields: tuple[frozenset[str], ...]


def unread(
    document: Json,
    modules: dict[str, ast.Module],
    aliases: Mapping[str, str],
    left_out: Sequence[str],
) -> list[str]:
    """Return the documented successes that `modules` don't read as the spec says, each with why.

    `aliases` are the generator's content_type_overrides; `left_out` is what it said itself.
    """
    fields = _fields(modules)
    found = inspection.by_operation(modules)
    problems = []
    for path, method, operation in operations.each(document):
        line = f"{method.upper()} {path}"
        for name in found[method.upper(), inspection.shape(path)]:
            branches = _branches(modules[name], fields)
            unlike = [
                f"{line}, status {status} ({', '.join(content) or 'no content'}): {name} {problem}"
                for status, content in _successes(document, method, operation)
                if (
                    problem := _error_taken(document, status, content, operation)
                    or _problem(document, status, content, branches, aliases)
                )
            ]
            if unlike:
                said = [words for words in left_out if words.startswith(f"parsing {line} ")]
                problems += [*unlike, *said]
    if problems:
        problems += [words for words in left_out if words.startswith("Unable to process schema ")]
    return problems


def _successes(document: Json, method: str, operation: Json) -> Iterator[tuple[str, Json]]:
    """Yield status and content of each success."""
    responses = operation.get("responses", {})
    for status in operations.successes(responses):
        content = resolved(document, responses[status]).get("content", {})
        yield status, content if operations.has_body(method, status) else {}


def _error_taken(document: Json, status: str, content: Json, operation: Json) -> str | None:
    """Say which error it is that `default` repeats: then it is no success."""
    if status == "default" and content:
        for error, response in operation["responses"].items():
            if error[0] in "45" and same(resolved(document, response).get("content"), content):
                return f"takes it for a result, and status {error} is the same"
    return None


def _problem(
    document: Json,
    status: str,
    content: Json,
    branches: dict[str, _Branch | None],
    aliases: Mapping[str, str],
) -> str | None:
    taken_for = next((it for it in branches if it in {status, status[0] + "XX", "default"}), None)
    if taken_for is None:
        return "doesn't read it"
    if taken_for != status:
        return f"takes it for {taken_for}"
    if status.isdecimal() and int(status) not in set(HTTPStatus):
        return f"raises ValueError: Python's http.HTTPStatus has no {status}"
    branch = branches[status]
    return _misread(document, content, branch, aliases) if branch else None


def _misread(
    document: Json, content: Json, branch: _Branch, aliases: Mapping[str, str]
) -> str | None:
    """Say what is wrong with how `branch` reads a body that has one of the types of `content`."""
    schemas = {
        media_type: resolved(document, entry.get("schema", {}))
        for media_type, entry in content.items()
    }
    read = [
        schema
        for media_type, schema in schemas.items()
        if branch.sources == {_source(aliases.get(media_type, media_type), schema)}
    ]
    if (content and not read) or (not content and branch.sources):
        taken = ", ".join(f"response.{source}" for source in sorted(branch.sources))
        return f"takes {taken or 'nothing from the body'}, which isn't what its schema says"
    if len(content) > 1 and branch.sources != {"json"}:
        return "takes response." + "".join(branch.sources) + ", whichever of them is sent"
    if not all(same(schema, read[0]) for schema in read):
        return "has one schema for several that differ"
    if not all(fields in branch.fields for schema in read for fields in _objects(document, schema)):
        return "takes no model with the fields of its schema"
    return None


def _source(media_type: str, schema: Json) -> str | None:
    """Return the attribute of httpx's response that such a body is rightly taken from."""
    message = Message()
    message["Content-Type"] = media_type
    plain = message.get_content_type()
    is_text = schema.get("type") == "string"
    is_bytes = is_text and schema.get("format") == "binary"
    if plain == "application/json" or plain.endswith("+json"):
        return None if is_bytes else "json"
    if plain == "application/octet-stream":
        return "content" if is_bytes else None
    return "text" if plain.startswith("text/") and is_text and not is_bytes else None


def _objects(document: Json, schema: Json) -> Iterator[frozenset[str]]:
    """Yield the fields of each object that `schema` is, is one of, or is a list of."""
    schema = resolved(document, schema)
    alternatives = [*schema.get("oneOf", ()), *schema.get("anyOf", ())]
    for part in [*alternatives, schema["items"]] if "items" in schema else alternatives:
        yield from _objects(document, part)
    if not alternatives and (fields := _properties(document, schema)):
        yield fields


def _properties(document: Json, schema: Json) -> frozenset[str]:
    schema = resolved(document, schema)
    return frozenset(schema.get("properties", ())).union(
        *(_properties(document, part) for part in schema.get("allOf", ()))
    )


def _branches(module: ast.Module, fields: dict[str, frozenset[str]]) -> dict[str, _Branch | None]:
    """Return what `_parse_response` does for each status, range and `default`, in its order.

    None where the function hands out the body as it is: the spec gives no success of it a type.
    """
    written = inspection.functions(module)
    untyped = ast.unparse(written["sync_detailed"].returns or ast.Constant(None)) == "Response[Any]"
    branches: dict[str, _Branch | None] = {}
    rest: list[ast.stmt] = []
    for statement in written["_parse_response"].body:
        match statement:
            case ast.If() if test := _TEST.fullmatch(ast.unparse(statement.test)):
                key = test["exact"] or f"{test['first']}XX"
                branches[key] = None if untyped else _branch(statement.body, fields)
            case _:
                rest.append(statement)
    if "errors.UnexpectedStatus" not in "\n".join(map(ast.unparse, rest)):
        branches["default"] = None if untyped else _branch(rest, fields)
    return branches


def _branch(body: list[ast.stmt], fields: dict[str, frozenset[str]]) -> _Branch:
    taken = [
        (node.value.id, node.attr)
        for statement in body
        for node in ast.walk(statement)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    ]
    return _Branch(
        frozenset(attribute for name, attribute in taken if name == "response"),
        tuple(
            fields[name] for name, attribute in taken if attribute == "from_dict" and name in fields
        ),
    )


def _fields(modules: dict[str, ast.Module]) -> dict[str, frozenset[str]]:
    """Return the keys that each generated model takes out of its JSON object."""
    return {
        model.name: frozenset(
            str(ast.literal_eval(call.args[0]))
            for reading in [inspection.functions(model).get("from_dict")]
            for call in (ast.walk(reading) if reading else ())
            if isinstance(call, ast.Call) and _is_pop(call.func)
        )
        for name, module in modules.items()
        if name.startswith("models/")
        for model in module.body
        if isinstance(model, ast.ClassDef)
    }


def _is_pop(function: ast.expr) -> bool:
    """Say whether it is `d.pop`; to unparse each would take seconds."""
    return (
        isinstance(function, ast.Attribute)
        and function.attr == "pop"
        and isinstance(function.value, ast.Name)
        and function.value.id == "d"
    )
