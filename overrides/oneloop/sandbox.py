"""A Oneloop API on this machine: a real HTTP server that answers from the spec the client is for.

    with Sandbox() as sandbox, Oneloop(api_key=API_KEY, base_url=sandbox.url) as client:
        client.get_billing_usage("bid_acme").total

`python -m oneloop.sandbox` serves it until Ctrl-C. Needs the extra `oneloop-api-client[sandbox]`.
Requests and answers are validated against the spec; an operation without data of its own answers
with the spec's example. The data is the same at each run.
"""

from __future__ import annotations

import argparse
import datetime
import json
import logging
import random
import socket
import threading
import time
import warnings
from importlib import resources
from types import TracebackType
from typing import Any, Self

import uvicorn

with warnings.catch_warnings():
    # connexion imports starlette's test client, which would rather have httpx2.
    warnings.simplefilter("ignore")
    import connexion
from connexion.exceptions import ProblemException
from connexion.lifecycle import ConnexionRequest, ConnexionResponse
from connexion.mock import MockResolver
from connexion.options import SwaggerUIOptions
from connexion.resolver import ResolverError
from starlette.exceptions import HTTPException

API_KEY = "sandbox-key"
BILLING_IDS = ("bid_acme", "bid_globex", "bid_initech", "bid_new")
"""The ids that the sandbox knows. `bid_new` has no usage yet."""

_FIRST_DAY = datetime.date(2025, 1, 1)
_DAYS = 10
_DAILY = {"api-calls": 12_000, "storage-gb-hours": 340, "seats": 25}
_START_SECONDS = 10.0


class Sandbox:
    """A context manager that serves the sandbox on a loopback port from a thread of its own.

    Args:
        port: the TCP port; 0 takes a free one.
    """

    def __init__(self, port: int = 0) -> None:
        self._socket = socket.create_server(("127.0.0.1", port))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(_app(), log_config=None, access_log=False, lifespan="on")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        deadline = time.monotonic() + _START_SECONDS
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError("the sandbox didn't start")
            time.sleep(0.005)
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()


def check_key(token: str) -> dict[str, str] | None:
    """Return who the key belongs to; None for an unknown key. Named in the served spec."""
    return {"sub": "sandbox"} if token == API_KEY else None


def get_billing_usage(bid: str) -> tuple[dict[str, Any], int]:
    """Return the answer to `getBillingUsage` and its status."""
    if bid not in BILLING_IDS:
        return _error(400, f"unknown billing id: {bid[:100]}"), 400
    return {"data": [] if bid == "bid_new" else _rows(bid)}, 200


def main() -> None:
    """Serve the sandbox until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m oneloop.sandbox", description=main.__doc__)
    parser.add_argument("--port", type=int, default=8750, help="TCP port (default: %(default)s)")
    with Sandbox(parser.parse_args().port) as sandbox:
        print(f"export ONELOOP_BASE_URL={sandbox.url} ONELOOP_API_KEY={API_KEY}", flush=True)
        print(f"# billing ids: {' '.join(BILLING_IDS)}; Ctrl-C stops", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


def _rows(bid: str) -> list[dict[str, str]]:
    dice = random.Random(bid)  # noqa: S311 - made-up data
    size = dice.uniform(0.2, 3)
    days = [_FIRST_DAY + datetime.timedelta(days=number) for number in range(_DAYS)]
    return [
        {
            "billingId": bid,
            "day": day.isoformat(),
            "totalBillingUsage": str(round(typical * size * _busyness(day, dice))),
            "billingUsageName": name,
        }
        for day in days
        for name, typical in _DAILY.items()
    ]


def _busyness(day: datetime.date, dice: random.Random) -> float:
    weekend = day.weekday() >= 5
    return dice.uniform(0.1, 0.4) if weekend else dice.uniform(0.8, 1.2)


class _Resolver(MockResolver):  # type: ignore[misc]
    """Gives the operations below their function; the others answer with the spec's example."""

    def resolve_function_from_operation_id(self, operation_id: str) -> Any:
        if operation_id == "getBillingUsage":
            return get_billing_usage
        raise ResolverError


def _app() -> connexion.AsyncApp:
    app = connexion.AsyncApp("oneloop.sandbox")
    app.add_api(
        _spec(),
        resolver=_Resolver(mock_all=False),
        strict_validation=True,
        validate_responses=True,
        swagger_ui_options=SwaggerUIOptions(swagger_ui=False),
    )
    for kind in (ProblemException, HTTPException, Exception):
        app.add_error_handler(kind, _documented_error)
    logging.getLogger("connexion").addHandler(logging.NullHandler())
    return app


def _spec() -> dict[str, Any]:
    text = resources.files("oneloop_api_client").joinpath("openapi.json").read_text("utf-8")
    spec: dict[str, Any] = json.loads(text)
    for scheme in spec["components"]["securitySchemes"].values():
        scheme["x-bearerInfoFunc"] = "oneloop.sandbox.check_key"
    return spec


def _documented_error(_request: ConnexionRequest, error: Exception) -> ConnexionResponse:
    status = getattr(error, "status_code", 500)
    detail = getattr(error, "detail", None) or "Internal Server Error"
    return ConnexionResponse(
        status_code=status,
        content_type="application/json",
        body=json.dumps(_error(status, str(detail))),
    )


def _error(code: int, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}


if __name__ == "__main__":
    main()
