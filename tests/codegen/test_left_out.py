"""Operations that are left out on purpose, and the list of those that are there."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

from codegen import catalogue
from codegen.checkout import Audience
from codegen.errors import CheckoutError
from codegen.make.calls import Call
from codegen.spec.document import load
from codegen.spec.omissions import omissions
from codegen.spec.overlay import read
from tests.codegen import support
from tests.codegen.support import write_json, write_overlay

if TYPE_CHECKING:
    from pathlib import Path

    from tests.codegen.support import Clone

SHOP = support.shop()
XML = {"schema": {"type": "object"}}
LEAVE_OUT = {
    "target": "$.paths['/reports/{id}'].get",
    "remove": True,
    "x-expected": {"responses": {"200": {"content": {"application/xml": {}}}}},
    "x-reason": "XML is\n  for people",
}


def _with_report(spec: Any) -> Any:
    """Add an operation that the generator can't read."""
    spec = copy.deepcopy(spec)
    spec["paths"]["/reports/{id}"] = {
        "get": {
            "operationId": "getReport",
            "parameters": [
                {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
            ],
            "responses": {"200": {"description": "It", "content": {"application/xml": XML}}},
        }
    }
    return spec


def _readme(listed: Clone) -> str:
    return (listed.root / "README.md").read_text()


def _actions(stderr: str) -> Any:
    """Return the actions that a message proposes."""
    begin = stderr.rindex("\n", 0, stderr.index("- target: ")) + 1
    text = stderr[begin:].replace("<why>", "XML is for people")
    return load(text, "the proposal")


def test_the_stop_proposes_an_action_that_works_when_pasted(listed: Clone, tmp_path: Path) -> None:
    source = str(write_json(tmp_path / "new.json", _with_report(SHOP)))
    stop = listed.main("--spec", source)
    assert stop.returncode == 6
    assert "GET /reports/{id}, status 200 (application/xml): " in stop.stderr
    assert "overrides/overlay.yaml" in stop.stderr
    (action,) = _actions(stop.stderr)
    assert action["x-expected"] == LEAVE_OUT["x-expected"]
    write_overlay(listed.root, [action])
    assert listed.main("--spec", source).returncode == 0
    assert "- `GET /reports/{id}`: XML is for people\n" in _readme(listed)


def test_each_operation_that_stops_the_run_gets_an_action(listed: Clone, tmp_path: Path) -> None:
    spec = _with_report(SHOP)
    for number in range(11):
        spec["paths"][f"/reports/{{id}}/{number}"] = {
            "get": spec["paths"]["/reports/{id}"]["get"] | {"operationId": f"get{number}"}
        }
    source = str(write_json(tmp_path / "new.json", spec))
    stop = listed.main("--spec", source)
    first = _actions(stop.stderr)
    assert "to leave out the first 10:" in stop.stderr
    write_overlay(listed.root, first)
    stop = listed.main("--spec", source)
    rest = _actions(stop.stderr)
    assert "to leave out:" in stop.stderr
    write_overlay(listed.root, [*first, *rest])
    assert listed.main("--spec", source).returncode == 0
    assert (len(first), len(rest)) == (10, 2)


def test_an_operation_that_the_generator_drops_gets_such_an_action(
    listed: Clone, tmp_path: Path
) -> None:
    spec = copy.deepcopy(SHOP)
    spec["paths"]["/it's/a: b/{id}"] = {
        "post": {
            "operationId": "odd",
            "parameters": [
                {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
            ],
            "requestBody": {"content": {"application/x": {"schema": {"type": "string"}}}},
            "responses": {"204": {"description": "Done"}},
        }
    }
    source = str(write_json(tmp_path / "new.json", spec))
    stop = listed.main("--spec", source)
    assert stop.returncode == 6
    (action,) = _actions(stop.stderr)
    assert action["x-expected"] == {"requestBody": {"content": {"application/x": {}}}}
    write_overlay(listed.root, [action])
    assert listed.main("--spec", source).returncode == 0


def test_what_is_left_out_is_reported_and_expires_by_itself(listed: Clone, tmp_path: Path) -> None:
    spec = _with_report(SHOP)
    write_overlay(listed.root, [LEAVE_OUT])
    source = tmp_path / "new.json"
    run = listed.main("--spec", str(write_json(source, spec)), "--json")
    assert run.returncode == 0
    told = {"what": "`GET /reports/{id}`", "reason": "XML is for people"}
    assert json.loads(run.stdout)["left_out_on_purpose"] == [told]
    spec["info"]["description"] = "Reworded"
    run = listed.main("--spec", str(write_json(source, spec)))
    assert "## Left out on purpose\n\n- `GET /reports/{id}`: XML is for people\n" in run.stdout, (
        run.stdout
    )
    spec["paths"]["/reports/{id}"]["get"]["summary"] = "what isn't the reason may change"
    assert listed.main("--spec", str(write_json(source, spec))).returncode == 0
    content = spec["paths"]["/reports/{id}"]["get"]["responses"]["200"]["content"]
    content["application/json"] = {"schema": {"type": "string"}}
    del content["application/xml"]
    stop = listed.main("--spec", str(write_json(source, spec)))
    assert stop.returncode == 5
    assert "changed: /paths/~1reports~1{id}/get\n" in stop.stderr
    del spec["paths"]["/reports/{id}"]
    stop = listed.main("--spec", str(write_json(source, spec)))
    assert stop.returncode == 5
    assert "gone: /paths/~1reports~1{id}/get\n" in stop.stderr


@pytest.mark.parametrize(
    ("target", "what"),
    [
        pytest.param("$.paths['/x'].get", "`GET /x`", id="an operation"),
        pytest.param("$.paths['/x']", "every operation of `/x`", id="a path"),
        pytest.param("$.paths['/x'].get.responses['201']", "`GET /x`: status 201", id="a status"),
        pytest.param(
            "$.paths['/x'].get.responses.default", "`GET /x`: status default", id="default"
        ),
        pytest.param(
            "$.paths['/x'].get.responses['200'].content['text/csv']",
            "`GET /x`: status 200 as `text/csv`",
            id="a media type",
        ),
        pytest.param(
            "$.paths['/x'].put.requestBody.content['text/csv']",
            "`PUT /x`: a request body as `text/csv`",
            id="a request's media type",
        ),
        pytest.param("$.paths['/x'].get.responses['404']", None, id="an error is no loss"),
        pytest.param("$.paths['/x'].parameters", None, id="parameters of a path"),
        pytest.param("$.components.schemas.X", None, id="a schema"),
    ],
)
def test_what_counts_as_left_out(tmp_path: Path, target: str, what: str | None) -> None:
    (tmp_path / "overrides").mkdir()
    action = {"target": target, "remove": True, "x-expected": {"a": 1}}
    found = omissions(read(write_overlay(tmp_path, [action])))
    assert [omission.what for omission in found] == ([what] if what else [])


def test_readme_and_page_list_the_operations_as_calls(listed: Clone) -> None:
    before, _, after = _readme(listed).partition(catalogue.START)
    block, _, after = after.partition(catalogue.END)
    assert (before, after) == ("# Shop\n\nBefore.\n\n", "\n\nAfter.\n")
    assert "operations, each a method of `client.api`:" in block
    assert "| `client.api.get_pet(pet_id)` | `GET /pets/{petId}` |" in block
    assert "| `client.api.create_pet(body=...)` | `POST /pets` |" in block
    page = (listed.root / "generated_client" / "OPERATIONS.md").read_text()
    assert "| `client.api.get_pet(pet_id)` | `GET /pets/{petId}` |" in page
    manifest = (listed.root / "generated_client" / "MANIFEST.sha256").read_text()
    assert "  OPERATIONS.md\n" in manifest
    assert listed.main("--check").returncode == 0


@pytest.mark.parametrize("name", ["README.md", "generated_client/OPERATIONS.md"])
def test_check_sees_a_list_that_is_not_the_specs(listed: Clone, name: str) -> None:
    path = listed.root / name
    path.write_text(path.read_text().replace("get_pet(pet_id)", "get_pet()"))
    before = listed.snapshot()
    run = listed.main("--check")
    assert run.returncode == 7
    assert f"{name}: " in run.stderr
    assert "./generate.sh" in run.stderr
    assert listed.snapshot() == before
    assert listed.main("--force").returncode == 0
    assert listed.main("--check").returncode == 0


def test_a_dry_run_leaves_the_list_and_a_run_writes_it_with_the_rest(
    listed: Clone, tmp_path: Path
) -> None:
    spec = copy.deepcopy(SHOP)
    spec["paths"]["/health"]["head"] = {
        "operationId": "headHealth",
        "responses": {"204": {"description": "Fine"}},
    }
    source = str(write_json(tmp_path / "new.json", spec))
    before = _readme(listed)
    assert listed.main("--spec", source, "--dry-run").returncode == 0
    assert _readme(listed) == before
    assert listed.main("--spec", source).returncode == 0
    assert "| `client.api.head_health()` | `HEAD /health` |" in _readme(listed)


@pytest.mark.parametrize(
    "readme",
    [
        pytest.param(f"{catalogue.START}\n", id="no end"),
        pytest.param(f"{catalogue.END}\n", id="no start"),
        pytest.param(f"{catalogue.END}\n{catalogue.START}\n", id="the wrong way round"),
        pytest.param(f"{catalogue.START}\n{catalogue.START}\n{catalogue.END}\n", id="two starts"),
    ],
)
def test_half_a_block_stops_the_run(listed: Clone, readme: str) -> None:
    (listed.root / "README.md").write_text(readme)
    before = listed.snapshot()
    run = listed.main()
    assert run.returncode == 8
    assert "README.md: needs the line" in run.stderr
    assert listed.snapshot() == before


@pytest.mark.parametrize(
    "readme", [pytest.param(None, id="no README"), pytest.param("# Shop\n", id="no block")]
)
def test_without_a_block_nothing_is_written(listed: Clone, readme: str | None) -> None:
    path = listed.root / "README.md"
    path.write_text(readme) if readme else path.unlink()
    assert listed.main().returncode == 0
    assert (path.read_text() if path.exists() else None) == readme
    assert listed.main("--check").returncode == 0


def _call(number: int, **changes: Any) -> Call:
    values: dict[str, Any] = {
        "method": "GET",
        "path": f"/x/{number}",
        "module": f"x.get_x{number}",
        "arguments": (),
        "name": f"get_x{number}",
        "summary": "",
        "tags": ("x",),
        "is_deprecated": False,
    }
    return Call(**(values | changes))


AUDIENCE = Audience("shop_client", "shop", "client.api")


def test_many_operations_are_counted_in_readme_and_listed_in_the_page() -> None:
    calls = [_call(number) for number in range(13)]
    block = catalogue.block(calls, [], AUDIENCE, "generated_client/OPERATIONS.md")
    assert block == (
        "13 operations, each a method of `client.api`:"
        " [all of them](generated_client/OPERATIONS.md)."
    )
    assert catalogue.page(calls, [], AUDIENCE).count("| `GET /x/") == 13


def test_a_specs_words_make_no_markdown_and_no_end_of_the_block() -> None:
    call = _call(1, path="/x|`y`", summary=f"a | b\n{catalogue.END}\n[c](d) `e` " + "f" * 500)
    readme = f"{catalogue.START}\n{catalogue.END}\n"
    text = catalogue.block([call], [], AUDIENCE, "x")
    written = catalogue.with_block(readme, text)
    assert catalogue.with_block(written, text) == written
    (row,) = [line for line in text.splitlines() if "GET" in line]
    assert r"a \| b &lt;!-- /operations --> \[c\](d) \`e\`" in row
    assert len(row) < 300


def test_only_what_is_between_the_lines_changes() -> None:
    readme = f"\u2028a\x0b\r\n{catalogue.START}\r\nold\r\n{catalogue.END}\r\nz"
    written = catalogue.with_block(readme, "new")
    assert written.startswith(f"\u2028a\x0b\r\n{catalogue.START}\r\n")
    assert written.endswith(f"{catalogue.END}\r\nz")
    assert "old" not in written
    with pytest.raises(CheckoutError):
        catalogue.with_block(catalogue.START, "new")


def test_package_without_methods_is_called_by_its_modules() -> None:
    call = _call(1, name=None, arguments=("pet_id", "body=..."))
    assert call.spelled("client.api") == "api.x.get_x1.sync(pet_id, body=..., client=client.api)"
    assert _call(1).spelled(None) == "api.x.get_x1.sync(client=client)"
