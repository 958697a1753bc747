"""`oneloop profiles`: which profiles there are, by name; their keys are never shown."""

from __future__ import annotations

from typing import Any

from oneloop.cli import profile_file
from oneloop.cli.failures import EXIT_CODES
from oneloop.cli.screen import aligned
from oneloop.errors import escaped

EPILOG = f"""\
A profile is a key, and where it is taken, in a file that nobody else can read:

{"".join(f"    {line}".rstrip() + chr(10) for line in profile_file.EXAMPLE.splitlines())}
Where the file belongs depends on the system: oneloop profiles --path says it.
As with ssh, the file has to be yours and of mode 600. On Windows that isn't
checked: a folder of settings is its user's there.

Which key is used, as with aws and gh:
  1. that of the profile that --profile names
  2. ONELOOP_API_KEY
  3. that of the profile that ONELOOP_PROFILE names
A profile's key goes to the profile's base_url, or to the API's own address:
never to where ONELOOP_BASE_URL points. No flag takes a key: other users of a
machine see the command lines.

examples:
  oneloop profiles
  oneloop usage bid_acme --profile acme
  ONELOOP_PROFILE=staging oneloop doctor

"""


def add(commands: Any) -> None:
    """Add the command to those there are."""
    parser = commands.add_parser(
        "profiles",
        help="list the accounts whose keys are in a file",
        description="List the profiles by name, and where their keys are taken.",
        epilog=EPILOG + EXIT_CODES,
    )
    parser.add_argument("--path", action="store_true", help="say where the file belongs instead")
    parser.set_defaults(run=_run)


def _run(options: Any) -> tuple[int, str]:
    file = profile_file.path()
    if options.path:
        return 0, f"{escaped(str(file))}\n"
    found = profile_file.profiles(file)
    rows = [("profile", "base_url")]
    rows += [(name, each.base_url or "-") for name, each in found.items()]
    return 0, aligned(rows)
