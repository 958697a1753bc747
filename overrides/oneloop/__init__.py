"""The Python client of the Oneloop API: billing usage as checked numbers, sync and async."""

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
from oneloop.version import SPEC, SpecInfo, __version__

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
