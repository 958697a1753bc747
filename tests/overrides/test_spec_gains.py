"""FAULTS.md, "Operations that the spec gains": bodies, retries, cookies, shapes of answers."""

from __future__ import annotations

import asyncio
import datetime
import errno
import importlib
import io
import json
import os
import socket
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import httpx
import pytest

from tests import other_spec
from tests.faces import KEY, check_error
from tests.servers import RawServer, hang_up, replies, reply

REF = {"$ref": "#/components/schemas/Thing"}
PATH_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
THING = {
    "type": "object",
    "required": ["id", "count"],
    "properties": {
        "id": {"type": "string"},
        "count": {"type": "integer", "minimum": 0, "exclusiveMinimum": True},
        "note": {"type": "string", "nullable": True, "maxLength": 5},
        "kind": {"type": "string", "enum": ["a", "b"]},
        "digits": {"type": "string", "pattern": "^[0-9]+$"},
        # Patterns of ECMA-262 that jsonschema-rs doesn't take as they are written.
        "handle": {"type": "string", "pattern": r"^[\w-.]+$"},
        "twice": {"type": "string", "pattern": r"^(?<half>.+)\k<half>$", "minLength": 4},
        "unlike": {"type": "string", "not": {"pattern": "^[^]$"}},
        "day": {"type": "string", "format": "date"},
        "moment": {"type": "string", "format": "date-time"},
        "moments": {
            "type": "array",
            "items": {"type": "string", "format": "date-time", "nullable": True},
        },
        "site": {"type": "string", "format": "uri"},
        "owner": {"nullable": True, "allOf": [REF]},
        "any": {"nullable": True, "anyOf": [{"type": "string"}, {"type": "integer"}]},
        "parts": {"type": "array", "items": REF},
        "either": {"oneOf": [{"type": "string"}, {"type": "string", "minLength": 2}]},
        "nullable": {"type": "boolean"},
        "default": {"type": "string", "nullable": True},
    },
    "additionalProperties": False,
}

NOTE = {"type": "object", "properties": {"text": {"type": "string", "nullable": True}}}


def answers(code: str, schema: Any) -> dict[str, Any]:
    return {code: {"description": "-", "content": {"application/json": {"schema": schema}}}}


SPEC = {
    "openapi": "3.0.0",
    "info": {"title": "T", "version": "1"},
    "paths": {
        "/things/{id}": {
            "parameters": [PATH_ID],
            "get": {
                "operationId": "getThing",
                "tags": ["things"],
                "parameters": [{"name": "page", "in": "cookie", "schema": {"type": "integer"}}],
                "responses": {"200": {"$ref": "#/components/responses/Thing"}},
            },
            "put": {
                "operationId": "putFile",
                "tags": ["things"],
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/octet-stream": {
                            "schema": {"type": "string", "format": "binary"}
                        }
                    },
                },
                "responses": answers("200", REF),
            },
            "post": {
                "operationId": "addThing",
                "tags": ["things"],
                "parameters": [
                    {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string"}}
                ],
                "requestBody": {"required": True, "content": {"application/json": {"schema": REF}}},
                "responses": answers("2XX", REF),
            },
        },
        "/things": {
            "get": {
                "operationId": "listThings",
                "tags": ["things"],
                "responses": answers("default", {"type": "array", "items": REF}),
            }
        },
        "/note": {
            "get": {
                "operationId": "getNote",
                "tags": ["things"],
                "responses": answers("default", NOTE),
            }
        },
    },
    "components": {
        "schemas": {"Thing": THING},
        "responses": {"Thing": answers("x", REF)["x"]},
    },
}
RIGHT = {"id": "t", "count": 1}


@pytest.fixture(scope="module")
def oneloop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    source_root = other_spec.generate(SPEC, tmp_path_factory.mktemp("gained"))
    with other_spec.imported(source_root) as module:
        yield module


Call = Callable[..., Any]


