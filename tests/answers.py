"""Answers as the engine hands them over, without a wire."""

from __future__ import annotations

import datetime

from oneloop._http import routes
from oneloop._http.answer import Answer, AnswerReader, Headers
from oneloop._http.secret import Secret
from tests.faces import KEY
from tests.servers import BID, usage_body


class Asked:
    """The call that is answered."""

    name = f"GET /api/v1/usage/{BID}"
    tries = 1
    operation = routes.find("GET", f"/api/v1/usage/{BID}")

    def redact(self, text: str) -> str:
        return Secret(KEY).redact(text)


def answer(body: bytes = usage_body(), *, content_type: str | None = "application/json") -> Answer:
    """Return a success with this body."""
    headers = [] if content_type is None else [(b"Content-Type", content_type.encode())]
    made = Answer(Asked(), 200, headers, body)
    made.elapsed = datetime.timedelta()
    return made


def read(body: bytes, encoding: str, *, limit: int = 2**20, size: int = 2**20) -> Answer:
    """Return a success whose encoded body comes in chunks of a size."""
    headers: Headers = [
        (b"Content-Type", b"application/json"),
        (b"Content-Encoding", encoding.encode()),
    ]
    reader = AnswerReader(Asked(), 200, headers, limit=limit)
    for start in range(0, len(body), size):
        reader.feed(body[start : start + size])
    reader.finish()
    return reader.answer()
