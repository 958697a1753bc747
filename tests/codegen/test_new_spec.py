"""./generate.sh --spec: what is said, what is stopped, and that a stop changes nothing."""

from __future__ import annotations

import copy
import fcntl
import json
import tomllib
from typing import TYPE_CHECKING, Any

import pytest

from tests.codegen.support import write_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.codegen.support import Clone

NAME = "/components/schemas/NewPet/properties/name"


@pytest.fixture
def spec(upstream: Any) -> Any:
    return upstream


def _with_plans(spec: Any) -> Any:
    """Add an operation, as the vendor's next page might."""
    spec["info"]["version"] = "1.1.0"
    spec["paths"]["/plans"] = {
        "get": {
            "operationId": "listPlans",
            "responses": {
                "200": {
                    "description": "The plans",
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/Plans"}}
                    },
                }
            },
        }
    }
    spec["components"]["schemas"]["Plans"] = {
        "type": "object",
        "properties": {"names": {"type": "array", "items": {"type": "string"}}},
    }
    return spec


def _without_code(spec: Any) -> Any:
    del spec["components"]["schemas"]["Problem"]["required"]
    return spec


def _reworded(spec: Any) -> Any:
    spec["info"]["description"] = "Cats and dogs"
    return spec


@pytest.mark.parametrize(
    ("change", "verdict", "next_version", "where"),
    [
        pytest.param(_with_plans, "minor", "1.1.0", "GET /plans", id="minor"),
        pytest.param(_without_code, "major", "2.0.0", "schema Problem: code", id="major"),
        pytest.param(_reworded, "patch", "1.0.1", "document", id="patch"),
        pytest.param(lambda spec: spec, "none", "1.0.0", None, id="none"),
    ],
)
def test_a_dry_run_says_what_a_run_would_do_and_changes_nothing(
    clone: Clone,
    tmp_path: Path,
    spec: Any,
    change: Callable[[Any], Any],
    verdict: str,
    next_version: str,
    where: str | None,
) -> None:
    before = clone.snapshot()
    source = write_json(tmp_path / "new.json", change(spec))
    report = tmp_path / "report.md"
    run = clone.main("--spec", str(source), "--dry-run", "--json", "--report", str(report))
    assert (run.returncode, run.stderr) == (0, "")
    said = json.loads(run.stdout)
    assert (said["verdict"], said["next_version"]) == (verdict, next_version)
    assert where is None or where in [change["where"] for change in said["changes"]]
    assert {fact["state"] for fact in said["facts"]} == {"holds"}
    assert where is None or where in report.read_text()
    assert clone.snapshot() == before
    assert not (clone.root / ".codegen").exists()


def test_a_new_spec_moves_everything_together(clone: Clone, tmp_path: Path, spec: Any) -> None:
    source = write_json(tmp_path / "new.json", _with_plans(spec))
    assert clone.main("--spec", str(source)).returncode == 0
    package = clone.root / "generated_client" / "shop_client"
    assert (clone.root / "openapi.yaml").read_bytes() == source.read_bytes()
    assert (package / "api" / "default" / "list_plans.py").exists()
    assert 'SPEC_VERSION: Final = "1.1.0"' in (package / "spec.py").read_text()
    project = tomllib.loads((clone.root / "pyproject.toml").read_text())["project"]
    assert project["version"] == "1.1.0"
    changelog = (clone.root / "CHANGELOG.md").read_text()
    unreleased, released = changelog.split("## [1.0.0]")
    assert "- Something by hand.\n- GET /plans: operation added" in unreleased
    assert released.startswith(" - 2026-11-24\n\n### Added\n\n- The client.\n")
    assert clone.main("--check").returncode == 0
    after = clone.snapshot()
    assert clone.main("--spec", str(source)).returncode == 0
    assert clone.snapshot() == after


def test_changes_between_two_releases_raise_the_version_once(
    clone: Clone, tmp_path: Path, spec: Any
) -> None:
    for change, version in [
        (_with_plans, "1.1.0"),
        (_reworded, "1.1.0"),
        (_without_code, "2.0.0"),
    ]:
        source = write_json(tmp_path / "new.json", change(spec))
        assert clone.main("--spec", str(source)).returncode == 0
        project = tomllib.loads((clone.root / "pyproject.toml").read_text())["project"]
        assert project["version"] == version


