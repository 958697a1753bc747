"""Texts that match a regular expression of ECMA-262, the dialect of JSON Schema's `pattern`.

What it doesn't know (back references, conditions of look-arounds) it skips, so a text may fail to
match: whoever asks checks.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator
from itertools import islice, product

_DIGITS = string.digits
_WORD = string.ascii_lowercase + string.ascii_uppercase + _DIGITS + "_"
_PRINTABLE = _WORD + " -" + string.punctuation.replace("_", "").replace("-", "")
_SPACE = " \t\n"
_CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v", "0": "\0"}
_CLASSES = {"d": _DIGITS, "w": _WORD, "s": _SPACE}
_CLASSES |= {
    name.upper(): "".join(char for char in _PRINTABLE if char not in chars)
    for name, chars in _CLASSES.items()
}
_LONGEST_CLASS = 1_000

_Node = Callable[[int, int], str]
"""Gives a text for how many more repetitions than needed, and for which of the choices."""


def texts(pattern: str, min_length: int = 0) -> Iterator[str]:
    """Yield texts that should match, the plainest first; none for a pattern that can't be read."""
    for looks_ahead in (False, True):
        try:
            node = _Parser(pattern, looks_ahead=looks_ahead).whole()
        except (ValueError, IndexError, RecursionError):
            return
        repetitions = sorted({0, 1, 2, 4, 8, 16, min_length})
        for choice, more in product(range(40), repetitions):
            text = node(more, choice)
            yield text
            # An unanchored pattern lets more follow.
            yield f"{text}{choice}".ljust(min_length, "a")


class _Parser:
    """Reads a pattern once, left to right."""

    def __init__(self, pattern: str, *, looks_ahead: bool) -> None:
        self._rest = pattern
        self._looks_ahead = looks_ahead

    def whole(self) -> _Node:
        node = self._alternatives()
        if self._rest:
            raise ValueError("an unopened group is closed")
        return node

    def _alternatives(self) -> _Node:
        nodes = [self._sequence()]
        while self._takes("|"):
            nodes.append(self._sequence())
        return lambda more, choice: nodes[choice % len(nodes)](more, choice // len(nodes))

    def _sequence(self) -> _Node:
        nodes = []
        while self._rest and self._rest[0] not in "|)":
            nodes.append(self._quantified(self._atom()))
        return lambda more, choice: "".join(node(more, choice) for node in nodes)

    def _quantified(self, node: _Node) -> _Node:
        least, most = 1, 1
        if self._takes("*"):
            least, most = 0, _LONGEST_CLASS
        elif self._takes("+"):
            least, most = 1, _LONGEST_CLASS
        elif self._takes("?"):
            least, most = 0, 1
        elif self._rest.startswith("{") and self._rest[1:2].isdigit():
            bounds, _, self._rest = self._rest[1:].partition("}")
            low, comma, high = bounds.partition(",")
            least = int(low)
            most = int(high) if high else _LONGEST_CLASS if comma else least
        else:
            return node
        self._takes("?")
        return lambda more, choice: "".join(
            node(more if most == 1 else 0, choice + number)
            for number in range(min(least + more, max(least, most)))
        )

    def _atom(self) -> _Node:
        char = self._next()
        if char == "(":
            return self._group()
        if char == "[":
            return _one_of(self._class())
        if char in "^$":
            return _one_of("")
        if char == ".":
            return _one_of(_PRINTABLE)
        return _one_of(self._escape() if char == "\\" else char)

    def _group(self) -> _Node:
        empty = looks = False
        if self._takes("?"):
            kind = self._next()
            if kind == "<" and self._rest[0] in "=!":
                kind = self._next()
                empty = True
            elif kind == "<":
                self._rest = self._rest.partition(">")[2]
            looks = kind == "="
            empty = empty or kind == "!"
        node = self._alternatives()
        if not self._takes(")"):
            raise ValueError("a group isn't closed")
        return _one_of("") if empty or (looks and not self._looks_ahead) else node

    def _class(self) -> str:
        negated = self._takes("^")
        chars = ""
        while not self._takes("]"):
            char = self._next()
            several = self._escape(in_class=True) if char == "\\" else char
            if len(several) == 1 and self._rest[0] == "-" and self._rest[1] != "]":
                self._next()
                last = self._next()
                last = self._escape(in_class=True) if last == "\\" else last
                codes = range(ord(several), ord(last) + 1)
                several = "".join(map(chr, islice(codes, _LONGEST_CLASS)))
            chars += several
        if negated:
            return "".join(char for char in _PRINTABLE if char not in chars)
        # Letters and digits before the rest: `[!-~]` shouldn't begin with an exclamation mark.
        return "".join(sorted(dict.fromkeys(chars), key=lambda char: not char.isalnum()))

    def _escape(self, *, in_class: bool = False) -> str:
        char = self._next()
        if char in "xu" and not self._rest.startswith("{"):
            size = 2 if char == "x" else 4
            code, self._rest = self._rest[:size], self._rest[size:]
            return chr(int(code, 16))
        if char in "uxpP" and self._takes("{"):
            name, _, self._rest = self._rest.partition("}")
            return chr(int(name, 16)) if char in "ux" else _property(name, negated=char == "P")
        if char in "bB" and not in_class:
            return ""
        return _CLASSES.get(char) or _CONTROLS.get(char) or char

    def _next(self) -> str:
        char, self._rest = self._rest[0], self._rest[1:]
        return char

    def _takes(self, char: str) -> bool:
        if not self._rest.startswith(char):
            return False
        self._rest = self._rest[1:]
        return True


def _one_of(chars: str) -> _Node:
    return lambda _more, choice: chars[choice % len(chars)] if chars else ""


def _property(name: str, *, negated: bool) -> str:
    """Return characters of one of Unicode's general categories, of which ASCII has most."""
    kind = name.rpartition("=")[2]
    tests = {"Lu": str.isupper, "Ll": str.islower, "L": str.isalpha, "N": str.isdigit}
    test = tests.get(kind) or tests.get(kind[:1]) or (lambda char: not char.isalnum())
    return "".join(char for char in _PRINTABLE if test(char) != negated)
