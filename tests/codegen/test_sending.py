"""Generated code writes each parameter as the spec says, or the run stops."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from codegen import generate
from codegen.errors import GenerationError
from tests.codegen import support
from tests.codegen.support import write_json

if TYPE_CHECKING:
    from pathlib import Path

OBJECT = {"type": "object", "properties": {"a": {"type": "string"}}}
STRINGS = {"type": "array", "items": {"type": "string"}}


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