@pytest.fixture(params=["sync", "asyncio"])
def call(request: pytest.FixtureRequest, oneloop: ModuleType) -> Call:
    """Call a generated operation on `client.api`."""

    def sync(
        url: str, operation: str, headers: dict[str, str] | None = None, **arguments: Any
    ) -> Any:
        module = importlib.import_module(f"oneloop_api_client.api.things.{operation}")
        options = arguments.pop("options", {})
        with oneloop.Oneloop(api_key=KEY, base_url=url, **options) as client:
            return module.sync(**arguments, client=client.api.with_headers(headers or {}))

    def asynchronous(
        url: str, operation: str, headers: dict[str, str] | None = None, **arguments: Any
    ) -> Any:
        module = importlib.import_module(f"oneloop_api_client.api.things.{operation}")
        options = arguments.pop("options", {})

        async def main() -> Any:
            async with oneloop.AsyncOneloop(api_key=KEY, base_url=url, **options) as client:
                api = client.api.with_headers(headers or {})
                return await module.asyncio(**arguments, client=api)

        return asyncio.run(main())

    return sync if request.param == "sync" else asynchronous


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"id": None}, "$.id"),
    ({"id": 5}, "$.id"),
    ({"count": "five"}, "$.count"),
    ({"count": None}, "$.count"),
    ({"count": 1.5}, "$.count"),
    ({"count": 0}, "$.count"),
    ({"note": 5}, "$.note"),
    ({"note": "too long"}, "$.note"),
    ({"kind": "c"}, "$.kind"),
    ({"digits": "ddd"}, "$.digits"),
    ({"digits": "१२"}, "$.digits"),
    ({"digits": "12\n"}, "$.digits"),
    ({"handle": "a b"}, "$.handle"),
    ({"handle": "é"}, "$.handle"),
    ({"twice": "aa"}, "$.twice"),
    ({"twice": 5}, "$.twice"),
    ({"day": "2025-13-01"}, "$.day"),
    ({"day": 5}, "$.day"),
    ({"day": "0000-01-01"}, "$.day"),
    ({"moment": "0000-01-01T00:00:00Z"}, "$.moment"),
    ({"moment": "2016-12-31T23:59:60Z"}, "$.moment"),
    ({"moment": "2025-01-31T24:00:00Z"}, "$.moment"),
    ({"moment": "2025-01-31T23:59:59+24:00"}, "$.moment"),
    ({"moments": ["2025-01-31 23:59:59Z"]}, "$.moments[0]"),
    ({"owner": 5}, "$.owner"),
    ({"any": []}, "$.any"),
    ({"parts": {}}, "$.parts"),
    ({"parts": [RIGHT, {"id": "t"}]}, "$.parts[1].count"),
    ({"parts": [RIGHT, None]}, "$.parts[1]"),
    ({"either": 5}, "$.either"),
    ({"nullable": "yes"}, "$.nullable"),
]


@pytest.mark.parametrize(("changes", "where"), WRONG, ids=lambda value: str(value)[:50])
def test_answer_of_another_shape(
    oneloop: ModuleType, call: Call, changes: dict[str, Any], where: str
) -> None:
    with RawServer(replies(reply(json.dumps(RIGHT | changes).encode()))) as server:
        with pytest.raises(oneloop.ResponseValidationError) as caught:
            call(server.url, "get_thing", id="t")
    assert caught.value.where == where
    check_error(caught.value)


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b"{}", "$.id"),
        (b"[]", "$"),
        (b"null", "$"),
        (b'{"id": "t"}', "$.count"),
        (b'{"id": "\\ud800", "count": 1e400}', "$"),
        (b'{"id": "%b", "count": "%b"}' % (b"x" * 9, KEY.encode()), "$.count"),
        (b'{"id": "t", "count": "%b"}' % (b"x" * 100_000), "$.count"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_answer_that_is_something_else(
    oneloop: ModuleType, call: Call, body: bytes, where: str
) -> None:
    with RawServer(replies(reply(body))) as server:
        with pytest.raises(oneloop.ResponseValidationError) as caught:
            call(server.url, "get_thing", id="t")
    assert caught.value.where.startswith(where)
    check_error(caught.value, echoed=KEY.encode() in body)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"note": None},
        {"note": "short"},
        {"unknown": {"field": 1}},
        {"site": "no uri at all"},
        {"either": "both variants"},
        {"parts": [RIGHT]},
        {"owner": None, "any": None},
        {"owner": RIGHT, "any": 5},
        {"moment": "2025-01-31T23:59:59.5Z"},
        {"moment": "2025-01-31t23:59:59z"},
        {"moment": "2025-01-31T23:59:59.123456789-00:00"},
        {"default": None},
        {"digits": "12", "day": "2025-01-31", "kind": "a"},
        {"handle": "a-b.c", "twice": "abab", "unlike": "anything"},
    ],
    ids=str,
)
def test_answer_as_the_spec_says(call: Call, changes: dict[str, Any]) -> None:
    with RawServer(replies(reply(json.dumps(RIGHT | changes).encode()))) as server:
        assert call(server.url, "get_thing", id="t").id == "t"


def test_time_is_one_in_small_letters(call: Call) -> None:
    body = {**RIGHT, "moments": ["2025-01-31t23:59:59z", None]}
    with RawServer(replies(reply(json.dumps(body).encode()))) as server:
        moments = call(server.url, "get_thing", id="t").moments
    assert moments == [datetime.datetime(2025, 1, 31, 23, 59, 59, tzinfo=datetime.UTC), None]


