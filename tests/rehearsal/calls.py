"""Calls every operation of the generated package: python -m tests.rehearsal.calls

Sync and async, as a method, as a method with what came with its result, and as the raw function:
through the sandbox, where the answer is right, and to servers that fail. Prints what went wrong;
exit code 1 if anything did.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import itertools
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from dateutil.parser import isoparse

import oneloop_api_client
from codegen.make import inspection
from codegen.spec import operations
from codegen.spec.operations import resolved
from oneloop import (
    APIStatusError,
    AsyncOneloop,
    NotFoundError,
    Oneloop,
    OneloopError,
    ResponseValidationError,
)
from oneloop._http import retry
from oneloop.sandbox import API_KEY, BILLING_IDS, Sandbox
from oneloop.sandbox.sample import Schemas
from oneloop_api_client.types import File
from tests.rehearsal.arguments import Arguments, Maker
from tests.rehearsal.server import Answer, ScriptedServer

PACKAGE = Path(oneloop_api_client.__path__[0])
DOCUMENT: Any = json.loads((PACKAGE / "openapi.json").read_text(encoding="utf-8"))
ARGUMENTS = Arguments(DOCUMENT)
RESPONSES = Schemas(DOCUMENT, "response")

# RFC 9110 §9.2.2
IDEMPOTENT = {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"}
# What the sandbox knows, where it has data of its own.
KNOWN = {"getBillingUsage": {"bid": BILLING_IDS[0]}}


@dataclass(frozen=True)
class Operation:
    """One operation: its method on `client.api`, its module, and what the spec says of it."""

    name: str
    module: ModuleType
    method: str
    path: str
    spec: Any

    @property
    def line(self) -> str:
        return f"{self.method} {self.path}"

    def successes(self) -> dict[str, Any]:
        """Return the content of each success."""
        responses = self.spec["responses"]
        return {
            status: resolved(DOCUMENT, responses[status]).get("content", {})
            for status in operations.successes(responses)
        }

    def variants(self) -> list[Maker]:
        known = KNOWN.get(self.spec.get("operationId", ""))
        if known:
            return [lambda: dict(known)]
        function = self.module.sync_detailed
        return list(ARGUMENTS.variants(self.path, self.method.lower(), function))


def every_operation() -> Iterator[Operation]:
    """Yield each operation of the spec with the method that calls its module."""
    modules = inspection.parsed(PACKAGE)
    names, found = inspection.methods(modules), inspection.by_operation(modules)
    for path, method, spec in operations.each(DOCUMENT):
        for file in found[method.upper(), inspection.shape(path)]:
            if file not in names:  # one with several tags has a method for the first
                continue
            dotted = file.removesuffix(".py").replace("/", ".")
            module = importlib.import_module(f"oneloop_api_client.{dotted}")
            yield Operation(names[file], module, method.upper(), path, spec)


class Caller:
    """Calls operations in one of the ways, in a thread or awaited."""

    def __init__(self, url: str, *, asynchronous: bool, **options: Any) -> None:
        self._options = {"api_key": API_KEY, "base_url": url, **options}
        self._asynchronous = asynchronous

    def method(self, operation: Operation, make: Maker) -> Any:
        return self._call(lambda api: getattr(api, operation.name)(**make()))

    def with_response(self, operation: Operation, make: Maker) -> Any:
        return self._call(lambda api: getattr(api.with_raw_response, operation.name)(**make()))

    def function(self, operation: Operation, make: Maker) -> Any:
        name = "asyncio_detailed" if self._asynchronous else "sync_detailed"
        return self._call(lambda api: getattr(operation.module, name)(**make(), client=api))

    def _call(self, call: Callable[[Any], Any]) -> Any:
        if not self._asynchronous:
            with Oneloop(**self._options) as client:
                result = call(client.api)
                assert not inspect.isawaitable(result)
                return result

        async def awaited() -> Any:
            async with AsyncOneloop(**self._options) as client:
                return await call(client.api)

        return asyncio.run(awaited())


def in_the_sandbox(operation: Operation, url: str, *, asynchronous: bool) -> None:
    """Assert that each way to call gives what the sandbox sent, as the spec documents it."""
    caller = Caller(url, asynchronous=asynchronous)
    if not operation.successes():  # it only redirects, say
        _require_501(caller, operation)
        return
    for make in operation.variants():
        raw = caller.function(operation, make)
        response = caller.with_response(operation, make)
        assert _documented(operation, response.status_code), response
        result = _plain(response.parsed)
        assert _plain(caller.method(operation, make)) == result
        if raw.parsed is not None:
            assert _plain(raw.parsed) == result
        media_type = response.headers.get("Content-Type", "").partition(";")[0]
        if not raw.content:
            assert result is None
        elif media_type.endswith("json"):
            assert _same(result, json.loads(raw.content)), (result, raw.content)
        else:
            assert result in (raw.content, raw.content.decode("utf-8", "replace"))


def _require_501(caller: Caller, operation: Operation) -> None:
    try:
        caller.method(operation, operation.variants()[0])
    except APIStatusError as error:
        assert error.status_code == 501, error
    else:
        raise AssertionError("an operation without a success had one")


def _documented(operation: Operation, status: int) -> bool:
    return not {str(status), f"{status // 100}XX", "default"}.isdisjoint(operation.successes())


def _plain(value: Any) -> Any:
    """Return what a result says, as JSON or bytes."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, File):
        value.payload.seek(0)
        return value.payload.read()
    return value.to_dict() if hasattr(value, "to_dict") else value


