"""A sync of numbered ids; as a process, one that in the end waits to be killed."""

from __future__ import annotations

import sys
import time
from unittest import mock

from benchmarks.server import numbered
from oneloop import Oneloop
from oneloop.sync import SyncResult, run, sync

_A_WHILE = 3600.0


def synced(url: str, target: str, ids: int, batch: int) -> SyncResult:
    """Sync so many ids whose usage isn't there from today, with so many rows a batch."""
    with (
        mock.patch.object(run, "_ROWS", batch),
        Oneloop(api_key="soak-key", base_url=url) as client,
    ):
        return sync(client, map(numbered, range(ids)), target, concurrency=50, max_age=_A_WHILE)


if __name__ == "__main__":
    url, target, ids, batch = sys.argv[1:]
    synced(url, target, int(ids), int(batch))
    time.sleep(_A_WHILE)
