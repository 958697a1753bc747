"""Of several models that a schema allows, an answer is read as the one that it is."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from codegen.errors import CodegenError
from tests import other_spec
from tests.faces import KEY

TEXT = {"type": "string"}
NUMBER = {"type": "number"}


def model(required: list[str] | None = None, **fields: Any) -> dict[str, Any]:
    more = {"required": required} if required else {}
    return {"type": "object", "properties": fields, **more}


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def one_of(*names: str, **more: Any) -> dict[str, Any]:
    return {"oneOf": [ref(name) for name in names], **more}


def told_by(name: str, **mapping: str) -> dict[str, Any]:
    mapped = {value: ref(to)["$ref"] for value, to in mapping.items()}
    return {"discriminator": {"propertyName": name, **({"mapping": mapped} if mapped else {})}}


KIND = {"type": "string", "enum": ["car", "van"]}
SCHEMAS = {
    # The first reads whatever the others are.
    "Cat": model(kind=TEXT, name=TEXT),
    "Dog": model(["age"], kind=TEXT, name=TEXT, age=NUMBER),
    "Pet": one_of("Cat", "Dog", **told_by("kind", cat="Cat", tomcat="Cat", dog="Dog")),
    # What tells these apart is no matter of the unions above, whose models they have.
    "Fox": model(["kind"], kind=TEXT),
    "Wild": one_of("Cat", "Dog", "Fox", **told_by("kind", c="Cat", d="Dog", f="Fox")),
    "Walker": one_of("Cat", "Fox", **told_by("kind", cat="Cat", fox="Fox")),
    "Fish": model(["kind"], kind=TEXT),
    "Swimmer": one_of("Cat", "Fish", **told_by("kind", c="Cat", fish="Fish")),
    "Animal": one_of("Swimmer", "Fox", **told_by("kind", c="Swimmer", fish="Swimmer", f="Fox")),
    "Hen": model(type=TEXT),
    "Duck": model(type=TEXT),
    "Bird": one_of("Hen", "Duck", **told_by("type")),
    "Vehicle": model(["kind"], kind=ref("Kind"), wheels=NUMBER),
    "Kind": KIND,
    "Car": {"allOf": [ref("Vehicle"), model(doors=NUMBER)]},
    "Van": {"allOf": [ref("Vehicle"), model(load=NUMBER)]},
    "Drive": one_of("Car", "Van", **told_by("kind", car="Car", van="Van")),
    # No discriminator.
    "Card": model(id=TEXT, number=TEXT, discriminator=TEXT),
    "Bank": model(id=TEXT, iban=TEXT),
    "Payment": {"anyOf": [ref("Card"), ref("Bank")]},
    "Amount": model(above=NUMBER, below=NUMBER),
    "Period": model(above={"type": "string", "format": "date-time"}, below=TEXT),
    "Words": model(above={"type": "array", "items": TEXT}),
    "Numbers": model(above={"type": "array", "items": NUMBER}),
    "Filter": one_of("Amount", "Period", "Words", "Numbers"),
    "Anything": {"type": "object"},
    "Closed": model(id=TEXT) | {"additionalProperties": False},
    "Known": one_of("Anything", "Closed", "Card"),
    "Cards": {"type": "array", "items": ref("Card")},
    "Banks": {"type": "array", "items": ref("Bank")},
    "Payments": {"anyOf": [ref("Cards"), ref("Banks"), TEXT]},
    "Holder": model(data=ref("Card")),
    "Account": model(data=ref("Bank")),
    "Deep": {"anyOf": [ref("Holder"), ref("Account")]},
    "Counts": {"type": "object", "additionalProperties": {"type": "integer"}},
    "Labels": {"type": "object", "additionalProperties": TEXT},
    "Map": {"anyOf": [ref("Counts"), ref("Labels")]},
    "CardsByName": {"type": "object", "additionalProperties": ref("Card")},
    "Book": {"anyOf": [ref("Counts"), ref("CardsByName")]},
    "Named": model(owner=TEXT),
    "Owned": model(owner=ref("Card")),
    "Owner": one_of("Named", "Owned"),
    "Mixed": {"anyOf": [{"type": "string", "format": "date"}, TEXT, ref("Card"), {"type": "null"}]},
    "Step": {"type": "integer", "enum": [1, 2]},
    "Steps": {"anyOf": [ref("Step"), {"type": "null"}]},
    "Level": {"anyOf": [{"const": "auto"}, {"const": "off"}, {"type": "integer"}, ref("Card")]},
}
CASES = [
    ("Pet", {"kind": "cat", "name": "Tom"}, "Cat"),
    ("Pet", {"kind": "tomcat"}, "Cat"),
    ("Pet", {"kind": "dog", "name": "Rex", "age": 3}, "Dog"),
    ("Wild", {"kind": "c"}, "Cat"),
    ("Wild", {"kind": "d", "age": 3}, "Dog"),
    ("Wild", {"kind": "f"}, "Fox"),
    ("Walker", {"kind": "fox"}, "Fox"),
    ("Animal", {"kind": "c"}, "Cat"),
    ("Animal", {"kind": "fish"}, "Fish"),
    ("Animal", {"kind": "f"}, "Fox"),
    ("Bird", {"type": "Hen"}, "Hen"),
    ("Bird", {"type": "Duck"}, "Duck"),
    ("Drive", {"kind": "car"}, "Car"),
    ("Drive", {"kind": "van", "wheels": 4}, "Van"),
    ("Payment", {"id": "1", "number": "2"}, "Card"),
    ("Payment", {"id": "1", "iban": "2"}, "Bank"),
    ("Payment", {"id": "1"}, "Card"),
    ("Filter", {"above": 1}, "Amount"),
    ("Filter", {"below": 1.5}, "Amount"),
    ("Filter", {"above": "2025-01-01T00:00:00+00:00"}, "Period"),
    ("Filter", {"below": "x"}, "Period"),
    ("Filter", {"above": ["x"]}, "Words"),
    ("Filter", {"above": [1]}, "Numbers"),
    ("Known", {"id": "1"}, "Closed"),
    ("Known", {"id": "1", "number": "2"}, "Card"),
    ("Known", {"any": "1"}, "Anything"),
    ("Payments", [{"number": "2"}], "Card"),
    ("Payments", [{"iban": "2"}], "Bank"),
    ("Payments", "none", "str"),
    ("Deep", {"data": {"number": "2"}}, "Holder"),
    ("Deep", {"data": {"iban": "2"}}, "Account"),
    ("Map", {"a": 1}, "Counts"),
    ("Map", {"a": "b"}, "Labels"),
    ("Book", {"a": 1}, "Counts"),
    ("Book", {"a": {"id": "1"}}, "CardsByName"),
    ("Owner", {"owner": "x"}, "Named"),
    ("Owner", {"owner": {"id": "1"}}, "Owned"),
    ("Mixed", "2025-01-31", "date"),
    ("Mixed", "then", "str"),
    ("Mixed", {"id": "1"}, "Card"),
    ("Mixed", None, "NoneType"),
    ("Steps", 2, "Step"),
    ("Steps", 2.0, "Step"),
    ("Steps", None, "NoneType"),
    ("Level", "auto", "str"),
    ("Level", "off", "str"),
    ("Level", 3, "int"),
    ("Level", {"id": "1"}, "Card"),
]
REFUSED = [
    ("Pet", {"kind": "cow"}, "$.it: expected what the spec's anyOf allows"),
    ("Pet", {"kind": "dog", "name": "Rex"}, "$.it: expected what the spec's anyOf allows"),
    ("Pet", {"name": "Tom"}, "$.it.kind: expected a value"),
    ("Bird", {"type": "hen"}, "no variant that its type leads to reads it"),
    ("Payments", {"iban": "1"}, "$.it: expected what the spec's anyOf allows"),
]
ALONE = {name for name, *_ in REFUSED} | {"Known", "Map", "Book"}


def _get(name: str) -> dict[str, Any]:
    # As a field, as an item, and as the body.
    items = {"type": "array", "items": ref(name)}
    holder = model(["it", "all"], it=ref(name), all=items, more=ref(name))
    content = {"application/json": {"schema": {"anyOf": [holder, ref(name)]}}}
    if name in ALONE:
        content = {"application/json": {"schema": holder}}
    answer = {"200": {"description": "-", "content": content}}
    return {"get": {"operationId": f"get{name}", "tags": ["unions"], "responses": answer}}


SPEC = {
    "openapi": "3.1.0",
    "info": {"title": "T", "version": "1"},
    "paths": {f"/{name}": _get(name) for name in sorted({name for name, *_ in CASES})},
    "components": {"schemas": SCHEMAS},
}


@pytest.fixture(scope="module")
def oneloop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    folder = other_spec.generate(SPEC, tmp_path_factory.mktemp("unions"))
    with other_spec.imported(folder) as module:
        yield module


def result(oneloop: ModuleType, name: str, value: Any) -> Any:
    answer = json.dumps(value).encode()
    headers = {"Content-Type": "application/json"}
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=answer, headers=headers))
    with oneloop.Oneloop(api_key=KEY, base_url="https://x.example", transport=transport) as client:
        return getattr(client.api, f"get_{name.lower()}")()


def is_a(value: Any, name: str) -> bool:
    return type(value[0] if isinstance(value, list) else value).__name__ == name


@pytest.mark.parametrize(("name", "value", "expected"), CASES, ids=str)
def test_value_is_read_as_what_it_is(
    oneloop: ModuleType, name: str, value: Any, expected: str
) -> None:
    found = result(oneloop, name, {"it": value, "all": [value, value]})
    assert [is_a(each, expected) for each in (found.it, *found.all_)] == [True] * 3
    assert found.to_dict() == {"it": value, "all": [value, value]}
    if name not in ALONE:
        assert is_a(result(oneloop, name, value), expected)


@pytest.mark.parametrize(("name", "value", "words"), REFUSED, ids=str)
def test_value_that_is_none_of_them_is_refused(
    oneloop: ModuleType, name: str, value: Any, words: str
) -> None:
    with pytest.raises(oneloop.ResponseValidationError, match=re.escape(words)):
        result(oneloop, name, {"it": value, "all": []})


def test_models_told_apart_in_two_ways_stop_the_run(tmp_path: Path) -> None:
    other = one_of("Cat", "Dog", **told_by("name", cat="Cat", dog="Dog"))
    spec = SPEC | {"components": {"schemas": SCHEMAS | {"Other": other}}}
    with pytest.raises(CodegenError, match=r"the models Cat, Dog are told apart by another field"):
        other_spec.generate(spec, tmp_path)


def test_the_generated_package_alone_reads_it_so_too(oneloop: ModuleType) -> None:
    models = importlib.import_module("oneloop_api_client.models")
    holder = models.GetPaymentResponse200Type0.from_dict({"it": {"iban": "1"}, "all": []})
    assert isinstance(holder.it, models.Bank)
