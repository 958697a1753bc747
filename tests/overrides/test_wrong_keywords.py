"""A keyword that isn't one is told what to use; no message, frame or context shows a value."""

from __future__ import annotations

import functools
import inspect
import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from oneloop import AsyncOneloop, Oneloop
from tests.faces import KEY, every_client, frames_of_ours


def check_that_nothing_shows(error: TypeError) -> None:
    assert KEY not in str(error)
    assert KEY not in frames_of_ours(error)
    assert error.__context__ is None
    assert error.__cause__ is None
    assert len(str(error)) < 400


@every_client
@pytest.mark.parametrize("options", [{}, {"api_key": KEY}, {"token": KEY}], ids=str)
def test_api_key_is_a_keyword(client_class: Any, options: dict[str, str]) -> None:
    with pytest.raises(TypeError, match=r"^api_key is a keyword") as caught:
        client_class(KEY, **options)
    assert client_class.__name__ + "(api_key=...)" in str(caught.value)
    check_that_nothing_shows(caught.value)


@every_client
@pytest.mark.parametrize(
    ("name", "option"),
    [
        *[(name, "api_key") for name in ("token", "apiKey", "APIKEY", "key", "api_ky")],
        *[(name, "base_url") for name in ("baseUrl", "url", "host", "endpoint", "base_uri")],
        *[(name, "max_retries") for name in ("retries", "maxRetries", "max_retry", "max_retires")],
        *[(name, "timeout") for name in ("time_out", "timout", "request_timeout")],
        *[(name, "ssl_context") for name in ("verify", "cert", "verify_ssl", "sslContext")],
        *[(name, "transport") for name in ("http_client", "client", "session")],
        *[(name, "default_headers") for name in ("headers", "extra_headers", "defaultHeaders")],
        *[(name, "proxy") for name in ("proxies", "http_proxy")],
        *[(name, "event_hooks") for name in ("on_retry", "on_request", "hooks", "event_hook")],
        *[("limits", "max_connections"), ("app_info", "user_agent"), ("trustenv", "trust_env")],
    ],
)
def test_name_of_another_client_says_ours(client_class: Any, name: str, option: str) -> None:
    with pytest.raises(TypeError) as caught:
        client_class(**{name: KEY})
    assert str(caught.value) == f"{client_class.__name__}() has no option '{name}': use {option}"
    check_that_nothing_shows(caught.value)


@every_client
@pytest.mark.parametrize("name", ["follow_redirects", "x", KEY, "a" * 100_000, "", "é\n"])
def test_name_that_means_nothing_gets_the_list(client_class: Any, name: str) -> None:
    with pytest.raises(TypeError, match=r"its options are api_key, base_url, .*, transport$") as it:
        client_class(**{name: KEY})
    check_that_nothing_shows(it.value)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda client: client.with_options(retries=1), "use max_retries"),
        (lambda client: client.with_options(timeot=1), "use timeout"),
        (lambda client: client.with_options(proxy=KEY), "its options are timeout, max_retries"),
        (lambda client: client.with_options(KEY), "^timeout is a keyword"),
    ],
)
def test_other_options_say_so_too(call: Callable[[Oneloop], Any], words: str) -> None:
    with pytest.raises(TypeError, match=words) as caught:
        call(Oneloop(api_key=KEY))
    check_that_nothing_shows(caught.value)


class _Tenant(Oneloop):
    def __init__(self, tenant: str, **options: Any) -> None:
        super().__init__(**options)
        self.tenant = tenant


def test_subclass_has_arguments_of_its_own() -> None:
    assert _Tenant("acme", api_key=KEY).tenant == "acme"
    with pytest.raises(TypeError, match=r"_Tenant\(\) has no option 'token': use api_key"):
        _Tenant("acme", token=KEY)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_subclass_with_arguments_of_its_own_pickles(protocol: int) -> None:
    client = _Tenant("acme", api_key=KEY, pickle_api_key=True, timeout=7)
    assert client.api  # belongs to one process
    there = pickle.loads(pickle.dumps(client, protocol))
    assert (there.tenant, there._config) == ("acme", client._config)
    assert there.api is not client.api


@every_client
def test_signature_is_the_true_one(client_class: Any) -> None:
    parameters = inspect.signature(client_class).parameters
    assert list(parameters)[:3] == ["api_key", "base_url", "timeout"]
    assert all(each.kind is each.KEYWORD_ONLY for each in parameters.values())
    made = functools.partial(client_class, api_key=KEY)(pickle_api_key=True, timeout=7)
    assert pickle.loads(pickle.dumps(made))._config == made._config


def test_type_checkers_refuse_them() -> None:
    """Read by mypy, which wants each of these to be needed."""
    with pytest.raises(TypeError):
        Oneloop(KEY)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        AsyncOneloop(token=KEY)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Oneloop(api_key=KEY).with_options(timeot=1)  # type: ignore[call-arg]


def test_hints_cost_nothing_at_import() -> None:
    program = "import sys, oneloop; print(*{'difflib', 'httpx', 'ssl'} & {*sys.modules})"
    assert subprocess.check_output([sys.executable, "-c", program], text=True).split() == []
