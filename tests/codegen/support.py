"""What the tests of regeneration share: clones of the checkout, runs of generate.sh, files."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Clone:
    """A copy of what generate.sh needs, on which a test can run it."""

    root: Path

    def run(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run the clone's generate.sh; its scripts/setup is a no-op that borrows our .venv."""
        return subprocess.run(
            [self.root / "generate.sh", *arguments],
            capture_output=True,
            text=True,
            check=False,
            **({"timeout": 60} | options),
        )

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


def environment(**changes: str) -> dict[str, str]:
    """Return this process's environment with `changes`."""
    return os.environ | changes
