"""openapi-python-client's own settings: read strictly, and each of them has to matter."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from openapi_python_client.config import ClassOverride, Config, ConfigFile, MetaType
from pydantic import ValidationError

from codegen.errors import GenerationError
from codegen.spec.document import load

if TYPE_CHECKING:
    from collections.abc import Mapping

_T = TypeVar("_T")

# The names of classes that the generator's modules and the templates have beside the spec's.
_TAKEN: Final = {
    *("Any", "BinaryIO", "BytesIO", "Generator", "HTTPStatus", "IntEnum", "Mapping", "StrEnum"),
    *("AuthenticatedClient", "Client", "File", "Response", "T", "TextIO", "TypeVar", "UNSET"),
    *("AsyncOperations", "AsyncRawOperations", "SyncOperations", "SyncRawOperations", "Unset"),
    # A model is read into a variable of its module's name, beside these.
    *("AdditionalProperties", "Cast", "Cls", "D", "PropDict", "PropName", "SrcDict"),
}


class Settings:
    """The settings in the file `path`, or none, beside `aliases` of media types.

    Raises GenerationError for a setting that the generator doesn't have.
    """

    def __init__(self, path: Path | None, aliases: Mapping[str, str]) -> None:
        self._name = path.name if path else ""
        self._file = _read(path) if path else ConfigFile()
        self._own = self._file.content_type_overrides or {}
        self._classes = _Classes(self._file.class_overrides or {})
        self.media_types = _Overrides({**aliases, **self._own})

    def config(self, folder: Path) -> Config:
        """Return what the generator is given to write into `folder`."""
        config = Config.from_sources(
            self._file.model_copy(update={"post_hooks": []}),
            MetaType.NONE,
            document_source=Path("openapi.json"),
            file_encoding="utf-8",
            overwrite=False,
            output_path=folder,
        )
        config.class_overrides, config.content_type_overrides = self._classes, self.media_types
        return config

    def require_used(self) -> None:
        """Stop if the generator, which has run, had no use for an override."""
        for key, what, unused in (
            ("class_overrides", "class", self._classes.unused),
            ("content_type_overrides", "media type", self.media_types.unused & self._own.keys()),
        ):
            if unused:
                names = ", ".join(sorted(unused))
                raise GenerationError(
                    f"{self._name}: {key} that match no {what} of the spec: {names}"
                )


class _Overrides(dict[str, _T]):
    """One of the generator's mappings of overrides, remembering which of them it used."""

    def __init__(self, overrides: dict[str, _T]) -> None:
        super().__init__(overrides)
        self.unused = set(overrides)

    def get(self, key: str, default: Any = None) -> Any:
        """Return the override of `key`, now used."""
        self.unused.discard(key)
        return super().get(key, default)


class _Classes(_Overrides[ClassOverride]):
    """The overrides of classes, and of each that would be called as something else is."""

    def get(self, key: str, default: Any = None) -> Any:
        """Return the override of a class's name."""
        if key in _TAKEN and key not in self:
            return ClassOverride.model_validate({"class_name": f"{key}Model"})
        return super().get(key, default)


def _read(path: Path) -> ConfigFile:
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
