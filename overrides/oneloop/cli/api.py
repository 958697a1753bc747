"""The client that a command asks, and whose key it has."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any, Final

import attrs

from oneloop._http.keywords import API_KEY_VARIABLE, BASE_URL_VARIABLE
from oneloop._http.secret import Secret
from oneloop.cli.parser import Parser
from oneloop.cli.profile_file import profile
from oneloop.client import Oneloop
from oneloop.errors import ConfigurationError, excerpt

PROFILE_VARIABLE: Final = "ONELOOP_PROFILE"
NO_KEY: Final = (
    f"no API key: set {API_KEY_VARIABLE}, or choose a profile with --profile"
    f" or {PROFILE_VARIABLE}; see oneloop profiles --help"
)


@attrs.frozen
class Account:
    """Which key is taken where, and how each was found."""

    api_key: Secret | None
    key_from: str
    base_url: str
    url_from: str


def add_client_options(parser: Parser, *, seconds: float = 60.0, each: str = "each id") -> None:
    """Add what a client is made with."""
    parser.add_argument(
        "--timeout",
        type=float,
        default=seconds,
        metavar="SECONDS",
        help=f"for {each}, retries included; default: %(default)g",
    )
    parser.add_argument(
        "--profile", metavar="NAME", help="take the key of this profile; see oneloop profiles"
    )
    parser.add_argument(
        "--sandbox", action="store_true", help="ask a sandbox on this machine, without any key"
    )


@contextlib.contextmanager
def opened(options: Any) -> Iterator[Oneloop]:
    """Give the client.

    Raises:
        ConfigurationError: there is no key, or an option or variable isn't usable.
    """
    with accounted(options) as account:
        if account.api_key is None:
            raise ConfigurationError(NO_KEY)
        with client(account, options.timeout) as opened:
            yield opened


def client(account: Account, timeout: float) -> Oneloop:
    """Return a client of the account.

    Raises:
        ConfigurationError: an option or variable isn't usable.
    """
    # What a variable says is left to the client, whose errors then name the variable. No variable
    # of this frame holds the key, which a traceback might show.
    own_url = None if account.url_from == BASE_URL_VARIABLE else account.base_url
    is_own = account.api_key is not None and account.key_from != API_KEY_VARIABLE
    return Oneloop(
        api_key=account.api_key.reveal() if account.api_key is not None and is_own else None,
        base_url=own_url,
        timeout=timeout,
    )


@contextlib.contextmanager
def accounted(options: Any) -> Iterator[Account]:
    """Give whose key is used: the flag's, then the variable's, then that of the variable's profile.

    So do aws and gh. Key and address of a profile belong together: its key never goes to where
    ONELOOP_BASE_URL points.

    Raises:
        ConfigurationError: the profile can't be used.
    """
    if options.sandbox:
        if options.profile is not None:
            raise ConfigurationError("--sandbox asks no account: leave out --profile")
        with _sandbox() as account:
            yield account
        return
    if options.profile is not None:
        yield _of_profile(options.profile, "--profile")
    elif API_KEY_VARIABLE in os.environ:
        yield Account(Secret(os.environ[API_KEY_VARIABLE]), API_KEY_VARIABLE, *_address())
    elif name := os.environ.get(PROFILE_VARIABLE):
        yield _of_profile(name, PROFILE_VARIABLE)
    else:
        yield Account(None, "", *_address())


def _of_profile(name: str, chosen_by: str) -> Account:
    found = profile(name)
    where = f"profile {excerpt(name)} ({chosen_by})"
    if found.base_url is None:
        return Account(found.api_key, where, _default(), "the spec")
    return Account(found.api_key, where, found.base_url, where)


def _address() -> tuple[str, str]:
    if url := os.environ.get(BASE_URL_VARIABLE):
        return url, BASE_URL_VARIABLE
    return _default(), "the spec"


def _default() -> str:
    from oneloop_api_client.spec import SERVER_URL  # noqa: PLC0415 - it brings httpx along

    return SERVER_URL


@contextlib.contextmanager
def _sandbox() -> Iterator[Account]:
    from oneloop import sandbox  # noqa: PLC0415 - few need a server

    with sandbox.Sandbox() as server:
        yield Account(Secret(sandbox.API_KEY), "the sandbox", server.url, "the sandbox")
