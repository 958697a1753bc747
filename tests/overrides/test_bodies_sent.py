"""What generated code hands to httpx goes onto the wire as the spec means it."""

from __future__ import annotations

import datetime
import importlib
import inspect
import io
import json
import re
import uuid
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import anyio
import httpx
import pytest

from tests import other_spec
from tests.faces import KEY

NOTE = {"type": "object", "nullable": True, "properties": {"text": {"type": "string"}}}
NOTE_FORM = {"type": "object", "properties": {"text": {"type": "string"}}}
BYTES = {"type": "string", "format": "binary"}
NULLABLE = {"type": "string", "nullable": True}
PARTS = {
    "type": "object",
    "required": ["text", "many"],
    "properties": {
        "text": NULLABLE,
        "day": NULLABLE | {"format": "date"},
        "file": NULLABLE | {"format": "binary"},
        "many": {"type": "array", "items": NULLABLE},
        "sure": {"type": "boolean"},
        "maybe": {"oneOf": [{"type": "boolean"}, {"type": "integer"}]},
        "any": {},
    },
}
UPLOAD = {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}}


def cookie(name: str, form: str) -> dict[str, Any]:
    return {"name": name, "in": "cookie", "schema": {"type": "string", "format": form}}


def operation(name: str, media_type: str = "", schema: Any = None, **more: Any) -> dict[str, Any]:
    body = {"required": True, "content": {media_type: {"schema": schema}}}
    return {
        "operationId": name,
        "tags": ["notes"],
        "responses": {"200": {"description": "-", "content": {"text/plain": TEXT}}},
        **({"requestBody": body} if schema else {}),
        **more,
    }


def optional(*arguments: Any) -> dict[str, Any]:
    made = operation(*arguments)
    return made | {"requestBody": made["requestBody"] | {"required": False}}


TEXT = {"schema": {"type": "string"}}
ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
COOKIES = [cookie("day", "date"), cookie("moment", "date-time"), cookie("id", "uuid")]
IDS = {
    "content": {
        "application/json": {
            "schema": {"type": "array", "nullable": True, "items": {"type": "integer"}}
        }
    }
}
MARKS = {"type": "object", "required": ["mark"], "properties": {"mark": {"type": "string"}}}
EITHER = {"content": {"application/json": {"schema": {"anyOf": [NOTE, MARKS]}}}}
SCAN = {"type": "object", "properties": {"scan": {"type": "string", "format": "binary"}}}
MADE = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {"id": {"type": "integer", "readOnly": True}, "name": {"type": "string"}},
}
GIVEN = {"200": {"description": "-", "content": {"application/json": {"schema": MADE}}}}
FAILED = {"404": {"description": "-"}}
SPEC = {
    "openapi": "3.0.3",
    "info": {"title": "T", "version": "1"},
    "paths": {
        "/notes/{id}/": {"get": operation("getNote", parameters=[ID])},
        "/notes": {"post": operation("addNote", "application/json", NOTE)},
        "/marks": {"post": operation("markNotes", requestBody=IDS)},
        "/either": {"post": operation("addEither", requestBody=EITHER)},
        "/scans": {"post": operation("addScan", "application/json", SCAN)},
        "/made": {"post": operation("addMade", "application/json", MADE, responses=GIVEN)},
        "/files": {"post": operation("addFile", "multipart/form-data", UPLOAD)},
        "/parts": {"post": optional("addParts", "multipart/form-data", PARTS)},
        "/file": {"put": optional("putFile", "application/octet-stream", BYTES)},
        "/form": {"post": optional("sendForm", "application/x-www-form-urlencoded", NOTE_FORM)},
        "/days": {"get": operation("getDay", parameters=COOKIES)},
        "/jobs/{id}": {"post": operation("changeJob", parameters=[ID], responses=FAILED)},
        "/jobs/{id}:stop": {"post": operation("stopJob", parameters=[ID])},
    },
}


@pytest.fixture(scope="module")
def oneloop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    folder = other_spec.generate(SPEC, tmp_path_factory.mktemp("notes"))
    with other_spec.imported(folder) as module:
        yield module


Call = Callable[..., tuple[Any, httpx.Request, bytes]]


@pytest.fixture(params=["Oneloop", "AsyncOneloop"])
def call(request: pytest.FixtureRequest, oneloop: ModuleType) -> Call:
    """Call a method, and return its result with the request that it made."""

    def made(
        name: str, *, text: bytes = b"done", media_type: str = "text/plain", **arguments: Any
    ) -> Any:
        seen: list[tuple[httpx.Request, bytes]] = []
        headers = {"Content-Type": media_type}

        def answer(request: httpx.Request) -> httpx.Response:
            seen.append((request, request.read()))
            return httpx.Response(200, content=text, headers=headers)

        async def answer_async(request: httpx.Request) -> httpx.Response:
            seen.append((request, await request.aread()))
            return httpx.Response(200, content=text, headers=headers)

        is_async = request.param == "AsyncOneloop"
        transport = httpx.MockTransport(answer_async if is_async else answer)
        client = getattr(oneloop, request.param)(
            api_key=KEY, base_url="https://x.example", transport=transport
        )

        async def awaited(found: Any) -> Any:
            return await found if inspect.isawaitable(found) else found

        api = client.api.with_cookies({"session": "s"})
        return anyio.run(awaited, getattr(api, name)(**arguments)), *seen[0]

    return made


def test_path_that_ends_with_a_slash_behind_a_parameter(call: Call) -> None:
    result, request, _ = call("get_note", id="n1")
    assert (result, request.url.path) == ("done", "/notes/n1/")
    for bad in ("", ".", ".."):
        with pytest.raises(ValueError, match="path parameter"):
            call("get_note", id=bad)


