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
    "UsageRow",
    "__version__",
]

if TYPE_CHECKING:
    __version__: str


def __getattr__(name: str) -> object:
    if name == "__version__":
        from importlib import metadata  # noqa: PLC0415 - costs more than the rest of this module

        return metadata.version("oneloop-api-client")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
