"""Gives every peer an environment of its own, from hash-locked requirements."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from benchmarks.peers import PROJECT
from benchmarks.process import ROOT

Requirements: TypeAlias = tuple[str, ...]

_DEV_LOCK = ROOT / "requirements-dev.txt"
_LOCKS = ROOT / "benchmarks" / "locks"
_ENVIRONMENTS = ROOT / "benchmarks" / ".venvs"
_SPEC = ROOT / "generated_client" / "oneloop_api_client" / "openapi.json"
_UV = Path(sys.executable).with_name("uv")


def make(wanted: Mapping[str, Requirements]) -> dict[str, Path]:
    """Return each peer's Python, its environment made anew where anything changed."""
    wheel = _wheel()
    return {name: _environment(name, wanted[name], wheel) for name in wanted}


def versions(python: Path) -> dict[str, str]:
    """Return the distributions of an environment and their versions."""
    folder = python.parents[1]
    site_packages = next((folder / "lib").glob("python*")) / "site-packages"
    found = importlib.metadata.distributions(path=[str(site_packages)])
    return {distribution.name: distribution.version for distribution in found}


def lock(wanted: Mapping[str, Requirements], *options: str) -> None:
    """Rewrite the locks of the peers that aren't ours; those have requirements-dev.txt."""
    for name, requirements in wanted.items():
        if not _is_ours(requirements):
            _run(
                *(_UV, "pip", "compile", "--quiet", "--universal", "--python-version", "3.11"),
                *("--generate-hashes", "--no-emit-index-url", "--no-emit-find-links"),
                *("--no-header", "--output-file", _LOCKS / f"{name}.txt", *options, "-"),
                text="\n".join(requirements),
            )


def _environment(name: str, requirements: Requirements, wheel: Path) -> Path:
    folder = _ENVIRONMENTS / name
    python = folder / "bin" / "python"
    lines = [_from_wheel(requirement, wheel) for requirement in requirements]
    locked = _DEV_LOCK if _is_ours(requirements) else _LOCKS / f"{name}.txt"
    stamp = folder / "stamp"
    want = "\n".join([*lines, _digest(locked), _digest(_SPEC), sys.version, str(ROOT)])
    if stamp.exists() and stamp.read_text() == want:
        return python
    print(f"scripts/bench: installing {', '.join(requirements)}", file=sys.stderr)
    _run(_UV, "venv", "--quiet", "--clear", "--python", sys.executable, folder)
    install = (_UV, "pip", "install", "--quiet", "--python", python, "--compile-bytecode")
    if _is_ours(requirements):
        _run(
            *(*install, "--require-hashes", "--constraint", locked, "--requirement", "-"),
            text="\n".join(lines),
        )
    else:
        _run(*install, "--require-hashes", "--requirement", locked)
    if name == "openapi-generator":
        _generate(folder)
    stamp.write_text(want)
    return python


def _is_ours(requirements: Requirements) -> bool:
    return any(requirement.startswith(PROJECT) for requirement in requirements)


def _wheel() -> Path:
    """Build this checkout's wheel: users have that, not an editable install."""
    folder = _ENVIRONMENTS / "wheel"
    shutil.rmtree(folder, ignore_errors=True)
    _run(
        *(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT),
        environment={"SOURCE_DATE_EPOCH": "315532800"},
    )
    return next(folder.glob("*.whl"))


def _from_wheel(requirement: str, wheel: Path) -> str:
    if not requirement.startswith(PROJECT):
        return requirement
    return f"{requirement} @ {wheel.as_uri()} --hash=sha256:{_digest(wheel)}"


def _generate(folder: Path) -> None:
    """Generate OpenAPI Generator's clients, from the mended spec: with the vendor's it refuses."""
    site_packages = next((folder / "lib").glob("python*")) / "site-packages"
    for library in ("urllib3", "asyncio"):
        package = f"openapi_generator_{library}"
        with tempfile.TemporaryDirectory() as temporary:
            _run(
                *(folder / "bin" / "openapi-generator-cli", "generate", "-g", "python"),
                *("-i", _SPEC, "-o", temporary, "--library", library, "--package-name", package),
            )
            shutil.copytree(Path(temporary) / package, site_packages / package)


def _run(
    *command: object, text: str | None = None, environment: dict[str, str] | None = None
) -> None:
    done = subprocess.run(
        [str(part) for part in command],
        input=text,
        env=os.environ | (environment or {}),
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
