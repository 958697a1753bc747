"""The directive `operations`: what the generated package has for users, whatever the spec."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.ext.napoleon.docstring import GoogleDocstring
from sphinx.util.docutils import SphinxDirective

from docs._extensions.docstrings import GENERATED, plain, read
from oneloop_api_client import models

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_OF_THE_CLIENT = ("with_raw_response", "with_headers", "with_cookies", "with_timeout")
_TYPES = ("File", "Unset")


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the directive."""
    app.add_directive("operations", Operations)
    return {"parallel_read_safe": True}


class Operations(SphinxDirective):
    """Write the reference of the operations, or with the argument `models` of their models."""

    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the objects' descriptions."""
        lines = _models() if self.arguments else _operations()
        found = nodes.container()
        self.state.nested_parse(StringList(list(lines), self.get_location()), 0, found)
        return list(found.children)


def _operations() -> Iterator[str]:
    yield from (".. currentmodule:: None", "")
    for name, method in _class("oneloop_api_client.operations.SyncOperations").functions.items():
        if not name.startswith("_"):
            yield from _described(method, plain)
    client = _class("oneloop._http.api.API")
    guarded = _class("oneloop._http.api.GuardedClient")
    for name in _OF_THE_CLIENT:
        yield from _described((client if name in client.members else guarded)[name], list)


def _described(found: Any, prepared: Any) -> Iterator[str]:
    name = f"client.api.{found.name}"
    if found.is_function:
        yield f".. py:method:: {_qualified(found.signature(name=name).replace('self, ', '', 1))}"
    else:
        yield f".. py:property:: {name}"
    yield ""
    lines = GoogleDocstring(prepared(found.docstring.value.splitlines()), what="method").lines()
    yield from (f"   {line}" for line in [*lines, ""])


def _models() -> Iterator[str]:
    yield from (".. currentmodule:: oneloop_api_client.models", "")
    yield from (f".. autoclass:: {name}" for name in models.__all__)
    yield from ("", ".. currentmodule:: oneloop_api_client.types", "")
    yield from (f".. autoclass:: {name}()" for name in _TYPES)


def _qualified(signature: str) -> str:
    """Name each generated class in full: ours may have the same name."""
    names = {**dict.fromkeys(models.__all__, "models"), **dict.fromkeys(_TYPES, "types")}
    return re.sub(
        r"(?<![\w.])(?:" + "|".join(names) + r")(?!\w)",
        lambda found: f"{GENERATED}{names[found[0]]}.{found[0]}",
        signature,
    )


def _class(path: str) -> Any:
    """Return a class as it is written, defaults and all."""
    package, _, rest = path.partition(".")
    return read(package)[rest]
