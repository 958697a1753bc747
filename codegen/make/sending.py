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
    if place == "query" and kind == "object" and (style != "form" or not explode):
        return f"an object of style {style}, explode {str(explode).lower()}"
    if place != "query" and kind in {"array", "object"}:
        return f"an {kind}"
    if place == "path" and style != "simple":
        return f"style {style}"
    if place == "path" and (kind == "boolean" or form == "date-time"):
        return f"a {form or kind}, which Python spells otherwise"
    return None
