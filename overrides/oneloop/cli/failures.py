"""Errors as the command tells them: a line, and an exit code."""

from __future__ import annotations

from oneloop.cli.streams import say
from oneloop.errors import ResponseValidationError, escaped

EXIT_CODES = """\
exit codes:
  0    all went well
  1    the API refused, could not be reached, or the output can't be written
  2    the command line or the configuration is wrong
  3    an answer was not a usage answer: bill nothing from it
  130  interrupted
"""
OF_MANY = """\
Where some of several ids fail, the usage of the others is there all the same,
and the first failure gives the exit code. A refused key (401) stops the run: no
id behind it is asked for, but those under way.
"""


def fail(error: Exception) -> int:
    """Say the error in one line and return its exit code."""
    say(f"{as_line(error)}\n")
    return exit_code(error)


def as_line(error: Exception) -> str:
    """Return the error as a line."""
    return f"oneloop: {escaped(str(error))}"


def exit_code(error: Exception) -> int:
    """Return the exit code of an error."""
    if isinstance(error, ResponseValidationError):
        return 3
    return 2 if isinstance(error, ValueError | TypeError) else 1
