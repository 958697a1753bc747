"""Which of the bodies that a spec allows generated code sends, and what it can't put into them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from codegen.spec import operations
from codegen.spec.operations import resolved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codegen.spec.document import Json

_JSON: Final = "application/json"
_MULTIPART: Final = "multipart/form-data"


def keep_one_of_each_schema(document: Json) -> list[str]:
    """Drop from `document` what says the same in another media type, and return what, in words.

    Generated code tells media types apart by their models, so of one schema it can send one: the
    one that can carry files if there are any, else JSON. Django REST framework writes all three.
    """
    found = []
    for path, method, operation in operations.each(document):
        content = resolved(document, operation.get("requestBody", {})).get("content", {})
        wanted, others = _of_one_schema(document, content)
        if others:
            operation["requestBody"] = {
                **resolved(document, operation["requestBody"]),
                "content": {name: it for name, it in content.items() if name not in others},
            }
            found.append(
                f"{method.upper()} {path}: the body as {', '.join(others)}; it is sent as {wanted},"
                " which has the same schema"
            )
    return found


def read_files_in_json_as_text(document: Json) -> None:
    """Drop `format: binary` where only JSON has it: there a value is text, and never a file.

    A whole body that is one stays: the spec may mean bytes, and a check stops the run.
    """
    in_json: dict[int, Json] = {}
    elsewhere: set[int] = set()
    for media_type, schema in _contents(document):
        found = {id(each): each for each in _files(document, schema)}
        if is_json(media_type):
            in_json |= found
            elsewhere.add(id(resolved(document, schema)))
        else:
            elsewhere |= found.keys()
    for key, schema in in_json.items():
        if key not in elsewhere:
            del schema["format"]


def let_out_what_is_only_read(document: Json) -> None:
    """Let a request leave out the required fields that are only read (OpenAPI 3.0 §4.7.24.2).

    An answer that lacks one is refused as before: it is checked by the spec's own schema.
    """
    for _, _, operation in operations.each(document):
        body = resolved(document, operation.get("requestBody", {}))
        for entry in body.get("content", {}).values():
            for schema in _below(document, entry.get("schema", {})):
                parts = list(operations.variants(document, schema))
                only_read = {
                    name
                    for part in parts
                    for name, field in part.get("properties", {}).items()
                    if isinstance(field, dict) and field.get("readOnly") is True
                }
                for part in [schema, *(resolved(document, it) for it in schema.get("allOf", ()))]:
                    if isinstance(part.get("required"), list):
                        part["required"] = [it for it in part["required"] if it not in only_read]


def is_json(media_type: str) -> bool:
    """Say whether a body of that type is JSON."""
    return media_type.partition(";")[0].endswith("json")


def holds_file(document: Json, schema: Json) -> bool:
    """Say whether a value of `schema` may hold a file."""
    return any(_files(document, schema))


def _of_one_schema(document: Json, content: Json) -> tuple[str, list[str]]:
    """Return the media type to keep of those that share a schema, and the others."""
    in_files = holds_file(document, content.get(_MULTIPART, {}).get("schema"))
    wanted = _MULTIPART if in_files else _JSON
    schema = content.get(wanted, {}).get("schema")
    others = [name for name in content if name != wanted and content[name].get("schema") == schema]
    return wanted, others if schema else []


def _contents(document: Json) -> Iterator[tuple[str, Json]]:
    for _, _, operation in operations.each(document):
        for part in (operation.get("requestBody", {}), *operation.get("responses", {}).values()):
            for media_type, entry in resolved(document, part).get("content", {}).items():
                yield media_type, entry.get("schema", {})


def _files(document: Json, schema: Json) -> Iterator[Json]:
    """Yield each schema of a file that `schema` leads to."""
    for each in _below(document, schema):
        if each.get("type") == "string" and each.get("format") == "binary":
            yield each


def _below(document: Json, schema: Json) -> Iterator[Json]:
    """Yield `schema` and each object of JSON that it leads to."""
    seen: set[int] = set()
    left = [schema]
    while left:
        value = resolved(document, left.pop())
        if isinstance(value, list):
            left += value
        elif isinstance(value, dict) and id(value) not in seen:
            seen.add(id(value))
            left += value.values()
            yield value
