"""The runs of generate.sh: regenerate from what is checked in, take a new spec, or only look."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from codegen import catalogue, checkout, release, swap
from codegen.diff.packages import python_changes
from codegen.diff.specs import spec_changes
from codegen.errors import CheckoutError, CodegenError, DriftError
from codegen.make import build
from codegen.report import Outlook, Report
from codegen.spec import facts, intake, overlay, selection
from codegen.spec.document import load
from codegen.spec.omissions import omissions
from codegen.spec.overlay import Overlay
from codegen.spec.upstream import Upstream
from codegen.spec.words import few
from codegen.verdict import verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from codegen.checkout import Checkout
    from codegen.diff.rules import Change
    from codegen.make.generator import Package
    from codegen.release import Release
    from codegen.spec.document import Json
    from codegen.spec.facts import Fact
    from codegen.spec.omissions import Omission


class _Fresh(NamedTuple):
    """A whole source root that was just generated, and what README.md is to say of it."""

    root: Path
    package: Package
    omitted: list[Omission]
    readme: str | None


def check(place: Checkout) -> Report:
    """Stop if the checkout isn't what its spec gives; change nothing."""
    with swap.reading(place) as folder:
        upstream, corrections = _checked_in(place), _corrections(place)
        judged = facts.judge(corrections, upstream.document)
        facts.require(judged)
        fresh = _generated(place, upstream, corrections, folder)
        problems = checkout.drift(place, fresh.root)
        if fresh.readme is not None and fresh.readme != _readme(place):
            problems.append("README.md: lists other operations than the spec: run ./generate.sh")
        if problems:
            raise DriftError("\n  ".join(["the checkout is not what the spec gives:", *problems]))
    return Report(facts=judged, left_out=fresh.package.left_out, doubts=fresh.package.warnings)


def regenerate(place: Checkout, sources: Sequence[str], *, dry: bool, force: bool) -> Report:
    """Take `sources` (none: what is checked in) and say what that changes; write unless `dry`.

    A new spec also raises the version and adds to CHANGELOG.md.
    """
    with _workplace(place, dry=dry) as (folder, staging):
        upstream = intake.read(sources) if sources else _checked_in(place)
        try:
            return _regenerated(place, sources, upstream, folder, staging, force=force)
        except CodegenError as stop:
            stop.notes = upstream.notes
            raise


def _regenerated(
    place: Checkout,
    sources: Sequence[str],
    upstream: Upstream,
    folder: Path,
    staging: swap.Staging | None,
    *,
    force: bool,
) -> Report:
    corrections = _corrections(place)
    judged = facts.judge(corrections, upstream.document)
    if facts.reason_to_stop(judged):
        return _stopped(place, sources, upstream, corrections)
    fresh = _generated(place, upstream, corrections, folder)
    before = _effective(place.package)
    in_spec, in_python = _changes(before, place.package, fresh.package)
    version = fresh.package.document["info"]["version"]
    following = release.following(place, in_spec, in_python, version)
    notes = [*upstream.notes, *(_hidden(place, fresh.package.unwanted) if sources else ())]
    moves: dict[Path, Path] = {}
    if staging:
        if not force:
            _require_nothing_lost(place, fresh.root)
        if moves := _moves(place, fresh, upstream, following if sources else None):
            staging.commit(moves)
    return Report(
        sources,
        judged,
        in_spec,
        in_python,
        fresh.package.left_out,
        following,
        bool(moves),
        audience=place.audience,
        calls=fresh.package.calls,
        doubts=fresh.package.warnings,
        omitted=fresh.omitted,
        forgotten_version=version
        if sources and in_spec and before["info"]["version"] == version
        else None,
        notes=notes,
    )


@contextmanager
def _workplace(place: Checkout, *, dry: bool) -> Iterator[tuple[Path, swap.Staging | None]]:
    if dry:
        with swap.reading(place) as folder:
            yield folder, None
    else:
        with swap.staging(place) as staging:
            yield staging.folder, staging


def _checked_in(place: Checkout) -> Upstream:
    return Upstream.read(place.spec.read_bytes(), place.spec.name)


def _corrections(place: Checkout) -> Overlay:
    """Return the overlay, whose facts name files of this checkout."""
    corrections = overlay.read(place.overlay)
    overlay.require_mentions(corrections, place.root)
    return corrections


def _stopped(
    place: Checkout, sources: Sequence[str], upstream: Upstream, corrections: Overlay
) -> Report:
    """Report the facts that no longer hold, and what would follow if they were mended."""
    before = _checked_in(place)
    judged = facts.judge(corrections, upstream.document, before.document)
    changes, invalid = _foreseen(before, upstream, corrections, judged, place.only)
    outlook = Outlook(verdict(changes), invalid)
    stop = facts.reason_to_stop(judged)
    return Report(sources, judged, changes, stop=stop, outlook=outlook, notes=upstream.notes)


