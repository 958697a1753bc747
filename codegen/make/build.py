"""From upstream's spec and the corrections that hold on it to a whole package."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codegen.make import generator
from codegen.make.provenance import Provenance
from codegen.spec import operations, overlay, validate

if TYPE_CHECKING:
    from pathlib import Path

    from codegen.make.generator import Package
    from codegen.spec.document import Json
    from codegen.spec.overlay import Overlay
    from codegen.spec.upstream import Upstream


def effective(upstream: Upstream, corrections: Overlay) -> Json:
    """Return the corrected spec, valid, with each path's operations in their place."""
    document = operations.with_items_in_place(overlay.apply(corrections, upstream.document))
    validate.require_openapi(document, upstream, corrections)
    return document


def package(
    upstream: Upstream,
    corrections: Overlay,
    folder: Path,
    config: Path | None,
    templates: Path | None,
) -> Package:
    """Write the package of the corrected spec into `folder`.

    Upstream may be invalid OpenAPI: what counts is what the corrections make of it.
    """
    document = effective(upstream, corrections)
    made_from = Provenance(upstream.raw, corrections.raw, generator.GENERATOR_VERSION)
    return generator.write_package(document, made_from, folder, config, templates)
