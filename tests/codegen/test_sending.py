"""Generated code writes each parameter as the spec says, or the run stops."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from codegen import generate
from codegen.errors import GenerationError
from tests import other_spec
from tests.codegen import support
from tests.codegen.support import write_json

if TYPE_CHECKING:
    from pathlib import Path

OBJECT = {"type": "object", "properties": {"a": {"type": "string"}}}
STRINGS = {"type": "array", "items": {"type": "string"}}
NESTED = {"type": "array", "items": OBJECT}


def _generate(tmp_path: Path, parameter: Any, path: str = "/things") -> None:
    spec = support.shop()
    spec["paths"][path] = {
        "parameters": [parameter],
        "get": {"operationId": "getThings", "responses": {"204": {"description": "-"}}},
    }
    generate(write_json(tmp_path / "spec.json", spec), None, tmp_path / "client")


@pytest.mark.parametrize(
    "parameter",
    [
        {"in": "query", "schema": OBJECT},
        {"in": "query", "schema": STRINGS},
        {"in": "query", "schema": STRINGS, "explode": False},
        {"in": "query", "schema": STRINGS, "style": "spaceDelimited", "explode": False},
        {"in": "query", "schema": {"type": "boolean"}},
        {"in": "header", "schema": {"type": "boolean"}},
        {"in": "cookie", "schema": {"type": "integer"}},
    ],
    ids=str,
)
def test_parameter_that_is_written_as_the_spec_says(tmp_path: Path, parameter: Any) -> None:
    _generate(tmp_path, {"name": "what", **parameter})
    assert (tmp_path / "client/api/default/get_things.py").exists()


@pytest.mark.parametrize(
    ("parameter", "says"),
    [
        ({"in": "query", "content": {"application/json": {"schema": OBJECT}}}, "it has `content`"),
        ({"in": "query", "schema": OBJECT, "style": "deepObject"}, "an object of style deepObject"),
        ({"in": "query", "schema": OBJECT, "explode": False}, "an object of style form, explode"),
        ({"in": "cookie", "schema": STRINGS}, "an array"),
        ({"in": "query", "schema": {"type": "string", "default": 'a"b'}}, "a default with quotes"),
        ({"in": "path", "schema": STRINGS}, "an array"),
        ({"in": "path", "schema": {"type": "boolean"}}, "a boolean, which Python spells otherwise"),
        (
            {"in": "path", "schema": {"type": "string", "format": "date-time"}},
            "a date-time, which Python spells otherwise",
        ),
        ({"in": "path", "style": "label", "schema": {"type": "string"}}, "style label"),
        ({"in": "query", "schema": NESTED}, "an array of objects or lists"),
        (
            {"in": "query", "schema": {"type": "object", "properties": {"b": OBJECT}}},
            "an object of objects or lists",
        ),
        ({"in": "path", "schema": {"oneOf": [{"type": "boolean"}, {"type": "integer"}]}}, "a bool"),
        ({"in": "path", "schema": {"allOf": [STRINGS]}}, "an array"),
    ],
    ids=str,
)
def test_parameter_that_would_be_written_otherwise_stops_the_run(
    tmp_path: Path, parameter: Any, says: str
) -> None:
    path = "/things/{what}" if parameter["in"] == "path" else "/things"
    parameter = {"name": "what", "required": parameter["in"] == "path", **parameter}
    with pytest.raises(GenerationError) as stop:
        _generate(tmp_path, parameter, path)
    assert f"GET {path}, parameter what in {parameter['in']}: {says}" in str(stop.value)
    assert f"\n    - target: $.paths['{path}'].get\n      remove: true\n" in str(stop.value)


def test_parameter_in_a_component_is_looked_at(tmp_path: Path) -> None:
    spec = support.shop()
    spec["components"]["parameters"]["Filter"] = {
        "name": "filter",
        "in": "query",
        "style": "deepObject",
        "schema": OBJECT,
    }
    spec["paths"]["/pets"]["get"]["parameters"] = [{"$ref": "#/components/parameters/Filter"}]
    with pytest.raises(GenerationError, match="GET /pets, parameter filter in query: an object"):
        generate(write_json(tmp_path / "spec.json", spec), None, tmp_path / "client")


def test_list_in_one_piece_behind_other_words(tmp_path: Path) -> None:
    schema = {"allOf": [STRINGS]}
    _generate(tmp_path, {"name": "what", "in": "query", "schema": schema, "explode": False})
    assert "{'what': ','}" in (tmp_path / "client/spec.py").read_text("utf-8").replace('"', "'")


def _generate_body(tmp_path: Path, content: Any, **schemas: Any) -> None:
    spec = support.shop()
    spec["components"]["schemas"] |= schemas
    spec["paths"]["/things"] = {
        "post": {
            "operationId": "addThing",
            "requestBody": {"required": True, "content": content},
            "responses": {"204": {"description": "-"}},
        }
    }
    generate(write_json(tmp_path / "spec.json", spec), None, tmp_path / "client")


FORM = "application/x-www-form-urlencoded"
BINARY = {"schema": {"type": "string", "format": "binary"}}


@pytest.mark.parametrize("field", [OBJECT, NESTED, {"allOf": [OBJECT]}], ids=str)
def test_form_with_more_than_lists_of_plain_values_stops_the_run(
    tmp_path: Path, field: Any
) -> None:
    schema = {"type": "object", "properties": {"what": field}}
    with pytest.raises(GenerationError, match="POST /things, field what of a form"):
        _generate_body(tmp_path, {FORM: {"schema": schema}})


def test_bodies_of_one_type_stop_the_run(tmp_path: Path) -> None:
    with pytest.raises(GenerationError, match="which media type it is of") as stop:
        _generate_body(tmp_path, {"image/png": BINARY, "image/jpeg": BINARY})
    assert "add_thing.py: isinstance(body, " in str(stop.value)


def test_file_in_json_that_is_a_file_elsewhere_stops_the_run(tmp_path: Path) -> None:
    file = {"type": "object", "properties": {"file": BINARY["schema"]}}
    scan = {"$ref": "#/components/schemas/Scan"}
    scans = {"type": "object", "properties": {"scan": scan}}
    content = {"application/json": {"schema": scans}, "multipart/form-data": {"schema": scan}}
    with pytest.raises(GenerationError, match="body as application/json: a file inside of JSON"):
        _generate_body(tmp_path, content, Scan=file)


@pytest.mark.parametrize(
    "name", ["d", "cls", "field_dict", "additionalProperties", "toDict", "from_dict"]
)
def test_field_of_a_name_that_a_model_needs_itself_stops_the_run(tmp_path: Path, name: str) -> None:
    schema = {"type": "object", "properties": {name: {}, "n": {"type": "integer"}}}
    with pytest.raises(GenerationError, match=r"AddThingBody has a field \w+"):
        _generate_body(tmp_path, {"application/json": {"schema": schema}})


def test_package_without_a_model(tmp_path: Path) -> None:
    get = {"operationId": "getIt", "responses": {"204": {"description": "-"}}}
    spec = {"openapi": "3.0.3", "info": {"title": "T", "version": "1"}}
    other_spec.generate(spec | {"paths": {"/it": {"get": get}}}, tmp_path)
    written = (tmp_path / "oneloop_api_client/operations.py").read_text(encoding="utf-8")
    assert "def get_it(" in written
    assert "if TYPE_CHECKING" not in written
