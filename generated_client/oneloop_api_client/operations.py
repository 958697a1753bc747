"""Every operation as a method: names, arguments and types are the spec's, as the generator has them.

They are mixed into a client that raises for what isn't a success; so a success is all they return.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

from . import responses as _responses

if TYPE_CHECKING:
    from .models.billing_usage_response import BillingUsageResponse


def request(module: Any, arguments: dict[str, Any]) -> dict[str, Any]:
    """Return what httpx is asked for by the operation that a module of `api` has."""
    asked: dict[str, Any] = module._get_kwargs(**arguments)
    return asked


def parse(module: Any, client: Any, response: httpx.Response) -> Any:
    """Return what the response to such a request says, as the spec has it."""
    return module._parse_response(client=client, response=response)


class SyncOperations:
    """Each operation, as a method that returns its result."""

    def _call(self, module: Any, arguments: dict[str, Any]) -> _responses.APIResponse[Any]:
        """Call the operation that a module of `api` has."""
        raise NotImplementedError

    def get_billing_usage(
        self,
        bid: str,
    ) -> BillingUsageResponse:
        """Retrieve billing usage information for a given billing id

        Returns one row for each day and each billing usage name. Counts come as strings of
        decimal digits.

        Args:
            bid (str): The billing id.

        Raises:
            BadRequestError: 400: Bad Request
            AuthenticationError: 401: Unauthorized
            PermissionDeniedError: 403: Forbidden
            APIStatusError: any other status that isn't a success of this operation.
            APIConnectionError: no whole answer arrived; `APITimeoutError` within the timeout.
            ResponseValidationError: the answer hasn't the spec's shape.
        """
        from .api.usage import get_billing_usage as _module

        _response: _responses.APIResponse[BillingUsageResponse] = self._call(_module, {"bid": bid})
        return _response.parsed


class SyncRawOperations:
    """Each operation, as a method that returns its result with what came with it."""

    def __init__(self, call: Any) -> None:
        self._call = call

    def get_billing_usage(
        self,
        bid: str,
    ) -> _responses.APIResponse[BillingUsageResponse]:
        """Do what `SyncOperations.get_billing_usage` does, and return what came with it, too."""
        from .api.usage import get_billing_usage as _module

        _response: _responses.APIResponse[BillingUsageResponse] = self._call(_module, {"bid": bid})
        return _response


class AsyncOperations:
    """Each operation, as a method that returns its result."""

    async def _call(self, module: Any, arguments: dict[str, Any]) -> _responses.APIResponse[Any]:
        """Call the operation that a module of `api` has."""
        raise NotImplementedError

    async def get_billing_usage(
        self,
        bid: str,
    ) -> BillingUsageResponse:
        """Retrieve billing usage information for a given billing id

        Returns one row for each day and each billing usage name. Counts come as strings of
        decimal digits.

        Args:
            bid (str): The billing id.

        Raises:
            BadRequestError: 400: Bad Request
            AuthenticationError: 401: Unauthorized
            PermissionDeniedError: 403: Forbidden
            APIStatusError: any other status that isn't a success of this operation.
            APIConnectionError: no whole answer arrived; `APITimeoutError` within the timeout.
            ResponseValidationError: the answer hasn't the spec's shape.
        """
        from .api.usage import get_billing_usage as _module

        _response: _responses.APIResponse[BillingUsageResponse] = await self._call(
            _module, {"bid": bid}
        )
        return _response.parsed


class AsyncRawOperations:
    """Each operation, as a method that returns its result with what came with it."""

    def __init__(self, call: Any) -> None:
        self._call = call

    async def get_billing_usage(
        self,
        bid: str,
    ) -> _responses.APIResponse[BillingUsageResponse]:
        """Do what `AsyncOperations.get_billing_usage` does, and return what came with it, too."""
        from .api.usage import get_billing_usage as _module

        _response: _responses.APIResponse[BillingUsageResponse] = await self._call(
            _module, {"bid": bid}
        )
        return _response
