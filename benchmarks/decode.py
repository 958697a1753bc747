"""The decoding alone: 100,000 rows from bytes in memory. Runs in the environment of `oneloop`."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable
from typing import Any

from benchmarks.process import CPU
from benchmarks.server import ROWS, billing_id, usage_body

_ROWS = ROWS[-1]
_BODY = usage_body(_ROWS)


def _oneloop() -> Callable[[], Any]:
    httpx, oneloop = importlib.import_module("httpx"), importlib.import_module("oneloop")
    headers = {"Content-Type": "application/json"}
    transport = httpx.MockTransport(lambda _: httpx.Response(200, headers=headers, content=_BODY))
    client = oneloop.Oneloop(
        api_key="k", base_url="http://localhost", max_retries=0, transport=transport
    )
    return lambda: client.get_billing_usage(billing_id(_ROWS))


def _generated() -> Callable[[], Any]:
    models = importlib.import_module("oneloop_api_client.models")
    return lambda: models.BillingUsageResponse.from_dict(json.loads(_BODY))


def _msgspec() -> Callable[[], Any]:
    decode = importlib.import_module("msgspec").json.decode
    return lambda: decode(_BODY)


def main() -> None:
    """Print the CPU seconds of each decoder in each round, as JSON."""
    decoders = {
        "json.loads": lambda: json.loads(_BODY),
        "msgspec.json.decode": _msgspec(),
        "generated parser": _generated(),
        "oneloop, every check on": _oneloop(),
    }
    seconds: dict[str, list[float]] = {name: [] for name in decoders}
    for _ in range(int(sys.argv[1])):
        for name, decode in decoders.items():
            with CPU() as cpu:
                decode()
            seconds[name].append(cpu.seconds)
    print(json.dumps(seconds))


if __name__ == "__main__":
    main()
