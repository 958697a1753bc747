"""Operations that a larger spec brings have auth, errors, retries and limits with no new code."""

from __future__ import annotations

import asyncio
import datetime
import importlib
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest

from tests import other_spec
from tests.faces import KEY, check_error
from tests.servers import RawServer, hang_up, replies, reply


class Case(NamedTuple):
    operation: str
    arguments: dict[str, Any]
    request_line: str
    template: str
    success: bytes


ONE = reply(b'{"id": "k1"}')
OPERATIONS = [
    Case(
        "keys.list_keys",
        {"limit": 5, "owner": "a&b"},
        "GET /api/v1/keys?limit=5&owner=a%26b",
        "GET /api/v1/keys",
        reply(b'[{"id": "k1"}]'),
    ),
    Case(
        "keys.create_key",
        {"body": {"id": "k1"}},
        "POST /api/v1/keys",
        "POST /api/v1/keys",
        reply(b'{"id": "k1"}', 201),
    ),
    Case(
        "keys.get_key",
        {"key_id": "k 1"},
        "GET /api/v1/keys/k%201",
        "GET /api/v1/keys/{keyId}",
        ONE,
    ),
    Case(
        "keys.replace_key",
        {"key_id": "k1", "body": {"id": "k1"}},
        "PUT /api/v1/keys/k1",
        "PUT /api/v1/keys/{keyId}",
        ONE,
    ),
    Case(
        "keys.delete_key",
        {"key_id": "k1"},
        "DELETE /api/v1/keys/k1",
        "DELETE /api/v1/keys/{keyId}",
        b"HTTP/1.1 204 No Content\r\n\r\n",
    ),
    Case(
        "meters.get_meter",
        {"customer_id": "c/1", "meter": "calls", "since": datetime.date(2025, 1, 31)},
        "GET /api/v1/customers/c%2F1/meters/calls?since=2025-01-31",
        "GET /api/v1/customers/{customerId}/meters/{meter}",
        ONE,
    ),
]
IDEMPOTENT = [case for case in OPERATIONS if not case.template.startswith("POST")]
JSON = [case for case in OPERATIONS if case.operation != "keys.delete_key"]


def named(cases: list[Case]) -> list[Any]:
    return [pytest.param(case, id=case.operation) for case in cases]


@pytest.fixture(scope="module")
def oneloop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    spec = Path(__file__).with_name("future.yaml")
    source_root = other_spec.generate(spec, tmp_path_factory.mktemp("future"))
    with other_spec.imported(source_root) as module:
        yield module


@pytest.fixture(params=["sync", "asyncio"])
def call(request: pytest.FixtureRequest, oneloop: ModuleType) -> Callable[..., Any]:
    """Call a generated operation on `client.api`."""

    def prepared(case: Case) -> tuple[ModuleType, dict[str, Any]]:
        arguments = dict(case.arguments)
        if "body" in arguments:
            arguments["body"] = importlib.import_module("oneloop_api_client.models").Key.from_dict(
                arguments["body"]
            )
        return importlib.import_module(f"oneloop_api_client.api.{case.operation}"), arguments

    def sync(url: str, case: Case, **options: Any) -> Any:
        module, arguments = prepared(case)
        with oneloop.Oneloop(api_key=KEY, base_url=url, **options) as client:
            return module.sync_detailed(**arguments, client=client.api)

    def asynchronous(url: str, case: Case, **options: Any) -> Any:
        module, arguments = prepared(case)

        async def main() -> Any:
            async with oneloop.AsyncOneloop(api_key=KEY, base_url=url, **options) as client:
                return await module.asyncio_detailed(**arguments, client=client.api)

        return asyncio.run(main())

    return sync if request.param == "sync" else asynchronous


@pytest.mark.parametrize("case", named(OPERATIONS))
def test_success_with_one_authorization(call: Callable[..., Any], case: Case) -> None:
    with RawServer(replies(case.success)) as server:
        answer = call(server.url, case)
    parsed = answer.parsed[0] if isinstance(answer.parsed, list) else answer.parsed
    assert parsed is None if answer.status_code == 204 else parsed.id == "k1"
    (head,) = server.requests
    assert head.startswith(case.request_line.encode() + b" HTTP/1.1\r\n")
    assert head.lower().count(b"authorization:") == 1
    assert f"Authorization: Bearer {KEY}\r\n".encode() in head


