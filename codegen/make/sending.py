"""Whether generated code writes parameters into a request as the spec says.

openapi-python-client passes over `style`, `explode` and `content`; what it would write otherwise
would ask for something else than was meant.
"""

from __future__ import annotations

import ast
from collections import Counter
from typing import TYPE_CHECKING, Final

from codegen.make import bodies, inspection
from codegen.spec import operations
from codegen.spec.operations import resolved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codegen.spec.document import Json

_FORM: Final = "application/x-www-form-urlencoded"


def unlike(document: Json) -> list[str]:
    """Return the parameters that generated code writes otherwise, each with why."""
    found = []
    for path, method, operation in operations.each(document):
        line = f"{method.upper()} {path}"
        found += [
            f"{line}, parameter {parameter['name']} in {parameter['in']}: {problem}"
            for parameter in operations.parameters(document, path, operation)
            if (problem := _problem(document, parameter))
        ]
        body = resolved(document, operation.get("requestBody", {}))
        content = body.get("content", {})
        found += [
            f"{line}, body as {media_type}: a file inside of JSON, where it would be text"
            for media_type, entry in content.items()
            if bodies.is_json(media_type) and bodies.holds_file(document, entry.get("schema", {}))
        ]
        fields = content.get(_FORM, {}).get("schema", {})
        found += [
            f"{line}, field {name} of a form: an object or a list of them, which Python spells"
            " otherwise"
            for name in _nested(document, fields)
        ]
    return found


def ambiguous(modules: dict[str, ast.Module]) -> list[str]:
    """Return the modules that can't tell their bodies' media types apart: they send a mixture."""
    found = []
    for names in inspection.by_operation(modules).values():
        for name in names:
            tests = Counter(
                ast.unparse(node.test)
                for node in inspection.functions(modules[name])["_get_kwargs"].body
                if isinstance(node, ast.If) and "isinstance(body, " in ast.unparse(node.test)
            )
            found += [f"{name}: {test}" for test, count in tests.items() if count > 1]
    return found


def _problem(document: Json, parameter: Json) -> str | None:
    if "schema" not in parameter:
        return "it has `content`, and would be left out"
    for schema in operations.variants(document, parameter["schema"]):
        if problem := _problem_of(document, parameter, schema):
            return problem
    return None


def _problem_of(document: Json, parameter: Json, schema: Json) -> str | None:
    place, kind, form = parameter["in"], schema["type"], schema.get("format")
    style = parameter.get("style", "form" if place in {"query", "cookie"} else "simple")
    explode = parameter.get("explode", style == "form")
    in_path, in_query = place == "path", place == "query"
    quoted = not {'"', "\\"}.isdisjoint(str(schema.get("default", "")))
    problems = (
        (
            in_query and kind == "object" and (style != "form" or not explode),
            f"an object of style {style}, explode {str(explode).lower()}",
        ),
        (
            in_query and (_is_nested(document, schema) or any(_nested(document, schema))),
            f"an {kind} of objects or lists, which Python spells otherwise",
        ),
        (not in_query and kind in {"array", "object"}, f"an {kind}"),
        (in_path and style != "simple", f"style {style}"),
        (
            in_path and (kind == "boolean" or form == "date-time"),
            f"a {form or kind}, which Python spells otherwise",
        ),
        (quoted, "a default with quotes or backslashes, which are escaped once too often"),
    )
    return next((words for wrong, words in problems if wrong), None)


def _nested(document: Json, schema: Json) -> Iterator[str]:
    """Yield the fields of an object that are objects, or lists of objects or lists."""
    for each in operations.variants(document, schema):
        for name, field in each.get("properties", {}).items():
            kinds = list(operations.variants(document, field))
            if any(it["type"] == "object" or _is_nested(document, it) for it in kinds):
                yield name


def _is_nested(document: Json, schema: Json) -> bool:
    """Say whether it is a list of objects or lists."""
    return schema["type"] == "array" and any(
        each["type"] in {"object", "array"}
        for each in operations.variants(document, schema.get("items", {}))
    )
