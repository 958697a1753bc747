"""A server on loopback that reads each request whole and says one thing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from oneloop.sandbox.server import HTTPServer, Reply, Request


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


class ScriptedServer:
    """Gives its answer to every request, and keeps the bodies since it was told the answer."""

    def __init__(self) -> None:
        self._server = HTTPServer(self._reply)
        self.url = self._server.url

    def say(self, answer: Answer) -> None:
        self.answer = answer
        self.bodies: list[bytes] = []
        self.headers: list[str] = []

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    def _reply(self, request: Request) -> Reply:
        self.bodies.append(request.body)
        self.headers = [name for name, _ in request.headers]
        headers = [*self.answer.headers.items(), ("Content-Type", self.answer.content_type)]
        return Reply(self.answer.status, headers, self.answer.body)
