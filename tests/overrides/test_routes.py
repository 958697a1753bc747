"""A request is known by the spec's own rules of paths and answers."""

from __future__ import annotations

import httpx
import pytest

from oneloop import Oneloop, ResponseValidationError
from oneloop._http import routes
from oneloop.sandbox.spec import Spec
from oneloop_api_client.spec import Operation
from tests.faces import KEY


def operations(monkeypatch: pytest.MonkeyPatch, *paths: str) -> None:
    """Let a spec have these paths and no other."""
    found = [Operation(path, "GET", path, {"200": ()}, {}) for path in paths]
    monkeypatch.setattr(routes, "ROUTES", routes.table(found))


def test_concrete_path_goes_before_a_templated_one(monkeypatch: pytest.MonkeyPatch) -> None:
    operations(monkeypatch, "/{any}/{thing}", "/keys/{id}", "/keys/mine")
    for path, name in {"/keys/mine": "/keys/mine", "/keys/5": "/keys/{id}"}.items():
        operation = routes.find("GET", path)
        assert operation is not None
        assert operation.path == name
    assert routes.find("GET", "/keys/5/parts") is None
    assert routes.find("GET", "/keys/") is None


@pytest.mark.parametrize(
    ("called", "path"),
    [
        ("/days/5", "/days/{day}"),
        ("/days/5:close", "/days/{day}:close"),
        ("/days/1-5", "/days/{first}-{last}"),
    ],
)
def test_segment_that_says_more_goes_before_one_that_says_less(
    monkeypatch: pytest.MonkeyPatch, called: str, path: str
) -> None:
    paths = ["/days/{day}", "/days/{day}:close", "/days/{first}-{last}"]
    operations(monkeypatch, *paths)
    operation = routes.find("GET", called)
    assert operation is not None
    assert operation.path == path
    item = {"get": {"responses": {"200": {"description": "-"}}}}
    served = Spec.of({"openapi": "3.0.3", "paths": dict.fromkeys(paths, item)})
    assert next(it.path for it in served.operations if it.pattern.fullmatch(called)) == path


def test_path_that_the_spec_ends_with_a_slash(monkeypatch: pytest.MonkeyPatch) -> None:
    operations(monkeypatch, "/keys/")
    routes.check_path("/keys/?x=1")
    with pytest.raises(ValueError, match="path parameter"):
        routes.check_path("/other/")


def of(*statuses: str, media: str = "application/json") -> Operation:
    return Operation("getKey", "GET", "/keys", dict.fromkeys(statuses, (media,)), {})


@pytest.mark.parametrize(
    ("documented", "status", "promised"),
    [
        (["200"], 201, False),
        (["201"], 201, True),
        (["2XX"], 201, True),
        (["3XX"], 201, False),
        (["default"], 201, True),
        (["200", "default"], 201, False),
        (["2XX", "default"], 201, True),
        (["400", "default"], 201, True),
        (["302", "default"], 200, False),
        (["3XX", "default"], 200, False),
        (["101", "default"], 200, False),
        (["2XX"], 218, False),
        (["default"], 218, False),
    ],
)
def test_success_by_range_and_by_default(
    documented: list[str], status: int, promised: bool
) -> None:
    assert routes.is_documented(of(*documented), status) == promised


@pytest.mark.parametrize(
    ("documented", "got", "allowed"),
    [
        ("application/pdf", "application/pdf", True),
        ("application/PDF; x=y", "application/pdf", True),
        ("application/pdf", "text/html", False),
        ("application/pdf", "", False),
        ("image/*", "image/png", True),
        ("image/*", "text/html", False),
        ("*/*", "text/html", True),
        ("application/json", "text/html", True),  # told as it is parsed
        ("application/problem+json", "text/html", True),
    ],
)
def test_content_type_of_what_nobody_parses(documented: str, got: str, allowed: bool) -> None:
    assert routes.other_media(of("200", media=documented), 200, got) == (
        () if allowed else (documented,)
    )


def test_page_of_html_is_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "ROUTES", routes.table([of("200", media="application/pdf")]))
    pages = iter(["text/html", "application/pdf"])

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=b"x", headers={"Content-Type": next(pages)})

    with Oneloop(api_key=KEY, transport=httpx.MockTransport(answer)) as client:
        http = client.api.get_httpx_client()
        with pytest.raises(ResponseValidationError, match="content type application/pdf"):
            http.get("/keys")
        assert http.get("/keys").content == b"x"
