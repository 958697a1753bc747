"""The vendor's spec, and clones of the checkout to run generate.sh on."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from codegen.spec.document import load
from tests.codegen.support import ROOT, Clone, write_overlay

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

PROJECT = """\
[project]
name = "shop-client"
version = "1.0.0"

[tool.codegen]
package = "shop_client"
layer = "shop"
methods = "client.api"
"""

README = """\
# Shop

Before.

<!-- operations: written by ./generate.sh -->
<!-- /operations -->

After.
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


@pytest.fixture
def shop(tmp_path: Path) -> Clone:
    """A checkout of another product, whose spec is shop.yaml."""
    root = tmp_path / "shop"
    (root / "overrides").mkdir(parents=True)
    shutil.copy2(ROOT / "tests" / "codegen" / "shop.yaml", root / "openapi.yaml")
    write_overlay(root, [])
    (root / "overrides" / "generator.yaml").write_text("{}\n")
    (root / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    (root / "CHANGELOG.md").write_text(CHANGELOG, encoding="utf-8")
    (root / "README.md").write_text(README, encoding="utf-8")
    checkout = Clone(root)
    assert checkout.main().returncode == 0
    return checkout
