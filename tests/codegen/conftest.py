"""The shop's spec, and checkouts to run generate.sh on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment

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


@pytest.fixture(scope="session", autouse=True)
def compile_once() -> Iterator[None]:
    """Compile each of the generator's templates once: it took most of the time of a run here."""
    compiled: dict[Any, Any] = {}
    compile_template = Environment.compile

    def compile_(self: Environment, *what: Any) -> Any:
        if what not in compiled:
            compiled[what] = compile_template(self, *what)
        return compiled[what]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Environment, "compile", compile_)
        yield


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
    return _copy(generated_shop, tmp_path)


@pytest.fixture(scope="session")
def listed_shop(tmp_path_factory: pytest.TempPathFactory, generated_shop: Path) -> Path:
    made = _copy(generated_shop, tmp_path_factory.mktemp("listed"))
    support.write_overlay(made.root, [])
    (made.root / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    (made.root / "README.md").write_text(README, encoding="utf-8")
    assert made.main().returncode == 0
    return made.root


@pytest.fixture
def listed(tmp_path: Path, listed_shop: Path) -> Clone:
    """A checkout for the shop without corrections, whose README.md lists the operations."""
    return _copy(listed_shop, tmp_path)


def _copy(root: Path, folder: Path) -> Clone:
    shutil.copytree(root, folder / "a clone", symlinks=True)
    return Clone(folder / "a clone")


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
