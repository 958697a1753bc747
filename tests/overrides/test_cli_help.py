"""What `oneloop` says of itself: help, suggestions, completion; and what it costs to say."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from oneloop import cli
from oneloop.cli import completion
from tests.commands import on_terminal, run

COMMANDS = ["usage", "sync", "export", "doctor", "profiles", "completion"]


def helped(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit, match="0"):
        cli.main([*arguments, "--help"])
    return capsys.readouterr().out


@pytest.mark.parametrize("command", [None, *COMMANDS])
@pytest.mark.parametrize("columns", [80, 100, 300])
def test_help_has_examples_and_fits(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    command: str | None,
    columns: int,
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    out = helped(capsys, *([command] if command else []))
    assert f"\nexamples:\n  {'oneloop' if command != 'completion' else 'eval'}" in out
    assert "\nexit codes:\n" in out
    assert max(map(len, out.splitlines())) <= min(columns, 90)


def test_help_says_what_is_decided(capsys: pytest.CaptureFixture[str]) -> None:
    words = " ".join(helped(capsys, "usage").split())
    assert "the one that --to names isn't inside" in words
    assert "FILE is replaced once all ids have succeeded" in words
    words = " ".join(helped(capsys, "profiles").split())
    assert "1. that of the profile that --profile names 2. ONELOOP_API_KEY" in words
    assert "mode 600" in words


@pytest.mark.parametrize("command", [[], ["export"], ["completion"]], ids=" ".join)
def test_help_on_a_terminal(command: list[str]) -> None:
    code, shown = on_terminal(*command, "--help", environment={"TERM": "dumb"})
    assert code == 0
    assert shown.startswith(" ".join(["usage: oneloop", *command]))
    assert "\x1b" not in shown


def test_without_arguments_there_is_help() -> None:
    code, out, err = run()
    assert (code, out) == (2, "")
    assert all(f"\n    {command} " in err for command in COMMANDS)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("usgae", "did you mean usage?"),
        ("doc", "did you mean doctor?"),
        ("complete", "did you mean completion?"),
        ("\x1b[31m", "there are usage, sync, export, doctor, profiles, completion"),
        ("u" * 5000, "there are usage, sync"),
    ],
)
def test_an_unknown_command(capsys: pytest.CaptureFixture[str], typed: str, words: str) -> None:
    with pytest.raises(SystemExit, match="2"):
        cli.main([typed, "--sandbox"])
    err = capsys.readouterr().err
    assert words in err
    assert "\x1b" not in err
    assert len(err) < 400


LATE = ("httpx", "rich", "shtab", "platformdirs", "duckdb", "oneloop.sync", "oneloop.sandbox")


def test_little_is_imported_for_little() -> None:
    look = (
        "import sys\n"
        "from oneloop.cli import main\n"
        "for arguments in ['--help'], ['usage', '--help'], ['usgae'], ['--version']:\n"
        "    try: main(arguments)\n"
        "    except SystemExit: pass\n"
        f"sys.exit(str([name for name in {LATE} if name in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("module", "arguments", "library"),
    [("shtab", ["completion", "bash"], "shtab"), ("platformdirs", ["profiles"], "platformdirs")],
)
def test_an_extra_that_is_missing_is_named(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    module: str,
    arguments: list[str],
    library: str,
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(SystemExit, match="2"):
        cli.main(arguments)
    wanted = f"oneloop: needs {library}: pip install 'oneloop-api-client[cli]'\n"
    assert capsys.readouterr().err == wanted


@pytest.fixture(scope="module")
def bash_script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    code, out, err = run("completion", "bash")
    assert (code, err) == (0, "")
    script = tmp_path_factory.mktemp("completion") / "oneloop.bash"
    script.write_text(out)
    return script


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        (["oneloop", "us"], ["usage"]),
        (["oneloop", "c"], ["completion"]),
        (["oneloop", "usage", "--out"], ["--output"]),
        (["oneloop", "usage", "--by", "m"], ["month"]),
        (["oneloop", "usage", "--format", "js"], ["json", "jsonl"]),
        (["oneloop", "completion", "z"], ["zsh"]),
        (["oneloop", "usage", "--ids", "cust"], ["customers.txt"]),
        (["oneloop", "sync", "usage"], ["usage.duckdb"]),
    ],
    ids=" ".join,
)
def test_bash_completes(
    bash_script: Path, tmp_path: Path, typed: list[str], offered: list[str]
) -> None:
    for name in ("customers.txt", "usage.duckdb"):
        (tmp_path / name).touch()
    ask = (
        'source "$0"; [[ $(complete -p oneloop) =~ -F\\ ([^ ]+) ]]\n'
        'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"\n'
        '"${BASH_REMATCH[1]}"; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ["bash", "--norc", "-c", ask, str(bash_script), *typed],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert sorted(done.stdout.split()) == offered


@pytest.mark.parametrize("shell", completion.SHELLS)
def test_each_shell_has_a_script(capsys: pytest.CaptureFixture[str], shell: str) -> None:
    shtab = pytest.importorskip("shtab")
    with pytest.raises(SystemExit) as end:
        cli.main(["completion", shell])
    if shell in shtab.SUPPORTED_SHELLS:
        assert end.value.code == 0
        assert "usage" in capsys.readouterr().out
    else:
        assert end.value.code == 2
        assert f"this shtab has no {shell}" in capsys.readouterr().err


def test_the_module_is_the_command() -> None:
    (script,) = metadata.entry_points(group="console_scripts", name="oneloop")
    assert script.load() is cli.main
    assert run("--version")[1].startswith("oneloop-api-client ")
