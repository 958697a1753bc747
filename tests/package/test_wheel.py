"""The wheel alone, in a new environment: what people get who install it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from readme_renderer import markdown
from scripts import build

from oneloop import SPEC

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, env={}, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder with the sdist and the wheel, which were built twice to the same bytes."""
    folder = build.build(ROOT, tmp_path_factory.mktemp("dist"))
    build.check(folder)
    return folder


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    (path,) = dist.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the interpreter of an environment with the wheel and its requirements, no more.

    The requirements come from this environment: the tests need no index.
    """
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder)
    interpreter = folder / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", interpreter, "--quiet")
    run(*pip, "install", "--no-index", "--no-deps", wheel, cwd=folder)
    (site,) = (folder / "lib").glob("python*/site-packages")
    for distribution in required_by(wheel):
        for file in distribution.files or []:
            if ".." not in file.parts and "__pycache__" not in file.parts:
                target = site / file
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(str(file.locate()), target)
    return interpreter


def required_by(wheel: Path) -> Iterator[metadata.Distribution]:
    """Yield the installed distributions that the wheel requires, and those that they require."""
    (text,) = members(wheel, r".*\.dist-info/METADATA")
    waiting = [line[15:] for line in text.splitlines() if line.startswith("Requires-Dist: ")]
    seen: set[str] = set()
    while waiting:
        requirement = Requirement(waiting.pop())
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        if requirement.name not in seen:
            seen.add(requirement.name)
            distribution = metadata.distribution(requirement.name)
            assert distribution.version in requirement.specifier
            waiting += distribution.requires or []
            yield distribution


def members(wheel: Path, pattern: str) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return [archive.read(n).decode() for n in archive.namelist() if re.fullmatch(pattern, n)]


def test_wheel_holds_both_packages_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    tops = {name.partition("/")[0] for name in names if ".dist-info" not in name}
    assert tops == {"oneloop", "oneloop_api_client", "pytest_oneloop.py"}
    assert {"oneloop/py.typed", "oneloop_api_client/py.typed"} <= set(names)
    assert "oneloop_api_client/openapi.json" in names
    assert any(name.endswith("LICENSE") for name in names)


def test_what_an_index_would_refuse_and_a_wheel_that_holds_more_are_refused(
    dist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shutil.copytree(dist, tmp_path / "dist")
    monkeypatch.setattr(build, "PACKAGES", ("--toplevel", "oneloop"))
    with pytest.raises(build.BuildError, match=r"(?s)check_wheel_contents.*oneloop_api_client"):
        build.check(folder)
    (folder / "broken-1.tar.gz").write_bytes(b"")
    with pytest.raises(build.BuildError, match=r"(?s)twine.*broken-1"):
        build.check(folder)


def test_sdist_holds_what_the_wheel_is_made_from(dist: Path) -> None:
    (path,) = dist.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"openapi.yaml", "overrides/overlay.yaml", "README.md", "LICENSE"} <= names
    assert {name.partition("/")[0] for name in names} == {
        *(".gitignore", "CHANGELOG.md", "LICENSE", "PKG-INFO", "README.md", "generated_client"),
        *("openapi.yaml", "overrides", "pyproject.toml", "sboms", "scripts"),
    }


def test_wheel_says_what_it_was_made_from(wheel: Path) -> None:
    (text,) = members(wheel, r".*\.dist-info/sboms/oneloop-api-client\.cdx\.json")
    bom = json.loads(text)
    said = {part["name"]: part for part in bom["components"]}
    for name in ("openapi.yaml", "overrides/overlay.yaml"):
        (sha256,) = said[name]["hashes"]
        assert sha256["content"] == hashlib.sha256((ROOT / name).read_bytes()).hexdigest()
    assert said["openapi-python-client"]["version"] == SPEC.generator_version
    assert bom["metadata"]["component"]["version"] == metadata.version("oneloop-api-client")
    (required,) = members(wheel, r".*\.dist-info/METADATA")
    names = re.findall(r"^Requires-Dist: ([\w.-]+)", required, re.MULTILINE)
    assert said.keys() == {
        *names,
        "openapi.yaml",
        "overrides/overlay.yaml",
        "openapi-python-client",
    }
    assert not re.search(r"https?://|/tmp/|/work/", text.replace(bom["$schema"], ""))


@pytest.fixture(scope="module")
def page(wheel: Path) -> str:
    """Return README.md as an index shows it."""
    (text,) = members(wheel, r".*\.dist-info/METADATA")
    headers, _, readme = text.partition("\n\n")
    assert "Description-Content-Type: text/markdown" in headers
    rendered: str | None = markdown.render(readme)
    assert rendered
    return rendered


def test_page_of_an_index_has_no_link_that_leads_nowhere(page: str) -> None:
    links = re.findall(r"""(?:href|src)=["']([^"']*)["']""", page)
    assert links
    anchors = {f"#{name}" for name in re.findall(r"""(?:id|name)=["']([^"']*)["']""", page)}
    assert [each for each in links if each.startswith("#") and each not in anchors] == []
    assert [each for each in links if not re.match(r"https?://|#", each)] == []


def test_page_of_an_index_links_home_once_there_is_one(page: str) -> None:
    """Once [project.urls] is there, relative links of README.md must become links to that home.

    Then the substitution in pyproject.toml has the replacement
    `[\\1](HOME/blob/v$HFPR_VERSION/\\2)`, and its pattern a group around the path.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    readme = (ROOT / "README.md").read_text("utf-8")
    relative = re.findall(r"\[[^\]]+\]\((?![a-z]+:|#)([^)]+)\)", readme)
    assert relative
    led = [path for path in relative if re.search(rf"""href="https://[^"]+/{path}["#]""", page)]
    assert led == (relative if "urls" in project else [])


