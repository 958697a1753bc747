"""--only: the operations that a project wants, on this run and on later ones."""

from __future__ import annotations

import copy
import json
import tomllib
from typing import TYPE_CHECKING, Any

import pytest

from codegen import catalogue, checkout
from codegen.checkout import Audience, Checkout
from codegen.errors import CheckoutError, FactsError
from codegen.spec import operations, selection
from codegen.spec.omissions import Omission
from tests.codegen.conftest import PROJECT
from tests.codegen.docs_host import Site, zoo
from tests.codegen.support import shop, write_json, write_overlay

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.codegen.support import Clone

MIXED = """\
only = [
  "GET /a", # [1]
  'GET /]',
]
layer = "shop"
"""


@pytest.fixture
def zoo_clone(listed: Clone) -> Clone:
    write_overlay(listed.root, [])
    (listed.root / "overrides" / "generator.yaml").write_text("{}\n")
    return listed


def _paths(clone: Clone) -> list[str]:
    text = (clone.root / "generated_client" / "shop_client" / "openapi.json").read_text()
    return list(json.loads(text)["paths"])


def _only(clone: Clone) -> Any:
    return Checkout(clone.root).only


def test_choice_is_kept_where_it_is_reviewed_and_holds_on_later_runs(
    zoo_clone: Clone, tmp_path: Path
) -> None:
    spec = zoo(20)
    unreadable = {"200": {"description": "", "content": {"application/xml": {"schema": {}}}}}
    spec["paths"]["/meal/1/{id}"]["put"]["responses"] = unreadable
    docs = Site.of(spec)
    raw = docs.add_spec()
    source = str(docs.save(tmp_path / "copy"))
    wanted = [line for line in selection.requests(docs.document) if "/meal/1/" not in line][:3]
    run = zoo_clone.main("--spec", source, "--only", *wanted[:2], "--only", wanted[2])
    assert run.returncode == 0, run.stderr
    assert (zoo_clone.root / "openapi.yaml").read_bytes() == raw
    assert _only(zoo_clone) == wanted
    assert _paths(zoo_clone) == list(dict.fromkeys(line.split()[1] for line in wanted))
    assert run.stdout.count("not one of `only`") == 12
    assert "- and 5 more: OPERATIONS.md\n" in run.stdout
    readme = (zoo_clone.root / "README.md").read_text()
    assert "- and 5 more: [OPERATIONS.md](generated_client/OPERATIONS.md)\n" in readme
    operations = (zoo_clone.root / "generated_client" / "OPERATIONS.md").read_text()
    assert operations.count(": not one of `only` in pyproject.toml\n") == 17

    assert zoo_clone.main("--check").returncode == 0
    before = zoo_clone.snapshot()
    assert zoo_clone.main("--spec", source).returncode == 0
    assert zoo_clone.main("--only", *wanted).returncode == 0
    assert zoo_clone.snapshot() == before

    assert zoo_clone.main("--only", wanted[0], "--dry-run").returncode == 0
    assert zoo_clone.snapshot() == before
    assert zoo_clone.main("--only", wanted[0]).returncode == 0
    assert _only(zoo_clone) == wanted[:1]


def test_operation_that_only_hides_is_news(zoo_clone: Clone, tmp_path: Path) -> None:
    write_json(tmp_path / "old.json", zoo(4))
    wanted = selection.requests(zoo(4))[:2]
    assert zoo_clone.main("--spec", str(tmp_path / "old.json"), "--only", *wanted).returncode == 0
    write_json(tmp_path / "new.json", zoo(5))
    run = zoo_clone.main("--spec", str(tmp_path / "new.json"))
    (new,) = set(selection.requests(zoo(5))) - set(selection.requests(zoo(4)))
    assert run.returncode == 0, run.stderr
    assert f"**Warning:** The spec gained operations that `only` leaves out: {new}.\n" in run.stdout
    again = zoo_clone.main("--spec", str(tmp_path / "new.json"))
    assert "The spec gained" not in again.stdout


