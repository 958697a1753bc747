"""The table: one change of a spec a row, with the verdict and the line that it must get."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from codegen.diff.specs import spec_changes
from codegen.spec import operations
from codegen.spec.pointer import find
from codegen.spec.validate import judged
from codegen.verdict import verdict
from tests.codegen.support import shop

SHOP = shop()

Edit = Callable[[Any], object]


def put(pointer: str, value: Any) -> Edit:
    """Set what is at `pointer`."""

    def edit(spec: Any) -> None:
        parent, _, key = pointer.rpartition("/")
        owner = find(spec, parent)
        if isinstance(owner, list):
            owner[int(key)] = value
        else:
            owner[key.replace("~1", "/")] = value

    return edit


def drop(pointer: str) -> Edit:
    """Remove what is at `pointer`."""

    def edit(spec: Any) -> None:
        parent, _, key = pointer.rpartition("/")
        owner = find(spec, parent)
        del owner[int(key) if isinstance(owner, list) else key.replace("~1", "/")]

    return edit


def add(pointer: str, value: Any) -> Edit:
    """Append to the list at `pointer`."""
    return lambda spec: find(spec, pointer).append(value)


def rename(old: str, new: str) -> Edit:
    """Rename a schema and all references to it."""

    def edit(spec: Any) -> None:
        schemas = spec["components"]["schemas"]
        schemas[new] = schemas.pop(old)
        for owner in _dicts(spec):
            if owner.get("$ref") == f"#/components/schemas/{old}":
                owner["$ref"] = f"#/components/schemas/{new}"

    return edit


def _dicts(value: Any) -> list[dict[str, Any]]:
    children = value.values() if isinstance(value, dict) else value
    inner = [child for child in children if isinstance(child, dict | list)]
    return ([value] if isinstance(value, dict) else []) + [d for c in inner for d in _dicts(c)]


def both(*edits: Edit) -> Edit:
    """Do all edits."""
    return lambda spec: [edit(spec) for edit in edits]


S = "/components/schemas"
PET = f"{S}/Pet/allOf/1"
LIST = "/paths/~1pets/get"
ONE = "/paths/~1pets~1{petId}"
LIMIT = "/components/parameters/Limit"
JSON = "content/application~1json"
HEADER = f"{LIST}/responses/200/headers/X-Total"
STRING = {"type": "string"}


def shared_item(spec: Any) -> None:
    """Move a path's item to where 3.1 has those that are shared."""
    spec["openapi"] = "3.1.0"
    item = spec["paths"].pop("/pets/{petId}")
    spec["components"]["pathItems"] = {"Pet": item}
    spec["paths"]["/pets/{petId}"] = {"$ref": "#/components/pathItems/Pet"}