def test_install_is_small(python: Path) -> None:
    code = "from importlib import metadata; print(*(d.name for d in metadata.distributions()))"
    names = {name.lower().replace("_", "-") for name in run(python, "-c", code, cwd=ROOT).split()}
    assert names <= {
        *("oneloop-api-client", "attrs", "httpx", "jsonschema-rs", "msgspec", "python-dateutil"),
        *("anyio", "certifi", "h11", "httpcore", "idna", "six", "sniffio", "tzdata"),
        "typing-extensions",
    }


def test_both_packages_import(python: Path, tmp_path: Path) -> None:
    code = "import oneloop, oneloop_api_client; print(oneloop.__version__, oneloop.SPEC.sha256)"
    version, sha256 = run(python, "-c", code, cwd=tmp_path).split()
    assert version == metadata.version("oneloop-api-client")
    assert re.fullmatch("[0-9a-f]{64}", sha256)


def test_command_says_its_version(python: Path, tmp_path: Path) -> None:
    out = run(python.with_name("oneloop"), "--version", cwd=tmp_path)
    assert out.startswith(f"oneloop-api-client {metadata.version('oneloop-api-client')}\n")


def test_sandbox_needs_nothing_more(python: Path, tmp_path: Path) -> None:
    out = run(python.with_name("oneloop"), "usage", "bid_acme", "--sandbox", cwd=tmp_path)
    assert re.search(r"^bid_acme +total +seats +\d+$", out, re.MULTILINE)


def users_programs() -> list[Path]:
    """Return the program of today's users, and those kept by releases that this one must serve."""
    current = Path(__file__).with_name("users_program.py")
    major = metadata.version("oneloop-api-client").partition(".")[0]
    return [current, *sorted(current.with_name("users").glob(f"{major}.*.py"))]


@pytest.mark.parametrize("program", users_programs(), ids=lambda path: path.stem)
@pytest.mark.parametrize(
    "checker",
    [
        pytest.param(("mypy", "--strict", "--python-executable"), id="mypy"),
        pytest.param(("basedpyright", "--level", "error", "--pythonpath"), id="pyright"),
    ],
)
def test_users_program_type_checks(
    checker: tuple[str, ...], program: Path, python: Path, tmp_path: Path
) -> None:
    shutil.copy(program, tmp_path / "program.py")
    (tmp_path / "pyrightconfig.json").write_text('{"typeCheckingMode": "strict"}')
    command, *options = checker
    run(BIN / command, *options, python, "program.py", cwd=tmp_path)


@pytest.mark.parametrize("program", users_programs(), ids=lambda path: path.stem)
def test_users_program_runs(program: Path, python: Path) -> None:
    run(python, program, cwd=ROOT)


def test_every_public_name_has_a_known_type(python: Path, tmp_path: Path) -> None:
    """What pyright calls 100 %; it asks for the Python on PATH, and takes no other."""
    command = (BIN / "basedpyright", "--verifytypes", "oneloop", "--ignoreexternal", "--outputjson")
    path = f"{python.parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command, cwd=tmp_path, env={"PATH": path}, capture_output=True, text=True, check=False
    )
    said = json.loads(done.stdout)["typeCompleteness"]
    assert said["packageRootDirectory"].startswith(str(python.parents[1]))
    unknown = [each["name"] for each in said["symbols"] if not each["isTypeKnown"]]
    assert not unknown, "\n".join(unknown)
    assert said["completenessScore"] == 1
