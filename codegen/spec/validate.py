"""Whether a document is OpenAPI 3.0 or 3.1 that stands on its own, and where it isn't."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from jsonschema.exceptions import SchemaError
from jsonschema.validators import validator_for
from jsonschema_path.paths import SchemaPath
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator
from openapi_spec_validator.schemas import schema_v30, schema_v31

from codegen.errors import SourceError
from codegen.spec import operations, patterns, pointer
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
# Keys whose values are data, and the mappings in which a key is a name and never one of those.
_DATA_KEYS: Final = {"example", "examples", "default", "enum", "const"}
_NAME_MAPS: Final = {
    *("properties", "patternProperties", "schemas", "responses", "parameters", "headers"),
    *("requestBodies", "securitySchemes", "links", "callbacks", "pathItems", "variables"),
}
_MOST: Final = 20
_NO_REFERENCE: Final = "'$ref' is a required property"  # of what isn't meant to be one


class Problem(NamedTuple):
    """What isn't OpenAPI, and the pointer of where: of what is around it, for what is missing."""

    pointer: str
    words: str


def require_openapi(document: Json, upstream: Upstream, corrections: Overlay) -> None:
    """Stop unless `document`, upstream's with the corrections applied, is valid on its own."""
    require_version(document, "the spec with overrides/overlay.yaml applied")
    if not (found := problems(document)):
        return
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


def problems(document: Json) -> list[Problem]:
    """Return what keeps `document` from being valid OpenAPI of its version."""
    if found := list(_loose_ends(document, document, "")) or list(_untold(document)):
        return found
    document = _without_foreign_patterns(document)
    validator, schema = _VALIDATORS[document["openapi"][:3]]
    if _is_valid(validator, document):
        return [*_undefined_schemes(document), *_header_schemas(document)]
    by_place = {
        problem.pointer: problem
        for problem in reversed([*_malformed(schema, document), *_senseless(validator, document)])
    }
    unexplained = [Problem("", "openapi-spec-validator refuses it and doesn't say where")]
    return list(reversed(by_place.values())) or unexplained


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


def _loose_ends(document: Json, value: Json, where: str) -> Iterator[Problem]:
    """Yield what is wrong with the references and patterns in `value` and below."""
    if isinstance(value, list):
        for index, child in enumerate(value):
            yield from _loose_ends(document, child, f"{where}/{index}")
    if not isinstance(value, dict):
        return
    is_name = where.rpartition("/")[2] in _NAME_MAPS
    if "$ref" in value:
        yield from _reference(document, value["$ref"], where, is_name=is_name)
    if not is_name and isinstance(text := value.get("pattern"), str) and not patterns.is_one(text):
        # jsonschema-rs would refuse the whole schema with it, at the first answer.
        yield Problem(f"{where}/pattern", f"{text[:80]!r} is no pattern to check answers by")
    for key, child in value.items():
        if is_name or not (key in _DATA_KEYS or key.startswith("x-")):
            yield from _loose_ends(document, child, where + pointer.join([key]))


def _untold(document: Json) -> Iterator[Problem]:
    """Yield what openapi-spec-validator refuses and doesn't say where."""
    paths, components = document.get("paths"), document.get("components")
    for path, item in paths.items() if isinstance(paths, dict) else ():
        where = pointer.join(["paths", path])
        if "?" in path or "#" in path:
            yield Problem(where, "a path has no query and no fragment")
        if isinstance(item, dict) and "$ref" in item:  # those that lead anywhere are in place
            yield Problem(where, f"$ref {item['$ref']!r:.80} leads to itself")
    schemas = components.get("schemas") if isinstance(components, dict) else None
    clear: set[int] = set()
    for name, schema in schemas.items() if isinstance(schemas, dict) else ():
        if _is_endless(document, schema, frozenset(), clear):
            where = pointer.join(["components", "schemas", name])
            yield Problem(where, "by allOf and $ref it is made of itself")


def _is_endless(document: Json, schema: Json, above: frozenset[int], clear: set[int]) -> bool:
    if not isinstance(schema, dict) or id(schema) in clear:
        return False
    if id(schema) in above:
        return True
    parts = list(every) if isinstance(every := schema.get("allOf"), list) else []
    if "$ref" in schema:
        parts.append(pointer.find(document, schema["$ref"][1:]))
    if any(_is_endless(document, part, above | {id(schema)}, clear) for part in parts):
        return True
    clear.add(id(schema))
    return False


def _without_foreign_patterns(value: Json) -> Json:
    """Return `value` without patterns that `re` refuses: `_loose_ends` has looked at all."""
    if isinstance(value, list):
        return [_without_foreign_patterns(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _without_foreign_patterns(each)
        for key, each in value.items()
        if not (key == "pattern" and isinstance(each, str) and not _is_pythons(each))
    }


def _is_pythons(text: str) -> bool:
    try:
        re.compile(text)
    except re.error:
        return False
    return True


def _reference(document: Json, ref: Json, where: str, *, is_name: bool) -> Iterator[Problem]:
    if not isinstance(ref, str):
        if not is_name:
            yield Problem(where, f"$ref {ref!r:.80} is not a string")
    elif not ref.startswith("#/"):
        yield Problem(where, f"$ref {ref!r} leads out of the document")
    elif pointer.find(document, ref[1:]) is pointer.ABSENT:
        yield Problem(where, f"$ref {ref!r} leads nowhere")


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
