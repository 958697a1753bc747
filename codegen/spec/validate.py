"""Whether a document is OpenAPI 3.0 or 3.1 that stands on its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator

from codegen.errors import SourceError
from codegen.spec import operations, pointer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from openapi_spec_validator.validation.validators import SpecValidator

    from codegen.spec.document import Json

_VALIDATORS: Final = {"3.0": OpenAPIV30SpecValidator, "3.1": OpenAPIV31SpecValidator}
# Keys whose values are data, and the mappings in which a key is a name and never one of those.
_DATA_KEYS: Final = {"example", "examples", "default", "enum", "const"}
_NAME_MAPS: Final = {
    *("properties", "patternProperties", "schemas", "responses", "parameters", "headers"),
    *("requestBodies", "securitySchemes", "links", "callbacks", "pathItems", "variables"),
}
_MOST: Final = 20


def require_openapi(document: Json, name: str) -> None:
    """Stop unless `document` is a valid spec without references to the outside."""
    version = document.get("openapi") if isinstance(document, dict) else None
    validator = _VALIDATORS.get(version[:3]) if isinstance(version, str) else None
    if validator is None:
        raise SourceError(f"{name}: not OpenAPI 3.0 or 3.1 (`openapi` is {version!r})")
    problems = list(_references(document, document, ""))
    if not problems:
        problems = list(_violations(validator(document))) or list(_undefined_schemes(document))
    if problems:
        more = [f"and {len(problems) - _MOST} more"] if len(problems) > _MOST else []
        raise SourceError("\n  ".join([f"{name}: not valid OpenAPI:", *problems[:_MOST], *more]))


def _violations(validator: SpecValidator) -> Iterator[str]:
    try:
        for error in validator.iter_errors():
            words = error.message.partition("\n")[0]
            yield f"{pointer.join(error.absolute_path) or '/'}: {words[:300]}"
    except Exception as error:  # noqa: BLE001 - on some specs it trips after the error it told
        yield f"openapi-spec-validator stopped at {error!r:.300}"


def _references(document: Json, value: Json, where: str) -> Iterator[str]:
    """Yield what is wrong with the references below `value`."""
    if isinstance(value, list):
        for index, child in enumerate(value):
            yield from _references(document, child, f"{where}/{index}")
    if not isinstance(value, dict):
        return
    if isinstance(ref := value.get("$ref"), str):
        if not ref.startswith("#/"):
            yield f"{where}: $ref {ref!r} leads out of the document"
        elif pointer.find(document, ref[1:]) is pointer.ABSENT:
            yield f"{where}: $ref {ref!r} leads nowhere"
    for key, child in value.items():
        is_name = where.rpartition("/")[2] in _NAME_MAPS
        if is_name or not (key in _DATA_KEYS or key.startswith("x-")):
            yield from _references(document, child, where + pointer.join([key]))


def _undefined_schemes(document: Json) -> Iterator[str]:
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
            yield f"{where}: security scheme {name!r} is not defined"
