"""The checks, in the order in which each relies on those before."""

from __future__ import annotations

import contextlib
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

from oneloop._http.keywords import API_KEY_VARIABLE
from oneloop._http.secret import Secret
from oneloop.cli.api import NO_KEY, PROFILE_VARIABLE, Account, accounted, client
from oneloop.cli.doctor import answer, installed, way
from oneloop.cli.doctor.finding import FAILED, OK, WARNING, Finding, skipped
from oneloop.errors import ConfigurationError, excerpt

LONGEST: Final = 86_400
_WAY = ("proxy", "dns", "connection", "tls", "clock")


def run(options: Any, deadline: float) -> Iterator[Finding]:
    """Yield what each check finds; never raises, and ends at the deadline."""
    yield _careful("client", installed.client)
    yield _careful("libraries", installed.libraries)
    try:
        yield from _account(options, deadline)
    except Exception as error:  # noqa: BLE001 - whatever it is, no traceback helps
        yield _unforeseen("doctor", error)


def _account(options: Any, deadline: float) -> Iterator[Finding]:
    with contextlib.ExitStack() as stack:
        try:
            account = stack.enter_context(accounted(options))
        except ConfigurationError as error:
            yield Finding("key", FAILED, str(error), "mend that, or take ONELOOP_API_KEY", 2)
            yield from skipped("address", *_WAY, "access", "answer")
            return
        yield _key(account)
        address = _address(account)
        yield address
        if address.status == FAILED:
            yield from skipped(*_WAY, "access", "answer")
        else:
            yield from _network(options, account, deadline)


def _network(options: Any, account: Account, deadline: float) -> Iterator[Finding]:
    def bounded(do: Callable[[], Any], share: float = 1.0) -> Any:
        return _within((deadline - time.monotonic()) * share, do)

    is_barred = account.api_key is None or bool(account.api_key.problem())
    for finding in way.look(account.base_url, account.url_from, bounded):
        is_barred = is_barred or finding.status == FAILED
        yield finding
    if is_barred:
        yield from skipped("access", "answer")
    else:
        seconds = max(deadline - time.monotonic(), 0.001)
        yield from answer.look(account, options.billing_id, seconds, bounded)


def _key(account: Account) -> Finding:
    if account.api_key is None:
        return Finding("key", FAILED, "there is none", NO_KEY.partition(": ")[2], 2)
    if problem := account.api_key.problem():
        advice = f"set {account.key_from} to the key alone"
        return Finding("key", FAILED, f"{account.key_from} {problem}", advice, 2)
    if account.key_from == API_KEY_VARIABLE and os.environ.get(PROFILE_VARIABLE):
        text = f"from {API_KEY_VARIABLE}; {PROFILE_VARIABLE} is set as well, and doesn't count"
        return Finding("key", WARNING, text, "unset one of them")
    return Finding("key", OK, f"from {account.key_from}")


def _address(account: Account) -> Finding:
    """Say where the API is; a client is made, for what its options and variables are worth."""
    stand_in = account
    if account.api_key is None or account.api_key.problem():
        stand_in = Account(Secret("none"), "", account.base_url, account.url_from)
    try:
        client(stand_in, 1).close()
    except ConfigurationError as error:
        return Finding("address", FAILED, str(error), "set it right, or unset it", 2)
    return Finding("address", OK, f"{account.base_url}, from {account.url_from}")


def _careful(name: str, check: Callable[[], Finding]) -> Finding:
    try:
        return check()
    except Exception as error:  # noqa: BLE001 - whatever it is, the others are worth it
        return _unforeseen(name, error)


def _unforeseen(name: str, error: Exception) -> Finding:
    text = f"{type(error).__name__}: {excerpt(str(error))}"
    return Finding(name, FAILED, text, "install the client anew, or tell its maintainers", 1)


def _within(seconds: float, do: Callable[[], Any]) -> Any:
    """Return what is done, in a thread of its own: a look-up of a host can't be cut short.

    Raises:
        TimeoutError: it isn't done in time.
    """
    done: queue.SimpleQueue[tuple[Any, BaseException | None]] = queue.SimpleQueue()

    def work() -> None:
        try:
            done.put((do(), None))
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            done.put((None, error))

    threading.Thread(target=work, name="oneloop doctor", daemon=True).start()
    try:
        result, error = done.get(timeout=max(seconds, 0))
    except queue.Empty:
        raise TimeoutError("no time is left") from None
    if error:
        raise error
    return result
