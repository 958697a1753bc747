"""One spec as its vendor publishes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from codegen.errors import SourceError
from codegen.spec import validate
from codegen.spec.document import load

if TYPE_CHECKING:
    from codegen.spec.document import Json


@dataclass(frozen=True)
class Upstream:
    """The bytes of a valid spec, and their one reading."""

    raw: bytes
    document: Json

    @staticmethod
    def read(raw: bytes, name: str) -> Upstream:
        """Read and validate the spec in `raw`; `name` is for errors."""
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise SourceError(f"{name}: not UTF-8: {error}") from None
        document = load(text, name)
        validate.require_openapi(document, name)
        return Upstream(raw, document)
