"""The `oneloop` logger: silent unless the program, or `ONELOOP_LOG`, says otherwise.

INFO says of each try: method, path template, status, attempt, milliseconds. DEBUG adds the path,
ids included. No level shows a key or a body.
"""

from __future__ import annotations

import logging
import os

from oneloop.errors import ConfigurationError

LEVEL_VARIABLE = "ONELOOP_LOG"

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO}
_logger = logging.getLogger("oneloop")


def set_up() -> None:
    """Send the log to stderr where `ONELOOP_LOG` is `debug` or `info`.

    Raises:
        ConfigurationError: it is something else.
    """
    if not _logger.handlers:
        _logger.addHandler(logging.NullHandler())
    wanted = os.environ.get(LEVEL_VARIABLE, "").lower()
    if not wanted:
        return
    if wanted not in _LEVELS:
        raise ConfigurationError(f"{LEVEL_VARIABLE} is neither 'debug' nor 'info'")
    _logger.setLevel(_LEVELS[wanted])
    if not any(isinstance(handler, logging.StreamHandler) for handler in _logger.handlers):
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
        _logger.addHandler(handler)


def tried(template: str, path: str, outcome: str, number: int, seconds: float) -> None:
    """Say how one try ended.

    Args:
        template: the method, and the path as the spec has it.
        path: the path as it was sent.
        outcome: the status, or what came instead of one.
        number: of the try, from 1.
        seconds: how long it took.
    """
    if _logger.isEnabledFor(logging.INFO):
        _logger.info("%s: %s (try %d, %.0f ms)", template, outcome, number, seconds * 1000)
        _logger.debug("the path was %s", path)