def _behind_ref(spec: Any) -> None:
    schemas = spec["components"]["schemas"]
    schemas["Name"] = schemas["NewPet"]["properties"]["name"]
    schemas["NewPet"]["properties"]["name"] = {"$ref": "#/components/schemas/Name"}


@pytest.mark.parametrize(
    ("change", "stops"),
    [
        pytest.param(lambda name: name.update(pattern="^[a-z]+$"), {(NAME, "fixed")}, id="mended"),
        pytest.param(lambda name: name.update(pattern="^z$"), {(NAME, "changed")}, id="changed"),
        pytest.param(
            lambda name: name.update(type="integer", pattern="x"),
            {(NAME, "changed"), (f"{NAME}/type", "changed")},
            id="both changed",
        ),
        pytest.param(
            lambda name: name.clear(),
            {(NAME, "changed"), (f"{NAME}/type", "gone")},
            id="changed and gone",
        ),
    ],
)
def test_a_fact_that_no_longer_holds_stops_the_run_and_all_are_told(
    clone: Clone,
    tmp_path: Path,
    spec: Any,
    change: Callable[[Any], Any],
    stops: set[tuple[str, str]],
) -> None:
    change(spec["components"]["schemas"]["NewPet"]["properties"]["name"])
    before = clone.snapshot()
    source = write_json(tmp_path / "new.json", spec)
    run = clone.main("--spec", str(source), "--json")
    assert run.returncode == 5
    said = json.loads(run.stdout)
    assert (said["verdict"], said["next_version"]) == (None, None)
    stopping = [fact for fact in said["facts"] if fact["state"] != "holds"]
    assert {(fact["pointer"], fact["state"]) for fact in stopping} == stops
    for fact in stopping:
        assert f"{fact['state']}: {fact['pointer']}\n" in run.stderr
        assert fact["override"] in run.stderr
        assert fact["to_do"] in run.stderr
    assert clone.snapshot() == before


def test_what_went_behind_a_ref_says_where_it_went(clone: Clone, tmp_path: Path, spec: Any) -> None:
    _behind_ref(spec)
    run = clone.main("--spec", str(write_json(tmp_path / "new.json", spec)))
    assert f"({NAME} now is a $ref to /components/schemas/Name)" in run.stderr


@pytest.mark.parametrize(
    ("name", "change"),
    [
        pytest.param("models/pet.py", lambda path: path.write_text("x = 1\n"), id="edited"),
        pytest.param("models/own.py", lambda path: path.touch(), id="added"),
    ],
)
@pytest.mark.parametrize("new", [pytest.param(True, id="--spec"), pytest.param(False, id="plain")])
def test_what_a_person_changed_in_generated_client_is_not_lost_unless_told(
    clone: Clone,
    tmp_path: Path,
    spec: Any,
    name: str,
    change: Callable[[Path], object],
    *,
    new: bool,
) -> None:
    path = clone.root / "generated_client" / "shop_client" / name
    change(path)
    before = clone.snapshot()
    source = ["--spec", str(write_json(tmp_path / "new.json", _with_plans(spec)))] if new else []
    run = clone.main(*source)
    assert run.returncode == 8
    assert f"generated_client/shop_client/{name}" in run.stderr
    assert clone.snapshot() == before
    assert clone.main(*source, "--force").returncode == 0
    assert clone.main("--check").returncode == 0


@pytest.mark.parametrize("arguments", [[], ["--check"], ["--dry-run"]])
def test_a_second_run_says_so_and_stops(clone: Clone, arguments: list[str]) -> None:
    (clone.root / ".codegen").mkdir()
    with (clone.root / ".codegen" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        run = clone.main(*arguments)
    assert run.returncode == 9
    assert "another ./generate.sh is at work" in run.stderr


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param(["--nonsense"], 2, id="wrong option"),
        pytest.param(["--check", "--json"], 2, id="--check goes alone"),
        pytest.param(["--spec", "/nowhere"], 3, id="no such file"),
    ],
)
def test_exit_codes_are_told_by_help(clone: Clone, arguments: list[str], code: int) -> None:
    run = clone.main(*arguments)
    assert run.returncode == code
    assert "Traceback" not in run.stderr
    assert f"\n  {code}  " in clone.main("--help").stdout


