"""scripts/build refuses in words what shouldn't be published. test_wheel.py holds what it makes."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from scripts import build, sbom
from scripts.fit import ReleaseError

ROOT = Path(__file__).parents[2]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Return a checkout with one file."""
    (tmp_path / "kept.txt").write_text("as committed")
    for arguments in (
        ("init", "--quiet"),
        ("add", "--all"),
        ("-c", "user.name=A", "-c", "user.email=a@example.com", "commit", "--quiet", "-m", "one"),
    ):
        subprocess.run(("git", "-C", tmp_path, *arguments), check=True)
    return tmp_path


@pytest.mark.parametrize("name", ["kept.txt", "new.txt"])
def test_tree_that_is_no_commit_is_refused_by_name(clone: Path, name: str) -> None:
    build.require_clean(clone)
    (clone / name).write_text("changed")
    with pytest.raises(build.BuildError, match=rf"(?s)--dirty.*{name}"):
        build.require_clean(clone)


def test_tag_of_another_version_is_refused(clone: Path) -> None:
    (clone / "pyproject.toml").write_text('[project]\nversion = "1.2.3"\n')
    build.require_tag(clone, "v1.2.3")
    with pytest.raises(build.BuildError, match=r"v1\.2\.4.*1\.2\.3"):
        build.require_tag(clone, "v1.2.4")


def test_outside_of_git_nothing_is_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(ReleaseError, match="not a git repository"):
        build.build(tmp_path, tmp_path / "out")


def test_only_files_that_git_knows_are_built(
    clone: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (clone / ".gitignore").write_text("secret.txt\n")
    (clone / "secret.txt").write_text("not for anybody")
    target = tmp_path_factory.mktemp("exported")
    build.export(clone, target)
    assert {path.name for path in target.iterdir()} == {".gitignore", "kept.txt"}


@pytest.mark.parametrize("other", [b"another", None])
def test_builds_that_differ_are_refused(tmp_path: Path, other: bytes | None) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder, content in ((first, b"one"), (second, other)):
        folder.mkdir()
        if content is not None:
            (folder / "x.whl").write_bytes(content)
    build.same(first, first)
    with pytest.raises(build.BuildError, match=r"x\.whl isn't reproducible"):
        build.same(first, second)


def test_sbom_is_the_same_for_the_same_sources_and_another_for_others(tmp_path: Path) -> None:
    text = sbom.text(ROOT, 1_700_000_000)
    assert text == sbom.text(ROOT, 1_700_000_000)
    for name in ("pyproject.toml", "openapi.yaml", "overrides/overlay.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    assert sbom.text(tmp_path, 1_700_000_000) == text
    with (tmp_path / "openapi.yaml").open("a") as file:
        file.write("# another\n")
    others = set(sbom.text(tmp_path, 1_700_000_000).splitlines()) - set(text.splitlines())
    assert len(others) == 2  # the hash, and the number of the SBOM
