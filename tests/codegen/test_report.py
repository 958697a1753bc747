"""The report tells each reader their part, and a stop what would follow."""

from __future__ import annotations

import copy
import json
import tomllib
from typing import TYPE_CHECKING, Any

import pytest

from codegen.spec import renames
from codegen.spec.document import load
from tests.codegen import support
from tests.codegen.support import write_json, write_overlay

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.codegen.support import Clone

SHOP = support.shop()
VERSION = {
    "pointer": "/info/title",
    "expected": SHOP["info"]["title"],
    "relied-on-by": {"pyproject.toml": "shop-client"},
    "reason": "a test",
}


@pytest.fixture
def spec() -> Any:
    return copy.deepcopy(SHOP)


def _with_keys(spec: Any, tags: list[str]) -> Any:
    """Add an operation with a required and an optional argument."""
    spec["info"]["version"] = "7.0.0"
    spec["paths"]["/keys"] = {
        "get": {
            "operationId": "listKeys",
            "tags": tags,
            "parameters": [
                {
                    "name": name,
                    "in": "query",
                    "required": name == "owner",
                    "schema": {"type": "string"},
                }
                for name in ("owner", "after")
            ],
            "responses": {"204": {"description": "None"}},
        }
    }
    return spec


def _sections(report: str) -> dict[str, str]:
    parts = report.split("\n## ")
    return {title: body.strip() for title, _, body in (part.partition("\n") for part in parts[1:])}


def test_each_reader_has_a_section(listed: Clone, tmp_path: Path, spec: Any) -> None:
    write_overlay(listed.root, [], [VERSION])
    run = listed.main("--spec", str(write_json(tmp_path / "new.json", _with_keys(spec, ["keys"]))))
    assert list(_sections(run.stdout)) == [
        "For people who `from shop import`",
        "For users of `client.api` and `shop_client`",
        "For users of the API itself",
        "For CHANGELOG.md",
    ]
    sections = _sections(run.stdout)
    assert sections["For people who `from shop import`"] == (
        "Nothing changes in what is written by hand: all 1 upstream facts that it relies on hold."
    )
    assert "`GET /keys`: operation added" in sections["For users of the API itself"]


def test_a_new_operation_shows_the_line_that_calls_it_once(
    listed: Clone, tmp_path: Path, spec: Any
) -> None:
    source = write_json(tmp_path / "new.json", _with_keys(spec, ["keys"]))
    said = json.loads(listed.main("--spec", str(source), "--dry-run", "--json").stdout)
    assert said["new_operations"] == [
        {
            "request": "GET /keys",
            "call": "client.api.list_keys(owner=...)",
            "summary": "",
            "tagged": True,
        }
    ]
    report = listed.main("--spec", str(source)).stdout
    section = _sections(report)["For users of `client.api` and `shop_client`"]
    assert "- `client.api.list_keys(owner=...)`: `GET /keys`" in section
    assert "list_keys: module was added" not in section
    assert "tag" not in section


@pytest.mark.parametrize("tags", [pytest.param(None, id="no tags"), pytest.param([], id="empty")])
def test_an_operation_without_a_tag_says_what_a_later_one_does(
    listed: Clone, tmp_path: Path, spec: Any, tags: list[str] | None
) -> None:
    _with_keys(spec, tags or [])
    if tags is None:
        del spec["paths"]["/keys"]["get"]["tags"]
    source = str(write_json(tmp_path / "new.json", spec))
    report = listed.main("--spec", source, "--dry-run").stdout
    section = _sections(report)["For users of `client.api` and `shop_client`"]
    assert "in `api.default`: all of them. A tag that comes later moves the module" in section
    proposed = section.partition("```yaml\n")[2].partition("```")[0]
    (action,) = load(proposed.replace("<name>", "keys").replace("<why>", "ours"), "it")
    write_overlay(listed.root, [action])
    assert listed.main("--spec", source).returncode == 0
    assert (listed.root / "generated_client/shop_client/api/keys/list_keys.py").exists()


def test_a_spec_that_changed_under_its_old_number_is_a_warning(
    listed: Clone, tmp_path: Path, spec: Any
) -> None:
    source = tmp_path / "new.json"
    spec["paths"]["/health"]["get"]["summary"] = "Whether it is up"
    run = listed.main("--spec", str(write_json(source, spec)), "--dry-run", "--json")
    (warning,) = json.loads(run.stdout)["warnings"]
    assert f"still calls itself version {SHOP['info']['version']}" in warning
    report = listed.main("--spec", str(source), "--dry-run").stdout
    assert f"**Warning:** {warning}\n" in report
    spec["info"]["version"] = "7.0.0"
    run = listed.main("--spec", str(write_json(source, spec)), "--dry-run", "--json")
    assert json.loads(run.stdout)["warnings"] == []


def test_a_version_that_is_raised_already_is_no_arrow(
    listed: Clone, tmp_path: Path, spec: Any
) -> None:
    source = tmp_path / "new.json"
    run = listed.main("--spec", str(write_json(source, _with_keys(spec, ["keys"]))))
    assert run.stdout.startswith("# A minor change: 1.0.0 → 1.1.0\n")
    spec["paths"]["/keys"]["get"]["summary"] = "All keys"
    run = listed.main("--spec", str(write_json(source, spec)))
    assert run.stdout.startswith("# A patch change; the version already is 1.1.0\n")


def test_a_change_of_our_own_asks_for_the_version_by_hand(listed: Clone) -> None:
    write_overlay(
        listed.root,
        [
            {
                "target": "$.paths['/health'].get",
                "update": {"summary": "Whether it is up"},
                "x-expected": {},
            }
        ],
    )
    run = listed.main()
    assert run.stdout.startswith("# A patch change; raise the version by hand: 1.0.0 → 1.0.1\n")
    assert 'version = "1.0.0"' in (listed.root / "pyproject.toml").read_text()


