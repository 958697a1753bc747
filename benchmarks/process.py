"""Processes that measure: how they are asked, and what they take in CPU and memory (Linux)."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"


class Worker:
    """A process that measures one peer in its environment."""

    def __init__(self, peer: str, python: Path, module: str, *arguments: str) -> None:
        self.peer = peer
        self.python = python
        self._process = start(python, "-m", module, peer, *arguments)

    def ask(self, measure: str, **options: Any) -> Any:
        """Return what the worker measured."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"measure": measure, **options}) + "\n")
        self._process.stdin.flush()
        if not (line := self._process.stdout.readline()):
            raise RuntimeError(f"the worker of {self.peer} failed, see above")
        return json.loads(line)

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *exc: object) -> None:
        self._process.communicate()


def answer(measures: Mapping[str, Callable[..., Any]]) -> None:
    """Measure as `Worker.ask` asks, until it closes standard input, and end the process."""
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps(measures[request.pop("measure")](**request)), flush=True)
    os._exit(0)  # a peer's complaints about unclosed sessions are of no interest


def start(*command: Any) -> subprocess.Popen[str]:
    """Start a process of ours that is talked to in lines."""
    return subprocess.Popen(
        [str(part) for part in command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def waited(process: subprocess.Popen[Any]) -> dict[str, float]:
    """Wait for a process's end and return what it took, by the system's own count."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return {"cpu": usage.ru_utime + usage.ru_stime, "mib": usage.ru_maxrss / 1024}


class CPU:
    """The CPU seconds of this process, all threads, within a block."""

    def __enter__(self) -> CPU:
        gc.collect()
        self._began = time.process_time()
        return self

    def __exit__(self, *exc: object) -> None:
        self.seconds = time.process_time() - self._began


def cpu_seconds(pid: int) -> float:
    """Return the CPU seconds of another process and of those that it started."""
    seconds = 0.0
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has ended, see below
            seconds += cpu_seconds(int(child))
    # Its own: in user and system mode, and those of its children that have ended.
    return seconds + sum(map(int, _status(pid)[11:15])) / os.sysconf("SC_CLK_TCK")


def parent(pid: int) -> int:
    """Return the process that started another."""
    return int(_status(pid)[1])


def _status(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()


def memory_mib(field: str) -> float:
    """Return a field of this process's status in MiB: `VmRSS` now, `VmHWM` at its highest."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1024


def machine() -> dict[str, Any]:
    """Return what is measured on."""
    cpu = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    model = next(line.partition(":")[2] for line in cpu.splitlines() if "model name" in line)
    return {
        "cpu": model.strip(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
    }
