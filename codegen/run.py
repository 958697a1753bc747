"""The runs of generate.sh: regenerate from what is checked in, take a new spec, or only look."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from codegen import build, checkout, facts, intake, overlay, pythondiff, release, specdiff, swap
from codegen.document import load
from codegen.errors import CheckoutError, DriftError, FactsError
from codegen.verdict import next_version, verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from codegen.build import Upstream
    from codegen.checkout import Checkout
    from codegen.document import Json
    from codegen.report import Report


def check(place: Checkout) -> None:
    """Stop if the checkout isn't what its spec gives; change nothing."""
    with swap.reading(place) as folder:
        fresh, _ = _generated(place, _checked_in(place), folder)
        if problems := checkout.drift(place, fresh):
            raise DriftError(
                "\n  ".join(["generated_client/ is not what the spec gives:", *problems])
            )


def regenerate(
    place: Checkout, report: Report, sources: Sequence[str], *, dry: bool, force: bool
) -> None:
    """Take `sources` (none: what is checked in) and fill `report`; write unless `dry`.

    A new spec also raises the version and adds to CHANGELOG.md.
    """
    with _workplace(place, dry=dry) as (folder, staging):
        upstream = intake.read(sources) if sources else _checked_in(place)
        _judge(place, upstream, report)
        fresh, report.left_out = _generated(place, upstream, folder)
        _compare(place, upstream, fresh, report)
        if staging is None:
            return
        if not force and (edited := checkout.hand_made(place, fresh)):
            raise CheckoutError(
                "generated_client/ has changes that would be lost; move them to overrides/, or say"
                " --force:\n  " + "\n  ".join(edited)
            )
        if moves := _moves(place, upstream, fresh, report, is_new=bool(sources)):
            staging.commit(moves)
            report.written = True


def compare(old: Sequence[str], new: Sequence[str], report: Report) -> None:
    """Fill `report` with the difference of any two specs, without our overlay and its facts."""
    with tempfile.TemporaryDirectory() as folder:
        before, after = (
            _package(intake.read(sources), Path(folder) / name, report)
            for name, sources in (("old", old), ("new", new))
        )
        _differences(before, after, report)


def _package(upstream: Upstream, source_root: Path, report: Report) -> Path:
    report.left_out = build.package(upstream, None, source_root / checkout.PACKAGE, None)
    return source_root


@contextmanager
def _workplace(place: Checkout, *, dry: bool) -> Iterator[tuple[Path, swap.Staging | None]]:
    if dry:
        with swap.reading(place) as folder:
            yield folder, None
    else:
        with swap.staging(place) as staging:
            yield staging.folder, staging


def _checked_in(place: Checkout) -> Upstream:
    return build.Upstream.read(place.spec.read_bytes(), place.spec.name)


def _generated(place: Checkout, upstream: Upstream, folder: Path) -> tuple[Path, list[str]]:
    """Generate a whole source root below `folder`; say what the generator left out."""
    fresh = folder / "generated"
    left_out = build.package(upstream, place.overlay, fresh / checkout.PACKAGE, place.config)
    checkout.write_manifest(fresh)
    return fresh, left_out


def _judge(place: Checkout, upstream: Upstream, report: Report) -> None:
    """Stop if upstream isn't what the overrides rely on; all of it is told at once."""
    report.facts = facts.judge(overlay.read(place.overlay), upstream.document)
    try:
        facts.require(report.facts)
    except FactsError:
        report.spec_changes = specdiff.compare(_checked_in(place).document, upstream.document)
        raise


def _compare(place: Checkout, upstream: Upstream, fresh: Path, report: Report) -> None:
    _differences(place.generated, fresh, report)
    report.current_version = release.current_version(place)
    released = release.released_version(place)
    raised = report.verdict or "none"
    report.next_version = next_version(report.current_version, released, raised)
    version = upstream.document["info"]["version"]
    report.entry = release.entry(report.spec_changes or report.python_changes, version)


def _differences(old: Path, new: Path, report: Report) -> None:
    """Compare two source roots; nothing differs from one that has no package yet."""
    before, after = _effective_spec(old), _effective_spec(new)
    if before is not None:
        report.spec_changes = specdiff.compare(before, after)
        report.python_changes = pythondiff.compare(old, new)
    report.verdict = verdict(report.spec_changes + report.python_changes)


def _effective_spec(source_root: Path) -> Json | None:
    path = source_root / checkout.PACKAGE / "openapi.json"
    return load(path.read_text(encoding="utf-8"), path.name) if path.exists() else None


def _moves(
    place: Checkout, upstream: Upstream, fresh: Path, report: Report, *, is_new: bool
) -> dict[Path, Path]:
    """Stage what differs from the checkout beside `fresh`, and say where it goes."""
    moves = {fresh: place.generated} if checkout.drift(place, fresh) else {}
    contents: dict[Path, bytes] = {}
    if is_new:
        contents[place.spec] = upstream.raw
    if is_new and report.next_version != report.current_version:
        contents[place.pyproject] = release.with_version(place, str(report.next_version)).encode()
    if is_new and report.entry:
        contents[place.changelog] = release.with_entry(place, report.entry).encode()
    for target, content in contents.items():
        if content != target.read_bytes():
            staged = fresh.with_name(target.name)
            staged.write_bytes(content)
            staged.chmod(target.stat().st_mode)
            moves[staged] = target
    return moves
