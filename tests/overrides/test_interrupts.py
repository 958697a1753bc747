"""FAULTS.md, "signals": an exception at any instruction leaves a client that still works."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no interval timers")
@pytest.mark.parametrize("kind", ["sync", "asyncio", "trio"])
def test_exception_from_a_signal_handler(kind: str) -> None:
    """It propagates; no call hangs, no connection is lost, no later call meets what it left."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.overrides.interrupts", kind, "2000"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["faults"] == []
    assert result["interrupted"] > 30
