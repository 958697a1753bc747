"""What tells the models of a union apart: openapi-python-client passes over discriminators."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from openapi_python_client.parser.properties import ModelProperty

from codegen.errors import GenerationError
from codegen.spec import operations

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from openapi_python_client.parser.properties.union import UnionProperty

    from codegen.spec.document import Json


class Discriminator(NamedTuple):
    """What tells a union's schemas apart: for each reference a field, and the values leading to it.

    References to unions in it are those of theirs.
    """

    references: frozenset[str]
    values: dict[str, tuple[str, list[str]]]


def discriminators(document: Json) -> list[Discriminator]:
    """Return those of all unions of schemas with a name, wherever they stand."""
    return [
        Discriminator(frozenset(_references(document, union)), _values(document, union))
        for union in _unions(document)
    ]


def of_union(
    union: UnionProperty, known: list[Discriminator], classes: Mapping[str, str]
) -> dict[str, tuple[str, list[str]]]:
    """Return field and values by the class of each model that has such in a generated union.

    `classes` are the names of the models' classes by reference. A generated union doesn't know its
    schema: what tells these very classes apart counts; where nothing does, what tells some apart.

    Raises:
        GenerationError: one union tells them apart in one way, another in another.
    """
    here = {it.class_info.name for it in union.inner_properties if isinstance(it, ModelProperty)}
    parts = [each for each in known if _names(each.values, classes) <= here]
    wholes = [each for each in parts if _names(each.references, classes) == here]
    found: dict[str, tuple[str, list[str]]] = {}
    led: dict[tuple[str, str], set[str]] = {}
    for each in wholes or parts:
        leads: dict[tuple[str, str], set[str]] = {}
        for reference in sorted(each.values.keys() & classes.keys()):
            name, (field, values) = classes[reference], each.values[reference]
            known_field, known_values = found.get(name, (field, []))
            found[name] = field, list(dict.fromkeys([*known_values, *values]))
            for value in values:
                leads.setdefault((field, value), set()).add(name)
            if known_field != field:
                raise _clash(here)
        if any(led.get(key, names) != names for key, names in leads.items()):
            raise _clash(here)
        led |= leads
    return found


def _clash(names: Iterable[str]) -> GenerationError:
    return GenerationError(
        f"the models {', '.join(sorted(names))} are told apart by another field or by other values"
        " in one union than in another. In overrides/overlay.yaml, make their discriminators the"
        " same, or leave one union out on purpose (`remove: true`)"
    )


def _names(references: Iterable[str], classes: Mapping[str, str]) -> set[str]:
    return {classes[each] for each in references if each in classes}


def _unions(value: Json) -> Iterator[Json]:
    for each in value.values() if isinstance(value, dict) else value:
        if isinstance(each, dict | list):
            yield from _unions(each)
    told_by = value.get("discriminator") if isinstance(value, dict) else None
    if isinstance(told_by, dict) and isinstance(told_by.get("propertyName"), str):  # no field of it
        yield value


def _variants(union: Json) -> list[Json]:
    return [*union.get("oneOf", ()), *union.get("anyOf", ())]


def _references(document: Json, union: Json, above: tuple[int, ...] = ()) -> Iterator[str]:
    """Yield the references of a union and of those in it."""
    for variant in _variants(union):
        inner = operations.resolved(document, variant)
        if not _variants(inner):
            yield variant.get("$ref", "")
        elif id(inner) not in above:
            yield from _references(document, inner, (*above, id(inner)))


def _values(document: Json, union: Json) -> dict[str, tuple[str, list[str]]]:
    told_by = union["discriminator"]
    field, mapping = told_by["propertyName"], told_by.get("mapping", {})
    values: dict[str, tuple[str, list[str]]] = {}
    for variant in _variants(union):
        reference = variant.get("$ref", "")
        name = reference.rpartition("/")[2]
        said = [value for value, to in mapping.items() if to.rpartition("/")[2] == name]
        inner = operations.resolved(document, variant)
        if _variants(inner):
            if "discriminator" in inner and inner is not union:
                values |= _values(document, inner)
            elif said:
                values |= dict.fromkeys(_references(document, inner, (id(inner),)), (field, said))
        # Its name goes without saying, unless it says itself what it is called.
        elif reference and (said or not _has_values(document, variant, field)):
            values[reference] = field, said or [name]
    return values


def _has_values(document: Json, schema: Json, field: str) -> bool:
    return any(
        not each.keys().isdisjoint({"enum", "const"})
        for part in operations.variants(document, schema)
        for each in operations.variants(document, part.get("properties", {}).get(field, {}))
    )
