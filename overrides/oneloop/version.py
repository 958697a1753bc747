"""Which client this is, and which spec and generator it was made from."""

from __future__ import annotations

import importlib.util
from importlib import metadata
from importlib.machinery import PathFinder
from typing import Any, Final, NamedTuple


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


def _generated() -> Any:
    """Return oneloop_api_client.spec without the package around it, which brings httpx along."""
    package = importlib.util.find_spec("oneloop_api_client")
    assert package
    found = PathFinder.find_spec("oneloop_api_client.spec", package.submodule_search_locations)
    assert found
    assert found.loader
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


__version__: Final = metadata.version("oneloop-api-client")

_spec = _generated()
SPEC: Final = SpecInfo(
    version=_spec.SPEC_VERSION,
    sha256=_spec.SPEC_SHA256,
    overlay_sha256=_spec.OVERLAY_SHA256,
    generator_version=_spec.GENERATOR_VERSION,
)


def version_text() -> str:
    """Return version and provenance, a line each."""
    return (
        f"oneloop-api-client {__version__}\n"
        f"spec {SPEC.version} sha256:{SPEC.sha256}\n"
        f"overlay sha256:{SPEC.overlay_sha256}\n"
        f"openapi-python-client {SPEC.generator_version}"
    )
