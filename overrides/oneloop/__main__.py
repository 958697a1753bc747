"""The `oneloop` command as `python -m oneloop`."""

from oneloop.cli import main

main()
