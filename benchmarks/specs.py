"""Makes OpenAPI specs of any number of operations, as large for each as those of large vendors.

python -m benchmarks.specs 452 > big.yaml
"""

from __future__ import annotations

import itertools
import sys
from typing import Any

import yaml

_SENTENCE = (
    "The {} of this {}, as it was when the request was handled: later changes don't reach answers"
    " that were sent already, and integrations should read it again rather than keep it for ever."
    " Where it was never set it isn't there, which isn't the same as empty; whoever may read the"
    " resource may read it as well, and each change of it is in the audit log of the account, with"
    " who made it, from where, and what it was before. Where two changes come at once the later one"
    " counts, and the earlier one is in the log alone; neither is refused for that."
)
_FIELDS: dict[str, dict[str, Any]] = {
    "id": {"type": "string", "pattern": "^[a-z0-9_]{1,64}$", "readOnly": True},
    "name": {"type": "string", "minLength": 1, "maxLength": 200},
    "status": {"type": "string", "enum": ["draft", "active", "archived"]},
    "quantity": {"type": "integer", "format": "int64", "minimum": 0},
    "ratio": {"type": "number", "format": "double"},
    "enabled": {"type": "boolean"},
    "created_at": {"type": "string", "format": "date-time"},
    "due_on": {"type": "string", "format": "date"},
    "note": {"type": "string", "nullable": True},
    "labels": {"type": "array", "items": {"type": "string"}, "maxItems": 50},
    "metadata": {"type": "object", "additionalProperties": {"type": "string"}},
    "url": {"type": "string", "format": "uri"},
}
_VERBS = ("list", "create", "get", "update", "delete")


def spec(operations: int) -> dict[str, Any]:
    """Return a spec of so many operations, five for each of its resources."""
    lines = [
        (i // len(_VERBS), verb) for i, verb in zip(range(operations), itertools.cycle(_VERBS))
    ]
    resources = sorted({resource for resource, _ in lines})
    schemas: dict[str, Any] = {
        "Problem": _object("problem", ["id", "name", "note"], required=["id", "name"]),
    }
    for number in resources:
        schemas |= _schemas(number)
    paths: dict[str, Any] = {}
    for number, verb in lines:
        path = f"/v1/resource{number}" + ("" if verb in {"list", "create"} else "/{id}")
        method = {"list": "get", "create": "post", "update": "patch"}.get(verb, verb)
        paths.setdefault(path, {})[method] = _operation(number, verb)
    return {
        "openapi": "3.0.3",
        "info": {"title": "A large API", "version": "1.0.0"},
        "servers": [{"url": "https://api.example.com"}],
        "security": [{"bearerAuth": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "parameters": {
                "Limit": _parameter("limit", {"type": "integer", "minimum": 1, "default": 20}),
                "After": _parameter("after", {"type": "string"}),
            },
            "responses": {
                name: _answer(f"{name}.", {"$ref": "#/components/schemas/Problem"})
                for name in ("BadRequest", "Unauthorized", "NotFound", "Conflict")
            },
            "securitySchemes": {"bearerAuth": {"type": "http", "scheme": "bearer"}},
        },
    }


def text(document: dict[str, Any]) -> str:
    """Return `document` as the YAML that a vendor's tool writes."""
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


class _Dumper(yaml.CSafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def _schemas(number: int) -> dict[str, Any]:
    name = f"Resource{number}"
    whole = _object(name, list(_FIELDS), required=["id", "name", "status", "created_at"])
    whole["properties"] |= {
        "address": _object("address", ["name", "url", "note"], required=["name"]),
        "items": {
            "type": "array",
            "items": _object("item", ["id", "quantity", "ratio", "due_on"], required=["id"]),
        },
        "parent": {"$ref": f"#/components/schemas/Resource{number // 4 * 4}"},
        "owner": {"oneOf": [{"type": "string"}, {"$ref": "#/components/schemas/Problem"}]},
    }
    return {
        name: whole,
        f"{name}Input": _object(name, list(_FIELDS)[1:], required=["name", "status"]),
        f"{name}Page": {
            "type": "object",
            "required": ["data"],
            "properties": {
                "data": {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}},
                "next": {"type": "string", "nullable": True},
            },
        },
    }


def _object(of: str, fields: list[str], *, required: list[str]) -> dict[str, Any]:
    return {
        "type": "object",
        "description": _SENTENCE.format("representation", of),
        "required": required,
        "properties": {
            field: {**_FIELDS[field], "description": _SENTENCE.format(field, of)}
            for field in fields
        },
    }


def _operation(number: int, verb: str) -> dict[str, Any]:
    name = f"Resource{number}"
    problem = "#/components/responses/"
    made: dict[str, Any] = {
        "operationId": f"{verb}{name}",
        "summary": f"{verb.capitalize()} {name}",
        "description": " ".join(_SENTENCE.format(word, name) for word in ("state", "history")),
        "tags": [f"group{number // 4}"],
        "parameters": [],
        "responses": {},
    }
    if verb == "list":
        made["parameters"] = [
            *({"$ref": f"#/components/parameters/{name}"} for name in ("Limit", "After")),
            _parameter("status", _FIELDS["status"]),
            _parameter("label", {"type": "array", "items": {"type": "string"}}),
        ]
    elif verb != "create":
        made["parameters"] = [
            _parameter("id", {"type": "string"}) | {"in": "path", "required": True}
        ]
    if verb in {"create", "update"}:
        body = {"schema": {"$ref": f"#/components/schemas/{name}Input"}, "example": _example()}
        made["requestBody"] = {"required": True, "content": {"application/json": body}}
    schema = {"$ref": f"#/components/schemas/{name}{'Page' if verb == 'list' else ''}"}
    made["responses"] = (
        {"204": {"description": "It is gone."}}
        if verb == "delete"
        else {"200": _answer(_SENTENCE.format("answer", name), schema)}
    )
    made["responses"] |= {
        "400": {"$ref": f"{problem}BadRequest"},
        "401": {"$ref": f"{problem}Unauthorized"},
        "404": {"$ref": f"{problem}NotFound"},
        "409": {"$ref": f"{problem}Conflict"},
    }
    return made


def _parameter(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    description = _SENTENCE.format(name, "request")
    return {"name": name, "in": "query", "description": description, "schema": schema}


def _answer(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _example() -> dict[str, Any]:
    return {
        "name": "A name",
        "status": "active",
        "quantity": 12,
        "ratio": 0.5,
        "enabled": True,
        "created_at": "2026-01-02T03:04:05Z",
        "due_on": "2026-02-03",
        "note": None,
        "labels": ["one", "two"],
        "metadata": {"key": "value"},
        "url": "https://example.com/1",
    }


if __name__ == "__main__":
    sys.stdout.write(text(spec(int(sys.argv[1]))))
