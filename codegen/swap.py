"""Putting a new package in the old one's place, whole."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

    from codegen.checkout import Checkout


class Staging:
    """A folder beside the checkout's own, on the same file system, that git never sees."""

    def __init__(self, checkout: Checkout) -> None:
        self._checkout = checkout
        home = checkout.root / ".codegen"
        home.mkdir(exist_ok=True)
        (home / ".gitignore").write_text("*\n", encoding="utf-8")
        self._temporary = tempfile.TemporaryDirectory(dir=home)
        self.folder = Path(self._temporary.name)

    def __enter__(self) -> Staging:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._temporary.cleanup()

    def install(self, fresh: Path) -> None:
        """Put the source root `fresh` in the place of generated_client/."""
        if self._checkout.generated.exists():
            self._checkout.generated.rename(self.folder / "old")
        fresh.rename(self._checkout.generated)
