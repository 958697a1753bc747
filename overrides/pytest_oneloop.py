"""The fixture of oneloop-api-client for pytest. Apart, so that a run without it imports no client.

`pytest -p no:oneloop` leaves it out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from oneloop.testing import FakeAPI


@pytest.fixture
def oneloop_api() -> Iterator[FakeAPI]:
    """A Oneloop API of the test's own: usage, faults, clients; see `oneloop.testing.FakeAPI`."""
    from oneloop.testing import FakeAPI  # noqa: PLC0415 - the reason for this module

    with FakeAPI() as api:
        yield api
