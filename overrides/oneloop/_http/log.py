"""The `oneloop` logger: silent unless the program, or `ONELOOP_LOG`, says otherwise.

INFO says of each try: method, path template, status, attempt, milliseconds. DEBUG adds the path,
ids included. No level shows a key or a body.
"""

from __future__ import annotations

import logging
import os

from oneloop._http.hooks import TryEvent
from oneloop.errors import ConfigurationError

LEVEL_VARIABLE = "ONELOOP_LOG"

_LEVELS = ("debug", "info", "warning", "error", "critical")
_logger = logging.getLogger("oneloop")


def set_up() -> None:
    """Send the log to stderr where `ONELOOP_LOG` is a level of logging's, in any case.

    Raises:
        ConfigurationError: it is something else.
    """
    if not _logger.handlers:
        _logger.addHandler(logging.NullHandler())
    wanted = os.environ.get(LEVEL_VARIABLE, "")
    if not wanted:
        return
    level = logging.getLevelNamesMapping().get(wanted.upper())
    if level is None:
        raise ConfigurationError(f"{LEVEL_VARIABLE} is none of {', '.join(_LEVELS)}")
    _logger.setLevel(level)
    if not any(isinstance(handler, logging.StreamHandler) for handler in _logger.handlers):
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
        _logger.addHandler(handler)


def is_on() -> bool:
    """Whether anybody reads of tries."""
    return _logger.isEnabledFor(logging.INFO)


def tried(event: TryEvent) -> None:
    """Say how one try ended."""
    template = event.template or "(a path that isn't in the spec)"
    outcome = event.status_code or f"no answer, {event.error_type}"
    milliseconds = (event.elapsed or 0) * 1000
    _logger.info(
        "%s %s: %s (try %d, %.0f ms)", event.method, template, outcome, event.number, milliseconds
    )
    _logger.debug("the path was %s", event.path)