@pytest.mark.parametrize("spelt", ["get /x", " GET\t /x ", "Get\u00a0/x"])
def test_entry_may_be_spelt_in_any_way(spelt: str) -> None:
    document: dict[str, Any] = {"paths": {"/x": {"get": {}, "put": {}}, "/X": {"get": {}}}}
    assert selection.selected(document, [spelt]).unwanted == ["PUT /x", "GET /X"]


@pytest.mark.parametrize("entry", ["/x", "GET", "get/x"])
def test_entry_without_method_or_path_is_told_as_it_is(entry: str) -> None:
    with pytest.raises(FactsError) as stop:
        selection.selected({"paths": {"/x": {"get": {}}}}, [entry])
    assert f"\n  {entry}" in str(stop.value)


def test_entry_without_an_operation_stops_the_run_and_is_named(
    zoo_clone: Clone, tmp_path: Path
) -> None:
    source = str(write_json(tmp_path / "zoo.json", zoo(4)))
    (right,) = selection.requests(zoo(1))
    before = zoo_clone.snapshot()
    run = zoo_clone.main("--spec", source, "--only", right, right.replace("cage", "cages"), "GET x")
    assert run.returncode == 5
    assert f"\n  PUT /cages/0/{{id}} (perhaps {right})\n  GET x" in run.stderr
    assert zoo_clone.snapshot() == before


def test_wanted_operations_alone_have_to_be_valid_and_facts_are_upstreams(
    listed: Clone, tmp_path: Path
) -> None:
    spec = shop()
    spec["paths"]["/bad"] = {"get": {"operationId": "bad"}}
    expected = {"expected": "health", "reason": "a test", "relied-on-by": {"README.md": "Shop"}}
    write_overlay(listed.root, [], [{"pointer": "/paths/~1health/get/operationId"} | expected])
    (listed.root / "overrides" / "generator.yaml").write_text("{}\n")
    source = write_json(tmp_path / "new.json", spec)
    assert listed.main("--spec", str(source)).returncode == 3
    assert listed.main("--spec", str(source), "--only", "GET /pets").returncode == 0
    assert _paths(listed) == ["/pets"]
    spec["paths"]["/health"]["get"]["operationId"] = "other"
    run = listed.main("--spec", str(write_json(source, spec)), "--only", "GET /pets", "GET /bad")
    assert run.returncode == 5
    assert "changed: /paths/~1health/get/operationId" in run.stderr
    assert "/paths/~1bad/get" in run.stderr  # what comes once that is mended


def _kept(document: Any, *only: str) -> Any:
    return selection.selected(operations.with_items_in_place(document), only).document


def _nested(document: Any) -> Any:
    document["components"]["schemas"] |= {
        "Thing": {"discriminator": {"propertyName": "k", "mapping": {"a": "A", "b": "B/C"}}},
        "A": {"items": {"$ref": "#/components/schemas/D"}},
        "B": {},
        "D": {"discriminator": {"mapping": {"e": "#/components/schemas/E"}}},
        "E": {"properties": {"$ref": {"type": "string"}, "mapping": {"type": "object"}}},
    }
    return document


@pytest.mark.parametrize(
    ("document", "schemas"),
    [
        pytest.param(zoo(2), {"Thing", "Problem"}, id="references"),
        pytest.param(_nested(zoo(2)), {"Thing", "Problem", "A", "D", "E"}, id="discriminators"),
    ],
)
def test_components_that_nothing_refers_to_go(document: Any, schemas: set[str]) -> None:
    kept = _kept(document, "PUT /cage/0/{id}")
    assert set(kept["components"]["schemas"]) == schemas
    assert kept["components"]["securitySchemes"] == document["components"]["securitySchemes"]
    del document["paths"]["/cage/0/{id}"]["put"]["responses"]["404"]
    assert "Problem" not in _kept(document, "PUT /cage/0/{id}")["components"]["schemas"]


