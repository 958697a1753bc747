"""The sandbox serves any spec: every operation succeeds, and both sides are held to the spec."""

from __future__ import annotations

import asyncio
import copy
import importlib
import io
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any, NamedTuple

import httpx
import pytest
from ruamel.yaml import YAML

from oneloop.sandbox import API_KEY, Sandbox
from tests import other_spec

SPEC: dict[str, Any] = YAML(typ="safe").load(Path(__file__).with_name("sandbox.yaml"))
THING = {"id": "from-the-schema", "count": 9, "made": "2025-01-31T00:00:00+00:00"}
LIMITS = {
    "code": "abcde-01",
    "day": "2025-01-15",
    "moment": "2025-01-15T12:00:00+00:00",
    "uuid": "123e4567-e89b-42d3-a456-000000000001",
    "mail": "user1@example.com",
    "step": 14,
    "part": 0.5,
    "few": ["a", "b", "c"],
    "some": "string",
    "fixed": "only",
}


class Case(NamedTuple):
    operation: str
    expected: Any
    arguments: Mapping[str, Any] = MappingProxyType({})


class Body(NamedTuple):
    """A model of the generated package, to be made from JSON, or a file."""

    model: str
    value: Any


A = Body("GetThingKind", "a")
FILE = Body("", b"\x00\xff--+++")
SENT = {"id": "t", "count": 1, "password": "p"}
CASES = [
    Case("get_example", THING | {"id": "from-the-media-type"}),
    Case("get_examples", THING | {"id": "from-components"}),
    Case("get_schema_example", [{"name": "from-the-field", "size": 1}]),
    Case("get_wrong_example", THING),
    Case("get_limits", LIMITS),
    Case("get_tree", {"name": "string", "children": []}),
    Case("get_pet", {"kind": "kitty", "lives": 1}),
    Case("get_map", {"key1": 3}),
    Case("get_clash", {"a": "string", "b": "string"}),
    Case("get_text", "ABC-0123"),
    Case("get_file", b"string"),
    Case("get_several", THING),
    Case("get_range", THING),
    Case("get_default", THING),
    Case("get_public", THING),
    Case("get_optional_key", THING),
    Case("get_by_key", THING),
    Case("head_thing", None),
    Case("get_thing", THING, {"id": 5, "kind": A}),
    Case("get_thing", THING, {"id": 5, "kind": A, "tags": [1, 2], "deep": True, "page": 3}),
    Case("get_thing", THING, {"id": 5, "kind": A, "codes": ["x"], "x_trace": "a, b"}),
    Case("delete_thing", None, {"id": 5}),
    Case("add_thing", THING, {"body": Body("Thing", SENT)}),
    Case("send_form", THING, {"body": Body("SendFormBody", {"name": "a&b", "tags": ["x", "y"]})}),
    Case("upload", THING, {"body": Body("UploadBody", {"file": FILE, "note": "n"})}),
    Case("put_bytes", THING, {"body": FILE}),
    Case("put_bytes", THING),
    Case("patch_optional", THING),
    Case("patch_optional", THING, {"body": Body("Thing", SENT), "mode": "m"}),
    Case("patch_optional", THING, {"labels": Body("PatchOptionalLabels", {"x": 1})}),
]


def in_version(version: str) -> dict[str, Any]:
    """Return the spec as 3.0 or 3.1 has it: they differ in exclusive limits and examples."""
    spec = copy.deepcopy(SPEC)
    spec["openapi"] = version
    if version == "3.1.0":
        spec["components"]["schemas"]["Limits"]["properties"]["part"] = {
            "type": "number",
            "exclusiveMinimum": 0,
            "exclusiveMaximum": 1,
        }
        thing = spec["components"]["schemas"]["Thing"]
        thing["examples"] = [thing.pop("example")]
    return spec


