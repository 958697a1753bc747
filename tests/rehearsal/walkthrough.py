"""CONTRIBUTING's walk through a change of the spec, as it is written there.

It starts from the files in tests/codegen/walkthrough, the vendor's spec and our corrections of it
as they were when it was written: a newer spec is no reason to write it anew.
"""

from __future__ import annotations

import functools
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from tests.rehearsal.scratch import ROOT, Clone
from tests.rehearsal.stages import FailedError, Stage, after, done

START = ROOT / "tests" / "codegen" / "walkthrough"
PLACES = {
    "openapi.yaml": "openapi.yaml",
    "overlay.yaml": "overrides/overlay.yaml",
    "generator.yaml": "overrides/generator.yaml",
}
"""Where in a checkout each of its files belongs."""

CHANGELOG = """\
# Changelog

## [Unreleased]

## [1.0.0] - 2026-11-24

### Added

- The client.
"""

CONSOLES = re.findall(
    r"^```console\n((?:.*\n)*?)```$",
    (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"),
    re.MULTILINE,
)


def page() -> str:
    """Return the page with the mended pattern and the documented 404."""
    spec = (START / "openapi.yaml").read_text(encoding="utf-8")
    (forbidden,) = re.findall(r" +'403':\n(?: {10,}.*\n)+", spec)
    not_found = forbidden.replace("403", "404").replace("Forbidden", "Not Found")
    spec = spec.replace(forbidden, forbidden + not_found)
    spec = spec.replace("version: 1.0.0", "version: 1.1.0").replace("^d+$", "^[0-9]+$")
    return f"# Usage\n\n````yaml get /api/v1/usage/{{bid}}\n{spec}````\n"


def project() -> str:
    """Return pyproject.toml with the version that it starts from."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return re.sub(r'(?m)^version = ".*"$', 'version = "1.0.0"', text, count=1)


def delete_the_obsolete_action(root: Path) -> None:
    """Delete the action that the page makes obsolete from the overlay below `root`."""
    path = root / "overrides" / "overlay.yaml"
    overlay = path.read_text(encoding="utf-8")
    (action,) = re.findall(r"  - target: .*\n    update:\n      pattern: (?:.*\n)+?\n", overlay)
    path.write_text(overlay.replace(action, ""), encoding="utf-8")


def stages(scratch: Clone) -> Iterator[Stage]:
    """Yield the steps of the walkthrough, and what must go well at its end."""
    yield Stage("where it starts", lambda: _start(scratch))
    (scratch.root / "page.md").write_text(page(), encoding="utf-8")
    for number, console in enumerate(CONSOLES, 1):
        yield Stage(f"console {number}", functools.partial(_same, scratch, console))
        if number == 1:
            delete_the_obsolete_action(scratch.root)
    yield Stage("the release", lambda: _release(scratch.root))
    yield from after(scratch, fast=False)


def _start(scratch: Clone) -> None:
    for name, place in PLACES.items():
        shutil.copy2(START / name, scratch.root / place)
    (scratch.root / "CHANGELOG.md").write_text(CHANGELOG, encoding="utf-8")
    (scratch.root / "pyproject.toml").write_text(project(), encoding="utf-8")
    done(scratch, "./generate.sh")
    scratch.git("add", "--all")
    scratch.git("commit", "--quiet", "--allow-empty", "--message=where the walkthrough starts")


def _same(scratch: Clone, console: str) -> None:
    """Run each command of a console, and compare what it says with what is written there."""
    steps = re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", console, re.MULTILINE)
    for (command, written), following in zip(steps, [*steps[1:], ("", "")], strict=True):
        if command == "echo $?":
            continue
        expected = int(following[1]) if following[0] == "echo $?" else 0
        ran = scratch.run("bash", "-c", command)
        said = re.sub(r"(?m)^scripts/setup: installing .*\n", "", ran.stdout)
        if (ran.returncode, said) != (expected, written):
            raise FailedError(
                f"$ {command}\nexit code {ran.returncode}\n{said}\nWritten is:\n{written}"
            )


def _release(root: Path) -> None:
    path = root / "CHANGELOG.md"
    text = path.read_text(encoding="utf-8")
    released = text.replace("## [Unreleased]\n", "## [Unreleased]\n\n## [1.1.0] - 2026-12-01\n", 1)
    path.write_text(released, encoding="utf-8")
