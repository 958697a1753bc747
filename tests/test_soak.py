"""A short soak: threads and tasks at once, faults injected; right or typed, nothing left over."""

from __future__ import annotations

from benchmarks import soak


def test_a_short_soak() -> None:
    faults = soak.faults_of(soak.run(2_000))
    # Memory is still warming up, and the captured log grows; scripts/soak is long enough to tell.
    assert [fault for fault in faults if not fault.startswith("memory")] == []
