"""What a generated package says about where it comes from: its `spec` module."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from codegen.spec import operations

if TYPE_CHECKING:
    from codegen.spec.document import Json

_MODULE = '''\
"""Which spec, overlay and generator this package was made from, and the operations it has."""

from typing import Final, NamedTuple


class Operation(NamedTuple):
    """One operation of the spec.

    `responses` maps each documented status to its media types; `joined` maps the query parameters
    that are lists in one piece to what stands between their items.
    """

    operation_id: str
    method: str
    path: str
    responses: dict[str, tuple[str, ...]]
    joined: dict[str, str]


SPEC_VERSION: Final = {version!r}
SPEC_SHA256: Final = {spec!r}
OVERLAY_SHA256: Final = {overlay!r}
GENERATOR_VERSION: Final = {generator!r}
SERVER_URL: Final = {server!r}
OPERATIONS: Final[tuple[Operation, ...]] = ({operations})
'''


@dataclass(frozen=True)
class Provenance:
    """The inputs of a generated package."""

    spec: bytes
    overlay: bytes
    generator_version: str


def module(document: Json, made_from: Provenance) -> str:
    """Return the source of `spec.py` for the effective spec `document`."""
    servers = document.get("servers") or [{}]
    return _MODULE.format(
        version=document["info"]["version"],
        spec=hashlib.sha256(made_from.spec).hexdigest(),
        overlay=hashlib.sha256(made_from.overlay).hexdigest(),
        generator=made_from.generator_version,
        server=servers[0].get("url", "/"),
        operations="".join(
            f"Operation({operation.operation_id!r}, {operation.method!r}, {operation.path!r},"
            f" {operation.responses!r}, {operation.joined!r}),"
            for operation in operations.of(document)
        ),
    )
