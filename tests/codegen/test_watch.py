"""scripts/watch: silent without a change, one pull request with one."""

from __future__ import annotations

import http.server
import json
import os
import shutil
import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML

from codegen import published
from tests.codegen.support import ROOT, SHOP, write_json

if TYPE_CHECKING:
    from tests.codegen.support import Clone

# A gh that knows the pull request and the issue it was told to open, and notes what it was told.
GH = """\
#!/usr/bin/env bash
echo "$1 $2" >>"$GH_LOG"
known="$GH_LOG.$1"
kind="$1" verb="$2"
[[ ! -e "$GH_LOG.broken" ]] || { echo "gh: no network" >&2; exit 4; }
while (($#)); do
  case "$1" in
    --title) echo "$2" >"$known.title" ;;
    --body-file) cp "$2" "$known.body" ;;
  esac
  shift
done
case "$verb" in
  list) [[ ! -e "$known.open" ]] || echo 7 ;;
  create) touch "$known.open" ;;
  close) rm "$known.open" ;;
  view) { [[ "$kind" == issue ]] || cat "$known.title"; cat "$known.body"; } | sed 's/$/\\r/' ;;
esac
"""


# A codegen that finds what its source says, and writes the spec that it has.
CODEGEN = """\
import json, sys
from pathlib import Path

_, source, _, _, report = sys.argv[1:]
if not Path(source).exists():
    sys.exit(f"generate.sh: {source}: No such file")
run = json.loads(Path(source).read_text())
Path(report).write_text(run["text"])
print(json.dumps({"verdict": run["verdict"], "changes": []}))
(Path(__file__).parents[1] / "openapi.yaml").write_text(run["spec"])
"""


class _Watched:
    """A clone with a remote, and a gh on PATH."""

    def __init__(self, clone: Clone, folder: Path) -> None:
        self.root, self.log, self.found = clone.root, folder / "gh.log", folder / "found"
        (folder / "bin").mkdir()
        (folder / "bin" / "gh").write_text(GH)
        (folder / "bin" / "gh").chmod(0o755)
        self.environment = os.environ | {
            "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
            "GH_LOG": str(self.log),
            "GIT_CONFIG_GLOBAL": "/dev/null",
        }
        shutil.copy2(ROOT / "scripts" / "watch", self.root / "scripts" / "watch")
        (self.root / ".gitignore").write_text(".venv\n__pycache__/\n")
        self.git("init", "--quiet", "--initial-branch=main")
        self.commit("first")
        self.git("init", "--quiet", "--bare", str(folder / "remote"))
        self.git("remote", "add", "origin", str(folder / "remote"))

    def git(self, *arguments: str) -> str:
        command = ["git", "-c", "user.name=A", "-c", "user.email=a@example.com", *arguments]
        return subprocess.run(
            command, cwd=self.root, env=self.environment, check=True, capture_output=True, text=True
        ).stdout

    def commit(self, message: str) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)

    def find(self, verdict: str, text: str, spec: str | None = None) -> None:
        """Make its codegen find this from now on, in the source `found`."""
        path = self.root / "codegen" / "__main__.py"
        if path.read_text() != CODEGEN:
            path.write_text(CODEGEN)
            self.commit("A codegen that is quick")
        spec = spec or (self.root / "openapi.yaml").read_text()
        write_json(self.found, {"verdict": verdict, "text": text, "spec": spec})

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.root / "scripts" / "watch", *arguments],
            cwd="/",
            env=self.environment,
            check=False,
            capture_output=True,
            text=True,
        )

    def gh(self) -> list[str]:
        """Return what gh was told since the last time."""
        calls = self.log.read_text().splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return calls

    def text(self, kind: str) -> str:
        """Return the text of the pull request or the issue."""
        return self.log.with_name(f"gh.log.{kind}.body").read_text()

    def pushed(self) -> str:
        """Return what the remote's branch is at."""
        return self.git("ls-remote", "origin", "spec-watch")


@pytest.fixture
def watched(clone: Clone, tmp_path: Path) -> _Watched:
    return _Watched(clone, tmp_path)


@pytest.fixture
def changed(tmp_path: Path, upstream: Any) -> str:
    spec = upstream
    spec["components"]["schemas"]["New"] = {"type": "object"}
    return str(write_json(tmp_path / "changed.json", spec))


def test_no_change_says_nothing_to_anyone(watched: _Watched) -> None:
    run = watched.run("--pull-request", str(SHOP / "openapi.yaml"))
    assert (run.returncode, run.stdout) == (0, "The vendor's spec has not changed for users.\n")
    assert watched.gh() == ["issue list"]
    assert watched.pushed() == ""


