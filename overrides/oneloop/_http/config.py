"""The client's options: from arguments and environment, checked once, before any I/O."""

from __future__ import annotations

import ipaddress
import os
import re
import ssl
from collections.abc import Callable, Mapping
from typing import Any

import attrs
import httpx
from attrs.validators import optional

from oneloop._http import headers, hooks
from oneloop._http.hooks import Hooks
from oneloop._http.keywords import API_KEY_VARIABLE, BASE_URL_VARIABLE
from oneloop._http.secret import Secret
from oneloop.errors import ConfigurationError

MAX_TIMEOUT = 86_400


Check = Callable[["Config", "attrs.Attribute[Any]", Any], None]


def _seconds(_: Config, option: attrs.Attribute[Any], value: Any) -> None:
    is_number = isinstance(value, float | int) and not isinstance(value, bool)
    if not is_number or not 0 < value <= MAX_TIMEOUT:
        raise ConfigurationError(
            f"{option.name} must be a number of seconds above 0, up to {MAX_TIMEOUT}"
        )


def _int(least: int, most: int) -> Check:
    def check(_: Config, option: attrs.Attribute[Any], value: Any) -> None:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise ConfigurationError(f"{option.name} must be an int from {least} to {most}")

    return check


def _unless(problem: Callable[[Any, Secret], str | None]) -> Check:
    def check(config: Config, option: attrs.Attribute[Any], value: Secret) -> None:
        if words := problem(value.reveal(), config.api_key):
            raise ConfigurationError(f"{option.name} {words}")

    return check


def _own_copy(given: Secret | None) -> Secret:
    """Return the mapping that was given as it is now."""
    value = given.reveal() if given else {}
    return Secret(dict(value) if isinstance(value, Mapping) else value)


@attrs.frozen(kw_only=True, repr=False)  # one that a traceback shows may be half made
class Config:
    """Every option of a client, checked. See `oneloop.Oneloop` for what each means.

    Raises:
        ConfigurationError: one isn't usable. The message names it and never quotes a secret.
    """

    api_key: Secret
    base_url: httpx.URL
    timeout: float = attrs.field(validator=_seconds)
    max_retries: int = attrs.field(validator=_int(0, 100))
    max_response_bytes: int = attrs.field(validator=_int(1, 2**62))
    max_connections: int | None = attrs.field(validator=optional(_int(1, 65_535)))
    default_headers: Secret = attrs.field(
        converter=_own_copy, validator=_unless(headers.default_problem)
    )
    user_agent: Secret | None = attrs.field(validator=optional(_unless(headers.user_agent_problem)))
    event_hooks: Hooks = attrs.field(converter=hooks.told)
    proxy: Secret | None
    ssl_context: ssl.SSLContext | None
    trust_env: bool
    allow_http: bool
    pickle_api_key: bool

    def evolve(self, changes: dict[str, Any]) -> Config:
        """Return a copy with other options, checked as these."""
        return attrs.evolve(self, **changes)

    def stays_here(self) -> str | None:
        """Return in words what keeps such a client in its process; None where nothing does."""
        if self.ssl_context is not None:
            return "an ssl_context of yours"
        if self.proxy and "@" in self.proxy.reveal() and not self.pickle_api_key:
            return "a password for its proxy and without pickle_api_key=True"
        return None

    def options(self) -> dict[str, Any]:
        """Return the keyword arguments that make an equal client, the key only if it may travel."""
        options = attrs.asdict(self, recurse=False)
        key = options.pop("api_key")
        if self.pickle_api_key:
            options["api_key"] = key.reveal()
        return options | {
            "base_url": str(self.base_url),
            "default_headers": self.default_headers.reveal(),
            "event_hooks": self.event_hooks.options(),
            "proxy": self.proxy and self.proxy.reveal(),
            "user_agent": self.user_agent and self.user_agent.reveal(),
        }


def load(*, api_key: Any, base_url: str | None, default_url: str, **options: Any) -> Config:
    """Return the checked options; what isn't given comes from the environment, then the default.

    Raises:
        ConfigurationError: something isn't usable. The message names it and never quotes a secret.
    """
    key = _api_key(api_key)
    url = _base_url(base_url, default_url, allow_http=bool(options["allow_http"]))
    if key.is_in(str(url)):  # which every `repr` shows
        raise ConfigurationError("base_url holds the API key; only api_key authenticates")
    return Config(api_key=key, base_url=url, **options)


def parsed_url(text: str) -> httpx.URL | None:
    """Return the URL; None where it isn't one, or its host isn't a name."""
    try:
        url = httpx.URL(text)
        _ = url.host  # decodes `xn--` names, or raises
    except (httpx.InvalidURL, ValueError):
        return None
    return url


def is_loopback(host: str) -> bool:
    """Whether the host is this machine: `localhost`, 127.0.0.0/8 or ::1."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _api_key(argument: Secret | None) -> Secret:
    # Never the key itself: a traceback may show the variables of this frame.
    if argument:
        name, secret = "api_key", argument
    elif API_KEY_VARIABLE in os.environ:
        name, secret = API_KEY_VARIABLE, Secret(os.environ[API_KEY_VARIABLE])
    else:
        raise ConfigurationError(f"no API key: pass api_key or set {API_KEY_VARIABLE}")
    if problem := secret.problem():
        raise ConfigurationError(f"{name} {problem}")
    return secret


def _base_url(argument: object, default: str, *, allow_http: bool) -> httpx.URL:
    name, text = "base_url", argument
    if argument is None:
        name, text = BASE_URL_VARIABLE, os.environ.get(BASE_URL_VARIABLE) or default
    if not isinstance(text, str):
        raise ConfigurationError(f"{name} is of type {type(text).__name__}, it must be a str")
    url = parsed_url(text.rstrip("/"))
    if url is None:
        raise ConfigurationError(f"{name} isn't a URL")
    if problem := _url_problem(url, text, allow_http=allow_http):
        raise ConfigurationError(f"{name} {problem}")
    return url


def _url_problem(url: httpx.URL, text: str, *, allow_http: bool) -> str | None:
    absolute = url.scheme in ("https", "http") and url.host
    plain = url.scheme == "http" and not (allow_http or is_loopback(url.host))
    problems = (
        (not absolute, "must be an absolute https URL, such as https://api.example.com"),
        (re.search(r"[\s\\]", text), "has white space or a backslash"),
        ("@" in text, "has user-info; only the API key authenticates"),
        ("?" in text or "#" in text, "has a query or a fragment"),
        (url.port is not None and not 0 < url.port <= 65535, "has a port that doesn't exist"),
        (plain, "is plain http, which shows the key to the network; use https or allow_http=True"),
    )
    return next((words for wrong, words in problems if wrong), None)
