"""The client as it would be if its package were generated from another spec."""

from __future__ import annotations

import contextlib
import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import codegen

TEMPLATES = Path(__file__).parents[1] / "overrides" / "templates"


def generate(spec: Any, folder: Path) -> Path:
    """Generate the package of a spec, a document or a file, and return what goes on `sys.path`."""
    folder.mkdir(parents=True, exist_ok=True)
    file = spec
    if not isinstance(spec, Path):
        file = folder / "spec.json"
        file.write_text(json.dumps(spec), encoding="utf-8")
    codegen.generate(file, None, folder / "oneloop_api_client", templates=TEMPLATES)
    return folder


@contextlib.contextmanager
def imported(source_root: Path) -> Iterator[ModuleType]:
    """Import a second `oneloop`, on the generated package in `source_root`, and give it out."""
    ours = {name: module for name, module in sys.modules.items() if _is_ours(name)}
    for name in ours:
        del sys.modules[name]
    sys.path.insert(0, str(source_root))
    importlib.invalidate_caches()
    try:
        yield importlib.import_module("oneloop")
    finally:
        sys.path.remove(str(source_root))
        for name in [name for name in sys.modules if _is_ours(name)]:
            del sys.modules[name]
        sys.modules.update(ours)


def _is_ours(name: str) -> bool:
    return name.partition(".")[0] in ("oneloop", "oneloop_api_client")
