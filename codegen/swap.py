"""All new or all old: several files and one folder of the checkout change together.

Everything new is staged beside its target, on the same file system. A journal then lists the moves,
and a process of its own session makes them, so that killing the run, or its whole process group,
can't stop them half-way. Should that process die too, the journal is still there: the next run
finishes what was begun, or drops what wasn't. A lock keeps a second run out until both are gone.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from codegen.errors import BusyError, CodegenError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codegen.checkout import Checkout

_AT_FDCWD: Final = -100
_RENAME_EXCHANGE: Final = 2


class _Move(NamedTuple):
    """One rename to be made, and the inode by which its target then is known."""

    staged: str
    target: str
    inode: int

    @property
    def is_done(self) -> bool:
        target = Path(self.target)
        return target.exists() and target.stat().st_ino == self.inode

    @property
    def is_begun(self) -> bool:
        return self.is_done or not Path(self.target).exists()

    def make(self) -> None:
        staged, target = Path(self.staged), Path(self.target)
        if not target.is_dir():
            staged.replace(target)
        elif not _exchange(staged, target):
            target.rename(staged.with_name("old"))
            staged.rename(target)


class Staging:
    """A locked place in the checkout, unseen by git, to prepare what is new and put it in place."""

    def __init__(self, home: Path, folder: Path) -> None:
        self.folder = folder
        self._journal = home / "journal.json"

    def commit(self, moves: dict[Path, Path]) -> None:
        """Move each staged path to its target: all of them, whatever happens to this process."""
        journal = [
            _Move(str(staged), str(target), staged.stat().st_ino)
            for staged, target in moves.items()
        ]
        draft = self.folder / "journal.json"
        draft.write_text(json.dumps(journal), encoding="utf-8")
        draft.replace(self._journal)
        if (process := os.fork()) == 0:
            try:
                os.setsid()
                _finish(self._journal)
            finally:
                os._exit(0)
        os.waitpid(process, 0)
        if self._journal.exists():  # the other process was killed
            _finish(self._journal)


@contextmanager
def staging(checkout: Checkout) -> Iterator[Staging]:
    """Lock the checkout, settle what an interrupted run left, and give a place to stage in."""
    home = checkout.workplace
    home.mkdir(exist_ok=True)
    (home / ".gitignore").write_text("*\n", encoding="utf-8")
    with (home / "lock").open("a+") as lock:
        _lock(lock.fileno(), fcntl.LOCK_EX)
        _settle(home / "journal.json")
        for left in home.glob("run-*"):
            shutil.rmtree(left)
        folder = Path(tempfile.mkdtemp(prefix="run-", dir=home))
        try:
            yield Staging(home, folder)
        finally:
            if not (home / "journal.json").exists():  # else the next run still needs what is staged
                shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def reading(checkout: Checkout) -> Iterator[Path]:
    """Keep writers away, and give a folder outside the checkout; the checkout isn't touched."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            lock = (checkout.workplace / "lock").open("r")
        except FileNotFoundError:
            yield Path(folder)
            return
        with lock:
            _lock(lock.fileno(), fcntl.LOCK_SH)
            if (checkout.workplace / "journal.json").exists():
                raise CodegenError("an interrupted run left its work half done; run ./generate.sh")
            yield Path(folder)


def _lock(descriptor: int, kind: int) -> None:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        raise BusyError("another ./generate.sh is at work in this checkout; wait for it") from None


def _settle(journal: Path) -> None:
    """Finish an interrupted swap, or drop it when nothing of it was done."""
    if not journal.exists():
        return
    if any(move.is_begun for move in _moves(journal)):
        _finish(journal)
    else:
        journal.unlink()


def _finish(journal: Path) -> None:
    for move in _moves(journal):
        if not move.is_done:
            move.make()
    journal.unlink()


def _moves(journal: Path) -> list[_Move]:
    return [_Move(*fields) for fields in json.loads(journal.read_text(encoding="utf-8"))]


def _exchange(left: Path, right: Path) -> bool:
    """Exchange two paths in one step where the system can."""
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "renameat2"):
        return False
    paths = os.fsencode(left), os.fsencode(right)
    return not libc.renameat2(_AT_FDCWD, paths[0], _AT_FDCWD, paths[1], _RENAME_EXCHANGE)
