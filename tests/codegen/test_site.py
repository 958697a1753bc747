"""--spec with a documentation site: its index, its pages, its specs, on a host or in a folder."""

from __future__ import annotations

import gzip
import io
import os
import time
from typing import TYPE_CHECKING, Any

import pytest

from codegen.errors import SourceError
from codegen.spec import document, fetching, intake, places
from tests.codegen.docs_host import (
    Handler,
    Site,
    answer,
    fence,
    old_page,
    operations,
    page,
    yaml,
    zoo,
)
from tests.codegen.support import write_overlay

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from codegen.spec.upstream import Upstream
    from tests.codegen.support import Clone

SMALL = zoo(2)
SECRETS = ("secret", "user:")
HTML = b"<!DOCTYPE html>\n<html><body>Log in</body></html>\n"
WEBHOOK = page("webhook animalBorn", "openapi: 3.0.3\ninfo: {}\npaths: {}\n")
NOTE = "> Note: the index was truncated at 100,000 characters.\n"


def _small(spec: str = "") -> Site:
    return Site.of(SMALL, spec)


def _read(docs: Site) -> Upstream:
    with docs.served() as url:
        return intake.read([url])


def _stop(docs: Site) -> str:
    with pytest.raises(SourceError) as error:
        _read(docs)
    message = "\n".join([str(error.value), *error.value.notes])
    assert not any(secret in message for secret in SECRETS)
    assert len(message) < 5_000
    return message


def _notes(docs: Site) -> str:
    notes = "\n".join(_read(docs).notes)
    assert not any(secret in notes for secret in SECRETS)
    return notes


@pytest.mark.parametrize("saved", [False, True], ids=["host", "folder"])
@pytest.mark.parametrize(
    ("spec", "listed"),
    [
        pytest.param("", "openapi.json", id="the index lists the spec"),
        pytest.param("api/openapi.json", None, id="the pages name the spec"),
        pytest.param("/openapi.json", None, id="the pages name the spec by its path"),
        pytest.param("", None, id="the pages alone"),
    ],
)
def test_whole_site_is_taken(tmp_path: Path, spec: str, listed: str | None, saved: bool) -> None:
    docs = _small(spec)
    name = listed or spec.lstrip("/")
    raw = docs.add_spec(name, listed=bool(listed)) if name else None
    upstream = intake.read([str(docs.save(tmp_path))]) if saved else _read(docs)
    assert upstream.document == docs.document
    assert upstream.notes == ()
    assert raw in {None, upstream.raw}
    assert saved or sorted(docs.asked) == sorted([*docs.files, "llms.txt"])


def test_spec_of_the_pages_may_be_a_url() -> None:
    docs = Site(SMALL)
    raw = docs.add_spec(listed=False)
    with docs.served() as url:
        for path, method in operations(SMALL):
            info = f"{docs.base}/openapi.json {method} {path}"
            docs.add(f"{method}{len(docs.links)}.md", page(info, yaml(fence(SMALL, path, method))))
        assert intake.read([url]).raw == raw


@pytest.mark.parametrize("below", ["", "docs/v2/"], ids=["at the root", "below some folders"])
def test_saved_copy_has_absolute_links(tmp_path: Path, below: str) -> None:
    docs = _small()
    docs.base = f"https://docs.example/{below}".rstrip("/")
    folder = docs.save(tmp_path)
    assert intake.read([str(folder)]).document == SMALL
    assert intake.read([str(folder / "llms.txt")]).document == SMALL
    (folder / "llms.txt").rename(folder / "index.txt")
    assert intake.read([str(folder / "index.txt")]).document == SMALL


def test_folder_without_an_index_is_its_pages(tmp_path: Path) -> None:
    folder = _small("openapi.json").save(tmp_path)
    (folder / "llms.txt").unlink()
    upstream = intake.read([str(folder)])
    assert upstream.document["paths"].keys() == SMALL["paths"].keys()
    assert "openapi.json: No such file" in upstream.notes[0]


