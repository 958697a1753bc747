"""The client's options: from arguments and environment, checked once, before any I/O."""

from __future__ import annotations

import ipaddress
import os
import re
from typing import Any

import attrs
import httpx

from oneloop._http.secret import Secret
from oneloop.errors import ConfigurationError

API_KEY_VARIABLE = "ONELOOP_API_KEY"
BASE_URL_VARIABLE = "ONELOOP_BASE_URL"
MAX_TIMEOUT = 86_400


@attrs.frozen(kw_only=True)
class Config:
    """Every option of a client, checked. See `oneloop.Oneloop` for what each means."""

    api_key: Secret
    base_url: httpx.URL
    timeout: float
    max_retries: int
    max_response_bytes: int
    trust_env: bool
    allow_http: bool
    pickle_api_key: bool

    def evolve(self, changes: dict[str, Any]) -> Config:
        """Return a copy with other `timeout`, `max_retries` or `max_response_bytes`."""
        evolved = attrs.evolve(self, **changes)
        _check_limits(evolved)
        return evolved

    def options(self) -> dict[str, Any]:
        """Return the keyword arguments that make an equal client, the key only if it may travel."""
        options = attrs.asdict(self, recurse=False)
        key = options.pop("api_key")
        if self.pickle_api_key:
            options["api_key"] = key.reveal()
        return options | {"base_url": str(self.base_url)}


def load(
    *, api_key: Secret | None, base_url: str | None, default_url: str, **options: Any
) -> Config:
    """Return the checked options; what isn't given comes from the environment, then the default.

    Raises:
        ConfigurationError: something isn't usable. The message names it and never quotes a secret.
    """
    allow_http = bool(options["allow_http"])
    config = Config(
        api_key=_api_key(api_key),
        base_url=_base_url(base_url, default_url, allow_http=allow_http),
        **options,
    )
    _check_limits(config)
    return config


def parsed_url(text: str) -> httpx.URL | None:
    """Return the URL; None where it isn't one."""
    try:
        return httpx.URL(text)
    except (httpx.InvalidURL, ValueError):
        return None


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


def _check_limits(config: Config) -> None:
    seconds: Any = config.timeout
    is_number = isinstance(seconds, float | int) and not isinstance(seconds, bool)
    if not is_number or not 0 < seconds <= MAX_TIMEOUT:
        raise ConfigurationError(
            f"timeout must be a number of seconds above 0, up to {MAX_TIMEOUT}"
        )
    _check_int("max_retries", config.max_retries, least=0, most=100)
    _check_int("max_response_bytes", config.max_response_bytes, least=1, most=2**62)


def _check_int(name: str, value: object, *, least: int, most: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ConfigurationError(f"{name} must be an int from {least} to {most}")
