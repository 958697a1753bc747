"""Which of the spec's operations a request is, and what the spec says of its answers."""

from __future__ import annotations

import re
from collections.abc import Iterable

from oneloop._http.answer import printable
from oneloop_api_client.spec import OPERATIONS, Operation


def table(operations: Iterable[Operation]) -> list[tuple[re.Pattern[str], Operation]]:
    """Return each operation behind the pattern of its paths."""
    # OpenAPI 3.0 §4.7.8.2: a concrete path goes before a templated one.
    concrete_first = sorted(operations, key=lambda operation: operation.path.count("{"))
    return [
        (re.compile(re.sub(r"\\{.*?\\}", "[^/]+", re.escape(operation.path))), operation)
        for operation in concrete_first
    ]


ROUTES = table(OPERATIONS)


def find(method: str, path: str) -> Operation | None:
    """Return the operation that the method and path call; None where the spec has none."""
    for pattern, operation in ROUTES:
        if operation.method == method and pattern.fullmatch(path):
            return operation
    return None


def check_path(url: str) -> None:
    """Refuse a URL whose path a parameter's value would turn into another operation's.

    Raises:
        ValueError: a path parameter is empty, `.` or `..` (RFC 3986 §5.2.4).
    """
    path = url.partition("?")[0].rpartition("://")[2]
    if any(operation.path == path for _, operation in ROUTES):
        return
    if not {"", ".", ".."}.isdisjoint(path.split("/")[1:]):
        raise ValueError(f"a path parameter is empty, '.' or '..': {printable(path)}")


def is_documented(operation: Operation | None, status: int) -> bool:
    """Whether the spec promises this success (OpenAPI 3.0 §4.7.16: exact, by range, or default)."""
    if operation is None:
        return True
    return not {str(status), f"{status // 100}XX", "default"}.isdisjoint(operation.responses)
