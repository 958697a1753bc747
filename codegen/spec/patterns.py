r"""Whether two regular expressions take the same strings, as far as samples tell.

The samples are those that hand-written patterns are wrong about, and strings made from both
patterns, whole and with one character put in, replaced or left out. The engine is the one by which
answers are checked, so `\d` is an ASCII digit and `$` the very end.
"""

from __future__ import annotations

import functools
import re
from itertools import product
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_ALPHABET: Final = "0159adfzADFZ _-+.,:/@é٣१\uff14\n\t\r\0\u2028😀"
_TABLE: Final = (
    *("", "0", "7", "00", "12", "0123456789", "d", "dd", "ddd", "D", "1d", "d1", "abc", "ABC"),
    *(
        "१२",
        "٣",
        "\uff14\uff12",
        "²",
        "Ⅷ",
        "+3",
        "-1",
        "- 1",
        "1-",
        " 12 ",
        " 12",
        "12 ",
        "\t1",
        "1\t",
    ),
    *("1\n", "\n1", "1\n2", "\n", "1.5", ".5", "1.", "1e3", "1E3", "1_000", "1,000", "0x1F"),
    *("2025-01-15", "2025-01-15T00:00:00Z", "a@b.example", "true", "null", "None", "\\d", "^d+$"),
    *(" ", "  ", "_", "é", "😀", "\u00a0", "\u2028", "a b", "a-b", "a_b", "a.b", "a/b", "A1"),
)
_RUNS: Final = (10, 16, 17, 18, 19, 20, 32, 36, 37, 38, 39, 40, 64, 65, 255, 256, 257, 1000)
_MOST: Final = 400  # strings made from one pattern
_LONGEST: Final = 10_000
_MUTATED: Final = 64  # the longest that is changed at each place

# One character's worth of a pattern, and how often it comes.
_ATOM: Final = re.compile(
    r"\[\^?\]?(?:\\.|[^\]\\])*\]|\\(?:u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|[pP]\{[^}]*\}|.)|.", re.DOTALL
)
_TIMES: Final = re.compile(r"(?:[*+?]|\{(\d+)(,?)(\d*)\})\??")
_GROUP: Final = re.compile(r"\((?:\?(?::|<?[=!]|P?<\w+>))?")


def agree(left: str, right: str) -> bool:
    """Say whether both patterns take and refuse the same samples, and take any of them at all."""
    if left == right:
        return True
    matches, other = _matcher(left), _matcher(right)
    if matches is None or other is None:
        return False
    taken = False
    try:
        for sample in _samples(left, right):
            if (verdict := matches(sample)) != other(sample):
                return False
            taken = taken or verdict
    except (RecursionError, ValueError):  # the engine or `_Maker` gave up
        return False
    return taken


@functools.cache
def is_checked(pattern: str) -> bool:
    """Say whether the engine by which answers are checked takes it as it is written."""
    return _matcher(pattern) is not None


@functools.cache
def is_ecma(pattern: str) -> bool:
    """Say whether it is a regular expression of ECMA-262, with the flag `u` or without."""
    import regress  # noqa: PLC0415 - only where the other engine refuses a pattern

    for flags in ("u", ""):
        try:
            regress.Regex(pattern, flags)
        except (regress.RegressError, UnicodeEncodeError):
            continue
        return True
    return False


@functools.cache
def is_validators(pattern: str) -> bool:
    """Say whether openapi-spec-validator takes it, which asks all three."""
    import regress  # noqa: PLC0415 - not where there is no pattern

    if not is_checked(pattern):
        return False
    try:
        re.compile(pattern)
        regress.Regex(pattern)
    except (re.error, regress.RegressError, ValueError, RecursionError, OverflowError):
        return False
    return True


def _matcher(pattern: str) -> Callable[[str], bool] | None:
    import jsonschema_rs  # noqa: PLC0415 - only where a pattern differs

    try:
        return jsonschema_rs.validator_for({"type": "string", "pattern": pattern}).is_valid
    except ValueError:
        return None


def _samples(*patterns: str) -> Iterator[str]:
    yield from _TABLE
    alphabet = dict.fromkeys(_ALPHABET + "".join(patterns))
    for length in (1, 2):
        yield from map("".join, product(alphabet, repeat=length))
    yield from (char * times for char in alphabet for times in _RUNS)
    for pattern in patterns:
        for made in _Maker(pattern, alphabet).strings():
            yield made
            if len(made) <= _MUTATED:
                yield from _mutants(made, alphabet)


def _mutants(text: str, alphabet: Iterable[str]) -> Iterator[str]:
    for place in {0, 1, len(text) // 2, len(text) - 1, len(text)}:
        before, after = text[: max(place, 0)], text[max(place, 0) :]
        yield before + after[1:]
        for char in alphabet:
            yield before + char + after
            yield before + char + after[1:]


class _Maker:
    """Makes strings that a pattern may take: each choice in turn, the others at their first.

    It needs not be right, since the patterns themselves say what they take; it raises ValueError
    rather than leave out strings for their length.
    """

    def __init__(self, pattern: str, alphabet: Iterable[str]) -> None:
        self._pattern = pattern
        self._alphabet = alphabet
        self._at = 0

    def strings(self) -> list[str]:
        """Return the strings, in an order of their own."""
        made: list[str] = []
        while self._at < len(self._pattern):
            made += self._alternatives()
            self._at += 1  # a bracket that closes nothing
        return made

    def _alternatives(self) -> list[str]:
        made = self._sequence()
        while self._pattern[self._at : self._at + 1] == "|":
            self._at += 1
            made += self._sequence()
        return list(dict.fromkeys(made))[:_MOST]

    def _sequence(self) -> list[str]:
        made = [""]
        while self._at < len(self._pattern) and self._pattern[self._at] not in "|)":
            parts = self._times(self._atom()) or [""]
            ends = [made[0] + part for part in parts[1:]]
            made = [text + parts[0] for text in made] + ends
            made = _bounded(made)[:_MOST]
        return made

    def _atom(self) -> list[str]:
        if group := _GROUP.match(self._pattern, self._at):
            self._at = group.end()
            made = self._alternatives()
            self._at += 1
            return [""] if group[0].endswith(("=", "!")) else made
        atom = _ATOM.match(self._pattern, self._at)
        text = atom[0] if atom else self._pattern[self._at]
        self._at += len(text)
        if text in {"^", "$", r"\b", r"\B"}:
            return [""]
        matches = _matcher(f"^{text}$") or text.__eq__
        return [char for char in self._alphabet if matches(char)][:12]

    def _times(self, made: list[str]) -> list[str]:
        if not made or not (times := _TIMES.match(self._pattern, self._at)):
            return made
        self._at = times.end()
        low, high = {"*": (0, None), "+": (1, None), "?": (0, 1)}.get(times[0][0], (0, 0))
        if times[1]:
            low = int(times[1])
            high = int(times[3]) if times[3] else None if times[2] else low
        counts = [max(low, 1), low, low + 1, low - 1, low + 2]
        counts += [40] if high is None else [high, high + 1, high - 1]
        return _bounded(
            list(
                dict.fromkeys(
                    text * min(count, _LONGEST + 1)
                    for count in dict.fromkeys(counts)
                    for text in made
                    if count >= 0
                )
            )
        )


def _bounded(made: list[str]) -> list[str]:
    if any(len(text) > _LONGEST for text in made):
        raise ValueError("a pattern for long strings")
    return made
