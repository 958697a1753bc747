"""YAML text to nodes: by libyaml where it reads what ruamel's pure reader reads, ten times faster.

Where libyaml could read otherwise, or refuses the text, the pure reader has the word: what is wrong
is told in its words, and only a text of the usual kind is spared the wait for it.
"""

from __future__ import annotations

import re
from typing import Any, Final

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

# What the two treat differently: tabs, a byte order mark, what ends a line in YAML 1.1 alone, what
# isn't printable; directives, and the end of a document.
_ODD: Final = re.compile(
    r"[^\n\r -~\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
    r"|^%|^\.\.\.",
    re.MULTILINE,
)
_DEEPEST: Final = 100
_TAG: Final = "tag:yaml.org,2002:"


class _UnsureError(Exception):
    """Something that the two may read differently."""


def compose(text: str) -> Node | None:
    """Return the root of the one document in `text`; None where there is none.

    Raises:
        ruamel.yaml.error.YAMLError: `text` isn't YAML.
    """
    if not _ODD.search(text):
        try:
            return _Composer(text).root()
        except (_UnsureError, yaml.YAMLError):
            pass
    root: Node | None = YAML(typ="safe", pure=True).compose(text)
    return root


class _Composer:
    """Makes ruamel's nodes of libyaml's events."""

    def __init__(self, text: str) -> None:
        self._next = yaml.CBaseLoader(text).get_event
        self._anchors: dict[str, Node] = {}
        self._resolve = YAML(typ="safe", pure=True).resolver.resolve
        self._tags: dict[str, str] = {}

    def root(self) -> Node:
        """Return the root of the only document."""
        self._require(isinstance(self._next(), yaml.StreamStartEvent))
        self._require(isinstance(self._next(), yaml.DocumentStartEvent))
        root = self._node(self._next(), 0)
        self._require(not isinstance(root, ScalarNode))
        self._require(isinstance(self._next(), yaml.DocumentEndEvent))
        self._require(isinstance(self._next(), yaml.StreamEndEvent))
        return root

    def _node(self, event: Any, depth: int) -> Node:
        self._require(depth < _DEEPEST)
        if isinstance(event, yaml.AliasEvent):
            anchor = str(event.anchor)
            self._require(anchor in self._anchors)
            return self._anchors[anchor]
        self._require(event.tag is None)
        mark = event.start_mark
        node: Node
        if isinstance(event, yaml.ScalarEvent):
            # Whether the first line of a block is indented too far is a matter of opinion.
            self._require(event.style not in {"|", ">"} or not event.value.startswith("\n"))
            node = ScalarNode(self._tag(event.value, plain=event.implicit[0]), event.value, mark)
            self._anchor(event, node)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = SequenceNode(f"{_TAG}seq", [], mark)
            self._anchor(event, node)
            while not isinstance(event := self._next(), yaml.SequenceEndEvent):
                node.value.append(self._node(event, depth + 1))
        else:
            node = MappingNode(f"{_TAG}map", [], mark)
            self._anchor(event, node)
            while not isinstance(event := self._next(), yaml.MappingEndEvent):
                key = self._node(event, depth + 1)
                node.value.append((key, self._node(self._next(), depth + 1)))
        return node

    def _tag(self, text: str, *, plain: bool) -> str:
        if plain and text not in self._tags:
            self._tags[text] = self._resolve(ScalarNode, text, (True, False))
        return self._tags[text] if plain else f"{_TAG}str"

    def _anchor(self, event: Any, node: Node) -> None:
        if event.anchor is not None:
            self._require(event.anchor not in self._anchors)
            self._anchors[event.anchor] = node

    def _require(self, known: bool) -> None:
        if not known:
            raise _UnsureError
