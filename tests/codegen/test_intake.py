"""--spec: what is taken for a spec, byte for byte, and what is refused."""

from __future__ import annotations

import copy
import http.server
import io
import json
import threading
from typing import TYPE_CHECKING, Any

import pytest

from codegen.errors import SourceError
from codegen.spec import document, intake
from tests.codegen.support import SHOP, write_json

if TYPE_CHECKING:
    from pathlib import Path

SPEC = (SHOP / "openapi.yaml").read_bytes()


def _page(fence: str = "````", end: str | None = None, newline: str = "\n") -> bytes:
    text = SPEC.decode()
    page = f"> # Docs\n\n## OpenAPI\n\n{fence}yaml get /x\n{text}{fence if end is None else end}\n"
    return page.replace("\n", newline).encode()


@pytest.mark.parametrize(
    ("content", "raw"),
    [
        pytest.param(SPEC, SPEC, id="YAML"),
        pytest.param(_page(), SPEC, id="the vendor's page"),
        pytest.param(_page("~~~"), SPEC, id="tildes"),
        pytest.param(_page("```", "`````"), SPEC, id="a longer closing fence"),
        pytest.param(_page(newline="\r\n"), SPEC.replace(b"\n", b"\r\n"), id="CRLF"),
        pytest.param(b"```yaml\nname: other\n```\n" + _page(), SPEC, id="another fence before"),
        pytest.param(
            b"---\ntitle: Pets\nopenapi: get /x\n---\n" + _page(), SPEC, id="front matter"
        ),
        pytest.param(
            SPEC + b"x-doc: |\n  ````yaml\n  openapi: 3.0.0\n  ````\n",
            SPEC + b"x-doc: |\n  ````yaml\n  openapi: 3.0.0\n  ````\n",
            id="YAML with a fence in it",
        ),
    ],
)
def test_a_source_is_taken_byte_for_byte(tmp_path: Path, content: bytes, raw: bytes) -> None:
    source = tmp_path / "source"
    source.write_bytes(content)
    assert intake.read([str(source)]).raw == raw


def test_json_standard_input_and_url_read_the_same(
    tmp_path: Path, upstream: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(_page())))
    with _served(_page()) as url:
        sources = [str(write_json(tmp_path / "spec.json", upstream)), "-", url]
        assert [intake.read([source]).document for source in sources] == [upstream] * 3


class _served:  # noqa: N801 - reads as a context
    def __init__(self, body: bytes, status: int = 200) -> None:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None: ...

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def __enter__(self) -> str:
        threading.Thread(target=self.server.serve_forever, args=[0.01], daemon=True).start()
        return f"http://user:secret@127.0.0.1:{self.server.server_port}/page.md?key=secret"

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{after}: &{after} [{', '.join(['*' + before] * 10)}]\n"
    for before, after in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(b"a: 1\nb: 2\na: 3\n", "duplicate key 'a' at line 3", id="duplicate YAML key"),
        pytest.param(b'{"a": 1, "a": 2}', "duplicate key 'a'", id="duplicate JSON key"),
        pytest.param(b"a: &x {b: 1}\nc: {<<: *x}\n", "not a plain scalar", id="merge key"),
        pytest.param(b"a: !!python/name:os.system x\n", "is not allowed", id="tag"),
        pytest.param(b"%YAML 1.1\n---\na: on\n", "%YAML 1.1, not YAML 1.2", id="YAML 1.1"),
        pytest.param(b"a: .nan\n", "is not JSON", id="NaN"),
        pytest.param(b'{"a": NaN}', "NaN is not JSON", id="JSON NaN"),
        pytest.param(b"a: 1e999\n", "too large", id="endless number"),
        pytest.param(b"a: &a [*a]\n", "deeper than 64", id="a list in itself"),
        pytest.param(BOMB.encode(), "once aliases are expanded", id="alias bomb"),
        pytest.param(b"a: " + b"[" * 4_000, "deeper than 64", id="4,000 brackets"),
        pytest.param(b'{"a":' + b"[" * 100_000, "deeper than 64", id="100,000 JSON brackets"),
        pytest.param(b"x" * (document.MAX_BYTES + 1), "larger than 8 MiB", id="too large"),
        pytest.param(b"a: \xff\n", "not UTF-8", id="latin-1"),
        pytest.param(b'a: "\\ud800"\n', "lone surrogate", id="lone surrogate"),
        pytest.param(b"", "empty", id="empty"),
        pytest.param(b"Just words.\n", "neither an OpenAPI document nor a page", id="prose"),
        pytest.param(b"a: [\n", "not YAML", id="broken YAML"),
        pytest.param(_page(end=""), "not closed", id="unclosed fence"),
        pytest.param(_page("````", "```"), "not closed", id="fence closed by a shorter one"),
        pytest.param(b"openapi: 2.0.0\n", "`openapi` is '2.0.0'", id="another version"),
        pytest.param(b"openapi: 3.1\n", "is the number 3.1; write it in quotes", id="a number"),
        pytest.param(b"openapi: 3.2.0\n", "OpenAPI 3.2.0, .* `openapi: 3.1.1`", id="OpenAPI 3.2"),
        pytest.param(b"swagger: '2.0'\n", "it is Swagger 2.0. Convert it", id="Swagger"),
        pytest.param(b"swagger: 2.0\n", "it is Swagger 2.0. Convert it", id="Swagger, a number"),
        pytest.param(b"asyncapi: 3.0.0\n", "AsyncAPI 3.0.0, .* OpenAPI document", id="AsyncAPI"),
        pytest.param(
            b'{"info": {"schema": "https://schema.getpostman.com/json/collection/v2.1.0/"}}',
            "a Postman collection. Export it as OpenAPI",
            id="Postman",
        ),
        pytest.param(b"components: {}\n", "part of a spec, .* the whole document", id="a part"),
        pytest.param(b"a: 1\n", "has no `openapi`", id="something else"),
    ],
)
def test_what_is_no_spec_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    source = tmp_path / "source"
    source.write_bytes(content)
    with pytest.raises(SourceError, match=says) as error:
        intake.read([str(source)])
    assert len(str(error.value)) < 2_000