def _foreseen(
    before: Upstream,
    upstream: Upstream,
    corrections: Overlay,
    judged: Sequence[Fact],
    chosen: Sequence[str] | None,
) -> tuple[list[Change], str | None]:
    """Compare what the actions that still hold make of both specs, or say what is invalid."""
    states = [fact.state for fact in judged]

    def only(*wanted: str) -> Overlay:
        pairs = zip(corrections.actions, states, strict=False)
        return replace(corrections, actions=tuple(each for each, state in pairs if state in wanted))

    try:
        # What upstream fixed, an action would do to it once more.
        after = build.effective(upstream, only("holds"), chosen)
        had = chosen and selection.present(chosen, before.document)
        known = build.effective(before, only("holds", "fixed"), had)
    except CodegenError as error:
        return [], str(error)
    return spec_changes(known, after), None


def _generated(place: Checkout, upstream: Upstream, corrections: Overlay, folder: Path) -> _Fresh:
    """Generate a whole source root below `folder`."""
    root = folder / "generated"
    audience = place.audience
    package = build.package(
        upstream,
        corrections,
        root / audience.package,
        place.config,
        place.templates,
        only=place.only,
    )
    omitted = [*omissions(corrections), *selection.omissions(package.unwanted)]
    operations = root / catalogue.FILE
    operations.write_text(catalogue.page(package.calls, omitted, audience), encoding="utf-8")
    operations.chmod(0o644)
    checkout.write_manifest(root)
    readme = _readme(place)
    if readme is not None:
        link = place.relative(place.generated / catalogue.FILE)
        readme = catalogue.with_block(
            readme, catalogue.block(package.calls, omitted, audience, link)
        )
    return _Fresh(root, package, omitted, readme)


def _readme(place: Checkout) -> str | None:
    path = place.readme
    try:
        return path.read_bytes().decode("utf-8") if path.is_file() else None
    except UnicodeDecodeError as error:
        raise CheckoutError(f"README.md: not UTF-8: {error}") from None


def _effective(package: Path) -> Json:
    """Return the spec that a package was made from; None for a package that isn't there yet."""
    path = package / "openapi.json"
    return load(path.read_text(encoding="utf-8"), path.name) if path.exists() else None


def _changes(before: Json, old: Path, new: Package) -> tuple[list[Change], list[Change]]:
    """Compare two packages, their specs first; nothing differs from one that isn't there yet."""
    if before is None:
        return [], []
    return spec_changes(before, new.document), python_changes(old, new.folder)


def _hidden(place: Checkout, unwanted: Sequence[str]) -> list[str]:
    """Say which operations a new spec gained of which `only` would keep a person from knowing."""
    known = set(selection.requests(_checked_in(place).document)) if unwanted else ()
    gained = [entry for entry in unwanted if entry not in known]
    return [f"The spec gained operations that `only` leaves out: {few(gained)}."] if gained else []


def _require_nothing_lost(place: Checkout, fresh: Path) -> None:
    if edited := checkout.hand_made(place, fresh):
        raise CheckoutError(
            "generated_client/ has changes that would be lost; move them to overrides/, or say"
            " --force:\n  " + "\n  ".join(edited)
        )


def _moves(
    place: Checkout, fresh: _Fresh, upstream: Upstream, following: Release | None
) -> dict[Path, Path]:
    """Stage what differs from the checkout beside the fresh source root, and say where it goes.

    With a `following` release the spec is new, and the version and CHANGELOG.md go along; what
    `only` was told to this run is kept.
    """
    moves = {fresh.root: place.generated} if checkout.drift(place, fresh.root) else {}
    contents: dict[Path, bytes] = {}
    project = before = place.pyproject.read_text(encoding="utf-8")
    if place.told_only:
        project = checkout.with_only(project, place.told_only)
    if fresh.readme is not None:
        contents[place.readme] = fresh.readme.encode()
    if following:
        contents[place.spec] = upstream.raw
        if following.next != following.current:
            project = release.with_version(project, following.next)
        if following.entry:
            contents[place.changelog] = release.with_entry(place, following.entry).encode()
    if project != before:
        contents[place.pyproject] = project.encode()
    for target, content in contents.items():
        if content != target.read_bytes():
            staged = fresh.root.with_name(target.name)
            staged.write_bytes(content)
            staged.chmod(target.stat().st_mode)
            moves[staged] = target
    return moves
