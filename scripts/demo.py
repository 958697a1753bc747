"""What scripts/demo shows, in a screen: an answer, what its spec says, what we make of it."""

from __future__ import annotations

import re
import sys
import textwrap
from pathlib import Path

from oneloop import BillingUsage, Oneloop, OneloopError
from oneloop.sandbox import API_KEY, Sandbox

SPEC = Path(__file__).parents[1] / "openapi.yaml"
BIN = sys.argv[1]


def main() -> None:
    """Show it."""
    with Sandbox() as sandbox, Oneloop(api_key=API_KEY, base_url=sandbox.url) as client:
        say(f"A sandbox of the Oneloop API, made from its spec, is up at {sandbox.url}.")
        raw = client.api.get_billing_usage("bid_acme")
        say("The API sends its counts and days as strings:", f"{raw.data[0].to_dict()}")
        tell_pattern(raw.data[0].total_billing_usage)
        usage = client.get_billing_usage("bid_acme")
        say("This client checks every character of an answer, and gives numbers and days:")
        tell_usage(usage)
        say("An error says what happened, and never shows the key:")
        try:
            client.get_billing_usage("bid_nobody")
        except OneloopError as error:
            show('client.get_billing_usage("bid_nobody")', f"{type(error).__name__}: {error}")
    say(
        "To go on:",
        f"{f'{BIN}/oneloop usage bid_acme --sandbox':50} # in a shell; --help for more",
        f"{f'{BIN}/python -m oneloop.sandbox':50} # a sandbox for programs of your own",
        f"{'./scripts/test':50} # every promise, tested",
    )


def tell_pattern(count: str) -> None:
    """Say what the published spec's pattern makes of a real count."""
    published = SPEC.read_text("utf-8")
    if found := re.search(
        r"totalBillingUsage:\n(?: +(?!pattern:).*\n)*? +pattern: (\S+)", published
    ):
        verdict = "takes" if re.search(found[1], count) else "refuses"
        say(f"Its published spec says that a count matches {found[1]}, which {verdict} {count!r}.")


def tell_usage(usage: BillingUsage) -> None:
    """Show what usage is."""
    row = usage[0]
    show("usage = client.get_billing_usage('bid_acme')", f"{usage!r}")
    show("usage.total", f"{usage.total!r}")
    show("usage.by_name()", f"{usage.by_name()!r}")
    show("usage[0].day, usage[0].total", f"{row.day!r}, {row.total!r}")


def say(text: str, *lines: str) -> None:
    """Print a paragraph, and lines that belong to it."""
    print()
    print(textwrap.fill(text, 100))
    for line in lines:
        print(f"    {line}")


def show(code: str, value: str) -> None:
    """Print Python, and what comes of it."""
    print(f"    >>> {code}")
    print(textwrap.fill(value, 96, initial_indent="    ", subsequent_indent="        "))


main()
