"""Pairs of whole specs, where one change of the shop's wouldn't show it: before, after, verdict."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from codegen.diff.specs import spec_changes
from codegen.spec.validate import judged
from codegen.verdict import verdict

STRING, INTEGER = {"type": "string"}, {"type": "integer"}
LIVE = {"url": "https://live.example"}


def spec(operation: Any = None, *, paths: Any = None, **beside: Any) -> Any:
    """Return a spec of one operation, or of `paths`."""
    call = {"operationId": "act", "responses": {"200": {"description": "it"}}}
    info = {"title": "Table", "version": "1"}
    paths = paths or {"/act": {"post": call | (operation or {})}}
    return copy.deepcopy({"openapi": "3.0.3", "info": info, "paths": paths} | beside)


def answering(**schemas: Any) -> Any:
    """Return a spec whose operation answers these statuses, as in `s200`, and `default`."""
    return spec(
        {
            "responses": {
                status.removeprefix("s"): {
                    "description": "it",
                    "content": {"application/json": {"schema": schema}},
                }
                for status, schema in schemas.items()
            }
        }
    )


def asking(**scheme: str) -> Any:
    """Return a spec whose operations ask for one scheme."""
    return spec(components={"securitySchemes": {"it": scheme}}, security=[{"it": []}])


def at(*names: str) -> Any:
    """Return a spec with an operation at the path of each name of its parameter."""
    return spec(
        paths={
            f"/act/{{{name}}}": {
                "get": {
                    "operationId": name,
                    "parameters": [
                        {"name": name, "in": "path", "required": True, "schema": STRING}
                    ],
                    "responses": {"200": {"description": "it"}},
                }
            }
            for name in names
        }
    )


def server(**variable: Any) -> Any:
    return spec(servers=[{"url": "https://{at}.example", "variables": {"at": variable}}])


ROWS = [
    ("one of two at like paths goes", at("x", "y"), at("y"), "major", "GET /act/{x}: operation re"),
    ("second at a like path", at("y"), at("x", "y"), "minor", "GET /act/{x}: operation added"),
    (
        "status of its own, with another type",
        answering(default=STRING),
        answering(default=STRING, s200=INTEGER),
        "major",
        "status 200: type changed: string → integer",
    ),
    (
        "status of its own beside those of its kind",
        answering(s2XX=STRING),
        answering(s2XX=STRING, s201=STRING),
        "minor",
        "status 201: success status added",
    ),
    (
        "error's status of its own beside a success",
        answering(default=STRING),
        answering(default=STRING, s404=INTEGER),
        "minor",
        "status 404: error status added",
    ),
    (
        "scheme in other letters",
        asking(type="http", scheme="bearer"),
        asking(type="http", scheme="Bearer"),
        "patch",
        "described anew",
    ),
    (
        "header of the key in other letters",
        asking(type="apiKey", **{"in": "header"}, name="X-Key"),
        asking(type="apiKey", **{"in": "header"}, name="x-key"),
        "patch",
        "described anew",
    ),
    (
        "parameter of the key in other letters",
        asking(type="apiKey", **{"in": "query"}, name="key"),
        asking(type="apiKey", **{"in": "query"}, name="Key"),
        "major",
        "security asks for more",
    ),
    (
        "document's server written at the operation",
        spec(servers=[LIVE]),
        spec({"servers": [LIVE]}, servers=[LIVE]),
        "none",
        "",
    ),
    (
        "operation's own server goes",
        spec({"servers": [{"url": "https://own.example"}]}, servers=[LIVE]),
        spec(servers=[LIVE]),
        "major",
        "default server changed: https://live.example",
    ),
    (
        "server's variable described",
        server(default="eu"),
        server(default="eu", description="Where"),
        "patch",
        "reworded: variables",
    ),
    (
        "server's variable has another default",
        server(default="eu"),
        server(default="us"),
        "major",
        "server changed: variables",
    ),
]


@pytest.mark.parametrize(
    ("before", "after", "expected", "line"), [pytest.param(*row, id=name) for name, *row in ROWS]
)
def test_a_change_gets_its_verdict_and_its_line(
    before: Any, after: Any, expected: str, line: str
) -> None:
    assert [judged(it).problems for it in (before, after)] == [[], []]
    changes = spec_changes(before, after)
    lines = [f"{change.where}: {change.what}" for change in changes]
    assert verdict(changes) == expected, lines
    assert [text for text in lines if line in text] or lines == []
