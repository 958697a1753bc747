"""What scripts/release does; see its help."""

from __future__ import annotations

import argparse
import datetime
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from scripts import surface
from scripts.fit import BRANCH, Git, ReleaseError, unfit

from codegen import release as texts
from codegen.checkout import Checkout
from codegen.diff.rules import Change, Level
from codegen.errors import CodegenError
from codegen.verdict import next_version, verdict

ROOT: Final = Path(__file__).resolve().parents[1]
GATES: Final = (
    "scripts/lint",
    "./generate.sh --check",
    "scripts/test",
    "scripts/build",
    "scripts/docs",
)
THOROUGH: Final = ("scripts/lowest", "scripts/matrix", "scripts/mutants", "scripts/rehearse")
USERS_PROGRAM: Final = "tests/package/users_program.py"
_SHOWN: Final = 12


@dataclass(frozen=True)
class Plan:
    """What is released, and the files that this changes."""

    version: str
    last: str | None
    reasons: Sequence[Change]
    notes: str
    writes: dict[str, str] = field(default_factory=dict)

    @property
    def tag(self) -> str:
        """The name of the tag."""
        return f"v{self.version}"

    @property
    def subject(self) -> str:
        """The first line of the commit, and of the tag."""
        return f"Release {self.version}"


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Release what the command line says, or show what that would be."""
    parser = argparse.ArgumentParser(prog="scripts/release", description=__doc__)
    parser.add_argument("version", nargs="?")
    parser.add_argument("--dry-run", action="store_true")
    parser.add_argument("--thorough", action="store_true")
    options = parser.parse_args(arguments)
    gates = [*GATES, *(THOROUGH if options.thorough else ())]
    try:
        plan = look(Git(root), options.version)
        print("\n".join(shown(plan, gates)), flush=True)
        if not options.dry_run:
            carry_out(Git(root), plan, gates)
    except (CodegenError, ReleaseError) as error:
        print(f"scripts/release: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("scripts/release: stopped; run it again to go on", file=sys.stderr)
        return 130
    return 0


def look(git: Git, wanted: str | None) -> Plan:
    """Return what a release would be; changes nothing.

    Raises:
        ReleaseError: something keeps it from being made. All such things are told at once.
    """
    problems = list(unfit(git))
    plan = None
    try:
        plan = _planned(git, wanted)
    except (CodegenError, ReleaseError) as error:
        problems.append(str(error))
    if plan and not problems:
        return plan
    raise ReleaseError("\n  ".join(["there can be no release:", *problems]))


def _planned(git: Git, wanted: str | None) -> Plan:
    place = Checkout(git.root)
    changelog = place.changelog.read_text(encoding="utf-8")
    current, last = texts.current(place), _last(git)
    notes = texts.unreleased(changelog)
    reasons = [*_since(git, last), *surface.said(notes)]
    released = last[1:] if last else texts.released(place)
    honest = next_version(current, released, verdict(reasons))
    version = wanted or honest
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise ReleaseError(f"{version!r} is no version of three numbers, such as {honest}")
    if next_version(version, honest, "none") != version:
        raise ReleaseError(f"{version} says less than what changed, which asks for {honest}")
    if git.ask("rev-parse", "--verify", "--quiet", f"refs/tags/v{version}").stdout:
        raise ReleaseError(_tagged(git, version, reasons))
    written = texts.section(changelog, version)
    if written is None and not notes:
        raise ReleaseError("CHANGELOG.md: Unreleased is empty: say there what changed for users")
    if written is not None and notes:
        raise ReleaseError(
            f"CHANGELOG.md: {version} has a section, and Unreleased has lines: move them into it,"
            " or name a higher version"
        )
    return Plan(version, last, reasons, written or notes, _writes(place, version, changelog, notes))


def _last(git: Git) -> str | None:
    """Return the tag of the last release."""
    found = git.ask("describe", "--tags", "--abbrev=0", "--match", "v[0-9]*.[0-9]*.[0-9]*")
    return found.stdout.strip() or None


def _since(git: Git, last: str | None) -> list[Change]:
    """Return what changed since a tag, by measurement."""
    if last is None:
        return []
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "then.tar"
        git("archive", f"--output={archive}", last, "overrides", "generated_client")
        subprocess.run(["tar", "-xf", archive, "-C", folder], check=True)  # noqa: S607
        return surface.changes(Path(folder), git.root)


def _tagged(git: Git, version: str, reasons: Sequence[Change]) -> str:
    here = git("rev-parse", f"v{version}^{{commit}}") == git("rev-parse", "HEAD")
    if here:
        return f"v{version} is tagged here already: {_push(version)}"
    more = "raise the version" if reasons else "nothing changed since for users"
    return f"{version} is released already: {more}"


def _writes(place: Checkout, version: str, changelog: str, notes: str) -> dict[str, str]:
    """Return the files that a release changes, with what they become."""
    project = place.pyproject.read_text(encoding="utf-8")
    made = {"pyproject.toml": texts.with_version(project, version)}
    if notes:
        today = datetime.datetime.now(datetime.UTC).date().isoformat()
        made["CHANGELOG.md"] = texts.closed(changelog, version, today)
    program = place.root / USERS_PROGRAM
    if program.is_file():
        kept = program.with_name("users") / f"{version}.py"
        made[place.relative(kept)] = program.read_text(encoding="utf-8")
    return {
        name: text
        for name, text in made.items()
        if not (place.root / name).is_file() or (place.root / name).read_text("utf-8") != text
    }


def shown(plan: Plan, gates: Sequence[str]) -> Iterator[str]:
    """Yield the lines that tell a plan."""
    since = f"since {plan.last}" if plan.last else "the first that is tagged"
    yield f"Release {plan.version}, {since}"
    yield from _reasons(plan.reasons)
    yield f"\nWhat people read of it, in CHANGELOG.md and in the tag {plan.tag}:\n"
    yield from (f"    {line}".rstrip() for line in plan.notes.splitlines())
    yield "\nThe commit changes:" if plan.writes else "\nThe commit is made already."
    yield from (f"    {name}" for name in plan.writes)
    yield "\nBefore the tag, these must end well:"
    yield from (f"    {gate}" for gate in gates)
    yield f"\nThen: {_push(plan.version)}; the workflow on the tag publishes.\n"


def _reasons(reasons: Sequence[Change]) -> Iterator[str]:
    told = [change for change in reasons if change.level > Level.COSMETIC]
    if told:
        yield "\nWhat asks for at least that version:"
    for change in sorted(told, key=lambda change: -change.level)[:_SHOWN]:
        yield f"    {change.level}: {change.where}: {change.what}"
    if len(told) > _SHOWN:
        yield f"    and {len(told) - _SHOWN} more"


def _push(version: str) -> str:
    return f"git push --atomic origin {BRANCH} v{version}"


def carry_out(git: Git, plan: Plan, gates: Sequence[str]) -> None:
    """Commit, have each gate passed on the commit, and tag it.

    What has passed isn't done again on the same files: so a run after a failure goes on there.
    """
    if git.ask("var", "GIT_COMMITTER_IDENT").returncode:
        raise ReleaseError("git doesn't know who you are: git config user.name, and user.email")
    if plan.writes:
        for name, text in plan.writes.items():
            (git.root / name).parent.mkdir(parents=True, exist_ok=True)
            (git.root / name).write_text(text, encoding="utf-8")
        git("add", "--", *plan.writes)
        try:
            git("commit", "--quiet", "--message", plan.subject)
        except ReleaseError as error:  # such as a hook of yours, that says no
            back = "To take back what was written: git reset --hard"
            raise ReleaseError(f"{error}\n{back}") from None
    tree = git("rev-parse", "HEAD^{tree}")
    known = git.root / git("rev-parse", "--git-path", "release-passed")
    for gate in gates:
        entry = f"{tree} {gate}\n"
        if known.is_file() and entry in known.read_text(encoding="utf-8"):
            print(f"scripts/release: {gate} has passed before", flush=True)
            continue
        print(f"scripts/release: {gate}", flush=True)
        _pass(git.root, gate)
        with known.open("a", encoding="utf-8") as file:
            file.write(entry)
    if git("status", "--porcelain") or git("rev-parse", "HEAD^{tree}") != tree:
        raise ReleaseError("files changed meanwhile: nothing is tagged; commit, and run it again")
    signed = git.ask("config", "user.signingkey").stdout.strip()
    message = f"{plan.subject}\n\n{plan.notes}\n"
    how = "--sign" if signed else "--annotate"
    git("tag", how, "--cleanup=verbatim", "--message", message, plan.tag)
    print(f"scripts/release: {plan.tag} is tagged. Publish it: {_push(plan.version)}")


def _pass(root: Path, gate: str) -> None:
    command = [str(root / gate.split(maxsplit=1)[0]), *gate.split()[1:]]
    try:
        code = subprocess.run(command, cwd=root, stdin=subprocess.DEVNULL, check=False).returncode
    except OSError as error:
        raise ReleaseError(f"{gate} doesn't start: {error.strerror}") from None
    if code:
        raise ReleaseError(
            f"{gate} ended with {code}: nothing is tagged. Mend it, commit, and run this again;"
            " what passed on the same files isn't repeated. To take the release's commit back:"
            " git reset --keep HEAD~1"
        )


if __name__ == "__main__":
    sys.exit(main())
