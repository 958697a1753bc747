"""Rehearses changes of the vendor's spec: for each, in a scratch clone, ./generate.sh --spec, the
demo, every operation called through the sandbox, ./generate.sh --check, scripts/lint and the whole
test suite. The last two, which take minutes, come once for all the changes that only add something.

Exit code: 0 all went well, 1 something failed, 2 the command line is wrong.
"""

from __future__ import annotations

import argparse
import functools
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import SubprocessError
from typing import Any, NamedTuple

from codegen.spec.document import load
from tests.rehearsal import walkthrough
from tests.rehearsal.changes import Row, mend, pages, rows
from tests.rehearsal.scratch import ROOT, Clone, clone
from tests.rehearsal.stages import FailedError, Stage, after

_FAILURES = (FailedError, LookupError, OSError, RuntimeError, ValueError, SubprocessError)


def main(arguments: list[str] | None = None) -> int:
    """Rehearse what the command line says and return the exit code."""
    options = _options(arguments)
    scenes = [
        scene
        for scene in _scenes(options)
        if not options.words or any(word in scene.name for word in options.words)
    ]
    if options.list:
        print(*(scene.name for scene in scenes), sep="\n")
        return 0
    number, parts = options.part
    failed = 0
    for scene in scenes[number - 1 :: parts]:
        with clone(whole=scene.is_whole) as scratch:
            failed += not _plays(scene.name, scene.play(scratch))
    print(f"{len(scenes[number - 1 :: parts]) - failed} rehearsed, {failed} failed", flush=True)
    return 1 if failed or not scenes else 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/rehearse",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("words", nargs="*", help="rehearse only what has one of these in its name")
    parser.add_argument(
        "--fast", action="store_true", help="leave out scripts/lint and the test suite"
    )
    parser.add_argument(
        "--each", action="store_true", help="have them for each change alone: it takes hours"
    )
    parser.add_argument("--list", action="store_true", help="only list what would be rehearsed")
    parser.add_argument(
        "--part", type=_part, default=(1, 1), metavar="K/N", help="only the Kth of N parts"
    )
    parser.add_argument(
        "--spec",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="in place of the table, this spec of any API beside openapi.yaml; may be repeated",
    )
    return parser.parse_args(arguments)


def _part(text: str) -> tuple[int, int]:
    number, parts = map(int, text.split("/"))
    if not 1 <= number <= parts:
        raise ValueError(text)
    return number, parts


class Scene(NamedTuple):
    """What is rehearsed in one clone, which is whole where lint and tests run in it."""

    name: str
    play: Callable[[Clone], Iterator[Stage]]
    is_whole: bool


def _scenes(options: argparse.Namespace) -> Iterator[Scene]:
    for path in options.spec:
        play = functools.partial(_beside, path=path, fast=options.fast)
        yield Scene(path.name, play, not options.fast)
    if options.spec:
        return
    for row in rows(_spec()):
        fast = options.fast or not (options.each or row.is_whole)
        yield Scene(row.name, functools.partial(_changed, row=row, fast=fast), not fast)
    if not options.fast:
        yield Scene("CONTRIBUTING's walkthrough", walkthrough.stages, is_whole=True)


def _plays(name: str, stages: Iterator[Stage]) -> bool:
    """Do the stages, a line each; say whether all went well."""
    well = True
    for stage in stages:
        began = time.monotonic()
        try:
            stage.do()
        except _FAILURES as error:
            print(f"FAILED  {name}: {stage.name}\n{error}", flush=True)
            if stage.needed:
                return False
            well = False
        else:
            print(f"ok      {name}: {stage.name} ({time.monotonic() - began:.1f} s)", flush=True)
    return well


def _changed(scratch: Clone, row: Row, *, fast: bool) -> Iterator[Stage]:
    """Yield the stages of a row."""
    source = scratch.root.with_name("new.json")
    source.write_text(json.dumps(row.spec(_spec()), indent=2), encoding="utf-8")
    stop, mended = row.stop, row.mend
    if stop:
        yield Stage(f"exit code {stop['code']}", lambda: _stopped(scratch, source, stop))
    if row.verdict == "stopped":
        return
    if mended:
        yield Stage("mended in overrides/", lambda: mend(scratch.root, mended))
    yield Stage(f"taken: {row.verdict}", lambda: _taken(scratch, [source], row.verdict))
    yield from after(scratch, fast=fast)


def _spec() -> Any:
    return load((ROOT / "openapi.yaml").read_text(encoding="utf-8"), "openapi.yaml")


def _beside(scratch: Clone, path: Path, *, fast: bool) -> Iterator[Stage]:
    """Yield the stages of a spec that comes beside the one in openapi.yaml."""
    theirs = load(path.read_text(encoding="utf-8"), path.name)
    sources = [scratch.root.with_name(name) for name in ("ours.json", "theirs.json")]
    for source, document in zip(sources, pages(_spec(), theirs), strict=True):
        source.write_text(json.dumps(document, indent=2), encoding="utf-8")
    yield Stage("taken", lambda: _taken(scratch, sources, None))
    yield from after(scratch, fast=fast)


def _stopped(scratch: Clone, source: Path, stop: dict[str, Any]) -> None:
    ran = scratch.run("./generate.sh", "--spec", source)
    missing = [words for words in stop["says"] if not re.search(words, ran.stdout)]
    if ran.returncode != stop["code"] or missing:
        raise FailedError(f"exit code {ran.returncode}, not said: {missing}\n{ran.stdout}")
    if changed := scratch.git("status", "--porcelain"):
        raise FailedError(f"a stop changed the checkout:\n{changed}")


def _taken(scratch: Clone, sources: list[Path], verdict: str | None) -> None:
    ran = scratch.run("./generate.sh", "--spec", *sources, "--json", stderr=subprocess.PIPE)
    if ran.returncode:
        raise FailedError(f"exit code {ran.returncode}\n{ran.stderr}")
    said = json.loads(ran.stdout)
    if verdict and said["verdict"] != verdict:
        changes = json.dumps(said["changes"], indent=2)
        raise FailedError(f"the verdict is {said['verdict']}:\n{changes}")


if __name__ == "__main__":
    # So that who is stopped tidies up, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
