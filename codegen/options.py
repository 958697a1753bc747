"""The command line of generate.sh, by the standard library alone: its help needs nothing set up."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

_DESCRIPTION: Final = "Regenerates generated_client/ from the vendor's spec, whole or not at all."
_EPILOG: Final = """\
sources:
  a file, an http(s) URL or - for standard input: OpenAPI 3.0 or 3.1 in YAML or JSON, or a Markdown
  page with the spec in a fence; several pages are merged into one spec
  a whole documentation site: the URL of its index, llms.txt, or a folder with a saved copy, with
  llms.txt in it or else just its pages. Taken are the specs that the index lists, else those that
  the pages' fences name, else the fences, merged; nothing of another origin, nor outside of the
  folder. What is left or can't be told is a warning; pages that contradict the spec stop the run

operations:
  --only generates the named ones alone; the list goes to [tool.codegen] of pyproject.toml, where it
  holds on later runs; another --only replaces it, and once it is deleted there all come back

exit codes:
  0  done, or nothing to do
  1  something else went wrong
  2  the command line is wrong
  3  a source can't be read, isn't valid OpenAPI, or contradicts another
  4  overrides/overlay.yaml is wrong
  5  upstream no longer is what an override relies on, or lacks an operation of --only
  6  the generator failed, dropped an operation, ignored a setting, or took another library; with
     --against, one of the specs can't be built, and only the specs were compared
  7  --check: what is checked in isn't what the spec gives
  8  the checkout isn't fit: generated_client/ was edited, or pyproject.toml or CHANGELOG.md lacks
     something
  9  another run is at work
"""


def parsed(arguments: list[str] | None = None) -> argparse.Namespace:
    """Return what a command line says, by default this process's; exits where it is wrong."""
    parser = _parser()
    options = parser.parse_args(arguments)
    others = (options.spec, options.report, options.json, options.force, options.only)
    if options.check and any(others):
        parser.error("--check goes alone")
    if options.against and options.only:
        parser.error("--against compares specs as published, all of them")
    if options.against and not options.spec:
        parser.error("--against needs --spec")
    return options


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="generate.sh",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="change nothing; fail on drift")
    mode.add_argument(
        "--dry-run", action="store_true", help="say what would change, change nothing"
    )
    parser.add_argument(
        "--spec", nargs="+", action="extend", default=[], metavar="SOURCE", help="take a new spec"
    )
    parser.add_argument(
        "--only",
        nargs="+",
        action="extend",
        metavar="OPERATION",
        help='generate these operations alone, such as "GET /x", now and later',
    )
    parser.add_argument(
        "--against",
        nargs="+",
        action="extend",
        metavar="SOURCE",
        help="only compare --spec with these sources, both as published; change nothing",
    )
    parser.add_argument("--report", type=Path, metavar="FILE", help="write the report as Markdown")
    parser.add_argument("--json", action="store_true", help="print the report as one JSON object")
    parser.add_argument(
        "--force", action="store_true", help="overwrite what was edited in generated_client/"
    )
    return parser


if __name__ == "__main__":
    parsed()
