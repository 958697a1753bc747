"""Every operation is a method of `client.api`: its result alone, errors raised, types exact."""

from __future__ import annotations

import asyncio
import copy
import datetime
import importlib
import inspect
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest
import trio

from oneloop import errors as our_errors
from tests import other_spec
from tests.faces import KEY
from tests.servers import RawServer, hang_up, replies, reply

THING = b'{"id": "t1"}'
GONE = b"HTTP/1.1 204 No Content\r\n\r\n"
PDF = b"%PDF-1.7 \x00\xff"


class Case(NamedTuple):
    """A call of a method, the request that it makes, an answer, and what is made of it."""

    name: str
    arguments: dict[str, Any]
    request: str
    answer: bytes
    result: Callable[[Any], bool]


def is_thing(result: Any) -> bool:
    return type(result).__name__ == "Thing" and result.id == "t1"


CASES = [
    Case(
        "get_thing",
        {"thing_id": "a/b"},
        "GET /things/a%2Fb?order=up&until=2025-02-01",
        reply(THING),
        is_thing,
    ),
    Case(
        "get_thing",
        {"thing_id": "t1", "since": datetime.date(2025, 1, 31), "kinds": ["x", "y"]},
        "GET /things/t1?since=2025-01-31&kinds=x&kinds=y&order=up&until=2025-02-01",
        reply(THING),
        is_thing,
    ),
    Case("delete_thing", {"thing_id": "t1"}, "DELETE /things/t1", GONE, lambda it: it is None),
    Case("get_things", {}, "GET /things", reply(b"[%b]" % THING), lambda it: is_thing(it[0])),
    Case("create_thing", {"body": THING}, "POST /things", reply(THING, 201), is_thing),
    Case("create_thing", {"body": THING}, "POST /things", reply(b"", 202), lambda it: it is None),
    Case("import_things", {"body": THING}, "POST /things/import", reply(THING), is_thing),
    Case("add_user", {"body": THING}, "POST /users", reply(THING), lambda it: it.id == "t1"),
    Case(
        "search",
        {"ids": [1, 2], "or_": ["a,b", "c"], "each": ["d", "e"]},
        "GET /search?ids=1%2C2&or=a%2Cb%7Cc&each=d&each=e",
        GONE,
        lambda it: it is None,
    ),
    Case("search", {"ids": [], "or_": ["a"]}, "GET /search?or=a", GONE, lambda it: it is None),
    Case(
        "count_found",
        {},
        "HEAD /search",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n",
        lambda it: it is None,
    ),
    Case("token_", {}, "GET /token", reply(b'{"any": [1]}'), lambda it: it == {"any": [1]}),
    Case("loose", {}, "GET /loose", reply(b'{"any": [1]}'), lambda it: it == {"any": [1]}),
    Case(
        "export",
        {},
        "GET /export",
        reply(PDF, content_type="text/tab-separated-values"),
        lambda it: it.payload.read() == PDF,
    ),
    Case("table", {}, "GET /table", reply(b"a;b", content_type="text/csv"), lambda it: it == "a;b"),
    Case(
        "with_raw_response_",
        {},
        "GET /report",
        reply(PDF, content_type="application/pdf"),
        lambda it: it.payload.read() == PDF,
    ),
    Case(
        "notes_list_",
        {},
        "GET /notes",
        reply("naïve".encode(), content_type="text/plain; charset=utf-8"),
        lambda it: it == "naïve",
    ),
    Case("tags_list_", {}, "GET /tags", reply(THING), is_thing),
    Case(
        "tags_list_",
        {},
        "GET /tags",
        reply(b'{"why": "no"}'),
        lambda it: type(it).__name__ == "Problem",
    ),
]
SAFE = [case for case in CASES if not case.request.startswith("POST")]


def named(cases: list[Case]) -> list[Any]:
    return [pytest.param(case, id=f"{case.name}-{number}") for number, case in enumerate(cases)]


@pytest.fixture(scope="module")
def source_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return other_spec.generate(
        Path(__file__).with_name("methods.yaml"), tmp_path_factory.mktemp("methods")
    )


@pytest.fixture(scope="module")
def client_module(source_root: Path) -> Iterator[ModuleType]:
    with other_spec.imported(source_root) as module:
        yield module


Call = Callable[..., Any]


@pytest.fixture(params=["sync", "asyncio", "trio"])
def call(request: pytest.FixtureRequest, client_module: ModuleType) -> Call:
    """Call a case's method; `raw` with what came with the result."""

    def method(client: Any, case: Case, raw: bool) -> Any:
        arguments = dict(case.arguments)
        if "body" in arguments:
            models = importlib.import_module("oneloop_api_client.models")
            model = models.User if case.name == "add_user" else models.Thing
            arguments["body"] = model.from_dict({"id": "t1"})
        api = client.api.with_raw_response if raw else client.api
        return getattr(api, case.name)(**arguments)

    def sync(url: str, case: Case, *, raw: bool = False, **options: Any) -> Any:
        with client_module.Oneloop(api_key=KEY, base_url=url, **options) as client:
            return method(client, case, raw)

    def asynchronous(url: str, case: Case, *, raw: bool = False, **options: Any) -> Any:
        async def main() -> Any:
            async with client_module.AsyncOneloop(api_key=KEY, base_url=url, **options) as client:
                return await method(client, case, raw)

        return asyncio.run(main()) if request.param == "asyncio" else trio.run(main)

    return sync if request.param == "sync" else asynchronous


