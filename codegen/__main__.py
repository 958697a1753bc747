"""The command line behind generate.sh."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from codegen import build, swap
from codegen.checkout import PACKAGE, Checkout, drift
from codegen.errors import CodegenError, DriftError


def main(arguments: list[str] | None = None) -> int:
    """Run generate.sh's command line and return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        _check(Checkout()) if options.check else _regenerate(Checkout())
    except CodegenError as error:
        sys.stderr.write(f"generate.sh: {error}\n")
        return error.exit_code
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="generate.sh", description="Regenerate generated_client/."
    )
    parser.add_argument("--check", action="store_true", help="change nothing; fail on drift")
    return parser


def _check(checkout: Checkout) -> None:
    with tempfile.TemporaryDirectory() as folder:
        if problems := drift(checkout, _fresh(checkout, Path(folder))):
            raise DriftError(
                "\n  ".join(["generated_client/ is not what the spec gives:", *problems])
            )


def _regenerate(checkout: Checkout) -> None:
    with swap.Staging(checkout) as staging:
        fresh = _fresh(checkout, staging.folder)
        if drift(checkout, fresh):
            staging.install(fresh)


def _fresh(checkout: Checkout, folder: Path) -> Path:
    """Generate a whole source root from what is checked in."""
    upstream = build.Upstream.read(checkout.spec.read_bytes(), checkout.spec.name)
    build.package(upstream, checkout.overlay, folder / "fresh" / PACKAGE, checkout.config)
    return folder / "fresh"


if __name__ == "__main__":
    raise SystemExit(main())
