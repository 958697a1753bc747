"""What a generator run must not hide."""

from __future__ import annotations

import ast
import copy
import importlib
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import openapi_python_client
import pytest

from codegen import generate
from codegen.errors import CodegenError, GenerationError, SourceError
from codegen.make import inspection
from codegen.spec import operations
from tests import other_spec
from tests.codegen.support import ROOT, write_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATH = "/pets/{petId}"
TEMPLATES = ROOT / "overrides" / "templates"


@pytest.fixture
def spec(upstream: Any) -> Any:
    return upstream


def _generate(tmp_path: Path, spec: Any, **options: Any) -> Path:
    tmp_path.mkdir(exist_ok=True)
    generate(write_json(tmp_path / "spec.json", spec), None, tmp_path / "client", **options)
    return tmp_path / "client"


def test_any_spec_goes_into_any_folder(tmp_path: Path, spec: Any) -> None:
    operation = {"operationId": "ping", "responses": {"204": {"description": "fine"}}}
    spec["paths"]["/c/{id}"] = {
        method: operation
        | {
            "operationId": method,
            "parameters": [
                {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
            ],
        }
        for method in operations.METHODS
    }
    folder = _generate(tmp_path, spec)
    assert {path.stem for path in folder.glob("api/default/*.py")} == {
        "__init__",
        "health",
        *operations.METHODS,
    }


@pytest.mark.parametrize(
    "schema",
    [
        pytest.param({"type": "object", "properties": {"x": {"type": "string"}}}, id="a model"),
        pytest.param({"type": "string", "enum": ["a", "b"]}, id="an enum"),
    ],
)
def test_schema_may_have_a_name_that_modules_use_themselves(tmp_path: Path, schema: Any) -> None:
    """What they import or define, such as `Any` or `SyncOperations`, has a class beside it."""
    plain = _generate(tmp_path / "plain", _with_schemas(["Plain"], schema), templates=TEMPLATES)
    names = {
        name
        for bound in _bound(plain).values()
        for name in bound
        if name[0].isupper() and "Plain" not in name
    }
    assert {"Any", "File", "Unset", "HTTPStatus", "SyncOperations"} <= names
    names.remove("UNSET")  # its module would be Unset's
    folder = _generate(tmp_path / "all", _with_schemas(sorted(names), schema), templates=TEMPLATES)
    twice = {path: found - Counter(set(found)) for path, found in _bound(folder).items()}
    assert {path: found for path, found in twice.items() if found} == {}


def test_model_may_have_the_name_of_a_variable_that_reads_it(tmp_path: Path) -> None:
    """The generator keeps what it reads in a variable of the model's name."""
    fields = {
        "properties": {
            "maybe": {"type": ["integer", "null"]},
            "texts": {"type": "array", "items": {"type": "string"}},
        }
    }
    schema = {"type": "object", **fields, "additionalProperties": {"type": "integer"}}
    names = ["AdditionalProperties", "Cast", "Cls", "D", "PropDict", "PropName", "SrcDict"]
    spec = _with_schemas(names, schema) | {"openapi": "3.1.0"}
    value = {"maybe": None, "texts": ["a"], "more": 3}
    with other_spec.imported(other_spec.generate(spec, tmp_path)):
        models = importlib.import_module("oneloop_api_client.models")
        for name in names:
            assert getattr(models, f"{name}Model").from_dict(value).to_dict() == value


def _with_schemas(names: list[str], schema: Any) -> Any:
    """Return a spec that sends and gets each of the schemas, and files."""
    file = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    paths = {}
    for number, name in enumerate(names):
        reference = {"schema": {"$ref": f"#/components/schemas/{name}"}}
        both = {
            "title": f"{name}And",
            "type": "object",
            "properties": {"own": reference["schema"], "any": {}},
        }
        time = {"name": "time", "in": "query", "schema": {"type": "string", "format": "date-time"}}
        paths[f"/{number}"] = {
            "get": {
                "operationId": f"get{number}",
                "parameters": [time],
                "responses": {
                    "200": {"description": "-", "content": {"application/json": reference}}
                },
            },
            "put": {
                "operationId": f"put{number}",
                "requestBody": {"content": file},
                "responses": {"200": {"description": "-", "content": file}},
            },
            "post": {
                "operationId": f"post{number}",
                "requestBody": {"content": {"application/json": reference}},
                "responses": {
                    "200": {
                        "description": "-",
                        "content": {"application/json": {"schema": both}},
                    }
                },
            },
        }
    return {
        "openapi": "3.0.3",
        "info": {"title": "T", "version": "1"},
        "paths": paths,
        "components": {"schemas": dict.fromkeys(names, schema)},
    }


def _bound(folder: Path) -> dict[str, Counter[str]]:
    """Return how many things each module of operations or models binds a name to."""
    modules = inspection.parsed(folder, "operations.py", "api/*/*.py", "models/[!_]*.py")
    return {
        path: Counter(name for name, _ in {it for node in module.body for it in _bindings(node)})
        for path, module in modules.items()
    }


def _bindings(node: ast.stmt) -> Iterator[tuple[str, str]]:
    """Yield the names that a statement binds, and what to."""
    match node:
        case ast.Import() | ast.ImportFrom():
            yield from ((alias.name, getattr(node, "module", None) or "") for alias in node.names)
        case ast.ClassDef():
            yield node.name, "a class"
        case ast.Assign():
            yield ast.unparse(node.targets[0]), "a value"
        case ast.If():  # TYPE_CHECKING
            for each in node.body:
                yield from _bindings(each)


@pytest.mark.parametrize(
    ("break_it", "says"),
    [
        pytest.param(
            lambda get: get.update(operationId="a-b") or {"operationId": "a b", "tags": ["pets"]},
            "GET /pets/{} has no function|GET /other has no function",
            id="two operations become one module",
        ),
        pytest.param(
            lambda get: {
                "parameters": [
                    {
                        "name": "q",
                        "in": "query",
                        "content": {"application/json": {"schema": {"type": "string"}}},
                    }
                ],
                "requestBody": {"content": {"application/unknown": {"schema": {"type": "string"}}}},
            },
            "(?s)no function.*application/unknown",
            id="a body that the generator can't send",
        ),
    ],
)
def test_a_dropped_operation_stops_the_run(
    tmp_path: Path, spec: Any, break_it: Any, says: str
) -> None:
    get = spec["paths"][PATH]["get"]
    other = {"operationId": "other", "responses": {"204": {"description": "fine"}}}
    spec["paths"]["/other"] = {"get": other | break_it(get)}
    with pytest.raises(CodegenError, match=says):
        _generate(tmp_path, spec)


def test_what_is_left_out_of_a_generated_operation_is_told(tmp_path: Path, spec: Any) -> None:
    spec["paths"][PATH]["get"]["responses"]["404"] = {
        "description": "Not found",
        "content": {"image/png": {"schema": {"type": "integer"}}},
    }
    source = write_json(tmp_path / "spec.json", spec)
    (left_out,) = generate(source, None, tmp_path / "client")
    assert "image/png" in left_out
    assert "0x" not in left_out


@pytest.mark.parametrize(
    ("statement", "imported"),
    [
        pytest.param("import httpx2", "httpx2", id="a module"),
        pytest.param("import httpx2.types as types", "httpx2.types", id="inside a package"),
        pytest.param("from httpx2 import Client", "httpx2", id="a name"),
        pytest.param("def f():\n    import aiohttp", "aiohttp", id="inside a function"),
        pytest.param("import httpx, requests", "requests", id="beside a known one"),
        pytest.param("import another_client", "another_client", id="another package"),
    ],
)
def test_a_generated_package_for_another_library_stops_the_run(
    tmp_path: Path, spec: Any, monkeypatch: pytest.MonkeyPatch, statement: str, imported: str
) -> None:
    _generator_writes(monkeypatch, statement)
    with pytest.raises(GenerationError, match=rf"declare it.*\n  types\.py imports {imported}$"):
        _generate(tmp_path, spec)


@pytest.mark.parametrize(
    "statement",
    ["import client.types", "from . import client", "import attr", "from dateutil import parser"],
)
def test_a_generated_package_imports_itself_and_what_is_declared(
    tmp_path: Path, spec: Any, monkeypatch: pytest.MonkeyPatch, statement: str
) -> None:
    _generator_writes(monkeypatch, statement)
    assert (_generate(tmp_path, spec) / "types.py").exists()


def _generator_writes(monkeypatch: pytest.MonkeyPatch, statement: str) -> None:
    """Have the generator write `statement` too, as a version of the future might."""
    build = openapi_python_client.Project.build

    def writing(project: openapi_python_client.Project) -> Any:
        errors = build(project)
        with (project.package_dir / "types.py").open("a") as file:
            file.write(f"\n{statement}\n")
        return errors

    monkeypatch.setattr(openapi_python_client.Project, "build", writing)


@pytest.mark.parametrize(
    ("config", "says"),
    [
        pytest.param(
            "class_overrides: {Nope: {class_name: X}}", "match no class.*Nope", id="unused"
        ),
        pytest.param(
            "content_type_overrides: {application/zip: application/json}",
            "content_type_overrides that match no media type of the spec: application/zip",
            id="an unused media type",
        ),
        pytest.param("class_override: {}", "unknown class_override", id="misspelt"),
        pytest.param("class_overrides: {Problem: {name: X}}", "unknown name", id="misspelt inside"),
        pytest.param("literal_enums: perhaps", "literal_enums", id="a wrong value"),
    ],
)
def test_a_setting_without_effect_stops_the_run(
    tmp_path: Path, spec: Any, config: str, says: str
) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(config)
    with pytest.raises(GenerationError, match=says):
        _generate(tmp_path, spec, config=path)


def test_operations_behind_a_path_items_reference_are_generated(tmp_path: Path, spec: Any) -> None:
    spec["openapi"] = "3.1.0"
    shared = spec["paths"].pop(PATH)
    spec["components"]["pathItems"] = {
        "Pet": shared,
        "Alias": {"$ref": "#/components/pathItems/Pet"},
    }
    patch = {"operationId": "patchPet", "responses": {"204": {"description": "fine"}}}
    spec["paths"][PATH] = {"$ref": "#/components/pathItems/Alias", "patch": patch}
    folder = _generate(tmp_path, spec)
    modules = {path.stem for path in folder.glob("api/*/*.py")}
    assert {"get_pet", "delete_pet", "patch_pet"} <= modules
    written = json.loads((folder / "openapi.json").read_text())
    assert written["paths"][PATH] == shared | {"patch": patch}


@pytest.mark.parametrize(
    ("break_it", "says"),
    [
        pytest.param(lambda spec: spec.update(openapi="2.0"), "not OpenAPI 3", id="old"),
        pytest.param(lambda spec: spec.pop("info"), "info. is a required", id="no info"),
        pytest.param(
            lambda spec: spec["paths"][PATH]["parameters"][0].pop("name"),
            "'name' is a required property|is not valid under any",
            id="nameless parameter",
        ),
        pytest.param(
            lambda spec: spec["components"].pop("schemas"), "leads nowhere", id="dangling ref"
        ),
        pytest.param(
            lambda spec: spec["paths"][PATH]["get"]["responses"].update(
                {"404": {"$ref": "https://example.com/x.json"}}
            ),
            "leads out of the document",
            id="outside ref",
        ),
        pytest.param(
            lambda spec: spec["paths"].update({PATH: {"$ref": "#/paths/~1pets~1{petId}"}}),
            r"/paths/~1pets~1\{petId\} .*leads to itself",
            id="path item that is itself",
        ),
        pytest.param(
            lambda spec: spec["paths"].update({PATH: {"$ref": "#/components/pathItems/Pet"}}),
            r"/paths/~1pets~1\{petId\} .*leads nowhere",
            id="path item that is nowhere",
        ),
        pytest.param(
            lambda spec: spec["components"].pop("securitySchemes"),
            "'bearerAuth' is not defined",
            id="undefined scheme",
        ),
        pytest.param(
            lambda spec: spec["paths"].update({"/o": copy.deepcopy(spec["paths"][PATH])}),
            "getPet",
            id="duplicate operationId",
        ),
    ],
)
def test_a_spec_that_is_not_openapi_stops_the_run(
    tmp_path: Path, spec: Any, break_it: Any, says: str
) -> None:
    break_it(spec)
    with pytest.raises(SourceError, match=says):
        _generate(tmp_path, spec)
