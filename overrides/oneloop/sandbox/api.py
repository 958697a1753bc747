"""What the API answers by its spec: each request is checked, and so is each answer."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from oneloop.sandbox import answers, usage
from oneloop.sandbox.requests import RefusedError, check, check_key
from oneloop.sandbox.sample import NoSampleError
from oneloop.sandbox.server import Reply, Request
from oneloop.sandbox.spec import Operation, Spec


class API:
    """A spec's operations, for several threads at once.

    Args:
        spec: the spec.
        rows_of: the usage of a billing id; None for one that isn't known.
        key: the key that it takes; None for any.
    """

    def __init__(
        self, spec: Spec, rows_of: Callable[[str], usage.Rows | None], key: str | None
    ) -> None:
        self.spec = spec
        self._rows_of = rows_of
        self._key = key
        self._lock = threading.Lock()  # the spec's schemas are read when they are first needed

    def billing_id(self, request: Request) -> str | None:
        """Return whose usage a request asks for; None where it asks for something else."""
        for operation, texts in self._at(request):
            if operation.method == request.method:
                return usage.billing_id(operation.id, texts)
        return None

    def answer(self, request: Request) -> Reply:
        """Return the success of a request, or the documented error."""
        with self._lock:
            return self._checked(request)

    def error(self, request: Request, status: int, message: str) -> Reply:
        """Return an error with this status, of the shape that is documented for a request."""
        operations = (each for each, _ in self._at(request) if each.method == request.method)
        with self._lock:
            return answers.error(self.spec, next(operations, None), status, message)

    def _checked(self, request: Request) -> Reply:
        operation: Operation | None = None
        headers: list[tuple[str, str]] = []
        try:
            found = self._at(request)
            if not found:
                raise RefusedError(404, "the spec has no such path")
            operation, texts = next(
                (it for it in found if it[0].method == request.method), found[0]
            )
            if operation.method != request.method:
                headers = [("Allow", ", ".join(sorted({each.method for each, _ in found})))]
                raise RefusedError(405, f"the spec has no {request.method} at this path")
            check_key(self.spec, operation, request, self._key)
            return self._respond(operation, check(self.spec, operation, request, texts))
        except RefusedError as error:
            status, message = error.status, error.message
        except NoSampleError as error:  # nothing can be held against such a schema
            name = operation.name if operation else request.target
            status, message = 501, f"the sandbox can't check {name}: {error}"
        except Exception as error:  # noqa: BLE001 - as any server
            status, message = 500, f"{type(error).__name__}: {error}"
        reply = answers.error(self.spec, operation, status, message)
        return Reply(reply.status, [*reply.headers, *headers], reply.body)

    def _at(self, request: Request) -> list[tuple[Operation, dict[str, str]]]:
        """Return the operations at a request's path, each with the texts of its parameters."""
        path = request.target.partition("?")[0]
        every = ((each, each.match(path)) for each in self.spec.operations)
        return [(each, texts) for each, texts in every if texts is not None]

    def _respond(self, operation: Operation, parameters: dict[str, Any]) -> Reply:
        bid = usage.billing_id(operation.id, parameters)
        own = None if bid is None else usage.answer(bid, self._rows_of(bid))
        if isinstance(own, str):
            raise RefusedError(400, own)
        return answers.success(self.spec, operation, own)


def spec_of(given: Mapping[str, Any] | Path | None) -> Spec:
    """Return a spec: parsed, or a JSON file; the one that the client is for, where None is given.

    Raises:
        OSError: there is no such file.
        ValueError: it isn't a spec of OpenAPI 3.
    """
    if isinstance(given, Mapping):
        return Spec.of(given)
    source = given or resources.files("oneloop_api_client").joinpath("openapi.json")
    return Spec.of(json.loads(source.read_text("utf-8")))