def test_pages_of_a_folder_may_have_any_name(tmp_path: Path) -> None:
    folder = _small().save(tmp_path)
    (folder / "llms.txt").unlink()
    names = ["one.mdx", "TWO.MD", "100% #3?.md", "four: 4.md", "fünf.md"]
    pages = sorted(it for it in folder.rglob("*.md") if "openapi:" in it.read_text("utf-8"))
    for number, path in enumerate(pages):
        path.rename(folder / f"{number} {names[number % len(names)]}")
    assert intake.read([str(folder)]).document["paths"].keys() == SMALL["paths"].keys()


def test_index_on_standard_input_has_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(_small().index.encode())))
    with pytest.raises(SourceError, match="give its URL, or the folder of a saved copy"):
        intake.read(["-"])


def _thing(changed: Any) -> Any:
    return changed["components"]["schemas"]["Thing"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param(
            lambda spec: _thing(spec)["properties"]["name"].update(maxLength=5),
            ["/components/schemas/Thing/properties/name/maxLength: 5;", ": 50"],
            id="a schema behind references",
        ),
        pytest.param(
            lambda spec: _thing(spec)["properties"].update(extra={"type": "string"}),
            ["/components/schemas/Thing/properties/extra: ", ": nothing"],
            id="a field more",
        ),
        pytest.param(
            lambda spec: _thing(spec)["properties"].pop("description"),
            ["/components/schemas/Thing/properties/description: nothing;"],
            id="a field less, of a name that elsewhere is prose",
        ),
        pytest.param(
            lambda spec: _put(spec)["parameters"].pop(),
            ["/put/parameters: nothing;", '"limit"'],
            id="a parameter less",
        ),
        pytest.param(
            lambda spec: _put(spec)["parameters"][1].update(required=True),
            ["/put/parameters/1/required: true;", ": nothing"],
            id="a parameter required",
        ),
        pytest.param(
            lambda spec: _put(spec)["responses"].update({"202": {"description": "Later"}}),
            ["/put/responses/202: "],
            id="a status more",
        ),
        pytest.param(
            lambda spec: _put(spec).update(operationId="other"),
            ['/put/operationId: "other";', '"putCage0"'],
            id="another operationId",
        ),
        pytest.param(
            lambda spec: spec.update(servers=[{"url": "https://old.example"}]),
            ['/servers: [{"url": "https://old.example"}];'],
            id="another server",
        ),
        pytest.param(
            lambda spec: spec["components"]["securitySchemes"]["key"].update(scheme="basic"),
            ['/components/securitySchemes/key/scheme: "basic";'],
            id="another way in",
        ),
        pytest.param(
            lambda spec: _put(spec).update(security=[]),
            ["/put/security: [];"],
            id="no key needed",
        ),
    ],
)
def test_pages_that_contradict_the_spec_stop_with_page_and_pointer(
    change: Callable[[Any], object], says: list[str]
) -> None:
    docs = _small()
    docs.add_spec()
    changed = zoo(2)
    change(changed)
    path, method = next(operations(changed))
    docs.files["api/0.md"] = page(f"{method} {path}", yaml(fence(changed, path, method)))
    message = _stop(docs)
    assert "/llms.txt: pages contradict the site's spec; to take the spec all the same" in message
    for part in ("/api/0.md line 12 /", f"; PUT {path} of ", *says):
        assert part in message


