"""The shop's spec, and checkouts to run generate.sh on."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.codegen import support
from tests.codegen.support import ROOT, SHOP, Clone

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


@pytest.fixture(autouse=True)
def log_everything() -> None:
    """No key is here that a log might show, and griffe says a great deal."""


@pytest.fixture
def upstream() -> Any:
    """The shop's spec as read."""
    return support.shop()


@pytest.fixture(scope="session")
def generated_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return support.checkout(tmp_path_factory.mktemp("shop") / "a clone", SHOP, "shop_client").root


@pytest.fixture
def clone(tmp_path: Path, generated_shop: Path) -> Clone:
    """A checkout for the shop, with a spec, an overlay and a package of its own."""
    root = tmp_path / "a clone"
    shutil.copytree(generated_shop, root, symlinks=True)
    return Clone(root)


@pytest.fixture
def listed(clone: Clone) -> Clone:
    """A checkout for the shop without corrections, whose README.md lists the operations."""
    support.write_overlay(clone.root, [])
    (clone.root / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    (clone.root / "README.md").write_text(README, encoding="utf-8")
    assert clone.main().returncode == 0
    return clone


@pytest.fixture
def project(tmp_path: Path) -> Clone:
    """A copy of this very checkout, for what is said about its spec and overlay."""
    root = tmp_path / "the project"
    support.copy_machinery(root)
    for name in ("overrides", "generated_client"):
        shutil.copytree(ROOT / name, root / name, ignore=support.NOT_OURS, dirs_exist_ok=True)
    for name in ("openapi.yaml", "pyproject.toml", "CHANGELOG.md"):
        shutil.copy2(ROOT / name, root / name)
    return Clone(root)
