"""Takes the SBOM that scripts/build wrote beside the sources into the wheel, as PEP 770 says.

An install from a clone has none: its sources are the clone itself.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class SbomHook(BuildHookInterface[Any]):
    """Hatchling's hook before a wheel is built."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Name the files that belong in .dist-info/sboms/."""
        build_data["sbom_files"] += sorted(
            path.relative_to(self.root).as_posix() for path in Path(self.root).glob("sboms/*.json")
        )