def _put(changed: Any) -> Any:
    return next(iter(changed["paths"].values()))["put"]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda spec: _put(spec).update(summary="Reworded", tags=["x"]), id="prose"),
        pytest.param(lambda spec: _put(spec)["parameters"].reverse(), id="order of parameters"),
        pytest.param(lambda spec: _put(spec)["parameters"][1].update(required=False), id="default"),
        pytest.param(lambda spec: _put(spec).update({"x-codeSamples": [1]}), id="extension"),
        pytest.param(lambda spec: _put(spec).pop("operationId"), id="without an operationId"),
        pytest.param(lambda spec: _put(spec).update(security=[{"key": []}]), id="said again"),
        pytest.param(lambda spec: spec.pop("servers"), id="no servers"),
        pytest.param(
            lambda spec: _put(spec)["responses"].update(
                {"404": spec["components"].pop("responses")["Missing"]}
            ),
            id="without a reference",
        ),
        pytest.param(
            lambda spec: (
                next(iter(spec["paths"].values())).update(parameters=[_put(spec)["parameters"][0]]),
                _put(spec)["parameters"].pop(0),
            ),
            id="a parameter of the path",
        ),
        pytest.param(
            lambda spec: _put(spec)["responses"]["200"].update(
                content={"application/json": {"schema": spec["components"]["schemas"]["Thing"]}}
            ),
            id="a schema in place of its reference",
        ),
    ],
)
def test_page_may_say_the_same_in_other_letters(change: Callable[[Any], object]) -> None:
    docs = _small()
    raw = docs.add_spec()
    changed = zoo(2)
    change(changed)
    path, method = next(operations(changed))
    docs.files["api/0.md"] = page(f"{method} {path}", yaml(fence(changed, path, method)))
    upstream = _read(docs)
    assert (upstream.raw, upstream.notes) == (raw, ())


def _with_spec(mend: Callable[[Site], object]) -> Site:
    docs = _small()
    docs.add_spec()
    mend(docs)
    return docs


def _without(mend: Callable[[Site], object]) -> Site:
    docs = _small()
    mend(docs)
    return docs


def _cut(docs: Site, tail: str) -> None:
    """Let the index end in `tail`."""
    docs.files["llms.txt"] = (docs.index + tail).encode()


@pytest.mark.parametrize(
    ("docs", "says"),
    [
        pytest.param(
            _with_spec(lambda it: it.specs.append("old.json")),
            "old.json: answered 404",
            id="one of two specs isn't there",
        ),
        pytest.param(
            _with_spec(
                lambda it: it.add(
                    "more.md", page("get /more", yaml(fence(zoo(3), *list(operations(zoo(3)))[2])))
                )
            ),
            "Operations that pages have and ",
            id="an operation that the spec lacks",
        ),
        pytest.param(
            _with_spec(lambda it: it.add("more.md", old_page("/more", "get"))),
            "lacks: GET /more (",
            id="an old page of an operation that the spec lacks",
        ),
        pytest.param(
            _without(lambda it: it.add("more.md", old_page("/more", "get"))),
            "lacks their operations: GET /more (",
            id="an old page",
        ),
        pytest.param(
            _without(lambda it: it.add("hook.md", WEBHOOK)),
            "Pages of webhooks, which no client calls: WEBHOOK animalBorn (",
            id="a webhook",
        ),
        pytest.param(
            _without(lambda it: it.add("hook.md", page("webhook born", "paths:\n  path: born\n"))),
            "Pages of webhooks, which no client calls: WEBHOOK born (",
            id="a webhook in the old shape",
        ),
        pytest.param(
            _without(
                lambda it: it.add(
                    "guide2.md",
                    b"# How to\n\n```yaml\nopenapi: 3.1.0\npaths: {/pet: {get: {}}}\n```\n",
                )
            ),
            "Specs in fences that name no operation, examples perhaps, left: ",
            id="an example in a guide",
        ),
        pytest.param(
            _without(lambda it: it.links.append("gone.md?token=secret")),
            "/gone.md: answered 404",
            id="a page that isn't there",
        ),
        pytest.param(
            _without(
                lambda it: it.links.extend(
                    ["https://user:secret@evil.example/a.md?key=secret", "file:///etc/a.md"]
                )
            ),
            "Links that lead away from the site, and aren't followed: https://evil.example/a.md; file:///etc/a.md.",
            id="links elsewhere",
        ),
        pytest.param(
            _with_spec(lambda it: it.add("login.md", HTML)),
            "/login.md: HTML, not Markdown",
            id="a page that is HTML, beside a spec",
        ),
        pytest.param(
            _with_spec(lambda it: it.add("bad.md", page("get /x", "openapi: [\n"))),
            "not YAML",
            id="a page that can't be read, beside a spec",
        ),
        pytest.param(
            _with_spec(lambda it: _cut(it, NOTE)), "it says: > Note: the index was", id="truncated"
        ),
        pytest.param(
            _with_spec(lambda it: _cut(it, "- [Last](https://do")),
            "its last line is: - [Last](https://do)",
            id="cut in a line",
        ),
        pytest.param(
            _with_spec(lambda it: _cut(it, "\n" * 100_000)),
            "characters, where hosts cut",
            id="long",
        ),
    ],
)
def test_what_makes_the_client_smaller_is_said(docs: Site, says: str) -> None:
    assert says in _notes(docs)


