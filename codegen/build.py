"""From upstream's spec and our overlay to a whole package: every check, then generation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from codegen import facts, generator, overlay, validate
from codegen.document import load
from codegen.errors import SourceError
from codegen.provenance import Provenance

if TYPE_CHECKING:
    from pathlib import Path

    from codegen.document import Json
    from codegen.overlay import Overlay


@dataclass(frozen=True)
class Upstream:
    """One spec as published, and its one reading."""

    raw: bytes
    document: Json

    @staticmethod
    def read(raw: bytes, name: str) -> Upstream:
        """Read and validate the spec in `raw`."""
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise SourceError(f"{name}: not UTF-8: {error}") from None
        document = load(text, name)
        validate.require_openapi(document, name)
        return Upstream(raw, document)


def read_overlay(path: Path | None) -> tuple[bytes, Overlay]:
    """Return the overlay at `path` as bytes and as read; no path, no overlay."""
    return (path.read_bytes(), overlay.read(path)) if path else (b"", overlay.Overlay())


def effective(upstream: Upstream, corrections: Overlay) -> Json:
    """Return the spec that the package is made from: upstream with the overlay applied."""
    facts.require(facts.judge(corrections, upstream.document))
    document = overlay.apply(corrections, upstream.document)
    validate.require_openapi(document, "the spec with the overlay applied")
    return document


def package(
    upstream: Upstream, overlay_path: Path | None, folder: Path, config: Path | None
) -> list[str]:
    """Write the package of `upstream` into `folder` and return what the generator left out."""
    raw, corrections = read_overlay(overlay_path)
    document = effective(upstream, corrections)
    made_from = Provenance(upstream.raw, raw, generator.GENERATOR_VERSION)
    return generator.write_package(document, made_from, folder, config)