def test_yaml_is_read_as_1_2_core_with_strings_for_what_json_has_no_type_for() -> None:
    text = "200: {on: yes}\nday: 2025-01-01\ntime: 12:30:45\nn: [0123, 0o17, 0x1F, 1_000, 1e3, ~]\n"
    assert document.load(text, "test") == {
        "200": {"on": "yes"},
        "day": "2025-01-01",
        "time": "12:30:45",
        "n": [123, 15, 31, "1_000", 1000.0, None],
    }


@pytest.mark.parametrize(
    ("source", "says"),
    [
        pytest.param("/nowhere/spec.yaml", "No such file", id="no file"),
        pytest.param("/", "more than 20000 files: no saved site", id="a folder"),
        pytest.param("http://127.0.0.1:1/", "127.0.0.1", id="no server"),
        pytest.param("http://127.0.0.1:1/?" + "k" * 5_000, r"1:1/: \D+$", id="a long URL"),
        pytest.param("x" * 5_000, "File name too long", id="a long name"),
        pytest.param("http://user:secret@[::1", "^a source begins like a URL", id="no URL"),
    ],
)
def test_what_cannot_be_fetched_is_said(source: str, says: str) -> None:
    with pytest.raises(SourceError, match=says):
        intake.read([source])


def test_a_url_gives_its_status_but_no_secret() -> None:
    with _served(b"", status=404) as url, pytest.raises(SourceError) as error:
        intake.read([url])
    assert "answered 404" in str(error.value)
    assert "secret" not in str(error.value)


def _second_page(upstream: Any) -> Any:
    page = copy.deepcopy(upstream)
    page["paths"] = {
        "/other": {"get": {"operationId": "other", "responses": {"204": {"description": ""}}}}
    }
    page["components"]["schemas"] = {
        "Problem": page["components"]["schemas"]["Problem"],
        "New": {"type": "object"},
    }
    return page


def test_several_pages_become_one_spec(tmp_path: Path, upstream: Any) -> None:
    (tmp_path / "page.md").write_bytes(_page())
    second = write_json(tmp_path / "second.json", _second_page(upstream))
    merged = intake.read([str(tmp_path / "page.md"), str(second)])
    assert list(merged.document["paths"]) == [*upstream["paths"], "/other"]
    assert merged.document["components"]["schemas"].keys() == {
        *upstream["components"]["schemas"],
        "New",
    }
    assert json.loads(merged.raw) == merged.document


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        pytest.param(
            lambda page: page["components"]["schemas"]["Problem"].update(type="array"),
            "/components/schemas/Problem",
            id="schema",
        ),
        pytest.param(lambda page: page["info"].update(version="2"), "/info", id="info"),
        pytest.param(lambda page: page.update(servers=[{"url": "/"}]), "/servers", id="servers"),
        pytest.param(
            lambda page: page["components"].update(
                securitySchemes={"bearerAuth": {"type": "http", "scheme": "basic"}}
            ),
            "/components/securitySchemes/bearerAuth",
            id="security scheme",
        ),
    ],
)
def test_pages_that_contradict_each_other_stop_with_both_places(
    tmp_path: Path, upstream: Any, change: Any, pointer: str
) -> None:
    second = _second_page(upstream)
    change(second)
    sources = [
        str(write_json(tmp_path / "first.json", upstream)),
        str(write_json(tmp_path / "second.json", second)),
    ]
    with pytest.raises(SourceError) as error:
        intake.read(sources)
    for source in sources:
        assert f"{source} {pointer}: " in str(error.value)
