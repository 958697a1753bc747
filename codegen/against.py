"""How any two specs differ as they are published, without a checkout's overlay and its facts."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from codegen.checkout import Audience
from codegen.diff.packages import python_changes
from codegen.diff.specs import spec_changes
from codegen.errors import GenerationError
from codegen.make import build
from codegen.report import Report
from codegen.spec import intake, operations
from codegen.spec.overlay import Overlay

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codegen.checkout import Checkout
    from codegen.make.generator import Package


def compare(place: Checkout, old: Sequence[str], new: Sequence[str]) -> Report:
    """Say how they differ for those who use the specs, and the packages made from them.

    Where the generator can't build a side, they are compared all the same; packages aren't.
    """
    upstreams = {"old": intake.read(old), "new": intake.read(new)}
    made: dict[str, Package] = {}
    unbuilt = []
    with tempfile.TemporaryDirectory() as folder:
        for side, upstream in upstreams.items():
            target = Path(folder) / side / place.package_name
            try:
                made[side] = build.package(upstream, Overlay(), target, None, place.templates)
            except GenerationError as error:
                unbuilt.append(f"the {side} spec, {upstream.name}: {error}")
        after = made.get("new")
        documents = [upstream.document for upstream in upstreams.values()]
        return Report(
            new,
            (),
            spec_changes(*map(operations.with_items_in_place, documents)),
            () if unbuilt else python_changes(made["old"].folder, made["new"].folder),
            after.left_out if after else (),
            audience=Audience(place.package_name),
            calls=after.calls if after else (),
            against=old,
            unbuilt=unbuilt,
            doubts=after.warnings if after else (),
            notes=[note for upstream in upstreams.values() for note in upstream.notes],
        )
