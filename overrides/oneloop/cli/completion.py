"""`oneloop completion`: what a shell needs to complete the command."""

from __future__ import annotations

from typing import Any

from oneloop.cli.failures import EXIT_CODES
from oneloop.errors import ConfigurationError, missing_extra

SHELLS = ("bash", "zsh", "tcsh", "fish")

EPILOG = """\
examples:
  eval "$(oneloop completion bash)"          # in ~/.bashrc
  oneloop completion zsh > ~/.zsh/_oneloop   # and fpath+=~/.zsh before compinit
  oneloop completion tcsh > ~/.oneloop.csh   # and source it in ~/.tcshrc
  oneloop completion fish > ~/.config/fish/completions/oneloop.fish

It needs the extra: pip install 'oneloop-api-client[cli]'

"""


def add(commands: Any) -> None:
    """Add the command to those there are."""
    parser = commands.add_parser(
        "completion",
        help="print what makes a shell complete commands and options",
        description="Print the script that makes a shell complete commands, options and files.",
        epilog=EPILOG + EXIT_CODES,
    )
    parser.add_argument("shell", choices=SHELLS, help="whose script")
    parser.set_defaults(run=_run)


def _run(options: Any) -> tuple[int, str]:
    from oneloop.cli import parser  # noqa: PLC0415 - which has this command

    try:
        import shtab  # noqa: PLC0415 - an extra
    except ImportError:
        raise missing_extra("shtab", "cli") from None
    if options.shell not in shtab.SUPPORTED_SHELLS:
        raise ConfigurationError(f"this shtab has no {options.shell}: pip install --upgrade shtab")
    whole = parser()
    for each in whole.commands.values():
        for action in each.files:
            action.complete = shtab.FILE  # type: ignore[attr-defined]
    return 0, shtab.complete(whole, shell=options.shell)