@pytest.mark.parametrize(
    ("mend", "says"),
    [
        pytest.param(lambda it: it.files.pop("openapi.json"), "answered 404", id="stale"),
        pytest.param(lambda it: it.files.update({"openapi.json": HTML}), "HTML", id="HTML"),
    ],
)
@pytest.mark.parametrize("listed", [True, False], ids=["listed", "named"])
def test_spec_that_is_not_there_gives_way_to_the_pages_and_is_said(
    mend: Callable[[Site], object], says: str, listed: bool
) -> None:
    docs = _small("" if listed else "openapi.json")
    docs.add_spec(listed=listed)
    mend(docs)
    upstream = _read(docs)
    assert upstream.document == SMALL
    whose = "that the index lists" if listed else "that the pages name"
    assert f"Specs {whose} and that can't be had: " in upstream.notes[0]
    assert says in upstream.notes[0]
    assert upstream.notes[1] == f"No spec {whose} can be taken: the pages are asked instead."


def test_why_pages_were_merged_is_said_where_they_contradict_each_other() -> None:
    docs = _small()
    docs.specs.append("stale.json")
    other = yaml(fence(SMALL | {"info": {"title": "Y", "version": "2"}}, *next(operations(SMALL))))
    docs.add("x.md", page("get /x", other))
    message = _stop(docs)
    assert message.startswith("the pages contradict each other:")
    assert "stale.json: answered 404" in message


def test_spec_of_another_origin_is_never_asked_for() -> None:
    other = Site(SMALL)
    other.add_spec()
    docs = _small()
    with other.served():
        docs.specs.append(f"{other.base}/openapi.json")
        upstream = _read(docs)
        assert upstream.document == SMALL
        assert f"aren't followed: {other.base}/openapi.json." in upstream.notes[0]
        assert other.asked == []


