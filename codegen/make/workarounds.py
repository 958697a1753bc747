"""What keeps openapi-python-client 0.29.1 from failing on a spec that has nothing wrong.

tests/codegen/test_workarounds.py fails for each that the generator no longer needs.
"""

from __future__ import annotations

import contextlib
import copy
from collections import defaultdict
from typing import TYPE_CHECKING, Final
from unittest import mock

from openapi_python_client.parser import openapi

from codegen.make import bodies
from codegen.spec import operations
from codegen.spec.operations import resolved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from openapi_python_client.parser import GeneratorData
    from openapi_python_client.parser.openapi import Endpoint

    from codegen.spec.document import Json

_KNOWN: Final = (
    *("application/json", "application/octet-stream", "text/plain", "multipart/form-data"),
    "application/x-www-form-urlencoded",
)


def readable(document: Json) -> tuple[Json, list[str]]:
    """Return the document as the generator reads it rightly, and what that leaves out, in words.

    That is without what generated code would look for in answers, and not find: a required field
    that is only written, and a body where HTTP has none; with null in an enum that may be null;
    with JSON of no schema, which it wouldn't read, as JSON of any; with one of several bodies of
    the same schema; with text for a file in JSON; and without a need to send what is only read.
    """
    made = _as_answers_have_it(document)
    left_out = bodies.keep_one_of_each_schema(made)
    bodies.read_files_in_json_as_text(made)
    bodies.let_out_what_is_only_read(made)
    for _, method, operation in operations.each(made):
        responses = operation.get("responses", {})
        for status, response in responses.items():
            if not operations.has_body(method, status):
                responses[status] = {"description": response.get("description", "")}
                continue
            for media_type, entry in resolved(made, response).get("content", {}).items():
                if _usual(media_type) == "application/json":
                    entry.setdefault("schema", {})
    return made, left_out


def _as_answers_have_it(value: Json) -> Json:
    if isinstance(value, list):
        return [_as_answers_have_it(each) for each in value]
    if not isinstance(value, dict):
        return value
    made = {key: _as_answers_have_it(each) for key, each in value.items()}
    if value.get("nullable") is True and isinstance(value.get("enum"), list):
        made["enum"] = [*(each for each in value["enum"] if each is not None), None]
    required, fields = value.get("required"), value.get("properties")
    if isinstance(required, list) and isinstance(fields, dict):
        made["required"] = [
            name
            for name in required
            if not (isinstance(field := fields.get(name), dict) and field.get("writeOnly") is True)
        ]
    return made


def import_unset(data: GeneratorData) -> None:
    """Import what the generator writes beside several bodies and forgets to import (issue 1451).

    An import that isn't needed is dropped again.
    """
    for collection in data.endpoint_collections_by_tag.values():
        for endpoint in collection.endpoints:
            if len(endpoint.bodies) > 1:
                endpoint.relative_imports.add("from ...types import Unset")


def aliases(document: Json) -> dict[str, str]:
    """Return the generator's content_type_overrides for the media types that it reads otherwise.

    Files stand under the type of bytes, texts in answers under that of plain text; for what has any
    other schema nothing does.
    """
    kinds: defaultdict[str, set[str | None]] = defaultdict(set)
    for media_type, kind in _uses(document):
        kinds[media_type].add(kind)
    return {
        media_type: kind
        for media_type, found in kinds.items()
        if len(found) == 1
        and (kind := next(iter(found)))
        and _usual(media_type) in {None, "application/octet-stream", "text/plain"} - {kind}
    }


def _uses(document: Json) -> Iterator[tuple[str, str | None]]:
    for _, _, operation in operations.each(document):
        body = resolved(document, operation.get("requestBody", {}))
        for media_type, entry in body.get("content", {}).items():
            kind = _kind(resolved(document, entry.get("schema", {})))
            # Of a request's bodies the generator writes none as text.
            yield media_type, kind if kind == "application/octet-stream" else None
        for response in operation.get("responses", {}).values():
            content = resolved(document, response).get("content", {})
            for media_type, entry in content.items():
                # The generator reads the first that it knows: JSON shall stay the one it knows.
                alone = not any(_usual(it) for it in content if it != media_type)
                schema = resolved(document, entry.get("schema", {}))
                kind = _kind(schema) if schema else _usual(media_type) or _kind(schema)
                yield media_type, kind if alone else None


def _kind(schema: Json) -> str | None:
    if not isinstance(schema, dict) or "contentEncoding" in schema:
        return None
    if schema.get("format") == "binary" or not schema.keys() - {"contentMediaType", "description"}:
        return "application/octet-stream"
    return "text/plain" if schema.get("type") == "string" else None


def _usual(media_type: str) -> str | None:
    """Return what the generator takes a media type for; None for one that it doesn't know."""
    plain = media_type.partition(";")[0].strip().lower()
    if plain.endswith("+json"):
        return "application/json"
    return next((kind for kind in _KNOWN if plain.startswith(kind.removesuffix("plain"))), None)


@contextlib.contextmanager
def sharing_models() -> Iterator[None]:
    """Keep the generator from copying, three times for each operation, all models that it leads to.

    In a spec whose schemas refer to each other those are most of it each time. What the generator
    changes in a copy is only the operation's own.
    """

    def copied(endpoint: Endpoint) -> Endpoint:
        shared = [part for it in endpoint.responses for part in (it.prop, it.data)]
        shared += [body.prop for body in endpoint.bodies]
        return copy.deepcopy(endpoint, {id(it): it for it in shared})

    with mock.patch.object(openapi, "deepcopy", copied):
        yield
