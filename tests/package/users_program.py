"""A program as its users would write it: type checkers read it, and it runs."""

import asyncio
import ssl
from datetime import date
from typing import assert_type

import httpx

from oneloop import (
    APIResponse,
    APIStatusError,
    AsyncOneloop,
    BillingUsage,
    Oneloop,
    RateLimitError,
    ResponseInfo,
    ResponseValidationError,
    TryEvent,
    UsageChange,
    UsageRow,
)
from oneloop_api_client.api.usage import get_billing_usage
from oneloop_api_client.models import BillingUsageResponse, ErrorResponse


def answer(request: httpx.Request) -> httpx.Response:
    row = {
        "billingId": "b",
        "day": "2025-01-01",
        "totalBillingUsage": "12",
        "billingUsageName": "x",
    }
    return httpx.Response(200, json={"data": [row]}, request=request)


def count(event: TryEvent) -> None:
    assert_type(event.pause, float | None)
    tries = event.context.setdefault("tries", [])
    tries.append(f"{event.method} {event.template or event.path}: {event.status_code}")


async def count_async(event: TryEvent) -> None:
    count(event)


def of_our_network() -> Oneloop:
    context = ssl.create_default_context()
    context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF  # Python before 3.11.3 sets it
    return Oneloop(
        api_key="k",
        default_headers={"X-Team": "billing"},
        user_agent="my-app/2.3",
        proxy="http://proxy:3128",
        ssl_context=context,
        max_connections=8,
    )


def invoice(client: Oneloop, bid: str) -> dict[str, int]:
    try:
        usage = client.get_billing_usage(bid)
    except RateLimitError as error:
        assert_type(error.retry_after, float | None)
        raise
    except APIStatusError as error:
        assert_type(error.status_code, int)
        assert_type(error.code, int | None)
        raise
    except ResponseValidationError as error:
        assert_type(error.where, str)
        raise
    assert_type(usage, BillingUsage)
    assert_type(usage.total, int)
    assert_type(usage.by_day(), dict[date, int])
    assert_type(usage[0], UsageRow)
    assert_type(usage[:1], tuple[UsageRow, ...])
    assert_type([row.day for row in usage], list[date])
    assert_type(usage.response, ResponseInfo | None)
    assert usage.response
    assert_type(usage.response.request_id, str | None)
    assert_type(usage.by_month(), dict[date, int])
    january = usage.between(date(2025, 1, 1), date(2025, 2, 1))
    assert_type(january, BillingUsage)
    assert_type(usage.diff(january), list[UsageChange])
    assert_type(BillingUsage(bid, reversed(usage)), BillingUsage)
    return usage.by_name()


async def total(bid: str) -> int:
    async with AsyncOneloop(
        api_key="k",
        transport=httpx.MockTransport(answer),
        event_hooks={"request": [count], "response": [count_async]},
    ) as client:
        assert_type(client.with_options(timeout=5), AsyncOneloop)
        assert_type(await client.api.get_billing_usage(bid), BillingUsageResponse)
        return (await client.get_billing_usage(bid, timeout=5)).total


def main() -> None:
    assert_type(of_our_network().with_options(event_hooks={"retry": [count]}), Oneloop)
    with Oneloop(api_key="k", transport=httpx.MockTransport(answer)) as client:
        assert invoice(client, "b") == {"x": 12}
        raw = get_billing_usage.sync("b", client=client.api)
        assert_type(raw, BillingUsageResponse | ErrorResponse | None)
        assert isinstance(raw, BillingUsageResponse)
        assert raw.data[0].total_billing_usage == "12"
        assert_type(client.api.get_billing_usage("b"), BillingUsageResponse)
        response = client.api.with_raw_response.get_billing_usage("b")
        assert_type(response, APIResponse[BillingUsageResponse])
        assert response.parsed == raw
    assert asyncio.run(total("b")) == 12


if __name__ == "__main__":
    main()