def test_without_a_pull_request_a_change_is_an_exit_code_and_a_report(
    watched: _Watched, changed: str
) -> None:
    (watched.root / "README.md").write_text("at work\n")
    run = watched.run(changed)
    assert (run.returncode, run.stderr) == (10, "")
    assert run.stdout.startswith("# A minor change: 1.0.0 → 1.1.0\n")
    assert watched.git("status", "--porcelain") == "?? README.md\n"
    assert watched.git("worktree", "list").count("\n") == 1
    assert watched.gh() == []


def test_a_watch_that_fails_says_so_until_it_works(watched: _Watched) -> None:
    watched.find("none", "")
    watched.environment["GH_TOKEN"] = "nowhere"  # as a message could have it
    assert watched.run("/nowhere").returncode == 1
    assert watched.gh() == []
    run = watched.run("--pull-request", "/nowhere")
    assert (run.returncode, run.stderr) == (1, "generate.sh: /nowhere: No such file\n")
    assert watched.gh() == ["issue list", "issue create"]
    assert watched.text("issue") == (
        "`scripts/watch` ended with exit code 1, so a change may go unseen:\n\n"
        "    generate.sh: /[token]: No such file\n"
    )
    assert watched.run("--pull-request", "/nowhere").returncode == 1
    assert watched.gh() == ["issue list", "issue view"]
    assert watched.run("--pull-request", "/elsewhere").returncode == 1
    assert watched.gh() == ["issue list", "issue view", "issue edit"]
    assert watched.run("--pull-request", str(watched.found)).returncode == 0
    assert watched.gh() == ["issue list", "issue close"]


def test_a_push_or_a_gh_that_fails_fails_the_watch(watched: _Watched) -> None:
    watched.find("minor", "It changed.\n")
    watched.git("remote", "set-url", "origin", "/nowhere")
    assert watched.run("--pull-request", str(watched.found)).returncode not in {0, 10}
    assert watched.gh() == ["issue list", "issue create"]
    assert "/nowhere" in watched.text("issue")
    assert watched.git("worktree", "list").count("\n") == 1
    watched.find("none", "")
    watched.log.with_name("gh.log.broken").touch()
    run = watched.run("--pull-request", str(watched.found))
    assert (run.returncode, run.stderr) == (1, "gh: no network\n")


def test_a_change_opens_a_pull_request_with_what_was_written(
    watched: _Watched, changed: str
) -> None:
    assert watched.run("--pull-request", changed).returncode == 0
    assert watched.gh() == ["pr list", "pr create", "issue list"]
    assert "`schema New`: class added" in watched.text("pr")
    watched.git("fetch", "--quiet", "origin", "spec-watch:theirs")
    names = watched.git("diff", "--name-only", "main", "theirs").split()
    assert {"openapi.yaml", "pyproject.toml", "CHANGELOG.md"} < set(names)
    assert watched.git("symbolic-ref", "--short", "HEAD") == "main\n"
    assert watched.git("status", "--porcelain") == ""


def test_one_pull_request_follows_the_changes_and_leaves_a_persons_commits(
    watched: _Watched,
) -> None:
    def told_by(text: str, spec: str) -> list[str]:
        watched.find("minor", text, spec)
        assert watched.run("--pull-request", str(watched.found)).returncode == 0
        return watched.gh()

    assert told_by("One.\n", "x: 1\n") == ["pr list", "pr create", "issue list"]
    first = watched.pushed()
    assert told_by("One.\n", "x: 1\n") == ["pr list", "pr view", "issue list"]
    assert watched.pushed() == first
    assert told_by("Two.\n", "x: 1\n") == ["pr list", "pr view", "pr edit", "issue list"]
    assert watched.pushed() == first
    assert told_by("Two.\n", "x: 2\n") == ["pr list", "pr view", "issue list"]
    second = watched.pushed()
    assert second != first

    (watched.root / "NEW.md").write_text("main moves on\n")
    watched.commit("Move on")
    assert told_by("Two.\n", "x: 2\n") == ["pr list", "pr view", "issue list"]
    assert watched.pushed() != second
    watched.git("fetch", "--quiet", "origin", "spec-watch:theirs")
    assert watched.git("rev-list", "--count", "main..theirs") == "1\n"

    watched.git("switch", "--quiet", "theirs")
    (watched.root / "openapi.yaml").write_text("mended\n")
    watched.git("commit", "--quiet", "--all", "--amend", "--no-edit")  # keeps the author
    watched.git("push", "--quiet", "--force", "origin", "theirs:spec-watch")
    watched.git("switch", "--quiet", "main")
    persons = watched.pushed()
    assert told_by("Three.\n", "x: 3\n") == ["pr list", "pr view", "pr edit", "issue list"]
    assert watched.text("pr").startswith("Three.\n")
    assert watched.pushed() == persons


