"""Texts, numbers, booleans and null for schemas without choices, the plainest first.

They keep the limits of length and size; for patterns, formats and steps they're good guesses.
"""

from __future__ import annotations

import base64
import datetime
import functools
import itertools
import string
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from math import ceil, floor
from typing import Any

from oneloop.sandbox import pattern
from oneloop.sandbox.plain import Plain, common_multiple

MOST_TRIES = 300
_LETTERS = string.ascii_letters + string.digits


def _numbers(plain: Plain, *, whole: bool) -> Iterator[int | float]:
    step = Fraction(str(plain.get("multipleOf", 1)))
    if whole:
        step = common_multiple(step, Fraction(1))
    bounds = {key: Fraction(str(plain[key])) for key in _BOUNDS if key in plain}
    lows = [bound(bounds[key] / step) for key, bound in _LOWS.items() if key in bounds]
    highs = [bound(bounds[key] / step) for key, bound in _HIGHS.items() if key in bounds]
    low = max(lows) if lows else min([0, *highs]) - MOST_TRIES
    high = min(highs) if highs else max([0, *lows]) + MOST_TRIES
    start = min(max(low, 1), high)
    for number in itertools.chain(range(start, high + 1), range(start - 1, low - 1, -1)):
        if number >= low:
            yield _number(number * step)
    if lows and highs and not whole and "multipleOf" not in plain:
        least = max(bounds[key] for key in _LOWS if key in bounds)
        most = min(bounds[key] for key in _HIGHS if key in bounds)
        yield from (_number(least + (most - least) * Fraction(part, 16)) for part in _SIXTEENTHS)


_LOWS: dict[str, Callable[[Fraction], int]] = {
    "minimum": ceil,
    "exclusiveMinimum": lambda bound: floor(bound) + 1,
}
_HIGHS: dict[str, Callable[[Fraction], int]] = {
    "maximum": floor,
    "exclusiveMaximum": lambda bound: ceil(bound) - 1,
}
_BOUNDS = [*_LOWS, *_HIGHS]
_SIXTEENTHS = (8, 4, 12, 2, 6, 10, 14, 1, 3, 5, 7, 9, 11, 13, 15)


def _number(number: Fraction) -> int | float:
    return int(number) if number.denominator == 1 else float(number)


def _texts(plain: Plain) -> Iterator[str]:
    low, high = plain.get("minLength", 0), plain.get("maxLength", 1_000_000)
    formats = plain.get("format", [])
    if plain.get("contentEncoding") == "base64":
        formats = [*formats, "byte"]
    patterns = plain.get("pattern", [])
    made: list[Iterable[str]] = [
        map(_FORMATS[each], range(MOST_TRIES)) for each in formats if each in _FORMATS
    ]
    made += [pattern.texts(each, low) for each in patterns]
    if not patterns:
        made.append(_words(low, high))
    texts = itertools.chain.from_iterable(made)
    return (text for text in texts if low <= len(text) <= high)


def _words(low: int, high: int) -> Iterator[str]:
    for number in range(MOST_TRIES):
        word = f"string{number + 1}" if number else "string"
        if len(word) > high:  # as a number of so many letters
            size = len(_LETTERS)
            word = "".join(_LETTERS[number // size**place % size] for place in range(high))[::-1]
        yield word.ljust(low, "-")


def _day(number: int) -> str:
    return (datetime.date(2025, 1, 15) + datetime.timedelta(days=number)).isoformat()


def _numbered(text: str) -> Callable[[int], str]:
    return lambda number: text % (number + 1)


_FORMATS: dict[str, Callable[[int], str]] = {
    "date": _day,
    "date-time": lambda number: f"{_day(number)}T12:00:00Z",
    "time": lambda number: f"12:{number // 60 % 60:02}:{number % 60:02}Z",
    "duration": _numbered("P%dD"),
    "email": _numbered("user%d@example.com"),
    "idn-email": _numbered("user%d@example.com"),
    "hostname": _numbered("host%d.example.com"),
    "idn-hostname": _numbered("host%d.example.com"),
    "ipv4": _numbered("192.0.2.%d"),
    "ipv6": _numbered("2001:db8::%x"),
    **dict.fromkeys(
        ("uri", "url", "uri-reference", "iri", "iri-reference"),
        _numbered("https://example.com/%d"),
    ),
    "uri-template": _numbered("https://example.com/%d/{id}"),
    "uuid": _numbered("123e4567-e89b-42d3-a456-%012x"),
    "json-pointer": _numbered("/%d"),
    "relative-json-pointer": _numbered("%d"),
    "regex": _numbered("[a-z]{%d}"),
    "byte": lambda number: base64.b64encode(b"sample %d" % (number + 1)).decode(),
}

SCALARS: dict[str, Callable[[Plain], Iterator[Any]]] = {
    "string": _texts,
    "integer": functools.partial(_numbers, whole=True),
    "number": functools.partial(_numbers, whole=False),
    "boolean": lambda _: iter((True, False)),
    "null": lambda _: iter((None,)),
}
"""Makes values of a type, which may still be others than a pattern, format or step allows."""