def test_null_where_the_default_answer_itself_says_so(call: Call) -> None:
    with RawServer(replies(reply(b'{"text": null}'))) as server:
        assert call(server.url, "get_note").text is None


@pytest.mark.parametrize(
    ("operation", "arguments", "answer", "where"),
    [
        ("list_things", {}, reply(b'[{"id": 5, "count": 1}]'), "$[0].id"),
        ("list_things", {}, reply(b"{}"), "$"),
        ("put_file", {"id": "t"}, reply(b'{"count": 1}'), "$.id"),
        ("get_thing", {"id": "t"}, reply(b"{}", content_type="application/problem+json"), "$.id"),
    ],
)
def test_shape_is_found_by_status_and_type(
    call: Call,
    oneloop: ModuleType,
    operation: str,
    arguments: dict[str, Any],
    answer: bytes,
    where: str,
) -> None:
    if operation == "put_file":
        arguments = arguments | {"body": file_of(b"x")}
    with RawServer(replies(answer)) as server:
        with pytest.raises(oneloop.ResponseValidationError) as caught:
            call(server.url, operation, **arguments)
    assert caught.value.where.startswith(where)


def file_of(content: bytes) -> Any:
    types = importlib.import_module("oneloop_api_client.types")
    return types.File(payload=io.BytesIO(content))


def pipe(content: bytes) -> Any:
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as file:
        file.write(content)
    return os.fdopen(reading, "rb")


class BodyServer(RawServer):
    """Reads each request whole, keeps its body, and gives the statuses in turn."""

    def __init__(self, *statuses: int) -> None:
        super().__init__(self._answer)
        self.bodies: list[bytes] = []
        self._statuses = statuses

    def _answer(self, connection: socket.socket, head: bytes, number: int) -> None:
        reader = connection.makefile("rb")
        headers = head.lower()
        body = b""
        if b"transfer-encoding: chunked" in headers:
            while size := int(reader.readline() or b"0", 16):
                body += reader.read(size)
                reader.readline()
            reader.readline()
        else:
            body = reader.read(int(headers.split(b"content-length: ")[1].split(b"\r\n")[0]))
        self.bodies.append(body)
        status = self._statuses[min(number, len(self._statuses)) - 1]
        connection.sendall(reply(json.dumps(RIGHT).encode(), status))


@pytest.fixture
def one_byte_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a server take the head of a request alone, so that it can read the body itself."""
    received = socket.socket.recv

    def recv(self: socket.socket, size: int, *flags: int) -> bytes:
        return received(self, 1 if size == 65_536 else size, *flags)

    monkeypatch.setattr(socket.socket, "recv", recv)


@pytest.mark.usefixtures("one_byte_at_a_time", "no_pauses")
class TestBodies:
    def test_file_is_never_sent_a_second_time_empty(self, oneloop: ModuleType, call: Call) -> None:
        """It isn't retried: the 503 is what the caller gets."""
        with (
            BodyServer(503, 200) as server,
            pytest.raises(oneloop.InternalServerError, match="503"),
        ):
            call(server.url, "put_file", id="t", body=file_of(b"a body"))
        assert server.bodies == [b"a body"]

    def test_file_arrives_whole(self, call: Call) -> None:
        content = bytes(range(256)) * 1000
        with BodyServer(200) as server:
            assert call(server.url, "put_file", id="t", body=file_of(content)).id == "t"
        assert server.bodies == [content]

    @pytest.mark.parametrize(
        ("wrap", "header"),
        [(io.BytesIO, b"\r\nContent-Length: 6\r\n"), (pipe, b"\r\nTransfer-Encoding: chunked\r\n")],
        ids=["seekable", "not seekable"],
    )
    def test_file_is_sent_from_where_it_stands(
        self, call: Call, wrap: Callable[[bytes], Any], header: bytes
    ) -> None:
        file = file_of(b"")
        file.payload = wrap(b"read, a body")
        assert file.payload.read(6) == b"read, "
        with BodyServer(200) as server:
            call(server.url, "put_file", id="t", body=file)
        assert server.bodies == [b"a body"]
        assert header.lower() in server.requests[0].lower()
        file.payload.close()

    def test_file_at_its_end_is_no_empty_body(self, call: Call) -> None:
        file = file_of(b"a body")
        with BodyServer(200) as server:
            call(server.url, "put_file", id="t", body=file)
            with pytest.raises(ValueError, match=r"file .* at its end.*seek"):
                call(server.url, "put_file", id="t", body=file)
            file.payload.seek(0)
            call(server.url, "put_file", id="t", body=file)
            call(server.url, "put_file", id="t", body=file_of(b""))
        assert server.bodies == [b"a body", b"a body", b""]

    def test_file_that_can_only_be_read_is_sent(self, call: Call) -> None:
        class OnlyRead:
            read = io.BytesIO(b"a body").read

        file = file_of(b"")
        file.payload = OnlyRead()
        with BodyServer(200) as server:
            call(server.url, "put_file", id="t", body=file)
        assert server.bodies == [b"a body"]

    def test_file_in_text_mode_is_refused_before_a_byte_is_sent(self, call: Call) -> None:
        file = file_of(b"")
        file.payload = io.StringIO("a body")
        with BodyServer(200) as server, pytest.raises(TypeError, match="open it in binary mode"):
            call(server.url, "put_file", id="t", body=file)
        assert not server.requests

    def test_body_in_memory_is_sent_again(self, call: Call) -> None:
        with BodyServer(503, 503, 200) as server:
            thing = self.thing()
            call(server.url, "add_thing", {"Idempotency-Key": "k1"}, id="t", body=thing)
        assert len(set(server.bodies)) == 1
        assert len(server.bodies) == 3
        assert all(b"idempotency-key: k1" in head.lower() for head in server.requests)

    def test_idempotency_key_as_a_parameter(self, call: Call) -> None:
        with BodyServer(503, 200) as server:
            call(server.url, "add_thing", id="t", body=self.thing(), idempotency_key="k1")
        assert len(server.bodies) == 2

    @pytest.mark.parametrize("status", [500, 503])
    def test_post_without_a_key_is_never_sent_twice(
        self, oneloop: ModuleType, call: Call, status: int
    ) -> None:
        with BodyServer(status, 200) as server, pytest.raises(oneloop.InternalServerError):
            call(server.url, "add_thing", id="t", body=self.thing())
        assert len(server.bodies) == 1

    @staticmethod
    def thing() -> Any:
        return importlib.import_module("oneloop_api_client.models").Thing.from_dict(RIGHT)


