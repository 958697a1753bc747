"""./generate.sh: the same bytes everywhere, and no drift unseen."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.codegen.support import environment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.codegen.support import Clone


def test_a_run_without_a_change_changes_nothing(clone: Clone) -> None:
    before = clone.snapshot()
    assert clone.run().returncode == 0
    assert clone.snapshot() == before


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"cwd": "/"}, id="another folder"),
        pytest.param({"env": environment(LC_ALL="C", LANG="C")}, id="another locale"),
        pytest.param({"umask": 0o077}, id="a private umask"),
        pytest.param({"env": environment(PYTHONHASHSEED="4711")}, id="another hash seed"),
        pytest.param(
            {"env": environment(PYTHONOPTIMIZE="2", PYTHONPATH="/")}, id="Python settings"
        ),
    ],
)
def test_the_same_bytes(clone: Clone, options: dict[str, Any]) -> None:
    before = clone.snapshot()
    shutil.rmtree(clone.root / "generated_client")
    run = clone.run(**options)
    assert (run.returncode, run.stderr) == (0, "")
    assert clone.snapshot() == before


def test_the_same_bytes_with_bash_and_python_alone_below_a_hostile_ruff_toml(
    clone: Clone, tmp_path: Path
) -> None:
    (tmp_path / "ruff.toml").write_text("line-length = 40\nexclude = ['*']\n")
    (tmp_path / ".gitignore").write_text("*\n")
    bare = tmp_path / "bin"
    bare.mkdir()
    for name in ("bash", "env"):
        (bare / name).symlink_to(shutil.which(name) or "")
    before = clone.snapshot()
    shutil.rmtree(clone.root / "generated_client")
    assert clone.run(env={"PATH": str(bare)}).returncode == 0
    assert clone.snapshot() == before


def test_modes_do_not_depend_on_the_umask(clone: Clone) -> None:
    shutil.rmtree(clone.root / "generated_client")
    assert clone.run(umask=0o077).returncode == 0
    modes = {
        (path.is_dir(), path.stat().st_mode & 0o777)
        for path in (clone.root / "generated_client").rglob("*")
    }
    assert modes == {(True, 0o755), (False, 0o644)}


def test_a_stale_file_does_not_survive(clone: Clone) -> None:
    stale = clone.root / "generated_client" / "shop_client" / "models" / "stale.py"
    stale.touch()
    assert clone.main("--force").returncode == 0
    assert not stale.exists()


def _edit(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\n")


@pytest.mark.parametrize(
    ("name", "change", "says"),
    [
        pytest.param("openapi.yaml", _edit, "changed since", id="spec edited"),
        pytest.param("overrides/overlay.yaml", _edit, "changed since", id="overlay edited"),
        pytest.param("generated_client/shop_client/models/pet.py", _edit, "by hand", id="edited"),
        pytest.param("generated_client/shop_client/py.typed", os.unlink, "missing", id="deleted"),
        pytest.param(
            "generated_client/shop_client/extra.py",
            lambda path: path.touch(),
            "not generated",
            id="added",
        ),
        pytest.param(
            "generated_client/extra.py", lambda path: path.touch(), "not generated", id="beside"
        ),
    ],
)
def test_check_names_the_file_and_what_to_do_and_changes_nothing(
    clone: Clone, name: str, change: Callable[[Path], object], says: str
) -> None:
    change(clone.root / name)
    before = _times(clone.root)
    run = clone.main("--check")
    assert run.returncode == 7
    assert f"{name}: " in run.stderr
    assert says in run.stderr
    assert "./generate.sh" in run.stderr
    assert _times(clone.root) == before


def test_check_passes_on_what_was_generated(clone: Clone) -> None:
    before = _times(clone.root)
    assert clone.run("--check").returncode == 0
    assert _times(clone.root) == before


@pytest.mark.parametrize("arguments", [[], ["--check"], ["--dry-run"]])
def test_each_run_stops_when_a_file_that_relies_on_a_fact_is_gone(
    clone: Clone, arguments: list[str]
) -> None:
    (clone.root / "overrides" / "shop.py").unlink()
    before = clone.snapshot()
    run = clone.main(*arguments)
    assert run.returncode == 4
    assert "overrides/shop.py is no text file of this checkout" in run.stderr
    assert clone.snapshot() == before


def _times(root: Path) -> dict[Path, int]:
    return {path: path.lstat().st_mtime_ns for path in [root, *root.rglob("*")]}
