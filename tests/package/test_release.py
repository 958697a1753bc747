"""scripts/release: an honest version, gates, a tag; on a checkout whose gates are quick."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from scripts import release, surface

from codegen.diff.rules import Level

CHANGELOG = """\
# Changelog

## [Unreleased]

### Fixed

- A count.

## [1.0.0] - 2026-11-24

### Added

- The client.
"""
PROJECT = """\
[project]
name = "shop-client"
version = "1.0.0"

[tool.codegen]
package = "shop_client"
layer = "shop"
"""
LAYER = {
    "__init__.py": 'from shop.client import Shop\n\n__all__ = ["Shop"]\n',
    "client.py": "class _Base:\n    def __init__(self, key: str) -> None: ...\n\n\n"
    "class Shop(_Base):\n    def pets(self, limit: int = 1) -> int: ...\n",
    "inner.py": "def helper() -> None: ...\n",
}
SPEC = {"openapi": "3.0.3", "info": {"title": "Shop", "version": "1"}, "paths": {}}
GATE = """\
#!/usr/bin/env bash
echo "{name} $*" >>"$(git rev-parse --git-dir)/gates"
[[ ! -e "$(git rev-parse --git-dir)/broken-{name}" ]]
"""


class Shop:
    """A checkout of its own, on main, released as 1.0.0, with a fix since."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.write({"pyproject.toml": PROJECT, "CHANGELOG.md": CHANGELOG})
        self.write({f"overrides/shop/{name}": text for name, text in LAYER.items()})
        self.write({"generated_client/shop_client/__init__.py": "def pets() -> int: ...\n"})
        self.write({"generated_client/shop_client/openapi.json": json.dumps(SPEC)})
        self.write({release.USERS_PROGRAM: "import shop\n"})
        for gate in release.GATES:
            path = root / gate.split()[0]
            path.parent.mkdir(exist_ok=True)
            path.write_text(GATE.format(name=path.name))
            path.chmod(0o755)
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("config", "user.name", "A")
        self.git("config", "user.email", "a@example.com")
        self.commit("first")
        self.git("tag", "--annotate", "--message=1", "v1.0.0")

    def write(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text(text)

    def replace(self, name: str, old: str, new: str) -> None:
        text = (self.root / name).read_text()
        assert old in text
        (self.root / name).write_text(text.replace(old, new))

    def git(self, *arguments: str) -> str:
        command = ("git", "-C", str(self.root), *arguments)
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def commit(self, message: str) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)

    def release(self, *arguments: str) -> int:
        return release.main(arguments, self.root)

    def state(self) -> str:
        return self.git("log", "--format=%H %s") + self.git("tag") + self.git("status", "--short")

    def gates(self) -> list[str]:
        """Return the gates that ran since the last time."""
        log = self.root / ".git" / "gates"
        ran = log.read_text().splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return ran


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    for name in ("GLOBAL", "SYSTEM"):
        monkeypatch.setenv(f"GIT_CONFIG_{name}", "/dev/null")
    for name in ("EMAIL", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"):
        monkeypatch.delenv(name, raising=False)
    return Shop(tmp_path / "shop")


ALL = ["lint ", "generate.sh --check", "test ", "build ", "docs "]


def test_dry_run_says_all_and_changes_nothing(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    before = shop.state()
    assert shop.release("--dry-run") == 0
    assert (shop.state(), shop.gates()) == (before, [])
    out = capsys.readouterr().out
    for words in (
        "Release 1.0.1, since v1.0.0",
        "- A count.",
        "scripts/test",
        "origin main v1.0.1",
    ):
        assert words in out


def test_release_is_a_commit_that_passed_each_gate_and_an_annotated_tag(shop: Shop) -> None:
    assert shop.release() == 0
    assert shop.gates() == ALL
    assert shop.git("log", "-1", "--format=%s%d") == "Release 1.0.1 (HEAD -> main, tag: v1.0.1)\n"
    assert shop.git("cat-file", "-t", "v1.0.1") == "tag\n"
    message = shop.git("tag", "--list", "--format=%(contents)", "v1.0.1")
    assert message.strip() == "Release 1.0.1\n\n### Fixed\n\n- A count."
    assert 'version = "1.0.1"' in (shop.root / "pyproject.toml").read_text()
    changelog = (shop.root / "CHANGELOG.md").read_text()
    assert "## [Unreleased]\n\n## [1.0.1] - 20" in changelog
    assert "- A count.\n\n## [1.0.0] - 2026-11-24\n" in changelog
    kept = shop.root / "tests" / "package" / "users" / "1.0.1.py"
    assert kept.read_text() == "import shop\n"
    assert shop.git("status", "--short") == ""


def test_run_after_a_failure_goes_on_where_it_was(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = shop.root / ".git" / "broken-test"
    broken.touch()
    assert shop.release() == 1
    assert shop.gates() == ALL[:3]
    assert "scripts/test ended with 1: nothing is tagged" in capsys.readouterr().err
    assert shop.git("tag") == "v1.0.0\n"
    broken.unlink()
    assert shop.release() == 0
    assert shop.gates() == ALL[2:]
    assert shop.git("log", "--format=%s") == "Release 1.0.1\nfirst\n"
    assert shop.git("tag") == "v1.0.0\nv1.0.1\n"


def test_what_was_mended_meanwhile_passes_every_gate(shop: Shop) -> None:
    (shop.root / ".git" / "broken-build").touch()
    assert shop.release() == 1
    (shop.root / ".git" / "broken-build").unlink()
    shop.gates()
    shop.write({"overrides/shop/inner.py": "def helper() -> int: ...\n"})
    shop.commit("mended")
    assert shop.release() == 0
    assert shop.gates() == ALL


def test_file_that_a_gate_leaves_keeps_the_tag_away(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.replace("scripts/docs", "#!/usr/bin/env bash\n", "#!/usr/bin/env bash\ntouch left\n")
    shop.commit("a gate that writes")
    assert shop.release() == 1
    assert "files changed meanwhile" in capsys.readouterr().err
    assert shop.git("tag") == "v1.0.0\n"


def test_tag_is_signed_where_git_knows_a_key(shop: Shop) -> None:
    gpg = shop.root.with_name("gpg")
    gpg.write_text(
        '#!/bin/sh\ncat >/dev/null\necho "\n[GNUPG:] SIG_CREATED " >&2\necho "a signature by $4"\n'
    )
    gpg.chmod(0o755)
    shop.git("config", "user.signingkey", "KEY")
    shop.git("config", "gpg.program", str(gpg))
    assert shop.release() == 0
    assert "a signature by" in shop.git("cat-file", "tag", "v1.0.1")


def test_version_says_no_less_than_what_changed(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.replace("overrides/shop/client.py", "limit", "most")
    shop.commit("renamed")
    assert shop.release("--dry-run", "1.1.0") == 1
    assert "1.1.0 says less than what changed, which asks for 2.0.0" in capsys.readouterr().err
    assert shop.release("--dry-run") == 0
    out = capsys.readouterr().out
    assert "Release 2.0.0" in out
    assert "breaking: shop.client.Shop.pets: parameter was removed: limit" in out


def test_operation_of_the_spec_raises_the_version(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = {"200": {"description": "OK"}}
    spec = SPEC | {"paths": {"/pets": {"get": {"operationId": "listPets", "responses": answer}}}}
    shop.write({"generated_client/shop_client/openapi.json": json.dumps(spec)})
    shop.commit("an operation")
    assert shop.release("--dry-run") == 0
    assert "Release 1.1.0" in capsys.readouterr().out


def test_name_of_the_generated_package_raises_the_version(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.replace("generated_client/shop_client/__init__.py", "pets", "animals")
    shop.commit("renamed")
    assert shop.release("--dry-run") == 0
    assert "Release 2.0.0" in capsys.readouterr().out


def _on_a_branch(shop: Shop) -> None:
    shop.git("checkout", "--quiet", "-b", "topic")


def _edited(shop: Shop) -> None:
    shop.write({"pyproject.toml": PROJECT + "\n"})


def _anonymous(shop: Shop) -> None:
    shop.git("config", "--unset", "user.email")
    shop.git("config", "user.useConfigOnly", "true")


def test_a_dry_run_needs_nobody(shop: Shop) -> None:
    _anonymous(shop)
    assert shop.release("--dry-run") == 0


def _nothing_said(shop: Shop) -> None:
    shop.replace("CHANGELOG.md", "### Fixed\n\n- A count.\n\n", "")
    shop.commit("nothing said")


def _changed_in_silence(shop: Shop) -> None:
    shop.replace("overrides/shop/client.py", "limit", "most")
    _nothing_said(shop)


def _nowhere_to_say(shop: Shop) -> None:
    shop.replace("CHANGELOG.md", "[Unreleased]", "[Next]")
    shop.commit("no section")


def _written_twice(shop: Shop) -> None:
    shop.replace("CHANGELOG.md", "## [1.0.0]", "## [1.0.1] - 2026-11-25\n\n- B.\n\n## [1.0.0]")
    shop.commit("written twice")


def _behind(shop: Shop) -> None:
    shop.git("commit", "--quiet", "--allow-empty", "--message=more")
    shop.git("tag", "v1.7.0")
    other = shop.root.with_name("other")
    shop.git("clone", "--quiet", "--bare", ".", str(other))
    shop.git("remote", "add", "origin", str(other))
    shop.git("reset", "--hard", "--quiet", "HEAD~1")
    shop.git("tag", "--delete", "v1.7.0")
    shop.git("reflog", "expire", "--expire=now", "--all")
    shop.git("gc", "--quiet", "--prune=now")


def _unreachable(shop: Shop) -> None:
    shop.git("remote", "add", "origin", str(shop.root.with_name("nowhere")))


def _released(shop: Shop) -> None:
    assert shop.release() == 0


@pytest.mark.parametrize(
    ("spoil", "arguments", "says"),
    [
        pytest.param(_on_a_branch, (), ["on main, and this is topic"], id="branch"),
        pytest.param(_edited, (), ["such as pyproject.toml: commit"], id="dirty"),
        pytest.param(_anonymous, (), ["git doesn't know who you are"], id="nobody"),
        pytest.param(_nothing_said, (), ["nothing changed since for users"], id="no change"),
        pytest.param(_changed_in_silence, (), ["Unreleased is empty"], id="empty"),
        pytest.param(_nowhere_to_say, (), ["needs a line `## [Unreleased]`"], id="no section"),
        pytest.param(_written_twice, (), ["1.0.1 has a section, and Unreleased"], id="twice"),
        pytest.param(
            _behind, (), ["commits that aren't here: git pull", "tag v1.7.0"], id="behind"
        ),
        pytest.param(_unreachable, (), ["origin doesn't answer"], id="no remote"),
        pytest.param(_released, (), ["tagged here already: git push"], id="again"),
        pytest.param(lambda shop: None, ("2",), ["'2' is no version", "1.0.1"], id="no version"),
        pytest.param(lambda shop: None, ("1.0.0",), ["asks for 1.0.1"], id="released"),
    ],
)
def test_what_keeps_a_release_is_said(
    spoil: object,
    arguments: tuple[str, ...],
    says: list[str],
    shop: Shop,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert callable(spoil)
    spoil(shop)
    before = shop.state()
    assert shop.release(*arguments) == 1
    error = capsys.readouterr().err
    assert [words for words in says if words not in error] == []
    assert "Traceback" not in error
    assert shop.state() == before


def test_commit_that_a_hook_refuses_can_be_taken_back(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    before = shop.state()
    hook = shop.root / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho no >&2\nexit 1\n")
    hook.chmod(0o755)
    assert shop.release() == 1
    err = capsys.readouterr().err
    assert "git commit: no\nTo take back what was written: git reset --hard" in err
    assert shop.gates() == []
    shop.git("reset", "--hard")
    assert shop.state() == before


def test_all_that_is_wrong_is_said_at_once(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    _nothing_said(shop)
    _on_a_branch(shop)
    assert shop.release() == 1
    assert capsys.readouterr().err.count("\n  ") == 2


BREAKING, COMPATIBLE = Level.BREAKING, Level.COMPATIBLE


@pytest.mark.parametrize(
    ("name", "old", "new", "level"),
    [
        pytest.param("__init__.py", "import Shop", "import Shop  # it", None, id="nothing"),
        pytest.param("__init__.py", '["Shop"]', "[]", BREAKING, id="no longer exported"),
        pytest.param("__init__.py", '"Shop"', '"Shop", "client"', COMPATIBLE, id="exported"),
        pytest.param("client.py", "key: str", "token: str", BREAKING, id="of a private base"),
        pytest.param("client.py", "key: str", "key: str, a: int = 1", COMPATIBLE, id="option"),
        pytest.param("client.py", "def pets", "def _pets", BREAKING, id="method gone"),
        pytest.param("client.py", ") -> int", ") -> str", BREAKING, id="return type"),
        pytest.param("inner.py", "helper", "help", None, id="of no user"),
    ],
)
def test_what_is_exported_counts(
    tmp_path: Path, name: str, old: str, new: str, level: Level | None
) -> None:
    folders = [tmp_path / side / "shop" for side in ("old", "new")]
    for folder in folders:
        folder.mkdir(parents=True)
        for each, text in LAYER.items():
            (folder / each).write_text(text)
    path = folders[1] / name
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    changes = surface.layer_changes(*folders)
    assert max((change.level for change in changes), default=None) == level
