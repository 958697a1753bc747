"""The vendor's spec, and clones of the checkout to run generate.sh on."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from codegen.spec.document import load
from tests.codegen.support import ROOT, Clone

INPUTS = (
    "openapi.yaml",
    "generate.sh",
    "codegen",
    "generated_client",
    "overrides",
    "pyproject.toml",
)

CHANGELOG = """\
# Changelog

## [Unreleased]

### Added

- Something by hand.

## [1.0.0] - 2026-11-24

### Added

- The client.

[1.0.0]: https://example.com/1.0.0
"""


@pytest.fixture(scope="session")
def upstream() -> Any:
    """The vendor's spec as read."""
    return load((ROOT / "openapi.yaml").read_text(encoding="utf-8"), "openapi.yaml")


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    """A fresh clone that shares this checkout's .venv."""
    root = tmp_path / "a clone"
    for name in INPUTS:
        target = root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(ROOT / name, target)
    (root / "CHANGELOG.md").write_text(CHANGELOG, encoding="utf-8")
    (root / "scripts").mkdir()
    setup = root / "scripts" / "setup"
    setup.write_text("#!/usr/bin/env bash\n")
    setup.chmod(0o755)
    (root / ".venv").symlink_to(ROOT / ".venv")
    return Clone(root)
