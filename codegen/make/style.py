"""Sorting and formatting of generated modules by the locked ruff; it finds undefined names, too."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

from codegen.errors import GenerationError
from codegen.make.checks import require_none

# --isolated and --no-respect-gitignore: nothing in or above the folder has a say.
_RUFF: Final = (
    "--isolated",
    "--no-cache",
    "--quiet",
    "--line-length=100",
    "--no-respect-gitignore",
    "--target-version=py311",
)
# Its rules for a name that is defined nowhere, or again.
_BROKEN: Final = {"F811", "F821", "F822", "F823"}


def format_package(folder: Path) -> None:
    """Sort and format the package's modules, and stop if one has a name not at all, or twice."""
    found = json.loads(
        _ruff(folder, "check", "--fix", "--exit-zero", "--select=F,I", "--output-format=json")
    )
    require_none(
        "generated modules use names that they don't define, or define them twice. Name a model"
        " otherwise (class_overrides in overrides/generator.yaml), or leave out what they are made"
        " for (`remove: true` in overrides/overlay.yaml):",
        list(
            dict.fromkeys(
                f"{Path(it['filename']).relative_to(folder.resolve())}: {it['message']}"
                for it in found
                if it["code"] in _BROKEN
            )
        ),
    )
    _ruff(folder, "format")


def _ruff(folder: Path, *command: str) -> str:
    """Run ruff on the package's files, named one by one: it passes over some folder names."""
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*.py"))
    ruff = Path(sys.executable).with_name("ruff")
    try:
        run = subprocess.run(  # noqa: S603 - our own locked ruff
            [ruff, *command, *_RUFF, *files],
            cwd=folder,
            check=False,
            capture_output=True,
            text=True,
        )
    except OSError as error:
        raise GenerationError(f"the locked ruff doesn't run: {error}") from None
    if run.returncode:
        raise GenerationError(f"ruff {command[0]} failed: {run.stderr or run.stdout}")
    return run.stdout
