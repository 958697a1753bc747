"""The shop's spec, and checkouts to run generate.sh on."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.codegen import support
from tests.codegen.support import ROOT, SHOP, Clone


@pytest.fixture
def upstream() -> Any:
    """The shop's spec as read."""
    return support.shop()


@pytest.fixture(scope="session")
def generated_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return support.checkout(tmp_path_factory.mktemp("shop") / "a clone", SHOP, "shop_client").root


@pytest.fixture
def clone(tmp_path: Path, generated_shop: Path) -> Clone:
    """A checkout of this project's machinery for the shop: a spec, overlay and package of its own."""
    root = tmp_path / "a clone"
    shutil.copytree(generated_shop, root, symlinks=True)
    return Clone(root)


@pytest.fixture
def project(tmp_path: Path) -> Clone:
    """A copy of this very checkout, for what is said about its spec and overlay."""
    root = tmp_path / "the project"
    support.copy_machinery(root)
    shutil.copytree(
        ROOT / "overrides", root / "overrides", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copytree(
        ROOT / "generated_client",
        root / "generated_client",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    for name in ("openapi.yaml", "pyproject.toml", "CHANGELOG.md"):
        shutil.copy2(ROOT / name, root / name)
    return Clone(root)
