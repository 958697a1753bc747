"""Generated code reads each success that the spec documents, or the run stops and says why."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import openapi_python_client
import pytest

from codegen import generate
from codegen.errors import GenerationError
from tests.codegen.support import ROOT, shop, write_json

if TYPE_CHECKING:
    from pathlib import Path

SHOP = shop()
OLDER = ROOT.parent / "shared" / "spec"

PET = {"$ref": "#/components/schemas/Pet"}
BYTES = {"type": "string", "format": "binary"}
NOTHING = {"description": "Nothing"}


def _answer(**schemas: Any) -> Any:
    return _of({"application/json" if name == "json" else name: it for name, it in schemas.items()})


def _of(schemas: dict[str, Any]) -> Any:
    """Return a response of media types, each with its schema (None: it has none)."""
    content = {name: {} if it is None else {"schema": it} for name, it in schemas.items()}
    return {"description": "An answer", "content": content}


FOUND = _answer(json=PET)
PROBLEM = {"$ref": "#/components/responses/Problem"}
XML = _of({"application/xml": PET})


def _generate(tmp_path: Path, responses: Any, config: str = "") -> Path:
    """Generate the shop, its `getPet` answering with `responses`."""
    spec = copy.deepcopy(SHOP)
    spec["paths"]["/pets/{petId}"]["get"]["responses"] = responses
    settings = tmp_path / "generator.yaml"
    settings.write_text(config or "{}")
    generate(write_json(tmp_path / "shop.json", spec), None, tmp_path / "client", config=settings)
    return tmp_path / "client"


@pytest.mark.parametrize(
    "responses",
    [
        pytest.param({"200": FOUND, "404": PROBLEM}, id="a status"),
        pytest.param({"200": FOUND, "201": NOTHING, "default": PROBLEM}, id="two, and default"),
        pytest.param({"2XX": FOUND, "404": PROBLEM}, id="a range"),
        pytest.param({"201": NOTHING, "2XX": FOUND}, id="a status before its range"),
        pytest.param({"default": FOUND}, id="default alone"),
        pytest.param({"404": PROBLEM}, id="errors alone"),
        pytest.param({"404": PROBLEM, "default": FOUND}, id="errors, and default"),
        pytest.param({"302": NOTHING, "default": XML}, id="a redirect, and the errors of default"),
        pytest.param({"204": NOTHING}, id="no content alone"),
        pytest.param({"204": FOUND}, id="content that HTTP has no place for"),
        pytest.param({"205": PROBLEM, "200": FOUND}, id="the same behind a $ref"),
        pytest.param({"204": NOTHING, "default": PROBLEM}, id="no content, and default"),
        pytest.param({"200": _of({"application/octet-stream": BYTES})}, id="bytes"),
        pytest.param({"200": _of({"application/pdf": BYTES}), "404": PROBLEM}, id="a PDF"),
        pytest.param({"200": _of({"application/pdf": None})}, id="a PDF of no schema"),
        pytest.param({"200": _of({"application/yaml": {"type": "string"}})}, id="YAML as text"),
        pytest.param({"200": _answer(json={})}, id="any JSON alone"),
        pytest.param({"200": _of({"text/plain": {"type": "string"}})}, id="text"),
        pytest.param({"200": _of({"application/pet+json": PET})}, id="a kind of JSON"),
        pytest.param({"200": _of({"application/json; charset=utf-8": PET})}, id="a charset"),
        pytest.param(
            {"200": _of({"application/json": PET, "application/pet+json": PET})},
            id="two kinds of JSON with one schema",
        ),
        pytest.param(
            {"200": _of({"image/png": BYTES, "application/json": PET})}, id="JSON among others"
        ),
        pytest.param({"200": _answer(json={}), "404": PROBLEM}, id="any JSON beside a model"),
        pytest.param({"200": _answer(json=None), "404": PROBLEM}, id="JSON of no schema"),
        pytest.param({"200": _of({"text/csv": BYTES}), "404": PROBLEM}, id="text as bytes"),
        pytest.param(
            {"200": _of({"application/octet-stream": {"type": "string"}})}, id="bytes as text"
        ),
        pytest.param({"200": _answer(json={"type": "array", "items": PET})}, id="a list"),
        pytest.param({"200": _answer(json={"allOf": [PET], "nullable": True})}, id="or null"),
        pytest.param(
            {"200": _answer(json={"oneOf": [PET, {"$ref": "#/components/schemas/Owner"}]})},
            id="one of two",
        ),
        pytest.param(
            {"200": _answer(json={"type": "object", "additionalProperties": PET})}, id="a mapping"
        ),
        pytest.param({"200": FOUND, "404": XML}, id="an error that it can't read"),
        pytest.param({"200": FOUND, "499": PROBLEM}, id="an error without a name"),
    ],
)
def test_documented_success_that_is_read(tmp_path: Path, responses: Any) -> None:
    assert (_generate(tmp_path, responses) / "api/pets/get_pet.py").exists()


@pytest.mark.parametrize(
    ("responses", "says"),
    [
        pytest.param(
            {"200": XML},
            r"status 200 \(application/xml\): api/pets/get_pet.py doesn't read it",
            id="XML alone",
        ),
        pytest.param(
            {"200": FOUND, "201": XML, "default": PROBLEM},
            r"status 201 \(application/xml\): .*get_pet.py takes it for default",
            id="XML that would come back as the error of default",
        ),
        pytest.param(
            {"201": XML, "2XX": FOUND},
            r"status 201 \(application/xml\): .*get_pet.py takes it for 2XX",
            id="XML that would come back as another success",
        ),
        pytest.param({"2XX": XML}, r"status 2XX \(application/xml\): ", id="a range"),
        pytest.param(
            {"404": PROBLEM, "default": PROBLEM},
            r"status default \(application/json\): .*get_pet.py takes it for a result, and status"
            " 404 is the same",
            id="the errors of default, with no success that says so",
        ),
        pytest.param({"default": XML}, r"status default \(application/xml\): ", id="default"),
        pytest.param(
            {"200": _answer(json={"allOf": [PET], "properties": {"chip": {"type": "string"}}})},
            "takes no model with the fields of its schema",
            id="a field beside allOf, which the generator drops",
        ),
        pytest.param({"200": _of({"*/*": PET})}, r"status 200 \(\*/\*\): ", id="any media type"),
        pytest.param(
            {"200": _of({"text/plain": {"type": "string"}, "application/json": PET})},
            r"\(text/plain, application/json\): .* takes response.text",
            id="text where JSON is documented too",
        ),
        pytest.param(
            {"200": _of({"application/json": PET, "application/a+json": {"type": "string"}})},
            r"\(application/json, application/a\+json\): .* one schema for several",
            id="two kinds of JSON with two schemas",
        ),
        pytest.param(
            {"200": _of({"text/plain": {"type": "integer"}})},
            "takes response.text",
            id="text that is a number",
        ),
        pytest.param(
            {"200": _of({"text/csv": PET})}, "takes response.text", id="text that is an object"
        ),
        pytest.param({"200": _answer(json=BYTES)}, "takes response.json", id="JSON that is bytes"),
        pytest.param(
            {"218": FOUND},
            r"status 218 \(application/json\): .* Python's http.HTTPStatus has no 218",
            id="a status without a name",
        ),
    ],
)
def test_documented_success_that_is_not_read_stops_the_run(
    tmp_path: Path, responses: Any, says: str
) -> None:
    with pytest.raises(GenerationError, match=rf"GET /pets/{{petId}}, .*{says}") as stop:
        _generate(tmp_path, responses)
    for way_out in ("overrides/overlay.yaml", "remove: true", "content_type_overrides"):
        assert way_out in str(stop.value)


def test_what_the_generator_said_about_that_operation_is_told(tmp_path: Path) -> None:
    with pytest.raises(GenerationError, match="Unsupported content_type application/xml"):
        _generate(tmp_path, {"200": XML, "404": PROBLEM})


def test_why_a_schema_has_no_class_is_told(tmp_path: Path) -> None:
    spec = copy.deepcopy(SHOP)
    state = {"type": "string", "enum": ["old", "new"]}
    spec["components"]["schemas"]["OwnerState"] = {"type": "string", "enum": ["x"]}
    spec["components"]["schemas"]["Owner"]["properties"]["state"] = state
    source = write_json(tmp_path / "shop.json", spec)
    with pytest.raises(GenerationError, match=r"schemas/Owner: Found conflicting enums .*State"):
        generate(source, None, tmp_path / "client")
    state["title"] = "Condition"
    generate(write_json(source, spec), None, tmp_path / "other")
    assert (tmp_path / "other/models/owner_condition.py").exists()


@pytest.mark.parametrize(
    "config",
    [
        "content_type_overrides: {text/css: application/octet-stream}",
        "content_type_overrides: {text/css: application/octet-stream; q=1}",
    ],
)
def test_content_type_override_is_a_way_out(tmp_path: Path, config: str) -> None:
    file = {"200": _of({"text/css": BYTES}), "404": PROBLEM}
    path = _generate(tmp_path, file, config) / "api/pets/get_pet.py"
    assert "File(payload=BytesIO(response.content))" in path.read_text()


@pytest.mark.parametrize(
    ("target", "media_types"),
    [
        pytest.param(
            "$.paths['/pets/{petId}'].get.responses['200'].content['text/plain']",
            {"text/plain": {"type": "string"}, "application/json": PET},
            id="the media type",
        ),
        pytest.param("$.paths['/pets/{petId}'].get", {"application/xml": PET}, id="all of it"),
    ],
)
def test_leaving_it_out_on_purpose_is_a_way_out(
    tmp_path: Path, target: str, media_types: Any
) -> None:
    spec = copy.deepcopy(SHOP)
    get = spec["paths"]["/pets/{petId}"]["get"]
    get["responses"] = {"200": _of(media_types)}
    removed = get if target.endswith(".get") else {"schema": media_types["text/plain"]}
    overlay = {
        "overlay": "1.0.0",
        "info": {"title": "Corrections", "version": "1"},
        "actions": [
            {"target": target, "remove": True, "x-expected": removed, "x-reason": "not for us"}
        ],
    }
    generate(
        write_json(tmp_path / "shop.json", spec),
        write_json(tmp_path / "overlay.json", overlay),
        tmp_path / "client",
    )
    assert (tmp_path / "client/api/pets/list_pets.py").exists()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        pytest.param(
            "Pet.from_dict(response.json())",
            "Problem.from_dict(response.json())",
            "takes no model with the fields of its schema",
            id="another model",
        ),
        pytest.param(
            "cast(Any, None)", "response.json()", "takes response.json", id="a body where none is"
        ),
        pytest.param(
            "response.status_code == 200",
            "response.status_code in (200,)",
            "status 200 .*doesn't read it",
            id="a test in words that nobody has read",
        ),
        pytest.param(
            "_parse_response", "_parsed", "get_pet.py lacks the functions", id="another function"
        ),
    ],
)
def test_generator_that_reads_it_otherwise_stops_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, says: str
) -> None:
    _generator_writes(monkeypatch, "api/pets/get_pet.py", old, new)
    with pytest.raises(GenerationError, match=says):
        _generate(tmp_path, {"200": FOUND, "204": NOTHING, "404": PROBLEM})


def _generator_writes(monkeypatch: pytest.MonkeyPatch, name: str, old: str, new: str) -> None:
    """Have the generator write `new` for `old`, as a version of the future might."""
    build = openapi_python_client.Project.build

    def writing(project: openapi_python_client.Project) -> Any:
        errors = build(project)
        path = project.package_dir / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
        return errors

    monkeypatch.setattr(openapi_python_client.Project, "build", writing)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param(
            {"parameters": [{"name": "body", "in": "query", "schema": {"type": "string"}}]},
            r"create_order\.py is not Python: duplicate argument 'body'",
            id="a parameter named like the body",
        ),
    ],
)
def test_generated_module_that_is_not_whole_stops_the_run(
    tmp_path: Path, change: Any, says: str
) -> None:
    spec = copy.deepcopy(SHOP)
    spec["paths"]["/orders"]["post"] |= change
    with pytest.raises(GenerationError, match=says):
        generate(write_json(tmp_path / "shop.json", spec), None, tmp_path / "client")


def test_generated_module_that_does_not_import_stops_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _generator_writes(monkeypatch, "models/pet.py", "class Pet:", "class Pet(int, str):")
    says = r"don't import.*`remove: true`.*\n(.*\n)*  client/models/pet\.py: TypeError: "
    with pytest.raises(GenerationError, match=says):
        _generate(tmp_path, {"200": FOUND})


def test_two_models_in_one_module_stop_the_run(tmp_path: Path) -> None:
    spec = copy.deepcopy(SHOP)
    spec["components"]["schemas"] |= {"FooBAR": {"type": "object"}, "FooBar": {"type": "object"}}
    with pytest.raises(GenerationError, match=r"class_overrides.*\n  models/foo_bar.py has no Foo"):
        generate(write_json(tmp_path / "shop.json", spec), None, tmp_path / "client")


@pytest.mark.skipif(not OLDER.is_dir(), reason="the vendor's older specs lie beside the checkout")
@pytest.mark.parametrize("name", ["older-13-operations-a.json", "older-13-operations-b.json"])
def test_older_spec_of_the_vendor_generates_or_says_why_not(tmp_path: Path, name: str) -> None:
    try:
        left_out = generate(OLDER / name, None, tmp_path / "client")
    except GenerationError as stop:
        assert "/api/v1/" in str(stop)
        assert "overrides/overlay.yaml" in str(stop)
    else:
        assert left_out == []
        assert len(list((tmp_path / "client").glob("api/*/[!_]*.py"))) == 13
