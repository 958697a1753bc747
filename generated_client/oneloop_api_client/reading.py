"""What a JSON value is to Python, where its JSON type alone doesn't say."""

import functools
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeVar, cast

import attrs

T = TypeVar("T")


def whole(value: Any) -> int:
    """Return an integer that was written as 5.0 (JSON Schema 2020-12 §6.1.1) as an int.

    What isn't one is handed on.
    """
    if isinstance(value, float) and value.is_integer():
        return int(Decimal(repr(value)))  # 1e23 is 10**23, and not what the float is
    return cast(int, value)


def best(
    data: Any,
    candidates: Sequence[T],
    told_by: Mapping[type, tuple[str, Sequence[str]]] | None = None,
) -> T:
    """Return the one of `candidates`, all of which were read from `data`, that it fits best.

    That has the fewest fields of another type than it declares, and of those the fewest that it
    doesn't know; the first of several.

    Args:
        data: the JSON value.
        candidates: what the variants of its schema made of it.
        told_by: by class, the field of `data` that has one of the values if it is of that class.

    Raises:
        TypeError: it is of none of the classes.
    """
    fitting = [each for each in candidates if _is_told(data, each, told_by or {})]
    if not fitting:
        fields = " or ".join({field: None for field, _ in (told_by or {}).values()})
        raise TypeError(f"no variant that its {fields} leads to reads it")
    return min(fitting, key=lambda each: _misfit(data, each))


def _is_told(data: Any, value: Any, told_by: Mapping[type, tuple[str, Sequence[str]]]) -> bool:
    field, values = told_by.get(type(value), ("", ()))
    return not values or data.get(field) in values


def _misfit(data: Any, value: Any) -> tuple[int, int]:
    wrong, unknown = _misfits(value, "")
    return wrong, unknown + _lost(data, value)


def _misfits(value: Any, declared: str) -> tuple[int, int]:
    """Count what is of another type than declared, and the fields that aren't known."""
    parts: list[tuple[Any, str]] = []
    unknown = 0
    if isinstance(value, list):
        parts += [(each, declared.partition("[")[2]) for each in value]
    elif attrs.has(type(value)):
        fields = {each.name: str(each.type) for each in attrs.fields(type(value))}
        more = fields.pop("additional_properties", "")
        known = more.partition(",")[2]
        parts += [(getattr(value, name), kind) for name, kind in fields.items()]
        others = getattr(value, "additional_properties", {})
        parts += [(each, known) for each in others.values()]
        unknown = len(others) if "Any" in known else 0
    counts = [_misfits(part, kind) for part, kind in parts]
    wrong = sum(each for each, _ in counts) + (not _is_declared(type(value).__name__, declared))
    return wrong, unknown + sum(each for _, each in counts)


def _is_declared(kind: str, declared: str) -> bool:
    plain = _plain(declared)
    return kind not in _JSON or not plain or kind in plain


@functools.cache
def _plain(declared: str) -> set[str]:
    """Return JSON's types that an annotation names beside its lists' own; none where it may be more.

    A name of the spec's may stand for literals.
    """
    names = set(re.findall(r"\w+", re.sub(r"\[.*\]", "", declared))) - {"Unset"}
    if not names <= _JSON | {"None", "datetime", "date", "UUID"}:
        return set()
    if "float" in names:
        names.add("int")
    if "None" in names:
        names.add("NoneType")
    return names


def _lost(data: Any, value: Any) -> int:
    """Count the fields that a model that knows no others has left out."""
    if isinstance(value, list):
        return sum(map(_lost, data, value))
    return len(data.keys() - value.to_dict().keys()) if hasattr(value, "to_dict") else 0


_JSON = {"bool", "dict", "float", "int", "list", "str", "NoneType"}
