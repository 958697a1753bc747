"""Every reason for which a run can stop, each with its exit code.

CodegenError
 ├─ SourceError      3  the spec can't be read, isn't OpenAPI, or breaks a limit
 ├─ OverlayError     4  overrides/overlay.yaml itself is wrong
 ├─ FactsError       5  upstream no longer is what an override or `only` relies on
 ├─ GenerationError  6  the generator failed, dropped or ignored something, or took another library
 ├─ DriftError       7  what is checked in isn't what the spec gives
 ├─ CheckoutError    8  the checkout isn't fit to be changed: a run would lose something
 └─ BusyError        9  another run is at work
"""

from __future__ import annotations


class CodegenError(Exception):
    """A run stopped for a reason that its message tells the maintainer in full."""

    exit_code = 1
    notes: tuple[str, ...] = ()
    """What a person should know of the source beside it."""


class SourceError(CodegenError):
    """The spec can't be read, isn't OpenAPI, or breaks a limit."""

    exit_code = 3


class OverlayError(CodegenError):
    """The overlay document itself is wrong."""

    exit_code = 4


class FactsError(CodegenError):
    """Upstream no longer is what an override or `only` relies on."""

    exit_code = 5


class GenerationError(CodegenError):
    """The generator failed, dropped or ignored something, or took another library."""

    exit_code = 6


class DriftError(CodegenError):
    """What is checked in isn't what the spec gives."""

    exit_code = 7


class CheckoutError(CodegenError):
    """The checkout isn't fit to be changed: a run would lose something, or miss its place."""

    exit_code = 8


class BusyError(CodegenError):
    """Another run is at work."""

    exit_code = 9
