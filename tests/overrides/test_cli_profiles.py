"""Profiles: the keys of several accounts in a file, whose it is, and which key is used."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from oneloop.cli import profile_file
from oneloop.errors import ConfigurationError
from tests.commands import here, on_terminal
from tests.faces import frames_of_ours
from tests.servers import RawServer, reply

ACME, OTHER, VARIABLE = "sk-acme-0001", "sk-other-0002", "sk-variable-0003"


Called = Callable[..., tuple[int, str, str]]


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give where the file belongs; there is none yet."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    file = profile_file.path()
    file.parent.mkdir(parents=True, exist_ok=True)
    return file


def written(file: Path, text: str | bytes, mode: int = 0o600) -> None:
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    file.chmod(mode)


@pytest.fixture
def called(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], config: Path
) -> Called:
    """Run the command in this process, with these variables, and the address of a server."""

    def call(
        *arguments: str, server: RawServer | None = None, **variables: str
    ) -> tuple[int, str, str]:
        if server:
            monkeypatch.setenv("ONELOOP_BASE_URL", server.url)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return here(capsys, *arguments)

    return call


def keys(server: RawServer) -> set[str]:
    return {
        found[1] for head in server.requests if (found := re.search(r"Bearer (\S+)", head.decode()))
    }


def profiles(server: RawServer) -> str:
    return "".join(
        f'[profiles.{name}]\napi_key = "{key}"\nbase_url = "{server.url}"\n'
        for name, key in [("acme", ACME), ("other", OTHER)]
    )


@pytest.mark.parametrize(
    ("flags", "variables", "key"),
    [
        (["--profile", "acme"], {}, ACME),
        ([], {"ONELOOP_PROFILE": "acme"}, ACME),
        (["--profile", "acme"], {"ONELOOP_PROFILE": "other"}, ACME),
        (["--profile", "acme"], {"ONELOOP_API_KEY": VARIABLE}, ACME),
        ([], {"ONELOOP_PROFILE": "acme", "ONELOOP_API_KEY": VARIABLE}, VARIABLE),
        (["--profile", "acme"], {"ONELOOP_PROFILE": "none", "ONELOOP_API_KEY": VARIABLE}, ACME),
    ],
)
def test_which_key_is_used(
    called: Called,
    server: RawServer,
    config: Path,
    flags: list[str],
    variables: dict[str, str],
    key: str,
) -> None:
    written(config, profiles(server))
    code, _, err = called("usage", "b", *flags, server=server, **variables)
    assert (code, err) == (0, "")
    assert keys(server) == {key}


def test_a_profiles_key_never_goes_to_the_variables_address(
    called: Called, server: RawServer, config: Path
) -> None:
    written(config, f'[profiles.acme]\napi_key = "{ACME}"\n')
    code, out, _ = called("doctor", "--profile", "acme", "--timeout", "0.01", server=server)
    assert code == 1
    assert re.search(r"ok +address +https://\S+, from the spec", out)
    assert server.requests == []


def test_the_sandbox_needs_no_profile(called: Called) -> None:
    assert called("usage", "bid_acme", "--sandbox", ONELOOP_PROFILE="none")[0] == 0


def test_a_profile_that_is_not_there_is_named_with_those_that_are(
    called: Called, server: RawServer, config: Path
) -> None:
    written(config, profiles(server))
    code, out, err = called("usage", "b", "--profile", "acne")
    assert (code, out) == (2, "")
    assert err == f"oneloop: {config}: no profile 'acne': there are 'acme', 'other'\n"


def test_names_are_listed_and_no_key(called: Called, server: RawServer, config: Path) -> None:
    written(config, profiles(server) + '[profiles."\\u001b[31mred"]\napi_key = "x"\n')
    code, out, err = called("profiles")
    assert (code, err) == (0, "")
    lines = [line.split() for line in out.splitlines()]
    assert lines[:3] == [["profile", "base_url"], ["acme", server.url], ["other", server.url]]
    assert lines[3][0] == r"\x1b[31mred"
    assert called("profiles", "--path")[1] == f"{config}\n"
    places = {name: os.environ[name] for name in ("HOME", "XDG_CONFIG_HOME")}
    code, shown = on_terminal("profiles", environment=places)
    assert code == 0
    assert "acme" in shown
    for key in (ACME, OTHER):
        assert key not in out + shown


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644, 0o777, 0o610])
def test_a_file_that_others_can_use_is_refused(server: RawServer, config: Path, mode: int) -> None:
    written(config, profiles(server), mode)
    with pytest.raises(ConfigurationError, match=f"has mode {mode:04o}.*chmod 600 it"):
        profile_file.profile("acme")


def test_a_link_is_as_safe_as_where_it_leads(
    server: RawServer, config: Path, tmp_path: Path
) -> None:
    real = tmp_path / "real.toml"
    config.symlink_to(real)
    written(real, profiles(server))
    assert profile_file.profile("acme").api_key.reveal() == ACME
    written(real, profiles(server), 0o666)
    with pytest.raises(ConfigurationError, match="has mode 0666"):
        profile_file.profile("acme")


def test_another_users_file_is_refused(
    server: RawServer, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(config, profiles(server))
    monkeypatch.setattr(os, "geteuid", lambda: config.stat().st_uid + 1)
    with pytest.raises(ConfigurationError, match="belongs to another user"):
        profile_file.profile("acme")


SECRET = "sk-secret-4711"
TABLE = f"[profiles.acme]\napi_key = '{SECRET}'\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no profile 'acme': it has none"),
        (f"api_key = '{SECRET}'", "has something else than tables"),
        (f"profiles = '{SECRET}'", "has something else than tables"),
        (f"profiles.acme = '{SECRET}'", "profile 'acme': isn't a table"),
        (TABLE + f"{SECRET} = 1", "profile 'acme': has something else than api_key and base_url"),
        ("[profiles.acme]\nbase_url = 'https://x.example'", "profile 'acme': has no api_key"),
        (f"[profiles.acme]\napi_key = ['{SECRET}']", "api_key is of type list"),
        (f"[profiles.acme]\napi_key = 'Bearer {SECRET}'", "api_key begins with 'Bearer '"),
        (f"[profiles.acme]\napi_key = '{SECRET} '", "api_key must be 1 to 4096 visible ASCII"),
        ("[profiles.acme]\napi_key = ''", "api_key must be 1 to 4096 visible ASCII"),
        (TABLE + "base_url = 1", "base_url is of type int"),
        (TABLE + f"base_url = 'https://u:{SECRET}@h'", "base_url holds a key or a password"),
        (TABLE + f"base_url = 'https://h/{SECRET}'", "base_url holds a key or a password"),
        (TABLE + f"api_key = '{SECRET}'", "isn't TOML, at end of document"),
        (f"[profiles.acme]\napi_key = {SECRET}", "isn't TOML, at line 2"),
        (f"[profiles.acme]\napi_key = '{SECRET}", "isn't TOML"),
        (f"{SECRET}\0", "isn't TOML"),
        (TABLE.encode() + b"\xff", "isn't UTF-8"),
        ("x = " + "[" * 60_000, "isn't TOML|is nested too deep"),
        ("x = " + "9" * 10_000, "isn't TOML"),
        (f"# {SECRET}\n" * 100_000, "is far larger than a file of profiles"),
    ],
    ids=range(21),
)
def test_a_file_that_is_not_one_of_profiles(config: Path, text: str | bytes, words: str) -> None:
    written(config, text)
    with pytest.raises(ConfigurationError) as caught:
        profile_file.profile("acme")
    said = str(caught.value)
    assert SECRET not in frames_of_ours(caught.value)
    assert said.startswith(f"{config}: ")
    assert re.search(words, said)
    assert len(said) < 400
    assert SECRET not in said
    assert all(
        SECRET not in repr(link) for link in (caught.value.__cause__, caught.value.__context__)
    )


def test_a_byte_order_mark_is_fine(config: Path) -> None:
    written(config, b"\xef\xbb\xbf" + TABLE.encode())
    assert profile_file.profile("acme").base_url is None


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda file: None, "isn't there: oneloop profiles --help says how to make one"),
        (lambda file: file.mkdir(), "can't be read: Is a directory"),
        (lambda file: os.mkfifo(file, 0o600), "isn't a file"),
        (lambda file: file.symlink_to(file), "can't be read: Too many levels"),
    ],
)
def test_what_is_no_file(config: Path, make: object, words: str) -> None:
    make(config)  # type: ignore[operator]
    with pytest.raises(ConfigurationError, match=words):
        profile_file.profile("acme")


def test_no_view_of_a_profile_shows_its_key(config: Path) -> None:
    written(config, TABLE)
    profile = profile_file.profile("acme")
    assert SECRET not in repr(profile)
    assert SECRET not in str(vars(profile_file))


def test_a_wrong_address_of_a_profile_is_one_line(called: Called, config: Path) -> None:
    written(config, TABLE + f"base_url = 'https://u:{SECRET}@x.example'\n")
    code, out, err = called("usage", "b", "--profile", "acme")
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert SECRET not in err


def test_a_server_that_echoes_a_profiles_key_shows_nothing(called: Called, config: Path) -> None:
    echoing = reply(b'{"error": {"code": 1, "message": "%b"}}' % ACME.encode(), 400)
    with RawServer(lambda connection, *_: connection.sendall(echoing)) as server:
        written(config, profiles(server))
        _, out, err = called("usage", "b", "--profile", "acme")
        _, told, _ = called("doctor", "b", "--profile", "acme")
    assert ACME not in out + err + told
    assert "[redacted]" in err
