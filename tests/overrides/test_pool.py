"""Whose turn it is for a connection: first come, first served, whatever happens to who waits."""

from __future__ import annotations

import gc
import itertools
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from oneloop._http import pool
from oneloop._http.connection import Connection
from oneloop._http.waits import Patience, Steps

PATIENCE = Patience(time.monotonic() + 3600, {})


@pytest.fixture
def share() -> pool._Share:
    """Connections of which there is room for one."""
    return pool._Share(lambda patience: pytest.fail("nothing is opened"), limit=1)


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


def test_connections_that_were_lost_make_room_for_all_at_once(
    share: pool._Share,
) -> None:
    """Else the last of many that wait, each looking once a second, runs out of time."""
    share._limit = 2
    lost = [at_once(share), at_once(share)]
    first, second = Waiting(share), Waiting(share)
    lost.append(lost)  # type: ignore[arg-type]
    del lost
    assert second.got() is not None
    assert first.got() is not None


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


def test_who_may_not_wait_at_all_holds_up_nobody(share: pool._Share) -> None:
    connection = at_once(share)
    with pytest.raises(TimeoutError, match="pool timed out"):
        next(share.take(PATIENCE._replace(bounds={"pool": 0})))
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


OPENING: Any = object()
"""What a call waits for that has a place and opens its connection."""


def opening(patience: Patience) -> Steps[Any]:
    yield OPENING


def call(connections: pool.Pool, **bounds: float) -> Steps[Any]:
    patience = PATIENCE._replace(bounds=bounds)
    return connections.exchange(type("", (), {"patience": patience})())


def calls_of_every_kind(connections: pool.Pool) -> None:
    """Make calls that find a place, wait, are given one, run out of time, and find a lost one."""
    one, two = call(connections), call(connections)
    assert (next(one), next(two)) == (OPENING, OPENING)
    with pytest.raises(TimeoutError):
        next(call(connections, pool=0))
    third = call(connections)
    turn = next(third)
    one.close()
    turn.block()
    assert third.send(None) is OPENING
    lost = [two]
    lost.append(lost)  # type: ignore[arg-type]
    del two, lost
    fourth = call(connections)
    next(fourth)
    assert fourth.send(None) is OPENING
    fourth.close()
    third.close()


def call_that_waits_where_all_are_lost(connections: pool.Pool) -> None:
    """Make a call after which no other gives anything back."""
    share = connections._shares.setdefault(os.getpid(), pool._Share(opening, limit=2))
    lost = [at_once(share), at_once(share)]
    waiting = Waiting(share)
    del lost
    assert waiting.got() is not None


class Struck(BaseException):
    """What a signal's handler raises."""


@contextmanager
def strike(at: int) -> Iterator[list[str]]:
    """Raise once before the engine's instruction of this number; yield where that was."""
    engine = str(Path(pool.__file__).parent)
    where: list[str] = []
    left = at

    def trace(frame: FrameType, event: str, arg: object) -> Any:
        nonlocal left
        if not frame.f_code.co_filename.startswith(engine):
            return None
        frame.f_trace_opcodes = True
        left -= event == "opcode"
        if left == 0:
            where.append(f"{frame.f_code.co_qualname}, line {frame.f_lineno}")
            sys.settrace(None)
            raise Struck
        return trace

    before = sys.gettrace()
    sys._getframe().f_trace_opcodes = True  # Python 3.12 asks the frames that are there
    sys.settrace(trace)
    try:
        yield where
    except Struck:
        pass
    finally:
        sys.settrace(before)


@pytest.mark.parametrize("calls", [calls_of_every_kind, call_that_waits_where_all_are_lost])
def test_interrupt_at_any_instruction_loses_no_place(
    calls: Callable[[pool.Pool], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "_TICK", 0.001)
    # Where one strikes in a call that is collected as garbage, Python can only tell of it.
    monkeypatch.setattr(sys, "unraisablehook", lambda unraisable: None)
    gc.collect()
    gc.freeze()  # what is there already would slow each collection
    try:
        for number in itertools.count(1):
            connections = pool.Pool(opening, limit=2)
            with strike(number) as where:
                calls(connections)
            gc.collect()
            after = [call(connections) for _ in range(2)]
            assert [next(each) for each in after] == [OPENING] * 2, where
            if not where:
                break
    finally:
        gc.unfreeze()
    assert number > 100
