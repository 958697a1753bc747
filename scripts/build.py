"""What scripts/build does; see its help."""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from scripts import sbom
from scripts.fit import Git, ReleaseError

ROOT: Final = Path(__file__).resolve().parents[1]
SBOM: Final = "sboms/oneloop-api-client.cdx.json"
PLAIN: Final = {"NO_COLOR": "1", "COLUMNS": "200"}
PACKAGES: Final = (
    *("--toplevel", "oneloop,oneloop_api_client,pytest_oneloop.py"),
    # Several are at the top on purpose; the generator writes one like the other for each tag.
    *("--ignore", "W009,W002"),
)
# What must not change a byte: who builds, where, when, in which language.
FIRST: Final = {"TZ": "UTC", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "1"}
SECOND: Final = {"TZ": "Asia/Kathmandu", "LC_ALL": "C", "PYTHONHASHSEED": "2"}


class BuildError(Exception):
    """Nothing was built, or what was built isn't fit to be published; the message says why."""


def main() -> int:
    """Build into dist/ what the command line says, and print the sums."""
    parser = argparse.ArgumentParser(prog="scripts/build", description=__doc__)
    parser.add_argument("--dirty", action="store_true")
    parser.add_argument("--tag")
    options = parser.parse_args()
    try:
        if not options.dirty:
            require_clean(ROOT)
        if options.tag is not None:
            require_tag(ROOT, options.tag)
        with tempfile.TemporaryDirectory(prefix="build-") as folder:
            made = build(ROOT, Path(folder))
            check(made)
            target = ROOT / "dist"
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(made, target)
    except (BuildError, ReleaseError) as error:
        print(f"scripts/build: {error}", file=sys.stderr)
        return 1
    for path in sorted(target.iterdir()):
        print(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  dist/{path.name}")
    return 0


def require_clean(root: Path) -> None:
    """Refuse a tree that isn't a commit: what is published must be found again."""
    changed = Git(root)("status", "--porcelain")
    if changed:
        raise BuildError(
            "the work tree isn't as committed; commit, or say --dirty for a trial:\n"
            + "\n".join(changed.splitlines()[:20])
        )


def require_tag(root: Path, tag: str) -> None:
    """Refuse a tag that isn't the version: an index keeps what it was given for ever."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    if tag != f"v{project['version']}":
        raise BuildError(f"the tag is {tag}, and pyproject.toml's version {project['version']}")


def build(root: Path, folder: Path) -> Path:
    """Build twice and return the folder of the first, whose bytes are those of the second."""
    epoch = int(Git(root)("log", "-1", "--format=%ct") or 0)
    say("building sdist and wheel")
    first, sources = folder / "first", folder / "sources"
    export(root, sources)
    (sources / SBOM).parent.mkdir()
    (sources / SBOM).write_text(sbom.text(sources, epoch), encoding="utf-8")
    _build(sources, first, epoch, FIRST, umask=0o022)
    say("building both again from the sdist, elsewhere")
    second = folder / "second"
    _build(_unpacked(first, folder / "else where"), second, epoch, SECOND, umask=0o077)
    same(first, second)
    return first


def export(root: Path, target: Path) -> None:
    """Copy the files that git knows: nothing else can be a part of what is built."""
    names = Git(root)("ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    for name in filter(None, names):
        if (root / name).is_file():  # else it is deleted, and not yet in a commit
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / name, target / name)


def same(first: Path, second: Path) -> None:
    """Refuse builds that differ: nobody could tell theirs from one that was tampered with."""
    for name in sorted({path.name for folder in (first, second) for path in folder.iterdir()}):
        contents = [_bytes(folder / name) for folder in (first, second)]
        if contents[0] != contents[1]:
            raise BuildError(f"{name} isn't reproducible: a second build gave other bytes")


def check(folder: Path) -> None:
    """Let twine and check-wheel-contents look at what was built."""
    say("checking what an index would refuse, and what doesn't belong in a wheel")
    files = sorted(path.name for path in folder.iterdir())
    wheels = [name for name in files if name.endswith(".whl")]
    _run(folder, PLAIN, "-m", "twine", "check", "--strict", *files)
    _run(folder, PLAIN, "-m", "check_wheel_contents", "--no-config", *PACKAGES, *wheels)


def say(text: str) -> None:
    """Tell what is done now."""
    print(f"scripts/build: {text}", file=sys.stderr, flush=True)


def _build(sources: Path, target: Path, epoch: int, env: Mapping[str, str], umask: int) -> None:
    command = ("-m", "build", "--no-isolation", "--outdir", target, sources)
    _run(sources.parent, {**env, "SOURCE_DATE_EPOCH": str(epoch)}, *command, umask=umask)


def _unpacked(dist: Path, folder: Path) -> Path:
    """Unpack the sdist, its files as if made now; return the folder in it."""
    (path,) = dist.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        # Python 3.11.2, which Debian has, knows no filters yet.
        archive.extraction_filter = getattr(tarfile, "data_filter", None)
        archive.extractall(folder)  # noqa: S202 - we have just built it
    (unpacked,) = folder.iterdir()
    for each in unpacked.rglob("*"):
        os.utime(each)
    return unpacked


def _run(cwd: Path, env: Mapping[str, str], *arguments: str | Path, umask: int = -1) -> None:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**os.environ, **env},
        umask=umask,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode:
        command = " ".join(map(str, arguments[:3]))
        raise BuildError(f"python {command} failed:\n{done.stdout[-4000:]}")


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


if __name__ == "__main__":
    sys.exit(main())
