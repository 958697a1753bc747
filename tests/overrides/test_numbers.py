"""A JSON number comes out as the number that was written, however it was written."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from types import ModuleType
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import other_spec
from tests.faces import KEY

INTEGER = {"type": "integer"}
FIELDS = {
    "count": INTEGER,
    "maybe": {"type": "integer", "nullable": True},
    "counts": {"type": "array", "items": INTEGER},
    "either": {"oneOf": [INTEGER, {"type": "string"}, {"type": "boolean"}]},
    "price": {"type": "number"},
    "any": {},
    "level": {"type": "integer", "nullable": True, "enum": [1, 2]},
}
SPEC = {
    "openapi": "3.0.3",
    "info": {"title": "T", "version": "1"},
    "paths": {
        "/n": {
            "get": {
                "operationId": "getNumbers",
                "tags": ["numbers"],
                "responses": {
                    "200": {
                        "description": "-",
                        "content": {
                            "application/json": {
                                "schema": {"type": "object", "properties": FIELDS, "title": "N"}
                            }
                        },
                    }
                },
            }
        }
    },
}


@pytest.fixture(scope="module")
def oneloop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    folder = other_spec.generate(SPEC, tmp_path_factory.mktemp("numbers"))
    with other_spec.imported(folder) as module:
        yield module


def read(oneloop: ModuleType, body: str) -> Any:
    headers = {"Content-Type": "application/json"}
    transport = httpx.MockTransport(lambda _: httpx.Response(200, text=body, headers=headers))
    with oneloop.Oneloop(api_key=KEY, base_url="https://x.example", transport=transport) as client:
        return client.api.get_numbers()


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("5", 5),
        ("5.0", 5),
        ("-0.0", 0),
        ("1e3", 1000),
        ("1.25E+2", 125),
        ("9007199254740993.0", 9_007_199_254_740_993),
        ("1e23", 10**23),
        ("0.9007199254740993e16", 9_007_199_254_740_993),
        ("123456789012345678901234567890", 123_456_789_012_345_678_901_234_567_890),
    ],
)
def test_integer_is_an_int_wherever_it_stands(
    oneloop: ModuleType, written: str, number: int
) -> None:
    found = read(
        oneloop,
        f'{{"count": {written}, "maybe": {written}, "counts": [{written}], "either": {written},'
        f' "price": {written}}}',
    )
    got = [found.count, found.maybe, *found.counts, found.either]
    assert got == [number] * 4
    assert {type(each) for each in got} == {int}
    assert Decimal(repr(found.price)) == number


def test_what_else_is_allowed_beside_an_integer_stays(oneloop: ModuleType) -> None:
    assert read(oneloop, '{"price": 52.520006599999999}').price == 52.5200066  # as PHP writes it
    found = read(oneloop, '{"maybe": null, "either": "5.0", "any": 5.0}')
    assert (found.maybe, found.either, found.any_, type(found.any_)) == (None, "5.0", 5.0, float)
    assert read(oneloop, '{"either": true}').either is True
    assert [read(oneloop, f'{{"level": {it}}}').level for it in ("2", "2.0", "null")] == [
        2,
        2,
        None,
    ]


@pytest.mark.parametrize("field", ["count", "price", "any"])
@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("1e400", "past all measure"),
        ("-1e400", "past all measure"),
        ("9007199254740993.5", "more digits than a float has"),
        ("4.99999999999999999999", "more digits than a float has"),
        ("1e-400", "more digits than a float has"),
        ("1e-99999999999999999999", "more digits than a float has"),
    ],
)
def test_number_that_would_come_out_as_another_is_an_error(
    oneloop: ModuleType, field: str, written: str, words: str
) -> None:
    with pytest.raises(oneloop.ResponseValidationError, match=words):
        read(oneloop, f'{{"{field}": {written}}}')


@given(
    st.integers(-(10**40), 10**40), st.integers(0, 60), st.sampled_from(["e", "E"]), st.booleans()
)
def test_any_integer_in_any_notation(
    oneloop: ModuleType, number: int, places: int, mark: str, plus: bool
) -> None:
    digits = f"{abs(number):0{places + 1}}"
    point = len(digits) - places
    written = f"{'-' * (number < 0)}{digits[:point].lstrip('0') or 0}.{digits[point:] or 0}"
    written += f"{mark}{'+' * plus}{places}" if places or plus else ""
    count = read(oneloop, f'{{"count": {written}}}').count
    assert (count, type(count)) == (number, int)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_any_float_comes_back(oneloop: ModuleType, number: float) -> None:
    assert read(oneloop, f'{{"price": {number!r}}}').price == number
