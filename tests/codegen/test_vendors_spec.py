"""overrides/overlay.yaml on the vendor's spec: what it mends, and what it lets nobody overlook."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from codegen.spec.document import load
from tests.codegen.support import ROOT, write_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.codegen.support import Clone

ANSWER = "RetrieveCustomerBillingMeterUsageResponse"
ANSWER_SCHEMA = f"/components/schemas/{ANSWER}"
ROW = f"{ANSWER_SCHEMA}/properties/data/items"
TOTAL = f"{ROW}/properties/totalBillingUsage"
PATH = "/api/v1/usage/{bid}"
ITEM = "/paths/~1api~1v1~1usage~1{bid}"
GET = f"{ITEM}/get"


@pytest.fixture
def spec() -> Any:
    return load((ROOT / "openapi.yaml").read_text(encoding="utf-8"), "openapi.yaml")


def _answer(spec: Any) -> Any:
    return spec["components"]["schemas"][ANSWER]


def _row(spec: Any) -> Any:
    return _answer(spec)["properties"]["data"]["items"]


def _get(spec: Any) -> Any:
    return spec["paths"][PATH]["get"]


def _with_shared_parameter(spec: Any) -> None:
    page = {"name": "page", "in": "query", "schema": {"type": "integer"}}
    spec["components"].setdefault("parameters", {})["Page"] = page
    _get(spec)["parameters"].append({"$ref": "#/components/parameters/Page"})


def _behind_ref(spec: Any) -> None:
    data = _answer(spec)["properties"]["data"]
    spec["components"]["schemas"]["Row"] = data["items"]
    data["items"] = {"$ref": "#/components/schemas/Row"}


@pytest.mark.parametrize(
    ("change", "stops"),
    [
        pytest.param(
            lambda spec: _row(spec)["properties"].update(totalBillingUsage={"type": "integer"}),
            {(f"{TOTAL}/type", "changed")},
            id="usage turned integer",
        ),
        pytest.param(
            _behind_ref,
            {
                (f"{ROW}/properties/{name}/type", "gone")
                for name in ("billingId", "day", "totalBillingUsage", "billingUsageName")
            }
            | {(f"{ROW}/required", "gone"), (f"{ROW}/properties", "gone")},
            id="row behind $ref",
        ),
        pytest.param(
            lambda spec: _answer(spec)["properties"].update(nextCursor={"type": "string"}),
            {(f"{ANSWER_SCHEMA}/properties", "changed")},
            id="sibling of data added",
        ),
        pytest.param(
            lambda spec: _answer(spec).update(allOf=[{"properties": {"hasMore": {}}}]),
            {(ANSWER_SCHEMA, "changed")},
            id="sibling of data added by allOf",
        ),
        pytest.param(
            lambda spec: _answer(spec)["properties"]["data"].update(maxItems=1000),
            {(f"{ANSWER_SCHEMA}/properties/data", "changed")},
            id="rows limited",
        ),
        pytest.param(
            lambda spec: _row(spec)["properties"].update(unit={"type": "string"}),
            {(f"{ROW}/properties", "changed")},
            id="row field added",
        ),
        pytest.param(
            lambda spec: _row(spec).update(anyOf=[{"properties": {"unit": {}}}, {}]),
            {(ROW, "changed")},
            id="row field added by anyOf",
        ),
        pytest.param(
            lambda spec: _row(spec)["properties"].pop("billingUsageName"),
            {
                (f"{ROW}/properties", "changed"),
                (f"{ROW}/properties/billingUsageName/type", "gone"),
            },
            id="row field removed",
        ),
        *(
            pytest.param(
                lambda spec, name=name: _get(spec)["parameters"].append(
                    {"name": name, "in": "query", "schema": {"type": "string"}}
                ),
                {(f"{GET}/parameters", "changed")},
                id=f"{name} parameter added",
            )
            for name in ("page", "cursor", "limit")
        ),
        pytest.param(
            _with_shared_parameter,
            {(f"{GET}/parameters", "changed")},
            id="parameter added by $ref",
        ),
        pytest.param(
            lambda spec: spec["paths"][PATH].update(
                parameters=[{"name": "page", "in": "query", "schema": {"type": "integer"}}]
            ),
            {(ITEM, "changed")},
            id="parameter added to the path",
        ),
        pytest.param(
            lambda spec: spec["paths"][PATH].update(servers=[{"url": "https://eu.example.com"}]),
            {(ITEM, "changed")},
            id="another server for the path",
        ),
        pytest.param(
            lambda spec: _get(spec).update(
                requestBody={"content": {"application/json": {"schema": {"type": "object"}}}}
            ),
            {(GET, "changed")},
            id="request body added",
        ),
        pytest.param(
            lambda spec: spec["paths"][PATH].update(parameters=_get(spec).pop("parameters")),
            {(ITEM, "changed"), (f"{GET}/parameters", "gone")},
            id="parameters moved to the path",
        ),
    ],
)
def test_a_fact_that_no_longer_holds_stops_the_run(
    project: Clone,
    tmp_path: Path,
    spec: Any,
    change: Callable[[Any], Any],
    stops: set[tuple[str, str]],
) -> None:
    change(spec)
    run = project.main("--spec", str(write_json(tmp_path / "new.json", spec)), "--json")
    assert run.returncode == 5
    stopping = {
        (fact["pointer"], fact["state"])
        for fact in json.loads(run.stdout)["facts"]
        if fact["state"] != "holds" and " actions[" not in fact["override"]
    }
    assert stopping == stops


def test_the_effective_pattern_takes_digits_and_nothing_else() -> None:
    package = ROOT / "generated_client" / "oneloop_api_client"
    spec = load((package / "openapi.json").read_text(encoding="utf-8"), "openapi.json")
    validator = jsonschema.Draft202012Validator(_row(spec)["properties"]["totalBillingUsage"])
    assert [validator.is_valid(count) for count in ("12", "ddd", "", " 12 ", "1e3", "-1")] == [
        True,
        *[False] * 5,
    ]


def test_what_is_checked_in_is_what_the_spec_gives(project: Clone) -> None:
    before = project.snapshot()
    assert project.main("--check").returncode == 0
    assert project.main().returncode == 0
    assert project.snapshot() == before


def test_the_models_have_human_names() -> None:
    names = {path.stem for path in (ROOT / "generated_client").rglob("models/*.py")}
    assert {"billing_usage_response", "usage_row", "error_response", "error_detail"} <= names
