"""A Oneloop API on this machine: a real HTTP server that answers from the spec the client is for.

    with Sandbox() as sandbox, Oneloop(api_key=API_KEY, base_url=sandbox.url) as client:
        client.get_billing_usage("bid_acme").total

`python -m oneloop.sandbox` serves it until Ctrl-C. Requests and answers are validated against the
spec. An operation without data of its own answers with the spec's example, else with a value made
from its schema, else with a 501 that names it. The data is the same at each run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from oneloop.sandbox import answers, usage
from oneloop.sandbox.requests import RefusedError, check, check_key
from oneloop.sandbox.sample import NoSampleError
from oneloop.sandbox.server import Reply, Request, Server
from oneloop.sandbox.spec import Operation, Spec
from oneloop.sandbox.usage import BILLING_IDS

__all__ = ["API_KEY", "BILLING_IDS", "Sandbox"]

API_KEY = "sandbox-key"


class Sandbox:
    """A context manager that serves the sandbox on a loopback port from a thread of its own.

    Args:
        port: the TCP port; 0 takes a free one.
        spec: what to serve in place of the spec that the client is for: parsed, or a JSON file.

    Raises:
        OSError: the port is taken, or there is no such file.
        ValueError: the spec isn't one of OpenAPI 3.
    """

    def __init__(self, port: int = 0, *, spec: Mapping[str, Any] | Path | None = None) -> None:
        self._spec = Spec.of(_document(spec))
        self._server = Server(self._answer, port)
        self.url: str = self._server.url

    @property
    def operations(self) -> int:
        """How many operations the spec has."""
        return len(self._spec.operations)

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.stop()

    def _answer(self, request: Request) -> Reply:
        operation: Operation | None = None
        headers: list[tuple[str, str]] = []
        try:
            path = request.target.partition("?")[0]
            found = [
                (each, texts)
                for each in self._spec.operations
                if (texts := each.match(path)) is not None
            ]
            if not found:
                raise RefusedError(404, "the spec has no such path")
            operation, texts = next(
                (it for it in found if it[0].method == request.method), found[0]
            )
            if operation.method != request.method:
                headers = [("Allow", ", ".join(sorted({each.method for each, _ in found})))]
                raise RefusedError(405, f"the spec has no {request.method} at this path")
            check_key(self._spec, operation, request, API_KEY)
            return self._respond(operation, check(self._spec, operation, request, texts))
        except RefusedError as error:
            status, message = error.status, error.message
        except NoSampleError as error:  # nothing can be held against such a schema
            name = operation.name if operation else request.target
            status, message = 501, f"the sandbox can't check {name}: {error}"
        except Exception as error:  # noqa: BLE001 - as any server
            status, message = 500, f"{type(error).__name__}: {error}"
        reply = answers.error(self._spec, operation, status, message)
        return Reply(reply.status, [*reply.headers, *headers], reply.body)

    def _respond(self, operation: Operation, parameters: dict[str, Any]) -> Reply:
        own = usage.answer(operation.id, parameters)
        if isinstance(own, str):
            raise RefusedError(400, own)
        return answers.success(self._spec, operation, own)


def _document(spec: Mapping[str, Any] | Path | None) -> Mapping[str, Any]:
    if isinstance(spec, Mapping):
        return spec
    source = spec or resources.files("oneloop_api_client").joinpath("openapi.json")
    document: dict[str, Any] = json.loads(source.read_text("utf-8"))
    return document
