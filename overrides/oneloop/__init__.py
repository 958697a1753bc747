"""The Python client of the Oneloop API: billing usage as checked numbers, sync and async."""

from typing import TYPE_CHECKING

from oneloop._http.hooks import TryEvent
from oneloop.bulk import UsageResult
from oneloop.client import AsyncOneloop, Oneloop
from oneloop.errors import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    BadRequestError,
    ConfigurationError,
    ConflictError,
    DatabaseError,
    InternalServerError,
    NotFoundError,
    OneloopError,
    PermissionDeniedError,
    RateLimitError,
    ResponseValidationError,
    UnprocessableEntityError,
)
from oneloop.usage import BillingUsage, UsageChange, UsageRow

__all__ = [
    "SPEC",
    "APIConnectionError",
    "APIResponse",
    "APIStatusError",
    "APITimeoutError",
    "AsyncOneloop",
    "AuthenticationError",
    "BadRequestError",
    "BillingUsage",
    "ConfigurationError",
    "ConflictError",
    "DatabaseError",
    "InternalServerError",
    "NotFoundError",
    "Oneloop",
    "OneloopError",
    "PermissionDeniedError",
    "RateLimitError",
    "ResponseInfo",
    "ResponseValidationError",
    "SpecInfo",
    "TryEvent",
    "UnprocessableEntityError",
    "UsageChange",
    "UsageResult",
    "UsageRow",
    "__version__",
]

if TYPE_CHECKING:
    from oneloop.version import SPEC, SpecInfo, __version__
    from oneloop_api_client.responses import APIResponse, ResponseInfo


def __getattr__(name: str) -> object:
    if name in ("SPEC", "SpecInfo", "__version__"):
        from oneloop import version  # noqa: PLC0415 - it reads the installed metadata

        return getattr(version, name)
    if name in ("APIResponse", "ResponseInfo"):
        from oneloop_api_client import responses  # noqa: PLC0415 - it brings httpx along

        return getattr(responses, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
