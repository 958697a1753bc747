"""From upstream's spec and the corrections that hold on it to a whole package."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codegen.errors import GenerationError
from codegen.make import generator
from codegen.make.provenance import Provenance
from codegen.spec import operations, overlay, selection, validate

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from codegen.make.generator import Package
    from codegen.spec.document import Json
    from codegen.spec.overlay import Overlay
    from codegen.spec.selection import Selection
    from codegen.spec.upstream import Upstream


def effective(upstream: Upstream, corrections: Overlay, only: Sequence[str] | None = None) -> Json:
    """Return what is wanted of the corrected spec, valid, each path's operations in their place."""
    return judged(upstream, corrections, only)[0].document


def judged(
    upstream: Upstream, corrections: Overlay, only: Sequence[str] | None
) -> tuple[Selection, list[str]]:
    """Return that with what isn't wanted, and what a person should know of it though it's valid."""
    document = operations.with_items_in_place(overlay.apply(corrections, upstream.document))
    chosen = selection.selected(document, only)
    return chosen, validate.require_openapi(chosen.document, upstream, corrections)


def package(
    upstream: Upstream,
    corrections: Overlay,
    folder: Path,
    config: Path | None,
    templates: Path | None,
    *,
    only: Sequence[str] | None = None,
) -> Package:
    """Write the package of the corrected spec, or of its operations `only`, into `folder`.

    Upstream may be invalid OpenAPI: what counts is what the corrections make of it.
    """
    chosen, warnings = judged(upstream, corrections, only)
    made_from = Provenance(upstream.raw, corrections.raw, generator.GENERATOR_VERSION)
    try:
        made = generator.write_package(chosen.document, made_from, folder, config, templates)
    except GenerationError as error:
        told = ["", "the spec has this, too:", *warnings] if warnings else []
        raise GenerationError("\n".join([str(error), *told])) from None
    return made._replace(warnings=warnings, unwanted=chosen.unwanted)