def test_path_that_goes_on_behind_a_parameter_is_an_operation_of_its_own(call: Call) -> None:
    result, request, _ = call("stop_job", id="j1")
    assert (result, request.url.path) == ("done", "/jobs/j1:stop")


def test_null_is_a_body(call: Call) -> None:
    _, request, body = call("add_note", body=None)
    assert (body, request.headers["Content-Type"]) == (b"null", "application/json")


@pytest.mark.parametrize("name", ["mark_notes", "put_file", "add_parts", "send_form"])
def test_body_that_is_left_out_has_no_type(call: Call, name: str) -> None:
    _, request, body = call(name)
    assert (body, request.headers.get("Content-Type")) == (b"", None)


def test_empty_body_has_a_type(call: Call) -> None:
    models, types = (
        importlib.import_module(f"oneloop_api_client.{name}") for name in ("models", "types")
    )
    _, request, body = call("put_file", body=types.File(payload=io.BytesIO(b"")))
    assert (body, request.headers["Content-Type"]) == (b"", "application/octet-stream")
    _, request, body = call("send_form", body=models.SendFormBody())
    assert (body, request.headers["Content-Type"]) == (b"", "application/x-www-form-urlencoded")


def test_body_of_several_models_may_be_left_out(call: Call) -> None:
    _, _, body = call("add_either")
    assert body == b""


def test_file_in_json_is_text(call: Call) -> None:
    models = importlib.import_module("oneloop_api_client.models")
    _, _, body = call("add_scan", body=models.AddScanBody(scan="aGk="))
    assert json.loads(body) == {"scan": "aGk="}


def test_field_that_is_only_read_needs_no_value_in_a_request_and_has_one_in_an_answer(
    call: Call, oneloop: ModuleType
) -> None:
    models = importlib.import_module("oneloop_api_client.models")
    body = models.AddMadeBody(name="n")
    answer = {"media_type": "application/json", "body": body}
    _, _, sent = call("add_made", text=b'{"id": 1, "name": "n"}', **answer)
    assert json.loads(sent) == {"name": "n"}
    with pytest.raises(oneloop.ResponseValidationError, match=r"\$\.id"):
        call("add_made", text=b'{"name": "n"}', **answer)


def test_call_without_a_body_of_the_callers_own_has_none(oneloop: ModuleType) -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(200, content=request.read()))
    with oneloop.Oneloop(api_key=KEY, base_url="https://x.example", transport=transport) as client:
        assert client.api.get_httpx_client().post("/other").content == b""


def test_file_that_holds_the_generators_boundary(call: Call) -> None:
    content = b'x\r\n--+++\r\nContent-Disposition: form-data; name="admin"\r\n\r\ntrue\r\n--+++--'
    models, types = (
        importlib.import_module(f"oneloop_api_client.{name}") for name in ("models", "types")
    )
    file = types.File(payload=io.BytesIO(content), file_name="f")
    _, request, body = call("add_file", body=models.AddFileBody(file=file))
    boundary = re.fullmatch("multipart/form-data; boundary=(.+)", request.headers["Content-Type"])
    assert boundary
    mark = b"--" + boundary[1].encode()
    assert content in body
    assert body.count(mark) == 2
    assert mark not in content


@pytest.mark.parametrize(
    ("fields", "sent"),
    [
        pytest.param({"text": None, "many": ["a", None]}, ["a"], id="null"),
        pytest.param(
            {"text": "a", "many": [], "day": None, "file": None, "any_": None, "more": None},
            ["a"],
            id="null where it may be left out",
        ),
        pytest.param(
            {"text": "None", "many": ["a", None, "b"], "day": datetime.date(2025, 1, 31)},
            ["None", "a", "b", "2025-01-31"],
            id="others",
        ),
        pytest.param(
            {"text": "", "many": [], "sure": False, "maybe": True},
            ["", "false", "true"],
            id="booleans",
        ),
        pytest.param({"text": "", "many": [], "maybe": 1}, ["", "1"], id="no boolean"),
        pytest.param(
            {"text": "", "many": [], "any_": {"a": [True, None]}, "more": True},
            ["", '{"a": [true, null]}', "true"],
            id="what is of no type",
        ),
    ],
)
def test_null_is_no_part_of_a_form(call: Call, fields: dict[str, Any], sent: list[str]) -> None:
    models = importlib.import_module("oneloop_api_client.models")
    body = models.AddPartsBody(**{name: fields[name] for name in fields.keys() - {"more"}})
    body.additional_properties = {name: fields[name] for name in fields.keys() & {"more"}}
    _, request, content = call("add_parts", body=body)
    boundary = request.headers["Content-Type"].partition("boundary=")[2]
    parts = content.decode().split(f"--{boundary}")[1:-1]
    assert [part.partition("\r\n\r\n")[2].removesuffix("\r\n") for part in parts] == sent


def test_cookies_are_spelled_as_json_spells_them_without_quotes(call: Call) -> None:
    day = datetime.date(2025, 1, 31)
    moment = datetime.datetime(2025, 1, 31, tzinfo=datetime.UTC)
    _, request, _ = call("get_day", day=day, moment=moment, id=uuid.UUID(int=5))
    assert dict(each.split("=") for each in request.headers["Cookie"].split("; ")) == {
        "session": "s",
        "day": "2025-01-31",
        "moment": "2025-01-31T00:00:00+00:00",
        "id": "00000000-0000-0000-0000-000000000005",
    }


def test_text_that_is_not_in_its_encoding_is_an_error(call: Call, oneloop: ModuleType) -> None:
    with pytest.raises(oneloop.ResponseValidationError, match="text in utf-8"):
        call("get_day", text=b"caf\xe9")
