"""An API for tests, in memory and over a socket: usage that the test sets, faults that it asks for.

    def test_invoice(oneloop_api):
        oneloop_api.set_usage("bid_acme", [("2025-01-31", "api-calls", 1200)])
        oneloop_api.fail("429 then right")
        with oneloop_api.client() as client:
            assert client.get_billing_usage("bid_acme").total == 1200

`oneloop_api` is a fixture of pytest's, there without an import once this package is installed.
Elsewhere: `with FakeAPI() as api: ...`.
"""

from __future__ import annotations

from oneloop.testing.fake import Call, FakeAPI
from oneloop.testing.faults import FAULTS, FaultName
from oneloop.testing.given import Usage
from oneloop.testing.memory import MemoryTransport

__all__ = ["FAULTS", "Call", "FakeAPI", "FaultName", "MemoryTransport", "Usage"]