@pytest.mark.parametrize("case", named(CASES))
def test_result_alone(call: Call, case: Case) -> None:
    with RawServer(replies(case.answer)) as server:
        assert case.result(call(server.url, case))
    assert server.requests[0].startswith(f"{case.request} HTTP/1.1\r\n".encode())


@pytest.mark.parametrize("case", named(CASES))
def test_result_with_what_came_with_it(call: Call, case: Case) -> None:
    headers = b"\r\nX-Request-Id: r1\r\nX-Echo: %b\r\n" % KEY.encode()
    traced = case.answer.replace(b"\r\n", headers, 1)
    with RawServer(replies(traced)) as server:
        response = call(server.url, case, raw=True)
    assert case.result(response.parsed)
    assert response.status_code == int(case.answer[9:12])
    assert (response.request_id, response.tries) == ("r1", 1)
    assert response.headers["x-echo"] == "[redacted]"
    assert datetime.timedelta() < response.elapsed < datetime.timedelta(seconds=30)
    assert KEY not in repr(response)
    same = copy.copy(response)
    assert (same, hash(same)) == (response, hash(response))  # whatever the result is


@pytest.mark.parametrize("case", named(CASES))
@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, "BadRequestError"),
        (404, "NotFoundError"),
        (409, "ConflictError"),
        (418, "APIStatusError"),
        (422, "UnprocessableEntityError"),
        (500, "InternalServerError"),
    ],
)
def test_error_is_raised_whether_documented_or_not(
    call: Call, client_module: ModuleType, case: Case, status: int, error: str
) -> None:
    with RawServer(replies(reply(b'{"why": "no"}', status))) as server:
        with pytest.raises(client_module.APIStatusError) as caught:
            call(server.url, case, max_retries=0)
    assert type(caught.value).__name__ == error
    assert caught.value.status_code == status


@pytest.mark.parametrize("case", named([case for case in CASES if case.result is is_thing]))
@pytest.mark.parametrize("body", [b"{}", b'{"id": 1}', b'{"id": "a", "kind": "none"}', b"null"])
def test_wrong_shape_is_an_error(
    call: Call, client_module: ModuleType, case: Case, body: bytes
) -> None:
    status = int(case.answer[9:12])
    with RawServer(replies(reply(body, status))) as server:
        with pytest.raises(client_module.ResponseValidationError):
            call(server.url, case)


def test_wrong_shape_under_another_name_of_json(call: Call, client_module: ModuleType) -> None:
    case = next(case for case in CASES if case.name == "add_user")
    with RawServer(replies(reply(b"{}", content_type="application/else+json"))) as server:
        with pytest.raises(client_module.ResponseValidationError, match=r"\$\.id: expected a "):
            call(server.url, case)


