"""Whether a document is OpenAPI 3.0 or 3.1 that stands on its own, and where it isn't."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from jsonschema.exceptions import SchemaError
from jsonschema.validators import validator_for
from jsonschema_path.paths import SchemaPath
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator
from openapi_spec_validator.schemas import schema_v30, schema_v31

from codegen.errors import SourceError
from codegen.spec import operations, patterns, pointer, proposals
from codegen.spec.soundness import Problem, endless, loose_ends
from codegen.spec.upstream import require_version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jsonschema.exceptions import ValidationError
    from openapi_spec_validator.validation.keywords import KeywordValidator
    from openapi_spec_validator.validation.validators import SpecValidator

    from codegen.spec.document import Json
    from codegen.spec.overlay import Overlay
    from codegen.spec.upstream import Upstream

_VALIDATORS: Final[dict[str, tuple[type[SpecValidator], Any]]] = {
    "3.0": (OpenAPIV30SpecValidator, schema_v30),
    "3.1": (OpenAPIV31SpecValidator, schema_v31),
}
_MOST: Final = 20
_NO_REFERENCE: Final = "'$ref' is a required property"  # of what isn't meant to be one


class Judgement(NamedTuple):
    """What keeps a document from being OpenAPI, and what it says that nobody can hold to."""

    problems: list[Problem]
    doubts: list[Problem]


def require_openapi(document: Json, upstream: Upstream, corrections: Overlay) -> list[str]:
    """Stop unless `document`, upstream's with the corrections applied, is valid on its own.

    Returns in words what a person should know of it all the same.
    """
    require_version(document, "the spec with overrides/overlay.yaml applied")
    found, doubts = judged(document)
    if not found:
        lines = upstream.lines([doubt.pointer for doubt in doubts])
        return [
            f"{where} ({_origin(where, corrections, upstream.document) or lines[where]}): {words}"
            for where, words in doubts
        ]
    told = found[:_MOST]
    lines = upstream.lines([problem.pointer for problem in told])
    more = [f"and {len(found) - _MOST} more"] if len(found) > _MOST else []
    advice = " An action in overrides/overlay.yaml can mend it:" if corrections.raw else ""
    headline = f"{upstream.name}: not valid OpenAPI.{advice}"
    listed = [
        f"{where or 'the document'}"
        f" ({_origin(where, corrections, upstream.document) or lines[where]}): {words}"
        for where, words in told
    ]
    raise SourceError("\n  ".join([headline, *listed, *more]))


def judged(document: Json) -> Judgement:
    """Return what is wrong with `document` as OpenAPI of its version, and what is in doubt."""
    doubts: dict[str, Problem] = {}
    if found := list(loose_ends(document, document, "", doubts)) or list(endless(document)):
        return Judgement(found, [])
    document = _without_foreign_patterns(document)
    validator, schema = _VALIDATORS[document["openapi"][:3]]
    validator = _doubting_defaults(validator, document, doubts)
    if _is_valid(validator, document):
        found = [*_undefined_schemes(document), *_header_schemas(document)]
        return Judgement(found, list(doubts.values()))
    by_place = {
        problem.pointer: problem
        for problem in reversed([*_malformed(schema, document), *_senseless(validator, document)])
    }
    unexplained = [Problem("", "openapi-spec-validator refuses it and doesn't say where")]
    return Judgement(list(reversed(by_place.values())) or unexplained, list(doubts.values()))


def _doubting_defaults(
    validator: type[SpecValidator], document: Json, doubts: dict[str, Problem]
) -> type[SpecValidator]:
    """Return the validator with doubts about defaults that their own schemas refuse."""
    plain = validator.keyword_validators["default"]

    def call(self: Any, schema: SchemaPath, value: Json) -> Iterator[ValidationError]:
        where = pointer.followed(document, [*schema.parts, "default"])
        for error in plain.__call__(self, schema, value):
            words = error.message.partition("\n")[0][:200]
            doubts[where] = Problem(
                where,
                f"the schema refuses its own default ({words}), which generated code may send where"
                f" nothing is given. To leave it out:\n{proposals.removing(document, where)}",
            )
        yield from ()

    doubting = type(plain.__name__, (plain,), {"__call__": call})
    keywords = {**validator.keyword_validators, "default": doubting}
    return type(validator.__name__, (validator,), {"keyword_validators": keywords})


def _origin(where: str, corrections: Overlay, document: Json) -> str | None:
    """Return the action that says what is at the pointer `where`, if one does.

    Of what is copied, upstream's `document` may say the same at both places.
    """
    return next(
        (
            action.override
            for action in reversed(corrections.actions)
            if not (action.copy and pointer.find(document, where) is not pointer.ABSENT)
            if any(
                pointer.find(source, where.removeprefix(place)) is not pointer.ABSENT
                for source in action.sources(document).values() or (action.update,)
                for place in action.expected_places
                if where.startswith(place + "/")
                or (where == place and not isinstance(source, dict | list))
            )
        ),
        None,
    )


def _is_valid(validator: type[SpecValidator], document: Json) -> bool:
    try:
        return validator(document).is_valid()
    except Exception:  # noqa: BLE001 - it trips over what it would have told
        return False


def _malformed(schema: Json, document: Json) -> Iterator[Problem]:
    """Yield what OpenAPI's own JSON schema refuses, each with the deepest reason."""
    for error in validator_for(schema)(schema).iter_errors(document):
        reason = _reason(error)
        words = reason.message.partition("\n")[0][:300]
        yield Problem(pointer.join(reason.absolute_path), words)


