"""What a test has the API answer."""

from __future__ import annotations

from collections.abc import Mapping

from oneloop.testing import FakeAPI

Usage = list[tuple[str, str, int]]
"""Day, name and total of each row."""


def set_answers(api: FakeAPI, usage: Mapping[str, Usage | int]) -> None:
    """Answer each id with its rows or its status, and refuse every other."""
    api.clear()
    for bid, found in usage.items():
        if isinstance(found, int):
            api.fail(found, bid=bid)
        else:
            api.set_usage(bid, found)
