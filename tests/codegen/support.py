"""What the tests of regeneration share: clones of the checkout, runs of generate.sh, files."""

from __future__ import annotations

import io
import json
import os
import subprocess
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codegen.__main__ import main
from codegen.checkout import Checkout

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Clone:
    """A copy of what generate.sh needs, on which a test can run it."""

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
