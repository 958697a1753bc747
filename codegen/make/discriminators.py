"""What tells the models of a union apart: openapi-python-client passes over discriminators."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from openapi_python_client.parser.properties import ModelProperty

from codegen.spec import operations

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from openapi_python_client.parser.properties.union import UnionProperty

    from codegen.spec.document import Json


class Discriminator(NamedTuple):
    """The field that tells a union's schemas apart, and the values that lead to each reference."""

    field: str
    values: dict[str, list[str]]


def discriminators(document: Json) -> list[Discriminator]:
    """Return those of all unions of schemas with a name, wherever they stand."""
    return [_discriminator(document, union) for union in _unions(document)]


def of_union(
    union: UnionProperty, known: list[Discriminator], classes: Mapping[str, str]
) -> dict[str, tuple[str, list[str]]]:
    """Return field and values by the class of each model that has such in a generated union.

    `classes` are the names of the models' classes by reference.
    """
    here = {it.class_info.name for it in union.inner_properties if isinstance(it, ModelProperty)}
    found: dict[str, tuple[str, list[str]]] = {}
    for each in known:
        values = {classes[it]: each.values[it] for it in each.values if it in classes}
        if values.keys() <= here:
            found |= {name: (each.field, said) for name, said in values.items()}
    return found


def _unions(value: Json) -> Iterator[Json]:
    for each in value.values() if isinstance(value, dict) else value:
        if isinstance(each, dict | list):
            yield from _unions(each)
    told_by = value.get("discriminator") if isinstance(value, dict) else None
    if isinstance(told_by, dict) and isinstance(told_by.get("propertyName"), str):  # no field of it
        yield value


def _discriminator(document: Json, union: Json) -> Discriminator:
    field, mapping = (
        union["discriminator"]["propertyName"],
        union["discriminator"].get("mapping", {}),
    )
    values = {}
    for variant in [*union.get("oneOf", ()), *union.get("anyOf", ())]:
        if reference := variant.get("$ref"):
            name = reference.rpartition("/")[2]
            said = [value for value, to in mapping.items() if to.rpartition("/")[2] == name]
            # Its name goes without saying, unless it says itself what it is called.
            if said or not _has_values(document, variant, field):
                values[reference] = said or [name]
    return Discriminator(field, values)


def _has_values(document: Json, schema: Json, field: str) -> bool:
    return any(
        not each.keys().isdisjoint({"enum", "const"})
        for part in operations.variants(document, schema)
        for each in operations.variants(document, part.get("properties", {}).get(field, {}))
    )