@pytest.mark.parametrize(
    ("docs", "says"),
    [
        pytest.param(
            _without(lambda it: _cut(it, NOTE)),
            "the client would lack the operations beyond",
            id="truncated, no spec",
        ),
        pytest.param(
            _without(lambda it: _cut(it, "- [Last](https://do")),
            "its last line is: - [Last](https://do",
            id="cut in a line, no spec",
        ),
        pytest.param(
            _without(lambda it: it.add("login.md", HTML)), "does it ask for a login?", id="HTML"
        ),
        pytest.param(
            _without(
                lambda it: it.add("x.md", page("get /x", "openapi: 3.0.3").split(b"````\n\n>")[0])
            ),
            "is not closed",
            id="a fence that is cut",
        ),
        pytest.param(
            _without(lambda it: it.add("x.md", lambda to: answer(to, 403, b""))),
            "/x.md: answered 403",
            id="forbidden",
        ),
        pytest.param(
            _without(lambda it: it.add("x.md", b"\xff")), "/x.md: not UTF-8", id="not UTF-8"
        ),
        pytest.param(Site(), "none of its 0 pages has an OpenAPI operation", id="no pages"),
        pytest.param(
            Site(links=["a.md", "b.md"], files={"a.md": b"# A\n", "b.md": WEBHOOK}),
            "none of its 2 pages has an OpenAPI operation in a fence",
            id="no API pages",
        ),
        pytest.param(
            Site(links=["b.md"], files={"b.md": WEBHOOK}),
            "Pages of webhooks, which no client calls: WEBHOOK animalBorn (",
            id="webhooks alone",
        ),
        pytest.param(
            Site(links=["a.md"], files={"a.md": old_page("/a", "get")}),
            "in an old shape, which is no OpenAPI: GET /a (",
            id="old pages alone",
        ),
        pytest.param(
            Site(files={"llms.txt": HTML}), "/llms.txt: HTML, not Markdown", id="an index of HTML"
        ),
        pytest.param(
            _with_spec(lambda it: it.files.update({"openapi.json": b'{"swagger": "2.0"}'})),
            "/openapi.json: not OpenAPI 3.0 or 3.1",
            id="a spec of another version",
        ),
        pytest.param(
            _with_spec(
                lambda it: it.files.update({"openapi.json": lambda to: answer(to, 403, b"")})
            ),
            "/openapi.json: answered 403",
            id="a spec that is there and can't be had",
        ),
        pytest.param(
            _without(
                lambda it: it.add(
                    "x.md",
                    page(
                        "get /x",
                        yaml(
                            fence(
                                zoo(2) | {"info": {"title": "Y", "version": "2"}},
                                *next(operations(SMALL)),
                            )
                        ),
                    ),
                )
            ),
            "the pages contradict each other:",
            id="pages of two APIs",
        ),
    ],
)
def test_what_would_make_a_wrong_client_stops(docs: Site, says: str) -> None:
    assert says in _stop(docs)


def _redirect(to: str) -> Callable[[Handler], None]:
    return lambda handler: answer(handler, 302, b"", Location=to)


def _drip(handler: Handler) -> None:
    handler.send_response(200)
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(b"x")
            time.sleep(0.02)
    except OSError:
        handler.close_connection = True


def _endless(handler: Handler) -> None:
    handler.send_response(200)
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(b"x" * 2**16)
    except OSError:
        handler.close_connection = True


BOMB = gzip.compress(bytes(50 * 2**20), 9)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(
            _redirect("http://evil.example/x.md"),
            "leads to another origin, http://evil.example, which isn't asked",
            id="redirect to another origin",
        ),
        pytest.param(
            _redirect("//127.0.0.1:1/x.md"),
            "leads to another origin, http://127.0.0.1:1,",
            id="redirect to another port",
        ),
        pytest.param(
            _redirect("file:///etc/passwd"),
            "leads to another origin, file://",
            id="redirect to a file",
        ),
        pytest.param(
            _redirect("/x.md"), "redirects more than 10 times", id="redirects in a circle"
        ),
        pytest.param(_endless, "/x.md: larger than 0 MiB", id="endless"),
        pytest.param(
            lambda to: answer(to, 200, BOMB, Content_Encoding="gzip"),
            "/x.md: larger than 0 MiB",
            id="gzip bomb",
        ),
        pytest.param(
            lambda to: answer(to, 200, BOMB[:99], Content_Encoding="gzip"),
            "its gzip is cut",
            id="gzip that is cut",
        ),
        pytest.param(
            lambda to: answer(to, 200, b"no gzip at all", Content_Encoding="gzip"),
            "not gzip",
            id="no gzip",
        ),
        pytest.param(
            lambda to: answer(to, 200, b"x", Content_Encoding="br"), "encoded as br", id="brotli"
        ),
        pytest.param(lambda to: to.wfile.write(b"nonsense\r\n\r\n"), "/x.md: ", id="no HTTP"),
    ],
)
def test_hostile_page_is_named(
    monkeypatch: pytest.MonkeyPatch, content: Callable[[Handler], None], says: str
) -> None:
    monkeypatch.setattr(places, "_PAUSES", (0, 0))
    monkeypatch.setattr(fetching, "MAX_BYTES", 2**18)
    docs = _small()
    docs.add("x.md", content)
    assert says in _stop(docs)


