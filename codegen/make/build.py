"""From upstream's spec and the corrections that hold on it to a whole package."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from codegen.make import generator
from codegen.make.provenance import Provenance
from codegen.spec import operations, overlay, selection, validate

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from codegen.spec.document import Json
    from codegen.spec.overlay import Overlay
    from codegen.spec.selection import Selection
    from codegen.spec.upstream import Upstream


class Package(NamedTuple):
    """A generated package: its folder, the effective spec, what the generator left out of it.

    `unwanted` are the operations that were left out before, since nobody wants them.
    """

    folder: Path
    document: Json
    left_out: list[str]
    unwanted: list[str]


def effective(
    upstream: Upstream, corrections: Overlay, only: Sequence[str] | None = None
) -> Selection:
    """Return what is wanted of the corrected spec, valid, each path's operations in their place."""
    document = operations.with_items_in_place(overlay.apply(corrections, upstream.document))
    chosen = selection.selected(document, only)
    validate.require_openapi(chosen.document, upstream, corrections)
    return chosen


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
    chosen = effective(upstream, corrections, only)
    made_from = Provenance(upstream.raw, corrections.raw, generator.GENERATOR_VERSION)
    left_out = generator.write_package(chosen.document, made_from, folder, config, templates)
    return Package(folder, chosen.document, left_out, chosen.unwanted)
