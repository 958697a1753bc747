from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.billing_usage_response import BillingUsageResponse
from ...models.error_response import ErrorResponse
from ...types import Response


def _get_kwargs(
    bid: str,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/api/v1/usage/{bid}".format(
            bid=quote(str(bid), safe=""),
        ),
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> BillingUsageResponse | ErrorResponse | None:
    if response.status_code == 200:
        response_200 = BillingUsageResponse.from_dict(response.json())

        return response_200

    if response.status_code == 400:
        response_400 = ErrorResponse.from_dict(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = ErrorResponse.from_dict(response.json())

        return response_401

    if response.status_code == 403:
        response_403 = ErrorResponse.from_dict(response.json())

        return response_403

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[BillingUsageResponse | ErrorResponse]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    bid: str,
    *,
    client: AuthenticatedClient,
) -> Response[BillingUsageResponse | ErrorResponse]:
    """Retrieve billing usage information for a given billing id

     Returns one row for each day and each billing usage name. Counts come as strings of decimal digits.

    Args:
        bid (str): The billing id.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[BillingUsageResponse | ErrorResponse]
    """

    kwargs = _get_kwargs(
        bid=bid,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    bid: str,
    *,
    client: AuthenticatedClient,
) -> BillingUsageResponse | ErrorResponse | None:
    """Retrieve billing usage information for a given billing id

     Returns one row for each day and each billing usage name. Counts come as strings of decimal digits.

    Args:
        bid (str): The billing id.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        BillingUsageResponse | ErrorResponse
    """

    return sync_detailed(
        bid=bid,
        client=client,
    ).parsed


async def asyncio_detailed(
    bid: str,
    *,
    client: AuthenticatedClient,
) -> Response[BillingUsageResponse | ErrorResponse]:
    """Retrieve billing usage information for a given billing id

     Returns one row for each day and each billing usage name. Counts come as strings of decimal digits.

    Args:
        bid (str): The billing id.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[BillingUsageResponse | ErrorResponse]
    """

    kwargs = _get_kwargs(
        bid=bid,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    bid: str,
    *,
    client: AuthenticatedClient,
) -> BillingUsageResponse | ErrorResponse | None:
    """Retrieve billing usage information for a given billing id

     Returns one row for each day and each billing usage name. Counts come as strings of decimal digits.

    Args:
        bid (str): The billing id.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        BillingUsageResponse | ErrorResponse
    """

    return (
        await asyncio_detailed(
            bid=bid,
            client=client,
        )
    ).parsed
