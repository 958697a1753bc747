"""Whose turn it is for a connection: first come, first served, whatever happens to who waits."""

from __future__ import annotations

import gc
import os
import time
from typing import Any

import pytest

from oneloop._http import pool
from oneloop._http.connection import Connection
from oneloop._http.waits import Patience, Steps

PATIENCE = Patience(time.monotonic() + 3600, {})


@pytest.fixture
def share(monkeypatch: pytest.MonkeyPatch) -> pool._Share:
    """Connections of which there is room for one."""
    monkeypatch.setattr(pool, "MAX_CONNECTIONS", 1)
    return pool._Share(lambda patience: pytest.fail("nothing is opened"))


class Waiting:
    """A call that waits for its turn, taken step by step."""

    def __init__(self, share: pool._Share) -> None:
        self.steps: Steps[Connection] = share.take(PATIENCE)
        self.turn: Any = next(self.steps)

    def got(self) -> Connection | None:
        """Return the connection that it got by now, if it did."""
        try:
            self.steps.send(None)
        except StopIteration as done:
            connection: Connection = done.value
            return connection
        return None


def at_once(share: pool._Share) -> Connection:
    with pytest.raises(StopIteration) as done:
        next(share.take(PATIENCE))
    connection: Connection = done.value.value
    return connection


def test_connection_goes_to_who_waits_longest(share: pool._Share) -> None:
    connection = at_once(share)
    first, second = Waiting(share), Waiting(share)
    share.give_back(connection)
    assert second.got() is None
    assert first.got() is connection
    share.give_back(connection)
    assert second.got() is connection


def test_connection_that_was_lost_makes_room_for_who_waits_longest(share: pool._Share) -> None:
    connection = at_once(share)
    first, second = Waiting(share), Waiting(share)
    del connection
    gc.collect()
    newcomer = Waiting(share)
    assert newcomer.got() is None
    assert second.got() is None
    assert first.got() is not None
    assert second.got() is None, "there is room for one"


def test_who_waits_looks_for_itself_now_and_then(share: pool._Share) -> None:
    """A connection that was lost wakes nobody."""
    connection = at_once(share)
    assert Waiting(share).turn.seconds <= 1
    assert connection


def test_interrupt_hands_on_what_was_given(share: pool._Share) -> None:
    connection = at_once(share)
    first, second = Waiting(share), Waiting(share)
    share.give_back(connection)
    with pytest.raises(KeyboardInterrupt):
        first.steps.throw(KeyboardInterrupt)
    assert second.got() is connection


def test_who_no_longer_waits_is_given_nothing(share: pool._Share) -> None:
    connection = at_once(share)
    first, second = Waiting(share), Waiting(share)
    with pytest.raises(KeyboardInterrupt):
        first.steps.throw(KeyboardInterrupt)
    share.give_back(connection)
    assert second.got() is connection


def test_who_waits_in_a_loop_that_is_over_is_passed_over(share: pool._Share) -> None:
    def over() -> None:
        raise RuntimeError("Event loop is closed")

    connection = at_once(share)
    first, second = Waiting(share), Waiting(share)
    first.turn._wake = over
    share.give_back(connection)
    assert second.got() is connection
    first.steps.close()
    assert Waiting(share).got() is None, "it went to one alone"


def test_time_runs_out_while_others_have_all(share: pool._Share) -> None:
    connection = at_once(share)
    late = share.take(Patience(time.monotonic() + 0.05, {}))
    next(late)
    time.sleep(0.06)
    with pytest.raises(TimeoutError, match="pool timed out"):
        late.send(None)
    share.give_back(connection)
    assert at_once(share) is connection


def test_child_that_a_fork_surprises_gives_nothing_back(monkeypatch: pytest.MonkeyPatch) -> None:
    class Exchanged(Connection):
        def exchange(self, exchange: Any) -> Steps[Any]:
            monkeypatch.setattr(os, "getpid", lambda: -1)
            yield from ()
            return "answer"

    monkeypatch.setattr(pool, "Connection", Exchanged)
    connections = pool.Pool(lambda patience: pytest.fail("nothing is opened"))
    share = connections._shares.setdefault(os.getpid(), pool._Share(connections._open))
    with pytest.raises(StopIteration):
        next(connections.exchange(type("", (), {"patience": PATIENCE})()))
    assert not share._idle
