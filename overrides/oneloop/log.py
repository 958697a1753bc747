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


def set_up() -> None:
    """Send the log to stderr where `ONELOOP_LOG` is `debug` or `info`.

    Raises:
        ConfigurationError: it is something else.
    """
    logger = logging.getLogger("oneloop")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    wanted = os.environ.get(LEVEL_VARIABLE, "").lower()
    if not wanted:
        return
    if wanted not in _LEVELS:
        raise ConfigurationError(f"{LEVEL_VARIABLE} is neither 'debug' nor 'info'")
    logger.setLevel(_LEVELS[wanted])
    if not any(isinstance(handler, logging.StreamHandler) for handler in logger.handlers):
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
        logger.addHandler(handler)
