"""A real call: whether the key is taken, and whether the answer is what the contract says."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from typing import Any

from oneloop.cli.api import Account, client
from oneloop.cli.doctor.finding import FAILED, OK, Finding, skipped
from oneloop.errors import (
    APIStatusError,
    AuthenticationError,
    OneloopError,
    PermissionDeniedError,
    ResponseValidationError,
)
from oneloop.usage import BillingUsage

_NAME_ONE = "name a billing id of yours: oneloop doctor BID"


def look(
    account: Account, bid: str | None, seconds: float, bounded: Callable[[Callable[[], Any]], Any]
) -> Iterator[Finding]:
    """Yield whether the key is taken, and what the answer is worth."""
    asked = bid if bid is not None else f"oneloop-doctor-{secrets.token_hex(8)}"
    try:
        with client(account, seconds) as opened:
            usage: BillingUsage = bounded(lambda: opened.get_billing_usage(asked))
    except AuthenticationError as error:
        advice = f"is it whole, of this account, not revoked? It comes from {account.key_from}"
        yield Finding("access", FAILED, f"the key isn't taken: {error}", advice, 1)
        yield from skipped("answer")
    except APIStatusError as error:
        yield from _refused(error, bid, account)
    except ResponseValidationError as error:
        yield Finding("access", OK, "the key isn't refused")
        advice = f"bill nothing from it; is {account.url_from} the API's? Else is there a newer"
        advice += " client?"
        yield Finding("answer", FAILED, f"not what the contract says: {error}", advice, 3)
    except TimeoutError:
        yield Finding("access", FAILED, "no answer in time", "give more time by --timeout", 1)
        yield from skipped("answer")
    except (OneloopError, ValueError) as error:
        code = 2 if isinstance(error, ValueError) else 1
        advice = "name another id" if code == 2 else "see the lines above; the API may be down"
        yield Finding("access", FAILED, str(error), advice, code)
        yield from skipped("answer")
    else:
        yield Finding("access", OK, "the key is taken")
        yield _right(usage, bid)


def _right(usage: BillingUsage, bid: str | None) -> Finding:
    if bid is None:
        return Finding("answer", OK, f"as the contract says, without a row; for more, {_NAME_ONE}")
    if not usage.rows:
        return Finding("answer", OK, "as the contract says; it has no usage yet")
    first, last = min(row.day for row in usage), max(row.day for row in usage)
    rows = f"{len(usage):,} rows from {first} to {last}"
    return Finding("answer", OK, f"as the contract says, in every digit: {rows}")


def _refused(error: APIStatusError, bid: str | None, account: Account) -> Iterator[Finding]:
    """Yield what a status says that isn't the key's refusal."""
    if error.status_code >= 400 and error.status_code not in (400, 403, 404):
        advice = "try again later; the API may be down, or asked too often"
        yield Finding("access", FAILED, str(error), advice, 1)
        yield from skipped("answer")
    elif error.code is None:
        advice = f"is {account.base_url} the API's address? It comes from {account.url_from}"
        text = f"no error of the API's, which have a code and a message: {error}"
        yield Finding("access", FAILED, text, advice, 1)
        yield from skipped("answer")
    elif bid is None:
        yield Finding("access", OK, f"the key isn't refused: {error.status_code} for an unknown id")
        yield Finding("answer", OK, f"an error as the contract says; for more, {_NAME_ONE}")
    else:
        is_known = isinstance(error, PermissionDeniedError)
        yield Finding("access", OK, "the key is known" if is_known else "the key isn't refused")
        advice = "ask the account's owner for the right to it" if is_known else "is the id right?"
        yield Finding("answer", FAILED, str(error), advice, 1)
