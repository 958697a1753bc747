"""The command line behind generate.sh."""

from __future__ import annotations

import argparse
import gc
import sys
from dataclasses import replace

from codegen import against, run
from codegen.checkout import Checkout
from codegen.errors import CodegenError, GenerationError, SourceError
from codegen.options import parsed
from codegen.report import Report


def main(arguments: list[str] | None = None, place: Checkout | None = None) -> int:
    """Run generate.sh's command line on a checkout, by default this one; return its exit code."""
    options = parsed(arguments)
    try:
        report = _run(options, replace(place or Checkout(), told_only=options.only))
    except CodegenError as stop:
        report = Report(options.spec, stop=stop, notes=stop.notes)
    except RecursionError:
        endless = SourceError("the spec's schemas contain themselves without end")
        report = Report(options.spec, stop=endless)
    if options.report:
        options.report.write_text(report.markdown(), encoding="utf-8")
    if options.json:
        sys.stdout.write(report.json())
    elif report.verdict and (options.spec or report.verdict != "none"):
        sys.stdout.write(report.markdown())
    if report.stop:
        sys.stderr.write(f"generate.sh: {report.stop}\n")
        if report.outlook:
            sys.stderr.write(f"\n{report.outlook}\n")
        for warning in report.warnings:
            sys.stderr.write(f"\nWarning: {warning}\n")
        return report.stop.exit_code
    return GenerationError.exit_code if report.unbuilt else 0


def _run(options: argparse.Namespace, place: Checkout) -> Report:
    if options.check:
        return run.check(place)
    if options.against:
        return against.compare(place, options.against, options.spec)
    return run.regenerate(place, options.spec, dry=options.dry_run, force=options.force)


if __name__ == "__main__":
    # What a run makes lives to its end: looking through it again and again is a third of the time.
    gc.set_threshold(100_000, 50, 100)
    raise SystemExit(main())
