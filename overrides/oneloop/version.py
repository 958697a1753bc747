"""Which client this is, and which spec and generator it was made from."""

from __future__ import annotations

from importlib import metadata
from typing import Final, NamedTuple

from oneloop_api_client import spec


class SpecInfo(NamedTuple):
    """What the generated package was made from."""

    version: str
    """The spec's `info.version`."""
    sha256: str
    """Of the vendor's spec as checked in, openapi.yaml."""
    overlay_sha256: str
    """Of the corrections, overrides/overlay.yaml."""
    generator_version: str
    """Of openapi-python-client."""


__version__: Final = metadata.version("oneloop-api-client")

SPEC: Final = SpecInfo(
    version=spec.SPEC_VERSION,
    sha256=spec.SPEC_SHA256,
    overlay_sha256=spec.OVERLAY_SHA256,
    generator_version=spec.GENERATOR_VERSION,
)


def version_text() -> str:
    """Return version and provenance, a line each."""
    return (
        f"oneloop-api-client {__version__}\n"
        f"spec {SPEC.version} sha256:{SPEC.sha256}\n"
        f"overlay sha256:{SPEC.overlay_sha256}\n"
        f"openapi-python-client {SPEC.generator_version}"
    )
