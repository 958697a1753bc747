"""`oneloop doctor`: what is right and what isn't, from the installation to a real answer."""

from __future__ import annotations

import json
import sys
import textwrap
import time
from collections.abc import Iterable, Iterator
from typing import Any

from oneloop.cli.api import add_client_options
from oneloop.cli.doctor.finding import FAILED, OK, WARNING, Finding
from oneloop.cli.failures import EXIT_CODES
from oneloop.cli.parser import Parser
from oneloop.cli.screen import Screen, screen_of
from oneloop.cli.streams import show
from oneloop.errors import ConfigurationError, escaped

EPILOG = """\
examples:
  oneloop doctor                        asks for an id that can't exist
  oneloop doctor bid_acme               holds its usage against the contract
  oneloop doctor --sandbox bid_acme     is it the client, or the way to the API?
  oneloop doctor --format json | jq '.checks[] | select(.status == "failed")'

Each check is a line: ok, warning, failed, or skipped where another has to be
right first. It works without a key, without a network, and with a wrong proxy.
What it prints can be shown to others: neither a key is in it, nor a password of
a proxy. The first check that failed gives the exit code; warnings don't count.

It looks at: client (versions), libraries (as the client needs them), key,
address, proxy, dns, connection, tls, clock, access (is the key taken?) and
answer (is it what the contract says?).

"""
_COLOURS = {OK: "32", WARNING: "33", FAILED: "1;31"}


def add(commands: Any) -> None:
    """Add the command to those there are."""
    parser: Parser = commands.add_parser(
        "doctor",
        help="look at key, network, clock and answers, and say what is wrong",
        description="Look for what is wrong, and say what to do.",
        epilog=EPILOG + EXIT_CODES,
    )
    parser.add_argument(
        "billing_id", nargs="?", metavar="BID", help="a billing id of yours, for a real answer"
    )
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="default: %(default)s"
    )
    add_client_options(parser, seconds=20.0, each="all checks together")
    parser.set_defaults(run=_run)


def _run(options: Any) -> tuple[int, str]:
    from oneloop.cli.doctor import checks  # noqa: PLC0415 - it brings httpx along

    if not 0 < options.timeout <= checks.LONGEST:
        raise ConfigurationError(
            f"--timeout is a number of seconds above 0, up to {checks.LONGEST}"
        )
    findings = checks.run(options, time.monotonic() + options.timeout)
    if options.format == "json":
        return _as_json(list(findings))
    return _as_text(findings)


def _as_text(findings: Iterator[Finding]) -> tuple[int, str]:
    screen = screen_of(sys.stdout)
    found = []
    code = 0
    for finding in findings:
        found.append(finding)
        code = show(_lines(finding, screen), code)  # at once: the next may take its time
    failed, warnings = (sum(f.status == status for f in found) for status in (FAILED, WARNING))
    end = f"{failed} failed, {warnings} with a warning" if failed or warnings else "all is well"
    return _code(found) or code, f"{end}\n"


def _lines(finding: Finding, screen: Screen) -> str:
    text = f"{finding.text}. To do: {finding.advice}" if finding.advice else finding.text
    line = f"{finding.status:9}{finding.check:12}{escaped(text)}"
    if screen.is_terminal:
        line = textwrap.fill(
            line,
            max(screen.columns, 20),
            subsequent_indent=" " * (21 if screen.columns >= 60 else 2),
            break_long_words=False,
            break_on_hyphens=False,
        )
    rest = line.removeprefix(finding.status)
    return screen.styled(finding.status, _COLOURS.get(finding.status, "2")) + rest + "\n"


def _as_json(findings: list[Finding]) -> tuple[int, str]:
    code = _code(findings)
    document = {"ok": code == 0, "checks": [_as_dict(finding) for finding in findings]}
    return code, json.dumps(document, indent=2).replace("\x7f", r"\u007f") + "\n"


def _as_dict(finding: Finding) -> dict[str, str]:
    return {
        "check": finding.check,
        "status": finding.status,
        "text": finding.text,
        "advice": finding.advice,
    }


def _code(findings: Iterable[Finding]) -> int:
    return next((finding.code for finding in findings if finding.status == FAILED), 0)