def test_post_that_was_never_sent_is_tried_again(
    call: Call, no_pauses: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused while connecting: nothing has reached the server."""
    refusals = iter([True, True])
    really = socket.socket.connect_ex

    def connect_ex(self: socket.socket, address: Any) -> int:
        return errno.ECONNREFUSED if next(refusals, False) else really(self, address)

    monkeypatch.setattr(socket.socket, "connect_ex", connect_ex)
    answer = reply(json.dumps(RIGHT).encode())
    with RawServer(replies(answer)) as server:
        call(server.url, "add_thing", id="t", body=TestBodies.thing())
    assert len(server.requests) == 1


def test_post_that_broke_off_is_not(oneloop: ModuleType, call: Call, no_pauses: None) -> None:
    with RawServer(lambda connection, *_: hang_up(connection)) as server:
        with pytest.raises(oneloop.APIConnectionError, match="after 1 try"):
            call(server.url, "add_thing", id="t", body=TestBodies.thing())
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("error", "tries"),
    [
        (httpx.ConnectError("refused"), 3),
        (httpx.ConnectTimeout("late"), 3),
        (httpx.PoolTimeout("late"), 3),
        (httpx.ReadError("reset"), 1),
        (httpx.WriteError("reset"), 1),
    ],
    ids=repr,
)
def test_post_through_a_transport_of_the_callers(
    error: Exception, tries: int, oneloop: ModuleType, no_pauses: None
) -> None:
    asked = []

    def fail(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        raise error

    transport = httpx.MockTransport(fail)
    with oneloop.Oneloop(api_key=KEY, base_url="https://x.example", transport=transport) as client:
        with pytest.raises(oneloop.APIConnectionError):
            client.api.get_httpx_client().post("/things", content=b"x")
    assert len(asked) == tries


def test_integer_in_a_cookie(call: Call) -> None:
    with RawServer(replies(reply(json.dumps(RIGHT).encode()))) as server:
        call(server.url, "get_thing", id="t", page=5)
    assert b"\r\nCookie: page=5\r\n" in server.requests[0]


def test_server_that_answers_before_it_has_read_everything(call: Call, oneloop: ModuleType) -> None:
    """Its answer says why it took no more; a reset after it must not hide that."""

    def refuse(connection: socket.socket, head: bytes, number: int) -> None:
        connection.sendall(reply(b"", 413))
        connection.close()

    with RawServer(refuse) as server, pytest.raises(oneloop.APIStatusError) as caught:
        call(server.url, "put_file", id="t", body=file_of(b"x" * 8_000_000), options={"timeout": 5})
    assert caught.value.status_code == 413
