"""The checkout: where things are, and how what is checked in differs from what was generated."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from codegen.errors import CheckoutError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT: Final = Path(__file__).resolve().parents[1]
MANIFEST: Final = "MANIFEST.sha256"
_TABLE: Final = re.compile(r"(^\[tool\.codegen\][^\n]*\n(?:(?!\[)[^\n]*\n)*)", re.MULTILINE)
_ONLY: Final = re.compile(
    r"""^only *= *\[(?:[^]"'#]|"(?:\\.|[^"\\])*"|'[^'\n]*'|\#[^\n]*)*\][^\n]*\n""", re.MULTILINE
)


@dataclass(frozen=True)
class Audience:
    """What the product's users hold: the names that reports and README.md call it by."""

    package: str
    """The generated package."""
    layer: str | None = None
    """The hand-written package above it."""
    methods: str | None = None
    """The object whose methods the operations are, as users write it."""


@dataclass(frozen=True)
class Checkout:
    """The places in one clone that a run reads and writes."""

    root: Path = ROOT
    told_only: Sequence[str] | None = None
    """What this run was told in place of pyproject.toml's `only`."""

    @property
    def spec(self) -> Path:
        """The vendor's spec as published."""
        return self.root / "openapi.yaml"

    @property
    def overlay(self) -> Path:
        """Our corrections of it."""
        return self.root / "overrides" / "overlay.yaml"

    @property
    def config(self) -> Path:
        """The generator's own configuration."""
        return self.root / "overrides" / "generator.yaml"

    @property
    def templates(self) -> Path:
        """More templates for the generator: modules beside its own, parts in place of its own."""
        return self.root / "overrides" / "templates"

    @property
    def generated(self) -> Path:
        """The source root that holds nothing but the generated package."""
        return self.root / "generated_client"

    @property
    def package(self) -> Path:
        """The generated package."""
        return self.generated / self.package_name

    @property
    def package_name(self) -> str:
        """What the project calls its generated package."""
        return self.audience.package

    @property
    def audience(self) -> Audience:
        """What the project's users hold, as pyproject.toml says."""
        table = self._table()
        name = table.get("package")
        if not (isinstance(name, str) and name.isidentifier()):
            raise CheckoutError('pyproject.toml: [tool.codegen] needs package = "a_python_name"')
        return Audience(name, table.get("layer"), table.get("methods"))

    @property
    def only(self) -> Sequence[str] | None:
        """The operations that the project wants, as `GET /x`; None for all."""
        if self.told_only:
            return self.told_only
        only = self._table().get("only")
        if only is not None and not (
            isinstance(only, list) and only and all(isinstance(it, str) for it in only)
        ):
            raise CheckoutError('pyproject.toml: [tool.codegen]: `only` is a list like ["GET /x"]')
        return only

    def _table(self) -> dict[str, Any]:
        table = self.project().get("tool", {}).get("codegen", {})
        return table if isinstance(table, dict) else {}

    def project(self) -> dict[str, Any]:
        """Return what pyproject.toml says."""
        try:
            return tomllib.loads(self.pyproject.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CheckoutError(f"pyproject.toml: {error}") from None

    @property
    def pyproject(self) -> Path:
        """Where the project's version and the generated package's name are."""
        return self.root / "pyproject.toml"

    @property
    def changelog(self) -> Path:
        """Where users read what changed."""
        return self.root / "CHANGELOG.md"

    @property
    def readme(self) -> Path:
        """Where users read which operations there are."""
        return self.root / "README.md"

    @property
    def workplace(self) -> Path:
        """Where a run prepares what is new; git ignores it."""
        return self.root / ".codegen"

    def relative(self, path: Path) -> str:
        """Return `path` as it is called in messages."""
        return path.relative_to(self.root).as_posix()


def drift(checkout: Checkout, fresh: Path) -> list[str]:
    """Say how the checkout differs from the source root `fresh`, and what to do about it."""
    if changed := list(_changed_inputs(checkout)):
        return changed
    here, there = _files(checkout.generated), _files(fresh)
    faults = dict.fromkeys(there.keys() - here.keys(), "missing")
    for name, content in here.items():
        if content != there.get(name):
            how = "edited by hand" if name in there else "not generated"
            faults[name] = f"{how}; own code belongs in overrides/"
    home = checkout.relative(checkout.generated)
    return [
        f"{home}/{name}: {fault}: ./generate.sh --force restores it"
        for name, fault in sorted(faults.items())
    ]


def hand_made(checkout: Checkout, fresh: Path) -> list[str]:
    """Return the files that a swap with `fresh` would lose: no run has written them as they are."""
    here, there = _files(checkout.generated), _files(fresh)
    written = {
        name: digest
        for digest, _, name in (
            line.partition("  ") for line in here.get(MANIFEST, b"").decode().splitlines()
        )
    }
    return [
        checkout.relative(checkout.generated / name)
        for name, content in sorted(here.items())
        if name != MANIFEST
        and content != there.get(name)
        and hashlib.sha256(content).hexdigest() != written.get(name)
    ]


def with_only(project: str, only: Sequence[str]) -> str:
    """Return the text of a pyproject.toml with `only` in its [tool.codegen]."""
    entries = "".join(f"  {json.dumps(entry, ensure_ascii=False)},\n" for entry in only)
    before, table, after = _TABLE.split(project, 1) if _TABLE.search(project) else (project, "", "")
    text = f"{before}{_ONLY.sub('', table).rstrip()}\nonly = [\n{entries}]\n\n{after}"
    try:
        if table and tomllib.loads(text)["tool"]["codegen"]["only"] == list(only):
            return text if after else text.rstrip() + "\n"
    except ValueError:
        pass
    raise CheckoutError("pyproject.toml: no place for `only` in [tool.codegen]: say it by hand")


def write_manifest(source_root: Path) -> None:
    """Note what was generated, for `sha256sum --check` and for the next run."""
    lines = [
        f"{hashlib.sha256(content).hexdigest()}  {name}\n"
        for name, content in sorted(_files(source_root).items())
    ]
    manifest = source_root / MANIFEST
    manifest.write_text("".join(lines), encoding="utf-8")
    manifest.chmod(0o644)
    source_root.chmod(0o755)


def _changed_inputs(checkout: Checkout) -> Iterator[str]:
    """Yield the inputs whose hash isn't the one that the checked-in package was made from."""
    module = checkout.package / "spec.py"
    text = module.read_text(encoding="utf-8") if module.is_file() else ""
    for name, path in (("SPEC_SHA256", checkout.spec), ("OVERLAY_SHA256", checkout.overlay)):
        recorded = re.search(name + r': Final = \(?\s*"([0-9a-f]{64})"', text)
        if recorded and recorded[1] != hashlib.sha256(path.read_bytes()).hexdigest():
            yield (
                f"{checkout.relative(path)}: changed since generated_client/ was made from it:"
                " run ./generate.sh, or restore the file"
            )


def _files(folder: Path) -> dict[str, bytes]:
    """Return every file below `folder` but Python's caches; a link counts as its target's name."""
    return {
        path.relative_to(folder).as_posix(): (
            b"link to " + str(path.readlink()).encode() if path.is_symlink() else path.read_bytes()
        )
        for path in folder.rglob("*")
        if "__pycache__" not in path.parts and (path.is_symlink() or path.is_file())
    }
