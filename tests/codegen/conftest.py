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
def corrected_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return support.checkout(tmp_path_factory.mktemp("shop") / "a clone", SHOP, "shop").root


@pytest.fixture(scope="session")
def plain_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plain")
    shutil.copy2(SHOP / "openapi.yaml", folder)
    return support.checkout(folder / "shop", folder, "shop").root


@pytest.fixture
def clone(tmp_path: Path, corrected_shop: Path) -> Clone:
    """A checkout for the shop, with an overlay, facts and settings."""
    root = tmp_path / "a clone"
    shutil.copytree(corrected_shop, root, symlinks=True)
    return Clone(root)


@pytest.fixture
def shop(tmp_path: Path, plain_shop: Path) -> Clone:
    """A checkout for the shop, its spec as it is."""
    root = tmp_path / "shop"
    shutil.copytree(plain_shop, root, symlinks=True)
    return Clone(root)


@pytest.fixture
def project(tmp_path: Path) -> Clone:
    """A copy of this very checkout, for what is said about its spec and overlay."""
    root = tmp_path / "the project"
    support.copy_machinery(root)
    for name in ("overrides", "generated_client"):
        shutil.copytree(ROOT / name, root / name, ignore=support.NOT_OURS, dirs_exist_ok=True)
    for name in ("openapi.yaml", "pyproject.toml", "CHANGELOG.md", "README.md"):
        shutil.copy2(ROOT / name, root / name)
    return Clone(root)
