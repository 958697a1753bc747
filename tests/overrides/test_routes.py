"""A request is known by the spec's own rules of paths and answers."""

from __future__ import annotations

import pytest

from oneloop._http import routes
from oneloop_api_client.spec import Operation


def operations(monkeypatch: pytest.MonkeyPatch, *paths: str, status: str = "200") -> None:
    """Let a spec have these paths and no other."""
    found = [Operation(path, "GET", path, {status: ()}) for path in paths]
    monkeypatch.setattr(routes, "ROUTES", routes.table(found))


def test_concrete_path_goes_before_a_templated_one(monkeypatch: pytest.MonkeyPatch) -> None:
    operations(monkeypatch, "/{any}/{thing}", "/keys/{id}", "/keys/mine")
    for path, name in {"/keys/mine": "/keys/mine", "/keys/5": "/keys/{id}"}.items():
        operation = routes.find("GET", path)
        assert operation is not None
        assert operation.path == name
    assert routes.find("GET", "/keys/5/parts") is None
    assert routes.find("GET", "/keys/") is None


def test_path_that_the_spec_ends_with_a_slash(monkeypatch: pytest.MonkeyPatch) -> None:
    operations(monkeypatch, "/keys/")
    routes.check_path("/keys/?x=1")
    with pytest.raises(ValueError, match="path parameter"):
        routes.check_path("/other/")


@pytest.mark.parametrize(
    ("status", "documented"),
    [("200", False), ("201", True), ("2XX", True), ("3XX", False), ("default", True)],
)
def test_success_by_range_and_by_default(
    status: str, documented: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    operations(monkeypatch, "/keys", status=status)
    assert routes.is_documented(routes.find("GET", "/keys"), 201) == documented
