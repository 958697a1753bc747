"""The client that a command asks."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterator
from typing import Any

from oneloop.client import Oneloop


def add_client_options(parser: argparse.ArgumentParser) -> None:
    """Add what a client is made with."""
    parser.add_argument(
        "--timeout", type=float, default=60.0, metavar="SECONDS", help="for each id"
    )
    parser.add_argument(
        "--sandbox", action="store_true", help="ask a sandbox on this machine, without any key"
    )


@contextlib.contextmanager
def opened(options: argparse.Namespace) -> Iterator[Oneloop]:
    """Give the client."""
    with contextlib.ExitStack() as stack:
        connection = stack.enter_context(_sandbox()) if options.sandbox else {}
        yield stack.enter_context(Oneloop(timeout=options.timeout, **connection))


@contextlib.contextmanager
def _sandbox() -> Any:
    from oneloop import sandbox  # noqa: PLC0415 - few need a server

    with sandbox.Sandbox() as server:
        yield {"api_key": sandbox.API_KEY, "base_url": server.url}