ROWS = [
    # operations
    (
        "operation removed",
        drop(f"{ONE}/delete"),
        "major",
        "DELETE /pets/{petId}: operation removed",
    ),
    (
        "operation added",
        put(
            "/paths/~1pets/head",
            {"operationId": "headPets", "responses": {"200": {"description": "x"}}},
        ),
        "minor",
        "HEAD /pets: operation added",
    ),
    ("path removed", drop("/paths/~1health"), "major", "GET /health: operation removed"),
    (
        "path moved",
        lambda s: s["paths"].update({"/v2/health": s["paths"].pop("/health")}),
        "major",
        "GET /health: operation moved: now GET /v2/health",
    ),
    (
        "method changed",
        lambda s: s["paths"]["/health"].update(post=s["paths"]["/health"].pop("get")),
        "major",
        "operation moved: now POST /health",
    ),
    (
        "operationId renamed",
        put(f"{LIST}/operationId", "getPets"),
        "major",
        "GET /pets: function renamed: list_pets → get_pets",
    ),
    ("operationId removed", drop(f"{LIST}/operationId"), "major", "GET /pets: function renamed"),
    ("operationId spelt anew", put(f"{LIST}/operationId", "list_pets"), "none", None),
    (
        "first tag renamed",
        put(f"{LIST}/tags/0", "animals"),
        "major",
        "GET /pets: module renamed: api.pets → api.animals",
    ),
    ("second tag added", add(f"{LIST}/tags", "more"), "patch", "GET /pets: reworded: tags"),
    ("operation deprecated", put(f"{LIST}/deprecated", True), "minor", "GET /pets: deprecated"),
    # parameters
    (
        "optional parameter added",
        add(f"{LIST}/parameters", {"name": "q", "in": "query", "schema": STRING}),
        "minor",
        "GET /pets: query parameter q: optional parameter added",
    ),
    (
        "required parameter added",
        add(f"{LIST}/parameters", {"name": "q", "in": "query", "required": True, "schema": STRING}),
        "major",
        "GET /pets: query parameter q: required parameter added",
    ),
    (
        "required header added",
        add(
            f"{LIST}/parameters",
            {"name": "X-Q", "in": "header", "required": True, "schema": STRING},
        ),
        "major",
        "header parameter X-Q: required parameter added",
    ),
    (
        "parameter removed",
        drop(f"{LIST}/parameters/2"),
        "major",
        "GET /pets: query parameter sort: parameter removed",
    ),
    (
        "path-level parameter removed",
        drop("/paths/~1pets/parameters/0"),
        "major",
        "POST /pets: query parameter region: parameter removed",
    ),
    (
        "path-level parameter becomes required",
        put("/paths/~1pets/parameters/0/required", True),
        "major",
        "GET /pets: query parameter region: parameter became required",
    ),
    (
        "parameter moves to path level",
        both(
            lambda s: s["paths"]["/pets/{petId}"]["get"].update(
                parameters=[s["paths"]["/pets/{petId}"]["parameters"][0]]
            )
        ),
        "none",
        None,
    ),
    (
        "parameter moves behind $ref",
        both(
            lambda s: s["components"]["parameters"].update(
                Region=s["paths"]["/pets"]["parameters"][0]
            ),
            put("/paths/~1pets/parameters/0", {"$ref": "#/components/parameters/Region"}),
        ),
        "none",
        None,
    ),
    (
        "$ref'd parameter becomes required",
        put(f"{LIMIT}/required", True),
        "major",
        "GET /pets: query parameter limit: parameter became required",
    ),
    (
        "$ref'd parameter changes type",
        put(f"{LIMIT}/schema", STRING),
        "major",
        "GET /pets: query parameter limit: type changed: integer → string",
    ),
    (
        "$ref'd parameter takes less",
        put(f"{LIMIT}/schema/maximum", 50),
        "major",
        "constraint tightened: maximum 100 → 50 (in requests)",
    ),
    (
        "$ref'd parameter takes more",
        put(f"{LIMIT}/schema/maximum", 500),
        "minor",
        "constraint loosened: maximum 100 → 500 (in requests)",
    ),
    (
        "parameter default changed",
        put(f"{LIMIT}/schema/default", 50),
        "major",
        "default changed: 20 → 50 (in requests)",
    ),
    (
        "path parameter renamed",
        both(
            lambda s: s["paths"].update({"/pets/{id}": s["paths"].pop("/pets/{petId}")}),
            put("/paths/~1pets~1{id}/parameters/0/name", "id"),
        ),
        "major",
        "path parameter petId: parameter renamed: id",
    ),
    (
        "parameter type widens",
        put(
            "/paths/~1pets/parameters/0/schema",
            {"oneOf": [{"type": "string", "maxLength": 8}, {"type": "integer"}]},
        ),
        "minor",
        "variant added: integer (in requests)",
    ),
    (
        "parameter moved to header",
        put(f"{LIST}/parameters/2/in", "header"),
        "major",
        "query parameter sort: parameter removed",
    ),
    (
        "parameter explodes",
        put("/paths/~1pets/parameters/0/explode", False),
        "major",
        "parameter encoding changed: explode True → False",
    ),
    (
        "request enum grows",
        add(f"{LIST}/parameters/2/schema/enum", "size"),
        "minor",
        "query parameter sort: enum value added: size (in requests)",
    ),
    (
        "request enum shrinks",
        drop(f"{LIST}/parameters/2/schema/enum/1"),
        "major",
        "enum value removed: age (in requests)",
    ),
    (
        "$ref'd request enum grows",
        add(f"{S}/Status/enum", "lost"),
        "minor",
        "schema Status: enum value added: lost (in requests)",
    ),
    (
        "parameter pattern added",
        put("/paths/~1pets/parameters/0/schema/pattern", "^a"),
        "major",
        "constraint tightened: pattern none → ^a",
    ),
    (
        "parameter reworded",
        put(f"{LIMIT}/description", "How many pets"),
        "patch",
        "query parameter limit: reworded: description",
    ),
    # request bodies
    (
        "required request field added",
        both(put(f"{S}/NewPet/properties/tag", STRING), add(f"{S}/NewPet/required", "tag")),
        "major",
        "schema NewPet: tag: required field added (in requests)",
    ),
    (
        "optional request field added",
        put(f"{S}/NewPet/properties/tag", STRING),
        "minor",
        "schema NewPet: tag: field added (in requests)",
    ),
    (
        "request field removed",
        drop(f"{S}/NewPet/properties/age"),
        "major",
        "schema NewPet: age: field removed (in requests)",
    ),
    (
        "request field becomes required",
        add(f"{S}/NewPet/required", "age"),
        "major",
        "schema NewPet: age: became required (in requests)",
    ),
    (
        "request field becomes optional",
        drop(f"{S}/NewPet/required"),
        "minor",
        "schema NewPet: name: became optional (in requests)",
    ),
    (
        "request integer becomes number",
        put(f"{S}/NewPet/properties/age/type", "number"),
        "minor",
        "type widened: integer → number (in requests)",
    ),
    (
        "request becomes nullable",
        put(f"{S}/NewPet/properties/age/nullable", True),
        "minor",
        "schema NewPet: age: became nullable (in requests)",
    ),
    (
        "request variant added",
        add(f"{S}/NewPet/properties/gift/oneOf", {"$ref": f"#{S}/Owner"}),
        "minor",
        "variant added: Owner (in requests)",
    ),
    (
        "request variant removed",
        drop(f"{S}/NewPet/properties/gift/oneOf/1"),
        "major",
        "variant removed: Bone (in requests)",
    ),
    (
        "request closed",
        put(f"{S}/NewPet/additionalProperties", False),
        "major",
        "schema NewPet: extra fields now refused",
    ),
    (
        "body becomes required",
        put("/paths/~1orders/post/requestBody/required", True),
        "major",
        "POST /orders: request body: request body became required",
    ),
    (
        "body becomes optional",
        put("/paths/~1pets/post/requestBody/required", False),
        "minor",
        "request body became optional",
    ),
    (
        "optional body added",
        put(
            f"{ONE}/delete/requestBody",
            {"content": {"application/json": {"schema": {"$ref": f"#{S}/Order"}}}},
        ),
        "minor",
        "optional request body added",
    ),
    ("body removed", drop("/paths/~1orders/post/requestBody"), "major", "request body removed"),
    (
        "request media type added",
        put(
            "/paths/~1orders/post/requestBody/content/application~1x-www-form-urlencoded",
            {"schema": {"$ref": f"#{S}/Order"}},
        ),
        "minor",
        "request media type added",
    ),
    # answers
    (
        "answer field added",
        put(f"{PET}/properties/color", STRING),
        "minor",
        "schema Pet: color: field added (in answers)",
    ),
    (
        "required answer field added",
        both(put(f"{PET}/properties/color", STRING), add(f"{PET}/required", "color")),
        "minor",
        "schema Pet: color: required field added (in answers)",
    ),
    (
        "answer field removed",
        drop(f"{PET}/properties/weight"),
        "major",
        "schema Pet: weight: field removed (in answers)",
    ),
    (
        "inline answer field removed",
        drop(f"{LIST}/responses/200/{JSON}/schema/properties/cursor"),
        "major",
        "GET /pets: status 200: cursor: field removed (in answers)",
    ),
    (
        "allOf base loses a field",
        drop(f"{S}/Animal/properties/nickname"),
        "major",
        "schema Pet: nickname: field removed (in answers)",
    ),
    (
        "allOf base of an answer gains a required field",
        both(
            put(f"{S}/Animal/properties/sound", STRING),
            add(f"{S}/Animal/required", "sound"),
        ),
        "minor",
        "schema Pet: sound: required field added (in answers)",
    ),
    (
        "allOf base gains a field",
        put(f"{S}/Animal/properties/sound", STRING),
        "minor",
        "schema Pet: sound: field added (in answers)",
    ),
    (
        "allOf base dropped",
        drop(f"{S}/Pet/allOf/0"),
        "major",
        "schema Pet: name: field removed (in answers)",
    ),
    (
        "allOf written out",
        lambda s: s["components"]["schemas"].update(
            Pet={
                "type": "object",
                "required": ["name", "id", "kind"],
                "properties": s["components"]["schemas"]["Animal"]["properties"]
                | s["components"]["schemas"]["Pet"]["allOf"][1]["properties"],
            }
        ),
        "none",
        None,
    ),
    (
        "answer field becomes optional",
        put(f"{PET}/required", ["id"]),
        "major",
        "schema Pet: kind: became optional (in answers)",
    ),
    (
        "answer field becomes required",
        add(f"{PET}/required", "weight"),
        "minor",
        "schema Pet: weight: became required (in answers)",
    ),
    (
        "answer becomes nullable",
        put(f"{PET}/properties/born/nullable", True),
        "major",
        "schema Pet: born: became nullable (in answers)",
    ),
    (
        "answer no longer nullable",
        put(f"{S}/Owner/properties/phone", STRING),
        "minor",
        "schema Owner: phone: no longer nullable (in answers)",
    ),
    (
        "answer type changed",
        put(f"{PET}/properties/weight/type", "string"),
        "major",
        "schema Pet: weight: type changed: number → string",
    ),
    (
        "answer number becomes integer",
        put(f"{PET}/properties/weight/type", "integer"),
        "minor",
        "type narrowed: number → integer (in answers)",
    ),
    (
        "answer gets a Python format",
        put(f"{PET}/properties/born/format", "date"),
        "major",
        "schema Pet: born: format changed: none → date",
    ),
    (
        "answer gets another format",
        put(f"{S}/Owner/properties/email/format", "email"),
        "minor",
        "format added: none → email (in answers)",
    ),
    (
        "answer enum grows",
        add(f"{S}/Kind/enum", "fish"),
        "major",
        "schema Kind: enum value added: fish (in answers)",
    ),
    (
        "answer enum shrinks",
        drop(f"{S}/Kind/enum/1"),
        "major",
        "schema Kind: enum value removed: dog (in answers)",
    ),
    (
        "answer pattern changed",
        put(f"{PET}/properties/id/pattern", "^[a-z]+$"),
        "major",
        "schema Pet: id: constraint changed: pattern",
    ),
    (
        "answer pattern respelled",
        put(f"{PET}/properties/id/pattern", r"^\d{1,}$"),
        "patch",
        r"schema Pet: id: constraint respelled: pattern ^[0-9]+$ → ^\d{1,}$",
    ),
    (
        "answer variant added",
        add(f"{PET}/properties/toy/oneOf", {"$ref": f"#{S}/Owner"}),
        "major",
        "schema Pet: toy: variant added: Owner (in answers)",
    ),
    (
        "request variant that is nothing",
        both(
            put("/openapi", "3.1.0"),
            lambda s: find(s, f"{S}/NewPet/properties/gift")["oneOf"].insert(0, False),
        ),
        "minor",
        "gift: variant added: false (in requests)",
    ),
    (
        "answer variant removed",
        drop(f"{PET}/properties/toy/oneOf/1"),
        "minor",
        "variant removed: Bone (in answers)",
    ),
    (
        "oneOf becomes anyOf",
        lambda s: s["components"]["schemas"]["Pet"]["allOf"][1]["properties"].update(
            toy={
                "anyOf": s["components"]["schemas"]["Pet"]["allOf"][1]["properties"]["toy"]["oneOf"]
            }
        ),
        "minor",
        "schema Pet: toy: constraint loosened: oneOf → anyOf (in answers)",
    ),
    (
        "map values change type",
        put(f"{S}/Problem/properties/details/additionalProperties", {"type": "integer"}),
        "major",
        "schema Problem: details{}: type changed",
    ),
    (
        "success status changed",
        lambda s: s["paths"]["/pets"]["post"]["responses"].update(
            {"200": s["paths"]["/pets"]["post"]["responses"].pop("201")}
        ),
        "major",
        "POST /pets: status 201: success status removed",
    ),
    (
        "success status added",
        put("/paths/~1orders/post/responses/202", {"description": "Later"}),
        "minor",
        "POST /orders: status 202: success status added",
    ),
    (
        "error status added",
        put(f"{LIST}/responses/429", {"$ref": "#/components/responses/Problem"}),
        "minor",
        "GET /pets: status 429: error status added",
    ),
    (
        "error status removed",
        drop(f"{LIST}/responses/400"),
        "minor",
        "GET /pets: status 400: error status removed",
    ),
    (
        "error status removed with its class",
        drop("/paths/~1health/get/responses/500"),
        "major",
        "GET /health: status 500: error status and its class removed",
    ),
    (
        "answer variant removed with its class",
        drop(f"{PET}/properties/toy/oneOf/2"),
        "major",
        "schema Pet: toy: variant and its class removed",
    ),
    (
        "answer media type changed",
        lambda s: s["paths"]["/health"]["get"]["responses"]["200"].update(
            content={
                "application/hal+json": s["paths"]["/health"]["get"]["responses"]["200"]["content"][
                    "application/json"
                ]
            }
        ),
        "major",
        "GET /health: status 200: answer media type removed: application/json",
    ),
    (
        "$ref'd answer body changed",
        put("/components/responses/Problem/content/application~1json/schema", STRING),
        "major",
        "status 400: type changed: object → string (in answers)",
    ),
    (
        "answer header removed",
        drop(f"{LIST}/responses/200/headers/X-Total"),
        "major",
        "header x-total: answer header removed",
    ),
    # read and written
    (
        "required field added to what is read and written",
        both(
            put(f"{S}/Order/properties/tip", {"type": "integer"}), add(f"{S}/Order/required", "tip")
        ),
        "major",
        "schema Order: tip: required field added (in requests)",
    ),
    (
        "optional in what is read and written",
        drop(f"{S}/Order/required"),
        "major",
        "schema Order: petId: became optional (in answers)",
    ),
    # names
    (
        "schema renamed",
        rename("Owner", "Keeper"),
        "major",
        "schema Owner: class renamed: now Keeper",
    ),
    ("enum renamed", rename("Kind", "Species"), "major", "schema Kind: class renamed: now Species"),
    (
        "schema changed on the way",
        both(rename("Owner", "Keeper"), put(f"{S}/Keeper/properties/age", STRING)),
        "major",
        "schema Owner: class renamed: now Keeper",
    ),
    ("unused schema removed", drop(f"{S}/Unused"), "major", "schema Unused: class removed"),
    (
        "unused schema loses a field",
        drop(f"{S}/Unused/properties/x"),
        "major",
        "schema Unused: x: field removed",
    ),
    (
        "schema renamed under the same title",
        both(
            put(f"{S}/Owner/title", "Keeper"),
            rename("Owner", "Person"),
        ),
        "major",
        "schema Owner: class renamed: now Person",
    ),
    ("schema added", put(f"{S}/New", {"type": "object"}), "minor", "schema New: class added"),
    (
        "inline schema moves behind $ref",
        both(
            put(f"{S}/Address", SHOP["components"]["schemas"]["Owner"]["properties"]["address"]),
            put(f"{S}/Owner/properties/address", {"$ref": f"#{S}/Address"}),
        ),
        "major",
        "schema Owner: address: class changed",
    ),
    (
        "inline schema gets a title",
        put(f"{S}/Owner/properties/address/title", "Home"),
        "major",
        "schema Owner: address: class changed",
    ),
    (
        "alias moves behind $ref",
        both(
            put(f"{S}/Email", STRING), put(f"{S}/Owner/properties/email", {"$ref": f"#{S}/Email"})
        ),
        "none",
        None,
    ),
    # how parameters, forms and headers are written
    (
        "parameter may be empty",
        put(f"{LIST}/parameters/2/allowEmptyValue", True),
        "minor",
        "query parameter sort: empty value now taken",
    ),
    (
        "parameter is written as JSON",
        lambda s: s["paths"]["/pets"]["get"]["parameters"][2].update(
            content={
                "application/json": {
                    "schema": s["paths"]["/pets"]["get"]["parameters"][2].pop("schema")
                }
            }
        ),
        "major",
        "query parameter sort: parameter encoding changed: plain → as application/json",
    ),
    (
        "answer header deprecated",
        put(f"{HEADER}/deprecated", True),
        "minor",
        "status 200: header x-total: deprecated",
    ),
    (
        "answer header explodes",
        put(f"{HEADER}/explode", True),
        "major",
        "header x-total: answer header encoding changed: explode False → True",
    ),
    (
        "answer header is written as JSON",
        put(HEADER, {"required": True, "content": {"application/json": {"schema": {}}}}),
        "major",
        "header x-total: answer header encoding changed: plain → as application/json",
    ),
    # where things stand
    (
        "path item moves behind $ref",
        shared_item,
        "patch",
        "document: reworded: openapi",
    ),
    (
        "path item behind $ref loses an operation",
        both(shared_item, drop("/components/pathItems/Pet/delete")),
        "major",
        "DELETE /pets/{petId}: operation removed",
    ),
    (
        "path item behind $ref gets a required parameter",
        both(
            shared_item,
            add(
                "/components/pathItems/Pet/parameters",
                {"name": "q", "in": "query", "required": True, "schema": STRING},
            ),
        ),
        "major",
        "GET /pets/{petId}: query parameter q: required parameter added",
    ),
    (
        "operation beside the $ref of a path item",
        both(
            shared_item,
            put(
                f"{ONE}/put",
                {"operationId": "putPet", "responses": {"204": {"description": "x"}}},
            ),
        ),
        "minor",
        "PUT /pets/{petId}: operation added",
    ),
    (
        "webhook edited",
        both(
            put("/openapi", "3.1.0"),
            put("/webhooks", {"sold": {"post": {"responses": {"200": {"description": "x"}}}}}),
        ),
        "patch",
        "document: reworded: openapi, webhooks",
    ),
    (
        "callback edited",
        put(
            "/paths/~1orders/post/callbacks",
            {"paid": {"{$url}": {"post": {"responses": {"200": {"description": "x"}}}}}},
        ),
        "patch",
        "POST /orders: reworded: callbacks",
    ),
    (
        "shared example edited",
        put("/components/examples", {"Rex": {"value": {"name": "Rex"}}}),
        "patch",
        "components: reworded: examples",
    ),
    # security and servers
    (
        "operation opens up",
        put(f"{ONE}/delete/security", []),
        "minor",
        "DELETE /pets/{petId}: security asks for less",
    ),
    (
        "operation closes",
        put("/paths/~1health/get/security", [{"bearerAuth": []}]),
        "major",
        "GET /health: security asks for more",
    ),
    (
        "second scheme demanded",
        put("/security", [{"bearerAuth": [], "keyAuth": []}]),
        "major",
        "GET /pets: security asks for more",
    ),
    (
        "alternative scheme accepted",
        put("/security", [{"bearerAuth": []}, {"keyAuth": []}]),
        "minor",
        "GET /pets: security asks for less",
    ),
    (
        "scheme becomes basic",
        put("/components/securitySchemes/bearerAuth/scheme", "basic"),
        "major",
        "DELETE /pets/{petId}: security asks for more: http bearer → http basic",
    ),
    (
        "security moves to the operation",
        put(f"{LIST}/security", [{"bearerAuth": []}]),
        "none",
        None,
    ),
    (
        "server removed",
        drop("/servers/1"),
        "major",
        "servers: server removed: https://staging.shop.example",
    ),
    (
        "server added",
        add("/servers", {"url": "https://eu.shop.example"}),
        "minor",
        "servers: server added",
    ),
    (
        "default server changed",
        lambda s: s["servers"].reverse(),
        "major",
        "default server changed: https://staging.shop.example",
    ),
    # words
    (
        "summary reworded",
        put(f"{LIST}/summary", "Lists pets"),
        "patch",
        "GET /pets: reworded: summary",
    ),
    (
        "field reworded",
        put(f"{S}/Animal/properties/name/description", "The name"),
        "patch",
        "schema Pet: name: reworded: description",
    ),
    (
        "example added",
        put(f"{S}/Owner/properties/email/example", "a@example"),
        "patch",
        "reworded: example",
    ),
    ("spec version raised", put("/info/version", "1.1.0"), "patch", "document: reworded: info"),
    ("server reworded", put("/servers/0/description", "Live"), "patch", "reworded: description"),
    (
        "answer reworded",
        put(f"{LIST}/responses/200/description", "All pets"),
        "patch",
        "status 200: reworded: description",
    ),
    (
        "keys in another order",
        lambda s: s.update({key: s.pop(key) for key in sorted(s)}),
        "none",
        None,
    ),
    (
        "OpenAPI 3.1 spelling of null",
        both(
            put("/openapi", "3.1.0"),
            put(f"{S}/Owner/properties/phone", {"type": ["string", "null"]}),
        ),
        "patch",
        "document: reworded: openapi",
    ),
]


@pytest.mark.parametrize(
    ("edit", "expected", "line"),
    [pytest.param(edit, expected, line, id=name) for name, edit, expected, line in ROWS],
)
def test_a_change_gets_its_verdict_and_its_line(
    edit: Edit, expected: str, line: str | None
) -> None:
    new = copy.deepcopy(SHOP)
    edit(new)
    new = operations.with_items_in_place(new)
    assert judged(new).problems == []
    changes = spec_changes(SHOP, new)
    lines = [f"{change.where}: {change.what}" for change in changes]
    assert verdict(changes) == expected, lines
    if line is None:
        assert lines == []
    else:
        assert [text for text in lines if line in text], lines
