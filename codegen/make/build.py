"""From upstream's spec and the corrections that hold on it to a whole package."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codegen.errors import GenerationError
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
    return judged(upstream, corrections)[0]


def judged(upstream: Upstream, corrections: Overlay) -> tuple[Json, list[str]]:
    """Return the corrected spec, and what a person should know of it though it is valid."""
    document = operations.with_items_in_place(overlay.apply(corrections, upstream.document))
    return document, validate.require_openapi(document, upstream, corrections)


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
    document, warnings = judged(upstream, corrections)
    made_from = Provenance(upstream.raw, corrections.raw, generator.GENERATOR_VERSION)
    try:
        made = generator.write_package(document, made_from, folder, config, templates)
    except GenerationError as error:
        told = ["", "the spec has this, too:", *warnings] if warnings else []
        raise GenerationError("\n".join([str(error), *told])) from None
    return made._replace(warnings=warnings)