@pytest.mark.parametrize(
    ("name", "limit", "mend", "says"),
    [
        pytest.param(
            "places.MAX_SITE_SECONDS",
            0.5,
            lambda it: it.add("x.md", _drip),
            "isn't here within 0.5 s (3 of 4 files are)",
            id="time",
        ),
        pytest.param(
            "places.MAX_SITE_BYTES",
            2**20,
            lambda it: [it.add(f"{n}.md", bytes(2**18)) for n in range(9)],
            "the site is larger than 1 MiB",
            id="size",
        ),
        pytest.param(
            "site.MAX_PAGES",
            2_000,
            lambda it: it.links.extend(f"{n}.md" for n in range(10_000)),
            "10003 pages, more than 2000: give the spec",
            id="count",
        ),
        pytest.param(
            "fetching.MAX_SECONDS",
            0.3,
            lambda it: it.files.update({"llms.txt": _drip}),
            "/llms.txt: not here within 0.3 s",
            id="time of the index",
        ),
    ],
)
def test_bounds_are_said(
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    limit: float,
    mend: Callable[[Site], object],
    says: str,
) -> None:
    monkeypatch.setattr(f"codegen.spec.{name}", limit)
    docs = _small()
    mend(docs)
    begin = time.monotonic()
    assert says in _stop(docs)
    assert time.monotonic() - begin < 5


def test_gzip_is_read_and_what_is_busy_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "_PAUSES", (0, 0))
    docs = _small()
    first, content = docs.files["api/0.md"], docs.files["api/1.md"]
    assert isinstance(first, bytes)
    assert isinstance(content, bytes)
    packed = gzip.compress(content)
    docs.files["api/1.md"] = lambda to: answer(to, 200, packed, Content_Encoding="gzip")
    answers = iter([(503, b""), (429, b""), (200, first)])
    docs.files["api/0.md"] = lambda to: answer(to, *next(answers))
    upstream = _read(docs)
    assert (upstream.document, upstream.notes) == (SMALL, ())


def test_same_host_gets_user_and_password_and_no_other_query() -> None:
    docs = _small()
    seen = []

    def protected(to: Handler) -> None:
        seen.append((to.path, to.headers["Authorization"]))
        answer(to, 200, b"# Guide\n")

    docs.links.append("protected.md?from=index")
    docs.files["protected.md"] = protected
    _read(docs)
    assert seen == [("/protected.md?from=index", "Basic dXNlcjpzZWNyZXQ=")]


def test_index_that_moves_to_another_origin_stops() -> None:
    other, docs = _small(), Site()
    with other.served():
        docs.files["llms.txt"] = _redirect(f"{other.base}/llms.txt")
        assert f"leads to another origin: give {other.base}/llms.txt if you trust it" in _stop(docs)
        assert other.asked == ["llms.txt"]


def _index_elsewhere(folder: Path) -> None:
    (folder / "llms.txt").rename(folder.parent / "llms.txt")
    (folder / "llms.txt").symlink_to(folder.parent / "llms.txt")


def _leave(folder: Path) -> None:
    (folder.parent / "outside.md").write_bytes(page("get /x", "openapi: 3.0.3\n"))
    (folder / "x.md").symlink_to(folder.parent / "outside.md")


