"""What a generated package must be, or the run stops with what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codegen.errors import GenerationError
from codegen.make import inspection, sending, successes
from codegen.spec import proposals

if TYPE_CHECKING:
    import ast
    from collections.abc import Mapping, Sequence

    from codegen.spec.document import Json


def require_whole(
    document: Json,
    package: str,
    modules: dict[str, ast.Module],
    aliases: Mapping[str, str],
    left_out: Sequence[str],
) -> None:
    """Stop unless the package's modules do what the spec says with what our code works with.

    `document` is the spec as the generator read it.
    """
    dropped = inspection.mismatches(document, modules)
    require_none(
        "generated functions are not the spec's operations. In overrides/overlay.yaml, mend what"
        " the generator can't write, or leave it out on purpose (`remove: true`):",
        dropped,
        [*left_out, *proposals.leaving_out(document, dropped)],
    )
    require_none(
        "two schemas became one module: name one otherwise, in class_overrides of"
        " overrides/generator.yaml:",
        inspection.missing_models(modules),
    )
    require_none(
        "generated code needs models that the generator left out. In overrides/overlay.yaml, mend"
        " the schema or leave out on purpose what needs it (`remove: true`):",
        inspection.astray(modules),
        left_out,
    )
    unlike = sending.unlike(document)
    require_none(
        "generated code doesn't send parameters as the spec says. In overrides/overlay.yaml, mend"
        " the parameter or leave it or its operation out on purpose (`remove: true`):",
        unlike,
        proposals.leaving_out(document, unlike),
    )
    require_none(
        "generated code can't tell by a body's Python type which media type it is of. In"
        " overrides/overlay.yaml, leave all of them but one out on purpose (`remove: true`):",
        sending.ambiguous(modules),
    )
    require_none(
        "generated models mix up their own names with a field's. In overrides/overlay.yaml, leave"
        " the field or what it is for out on purpose (`remove: true`):",
        inspection.shadowed(modules),
    )
    unread = successes.unread(document, modules, aliases, left_out)
    require_none(
        "generated code doesn't read what the spec documents as a success. In"
        " overrides/overlay.yaml, mend the schema or leave the operation, the status or the media"
        " type out on purpose (`remove: true`); or name a media type that the generator reads"
        " instead, in content_type_overrides of overrides/generator.yaml:",
        unread,
        proposals.leaving_out(document, unread),
    )
    require_none(
        "generated modules import a library that nothing here is made for: go back to the generator"
        " that didn't, or adapt our code to it and declare it in pyproject.toml and in"
        " codegen/make/inspection.py:",
        inspection.foreign_imports(package, modules),
    )


def require_importable(unimportable: Sequence[str]) -> None:
    """Stop if there are modules that don't import."""
    require_none(
        "generated modules don't import. An overlay action can leave out what they are written for"
        " (`remove: true` in overrides/overlay.yaml):",
        unimportable,
    )


def require_none(headline: str, problems: Sequence[str], details: Sequence[str] = ()) -> None:
    """Stop if there are problems."""
    if problems:
        lines = "\n".join([*problems, *details]).splitlines()
        raise GenerationError("\n  ".join([headline, *lines]))