def test_a_stop_tells_the_verdict_that_would_follow(
    listed: Clone, tmp_path: Path, spec: Any
) -> None:
    write_overlay(listed.root, [], [VERSION])
    source = tmp_path / "new.json"
    spec["info"]["title"] = "Another shop"
    run = listed.main("--spec", str(write_json(source, spec)))
    assert run.returncode == 5
    assert run.stderr.endswith(
        "Once that is mended: at least a patch change, by what the spec changes.\n"
    )
    _with_keys(spec, [])
    run = listed.main("--spec", str(write_json(source, spec)), "--json")
    assert json.loads(run.stdout)["verdict_once_mended"] == "minor"
    spec["paths"]["/health"]["get"]["deprecated"] = "perhaps"
    report = tmp_path / "report.md"
    run = listed.main("--spec", str(write_json(source, spec)), "--json", "--report", str(report))
    assert run.returncode == 5
    assert json.loads(run.stdout)["verdict_once_mended"] is None
    assert "/paths/~1health/get/deprecated" in run.stderr
    assert "/paths/~1health/get/deprecated" in report.read_text()


def _rename(owner: Any, old: str, new: str) -> Any:
    owner[new] = owner.pop(old)
    return owner[new]


@pytest.mark.parametrize(
    ("change", "where", "name"),
    [
        pytest.param(
            lambda spec: _rename(spec["paths"], "/pets", "/v2/pets"),
            "/paths/~1pets/get/operationId",
            "/paths/~1v2~1pets",
            id="a path",
        ),
        pytest.param(
            lambda spec: _rename(spec["components"]["schemas"], "Owner", "Keeper"),
            "/components/schemas/Owner/type",
            "/components/schemas/Keeper",
            id="a schema",
        ),
        pytest.param(
            lambda spec: _rename(spec["paths"], "/pets", "/v2/pets")["get"].update(summary="Some"),
            "/paths/~1pets/get",
            "/paths/~1v2~1pets",
            id="a path that also changed a little",
        ),
        pytest.param(
            lambda spec: spec["paths"].pop("/pets"), "/paths/~1pets/get", None, id="gone for good"
        ),
        pytest.param(
            lambda spec: spec["paths"].update(
                {"/v3/pets": _rename(spec["paths"], "/pets", "/v2/pets")}
            ),
            "/paths/~1pets/get",
            None,
            id="two of them",
        ),
        pytest.param(
            lambda spec: _rename(spec["paths"], "/pets", "/v2/pets"),
            "/paths/~1cats",
            None,
            id="what never was",
        ),
        pytest.param(
            lambda spec: spec.update(paths=None), "/paths/~1pets", None, id="paths are null"
        ),
    ],
)
def test_a_rename_is_guessed(
    spec: Any, change: Callable[[Any], object], where: str, name: str | None
) -> None:
    change(spec)
    assert renames.guess(spec, SHOP, where) == name


def test_a_stop_hints_at_renames(listed: Clone, tmp_path: Path, spec: Any) -> None:
    fact = VERSION | {
        "pointer": "/components/schemas/Owner/type",
        "expected": "object",
    }
    write_overlay(listed.root, [], [fact])
    text = json.dumps(spec).replace("schemas/Owner", "schemas/Keeper")
    spec = json.loads(text)
    _rename(spec["components"]["schemas"], "Owner", "Keeper")
    run = listed.main("--spec", str(write_json(tmp_path / "new.json", spec)))
    assert run.returncode == 5
    assert "(perhaps renamed to /components/schemas/Keeper)" in run.stderr


def test_names_of_the_product_come_from_its_pyproject(
    listed: Clone, tmp_path: Path, spec: Any
) -> None:
    project = listed.root / "pyproject.toml"
    project.write_text(
        project.read_text().replace('layer = "shop"\n', "").replace('methods = "client.api"\n', "")
    )
    assert tomllib.loads(project.read_text())["tool"]["codegen"] == {"package": "shop_client"}
    run = listed.main("--spec", str(write_json(tmp_path / "new.json", _with_keys(spec, ["keys"]))))
    assert list(_sections(run.stdout))[:2] == [
        "For users of `shop_client`",
        "For users of the API itself",
    ]
    assert "- `api.keys.list_keys.sync(owner=..., client=client)`: `GET /keys`" in run.stdout


@pytest.mark.parametrize(
    ("change", "times"),
    [
        pytest.param({"version": "1.0.1"}, 2, id="a new version"),
        pytest.param({}, 1, id="no change"),
    ],
)
def test_the_installed_version_follows_a_new_one_at_once(
    clone: Clone, tmp_path: Path, upstream: Any, change: Any, times: int
) -> None:
    """scripts/setup, which installs the metadata, runs again after the version was raised."""
    setup = clone.root / "scripts" / "setup"
    log = tmp_path / "setup.log"
    setup.write_text(
        f'#!/usr/bin/env bash\ngrep ^version "${{BASH_SOURCE[0]%/*}}/../pyproject.toml" >>"{log}"\n'
    )
    source = write_json(tmp_path / "new.json", upstream | {"info": upstream["info"] | change})
    assert clone.run("--spec", str(source)).returncode == 0
    versions = log.read_text().split("\n")[:-1]
    assert len(versions) == times
    assert versions[-1].partition(" = ")[2] == (
        f'"{tomllib.loads((clone.root / "pyproject.toml").read_text())["project"]["version"]}"'
    )


def test_the_exit_code_is_that_of_the_run(clone: Clone) -> None:
    assert clone.run("--nonsense").returncode == 2
    assert clone.run("--spec", "/nowhere").returncode == 3