def test_what_a_path_says_for_all_its_operations_stays() -> None:
    document = zoo(1)
    item = document["paths"].pop("/cage/0/{id}")
    item |= {
        "get": copy.deepcopy(item["put"]),
        "parameters": [{"$ref": "#/components/parameters/P"}],
    }
    document["paths"]["/x"] = {"$ref": "#/components/pathItems/X"}
    document["components"] |= {"pathItems": {"X": item}, "parameters": {"P": {}, "Q": {}}}
    kept = _kept(document, "get   /x")
    assert kept["paths"]["/x"].keys() == {"get", "parameters"}
    assert kept["components"]["parameters"] == {"P": {}}
    whole = _kept(document, "GET /x", "PUT /x")
    assert whole["paths"]["/x"] == item


def test_document_that_is_no_openapi_has_no_operations() -> None:
    with pytest.raises(FactsError, match="GET /x"):
        _kept({"paths": [], "components": None}, "GET /x")


@pytest.mark.parametrize(
    "only",
    ["[]", '"GET /x"', "[1]", "{}"],
)
def test_only_of_another_kind_stops(listed: Clone, only: str) -> None:
    path = listed.root / "pyproject.toml"
    path.write_text(path.read_text() + f"only = {only}\n")
    run = listed.main()
    assert run.returncode == 8
    assert "`only` is a list like" in run.stderr


@pytest.mark.parametrize("arguments", [("--check",), ("--against", "x", "--spec", "y")])
def test_only_is_for_regeneration(listed: Clone, arguments: tuple[str, ...]) -> None:
    assert listed.main(*arguments, "--only", "GET /x").returncode == 2


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda it: it, id="the last table"),
        pytest.param(lambda it: it + "\n[tool.other]\nonly = [1]\n", id="a table behind"),
        pytest.param(lambda it: it + 'only = ["GET /a]"] # why\n\n[[tool.x]]\n', id="in one line"),
        pytest.param(lambda it: it.replace('layer = "shop"\n', MIXED), id="before others"),
        pytest.param(
            lambda it: it.replace("[tool.codegen]", "[tool.codegen] # names"), id="comment"
        ),
    ],
)
def test_choice_is_written_beside_what_is_there(change: Callable[[str], str]) -> None:
    before = change(PROJECT)
    only = ['GET /a"b\\/{id}', "PUT /é/]"]
    after = checkout.with_only(before, only)
    assert checkout.with_only(after, only) == after
    expected = tomllib.loads(before)
    expected["tool"]["codegen"]["only"] = only
    assert tomllib.loads(after) == expected


@pytest.mark.parametrize(
    "project",
    [
        pytest.param("[project]\n", id="no table"),
        pytest.param("[tool]\ncodegen = {package = 'x'}\n", id="a table in one line"),
    ],
)
def test_choice_that_has_no_place_stops(project: str) -> None:
    with pytest.raises(CheckoutError, match="say it by hand"):
        checkout.with_only(project, ["GET /x"])


def test_hundreds_that_are_left_out_are_counted_in_readme_and_listed_in_the_page() -> None:
    omitted = [Omission(f"`GET /{number}`", "why") for number in range(300)]
    audience = Audience("shop_client", "shop", "client.api")
    block = catalogue.block([], omitted, audience, "generated_client/OPERATIONS.md")
    assert block.endswith("- and 288 more: [OPERATIONS.md](generated_client/OPERATIONS.md)")
    assert catalogue.page([], omitted, audience).count(": why\n") == 300


def test_paths_in_what_is_left_out_make_no_markdown() -> None:
    document = zoo(1)
    document["paths"][f"/`a\n{catalogue.END}\nb`"] = {"get": {}}
    left = selection.selected(document, ["PUT /cage/0/{id}"])
    (omission,) = selection.omissions(left.unwanted)
    assert "\n" not in omission.what
    assert omission.what.count("`") == 2
