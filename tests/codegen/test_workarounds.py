"""Each workaround of the generator is needed still; the day that one isn't, it goes."""

from __future__ import annotations

import datetime
import re
from typing import TYPE_CHECKING, Any

import pytest
from openapi_python_client.parser import GeneratorData
from openapi_python_client.parser.properties import ModelProperty

from codegen import generate
from codegen.errors import GenerationError
from codegen.make import workarounds
from codegen.make.settings import Settings
from codegen.spec import operations
from tests.codegen import support
from tests.codegen.support import write_json

if TYPE_CHECKING:
    from pathlib import Path

BYTES = {"schema": {"type": "string", "format": "binary"}}


@pytest.fixture
def shop() -> Any:
    return support.shop()


def _module(tmp_path: Path, spec: Any, name: str) -> str:
    folder = tmp_path / "client"
    generate(write_json(tmp_path / "shop.json", spec), None, folder)
    return (folder / name).read_text(encoding="utf-8")


def test_generator_forgets_an_import_beside_two_bodies(
    tmp_path: Path, shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = shop["paths"]["/orders"]["post"]["requestBody"]
    body["required"] = True
    body["content"]["application/octet-stream"] = BYTES
    assert "body: Order | File" in _module(tmp_path, shop, "api/orders/create_order.py")
    monkeypatch.setattr(workarounds, "import_unset", lambda data: None)
    with pytest.raises(GenerationError, match=r"create_order\.py: Undefined name `Unset`"):
        generate(tmp_path / "shop.json", None, tmp_path / "other")


@pytest.mark.parametrize(
    ("media_type", "media"),
    [
        ("application/pdf", BYTES),
        ("image/png", {}),
        ("application/yaml", {"schema": {"type": "string"}}),
    ],
)
def test_generator_knows_few_media_types(
    tmp_path: Path, shop: Any, monkeypatch: pytest.MonkeyPatch, media_type: str, media: Any
) -> None:
    get = shop["paths"]["/pets/{petId}"]["get"]
    get["responses"] = {"200": {"description": "-", "content": {media_type: media}}}
    _module(tmp_path, shop, "api/pets/get_pet.py")
    monkeypatch.setattr(workarounds, "aliases", lambda document: {})
    with pytest.raises(GenerationError, match=f"Unsupported content_type {media_type}"):
        generate(tmp_path / "shop.json", None, tmp_path / "other")


def test_media_type_beside_json_stays_unknown(tmp_path: Path, shop: Any) -> None:
    """The generator reads the first that it knows."""
    get = shop["paths"]["/pets/{petId}"]["get"]
    answer = get["responses"]["200"]
    answer["content"] = {"application/pdf": BYTES, **answer["content"]}
    assert "Pet.from_dict(" in _module(tmp_path, shop, "api/pets/get_pet.py")


@pytest.mark.parametrize(
    ("media_type", "schema", "kind"),
    [
        ("application/json", {"type": "string"}, None),
        ("application/json", BYTES["schema"], None),
        ("application/pet+json", {"type": "string"}, None),
        ("text/csv", BYTES["schema"], "application/octet-stream"),
        ("text/csv", {"type": "string"}, None),
        ("text/csv", {}, None),
        ("application/octet-stream", {"type": "string"}, "text/plain"),
        ("application/octet-stream", {}, None),
        ("image/png", {}, "application/octet-stream"),
        ("application/xml", {"type": "object"}, None),
    ],
)
def test_media_type_is_read_as_its_schema_says(media_type: str, schema: Any, kind: str) -> None:
    response = {"description": "-", "content": {media_type: {"schema": schema}}}
    document = {"paths": {"/it": {"get": {"responses": {"200": response}}}}}
    assert workarounds.aliases(document) == ({media_type: kind} if kind else {})


def test_generator_looks_for_bodies_where_none_can_be(
    tmp_path: Path, shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    responses = shop["paths"]["/pets/{petId}"]["get"]["responses"]
    responses["204"] = responses["200"]
    body = "response_204 = cast(Any, None)"
    assert body in _module(tmp_path, shop, "api/pets/get_pet.py")
    monkeypatch.setattr(workarounds, "readable", lambda document: (document, []))
    monkeypatch.setattr(operations, "has_body", lambda method, status: True)
    generate(tmp_path / "shop.json", None, tmp_path / "other")
    assert body not in (tmp_path / "other/api/pets/get_pet.py").read_text(encoding="utf-8")


def test_generator_takes_no_null_for_an_enum_that_does_not_list_it(
    tmp_path: Path, shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    properties = shop["components"]["schemas"]["Order"]["properties"]
    properties["size"] = {"type": "string", "nullable": True, "enum": ["small", "large"]}
    assert "size: None | OrderSize" in _module(tmp_path, shop, "models/order.py")
    monkeypatch.setattr(workarounds, "readable", lambda document: (document, []))
    generate(tmp_path / "shop.json", None, tmp_path / "other")
    assert "size: OrderSize | Unset" in (tmp_path / "other/models/order.py").read_text("utf-8")


def test_generator_looks_in_answers_for_what_is_only_written(
    tmp_path: Path, shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = shop["components"]["schemas"]["Order"]
    order["properties"]["secret"] = {"type": "string", "writeOnly": True}
    order["required"] = [*order.get("required", []), "secret"]
    assert 'd.pop("secret", UNSET)' in _module(tmp_path, shop, "models/order.py")
    monkeypatch.setattr(workarounds, "readable", lambda document: (document, []))
    generate(tmp_path / "shop.json", None, tmp_path / "other")
    assert 'd.pop("secret")' in (tmp_path / "other/models/order.py").read_text(encoding="utf-8")


def test_generator_writes_a_forms_booleans_as_python_does(tmp_path: Path, shop: Any) -> None:
    """What overrides/templates/property_templates mends; it isn't given here."""
    fields = {"sure": {"type": "boolean"}}
    content = {"multipart/form-data": {"schema": {"type": "object", "properties": fields}}}
    shop["paths"]["/orders"]["post"]["requestBody"]["content"] = content
    assert "str(self.sure).encode()" in _module(tmp_path, shop, "models/create_order_body.py")


def test_generator_takes_the_first_model_that_reads_an_object(tmp_path: Path, shop: Any) -> None:
    """What overrides/templates/property_templates mends; it isn't given here."""
    schemas = shop["components"]["schemas"]
    schemas["Owner"] = {"anyOf": [{"$ref": "#/components/schemas/Pet"}, {"type": "object"}]}
    schemas["Order"]["properties"]["owner"] = {"$ref": "#/components/schemas/Owner"}
    text = _module(tmp_path, shop, "models/order.py")
    assert re.search(r"type_0 = Pet\.from_dict\(data\)\s+return \w+type_0\n", text)


def test_generator_hands_on_what_an_integer_was_written_as(tmp_path: Path, shop: Any) -> None:
    """What overrides/templates/property_templates mends; it isn't given here."""
    shop["components"]["schemas"]["Order"]["properties"]["count"] = {"type": "integer"}
    assert 'count = d.pop("count", UNSET)\n' in _module(tmp_path, shop, "models/order.py")


def test_bodies_of_one_schema_are_sent_as_one(tmp_path: Path, shop: Any) -> None:
    """Django REST framework writes each body thrice; code tells bodies apart by their models."""
    body = shop["paths"]["/orders"]["post"]["requestBody"]
    order = body["content"]["application/json"]
    forms = dict.fromkeys(["application/x-www-form-urlencoded", "multipart/form-data"], order)
    body["content"] = {**forms, "application/json": order}
    left_out = generate(write_json(tmp_path / "shop.json", shop), None, tmp_path / "client")
    assert left_out == [
        "POST /orders: the body as application/x-www-form-urlencoded, multipart/form-data; it is"
        " sent as application/json, which has the same schema"
    ]
    text = (tmp_path / "client/api/orders/create_order.py").read_text(encoding="utf-8")
    assert '"json"' in text
    assert "isinstance(body, Order)" not in text


def test_bodies_of_one_schema_with_a_file_are_sent_as_files(tmp_path: Path, shop: Any) -> None:
    shop["components"]["schemas"]["Order"]["properties"]["scan"] = BYTES["schema"]
    body = shop["paths"]["/orders"]["post"]["requestBody"]
    body["content"]["multipart/form-data"] = body["content"]["application/json"]
    text = _module(tmp_path, shop, "api/orders/create_order.py")
    assert "to_multipart()" in text
    assert '"json"' not in text


def test_generator_drops_a_model_that_others_import(tmp_path: Path, shop: Any) -> None:
    """Each module imports; the first call wouldn't."""
    pets = {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Pet"}}
    enabled = {"type": "object", "properties": {"pets": pets}}
    schemas = shop["components"]["schemas"]
    schemas["AState"] = {"oneOf": [{"type": "object"}, enabled]}
    schemas["Order"]["properties"]["state"] = {"$ref": "#/components/schemas/AState"}
    with pytest.raises(GenerationError, match="needs models that the generator left out"):
        _module(tmp_path, shop, "models/order.py")


def test_generator_sends_null_in_a_form_as_text(tmp_path: Path, shop: Any) -> None:
    """What overrides/templates/property_templates mends; it isn't given here."""
    order = shop["paths"]["/orders"]["post"]["requestBody"]
    note = {"type": "object", "properties": {"note": {"type": "string", "nullable": True}}}
    order["content"] = {"multipart/form-data": {"schema": note}}
    text = _module(tmp_path, shop, "models/create_order_body.py")
    assert re.search(
        r"else:\s+files\.append\(\(\"note\", \(None, str\(self\.note\)\.encode\(\)", text
    )


def test_generator_hands_python_a_time_as_it_is(tmp_path: Path, shop: Any) -> None:
    """What overrides/templates/property_templates mends; it isn't given here."""
    field = {"type": "string", "format": "date-time"}
    shop["components"]["schemas"]["Order"]["properties"]["at"] = field
    text = _module(tmp_path, shop, "models/order.py")
    assert "datetime.datetime.fromisoformat(_at)\n" in text
    with pytest.raises(ValueError, match="isoformat"):  # the day that Python takes it, it goes
        datetime.datetime.fromisoformat("2025-01-31T00:00:00z")


def test_generator_copies_all_models_for_each_operation(shop: Any, tmp_path: Path) -> None:
    """So what a run costs and holds grew with operations times models."""

    def models_used() -> list[bool]:
        data = GeneratorData.from_dict(shop, config=Settings(None, {}).config(tmp_path))
        assert isinstance(data, GeneratorData)
        models = {id(model.required_properties) for model in data.models}
        return [
            id(response.prop.required_properties) in models
            for collection in data.endpoint_collections_by_tag.values()
            for endpoint in collection.endpoints
            for response in endpoint.responses
            if isinstance(response.prop, ModelProperty)
        ]

    assert not any(models_used())
    with workarounds.sharing_models():
        assert all(models_used())