def _reason(error: ValidationError) -> ValidationError:
    """Return why none of several schemas fits: what the one that comes furthest says."""
    while branches := [branch for branch in error.context or () if branch.message != _NO_REFERENCE]:
        error = max(branches, key=lambda branch: len(branch.absolute_path))
    return error


def _senseless(validator: type[SpecValidator], document: Json) -> Iterator[Problem]:
    """Yield what no JSON schema can tell: unresolved parameters, ids that are used twice."""
    at: list[tuple[Any, ...]] = []  # where the keyword validators are at work, the innermost last

    def tracked(keyword: type[KeywordValidator]) -> type[KeywordValidator]:
        def call(self: Any, *arguments: Any, **options: Any) -> Iterator[ValidationError]:
            paths = [argument.parts for argument in arguments if isinstance(argument, SchemaPath)]
            at.append(paths[0] if paths else ())
            yield from keyword.__call__(self, *arguments, **options)
            at.pop()

        return type(keyword.__name__, (keyword,), {"__call__": call})

    keywords = {name: tracked(each) for name, each in validator.keyword_validators.items()}
    tracking = type(validator.__name__, (validator,), {"keyword_validators": keywords})(document)
    try:
        for error in tracking.root_validator(tracking.schema_path):
            words = error.message.partition("\n")[0][:300]
            yield Problem(pointer.followed(document, [*at[-1], *error.absolute_path]), words)
    except Exception:  # noqa: BLE001 - it trips over what is malformed, which is told already
        return


def _without_foreign_patterns(value: Json) -> Json:
    """Return `value` without patterns that a validator trips over: `loose_ends` has seen all."""
    if isinstance(value, list):
        return [_without_foreign_patterns(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _without_foreign_patterns(each)
        for key, each in value.items()
        if not (key == "pattern" and isinstance(each, str) and not patterns.is_validators(each))
    }


def _undefined_schemes(document: Json) -> Iterator[Problem]:
    """Yield security requirements that name no scheme: openapi-spec-validator doesn't look."""
    defined = document.get("components", {}).get("securitySchemes", {})
    places = [("/security", document.get("security", []))] + [
        (pointer.join(["paths", path, method, "security"]), operation.get("security", []))
        for path, method, operation in operations.each(document)
    ]
    for where, requirements in places:
        for name in sorted(
            {name for requirement in requirements for name in requirement} - defined.keys()
        ):
            yield Problem(where, f"security scheme {name!r} is not defined")


def _header_schemas(document: Json) -> Iterator[Problem]:
    """Yield what is wrong with the schemas of headers: openapi-spec-validator passes 3.1's over."""
    if document["openapi"].startswith("3.0"):
        return
    owners = [
        (["paths", path, method, "responses", status], response)
        for path, method, operation in operations.each(document)
        for status, response in operation.get("responses", {}).items()
    ]
    components = document.get("components", {})
    owners += [
        (["components", "responses", name], response)
        for name, response in components.get("responses", {}).items()
    ]
    owners.append((["components"], components))
    for parts, owner in owners:
        for name, header in owner.get("headers", {}).items():
            try:
                OAS31Validator.check_schema(header.get("schema", {}))
            except SchemaError as error:
                where = [*parts, "headers", name, "schema", *error.absolute_path]
                yield Problem(pointer.join(where), error.message[:300])