@pytest.mark.parametrize(
    ("make", "says"),
    [
        pytest.param(
            _leave, "x.md: leads out of the folder, and isn't read", id="a link out of it"
        ),
        pytest.param(
            _index_elsewhere, "llms.txt: leads out of the folder", id="the index out of it"
        ),
        pytest.param(lambda it: os.mkfifo(it / "x.md"), "x.md: no file", id="a pipe"),
        pytest.param(
            lambda it: (it / "x.md").symlink_to(it / "x.md"), "x.md: no file", id="a circle"
        ),
        pytest.param(lambda it: (it / "x.md").mkdir(), "x.md: no file", id="a folder"),
        pytest.param(lambda it: (it / "x.md").symlink_to("/dev/zero"), "leads out", id="a device"),
    ],
)
def test_saved_copy_is_read_no_further(
    tmp_path: Path, make: Callable[[Path], object], says: str
) -> None:
    docs = _small()
    docs.links.append("x.md")
    make(docs.save(tmp_path / "copy"))
    with pytest.raises(SourceError, match=says):
        intake.read([str(tmp_path / "copy")])


@pytest.mark.parametrize(
    "link",
    [
        "../outside.md",
        "%2e%2e/outside.md",
        "..%2foutside.md",
        "a%00.md",
        "/" + "a/" * 9_000 + "a.md",
    ],
)
def test_no_link_leads_out_of_a_saved_copy(tmp_path: Path, link: str) -> None:
    (tmp_path / "outside.md").write_bytes(page("get /outside", "openapi: 3.0.3\npaths: {}\n"))
    docs = _small()
    docs.links.append(link)
    docs.save(tmp_path / "copy")
    try:
        upstream = intake.read([str(tmp_path / "copy")])
    except SourceError as error:
        assert "can't be read" in str(error)
    else:
        assert upstream.document == SMALL
        assert "that aren't there" in upstream.notes[0]


def test_too_many_files_are_no_saved_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "_MOST_FILES", 3)
    docs = _small()
    (docs.save(tmp_path) / "llms.txt").unlink()
    with pytest.raises(SourceError, match="more than 3 files"):
        intake.read([str(tmp_path)])


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_is_for_terminals(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], terminal: bool
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: terminal)
    _read(_small())
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == (3 if terminal else 0)
    assert not terminal or (lines[-1].startswith("[3/3] http://127.0.0.1:"))
    assert "secret" not in "".join(lines)


def test_schemas_without_end_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    docs = Site.of(_chain(300))
    raw = docs.add_spec()
    assert _read(docs).raw == raw
    monkeypatch.setattr("codegen.spec.comparison._MOST_STEPS", 100)
    assert "too many to compare" in _stop(docs)


def _chain(length: int) -> Any:
    """Return a spec with schemas that refer each to the next, the last to the first."""
    spec = zoo(1)
    for number in range(length):
        after = {"$ref": f"#/components/schemas/S{(number + 1) % length}"}
        spec["components"]["schemas"][f"S{number}"] = {"properties": {"next": after}}
    spec["components"]["schemas"]["Thing"]["properties"]["s"] = {"$ref": "#/components/schemas/S0"}
    return spec


def test_site_of_sixty_pages_is_taken_in_time(listed: Clone) -> None:
    write_overlay(listed.root, [])
    (listed.root / "overrides" / "generator.yaml").write_text("{}\n")
    docs = Site.of(zoo(60))
    begin = time.process_time()
    with docs.served() as url:
        run = listed.main("--spec", url)
    assert time.process_time() - begin < 10
    assert run.returncode == 0, run.stderr
    assert (listed.root / "openapi.yaml").read_text() == document.canonical(docs.document)


def test_what_is_said_of_a_site_is_said_where_the_run_stops_later(listed: Clone) -> None:
    docs = _small()
    docs.specs.append("stale.json")
    with docs.served() as url:
        said = listed.main("--spec", url, "--against", url)
        stop = listed.main("--spec", url, "--dry-run")  # settings name a class that isn't there
    assert stop.returncode == 6
    assert "\n\nWarning: Specs that the index lists and that can't be had: " in stop.stderr
    assert said.returncode == 0, said.stderr
    assert "**Warning:** Specs that the index lists and that can't be had: " in said.stdout
    assert not any(secret in stop.stderr + said.stdout for secret in SECRETS)
