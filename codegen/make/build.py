"""From upstream's spec and the corrections that hold on it to a whole package."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codegen.make import generator
from codegen.make.provenance import Provenance
from codegen.spec import overlay, validate

if TYPE_CHECKING:
    from pathlib import Path

    from codegen.spec.overlay import Overlay
    from codegen.spec.upstream import Upstream


def package(
    upstream: Upstream,
    corrections: Overlay,
    folder: Path,
    config: Path | None,
    templates: Path | None,
) -> list[str]:
    """Write the package of the corrected spec into `folder`; return what the generator left out."""
    document = overlay.apply(corrections, upstream.document)
    validate.require_openapi(document, "the spec with the overlay applied")
    made_from = Provenance(upstream.raw, corrections.raw, generator.GENERATOR_VERSION)
    return generator.write_package(document, made_from, folder, config, templates)
