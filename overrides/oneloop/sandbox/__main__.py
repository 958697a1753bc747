"""Serves the sandbox until Ctrl-C: `python -m oneloop.sandbox`."""

from __future__ import annotations

import argparse
import contextlib
import sys
import threading

from oneloop.sandbox import API_KEY, BILLING_IDS, Sandbox


def main() -> int:
    """Serve the Oneloop sandbox until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m oneloop.sandbox", description=main.__doc__)
    parser.add_argument("--port", type=int, default=8750, help="TCP port (default: %(default)s)")
    port: int = parser.parse_args().port
    try:
        sandbox = Sandbox(port)
    except (OSError, OverflowError, ValueError) as error:
        print(f"oneloop.sandbox: port {port}: {error}; see --port", file=sys.stderr)
        return 2
    with contextlib.suppress(KeyboardInterrupt), sandbox:
        print(f"export ONELOOP_BASE_URL={sandbox.url} ONELOOP_API_KEY={API_KEY}", flush=True)
        print(f"# operations: {sandbox.operations}; billing ids: {' '.join(BILLING_IDS)}")
        print("# Ctrl-C stops", flush=True)
        threading.Event().wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
