"""Where a name in a signature or docstring leads: to a page of ours, or of its library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.util.nodes import make_refnode

if TYPE_CHECKING:
    from sphinx.addnodes import pending_xref
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

PYTHON = "https://docs.python.org/3/library"
HTTPX = "https://www.python-httpx.org"
HERE = {
    "API": "reference/api",
    "AsyncAPI": "reference/api",
    "Hook": "reference/hooks",
}
"""What has no public name, and the page that says what it is."""
ELSEWHERE = {
    **{
        name: f"{PYTHON}/{module}.html#{module}.{name}"
        for module, names in {
            "contextlib": ("AbstractAsyncContextManager", "AbstractContextManager"),
            "datetime": ("date", "datetime", "timedelta"),
            "pathlib": ("Path",),
            "ssl": ("SSLContext",),
            "uuid": ("UUID",),
        }.items()
        for name in names
    },
    "AsyncBaseTransport": f"{HTTPX}/advanced/transports/",
    "BaseTransport": f"{HTTPX}/advanced/transports/",
    "Client": "https://distributed.dask.org/en/stable/api.html#distributed.Client",
    "Headers": f"{HTTPX}/api/#headers",
    "MockTransport": f"{HTTPX}/advanced/transports/#mock-transports",
    "Request": f"{HTTPX}/api/#request",
    "Response": f"{HTTPX}/api/#response",
    "Timeout": f"{HTTPX}/advanced/timeouts/",
}


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect."""
    app.connect("missing-reference", _resolve)
    return {"parallel_read_safe": True}


def _resolve(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.TextElement
) -> nodes.Node | None:
    """Find a name by its last part: annotations have where it is defined, or no module at all."""
    if node.get("refdomain") != "py":
        return None
    last = node["reftarget"].rpartition(".")[2]
    if last in HERE:
        return make_refnode(app.builder, node["refdoc"], HERE[last], "", content)
    objects = env.domains.python_domain.objects
    found = [
        name
        for name, entry in objects.items()
        if name.endswith(f".{last}") and entry.objtype in ("class", "exception")
    ]
    if len(found) == 1 and last[:1].isupper():
        entry = objects[found[0]]
        return make_refnode(
            app.builder, node["refdoc"], entry.docname, entry.node_id, content, found[0]
        )
    url = ELSEWHERE.get(last)
    if node["reftarget"].startswith("collections.abc."):
        url = f"{PYTHON}/collections.abc.html#{node['reftarget']}"
    if url is None:
        return None
    return nodes.reference("", "", content, internal=False, refuri=url)
