"""Killed at any moment, the checkout is all old or all new."""

from __future__ import annotations

import fcntl
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from typing import TYPE_CHECKING, Any

import pytest

from codegen import swap
from codegen.checkout import Checkout
from codegen.errors import CodegenError
from tests.codegen.support import ROOT, write_json

if TYPE_CHECKING:
    from pathlib import Path

    from tests.codegen.support import Clone

NAMES = ("openapi.yaml", "pyproject.toml", "CHANGELOG.md", "generated_client/client.py")

# Commits old → new, and kills the run, the process that makes the moves, or both by SIGKILL before
# its nth call into the system.
KILLED = """
    import os, signal, sys
    from pathlib import Path
    from codegen import swap
    from codegen.checkout import Checkout

    root, last, who = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    calls, parent = 0, os.getpid()

    def counted(function):
        def call(*arguments, **options):
            global calls
            calls += 1
            if calls == last and who in ("both", "run" if os.getpid() == parent else "mover"):
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*arguments, **options)
        return call

    for owner, name in [(os, "fork"), (os, "setsid"), (os, "waitpid"), (os, "_exit"),
                        (Path, "replace"), (Path, "rename"), (Path, "unlink"),
                        (Path, "write_text"), (Path, "mkdir"), (swap, "_exchange"),
                        (swap.shutil, "rmtree")]:
        setattr(owner, name, counted(getattr(owner, name)))
    if sys.argv[4] == "no exchange":
        swap._exchange = lambda left, right: False

    with swap.staging(Checkout(root)) as staging:
        moves = {}
        for name in ("openapi.yaml", "pyproject.toml", "CHANGELOG.md"):
            (staging.folder / name).write_bytes(b"new")
            moves[staging.folder / name] = root / name
        os.mkdir(staging.folder / "generated")
        (staging.folder / "generated" / "client.py").write_bytes(b"new")
        moves[staging.folder / "generated"] = root / "generated_client"
        staging.commit(moves)
"""


def _old(root: Path) -> Checkout:
    for name in NAMES:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"old")
    return Checkout(root)


def _contents(root: Path) -> set[bytes]:
    return {(root / name).read_bytes() for name in NAMES}


def _wait_for_the_lock(root: Path) -> None:
    lock = root / ".codegen" / "lock"
    if lock.exists():
        with lock.open() as file:
            fcntl.flock(file, fcntl.LOCK_EX)


@pytest.mark.parametrize("exchange", ["exchange", "no exchange"])
@pytest.mark.parametrize("who", ["run", "mover", "both"])
def test_sigkill_before_each_step(tmp_path: Path, who: str, exchange: str) -> None:
    outcomes: list[set[bytes]] = []
    for step in range(1, 16):
        root = tmp_path / str(step)
        checkout = _old(root)
        subprocess.run(
            [sys.executable, "-c", textwrap.dedent(KILLED), root, str(step), who, exchange],
            env={"PYTHONPATH": str(ROOT)},
            check=False,
            capture_output=True,
            text=True,
        )
        _wait_for_the_lock(root)
        if who != "both":  # each of the two ends what was begun, whatever became of the other
            assert len(_contents(root)) == 1, step
        with swap.staging(checkout):
            pass
        assert len(_contents(root)) == 1, step
        assert sorted(path.name for path in checkout.workplace.iterdir()) == [".gitignore", "lock"]
        outcomes.append(_contents(root))
    assert outcomes[0] == ({b"new"} if who == "mover" else {b"old"})
    assert outcomes[-1] == {b"new"}


def test_reading_refuses_a_half_done_swap_and_settles_nothing(tmp_path: Path) -> None:
    checkout = _old(tmp_path)
    checkout.workplace.mkdir()
    (checkout.workplace / "lock").touch()
    (checkout.workplace / "journal.json").write_text("[]")
    with pytest.raises(CodegenError, match="half done"), swap.reading(checkout):
        pass
    assert (checkout.workplace / "journal.json").exists()


def test_a_real_run_killed_with_its_process_group(
    clone: Clone, tmp_path: Path, upstream: Any
) -> None:
    old = clone.snapshot()
    spec = upstream | {"info": upstream["info"] | {"version": "9.9.9"}}
    source = write_json(tmp_path / "new.json", spec)
    seen = []
    for delay in [*(random.Random(7).uniform(0.1, 1.2) for _ in range(5)), None]:
        process = subprocess.Popen(
            [clone.root / "generate.sh", "--spec", source],
            start_new_session=True,
            stdout=subprocess.DEVNULL,
        )
        if delay is None:
            assert process.wait() == 0
        else:
            time.sleep(delay)
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        _wait_for_the_lock(clone.root)
        seen.append(clone.snapshot())
    new = seen[-1]
    assert new["openapi.yaml"] == source.read_bytes()
    assert all(state in (old, new) for state in seen)