@pytest.mark.parametrize(
    ("name", "old", "new", "code", "says"),
    [
        pytest.param(
            "overrides/overlay.yaml",
            "overlay: 1.0.0",
            "overlay: 2",
            4,
            "overlay version",
            id="overlay version",
        ),
        pytest.param(
            "overrides/overlay.yaml", "x-reason", "x-why", 4, "lacks x-reason", id="no reason"
        ),
        pytest.param(
            "overrides/overlay.yaml",
            ".properties.name\n",
            "['properties', 'x']\n",
            4,
            "more than one place",
            id="two targets",
        ),
        pytest.param(
            "overrides/generator.yaml",
            "ProblemDetails:",
            "Nope:",
            6,
            "match no class",
            id="config",
        ),
        pytest.param(
            "overrides/shop.py",
            "SERVER_URL",
            "URL",
            4,
            "/servers/0/url: overrides/shop.py doesn't mention 'SERVER_URL'",
            id="a file that no longer relies on a fact",
        ),
        pytest.param(
            "pyproject.toml", "[project]", "[project", 8, "pyproject.toml: Expected", id="no TOML"
        ),
        pytest.param("pyproject.toml", "shop_client", "", 8, "[tool.codegen] needs", id="package"),
        pytest.param(
            "CHANGELOG.md", "## [Unreleased]", "## Later", 8, "## [Unreleased]", id="changelog"
        ),
        pytest.param(
            "pyproject.toml", 'version = "1.0.0"', 'version = "1"', 8, "X.Y.Z", id="version"
        ),
    ],
)
def test_every_stop_names_what_to_mend_and_changes_nothing(
    clone: Clone, tmp_path: Path, spec: Any, name: str, old: str, new: str, code: int, says: str
) -> None:
    path = clone.root / name
    path.write_text(path.read_text().replace(old, new))
    before = clone.snapshot()
    run = clone.main("--spec", str(write_json(tmp_path / "new.json", _with_plans(spec))))
    assert (run.returncode, says in run.stderr) == (code, True), run.stderr
    assert "Traceback" not in run.stderr
    assert clone.snapshot() == before


def test_any_two_specs_can_be_compared(clone: Clone, tmp_path: Path, spec: Any) -> None:
    old = str(write_json(tmp_path / "old.json", spec))
    _with_plans(_without_code(spec))
    new = str(write_json(tmp_path / "new.json", spec))
    before = clone.snapshot()
    run = clone.main("--spec", new, "--against", old, "--json")
    assert run.returncode == 0
    said = json.loads(run.stdout)
    assert (said["verdict"], said["next_version"], said["facts"]) == ("major", None, [])
    assert (said["against"], said["sources"], said["unbuilt"]) == ([old], [new], [])
    assert clone.snapshot() == before
    assert f"\nSource: {old} → {new}\n" in clone.main("--spec", new, "--against", old).stdout


@pytest.mark.parametrize("broken", ["old", "new"])
def test_specs_are_compared_where_the_generator_cannot_build_one(
    clone: Clone, tmp_path: Path, spec: Any, broken: str
) -> None:
    specs = {"old": copy.deepcopy(spec), "new": _with_plans(copy.deepcopy(spec))}
    bad = {"name": "x", "in": "query", "schema": {"type": "integer", "default": "x"}}
    specs[broken]["paths"]["/pets"]["get"]["parameters"].append(bad)
    paths = {side: str(write_json(tmp_path / f"{side}.json", it)) for side, it in specs.items()}
    arguments = ("--spec", paths["new"], "--against", paths["old"])
    run = clone.main(*arguments, "--json")
    assert run.returncode == 6
    said = json.loads(run.stdout)
    (side,) = said["unbuilt"]
    assert side.startswith(f"the {broken} spec, {paths[broken]}: generated functions are not")
    assert "GET /plans" in [change["where"] for change in said["changes"]]
    assert {change["in"] for change in said["changes"]} == {"spec"}
    report = clone.main(*arguments).stdout
    assert report.startswith("# At least a ")
    assert f"the {broken} spec, {paths[broken]}: " in report
    assert "## For users of the API itself" in report
    assert "## For users of `" not in report
