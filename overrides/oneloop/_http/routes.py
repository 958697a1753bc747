"""Which of the spec's operations a request is, and what the spec says of its answers."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from fnmatch import fnmatch
from http import HTTPStatus

from oneloop._http.answer import printable
from oneloop._http.schema import media_type_of
from oneloop_api_client.spec import OPERATIONS, Operation


def generality(path: str) -> tuple[int, int]:
    """Return how many segments of a path have parameters, and how little it says beside them.

    OpenAPI 3.0 §4.7.8.2: a concrete path goes before a templated one; so do /a/{b}:c and /a/{b}-{c}
    before /a/{b}, which says less.
    """
    return sum("{" in each for each in path.split("/")), -len(re.sub(r"\{.*?\}", "", path))


def table(operations: Iterable[Operation]) -> list[tuple[re.Pattern[str], Operation]]:
    """Return each operation behind the pattern of its paths."""
    concrete_first = sorted(operations, key=lambda each: generality(each.path))
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
    segments = path.split("/")[1:]
    # A parameter is never empty in a match: what is empty then is so in the spec.
    empty = "" in segments and not any(pattern.fullmatch(path) for pattern, _ in ROUTES)
    if empty or not {".", ".."}.isdisjoint(segments):
        raise ValueError(f"a path parameter is empty, '.' or '..': {printable(path)}")


def is_documented(operation: Operation | None, status: int) -> bool:
    """Whether the spec promises this success (OpenAPI 3.0 §4.7.16: exact, by range, or default).

    Generated code can't hold a status that Python has no name for.
    """
    if operation is None:
        return True
    if status not in _NAMED:
        return False
    documented = operation.responses.keys()
    if not {str(status), f"{status // 100}XX"}.isdisjoint(documented):
        return True
    return is_success_by_default(documented)


def is_success_by_default(documented: Collection[str]) -> bool:
    """Whether these statuses have a `default` that is a success.

    It is an error's where the spec names what is none: a success, a redirect.
    """
    return "default" in documented and not any(key[0] in "123" for key in documented)


def other_media(operation: Operation | None, status: int, media_type: str) -> tuple[str, ...]:
    """Return what an answer of this type should have been; nothing where the spec allows it.

    JSON is checked as it is parsed; this is about text and files, which nobody parses.
    """
    if status in (204, 205):  # they have no body, whatever a spec says
        return ()
    responses = operation.responses if operation else {}
    keys = (str(status), f"{status // 100}XX", "default")
    documented = next((responses[key] for key in keys if key in responses), ())
    types = [media_type_of(media) for media in documented]
    if any(each.endswith(("/json", "+json")) or fnmatch(media_type, each) for each in types):
        return ()
    return tuple(documented)


_NAMED = {status.value for status in HTTPStatus}
