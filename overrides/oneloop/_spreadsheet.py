"""Texts that a spreadsheet doesn't take for formulas."""

from __future__ import annotations

import re
from typing import Final

_SIGNS: Final = "[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"
# Also behind a semicolon and on a new line: where the semicolon is Excel's separator, as in much of
# Europe, it splits a name there.
FORMULA: Final = f"(^|[;\n]){_SIGNS}"
"""Matches in a text with a formula, also as DuckDB matches."""
_BEGIN: Final = re.compile(f"(?:^|(?<=[;\n]))(?=\0|{_SIGNS})")


def safe(text: str) -> str:
    """Return the text with an apostrophe before all that a spreadsheet takes for a formula."""
    return _BEGIN.sub("'", text)