@pytest.fixture(scope="module", params=["3.0.3", "3.1.0"])
def source_root(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    spec = in_version(request.param)
    for item in spec["paths"].values():
        for part in (item, *item.values()):
            if isinstance(part, dict) and "parameters" in part:  # no generated code writes these
                part["parameters"] = [it for it in part["parameters"] if "style" not in it]
    return other_spec.generate(spec, tmp_path_factory.mktemp("things"))


@pytest.fixture(scope="module")
def client_module(source_root: Path) -> Iterator[ModuleType]:
    with other_spec.imported(source_root) as module:
        yield module


@pytest.fixture(scope="module")
def served(source_root: Path) -> Iterator[Sandbox]:
    with Sandbox(spec=source_root / "oneloop_api_client" / "openapi.json") as sandbox:
        yield sandbox


@pytest.fixture(params=["sync", "asyncio"])
def call(request: pytest.FixtureRequest, client_module: ModuleType) -> Callable[..., Any]:
    """Call an operation by its generated function."""

    def sync(url: str, operation: str, arguments: Mapping[str, Any]) -> Any:
        module = importlib.import_module(f"oneloop_api_client.api.things.{operation}")
        with client_module.Oneloop(api_key=API_KEY, base_url=url, max_retries=0) as client:
            return module.sync_detailed(**prepared(arguments), client=client.api)

    def asynchronous(url: str, operation: str, arguments: Mapping[str, Any]) -> Any:
        module = importlib.import_module(f"oneloop_api_client.api.things.{operation}")
        options = {"api_key": API_KEY, "base_url": url, "max_retries": 0}

        async def main() -> Any:
            async with client_module.AsyncOneloop(**options) as client:
                return await module.asyncio_detailed(**prepared(arguments), client=client.api)

        return asyncio.run(main())

    return sync if request.param == "sync" else asynchronous


def prepared(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: prepared(each) for name, each in value.items()}
    if not isinstance(value, Body):
        return value
    if not value.model:
        file = importlib.import_module("oneloop_api_client.types").File
        return file(payload=io.BytesIO(value.value), file_name="f")
    model = getattr(importlib.import_module("oneloop_api_client.models"), value.model)
    if value.model == "UploadBody":
        return model(**prepared(value.value))
    if isinstance(value.value, str):  # an enumeration
        return model(value.value)
    made = {"made": "2025-01-01T00:00:00Z"} if value.model == "Thing" else {}
    return model.from_dict(made | value.value)


def plain(value: Any) -> Any:
    if isinstance(value, list):
        return [plain(each) for each in value]
    if hasattr(value, "payload"):
        return value.payload.read()
    return value.to_dict() if hasattr(value, "to_dict") else value


@pytest.mark.parametrize("case", [pytest.param(case, id=case.operation) for case in CASES])
def test_every_operation_succeeds(call: Callable[..., Any], served: Sandbox, case: Case) -> None:
    answer = call(served.url, case.operation, case.arguments)
    assert plain(answer.parsed) == case.expected


def test_every_operation_is_in_the_table(served: Sandbox) -> None:
    assert len({case.operation for case in CASES}) == served.operations


BEARER = {"Authorization": f"Bearer {API_KEY}"}
RIGHT = "/things/5?kind=a"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(spec=SPEC) as running:
        yield running


def ask(sandbox: Sandbox, method: str, target: str, **options: Any) -> httpx.Response:
    options["headers"] = BEARER | options.get("headers", {})
    return httpx.request(method, sandbox.url + target, **options)


@pytest.mark.parametrize(
    ("target", "options"),
    [
        pytest.param("&tags=1&tags=2", {}, id="exploded array"),
        pytest.param("&codes=x,y", {}, id="array that isn't exploded"),
        pytest.param("&codes=x%2Cy", {}, id="its comma encoded"),
        pytest.param("&piped=x%7Cy", {}, id="array between pipes"),
        pytest.param("&from=1&to=2", {}, id="exploded object"),
        pytest.param("&where[size]=3", {}, id="deep object"),
        pytest.param("&deep=false", {}, id="boolean"),
        pytest.param("&since=2025-01-31T10:00:00%2B01:00", {}, id="moment"),
        pytest.param("&codes=", {}, id="empty array"),
        pytest.param("&either=a&either=b", {}, id="text or array"),
        pytest.param("", {"headers": {"X-Trace": "abc", "X-Unknown": "x"}}, id="headers"),
        pytest.param("", {"headers": {"Cookie": "page=3; theme=dark"}}, id="cookies"),
    ],
)
def test_parameters_as_the_spec_says(
    sandbox: Sandbox, target: str, options: dict[str, Any]
) -> None:
    assert ask(sandbox, "GET", RIGHT + target, **options).status_code == 200


JSON = {"content-type": "application/json"}
OTHER_KEY = {"headers": {"Authorization": "Bearer x"}}
NO_SCHEME = {"headers": {"Authorization": API_KEY}}
BASIC = {"headers": {"Authorization": f"Basic {API_KEY}"}}


@pytest.mark.parametrize(
    ("method", "target", "options", "status", "words"),
    [
        pytest.param("GET", "/things/0?kind=a", {}, 400, "path parameter id", id="path"),
        pytest.param("GET", "/things/x?kind=a", {}, 400, "type integer", id="type in the path"),
        pytest.param("GET", "/things/5", {}, 400, "query parameter kind: it is req", id="missing"),
        pytest.param("GET", "/things/5?kind=c", {}, 400, "query parameter kind", id="enum"),
        pytest.param("GET", RIGHT + "&limit=101", {}, 400, "parameter limit", id="maximum"),
        pytest.param("GET", RIGHT + "&limit=1&limit=2", {}, 400, "2 times", id="given twice"),
        pytest.param("GET", RIGHT + "&tags=1&tags=x", {}, 400, "tags: $[1]", id="item"),
        pytest.param("GET", RIGHT + "&codes=1&codes=2", {}, 400, "explode", id="exploded"),
        pytest.param("GET", RIGHT + "&from=x", {}, 400, "range: $.from", id="field of an object"),
        pytest.param("GET", RIGHT + "&where[size]=x", {}, 400, "where: $.size", id="deep field"),
        pytest.param("GET", RIGHT + "&since=now", {}, 400, "since", id="format"),
        pytest.param("PATCH", "/optional?x=y", {}, 400, "labels: $.x", id="field of any name"),
        pytest.param("GET", RIGHT + "&other=1", {}, 400, "parameter other", id="unknown query"),
        pytest.param("GET", RIGHT, {"headers": {"X-Trace": "a"}}, 400, "X-Trace", id="header"),
        pytest.param("GET", RIGHT, {"headers": {"Cookie": "page=x"}}, 400, "page", id="cookie"),
        pytest.param("GET", RIGHT, OTHER_KEY, 401, "key", id="another key"),
        pytest.param("GET", RIGHT, NO_SCHEME, 401, "key", id="no Bearer"),
        pytest.param("GET", RIGHT, BASIC, 401, "key", id="another scheme"),
        pytest.param("GET", "/by-key", {"headers": {"Authorization": ""}}, 401, "key", id="no key"),
        pytest.param("GET", "/nothing", {}, 404, "no such path", id="unknown path"),
        pytest.param("GET", "/things/5/x", {}, 404, "no such path", id="longer path"),
        pytest.param("PATCH", "/things/5", {}, 405, "PATCH", id="unknown method"),
        pytest.param("POST", "/things", {}, 400, "body: it is required", id="no body"),
        pytest.param("POST", "/things", {"json": {"id": 5}}, 400, "body: $", id="JSON"),
        pytest.param(
            "POST", "/things", {"json": {"id": "a", "count": 1, "x": 1}}, 400, "body", id="field"
        ),
        pytest.param(
            "POST", "/things", {"content": b"{", "headers": JSON}, 400, "valid JSON", id="not JSON"
        ),
        pytest.param("POST", "/things", {"data": {"id": "a"}}, 415, "expected", id="media type"),
        pytest.param("POST", "/form", {"data": {"count": "1"}}, 400, "$.name", id="form"),
        pytest.param("POST", "/form", {"data": {"name": "", "count": ""}}, 400, "$.count", id="x"),
        pytest.param("POST", "/upload", {"files": {"note": b"n"}}, 400, "$.file", id="no part"),
        pytest.param(
            "POST", "/upload", {"files": {"file": b"", "note": (None, b"n" * 11)}}, 400, "$.note",
            id="part",
        ),
    ],
)  # fmt: skip
def test_what_is_refused(
    sandbox: Sandbox, method: str, target: str, options: dict[str, Any], status: int, words: str
) -> None:
    answer = ask(sandbox, method, target, **options)
    assert (answer.status_code, words in answer.text) == (status, True), answer.text


def test_a_body_that_is_left_out_may_have_a_type(sandbox: Sandbox) -> None:
    assert ask(sandbox, "PATCH", "/optional", headers=JSON).status_code == 200


def test_refusals_have_the_documented_shape(sandbox: Sandbox) -> None:
    problem = ask(sandbox, "GET", "/things/5")
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json() == {
        "type": "https://example.com/1",
        "title": "string",
        "detail": "query parameter kind: it is required",
        "status": 400,
    }
    words = ask(sandbox, "GET", RIGHT, headers={"Authorization": "Bearer x"})
    assert words.headers["content-type"] == "text/plain"
    assert words.text == "the API key is missing or unknown"
    assert ask(sandbox, "PATCH", "/things/5").headers["allow"] == "DELETE, GET"


def test_error_keeps_to_its_schema_where_words_do_not_fit() -> None:
    short = {"message": {"type": "string", "maxLength": 3}, "code": {"enum": [900]}}
    spec = answering({})
    spec["paths"]["/it"]["get"]["responses"]["4XX"] = {
        "description": "-",
        "content": {"application/json": {"schema": {"type": "object", "properties": short}}},
    }
    with Sandbox(spec=spec) as sandbox:
        answer = ask(sandbox, "GET", "/it?x=1")
    assert (answer.status_code, answer.json()) == (400, {"message": "aaa", "code": 900})


def test_without_a_documented_shape_errors_have_a_plain_one() -> None:
    with Sandbox(spec={"openapi": "3.0.0", "paths": {}}) as sandbox:
        answer = ask(sandbox, "GET", "/")
    assert answer.json() == {"error": {"code": 404, "message": "the spec has no such path"}}


@pytest.mark.parametrize(
    ("target", "headers"),
    [
        pytest.param("/public", {}, id="an operation that needs none"),
        pytest.param("/optional-key", {}, id="an operation that takes one"),
        pytest.param("/by-key", {"X-Key": API_KEY}, id="in a header"),
        pytest.param("/by-key?key=" + API_KEY, {}, id="in the query"),
    ],
)
def test_keys_of_other_schemes(sandbox: Sandbox, target: str, headers: dict[str, str]) -> None:
    assert httpx.get(sandbox.url + target, headers=headers).status_code == 200


def test_answer_has_the_headers_that_it_must(sandbox: Sandbox) -> None:
    answer = ask(sandbox, "HEAD", "/head")
    assert answer.headers["x-count"] == "4"
    assert "x-optional" not in answer.headers


def answering(content: Any, *statuses: str) -> dict[str, Any]:
    """Return a spec whose one operation answers that."""
    answer = {"description": "-", "content": content}
    responses = dict.fromkeys(statuses or ("200",), answer)
    operation = {"operationId": "getIt", "responses": responses}
    return {"openapi": "3.1.0", "info": {}, "paths": {"/it": {"get": operation}}}


@pytest.mark.parametrize(
    ("content", "media_type", "body"),
    [
        pytest.param({"application/pdf": {}}, "application/pdf", b"%PDF-1.4\n%%EOF\n", id="PDF"),
        pytest.param({"text/csv": {"example": "a,b"}}, "text/csv", b"a,b", id="text's example"),
        pytest.param({"text/plain": {"schema": {"enum": [5]}}}, "text/plain", b"5", id="number"),
        pytest.param({"application/json": {}}, "application/json", b'"string"', id="no schema"),
        pytest.param({"*/*": {"schema": {"const": 1}}}, "application/json", b"1", id="any type"),
        pytest.param(
            {"application/xml": {"example": "<a/>"}}, "application/xml", b"<a/>", id="XML's example"
        ),
        pytest.param(
            {"text/html": {}, "application/hal+json": {"schema": {"const": []}}},
            "application/hal+json",
            b"[]",
            id="JSON before what generated code can't tell apart",
        ),
    ],
)
def test_answers_of_other_media_types(content: Any, media_type: str, body: bytes) -> None:
    with Sandbox(spec=answering(content)) as sandbox:
        answer = ask(sandbox, "GET", "/it")
    assert answer.status_code == 200, answer.text
    assert (answer.headers["content-type"], answer.content) == (media_type, body)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        pytest.param(answering({}, "404"), "documents no success", id="no success"),
        pytest.param(answering({}, "302", "default"), "documents no success", id="a redirect"),
        pytest.param(
            answering({"application/xml": {"schema": {"type": "object"}}}),
            "no body of the type application/xml can be made",
            id="XML",
        ),
        pytest.param(
            answering({"application/json": {"schema": {"allOf": [{"const": 1}, {"const": 2}]}}}),
            "no value was found",
            id="schema without values",
        ),
        pytest.param(
            answering({"application/json": {"schema": {"type": "string", "minLength": 10**9}}}),
            "no value was found",
            id="schema of values past all measure",
        ),
        pytest.param(
            answering({"application/json": {"schema": {"type": "strange"}}}),
            "strange",
            id="schema that isn't one",
        ),
    ],
)
def test_without_an_answer_501_names_the_operation(spec: Any, words: str) -> None:
    with Sandbox(spec=spec) as sandbox:
        answer = ask(sandbox, "GET", "/it")
    assert answer.status_code == 501
    message = answer.json()["error"]["message"]
    assert "getIt (GET /it)" in message
    assert words in message
    if "success" not in words:
        assert "/paths/~1it/get/responses/200/content/application~1" in message
        assert "overrides/overlay.yaml" in message


