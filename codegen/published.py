"""Which operations a spec gained or lost as it is published, taken or not: for scripts/watch.

    python -m codegen.published OLD NEW REPORT

prints that as Markdown, without what the run's report in JSON has told already, and nothing where
nothing is left. The client may not take an operation that is new; it is news all the same.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from codegen.errors import CodegenError
from codegen.spec.document import load
from codegen.spec.operations import METHODS, with_items_in_place
from codegen.spec.words import first

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codegen.spec.document import Json

_MOST: Final = 100


def news(before: Json, after: Json, told: Iterable[str] = ()) -> str:
    """Return in Markdown what `after` has and `before` hasn't, and the reverse, but for `told`."""
    old, new = _operations(before).difference(told), _operations(after).difference(told)
    return _section("The vendor now publishes", new - old) + _section(
        "The vendor no longer publishes", old - new
    )


def _operations(document: Json) -> set[str]:
    """Return the operations of a spec that may not be valid, each with method and path."""
    document = with_items_in_place(document)
    paths = document.get("paths") if isinstance(document, dict) else None
    return {
        f"{method.upper()} {path}"
        for path, item in (paths.items() if isinstance(paths, dict) else ())
        for method in (METHODS if isinstance(item, dict) else ())
        if method in item
    }


def _section(title: str, found: Iterable[str]) -> str:
    shown = [f"`{ascii(each)[1:-1].replace('`', '')[:200]}`" for each in sorted(found)]
    if not shown:
        return ""
    lines = [f"- {line}" for line in first(shown, _MOST)]
    return "\n".join(["", f"## {title}", "", *lines, ""])


def main(old: str, new: str, report: str) -> int:
    """Print the news of two files; return the exit code."""
    try:
        before, after = (load(Path(file).read_text("utf-8"), file) for file in (old, new))
        changes = json.loads(Path(report).read_text("utf-8"))["changes"]
        sys.stdout.write(news(before, after, [change["where"] for change in changes]))
    except (CodegenError, OSError, UnicodeDecodeError) as error:
        sys.stderr.write(f"{error}\n")
        return 3
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
