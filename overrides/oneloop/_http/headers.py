"""The headers of every request, and which a caller may add to them."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping

from oneloop._http import retry
from oneloop._http.secret import Secret

MAX_HEADER_BYTES = 8_192
"""Of all that a caller adds: servers take little more of one request."""
MAX_USER_AGENT = 256

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}"  # RFC 9110 §5.6.2  # noqa: S105
_VALUE = re.compile(r"[!-~\xa0-\xff]([ -~\xa0-\xff]*[!-~\xa0-\xff])?")  # §5.5, without tabs
_PRODUCT = rf"({_TOKEN}(/{_TOKEN})?|\([ -'*-\[\]-~]*\))"  # §10.1.5; or a comment in one piece
# Names as servers fold them, `_` as `-`, and why nobody may set them for all operations.
_REFUSED = [
    (r"proxy-.*", "is for a proxy: give it in proxy"),
    (
        r"(.*-)?(authorization|api-?key|auth-?token|access-?token)|www-authenticate|cookie2?",
        "authenticates: only the API key does, by api_key",
    ),
    (r"user-agent", "is this client's: add to it by user_agent"),
    (
        r"host|connection|keep-alive|te|trailer|upgrade|expect|transfer-encoding|http2-settings"
        r"|content-.*|accept(-encoding)?",
        "says what this client itself sends and reads",
    ),
    (r"range|if-.*", "asks for less than the whole answer"),
    (
        r"x-(http-)?method(-override)?|x-(original|rewrite)-(url|uri)",
        "makes another operation of each",
    ),
]


def standard(version: str, user_agent: Secret | None) -> dict[str, str]:
    """Return what every request says, beside its `Authorization`.

    Args:
        version: this client's.
        user_agent: what the caller adds.
    """
    python = f"python/{sys.version_info[0]}.{sys.version_info[1]}"
    products = [f"oneloop-api-client/{version}", python]
    if user_agent:
        products.append(user_agent.reveal())
    return {
        "Accept": "*/*",
        "Accept-Encoding": "gzip",
        "Connection": "keep-alive",
        "User-Agent": " ".join(products),
    }


def raw(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Return headers as they go onto the wire."""
    return [(name.encode("ascii"), value.encode("latin-1")) for name, value in headers.items()]


def user_agent_problem(text: object, key: Secret) -> str | None:
    """Return in words why the text can't stand behind our own `User-Agent`; None where it can."""
    if not isinstance(text, str):
        return f"is of type {type(text).__name__}, it must be a str"
    if key.is_in(text):
        return "holds the API key"
    if len(text) > MAX_USER_AGENT or not re.fullmatch(f"{_PRODUCT}( {_PRODUCT})*", text):
        return f"must be products such as my-app/2.3, up to {MAX_USER_AGENT} characters"
    return None


def default_problem(headers: object, key: Secret) -> str | None:
    """Return in words, which quote no value, why these can't go with each request.

    Args:
        headers: what the caller gave.
        key: the API key, which no other header than its own may hold.
    """
    if not isinstance(headers, Mapping):
        return f"is of type {type(headers).__name__}, it must be a dict"
    names = set()
    size = 0
    for name, value in headers.items():
        if words := _header_problem(name, value, key):
            return words
        names.add(_folded(name))
        size += len(name) + len(value) + 4
        if size > MAX_HEADER_BYTES:
            return f"is longer than {MAX_HEADER_BYTES} bytes"
    return None if len(names) == len(headers) else "has a header twice"


def _header_problem(name: object, value: object, key: Secret) -> str | None:
    if not (isinstance(name, str) and isinstance(value, str)):
        return "must have a str for each name and value"
    if key.is_in(name) or key.is_in(value):
        return "holds the API key: only Authorization does, by api_key"
    if not re.fullmatch(_TOKEN, name):
        return "has a name that can't be a header's"
    if words := _refusal(_folded(name)):
        return f"has {name!r}, which {words}"
    if value and not _VALUE.fullmatch(value):
        return f"has a value for {name!r} that isn't one line of visible Latin-1"
    return None


def _folded(name: str) -> str:
    return name.lower().replace("_", "-")


def _refusal(name: str) -> str | None:
    if retry.is_idempotent("POST", "", [(name.encode(), b"key")]):
        return "makes all requests the same one: give each its own, by client.api.with_headers"
    return next((words for pattern, words in _REFUSED if re.fullmatch(pattern, name)), None)
