"""The runs of generate.sh: regenerate from what is checked in, take a new spec, or only look."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from codegen import checkout, release, swap
from codegen.diff.packages import python_changes
from codegen.diff.specs import spec_changes
from codegen.errors import CheckoutError, DriftError, FactsError
from codegen.make import build
from codegen.report import Report
from codegen.spec import facts, intake, overlay
from codegen.spec.document import load
from codegen.spec.overlay import Overlay
from codegen.spec.upstream import Upstream

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from codegen.checkout import Checkout
    from codegen.diff.rules import Change
    from codegen.release import Release


def check(place: Checkout) -> Report:
    """Stop if the checkout isn't what its spec gives; change nothing."""
    with swap.reading(place) as folder:
        upstream, corrections = _checked_in(place), _corrections(place)
        judged = facts.judge(corrections, upstream.document)
        facts.require(judged)
        fresh, left_out = _generated(place, upstream, corrections, folder)
        if problems := checkout.drift(place, fresh):
            raise DriftError(
                "\n  ".join(["generated_client/ is not what the spec gives:", *problems])
            )
    return Report(facts=judged, left_out=left_out)


def regenerate(place: Checkout, sources: Sequence[str], *, dry: bool, force: bool) -> Report:
    """Take `sources` (none: what is checked in) and say what that changes; write unless `dry`.

    A new spec also raises the version and adds to CHANGELOG.md.
    """
    with _workplace(place, dry=dry) as (folder, staging):
        upstream = intake.read(sources) if sources else _checked_in(place)
        corrections = _corrections(place)
        judged = facts.judge(corrections, upstream.document)
        try:
            facts.require(judged)
        except FactsError as stop:
            changes = spec_changes(_checked_in(place).document, upstream.document)
            return Report(sources, judged, changes, stop=stop)
        fresh, left_out = _generated(place, upstream, corrections, folder)
        in_spec, in_python = _changes(place.package, fresh / place.package_name)
        following = release.following(
            place, in_spec, in_python, upstream.document["info"]["version"]
        )
        moves: dict[Path, Path] = {}
        if staging:
            if not force:
                _require_nothing_lost(place, fresh)
            if moves := _moves(place, fresh, upstream, following if sources else None):
                staging.commit(moves)
        return Report(sources, judged, in_spec, in_python, left_out, following, bool(moves))


def compare_published(place: Checkout, old: Sequence[str], new: Sequence[str]) -> Report:
    """Say how any two specs differ as they are, without our overlay and its facts."""
    with tempfile.TemporaryDirectory() as folder:
        before, after = (Path(folder) / side / place.package_name for side in ("old", "new"))
        build.package(intake.read(old), Overlay(), before, None, place.templates)
        left_out = build.package(intake.read(new), Overlay(), after, None, place.templates)
        in_spec, in_python = _changes(before, after)
    return Report(new, (), in_spec, in_python, left_out)


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


def _generated(
    place: Checkout, upstream: Upstream, corrections: Overlay, folder: Path
) -> tuple[Path, list[str]]:
    """Generate a whole source root below `folder`; say what the generator left out."""
    fresh = folder / "generated"
    left_out = build.package(
        upstream, corrections, fresh / place.package_name, place.config, place.templates
    )
    checkout.write_manifest(fresh)
    return fresh, left_out


def _changes(old: Path, new: Path) -> tuple[list[Change], list[Change]]:
    """Compare two packages, their specs first; nothing differs from one that isn't there yet."""
    if not (old / "openapi.json").exists():
        return [], []
    before, after = (
        load((package / "openapi.json").read_text(encoding="utf-8"), "openapi.json")
        for package in (old, new)
    )
    return spec_changes(before, after), python_changes(old, new)


def _require_nothing_lost(place: Checkout, fresh: Path) -> None:
    if edited := checkout.hand_made(place, fresh):
        raise CheckoutError(
            "generated_client/ has changes that would be lost; move them to overrides/, or say"
            " --force:\n  " + "\n  ".join(edited)
        )


def _moves(
    place: Checkout, fresh: Path, upstream: Upstream, following: Release | None
) -> dict[Path, Path]:
    """Stage what differs from the checkout beside `fresh`, and say where it goes.

    With a `following` release the spec is new, and the version and CHANGELOG.md go along.
    """
    moves = {fresh: place.generated} if checkout.drift(place, fresh) else {}
    contents: dict[Path, bytes] = {}
    if following:
        contents[place.spec] = upstream.raw
        if following.next != following.current:
            contents[place.pyproject] = release.with_version(place, following.next).encode()
        if following.entry:
            contents[place.changelog] = release.with_entry(place, following.entry).encode()
    for target, content in contents.items():
        if content != target.read_bytes():
            staged = fresh.with_name(target.name)
            staged.write_bytes(content)
            staged.chmod(target.stat().st_mode)
            moves[staged] = target
    return moves
