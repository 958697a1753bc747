"""What the overlay leaves out of the spec's paths on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from codegen.spec import pointer
from codegen.spec.operations import METHODS

if TYPE_CHECKING:
    from codegen.spec.overlay import Overlay


class Omission(NamedTuple):
    """One thing that the API has and the package hasn't."""

    what: str
    reason: str


def omissions(corrections: Overlay) -> list[Omission]:
    """Return what the corrections leave out: operations, paths, successes, media types."""
    return [
        Omission(what, " ".join(str(action.reason).split()))
        for action in corrections.actions
        for where in (action.expected_places if action.remove else ())
        if (what := _what(pointer.split(where)))
    ]


def _what(parts: list[str]) -> str | None:
    """Say what is at a pointer, if it is something that users of the API miss."""
    match parts:
        case ["paths", path]:
            return f"every operation of `{path}`"
        case ["paths", path, method] if method in METHODS:
            return f"`{method.upper()} {path}`"
        case ["paths", path, method, "responses", status] if _is_success(status):
            return f"`{method.upper()} {path}`: status {status}"
        case ["paths", path, method, "responses", status, "content", media_type]:
            return f"`{method.upper()} {path}`: status {status} as `{media_type}`"
        case ["paths", path, method, "requestBody", "content", media_type]:
            return f"`{method.upper()} {path}`: a request body as `{media_type}`"
    return None


def _is_success(status: str) -> bool:
    return status.startswith("2") or status == "default"
