"""A report of many changes begins with counts and tells each once; one of few is as it was."""

from __future__ import annotations

import json
from typing import Any

import pytest

from codegen import listing
from codegen.checkout import Audience
from codegen.diff.rules import Change, Level
from codegen.make.calls import Call
from codegen.report import Report

B, C, T = Level.BREAKING, Level.COMPATIBLE, Level.COSMETIC
PACKAGE = "shop_client"
LIMIT = "constraint tightened: maximum none → 50 (in requests)"
SPEC = [
    Change("GET /gone", "operation removed: list_gone", B),
    *(Change(f"GET /things/{i}: query parameter limit", LIMIT, B) for i in range(12)),
    Change("GET /a: query parameter x", "parameter removed", B),
    Change("GET /b: query parameter x", "parameter removed", B),
    Change("schema Pet: age", "field removed (in answers)", B),
    Change("GET /things/0: status 200: note", "field added (in answers)", C),
    *(Change(f"schema Thing{i}: note", "field added (in answers)", C) for i in range(12)),
    *(Change(f"GET /things/{i}", "reworded: description", T) for i in range(12)),
]
FUNCTIONS = ("sync", "sync_detailed", "asyncio", "asyncio_detailed")
PYTHON = [
    Change(f"{PACKAGE}.api.shop.list_gone", "public object was removed", B),
    Change(f"{PACKAGE}.models.pet.Pet.age", "public object was removed", B),
    Change(f"{PACKAGE}.api.shop.get_thing_0.sync(note)", "type changed: int → str", B),
    *(
        Change(
            f"{PACKAGE}.api.shop.{module}.{name}",
            f"return type changed: {'Response[A]' if 'detailed' in name else 'A | None'} → "
            f"{'Response[B]' if 'detailed' in name else 'B | None'}",
            B,
        )
        for module in ("get_thing_0", "get_other")
        for name in FUNCTIONS
    ),
    *(
        Change(f"{PACKAGE}.models.thing_{i}.Kind{i}.LATE", "attribute was added", C)
        for i in range(9)
    ),
]


def _call(path: str, module: str) -> Call:
    return Call("GET", path, f"shop.{module}", (), None, "", ("shop",), is_deprecated=False)


def _report(spec: list[Change], python: list[Change]) -> Report:
    calls = [_call("/things/0", "get_thing_0"), _call("/other", "get_other")]
    return Report(("new.yaml",), (), spec, python, audience=Audience(PACKAGE), calls=calls)


def test_many_changes_begin_with_counts() -> None:
    assert _report(SPEC, PYTHON).markdown().split("\n## ")[0] == (
        """\
# A major change

Source: new.yaml

61 changes: 27 breaking, 22 compatible, 12 cosmetic.

- breaking: constraint tightened (12), return type changed (8), parameter removed (2), \
public object was removed (2), operation removed (1), field removed (1), type changed (1)
- compatible: field added (13), attribute was added (9)
- cosmetic: reworded (12)
"""
    )


def test_each_of_many_changes_is_told_once() -> None:
    _, python, api = _report(SPEC, PYTHON).markdown().split("\n## ")
    assert python == (
        """\
For users of `shop_client`

### Breaking

- `shop_client.api.shop.get_other`: return type changed: A → B (in 4 functions)

### Compatible

- attribute was added (in 9 places: `shop_client.models.thing_0.Kind0.LATE`, \
`shop_client.models.thing_1.Kind1.LATE`, `shop_client.models.thing_2.Kind2.LATE`, …)

7 more are in operations and classes whose changes are told below, for users of the API; \
`--json` has each.
"""
    )
    assert api == (
        f"""\
For users of the API itself

### Breaking

- `GET /gone`: operation removed: list_gone
- `query parameter limit`: {LIMIT} (in 12 operations: `GET /things/0`, `GET /things/1`, \
`GET /things/2`, …)
- `GET /a: query parameter x`, `GET /b: query parameter x`: parameter removed
- `schema Pet: age`: field removed (in answers)

### Compatible

- `GET /things/0: status 200: note`: field added (in answers)
- field added (in answers) (in 12 places: `schema Thing0: note`, `schema Thing1: note`, \
`schema Thing2: note`, …)

### Cosmetic

- reworded: description (in 12 operations: `GET /things/0`, `GET /things/1`, `GET /things/2`, …)
"""
    )


def test_nothing_is_lost_in_the_json() -> None:
    said: Any = json.loads(_report(SPEC, PYTHON).json())
    assert [(it["where"], it["what"], it["level"]) for it in said["changes"]] == [
        (change.where, change.what, str(change.level)) for change in [*SPEC, *PYTHON]
    ]


def test_few_changes_are_told_as_they_are() -> None:
    few = SPEC[:5]
    report = _report(few, PYTHON[:1]).markdown()
    assert "changes:" not in report
    for change in [*few, PYTHON[0]]:
        assert f"- `{change.where}`: {change.what}\n" in report


@pytest.mark.parametrize(
    ("change", "is_told"),
    [
        pytest.param(Change(f"{PACKAGE}.models.pet.Pet.age", "x", B), False, id="of a schema"),
        pytest.param(Change(f"{PACKAGE}.models.pet.Pet", "x", C), False, id="less grave"),
        pytest.param(Change(f"{PACKAGE}.models.petal.Petal.age", "x", C), True, id="of another"),
        pytest.param(Change(f"{PACKAGE}.api.shop.list_gone", "x", B), False, id="removed"),
        pytest.param(Change(f"{PACKAGE}.api.shop.get_other.sync", "x", C), True, id="unchanged"),
        pytest.param(Change(f"{PACKAGE}.models.thing_0.Thing0.a", "x", B), True, id="graver"),
        pytest.param(Change(f"{PACKAGE}.client", "x", C), True, id="of no operation"),
        pytest.param(Change(f"{PACKAGE}.operations.list_gone", "x", B), True, id="a method"),
    ],
)
def test_python_tells_what_the_spec_does_not(change: Change, is_told: bool) -> None:
    calls = [_call("/other", "get_other")]
    assert listing.untold([change], SPEC, calls) == ([change] if is_told else [])
