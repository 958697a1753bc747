"""The checkout: where things are, and how what is checked in differs from what was generated."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).resolve().parents[1]
PACKAGE: Final = "oneloop_api_client"


@dataclass(frozen=True)
class Checkout:
    """The places in one clone that a run reads and writes."""

    root: Path = ROOT

    @property
    def spec(self) -> Path:
        """The vendor's spec as published."""
        return self.root / "openapi.yaml"

    @property
    def overlay(self) -> Path:
        """Our corrections of it."""
        return self.root / "overrides" / "overlay.yaml"

    @property
    def config(self) -> Path:
        """The generator's own configuration."""
        return self.root / "codegen" / "config.yaml"

    @property
    def generated(self) -> Path:
        """The source root that holds nothing but the generated package."""
        return self.root / "generated_client"

    def relative(self, path: Path) -> str:
        """Return `path` as it is called in messages."""
        return path.relative_to(self.root).as_posix()


def drift(checkout: Checkout, fresh: Path) -> list[str]:
    """Say how the checkout differs from the source root `fresh`, and what to do about it."""
    if changed := list(_changed_inputs(checkout)):
        return changed
    here, there = _files(checkout.generated), _files(fresh)
    return [
        f"{checkout.relative(checkout.generated / name)}: {what}: ./generate.sh restores it"
        for name, what in sorted(
            [(name, "missing") for name in there.keys() - here.keys()]
            + [
                (name, "not generated; own code belongs in overrides/")
                for name in here.keys() - there.keys()
            ]
            + [
                (name, "edited by hand; own code belongs in overrides/")
                for name in here.keys() & there.keys()
                if here[name] != there[name]
            ]
        )
    ]


def _changed_inputs(checkout: Checkout) -> Iterator[str]:
    """Yield the inputs whose hash isn't the one that the checked-in package was made from."""
    module = checkout.generated / PACKAGE / "spec.py"
    text = module.read_text(encoding="utf-8") if module.is_file() else ""
    for name, path in (("SPEC_SHA256", checkout.spec), ("OVERLAY_SHA256", checkout.overlay)):
        recorded = re.search(name + r': Final = \(?\s*"([0-9a-f]{64})"', text)
        if recorded and recorded[1] != hashlib.sha256(path.read_bytes()).hexdigest():
            yield (
                f"{checkout.relative(path)}: changed since generated_client/ was made from it:"
                " run ./generate.sh, or restore the file"
            )


def _files(folder: Path) -> dict[str, bytes]:
    """Return every file below `folder` but Python's caches; a link counts as its target's name."""
    return {
        path.relative_to(folder).as_posix(): (
            b"link to " + str(path.readlink()).encode() if path.is_symlink() else path.read_bytes()
        )
        for path in folder.rglob("*")
        if "__pycache__" not in path.parts and (path.is_symlink() or path.is_file())
    }
