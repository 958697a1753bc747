"""Where usage is printed: stdout, or a file that is in its place once all of it is right."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
import sys
from collections.abc import Iterator
from typing import Any

from oneloop.cli.screen import Screen, screen_of
from oneloop.cli.streams import say
from oneloop.cli.writer import Writer
from oneloop.errors import MAX_EXCERPT, ConfigurationError, escaped


class OutputError(Exception):
    """Nothing more can be written; that was said, if it is worth a word."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Output:
    """Takes text, and writes it at once.

    Args:
        writer: writes it.
        screen: what it is written to.
    """

    def __init__(self, writer: Writer, screen: Screen) -> None:
        self._writer = writer
        self.screen = screen
        self.is_lost: bool = False

    @property
    def is_begun(self) -> bool:
        """Whether anything is written."""
        return self._writer.is_begun

    def write(self, text: str) -> None:
        """Write the text.

        Raises:
            OutputError: it can't be written, or nobody reads it.
        """
        try:
            self._writer.write(text)
        except OSError as error:
            self.is_lost = True
            if isinstance(error, BrokenPipeError):  # `head`, for one, has what it wanted
                raise OutputError(0) from None
            say(f"oneloop: can't write the output: {error.strerror}\n")
            raise OutputError(1) from None

    def finish(self, *, is_whole: bool) -> None:
        """Say whether all that was to be written is."""

    def close(self) -> None:
        """Write no more."""
        self._writer.close()


class FileOutput(Output):
    """A file that is replaced when all is right.

    Args:
        file: what is written meanwhile.
        name: its name.
        target: where it belongs.
    """

    def __init__(self, file: Any, name: str, target: str) -> None:
        super().__init__(Writer(file, "utf-8"), Screen())
        self._file = file
        self._name = name
        self._target = target

    def finish(self, *, is_whole: bool) -> None:
        """Put the file into its place; as FILE.part if it isn't all.

        Raises:
            OutputError: it can't be put there.
        """
        if self.is_lost or not self.is_begun:
            return
        place = self._target if is_whole else f"{self._target}.part"
        try:
            os.fsync(self._file.fileno())
            self._file.close()  # Windows renames no open file
            os.replace(self._name, place)  # noqa: PTH105
        except OSError as error:
            say(f"oneloop: {escaped(place)}: can't be written: {error.strerror}\n")
            raise OutputError(1) from None
        if not is_whole:
            shown = escaped(self._target)
            say(f"oneloop: {shown} is as it was: what came is in {shown}.part\n")


@contextlib.contextmanager
def output(name: str | None, *, encoding: str | None) -> Iterator[Output]:
    """Give the output: to stdout for None or `-`, else to a file.

    Args:
        name: the file's.
        encoding: of what goes to stdout, where that is no terminal; None for its own.

    Raises:
        ConfigurationError: nothing can be written there.
    """
    with contextlib.ExitStack() as stack:
        made = _stdout(encoding) if name in (None, "-") else _file(str(name), stack)
        stack.callback(made.close)
        yield made


def _stdout(encoding: str | None) -> Output:
    screen = screen_of(sys.stdout)
    used = sys.stdout.encoding if screen.is_terminal or encoding is None else encoding
    return Output(Writer(sys.stdout, used), screen)


def _file(name: str, stack: contextlib.ExitStack) -> Output:
    try:
        return _opened(name, stack)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "no such name"
    shown = escaped(name[:MAX_EXCERPT])
    raise ConfigurationError(f"--output {shown}: can't be written: {why}")


def _opened(named: str, stack: contextlib.ExitStack) -> Output:
    """Return the output to a file, which the stack closes, and takes away where it isn't needed."""
    mode = _mode(named)
    if mode is not None and not stat.S_ISREG(mode):  # a device or a pipe has no place beside it
        device = stack.enter_context(open(named, "wb", buffering=0))  # noqa: PTH123, SIM115
        return Output(Writer(device, "utf-8"), Screen())
    target = os.path.realpath(named)
    name = f"{target}.{secrets.token_hex(4)}.part"
    stack.callback(_removed, name)
    file = stack.enter_context(open(name, "xb", buffering=0))  # noqa: PTH123, SIM115
    if mode is not None:
        os.chmod(name, stat.S_IMODE(mode))  # noqa: PTH101
    return FileOutput(file, name, target)


def _mode(named: str) -> int | None:
    """Return type and mode of what is there; None for nothing, perhaps at the end of a link."""
    if not named:  # such as "$UNSET": the folder's own name would be taken for it
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    try:
        return os.stat(named).st_mode  # noqa: PTH116
    except FileNotFoundError:  # and no other: links in a circle lead nowhere
        return None


def _removed(name: str) -> None:
    with contextlib.suppress(OSError):
        os.remove(name)  # noqa: PTH107
