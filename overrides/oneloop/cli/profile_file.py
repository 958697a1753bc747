"""The file of profiles: the keys of several accounts, readable by their owner alone."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import Any

import attrs

from oneloop._http.secret import Secret
from oneloop.errors import ConfigurationError, excerpt, missing_extra

EXAMPLE = """\
[profiles.acme]
api_key = "..."

[profiles.staging]
api_key = "..."
base_url = "https://staging.example.com"
"""
_LARGEST = 2**16  # tomllib takes minutes for a megabyte of dots
_ENTRIES = {"api_key", "base_url"}


@attrs.frozen
class Profile:
    """A key, and where it is taken; None for the API's own address."""

    api_key: Secret
    base_url: str | None


def path() -> Path:
    """Return where the file is, or would be.

    Raises:
        ConfigurationError: the extra `cli` isn't installed.
    """
    try:
        from platformdirs import user_config_path  # noqa: PLC0415 - an extra
    except ImportError:
        raise missing_extra("platformdirs", "cli") from None
    return user_config_path("oneloop", appauthor=False) / "config.toml"


def profile(name: str) -> Profile:
    """Return the profile of a name.

    Raises:
        ConfigurationError: there is none, or the file can't be used. It never quotes a key.
    """
    file = path()
    found = profiles(file)
    if name not in found:
        there = f"there are {', '.join(map(repr, sorted(found)[:20]))}" if found else "it has none"
        raise ConfigurationError(f"{file}: no profile {excerpt(name)}: {there}")
    return found[name]


def profiles(file: Path) -> dict[str, Profile]:
    """Return the profiles of the file by their names.

    Raises:
        ConfigurationError: it isn't there, others can read it, or it isn't as it should be.
    """
    found = _found(file)  # raised out here, where no variable holds what is in the file
    if isinstance(found, str):
        raise ConfigurationError(f"{file}: {found}")
    return found


def _found(file: Path) -> dict[str, Profile] | str:
    """Return the profiles; in words, which quote no value, why the file can't be used."""
    if isinstance(data := _read(file), str):
        return data
    if isinstance(document := _parsed(data), str):
        return document
    tables = document.pop("profiles", {})
    if document or not isinstance(tables, dict):
        return "has something else than tables [profiles.NAME]"
    found = {}
    for name, table in tables.items():
        made = _profile(table)
        if isinstance(made, str):
            return f"profile {excerpt(name)}: {made}"
        found[name] = made
    return found


def _profile(table: Any) -> Profile | str:
    """Return the profile; in words, which quote nothing, why it isn't one."""
    if not isinstance(table, dict):
        return "isn't a table"
    if not table.keys() <= _ENTRIES:
        return "has something else than api_key and base_url"
    if "api_key" not in table:
        return "has no api_key"
    secret = Secret(table["api_key"])
    if problem := secret.problem():
        return f"api_key {problem}"
    base_url = table.get("base_url")
    return _url_problem(base_url, secret) or Profile(secret, base_url)


def _url_problem(base_url: object, key: Secret) -> str | None:
    """Return in words why it can't be listed as an address; whether it is one, the client says."""
    if base_url is not None and not isinstance(base_url, str):
        return f"base_url is of type {type(base_url).__name__}, it must be a str"
    if base_url and ("@" in base_url or key.is_in(base_url)):
        return "base_url holds a key or a password: only api_key authenticates"
    return None


def _read(file: Path) -> bytes | str:
    """Return what the file holds; in words why it can't be used."""
    try:
        with open(file, "rb", opener=_open_at_once) as opened:
            # Of what was opened, wherever links lead.
            problem = _exposure(os.fstat(opened.fileno()))
            data = problem or opened.read(_LARGEST + 1)
    except FileNotFoundError:
        return "isn't there: oneloop profiles --help says how to make one"
    except (OSError, ValueError) as error:
        return f"can't be read: {getattr(error, 'strerror', None) or 'no such name'}"
    return data if len(data) <= _LARGEST else "is far larger than a file of profiles"


def _open_at_once(name: str, flags: int) -> int:
    """Open without waiting for anybody, as a pipe would."""
    return os.open(name, flags | getattr(os, "O_NONBLOCK", 0))


def _exposure(status: os.stat_result) -> str | None:
    """Return in words who else could read or write the file, as ssh does; None for nobody."""
    if not stat.S_ISREG(status.st_mode):
        return "isn't a file"
    # On Windows there is no such mode: a folder of settings is its user's by the system's rules.
    if os.name == "nt":
        return None
    if status.st_uid != os.geteuid():
        return "belongs to another user, and holds keys: make one of your own"
    if status.st_mode & 0o077:
        mode = stat.S_IMODE(status.st_mode)
        return f"has mode {mode:04o}, so that others can use the keys in it: chmod 600 it"
    return None


def _parsed(data: bytes) -> dict[str, Any] | str:
    import tomllib  # noqa: PLC0415 - few have profiles

    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return "isn't UTF-8"
    except RecursionError:
        return "is nested too deep"
    except ValueError as error:  # whose text may quote the file: the place will do
        place = re.search(r"\((at [a-z0-9 ,]{1,60})\)$", str(error))
    return f"isn't TOML, {place[1]}" if place else "isn't TOML"