def test_what_a_model_trips_over_is_an_error_of_ours(
    call: Call, client_module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Should the schema ever allow what its model doesn't read."""
    model = importlib.import_module("oneloop_api_client.models").Thing

    def fail(source: Any) -> Any:
        raise KeyError(KEY)

    monkeypatch.setattr(model, "from_dict", fail)
    case = next(case for case in CASES if case.name == "get_thing")
    with RawServer(replies(case.answer)) as server:
        with pytest.raises(client_module.ResponseValidationError, match="KeyError") as caught:
            call(server.url, case)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("status", [200, 302])
def test_error_model_is_never_a_result(call: Call, client_module: ModuleType, status: int) -> None:
    """Where the spec names a redirect and no success, `default` is an error's."""
    case = Case("jump", {}, "GET /jump", b"", is_thing)
    with RawServer(replies(reply(b'{"why": "no"}', status))) as server:
        with pytest.raises(client_module.APIStatusError, match=f"{status} ") as caught:
            call(server.url, case)
    assert caught.value.status_code == status


@pytest.mark.parametrize("case", named(SAFE))
def test_tries_and_pauses_count(
    call: Call, client_module: ModuleType, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    retry = importlib.import_module("oneloop._http.retry")
    monkeypatch.setattr(retry, "backoff", lambda number, jitter: 0.05)
    with RawServer(replies(reply(b"", 503), reply(b"", 503), case.answer)) as server:
        response = call(server.url, case, raw=True)
    assert response.tries == 3
    assert response.elapsed >= datetime.timedelta(seconds=0.1)


@pytest.mark.parametrize(
    ("arguments", "requests"),
    [
        pytest.param({}, 1, id="no key"),
        pytest.param({"x_idempotency_key": "k"}, 2, id="the spec's header"),
        pytest.param({"idempotency_key": "k"}, 2, id="the spec's parameter"),
        pytest.param({"idempotency_key": ""}, 1, id="an empty one"),
    ],
)
@pytest.mark.parametrize("failure", ["503", "reset"])
def test_post_is_sent_again_with_an_idempotency_key_alone(
    call: Call, client_module: ModuleType, arguments: Any, requests: int, failure: str
) -> None:
    def handle(connection: Any, head: bytes, number: int) -> None:
        if number > 1:
            connection.sendall(reply(THING, 201))
        elif failure == "503":
            connection.sendall(reply(b"", 503))
        else:
            hang_up(connection)

    case = Case("create_thing", {"body": THING, **arguments}, "", b"", is_thing)
    with RawServer(handle) as server:
        if requests == 1:
            with pytest.raises(client_module.OneloopError):
                call(server.url, case)
        else:
            assert is_thing(call(server.url, case))
    assert len(server.requests) == requests


def test_callers_own_idempotency_key(client_module: ModuleType) -> None:
    model = importlib.import_module("oneloop_api_client.models").Thing
    with RawServer(replies(reply(b"", 503), reply(THING, 201))) as server:
        with client_module.Oneloop(api_key=KEY, base_url=server.url) as client:
            api = client.api.with_headers({"Idempotency-Key": "k"})
            assert is_thing(api.create_thing(body=model.from_dict({"id": "t1"})))
    assert [b"Idempotency-Key: k" in head for head in server.requests] == [True, True]


def test_copy_with_headers_leaves_the_client_as_it_is(client_module: ModuleType) -> None:
    with RawServer(replies(reply(THING))) as server:
        with client_module.Oneloop(api_key=KEY, base_url=server.url) as client:
            client.api.get_thing("t1")
            client.api.with_headers({"X-A": "1"}).with_cookies({"c": "2"}).get_thing("t1")
            client.api.get_thing("t1")
    assert ["X-A" in head.decode() for head in server.requests] == [False, True, False]
    assert ["c=2" in head.decode() for head in server.requests] == [False, True, False]


def test_docstring_names_what_is_raised(client_module: ModuleType) -> None:
    api = importlib.import_module("oneloop._http.api").API
    text = inspect.getdoc(api.get_thing) or ""
    assert text.startswith("One thing\n\nIt is found by its id.\n\nArgs:\n    thing_id (str):")
    assert "NotFoundError: 404: There is no such thing\n" in text
    assert "APIStatusError: 418: A teapot\n" in text
    text = inspect.getdoc(api.create_thing) or ""
    assert text.startswith("POST /things\n")
    assert "ConflictError: 409: There is one already\n" in text


def test_template_names_each_status_as_the_client_does() -> None:
    template = (other_spec.TEMPLATES / "operations.py.jinja").read_text("utf-8")
    told = dict(re.findall(r'^ +"(\d+)": "(\w+)",', template, re.MULTILINE))
    for status in range(400, 500):
        name = our_errors.status_error_class(status).__name__
        assert told.get(str(status), "APIStatusError") == name


PROGRAM = """
import asyncio
from typing import assert_type
from oneloop import APIResponse, AsyncOneloop, Oneloop
from oneloop_api_client.models import Problem, Thing
from oneloop_api_client.types import File

def sync(client: Oneloop) -> None:
    assert_type(client.api.get_thing("t"), Thing)
    assert_type(client.api.get_things(), list[Thing])
    assert_type(client.api.create_thing(body=Thing(id="t")), Thing | None)
    assert_type(client.api.with_raw_response_(), File)
    assert_type(client.api.notes_list_(), str)
    assert_type(client.api.tags_list_(), Problem | Thing)
    assert_type(client.api.with_raw_response.jump(), APIResponse[None])
    assert_type(client.api.with_raw_response.get_thing("t"), APIResponse[Thing])
    assert_type(client.api.with_raw_response.get_thing("t").parsed, Thing)
    assert_type(client.api.with_headers({}).get_thing("t"), Thing)
    client.api.delete_thing("t")
    client.api.import_things(body=Thing(id="t"))

async def asynchronous(client: AsyncOneloop) -> None:
    assert_type(await client.api.get_thing("t"), Thing)
    assert_type(await client.api.with_raw_response.get_thing("t"), APIResponse[Thing])
    await client.api.delete_thing("t")
    await asyncio.gather(client.api.get_thing("t"), client.api.get_things())
"""


@pytest.mark.parametrize("checker", ["mypy", "basedpyright"])
def test_types_are_exact(source_root: Path, tmp_path: Path, checker: str) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    overrides = other_spec.TEMPLATES.parent
    (tmp_path / "pyrightconfig.json").write_text(
        json.dumps({"typeCheckingMode": "strict", "extraPaths": [str(source_root), str(overrides)]})
    )
    command = {
        "mypy": ["mypy", "--strict", "program.py", str(source_root / "oneloop_api_client")],
        "basedpyright": ["basedpyright", "--level", "error", "--pythonpath", sys.executable],
    }[checker]
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=tmp_path,
        env=os.environ | {"MYPYPATH": f"{source_root}{os.pathsep}{overrides}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
