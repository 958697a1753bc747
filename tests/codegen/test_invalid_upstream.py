"""Facts and overlay come before validation: what is invalid can be mended, or is told by place."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codegen import generate
from codegen.diff.specs import spec_changes
from codegen.errors import CodegenError, GenerationError, SourceError
from codegen.make import build
from codegen.spec import facts, intake, operations, overlay, pointer, validate
from codegen.spec.document import load
from codegen.spec.lines import lines
from codegen.spec.overlay import Overlay
from codegen.spec.upstream import Upstream
from tests.codegen import support
from tests.codegen.support import ROOT, write_json, write_overlay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.codegen.support import Clone

TEXT = (support.SHOP / "openapi.yaml").read_text(encoding="utf-8")
SHOP = load(TEXT, "shop.yaml")
CORRECTIONS = overlay.read(ROOT / "overrides" / "overlay.yaml")
UPSTREAM = load((ROOT / "openapi.yaml").read_text(encoding="utf-8"), "openapi.yaml")

LIST = "/paths/~1pets/get"
KIND = "/components/schemas/Kind"


def _list(spec: Any) -> Any:
    return spec["paths"]["/pets"]["get"]


def _all(*names: str) -> Any:
    return {"allOf": [{"$ref": f"#/components/schemas/{name}"} for name in names]}


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
@pytest.mark.parametrize(
    ("change", "where"),
    [
        pytest.param(lambda spec: spec.pop("info"), "", id="no info"),
        pytest.param(lambda spec: spec.update(paths=None), "/paths", id="no paths"),
        pytest.param(
            lambda spec: spec["components"]["schemas"]["Kind"].update(pattern=r"^(?P<a>x)\Z"),
            f"{KIND}/pattern",
            id="a pattern of no dialect",
        ),
        pytest.param(
            lambda spec: spec["paths"].update({"/pets": []}), "/paths/~1pets", id="path item"
        ),
        pytest.param(lambda spec: spec["paths"]["/pets"].update(get="x"), LIST, id="operation"),
        pytest.param(
            lambda spec: spec["paths"].update({"/pets?old=1": {}}),
            "/paths/~1pets?old=1",
            id="query",
        ),
        pytest.param(
            lambda spec: spec["paths"].update({"/pets#old": {}}), "/paths/~1pets#old", id="fragment"
        ),
        pytest.param(
            lambda spec: spec["components"]["schemas"].update(A=_all("B"), B=_all("Kind", "A")),
            "/components/schemas/A",
            id="a schema that is all of itself",
        ),
        pytest.param(
            lambda spec: spec["components"]["schemas"].update(A={"$ref": "#/components/schemas/A"}),
            "/components/schemas/A",
            id="a reference to itself",
        ),
        pytest.param(
            lambda spec: _list(spec)["parameters"].append(None),
            f"{LIST}/parameters/3",
            id="parameter",
        ),
        pytest.param(
            lambda spec: _list(spec)["responses"]["200"].pop("description"),
            f"{LIST}/responses/200",
            id="an answer without description",
        ),
        pytest.param(
            lambda spec: spec["components"]["schemas"]["Kind"].update(type="strin"),
            f"{KIND}/type",
            id="type",
        ),
        pytest.param(
            lambda spec: spec["components"]["schemas"]["Kind"].update(required=True),
            f"{KIND}/required",
            id="required",
        ),
        pytest.param(
            lambda spec: _list(spec).update(operationId="createPet"),
            "/paths/~1pets/post",
            id="an operationId twice",
        ),
        pytest.param(
            lambda spec: spec["paths"].update({"/x/{y}": {"get": _list(SHOP)}}),
            "/paths/~1x~1{y}/get",
            id="a path parameter that isn't there",
        ),
        pytest.param(
            lambda spec: _list(spec)["responses"].update({"404": {"$ref": "#/nowhere"}}),
            f"{LIST}/responses/404",
            id="a reference to nowhere",
        ),
        pytest.param(
            lambda spec: _list(spec)["responses"].update({"404": {"$ref": 5}}),
            f"{LIST}/responses/404",
            id="a reference that is a number",
        ),
        pytest.param(
            lambda spec: _list(spec)["responses"]["200"]["headers"]["X-Total"].update(
                schema={"type": "strin"}
            ),
            f"{LIST}/responses/200/headers/X-Total/schema/type",
            id="the schema of a header",
        ),
        pytest.param(
            lambda spec: _list(spec).update(security=[{"nothing": []}]),
            f"{LIST}/security",
            id="a security scheme that isn't there",
        ),
    ],
)
def test_each_problem_has_a_pointer_that_exists(
    change: Callable[[Any], object], where: str, version: str
) -> None:
    spec = copy.deepcopy(SHOP) | {"openapi": version}
    change(spec)
    problems = validate.judged(spec).problems
    assert where in [problem.pointer for problem in problems]
    for problem in problems:
        assert pointer.find(spec, problem.pointer) is not pointer.ABSENT
        assert len(problem.words) <= 300


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
@pytest.mark.parametrize(
    "text",
    [
        *(r"^[\p{L}\p{N} -]{1,40}$", r"^\P{Lu}+$", r"^\u{1F600}$", r"^\cJ(?<=\n)\/$"),
        *("(?i)^a$", r"^(?P<half>a)\A", "^a++$"),
    ],
)
def test_pattern_is_one_to_the_engine_by_which_answers_are_checked(text: str, version: str) -> None:
    """ECMA-262 has what Python's `re` refuses, and Rust what ECMA-262 hasn't."""
    spec = copy.deepcopy(SHOP) | {"openapi": version}
    spec["components"]["schemas"]["NewPet"]["properties"]["x"] = {"type": "string", "pattern": text}
    spec["components"]["schemas"]["NewPet"]["properties"]["pattern"] = {"type": "string"}
    before = copy.deepcopy(spec)
    assert validate.judged(spec) == ([], [])
    assert spec == before


OTHER_PATTERNS = [
    *(r"^[\w-.]+$", r"^[a-\d]$", "^[^]$", "^[]?$", r"^(?<half>.)\k<half>$", r"^\ud83d\ude00$"),
    *(r"^\0$", r"^[\b]$", r"^(?:a(?=b)*)$", r"^\c$", r"^a{,3}$"),
]


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
@pytest.mark.parametrize("text", OTHER_PATTERNS)
def test_pattern_of_ecma_262_that_the_engine_does_not_read_is_a_warning(
    tmp_path: Path, text: str, version: str
) -> None:
    spec = copy.deepcopy(SHOP) | {"openapi": version}
    spec["components"]["schemas"]["NewPet"]["properties"]["x"] = {"type": "string", "pattern": text}
    source = write_json(tmp_path / "spec.json", spec)
    upstream = intake.read([str(source)])
    (warning,) = validate.require_openapi(upstream.document, upstream, Overlay())
    line = _line(source.read_text(), '"pattern": ' + json.dumps(text))
    where = "/components/schemas/NewPet/properties/x/pattern"
    assert warning.startswith(f"{where} ({source} line {line}): {text!r} is a pattern of ECMA-262")


def test_field_names_by_pattern_are_judged_as_well() -> None:
    spec = copy.deepcopy(SHOP) | {"openapi": "3.1.0"}
    made: Any = {"type": "object", "patternProperties": {r"^[\w-.]$": {}, "^/$": {}}}
    spec["components"]["schemas"]["NewPet"]["properties"]["x"] = made
    (doubt,) = validate.judged(spec).doubts
    assert doubt.pointer == r"/components/schemas/NewPet/properties/x/patternProperties/^[\w-.]$"
    made["patternProperties"]["^(/$"] = {}
    (problem,) = validate.judged(spec).problems
    assert problem.pointer.endswith("/x/patternProperties/^(~1$")


def _sent(schema: Any) -> Any:
    spec = copy.deepcopy(SHOP)
    _list(spec)["parameters"].append({"name": "x", "in": "query", "schema": schema})
    return spec


@pytest.mark.parametrize(
    ("schema", "written"),
    [
        pytest.param({"type": "integer", "maximum": 9, "default": 500}, "= 500", id="too large"),
        pytest.param({"type": "string", "pattern": "^a$", "default": "b"}, '= "b"', id="pattern"),
        pytest.param({"type": "string", "default": 5}, '= "5"', id="another type"),
    ],
)
def test_default_that_its_schema_refuses_is_a_warning_that_says_it_is_sent(
    tmp_path: Path, schema: Any, written: str
) -> None:
    upstream = intake.read([str(write_json(tmp_path / "spec.json", _sent(schema)))])
    made = build.package(upstream, Overlay(), tmp_path / "client", None, None)
    (warning,) = made.warnings
    words, _, action = warning.partition("\n")
    assert words.startswith(f"{LIST}/parameters/3/schema/default ({tmp_path}/spec.json line ")
    assert "generated code may send where nothing is given" in words
    assert f"x: {'int' if schema['type'] == 'integer' else 'str'} | Unset {written}" in (
        (made.folder / "api/pets/list_pets.py").read_text()
    )
    (tmp_path / "overrides").mkdir()
    (pasted,) = load(action.replace("<why>", "ours"), "it")
    mended = overlay.read(write_overlay(tmp_path, [pasted]))
    again = build.package(upstream, mended, tmp_path / "again", None, None)
    assert again.warnings == []


@pytest.mark.parametrize(
    "schema",
    [
        pytest.param({"type": "integer", "default": "x"}, id="type"),
        pytest.param({"type": "string", "enum": ["a"], "default": "b"}, id="enum"),
    ],
)
def test_default_that_the_generator_fails_on_is_told_with_its_action(
    tmp_path: Path, schema: Any
) -> None:
    upstream = intake.read([str(write_json(tmp_path / "spec.json", _sent(schema)))])
    with pytest.raises(GenerationError) as error:
        build.package(upstream, Overlay(), tmp_path / "client", None, None)
    told = str(error.value)
    assert "GET /pets has no function" in told
    assert "the schema refuses its own default" in told
    assert "  - target: $.paths['/pets'].get.parameters[3].schema.default\n" in told


def test_schema_may_have_fields_of_itself() -> None:
    spec = copy.deepcopy(SHOP)
    node = _all("Kind") | {"properties": {"next": _all("Node"), "more": {"items": _all("Node")}}}
    spec["components"]["schemas"] |= {"Node": node, "Twice": _all("Kind", "Kind")}
    assert validate.judged(spec) == ([], [])


def _line(text: str, words: str) -> int:
    return text[: text.index(words)].count("\n") + 1


def _told(source: Path) -> str:
    upstream = intake.read([str(source)])
    with pytest.raises(SourceError) as error:
        validate.require_openapi(upstream.document, upstream, Overlay())
    return str(error.value)


BROKEN = TEXT.replace("          description: Found\n", "", 1).replace(
    "operationId: listPets\n", "operationId: listPets\n      deprecated: perhaps\n"
)
AT = f"{LIST}/deprecated"


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_the_line_in_a_yaml_file(tmp_path: Path, newline: str) -> None:
    source = tmp_path / "spec.yaml"
    source.write_bytes(BROKEN.replace("\n", newline).encode())
    assert f"{AT} ({source} line {_line(BROKEN, 'deprecated: perhaps')}): " in _told(source)


def test_the_line_in_a_json_file(tmp_path: Path) -> None:
    source = write_json(tmp_path / "spec.json", load(BROKEN, "it"))
    text = source.read_text()
    assert f"{AT} ({source} line {_line(text, 'perhaps')}): " in _told(source)


def test_the_line_in_a_page_whose_fence_has_the_spec(tmp_path: Path) -> None:
    source = tmp_path / "page.md"
    page = f"# Pets\n\n> All of them\n\n```yaml\n{BROKEN}```\n\nMore.\n"
    source.write_text(page)
    assert f"{AT} ({source} line {_line(page, 'deprecated: perhaps')}): " in _told(source)


def test_the_page_of_several_and_its_line(tmp_path: Path) -> None:
    first, second = tmp_path / "first.yaml", tmp_path / "second.yaml"
    spec = load(TEXT, "it")
    health = {"paths": {"/health": spec["paths"].pop("/health")}}
    write_json(first, spec)
    head = {key: spec[key] for key in ("openapi", "info")}
    health["paths"]["/health"]["get"]["deprecated"] = "perhaps"
    write_json(second, head | health)
    upstream = intake.read([str(first), str(second)])
    with pytest.raises(SourceError) as error:
        validate.require_openapi(upstream.document, upstream, Overlay())
    line = _line(second.read_text(), "perhaps")
    assert f"/paths/~1health/get/deprecated ({second} line {line}): " in str(error.value)


def _places(value: Any, parts: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield parts
    if isinstance(value, list):
        value = dict(enumerate(value))
    for key, child in value.items() if isinstance(value, dict) else ():
        yield from _places(child, (*parts, key))


def test_every_place_of_yaml_and_json_has_the_line_of_its_key_or_item() -> None:
    text = json.dumps(SHOP, indent=1)
    pointers = {pointer.join(parts) for parts in _places(SHOP)}
    in_json = lines(text, pointers)
    in_yaml = lines("# the same as YAML\n" + text, pointers)
    assert in_json == {where: line - 1 for where, line in in_yaml.items()}
    assert in_json.keys() == pointers
    assert lines(TEXT, pointers).keys() == pointers
    assert lines(text, ["/nowhere", "/paths/x/y", "/info/title/x", "/tags/99"]) == {}


def test_an_action_can_mend_what_is_invalid(tmp_path: Path) -> None:
    spec = load(BROKEN, "it")
    source = write_json(tmp_path / "spec.json", spec)
    (tmp_path / "overrides").mkdir()
    mended = write_overlay(
        tmp_path,
        [
            {
                "target": "$.paths['/pets'].get.deprecated",
                "remove": True,
                "x-expected": "perhaps",
            }
        ],
    )
    with pytest.raises(SourceError, match="deprecated"):
        generate(source, None, tmp_path / "client")
    generate(source, mended, tmp_path / "client")
    assert (tmp_path / "client" / "api" / "pets" / "list_pets.py").exists()


def test_what_an_action_makes_invalid_is_told_by_the_action(tmp_path: Path) -> None:
    (tmp_path / "overrides").mkdir()
    source = write_json(tmp_path / "spec.json", SHOP)
    breaking = write_overlay(
        tmp_path,
        [
            {
                "target": "$.paths['/pets'].get",
                "update": {"deprecated": "perhaps"},
                "x-expected": {},
            }
        ],
    )
    with pytest.raises(SourceError) as error:
        generate(source, breaking, tmp_path / "client")
    assert f"{AT} (overrides/overlay.yaml actions[0]): " in str(error.value)


def test_what_stays_invalid_stops_the_run_and_changes_nothing(
    listed: Clone, tmp_path: Path
) -> None:
    before = listed.snapshot()
    (tmp_path / "new.yaml").write_text(BROKEN)
    run = listed.main("--spec", str(tmp_path / "new.yaml"))
    assert run.returncode == 3
    assert f"{AT} ({tmp_path / 'new.yaml'} line " in run.stderr
    assert "An action in overrides/overlay.yaml can mend it" in run.stderr
    assert listed.snapshot() == before


def test_a_spec_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def noted(text: str, name: str) -> Any:
        read.append(name)
        return load(text, name)

    for module in ("intake", "upstream"):
        monkeypatch.setattr(f"codegen.spec.{module}.load", noted)
    (tmp_path / "spec.yaml").write_text(TEXT)
    intake.read([str(tmp_path / "spec.yaml")])
    assert read == [str(tmp_path / "spec.yaml")]


VALUES: list[Any] = [
    *(None, True, False, 5, -1.5, "", "x", [], {}, ["x"], [None], {"a": None}),
    *({"$ref": 5}, {"$ref": "#/paths"}, {"$ref": "#/components/schemas/Kind"}, {"type": "strin"}),
    *([{"name": "q"}], {"in": "path", "name": "q"}),
]
KEYS = ["x", "get", "$ref", "type", "allOf", "oneOf", "items", "tags", "servers", "parameters"]


@st.composite
def _nearly_specs(draw: st.DrawFn) -> tuple[Any, Any, Overlay]:
    """A spec with some of its values replaced, removed or added, what it was, and corrections."""
    known, corrections = draw(st.sampled_from([(SHOP, Overlay()), (UPSTREAM, CORRECTIONS)]))
    spec = copy.deepcopy(known)
    for _ in range(draw(st.integers(1, 3))):
        *parents, last = draw(st.sampled_from(list(_places(spec))[1:]))
        owner = spec
        for part in parents:
            owner = owner[part]
        match draw(st.sampled_from(["replace", "replace", "remove", "add"])):
            case "replace":
                owner[last] = copy.deepcopy(draw(st.sampled_from(VALUES)))
            case "remove":
                del owner[last]
            case _ if isinstance(owner, dict):
                owner[draw(st.sampled_from(KEYS))] = copy.deepcopy(draw(st.sampled_from(VALUES)))
    return spec | {"openapi": draw(st.sampled_from(["3.0.3", "3.1.0"]))}, known, corrections


@settings(deadline=None, max_examples=80, suppress_health_check=list(HealthCheck))
@given(_nearly_specs())
def test_nearly_a_spec_is_judged_mended_and_refused_in_words(
    drawn: tuple[Any, Any, Overlay],
) -> None:
    spec, known, corrections = drawn
    judged = facts.judge(corrections, spec, known)
    assert all(fact.to_do for fact in judged)
    states = [fact.state for fact in judged[: len(corrections.actions)]]
    holding = Overlay(
        actions=tuple(
            action
            for action, state in zip(corrections.actions, states, strict=True)
            if state in {"holds", "fixed"}
        )
    )
    upstream = Upstream.read(json.dumps(spec).encode(), "spec.json")
    try:
        effective = overlay.apply(holding, spec)
        validate.require_openapi(effective, upstream, holding)
        spec_changes(overlay.apply(holding, known), effective)
        operations.of(effective)
    except (CodegenError, RecursionError) as error:  # the command line puts the latter in words
        assert str(error)