@pytest.mark.parametrize("case", named(OPERATIONS))
def test_headers_and_hooks_are_of_every_operation(call: Callable[..., Any], case: Case) -> None:
    told: list[Any] = []
    options = {
        "default_headers": {"X-Team": "billing"},
        "user_agent": "my-app/2",
        "event_hooks": {"request": [told.append], "response": [told.append]},
    }
    with RawServer(replies(case.success)) as server:
        call(server.url, case, **options)
    (head,) = server.requests
    assert head.count(b"\r\nX-Team: billing\r\n") == 1
    assert b" my-app/2\r\n" in head
    begun, ended = told
    assert f"{begun.method} {begun.template}" == case.template
    assert f"{begun.method} {begun.path}" == case.request_line
    assert ended.status_code == int(case.success[9:12])


@pytest.mark.parametrize("case", named(OPERATIONS))
@pytest.mark.parametrize("status", [202, 302, 400, 401, 403, 404, 409, 419, 501])
def test_status_is_typed(
    oneloop: ModuleType,
    call: Callable[..., Any],
    case: Case,
    status: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with RawServer(replies(reply(b'{"error": {"code": 3, "message": "no"}}', status))) as server:
        with pytest.raises(oneloop.APIStatusError) as caught:
            call(server.url, case)
    assert (caught.value.status_code, caught.value.code) == (status, 3)
    assert len(server.requests) == 1
    check_error(caught.value, caplog.text)


@pytest.mark.parametrize("case", named(IDEMPOTENT))
def test_idempotent_operation_is_retried(
    call: Callable[..., Any], case: Case, no_pauses: None
) -> None:
    def handle(connection: Any, head: bytes, number: int) -> None:
        if number == 1:
            connection.sendall(reply(b"", 503))
        elif number == 2:
            hang_up(connection)
        else:
            connection.sendall(case.success)

    with RawServer(handle) as server:
        call(server.url, case, max_retries=2)
    assert len(server.requests) == 3


def test_post_is_never_sent_twice(
    oneloop: ModuleType, call: Callable[..., Any], no_pauses: None
) -> None:
    (post,) = [case for case in OPERATIONS if case not in IDEMPOTENT]
    with RawServer(replies(reply(b"", 503))) as server:
        with pytest.raises(oneloop.APIStatusError):
            call(server.url, post, max_retries=2)
    assert len(server.requests) == 1
    with RawServer(lambda connection, head, number: hang_up(connection)) as server:
        with pytest.raises(oneloop.APIConnectionError):
            call(server.url, post, max_retries=2)
    assert len(server.requests) == 1


@pytest.mark.parametrize("case", named(JSON))
def test_limits_and_strict_json(oneloop: ModuleType, call: Callable[..., Any], case: Case) -> None:
    status = 201 if "POST" in case.template else 200
    for body, options in (
        (b" " * 2000, {"max_response_bytes": 1000}),
        (b"{'id': 1}", {}),
        (b'{"id": "a", "id": "b"}', {}),
        (b"\xff", {}),
    ):
        with RawServer(replies(reply(body, status))) as server:
            with pytest.raises(oneloop.ResponseValidationError) as caught:
                call(server.url, case, **options)
        check_error(caught.value)


@pytest.mark.parametrize("case", named(OPERATIONS))
def test_deadline(oneloop: ModuleType, call: Callable[..., Any], case: Case) -> None:
    with RawServer(lambda connection, head, number: None) as server:
        with pytest.raises(oneloop.APITimeoutError):
            call(server.url, case, timeout=0.1)


@pytest.mark.parametrize("value", ["", ".", ".."])
@pytest.mark.parametrize("name", ["customer_id", "meter"])
def test_path_parameter_never_leads_elsewhere(
    call: Callable[..., Any], name: str, value: str
) -> None:
    case = OPERATIONS[-1]
    case = case._replace(arguments=case.arguments | {name: value})
    with RawServer(replies(case.success)) as server, pytest.raises(ValueError, match="parameter"):
        call(server.url, case)
    assert server.connections == 0


@pytest.mark.parametrize("case", named(OPERATIONS))
def test_log_names_the_template_and_no_id(
    call: Callable[..., Any], case: Case, caplog: pytest.LogCaptureFixture
) -> None:
    with RawServer(replies(case.success)) as server:
        call(server.url, case)
    (line,) = [
        record.getMessage()
        for record in caplog.records
        if record.name == "oneloop" and record.levelno == logging.INFO
    ]
    assert line.startswith(f"{case.template}: {case.success[9:12].decode()} (try 1, ")


def test_errors_share_one_base(oneloop: ModuleType, call: Callable[..., Any]) -> None:
    with pytest.raises(oneloop.OneloopError):
        call("http://127.0.0.1:1", OPERATIONS[0], max_retries=0)
