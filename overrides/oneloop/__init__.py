"""The Python client of the Oneloop API: billing usage as checked numbers, sync and async."""

from typing import TYPE_CHECKING

from oneloop.client import AsyncOneloop, Oneloop
from oneloop.errors import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    BadRequestError,
    ConfigurationError,
    InternalServerError,
    NotFoundError,
    OneloopError,
    PermissionDeniedError,
    RateLimitError,
    ResponseValidationError,
)
from oneloop.usage import BillingUsage, UsageRow

__all__ = [
    "SPEC",
    "APIConnectionError",
    "APIStatusError",
    "APITimeoutError",
    "AsyncOneloop",
    "AuthenticationError",
    "BadRequestError",
    "BillingUsage",
    "ConfigurationError",
    "InternalServerError",
    "NotFoundError",
    "Oneloop",
    "OneloopError",
    "PermissionDeniedError",
    "RateLimitError",
    "ResponseValidationError",
    "SpecInfo",
    "UsageRow",
    "__version__",
]

if TYPE_CHECKING:
    from oneloop.version import SPEC, SpecInfo, __version__


def __getattr__(name: str) -> object:
    if name in ("SPEC", "SpecInfo", "__version__"):
        from oneloop import version  # noqa: PLC0415 - it reads the installed metadata

        return getattr(version, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
