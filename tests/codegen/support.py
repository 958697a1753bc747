"""What the tests of regeneration share: a spec, checkouts for it, runs of generate.sh, files."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codegen.__main__ import main
from codegen.checkout import Checkout
from codegen.spec import overlay
from codegen.spec.document import load

ROOT = Path(__file__).resolve().parents[2]
SHOP = Path(__file__).with_name("shop")
"""A spec, an overlay and the generator's settings, as a checkout has them."""

NOT_OURS = shutil.ignore_patterns("__pycache__")

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
PYPROJECT = """\
[project]
name = "{package}"
version = "1.0.0"

[tool.codegen]
package = "{package}"
"""


@dataclass
class Clone:
    """A checkout with all that generate.sh needs, on which a test can run it."""

    root: Path

    def run(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run generate.sh in a process of its own; `options` are subprocess.run's."""
        return subprocess.run(
            [self.root / "generate.sh", *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            **options,
        )

    def main(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run generate.sh's command line in this process, where the imports are paid for."""
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            try:
                code = main(list(arguments), Checkout(self.root))
            except SystemExit as stop:
                code = int(stop.code or 0)
        return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())

    def snapshot(self) -> dict[str, bytes]:
        """Return everything that a failed run must leave alone."""
        return {
            path.relative_to(self.root).as_posix(): path.read_bytes()
            for path in sorted(self.root.rglob("*"))
            if path.is_file() and not {".codegen", ".git", ".venv", "__pycache__"} & set(path.parts)
        }


def shop() -> Any:
    """Return the shop's spec."""
    return load((SHOP / "openapi.yaml").read_text(encoding="utf-8"), "openapi.yaml")


def checkout(root: Path, inputs: Path, package: str) -> Clone:
    """Make a checkout, at version 1.0.0, for the spec, overlay and settings in the folder `inputs`.

    Files that the overlay's facts are relied on by are made with what they must mention.
    """
    copy_machinery(root)
    shutil.copy2(inputs / "openapi.yaml", root)
    shutil.copy2(inputs / "overlay.yaml", root / "overrides")
    shutil.copy2(inputs / "generator.yaml", root / "overrides")
    (root / "pyproject.toml").write_text(PYPROJECT.format(package=package), encoding="utf-8")
    (root / "CHANGELOG.md").write_text(CHANGELOG, encoding="utf-8")
    for fact in overlay.read(root / "overrides" / "overlay.yaml").facts:
        for name, text in fact.relied_on_by.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            with (root / name).open("a", encoding="utf-8") as file:
                file.write(f"{text}\n")
    clone = Clone(root)
    run = clone.main()
    assert run.returncode == 0, run.stderr
    shutil.rmtree(root / ".codegen")
    return clone


def copy_machinery(root: Path) -> None:
    """Copy what runs into the new folder `root`; it shares this checkout's .venv."""
    for name in ("codegen", "overrides/templates"):
        shutil.copytree(ROOT / name, root / name, ignore=NOT_OURS)
    shutil.copy2(ROOT / "generate.sh", root)
    (root / "scripts").mkdir()
    setup = root / "scripts" / "setup"
    setup.write_text("#!/usr/bin/env bash\n")
    setup.chmod(0o755)
    (root / ".venv").symlink_to(ROOT / ".venv")


def write_json(path: Path, document: Any) -> Path:
    """Write `document` to `path` and return the path."""
    path.write_text(json.dumps(document, indent=2), encoding="utf-8")
    return path


def write_overlay(root: Path, actions: list[Any], facts: list[Any] | None = None) -> Path:
    """Write overrides/overlay.yaml below `root`, with a reason for each action that has none."""
    document = {
        "overlay": "1.0.0",
        "info": {"title": "Corrections", "version": "1"},
        "actions": [{"x-reason": "a test"} | action for action in actions],
        "x-upstream-facts": facts or [],
    }
    return write_json(root / "overrides" / "overlay.yaml", document)


def environment(**changes: str) -> dict[str, str]:
    """Return this process's environment with `changes`."""
    return os.environ | changes
