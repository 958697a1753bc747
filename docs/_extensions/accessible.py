"""What the theme and Sphinx leave out for people who don't see a page, or use a keyboard."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_SCROLLS = 'tabindex="0" role="group"'
_BODY = {
    "<pre>": f'<pre {_SCROLLS} aria-label="Code">',
    '<div class="table-wrapper': f'<div {_SCROLLS} aria-label="Table" class="table-wrapper',
    '<th class="head"><p></p></th>': "<td></td>",
}
_CAPTIONS = {'role="heading">': 'role="heading" aria-level="2">'}
_SIGNATURE = re.compile(r'<dt class="sig .*?</dt>', re.DOTALL)
_PARAMETERS = {
    "<dl>": '<span class="sig-lines">',
    "</dl>": "</span>",
    "<dd>": '<span class="sig-line">',
    "</dd>": "</span>",
}


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect, behind the theme."""
    app.connect("html-page-context", _mend, priority=900)
    return {"parallel_read_safe": True}


def _mend(_app: Sphinx, _page: str, _template: str, context: dict[str, Any], _tree: object) -> None:
    if "body" in context:
        body = _replaced(context["body"], _BODY | _CAPTIONS)
        # A list that has no terms isn't one, and a term can't have one.
        context["body"] = _SIGNATURE.sub(lambda found: _replaced(found[0], _PARAMETERS), body)
    tree = context.get("furo_navigation_tree", "")
    context["furo_navigation_tree"] = _replaced(tree, _CAPTIONS)


def _replaced(text: str, pairs: dict[str, str]) -> str:
    for old, new in pairs.items():
        text = text.replace(old, new)
    return text
