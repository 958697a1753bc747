"""One strict reading of YAML and JSON, and the canonical JSON that every tool is given.

YAML is read by its 1.2 core schema alone: `on` is a string, `2025-01-01` is a string, a mapping
key is always a string. Duplicate keys, merge keys, tags, `NaN` and what JSON can't say are errors.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from operator import itemgetter
from typing import Any, Final, TypeAlias

from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from codegen.errors import SourceError
from codegen.spec.composing import compose

# Any: a JSON document's shape is known only to whoever asked for it.
Json: TypeAlias = Any

MAX_BYTES: Final = 8 * 2**20
MAX_DEPTH: Final = 64
MAX_NODES: Final = 500_000

_TAG: Final = "tag:yaml.org,2002:"
_PLAIN_TAGS: Final = {_TAG + name for name in ("str", "int", "float", "bool", "null", "timestamp")}
_WORDS: Final[dict[str, Json]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER: Final = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_NUMBER: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_OTHER_YAML: Final = re.compile(r"^%YAML +(?!1\.2\b)\S+", re.MULTILINE)
_NOT_JSON: Final = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


def load(text: str, name: str) -> Json:
    """Read `text` as JSON when it starts like a JSON object, else as YAML; `name` is for errors."""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise SourceError(f"{name}: larger than {MAX_BYTES // 2**20} MiB")
    if directive := _OTHER_YAML.search(text):
        raise SourceError(f"{name}: {directive[0]}, not YAML 1.2")
    try:
        if text.lstrip().startswith("{"):
            return _Limits(name).checked(_from_json(text))
        return _Limits(name).built(compose(text))
    except YAMLError as error:
        raise SourceError(f"{name}: not YAML: {' '.join(str(error).split())}") from None
    except RecursionError:
        raise SourceError(f"{name}: nested deeper than {MAX_DEPTH} levels") from None
    except ValueError as error:
        raise SourceError(f"{name}: not JSON: {error}") from None


def canonical(document: Json) -> str:
    """Return the one spelling of `document` that is hashed, compared and given to tools."""
    return json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def same(left: Json, right: Json) -> bool:
    """Compare as JSON does: `1` is not `true`."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def unshared(value: Json) -> Json:
    """Return a copy in which no two places are the same mapping or list."""
    if isinstance(value, dict):
        return {key: unshared(child) for key, child in value.items()}
    return [unshared(child) for child in value] if isinstance(value, list) else value


def excerpt(value: Json) -> str:
    """Return `value` as short JSON."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 200 else text[:200] + "…"


def _from_json(text: str) -> Json:
    def unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        key, times = max(
            Counter(key for key, _ in pairs).items(), key=itemgetter(1), default=("", 0)
        )
        if times > 1:
            raise ValueError(f"duplicate key {key!r}")
        return dict(pairs)

    def refuse(constant: str) -> Json:
        raise ValueError(f"{constant} is not JSON")

    return json.loads(text, object_pairs_hook=unique, parse_constant=refuse, parse_float=_finite)


def _finite(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise ValueError(f"{text} is too large")
    return number


class _Limits:
    """Builds plain values while counting them, so that aliases can't multiply unseen."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.nodes = 0

    def checked(self, value: Json, depth: int = 0) -> Json:
        """Return `value` if it is within the limits."""
        self._count(depth, "")
        for child in value.values() if isinstance(value, dict) else ():
            self.checked(child, depth + 1)
        for child in value if isinstance(value, list) else ():
            self.checked(child, depth + 1)
        for text in (value, *value) if isinstance(value, str | dict) else ():
            self._text(text, "") if isinstance(text, str) else None
        return value

    def built(self, node: Node | None, depth: int = 0) -> Json:
        """Return the plain value of a composed YAML node."""
        if node is None:
            raise SourceError(f"{self.name}: empty")
        line = f" at line {node.start_mark.line + 1}"
        self._count(depth, line)
        if isinstance(node, ScalarNode):
            return self._scalar(node, line)
        if isinstance(node, SequenceNode) and node.tag == _TAG + "seq":
            return [self.built(child, depth + 1) for child in node.value]
        if isinstance(node, MappingNode) and node.tag == _TAG + "map":
            return self._mapping(node, depth)
        raise SourceError(f"{self.name}: tag {node.tag}{line} is not allowed")

    def _mapping(self, node: MappingNode, depth: int) -> dict[str, Json]:
        mapping: dict[str, Json] = {}
        for key, value in node.value:
            line = f" at line {key.start_mark.line + 1}"
            if not isinstance(key, ScalarNode) or key.tag not in _PLAIN_TAGS:
                raise SourceError(f"{self.name}: a key{line} is not a plain scalar")
            if key.value in mapping:
                raise SourceError(f"{self.name}: duplicate key {key.value!r}{line}")
            mapping[self._text(key.value, line)] = self.built(value, depth + 1)
        return mapping

    def _scalar(self, node: ScalarNode, line: str) -> Json:
        if node.tag not in _PLAIN_TAGS:
            raise SourceError(f"{self.name}: tag {node.tag}{line} is not allowed")
        text = self._text(node.value, line)
        if node.tag == _TAG + "str":
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.fullmatch(text):
            return int(text, 0 if text[:2] in {"0o", "0x"} else 10)
        if _NUMBER.fullmatch(text):
            return _finite(text)
        if _NOT_JSON.fullmatch(text):
            raise SourceError(f"{self.name}: {text}{line} is not JSON")
        return text

    def _text(self, text: str, line: str) -> str:
        if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
            raise SourceError(f"{self.name}: a lone surrogate{line}")
        return text

    def _count(self, depth: int, line: str) -> None:
        self.nodes += 1
        if depth > MAX_DEPTH:
            raise SourceError(f"{self.name}: nested deeper than {MAX_DEPTH} levels{line}")
        if self.nodes > MAX_NODES:
            raise SourceError(
                f"{self.name}: more than {MAX_NODES} values once aliases are expanded"
            )
