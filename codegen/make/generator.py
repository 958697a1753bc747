"""From one effective spec to one package: openapi-python-client and ruff, alone in a folder.

openapi-python-client runs in this process, so that what it drops and which of its settings it
uses can be asked rather than guessed from its output.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import openapi_python_client as generator
from openapi_python_client.config import ClassOverride, Config, ConfigFile, MetaType
from openapi_python_client.parser import GeneratorData
from openapi_python_client.parser.errors import ErrorLevel, GeneratorError
from pydantic import ValidationError

from codegen.errors import GenerationError
from codegen.make import inspection, methods, provenance, successes, workarounds
from codegen.spec import proposals
from codegen.spec.document import canonical, load

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from codegen.make.provenance import Provenance
    from codegen.spec.document import Json

_T = TypeVar("_T")

GENERATOR_VERSION: Final = generator.__version__

# --isolated and --no-respect-gitignore: nothing in or above the folder has a say.
_RUFF: Final = (
    "--isolated",
    "--no-cache",
    "--quiet",
    "--line-length=100",
    "--no-respect-gitignore",
    "--target-version=py311",
)


# ruff's rules for a name that is defined nowhere, or again.
_BROKEN: Final = {"F811", "F821", "F822", "F823"}


class _Overrides(dict[str, _T]):
    """One of the generator's mappings of overrides, remembering which of them it used."""

    def __init__(self, overrides: dict[str, _T]) -> None:
        super().__init__(overrides)
        self.unused = set(overrides)

    def get(self, key: str, default: Any = None) -> Any:
        """Return the override of `key`, now used."""
        self.unused.discard(key)
        return super().get(key, default)


def write_package(
    document: Json,
    made_from: Provenance,
    folder: Path,
    config: Path | None,
    templates: Path | None,
) -> list[str]:
    """Write the package for the effective spec `document` into `folder`, which isn't there yet.

    `config` is the generator's configuration; `templates` a folder with more of its templates,
    each of which becomes a module.

    Returns what the generator left out of operations that it did generate, such as a media type
    it can't read.
    """
    settings = _settings(config)
    classes = _Overrides(settings.class_overrides or {})
    own = settings.content_type_overrides or {}
    media_types = _Overrides(workarounds.aliases(document) | own)
    generators = Config.from_sources(
        settings.model_copy(update={"post_hooks": []}),
        MetaType.NONE,
        document_source=Path("openapi.json"),
        file_encoding="utf-8",
        overwrite=False,
        output_path=folder,
    )
    generators.class_overrides, generators.content_type_overrides = classes, media_types
    left_out = _generate(document, folder, generators, templates)
    for key, what, unused in (
        ("class_overrides", "class", classes.unused),
        ("content_type_overrides", "media type", media_types.unused & own.keys()),
    ):
        if unused:
            raise GenerationError(
                f"{config and config.name}: {key} that match no {what} of the spec: "
                + ", ".join(sorted(unused))
            )
    _inspect(document, folder, media_types, left_out)
    (folder / "py.typed").touch()
    (folder / "openapi.json").write_text(canonical(document), encoding="utf-8")
    (folder / "spec.py").write_text(provenance.module(document, made_from), encoding="utf-8")
    _format(folder)
    _require_none(
        "generated modules don't import. An overlay action can leave out what they are written for"
        " (`remove: true` in overrides/overlay.yaml):",
        inspection.unimportable(folder),
    )
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return left_out


def _settings(path: Path | None) -> ConfigFile:
    if path is None:
        return ConfigFile()
    entries = load(path.read_text(encoding="utf-8"), path.name)
    if unknown := sorted(entries.keys() - ConfigFile.model_fields.keys()):
        raise GenerationError(f"{path.name}: unknown {', '.join(unknown)}")
    try:
        settings = ConfigFile(**entries)
    except ValidationError as error:
        raise GenerationError(f"{path.name}: {error}") from None
    for name, override in (entries.get("class_overrides") or {}).items():
        if unknown := sorted(override.keys() - ClassOverride.model_fields.keys()):
            raise GenerationError(
                f"{path.name}: class_overrides.{name}: unknown {', '.join(unknown)}"
            )
    return settings


def _generate(document: Json, folder: Path, config: Config, templates: Path | None) -> list[str]:
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            data = GeneratorData.from_dict(workarounds.readable(document), config=config)
            if isinstance(data, GeneratorError):
                raise _failure([data])
            workarounds.import_unset(data)
            project = generator.Project(openapi=data, config=config, custom_template_path=templates)
            errors = project.build()
            if templates:
                _add_modules(project, folder, templates)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise GenerationError(f"openapi-python-client raised {error!r:.500}") from None
    if fatal := [error for error in errors if error.level is ErrorLevel.ERROR]:
        raise _failure(fatal)
    return [_words(error) for error in errors]