def _same(left: Any, right: Any) -> bool:
    """Whether two JSON values are equal, a time in any of its spellings."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_same, left, right))
    if left != right and isinstance(right, str):
        return isoparse(str(left)) == isoparse(right)
    return bool(left == right)


def with_failing_servers(operation: Operation, url: str, *, asynchronous: bool) -> None:
    """Assert the error of each failure, and that only what is safe is sent again."""
    make = operation.variants()[0]
    with ScriptedServer() as server:
        caller = Caller(server.url, asynchronous=asynchronous, max_retries=2)
        failures = list(_failures(operation))
        for call, some in ((caller.method, failures), (caller.function, failures[:1])):
            for answer, kind in some:
                server.say(answer)
                try:
                    result = call(operation, make)
                except kind:
                    continue
                raise AssertionError(f"{answer} gave {result!r}")
            if some is failures:  # the last said 503
                _require_safe_retries(operation, server, make)


def _failures(operation: Operation) -> Iterator[tuple[Answer, type[OneloopError]]]:
    yield Answer(404, _error_body(operation, "404")), NotFoundError
    yield Answer(418, b"teapot", "text/plain"), APIStatusError
    yield Answer(299, b"{}"), APIStatusError
    for answer in _wrong_answers(operation):
        yield answer, ResponseValidationError
    yield Answer(503, b"{}", headers={"Retry-After": "0"}), APIStatusError


def _error_body(operation: Operation, status: str) -> bytes:
    responses = operation.spec["responses"]
    documented = resolved(DOCUMENT, responses.get(status, {})).get("content", {})
    schema = documented.get("application/json", {}).get("schema")
    value = RESPONSES.sample(schema) if schema else {}
    return json.dumps(value).encode()


def _wrong_answers(operation: Operation) -> Iterator[Answer]:
    """Yield an answer of another shape for each success that has one."""
    for status, content in operation.successes().items():
        code = int(status.replace("XX", "00")) if status != "default" else 200
        if not operations.has_body(operation.method, status):
            continue
        for media_type, entry in content.items():
            schema = entry.get("schema")
            if not (media_type.endswith("json") and schema):
                continue
            values: list[Any] = [None, 5, "wrong", [5], [[]], {"wrong": 5}, {}]
            for value in values:
                if RESPONSES.flaw(schema, value):
                    yield Answer(code, json.dumps(value).encode(), media_type)
                    break


def _require_safe_retries(operation: Operation, server: ScriptedServer, make: Maker) -> None:
    has_key = any(name.lower() == "idempotency-key" for name in server.headers)
    safe = operation.method in IDEMPOTENT or has_key
    allowed = {3} if safe else {1}
    if safe and isinstance(make().get("body"), File):
        allowed = {1, 3}  # what can't be read again isn't sent again
    assert len(server.bodies) in allowed, f"sent {len(server.bodies)} times"
    assert len(set(server.bodies)) == 1, "another body was sent the second time"


CHECKS = [in_the_sandbox, with_failing_servers]


def main() -> int:
    """Call everything and return the exit code."""
    called = list(every_operation())
    problems = []
    retry.backoff = lambda number, jitter: 0.0
    with Sandbox() as sandbox:
        for operation, check, asynchronous in itertools.product(called, CHECKS, (False, True)):
            try:
                check(operation, sandbox.url, asynchronous=asynchronous)
            except Exception as error:  # noqa: BLE001 - each is told
                how = f"{'async' if asynchronous else 'sync'} {check.__name__.replace('_', ' ')}"
                text = f"{type(error).__name__}: {error}"
                problems.append(f"{operation.line}, {how}: {text[:1000]}")
    expected = len(list(operations.each(DOCUMENT)))
    if len(called) != expected:
        problems.append(f"{len(called)} of {expected} operations have a method")
    print(*problems, f"{len(called)} operations were called", sep="\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
