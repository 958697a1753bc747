"""The difference for Python code, seen in packages that were really generated."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from codegen import generate
from codegen.diff.packages import python_changes
from codegen.diff.specs import spec_changes
from codegen.verdict import verdict
from tests.codegen.support import write_json
from tests.codegen.test_changes import ROWS, SHOP
from tests.codegen.test_schema_changes import spec, thing

RANKS = ["none", "patch", "minor", "major"]


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _generated(tmp_path_factory.mktemp("old"), SHOP)


def _generated(folder: Path, spec: Any) -> Path:
    folder.mkdir(exist_ok=True)
    generate(write_json(folder / "spec.json", spec), None, folder / "root" / "shop_client")
    return folder / "root" / "shop_client"


@pytest.mark.parametrize(
    ("row", "line"),
    [
        pytest.param(
            "operation removed",
            "api.pets.delete_pet: public object was removed: breaking",
            id="function removed",
        ),
        pytest.param(
            "operation added",
            "api.default.head_pets: module was added: compatible",
            id="function added",
        ),
        pytest.param(
            "required parameter added",
            "api.pets.list_pets.sync_detailed: parameter was added as required: q: breaking",
            id="argument demanded",
        ),
        pytest.param(
            "optional parameter added",
            "api.pets.list_pets.sync_detailed(q): argument was added: compatible",
            id="argument offered",
        ),
        pytest.param(
            "parameter default changed",
            "api.pets.list_pets.sync_detailed: parameter default was changed: limit: breaking",
            id="default",
        ),
        pytest.param("success status changed", None, id="a status is no Python name"),
        pytest.param(
            "answer becomes nullable",
            "models.pet.Pet.born: type changed: str | Unset → None | str | Unset: breaking",
            id="read wider",
        ),
        pytest.param(
            "answer no longer nullable",
            "models.owner.Owner.phone: type changed: None | str | Unset → str | Unset: compatible",
            id="read narrower",
        ),
        pytest.param(
            "request becomes nullable",
            "models.new_pet.NewPet.age: type changed: int | Unset → int | None | Unset: compatible",
            id="written wider",
        ),
        pytest.param(
            "request integer becomes number",
            "models.new_pet.NewPet.age: type changed: int | Unset → float | Unset: compatible",
            id="int is a float",
        ),
        pytest.param(
            "required request field added",
            "models.new_pet.NewPet.tag: required field was added: breaking",
            id="written field demanded",
        ),
        pytest.param(
            "required answer field added",
            "models.pet.Pet.color: required field was added: compatible",
            id="read field promised",
        ),
        pytest.param(
            "answer enum shrinks",
            "models.kind.Kind.DOG: public object was removed: breaking",
            id="member removed",
        ),
        pytest.param(
            "answer enum grows",
            "models.kind.Kind.FISH: attribute was added: compatible",
            id="member added",
        ),
        pytest.param("$ref'd answer body changed", "return type changed", id="return type"),
        pytest.param(
            "schema renamed", "models.keeper: module was added: compatible", id="class renamed"
        ),
        pytest.param("field reworded", None, id="docstrings"),
    ],
)
def test_python_code_meets_the_change(
    old: Path, tmp_path: Path, row: str, line: str | None
) -> None:
    edit = next(edit for name, edit, *_ in ROWS if name == row)
    spec = copy.deepcopy(SHOP)
    edit(spec)
    changes = python_changes(old, _generated(tmp_path, spec))
    lines = [f"{change.where}: {change.what}: {change.level}" for change in changes]
    if line is None:
        assert lines == []
    else:
        assert [text for text in lines if line in text], lines
    # The spec alone already says all that Python says.
    assert RANKS.index(verdict(changes)) <= RANKS.index(verdict(spec_changes(SHOP, spec)))


@pytest.mark.parametrize(
    ("direction", "before", "after", "line"),
    [
        ("answers", {}, {"const": "a"}, "type changed: str → Literal['a']: compatible"),
        ("answers", {"const": "a"}, {}, "type changed: Literal['a'] → str: breaking"),
        ("requests", {}, {"const": "a"}, "type changed: str → Literal['a']: breaking"),
        ("requests", {"const": "a"}, {}, "type changed: Literal['a'] → str: compatible"),
    ],
)
def test_a_literal_is_one_of_its_type(
    tmp_path: Path, direction: str, before: Any, after: Any, line: str
) -> None:
    fields = (thing(("x",), x={"type": "string"} | each) for each in (before, after))
    specs = [spec(field | {"title": "Thing"}, direction) for field in fields]
    folders = [_generated(tmp_path / name, each) for name, each in zip("ab", specs, strict=True)]
    changes = python_changes(*folders)
    assert [f"{change.what}: {change.level}" for change in changes] == [line]
    assert RANKS.index(verdict(changes)) <= RANKS.index(verdict(spec_changes(*specs)))