def _add_modules(project: generator.Project, folder: Path, templates: Path) -> None:
    """Render each of `templates` into a module of the package."""
    client = inspection.parsed_module(folder / "client.py")
    made = methods.methods(
        project.openapi.endpoint_collections_by_tag,
        project.config.field_prefix,
        inspection.members(client, "AuthenticatedClient"),
    )
    imports = {line for it in made for line in it.endpoint.relative_imports}
    defaults = {line for it in made for line in it.imports_of_defaults}
    # Relative to a module of an operation, which is two folders further down.
    typing, needed = (
        sorted(line.replace("from ...", "from .") for line in lines)
        for lines in (imports - defaults, defaults)
    )
    for path in sorted(templates.glob("*.py.jinja")):
        template = project.env.get_template(path.name)
        text = template.render(methods=made, imports=needed, typing=typing)
        (folder / path.stem).write_text(text, encoding="utf-8")


def _inspect(
    document: Json, folder: Path, aliases: Mapping[str, str], left_out: Sequence[str]
) -> None:
    """Stop unless the package does what the spec says with what our code works with."""
    modules = inspection.parsed(folder)
    dropped = inspection.mismatches(document, modules)
    _require_none(
        "generated functions are not the spec's operations. In overrides/overlay.yaml, mend what"
        " the generator can't write, or leave it out on purpose (`remove: true`):",
        dropped,
        [*left_out, *proposals.leaving_out(document, dropped)],
    )
    _require_none(
        "two schemas became one module: name one otherwise, in class_overrides of"
        " overrides/generator.yaml:",
        inspection.missing_models(modules),
    )
    unread = successes.unread(document, modules, aliases, left_out)
    _require_none(
        "generated code doesn't read what the spec documents as a success. In"
        " overrides/overlay.yaml, mend the schema or leave the operation, the status or the media"
        " type out on purpose (`remove: true`); or name a media type that the generator reads"
        " instead, in content_type_overrides of overrides/generator.yaml:",
        unread,
        proposals.leaving_out(document, unread),
    )
    _require_none(
        "generated modules import a library that nothing here is made for: go back to the generator"
        " that didn't, or adapt our code to it and declare it in pyproject.toml and in"
        " codegen/make/inspection.py:",
        inspection.foreign_imports(folder.name, modules),
    )


def _require_none(headline: str, problems: Sequence[str], details: Sequence[str] = ()) -> None:
    if problems:
        raise GenerationError("\n  ".join([headline, *problems, *details]))


def _failure(errors: Sequence[GeneratorError]) -> GenerationError:
    return GenerationError("openapi-python-client failed: " + "; ".join(map(_words, errors)))


def _words(error: GeneratorError) -> str:
    """Return an error in one line, without the memory addresses that some have."""
    words = f"{error.header.removeprefix('WARNING ')} {error.detail or ''}"
    return re.sub(r"<\S+ object at 0x[0-9a-f]+>", "…", " ".join(words.split()))[:500]


def _format(folder: Path) -> None:
    """Sort and format the package's modules, and stop if one has a name not at all, or twice."""
    found = json.loads(
        _ruff(folder, "check", "--fix", "--exit-zero", "--select=F,I", "--output-format=json")
    )
    _require_none(
        "generated modules use names that they don't define, or define them twice. Name a model"
        " otherwise (class_overrides in overrides/generator.yaml), or leave out what they are made"
        " for (`remove: true` in overrides/overlay.yaml):",
        list(
            dict.fromkeys(
                f"{Path(it['filename']).relative_to(folder.resolve())}: {it['message']}"
                for it in found
                if it["code"] in _BROKEN
            )
        ),
    )
    _ruff(folder, "format")


def _ruff(folder: Path, *command: str) -> str:
    """Run ruff on the package's files, named one by one: it passes over some folder names."""
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*.py"))
    ruff = Path(sys.executable).with_name("ruff")
    try:
        run = subprocess.run(  # noqa: S603 - our own locked ruff
            [ruff, *command, *_RUFF, *files],
            cwd=folder,
            check=False,
            capture_output=True,
            text=True,
        )
    except OSError as error:
        raise GenerationError(f"the locked ruff doesn't run: {error}") from None
    if run.returncode:
        raise GenerationError(f"ruff {command[0]} failed: {run.stderr or run.stdout}")
    return run.stdout
