"""Options by keyword: a wrong one is told what to use, and no frame holds a secret one.

And the variables that stand in for two of them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection
from typing import Any, ParamSpec, TypeVar

from oneloop._http.secret import Secret

API_KEY_VARIABLE = "ONELOOP_API_KEY"
BASE_URL_VARIABLE = "ONELOOP_BASE_URL"

P = ParamSpec("P")
T = TypeVar("T")

_SECRET = ("api_key", "default_headers", "proxy", "user_agent")
# How other clients call it.
_ELSEWHERE = {
    "api_key": "token key auth auth_token access_token bearer_token api_token secret_key",
    "base_url": "url host endpoint server server_url api_base api_url base_uri environment",
    "timeout": "request_timeout read_timeout total_timeout",
    "max_retries": "retries retry num_retries max_network_retries total_retries",
    "transport": "client http_client session adapter",
    "ssl_context": "ssl tls verify verify_ssl verify_ssl_certs cert ca_bundle ca_certs",
    "proxy": "proxies proxy_url http_proxy https_proxy",
    "max_connections": "limits pool_size pool_limits max_pool_size",
    "default_headers": "headers extra_headers custom_headers",
    "user_agent": "app_info app_name",
    "event_hooks": "hooks on_request on_response on_retry",
}


def hinting(method: Callable[P, T]) -> Callable[P, T]:
    """Return a method of keywords alone that says of a wrong one what to use, never its value.

    What is secret comes to the method as a `Secret`, whatever its signature tells people: no
    variable of a frame, which a traceback might show, holds it from then on.
    """
    function: Any = method
    known: Collection[str] = function.__kwdefaults__

    @functools.wraps(method)
    def checked(*args: P.args, **options: P.kwargs) -> T:
        wrong = next((name for name in options if name not in known), None)
        if len(args) > 1 or wrong is not None:
            name = function.__name__
            name = type(args[0]).__name__ if name == "__init__" else name
            problem = _problem(name, None if len(args) > 1 else wrong, known)
            del args, options, wrong
            raise TypeError(problem)
        hide(options)
        return method(*args, **options)

    return checked


def hide(options: dict[str, Any]) -> None:
    """Make a `Secret` of each option that is secret, in place."""
    for each in _SECRET:
        if options.get(each) is not None:
            options[each] = Secret(options[each])


def _problem(method: str, wrong: str | None, known: Collection[str]) -> str:
    if wrong is None:
        first = next(iter(known))
        return f"{first} is a keyword, as all options of {method} are: {method}({first}=...)"
    shown = repr(wrong) if wrong.isidentifier() and len(wrong) <= 40 else "of such a name"
    hint = _hint(wrong, known)
    advice = f"use {hint}" if hint else f"its options are {', '.join(known)}"
    return f"{method}() has no option {shown}: {advice}"


def _hint(wrong: str, known: Collection[str]) -> str | None:
    import difflib  # noqa: PLC0415 - for a mistake alone

    names = {_plain(option): option for option in known}
    for option in known:
        names |= dict.fromkeys(map(_plain, _ELSEWHERE.get(option, "").split()), option)
    close = difflib.get_close_matches(_plain(wrong[:40]), names, n=1, cutoff=0.75)
    return names[close[0]] if close else None


def _plain(name: str) -> str:
    return name.replace("_", "").lower()
