"""A Oneloop API on this machine: a real HTTP server that answers from the spec the client is for.

    with Sandbox() as sandbox, Oneloop(api_key=API_KEY, base_url=sandbox.url) as client:
        client.get_billing_usage("bid_acme").total

`python -m oneloop.sandbox` serves it until Ctrl-C. Requests and answers are validated against the
spec. An operation without data of its own answers with the spec's example, else with a value made
from its schema, else with a 501 that names it. The data is the same at each run.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from oneloop.sandbox.api import API, spec_of
from oneloop.sandbox.server import HTTPServer
from oneloop.sandbox.usage import BILLING_IDS, known_rows

__all__ = ["API_KEY", "BILLING_IDS", "Sandbox"]

API_KEY = "sandbox-key"
"""The key that it takes."""


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
        self._api = API(spec_of(spec), known_rows, API_KEY)
        self._server = HTTPServer(self._api.answer, port)
        self.url: str = self._server.url
        """Where it is: the `base_url` of a client."""

    @property
    def operations(self) -> int:
        """How many operations the spec has."""
        return len(self._api.spec.operations)

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
