"""The Overlay Specification, 1.0 and 1.1, for any overlay: what it makes of a document."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from codegen.errors import OverlayError
from codegen.spec import actions, overlay, targets
from codegen.spec.targets import Query
from tests.codegen.support import write_json

if TYPE_CHECKING:
    from pathlib import Path


def _read(tmp_path: Path, listed: Any, version: str = "1.1.0", **more: Any) -> overlay.Overlay:
    document = {"overlay": version, "info": {"title": "T", "version": "1"}, "actions": listed}
    return overlay.read(write_json(tmp_path / "overlay.json", document | more), with_facts=False)


def _applied(tmp_path: Path, listed: Any, document: Any, version: str = "1.1.0") -> Any:
    corrections = _read(tmp_path, listed, version)
    before = copy.deepcopy(document)
    after = overlay.apply(corrections, document)
    assert document == before
    assert after == overlay.apply(corrections, document)
    return after


PATHS = {"/items": {"get": {"a": 1}}, "/some": {"delete": {"b": 2}}}
SERVERS = [{"url": "a", "description": "Dev"}, {"url": "b"}, {"url": "c", "description": "Dev"}]
# As in the specification's examples and compliant sets, on documents of ours.
STANDARD = [
    pytest.param(
        [{"target": "$.info", "update": {"license": {"name": "MIT"}}}],
        {"info": {"title": "T"}},
        {"info": {"title": "T", "license": {"name": "MIT"}}},
        id="add a license",
    ),
    pytest.param(
        [{"target": "$", "update": {"info": {"x-overlaid": True}}}],
        {"info": {"title": "T"}, "paths": {}},
        {"info": {"title": "T", "x-overlaid": True}, "paths": {}},
        id="update the root",
    ),
    pytest.param(
        [{"target": "$.servers", "remove": True}, {"target": "$", "update": {"servers": [1]}}],
        {"servers": SERVERS},
        {"servers": [1]},
        id="replace the servers",
    ),
    pytest.param(
        [{"target": "$.servers[?( @.description == 'Dev' )]", "remove": True}],
        {"servers": SERVERS},
        {"servers": [{"url": "b"}]},
        id="remove items, whose indices shift",
    ),
    pytest.param(
        [{"target": "$.paths..responses['500']", "remove": True}],
        {"paths": {"/a": {"get": {"responses": {"200": 1, "500": 2}}}, "500": {}}},
        {"paths": {"/a": {"get": {"responses": {"200": 1}}}, "500": {}}},
        id="remove matching responses",
    ),
    pytest.param(
        [{"target": "$..properties[?(@.type == 'string')]", "remove": True}],
        {"s": {"properties": {"a": {"type": "string"}, "b": {"type": "object"}}}},
        {"s": {"properties": {"b": {"type": "object"}}}},
        id="remove matching properties",
    ),
    pytest.param(
        [{"target": "$.paths.*.get.tags[?@ == 'dummy']", "remove": True}],
        {"paths": {"/a": {"get": {"tags": ["x", "dummy", "dummy", "y"]}}}},
        {"paths": {"/a": {"get": {"tags": ["x", "y"]}}}},
        id="remove primitive items",
    ),
    pytest.param(
        [{"target": "$.paths.*.get.description", "update": "new"}],
        {"paths": {"/a": {"get": {"description": "old"}}, "/b": {"get": {"description": None}}}},
        {"paths": {"/a": {"get": {"description": "new"}}, "/b": {"get": {"description": "new"}}}},
        id="update primitive values",
    ),
    pytest.param(
        [{"target": "$.paths[?@.get['x-traits'][?@ == 'paged']].get", "update": {"p": [2]}}],
        {"paths": {"/a": {"get": {"x-traits": ["paged"], "p": [1]}}, "/b": {"get": {}}}},
        {"paths": {"/a": {"get": {"x-traits": ["paged"], "p": [1, 2]}}, "/b": {"get": {}}}},
        id="traits",
    ),
    pytest.param(
        [{"target": "$..parameters", "update": {"name": "n"}}],
        {"a": {"parameters": [1]}, "b": {"parameters": []}},
        {"a": {"parameters": [1, {"name": "n"}]}, "b": {"parameters": [{"name": "n"}]}},
        id="append an object to arrays",
    ),
    pytest.param(
        [{"target": "$.a", "update": [2, [3]]}, {"target": "$.a", "update": "x"}],
        {"a": [1]},
        {"a": [1, 2, [3], "x"]},
        id="join arrays and append a primitive value",
    ),
    pytest.param(
        [{"target": "$.paths['/some']", "copy": "$.paths['/items']"}],
        {"paths": PATHS},
        {"paths": PATHS | {"/some": {"delete": {"b": 2}, "get": {"a": 1}}}},
        id="copy",
    ),
    pytest.param(
        [
            {"target": "$.paths", "update": {"/new": {}}},
            {"target": "$.paths['/new']", "copy": "$.paths['/items']"},
            {"target": "$.paths['/items']", "remove": True},
        ],
        {"paths": PATHS},
        {"paths": {"/some": {"delete": {"b": 2}}, "/new": {"get": {"a": 1}}}},
        id="move",
    ),
    pytest.param(
        [{"target": "$.b[*]", "copy": "$.a"}, {"target": "$.l", "copy": "$.b"}],
        {"a": 1, "b": [2, 3], "l": []},
        {"a": 1, "b": [1, 1], "l": [1, 1]},
        id="copy a primitive value and an array",
    ),
    pytest.param(
        [
            {"target": "$.nowhere", "copy": "$.nowhere"},
            {"target": "$.*.nowhere", "update": 1},
            {"target": "$.nowhere[0]", "remove": True},
            {"target": "$.a"},
            {"target": "$.a", "update": 2, "remove": True},
            {"target": "$.b", "update": 2, "remove": False},
        ],
        {"a": 1, "b": 1},
        {"b": 2},
        id="nothing selected, nothing to do, remove before update",
    ),
    pytest.param(
        [{"target": "$.a", "copy": "$"}, {"target": "$.a.a", "copy": "$.a"}],
        {"a": {"b": 1}},
        {"a": {"b": 1, "a": {"b": 1, "a": {"b": 1}}}},
        id="copy into its own child",
    ),
    pytest.param(
        [{"target": "$..[?@.x]", "remove": True}],
        {"a": {"x": 1, "b": {"x": 1}}, "l": [{"x": 1}, 2, {"y": {"x": 1}}, [{"x": 1}]]},
        {"l": [2, {}, []]},
        id="remove parents with their children",
    ),
    pytest.param(
        [{"target": "$..[?@.x]", "update": {"x": 2, "new": {"x": 3}}}],
        {"a": {"x": 1, "b": {"x": 1}}},
        {"a": {"x": 2, "new": {"x": 3}, "b": {"x": 2, "new": {"x": 3}}}},
        id="what the update makes is not selected by it",
    ),
    pytest.param(
        [{"target": "$['a', 'a', 'b'].l", "update": 1}],
        {"a": {"l": []}, "b": {"l": []}},
        {"a": {"l": [1]}, "b": {"l": [1]}},
        id="a place selected twice",
    ),
    pytest.param(
        [{"target": "$[''][?length(@) == 3]", "update": 1}, {"target": "$['a/~'][0]", "update": 0}],
        {"": {"": "abc", "b": "ab"}, "a/~": [1]},
        {"": {"": 1, "b": "ab"}, "a/~": [0]},
        id="odd names",
    ),
    pytest.param([{"target": "$..*", "remove": True}], {"a": [{"b": 1}]}, {}, id="remove all"),
]


@pytest.mark.parametrize(("listed", "document", "expected"), STANDARD)
def test_an_overlay_does_what_the_specification_says(
    tmp_path: Path, listed: Any, document: Any, expected: Any
) -> None:
    assert _applied(tmp_path, listed, document) == expected


DOCUMENT = {"o": {"p": 1, "l": [1], "o": {}}, "l": [1, {}], "p": "x", "n": None}
IMPOSSIBLE = [
    pytest.param({"target": "$.*", "update": 1}, "more than one kind: an obj", id="kinds"),
    pytest.param({"target": "$.o", "update": 1}, "a primitive value can't", id="on object"),
    pytest.param({"target": "$.o", "update": [1]}, "an array can't be", id="array on object"),
    pytest.param({"target": "$.p", "update": {}}, "an object can't be", id="on primitive"),
    pytest.param({"target": "$.n", "update": []}, "can't be merged into /n", id="array on null"),
    pytest.param({"target": "$.o", "update": {"o": None}}, "into /o/o, an object", id="null"),
    pytest.param({"target": "$.o", "update": {"l": 1}}, "merged into /o/l, an array", id="inside"),
    pytest.param({"target": "$.o", "copy": "$.x"}, "selects 0 places, not one", id="no source"),
    pytest.param({"target": "$.o", "copy": "$.*"}, "selects 4 places, not one", id="sources"),
    pytest.param({"target": "$.o", "copy": "$.l"}, "an array can't be merged", id="copy kinds"),
    pytest.param({"target": "$", "remove": True}, "whole document can't be removed", id="the root"),
]


@pytest.mark.parametrize(("action", "says"), IMPOSSIBLE)
def test_what_cannot_be_done_is_refused_in_words(tmp_path: Path, action: Any, says: str) -> None:
    with pytest.raises(OverlayError, match=rf"overlay.json actions\[0\]: .*{says}"):
        _applied(tmp_path, [action], DOCUMENT)


@pytest.mark.parametrize(
    ("action", "says"),
    [
        pytest.param({"target": "$.p", "update": "y"}, "/p is neither", id="update a primitive"),
        pytest.param({"target": "$.l[0]", "remove": True}, "/l/0 is neither", id="remove an item"),
        pytest.param({"target": "$.l", "update": [1]}, "adds one item", id="join arrays"),
        pytest.param({"target": "$.o", "copy": "$.o"}, "unknown copy", id="copy"),
    ],
)
def test_what_is_new_in_1_1_is_refused_by_1_0(tmp_path: Path, action: Any, says: str) -> None:
    with pytest.raises(OverlayError, match=says):
        _applied(tmp_path, [action], DOCUMENT, "1.0.0")
    _applied(tmp_path, [action], DOCUMENT, "1.1.0")


def test_1_0_removes_values_and_updates_objects_beside_arrays(tmp_path: Path) -> None:
    update = {"target": "$['o', 'l']", "update": {"q": 2}}
    after = _applied(tmp_path, [update, {"target": "$.o.p", "remove": True}], DOCUMENT, "1.0.0")
    assert after == DOCUMENT | {"o": {"l": [1], "o": {}, "q": 2}, "l": [1, {}, {"q": 2}]}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param({"overlay": "1.2.0"}, "'1.2.0' is neither 1.0.x nor 1.1.x", id="later minor"),
        pytest.param({"overlay": "1.1"}, "neither", id="no patch version"),
        pytest.param({"overlay": 1.1}, "neither", id="a number"),
        pytest.param({"overlay": "2.0.0"}, "neither", id="another major"),
        pytest.param({"info": {"title": "T"}}, "info: lacks version", id="no version"),
        pytest.param({"info": {"title": 1, "version": "1"}}, "`title` is not a str", id="title"),
        pytest.param(
            {"info": {"title": "T", "version": "1", "description": 1}}, "`desc", id="description"
        ),
        pytest.param({"info": []}, "info: is not a mapping", id="no info"),
        pytest.param({"extends": {}}, "`extends` is not a string", id="extends"),
        pytest.param({"actions": []}, "`actions` is empty", id="no actions"),
        pytest.param({"actions": {}}, "`actions` is not a list", id="actions"),
        pytest.param({"actions": [1]}, "is not a mapping", id="no action"),
        pytest.param({"actions": [{"update": 1}]}, "lacks target", id="no target"),
        pytest.param({"actions": [{"target": "a"}]}, "is not a JSONPath", id="no path"),
        pytest.param({"actions": [{"target": 1}]}, "`target` 1 is not a string", id="a number"),
        pytest.param({"actions": [{"target": "$.a", "copy": 1}]}, "`copy` 1 is not", id="copy"),
        pytest.param({"actions": [{"target": "$", "remove": "yes"}]}, "true or false", id="remove"),
        pytest.param({"actions": [{"target": "$", "description": 1}]}, "`desc", id="of an action"),
        pytest.param(
            {"actions": [{"target": "$.a", "copy": "$", "update": 1}]}, "either", id="two changes"
        ),
        pytest.param({"actions": [{"target": "$"}] * 2}, r"\[1\]: says the same", id="twice"),
        pytest.param({"other": 1}, "unknown other", id="a key"),
    ],
)
def test_what_is_no_overlay_is_refused(tmp_path: Path, change: Any, says: str) -> None:
    with pytest.raises(OverlayError, match=says):
        _read(tmp_path, [{"target": "$"}], **change)


def test_what_the_specification_allows_is_read(tmp_path: Path) -> None:
    info = {"title": "T", "version": "1", "description": "D", "x-mine": {}}
    action = {"target": "$", "description": "D", "x-mine": {}}
    read = _read(tmp_path, [action], "1.1.7", info=info, extends="./other.yaml", **{"x-mine": {}})
    assert overlay.apply(read, DOCUMENT) == DOCUMENT
    del info["description"]
    assert _read(tmp_path, [action], "1.0.1", info=info).actions[0].by_1_0


@pytest.mark.parametrize(
    ("target", "selects"),
    [
        pytest.param("$.a[?match(@, 'x+')]", ["/a/0"], id="match takes all of it"),
        pytest.param("$.a[?search(@, 'x')]", ["/a/0", "/a/1"], id="search takes a part"),
        pytest.param("$.a[?search(@, '(?=x)')]", [], id="no pattern matches nothing"),
        pytest.param("$.a[?match(@, '(x|x)*y?(x+)+')]", ["/a/0"], id="exponential elsewhere"),
        pytest.param("$.a[-1]", ["/a/2"], id="from the end"),
        pytest.param("$.*[0:1]", ["/a/0", "/b/0"], id="slices leave strings alone"),
        pytest.param("$[?@ == $.c.c]", ["/a"], id="arrays compared"),
        pytest.param("$[?@ == $.e]", ["/d", "/e"], id="objects compared"),
        pytest.param("$..[?count(@.*) > 1]", ["/a", "/d", "/e", "/c/c"], id="count"),
    ],
)
def test_a_target_selects_by_rfc_9535(target: str, selects: list[str]) -> None:
    strings = ["xx", "axa" * 10_000, ""]
    mapping = {"k": 1, "l": [2]}
    document = {"a": strings, "b": [1], "s": "abc", "c": {"c": strings}, "d": mapping, "e": mapping}
    assert list(Query(target).select(document)) == selects


@pytest.mark.parametrize(
    "target",
    [
        pytest.param("$" + "..*" * 9 + ".nowhere", id="descendants of descendants"),
        pytest.param("$[?@" + "..*" * 9 + "]", id="in a filter"),
        pytest.param("$" + "['k','k','k','k']" * 40, id="names that repeat"),
        pytest.param("$..[?@..[?@..[?@..nowhere]]]", id="filters in filters"),
    ],
)
def test_a_target_that_would_take_forever_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    monkeypatch.setattr(targets, "MOST_LOOKS", 20_000)
    document: Any = 1
    for _ in range(50):
        document = {"k": document, "l": [1, 2]}
    with pytest.raises(OverlayError, match=r"actions\[0\]: .* looks at more than 20,000 values"):
        _applied(tmp_path, [{"target": target, "remove": True}], document)


@pytest.mark.parametrize(
    "target",
    [
        pytest.param("$" + "[?@" * 3000, id="filters without end"),
        pytest.param("$[?" + "(" * 3000 + "1" + ")" * 3000 + "==1]", id="parentheses"),
        pytest.param("$[" + "0" * 5000 + "]", id="zeros"),
        pytest.param("$[99999999999999999999]", id="a large index"),
    ],
)
def test_a_hostile_target_is_refused_in_few_words(target: str) -> None:
    with pytest.raises(ValueError, match="is not a JSONPath") as error:
        Query(target)
    assert len(str(error.value)) < 500


def test_copies_of_copies_end_before_memory_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "MAX_NODES", 5_000)
    doubling: list[Any] = []
    for number in range(40):
        doubling.append({"target": "$.a", "update": {f"k{number}": {}}})
        doubling.append({"target": f"$.a.k{number}", "copy": "$"})
    with pytest.raises(OverlayError, match="larger than 5000 values, or deeper than 64 levels"):
        _applied(tmp_path, doubling, {"a": {}})
    with pytest.raises(OverlayError, match="larger than"):
        _applied(tmp_path, [{"target": "$.l[*]", "copy": "$"}], {"l": [{}] * 1000})


def test_ten_thousand_places_take_one_pass(tmp_path: Path) -> None:
    document = {"paths": {f"/{number}": {"get": {"tags": ["a", "b"]}} for number in range(10_000)}}
    update = {"target": "$.paths.*.get", "update": {"x": 1}}
    remove = {"target": "$.paths.*.get.tags[?@ == 'a']", "remove": True}
    after = overlay.apply(_read(tmp_path, [update, remove]), document)
    assert all(path == {"get": {"tags": ["b"], "x": 1}} for path in after["paths"].values())