def test_a_fact_that_broke_opens_a_pull_request_for_a_person(
    watched: _Watched, tmp_path: Path, upstream: Any
) -> None:
    spec = upstream
    spec["servers"][0]["url"] = "https://other.example"
    source = str(write_json(tmp_path / "moved.json", spec))
    assert watched.run("--pull-request", source).returncode == 0
    assert watched.gh() == ["pr list", "pr create", "issue list"]
    assert "changed: /servers/0/url" in watched.text("pr")
    watched.git("fetch", "--quiet", "origin", "spec-watch:theirs")
    assert watched.git("diff", "--name-only", "main", "theirs") == ""


def test_what_is_reported_is_what_is_committed(watched: _Watched, upstream: Any) -> None:
    """The source says something else each time that it is read."""
    read: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            read.append(self.path)
            upstream["components"]["schemas"][f"New{len(read)}"] = {"type": "object"}
            body = json.dumps(upstream).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            source = f"http://127.0.0.1:{server.server_port}/spec.json"
            assert watched.run("--pull-request", source).returncode == 0
        finally:
            server.shutdown()
            thread.join()
    assert read == ["/spec.json"]
    assert "`schema New1`: class added" in watched.text("pr")
    watched.git("fetch", "--quiet", "origin", "spec-watch:theirs")
    assert "New1" in watched.git("show", "theirs:openapi.yaml")


def test_a_report_too_long_for_a_pull_request_is_cut(watched: _Watched) -> None:
    watched.find("major", "# Many\n" + "- a change ü\n" * 10_000)
    assert watched.run("--pull-request", str(watched.found)).returncode == 0
    text = watched.text("pr")
    assert text.startswith("Cut short; `scripts/watch` tells all of it.\n\n# Many\n- a change ü\n")
    assert text.endswith("\n- a change ü\n")
    assert 50_000 < len(text.encode()) < 65_000


def test_an_operation_that_the_client_does_not_take_is_news() -> None:
    before: Any = {"paths": {"/a": {"get": {}}, "/b": {"put": {}, "get": {}}}}
    after: Any = {"paths": {"/a": {"get": {}}, "/b": {"get": 5}, "/`c`\n": {"post": {}}, "/d": 7}}
    assert published.news(before, before) == ""
    assert published.news(before, after) == (
        "\n## The vendor now publishes\n\n- `POST /c\\n`\n"
        "\n## The vendor no longer publishes\n\n- `PUT /b`\n"
    )
    assert published.news(before, after, ["POST /`c`\n", "PUT /b"]) == ""
    many: Any = {"paths": {f"/{number:03}": {"get": {}} for number in range(150)}}
    assert published.news(None, many).splitlines()[-2:] == ["- `GET /099`", "- and 50 more"]


def test_such_news_opens_a_pull_request_of_its_own(watched: _Watched) -> None:
    watched.find("none", "Nothing changed for users.\n", "paths: {/new: {get: {}}}\n")
    assert watched.run("--pull-request", str(watched.found)).returncode == 0
    assert watched.gh() == ["pr list", "pr create", "issue list"]
    assert "\n## The vendor now publishes\n\n- `GET /new`\n" in watched.text("pr")
    watched.git("fetch", "--quiet", "origin", "spec-watch")
    assert watched.git("log", "-1", "--format=%s", "FETCH_HEAD") == (
        "The vendor's operations changed: none of the client's\n"
    )
    assert watched.git("show", "FETCH_HEAD:openapi.yaml") == "paths: {/new: {get: {}}}\n"


def test_the_workflow_runs_the_script_and_hands_it_a_token() -> None:
    text = (ROOT / ".github" / "workflows" / "watch.yml").read_text()
    workflow = YAML(typ="safe").load(text)
    step = workflow["jobs"]["watch"]["steps"][-1]
    assert step["run"] == "scripts/watch --pull-request"
    assert step["env"] == {"GH_TOKEN": "${{ github.token }}"}
    assert "schedule" in workflow["on"]


def test_an_operation_that_appears_in_the_index_is_news(watched: _Watched, tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    page = "# A page\n\n````yaml get {path}\n{spec}````\n"
    shop = (SHOP / "openapi.yaml").read_text()
    (site / "shop.md").write_text(page.format(path="/health", spec=shop))
    (site / "llms.txt").write_text("# Shop\n\n## Docs\n\n- [Shop](shop.md): all of it\n")
    assert watched.run(str(site)).returncode == 0
    gained = "{operationId: new, responses: {'204': {description: done}}}"
    head = shop.partition("servers:")[0]
    (site / "new.md").write_text(
        page.format(path="/new", spec=f"{head}paths:\n  /new:\n    get: {gained}\n")
    )
    with (site / "llms.txt").open("a") as index:
        index.write("- [New](new.md): what came\n")
    run = watched.run(str(site))
    assert run.returncode == 10, run.stderr
    assert "`GET /new`: operation added" in run.stdout
