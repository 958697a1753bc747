"""From one effective spec to one package: openapi-python-client, alone in a folder.

openapi-python-client runs in this process, so that what it drops and which of its settings it
uses can be asked rather than guessed from its output.
"""

from __future__ import annotations

import contextlib
import functools
import io
import re
from typing import TYPE_CHECKING, Final, NamedTuple

import openapi_python_client as generator
from jinja2 import ChoiceLoader, PackageLoader, PrefixLoader
from openapi_python_client.parser import GeneratorData
from openapi_python_client.parser.errors import ErrorLevel, GeneratorError

from codegen.errors import GenerationError
from codegen.make import checks, discriminators, inspection, methods, provenance, style, workarounds
from codegen.make.calls import calls
from codegen.make.settings import Settings
from codegen.spec.document import canonical

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from openapi_python_client.config import Config

    from codegen.make.calls import Call
    from codegen.make.provenance import Provenance
    from codegen.spec.document import Json

GENERATOR_VERSION: Final = generator.__version__
# What templates of ours call.
_READING: Final = "reading import best as _best, whole as _whole"


class Package(NamedTuple):
    """A generated package: its folder, the effective spec, and its operations.

    `left_out` is what the generator left out of them, such as a media type it can't read;
    `warnings` what the spec says that nobody can hold to; `unwanted` the operations that were left
    out before, since nobody wants them.
    """

    folder: Path
    document: Json
    left_out: list[str]
    calls: list[Call]
    warnings: list[str]
    unwanted: list[str]


def write_package(
    document: Json,
    made_from: Provenance,
    folder: Path,
    config: Path | None,
    templates: Path | None,
) -> Package:
    """Write the package for the effective spec `document` into `folder`, which isn't there yet.

    `config` is the generator's configuration; `templates` a folder with more of its templates: each
    becomes a module, but for those in its folders, which stand in place of the generator's.
    """
    settings = Settings(config, workarounds.aliases(document))
    readable, spared = workarounds.readable(document)
    left_out = _generate(readable, settings.config(folder), folder, templates)
    settings.require_used()
    (folder / "py.typed").touch()
    (folder / "openapi.json").write_text(canonical(document), encoding="utf-8")
    (folder / "spec.py").write_text(provenance.module(document, made_from), encoding="utf-8")
    with inspection.importing(folder) as unimportable:
        modules = inspection.parsed(folder)
        checks.require_whole(readable, folder.name, modules, settings.media_types, left_out)
        called = calls(document, modules)
        del modules  # the largest of all that a run holds
        broken = unimportable()
    style.format_package(folder)
    checks.require_importable(broken)
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return Package(folder, document, [*spared, *left_out], called, [], [])


def _generate(document: Json, config: Config, folder: Path, templates: Path | None) -> list[str]:
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            with workarounds.sharing_models():
                data = GeneratorData.from_dict(document, config=config)
            if isinstance(data, GeneratorError):
                raise _failure([data])
            workarounds.import_unset(data)
            project = _project(document, data, config, templates)
            errors = project.build()
            if templates:
                _add_modules(project, folder, templates)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise GenerationError(f"openapi-python-client raised {error!r:.500}") from None
    if fatal := [error for error in errors if error.level is ErrorLevel.ERROR]:
        raise _failure(fatal)
    return [_words(error) for error in errors]


def _project(
    document: Json, data: GeneratorData, config: Config, templates: Path | None
) -> generator.Project:
    project = generator.Project(openapi=data, config=config, custom_template_path=templates)
    loader = project.env.loader
    if templates and loader:
        # So that a template of ours can take parts of the generator's of the same name.
        own = PrefixLoader({"generator": PackageLoader(generator.__name__)})
        project.env.loader = ChoiceLoader([loader, own])
        project.env.globals["discriminators"] = functools.partial(
            discriminators.of_union,
            known=discriminators.discriminators(document),
            classes={f"#{it.name.get_untrusted_value()}": it.class_info.name for it in data.models},
        )
        for model in data.models:
            imports = model.relative_imports or set()
            model.set_relative_imports(imports | {f"from ..{_READING}"})
        for collection in data.endpoint_collections_by_tag.values():
            for endpoint in collection.endpoints:
                endpoint.relative_imports.add(f"from ...{_READING}")
    return project


def _add_modules(project: generator.Project, folder: Path, templates: Path) -> None:
    """Render each of `templates` into a module of the package."""
    client = inspection.parsed_module(folder / "client.py")
    made = methods.methods(
        project.openapi.endpoint_collections_by_tag,
        project.config.field_prefix,
        inspection.members(client, "AuthenticatedClient"),
    )
    imports = {line for it in made for line in it.endpoint.relative_imports}
    imports.discard(f"from ...{_READING}")
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


def _failure(errors: Sequence[GeneratorError]) -> GenerationError:
    return GenerationError("openapi-python-client failed: " + "; ".join(map(_words, errors)))


def _words(error: GeneratorError) -> str:
    """Return an error in one line, without the memory addresses that some have."""
    words = f"{error.header.removeprefix('WARNING ')} {error.detail or ''}"
    return re.sub(r"<\S+ object at 0x[0-9a-f]+>", "…", " ".join(words.split()))[:500]
