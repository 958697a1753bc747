"""What can go wrong, as one tree.

Exception
└── OneloopError                        also: the client was used after close()
    ├── ConfigurationError              an option or variable isn't usable (also a ValueError)
    ├── DatabaseError                   usage can't be stored there, or not read from there
    ├── APIConnectionError              no whole answer arrived
    │   └── APITimeoutError             none within `timeout` seconds, retries included
    ├── APIStatusError                  the answer's status isn't one of the operation's successes
    │   ├── BadRequestError             400
    │   ├── AuthenticationError         401
    │   ├── PermissionDeniedError       403
    │   ├── NotFoundError               404
    │   ├── ConflictError               409
    │   ├── UnprocessableEntityError    422
    │   ├── RateLimitError              429
    │   └── InternalServerError         5xx
    └── ResponseValidationError         a success whose body isn't what the spec promises

Each pickles and copies with its attributes (the cause stays behind), is bounded in size, and never
contains the API key.
"""

from __future__ import annotations

from collections.abc import Callable

MAX_EXCERPT = 200
"""Characters of foreign text that an error quotes, at most."""


class OneloopError(Exception):
    """Base of every error of this package."""

    def __reduce__(self) -> tuple[Callable[..., OneloopError], tuple[object, ...]]:
        return _restore, (type(self), self.args, vars(self))


class ConfigurationError(OneloopError, ValueError):
    """An option or environment variable isn't usable. Raised before any I/O."""


class DatabaseError(OneloopError):
    """A database can't be used: not there, full, read-only, of another layout, or in use."""


class APIConnectionError(OneloopError):
    """No whole answer arrived: refused, reset, DNS, TLS or malformed HTTP. See `__cause__`."""


class APITimeoutError(APIConnectionError):
    """No whole answer arrived within the `timeout`, retries included."""


class APIStatusError(OneloopError):
    """The server answered with a status that isn't one of the operation's successes.

    Attributes:
        status_code: the HTTP status, also one that Python has no name for.
        code: the API's own error code (`error.code` in the body), where it is an integer.
        message: the API's own message (`error.message`), else an excerpt of the body.
        request_id: the answer's `X-Request-Id` or `Request-Id` header.
        retry_after: seconds that the server asked to wait (`Retry-After`, RFC 9110 §10.2.3).
    """

    def __init__(
        self,
        summary: str,
        *,
        status_code: int,
        code: int | None = None,
        message: str = "",
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(summary)
        self.status_code = status_code
        self.code = code
        self.message = message
        self.request_id = request_id
        self.retry_after = retry_after


class BadRequestError(APIStatusError):
    """400: the request isn't one that the API takes."""


class AuthenticationError(APIStatusError):
    """401: the API key is missing, unknown or revoked."""


class PermissionDeniedError(APIStatusError):
    """403: the API key may not do this."""


class NotFoundError(APIStatusError):
    """404: there is nothing under this path."""


class ConflictError(APIStatusError):
    """409: what is there already doesn't go with the request."""


class UnprocessableEntityError(APIStatusError):
    """422: the request is well-formed, and what it says isn't acceptable."""


class RateLimitError(APIStatusError):
    """429: too many requests; see `retry_after`."""


class InternalServerError(APIStatusError):
    """5xx: the server failed."""


class ResponseValidationError(OneloopError):
    """A success whose body isn't what the spec promises. Nothing of it was used.

    Attributes:
        where: JSON path of the fault, `$` for the body as a whole.
        expected: what the spec promises there.
        got: a bounded excerpt of what was there.
        request_id: the answer's `X-Request-Id` or `Request-Id` header.
    """

    def __init__(
        self, what: str, *, where: str, expected: str, got: str, request_id: str | None = None
    ) -> None:
        suffix = f" (request {request_id})" if request_id else ""
        super().__init__(f"{what}: {where}: expected {expected}, got {got}{suffix}")
        self.where = where
        self.expected = expected
        self.got = got
        self.request_id = request_id


_BY_STATUS: dict[int, type[APIStatusError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    422: UnprocessableEntityError,
    429: RateLimitError,
}


def status_error_class(status_code: int) -> type[APIStatusError]:
    """Return the class for a status: 401 gives `AuthenticationError`, 503 `InternalServerError`."""
    if 500 <= status_code <= 599:
        return InternalServerError
    return _BY_STATUS.get(status_code, APIStatusError)


def excerpt(text: str, length: int | None = None) -> str:
    """Return the text quoted and bounded; `length` is its own where only its begin is given."""
    # Escapes are up to ten characters long.
    quoted = shortened(repr(text[:MAX_EXCERPT]), 2 * MAX_EXCERPT)
    length = len(text) if length is None else length
    return quoted if length <= MAX_EXCERPT else f"{quoted}… ({length} long)"


def shortened(text: str, most: int = MAX_EXCERPT) -> str:
    """Return the text; of one with more characters the first `most`, and an ellipsis."""
    return text if len(text) <= most else text[:most] + "…"


def escaped(text: str) -> str:
    r"""Return the text with what doesn't print as Python escapes it: `\x1b`, `\u202e`."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def missing_extra(name: str, extra: str) -> ConfigurationError:
    """Return the error that says which extra brings a library that isn't installed."""
    return ConfigurationError(f"needs {name}: pip install 'oneloop-api-client[{extra}]'")


def _restore(
    cls: type[OneloopError], args: tuple[object, ...], attributes: dict[str, object]
) -> OneloopError:
    error = cls.__new__(cls, *args)
    error.__dict__.update(attributes)
    return error
