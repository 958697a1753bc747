"""Whether generated code writes parameters into a request as the spec says.

openapi-python-client passes over `style`, `explode` and `content`; what it would write otherwise
would ask for something else than was meant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from codegen.spec import operations
from codegen.spec.operations import resolved

if TYPE_CHECKING:
    from codegen.spec.document import Json


def unlike(document: Json) -> list[str]:
    """Return the parameters that generated code writes otherwise, each with why."""
    return [
        f"{method.upper()} {path}, parameter {parameter['name']} in {parameter['in']}: {problem}"
        for path, method, operation in operations.each(document)
        for parameter in operations.parameters(document, path, operation)
        if (problem := _problem(document, parameter))
    ]


def _problem(document: Json, parameter: Json) -> str | None:
    if "schema" not in parameter:
        return "it has `content`, and would be left out"
    schema = resolved(document, parameter["schema"])
    place, kind, form = parameter["in"], schema.get("type"), schema.get("format")
    style = parameter.get("style", "form" if place in {"query", "cookie"} else "simple")
    explode = parameter.get("explode", style == "form")
    in_path, in_query = place == "path", place == "query"
    quoted = not {'"', "\\"}.isdisjoint(str(schema.get("default", "")))
    problems = (
        (
            in_query and kind == "object" and (style != "form" or not explode),
            f"an object of style {style}, explode {str(explode).lower()}",
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