def test_request_that_cannot_be_checked_is_a_501() -> None:
    spec = answering({"application/json": {}})
    wrong = {"name": "x", "in": "query", "schema": {"type": "string", "maxLength": "many"}}
    spec["paths"]["/it"]["get"]["parameters"] = [wrong]
    with Sandbox(spec=spec) as sandbox:
        answer = ask(sandbox, "GET", "/it?x=1")
    assert answer.status_code == 501
    assert "getIt (GET /it)" in answer.json()["error"]["message"]


def test_through_the_client_a_501_names_the_operation(
    call: Callable[..., Any], client_module: ModuleType
) -> None:
    spec = copy.deepcopy(SPEC)
    content = spec["paths"]["/map"]["get"]["responses"]["200"]["content"]
    content["application/json"]["schema"] = {"not": {}}
    with Sandbox(spec=spec) as sandbox, pytest.raises(client_module.APIStatusError) as caught:
        call(sandbox.url, "get_map", {})
    assert caught.value.status_code == 501
    assert "getMap (GET /map)" in caught.value.message


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        pytest.param({"swagger": "2.0"}, "OpenAPI 3", id="another format"),
        pytest.param(
            {"openapi": "3.0.0", "paths": {"/a": {"$ref": "#/x"}}}, "nothing at #/x", id="$ref"
        ),
        pytest.param(
            {"openapi": "3.1.0", "paths": {"/a": {"$ref": "#/paths/~1a"}}}, "leads", id="circle"
        ),
    ],
)
def test_spec_that_cannot_be_served(spec: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Sandbox(spec=spec)
