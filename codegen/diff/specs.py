"""How two specs differ, in words: each difference with its place and its level."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from codegen.diff.endpoint import Endpoint, endpoints
from codegen.diff.notes import Notes
from codegen.diff.operation import OperationDiff
from codegen.diff.schemas import SchemaDiff
from codegen.diff.view import Views
from codegen.errors import SourceError
from codegen.spec.document import same

if TYPE_CHECKING:
    from codegen.diff.rules import Change
    from codegen.spec.document import Json

_DOCUMENT_KEYS: Final = {"paths", "components", "security", "servers"}
# The client has no webhooks; what they say of a schema is told with its class.
_PROSE: Final = {"openapi", "info", "tags", "externalDocs", "jsonSchemaDialect", "webhooks"}


def spec_changes(old: Json, new: Json) -> list[Change]:
    """Return what a user of `old` meets in `new`, the gravest first; both are valid OpenAPI."""
    try:
        changes = _Comparison(old, new).run()
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        # What no validator looks at, such as keys beside a $ref, can be anything.
        raise SourceError(
            f"the spec can't be compared with the one before: {error!r:.300}"
        ) from error
    return sorted(dict.fromkeys(changes), key=lambda change: -change.level)


class _Comparison:
    def __init__(self, old: Json, new: Json) -> None:
        self.old, self.new = old, new
        self.notes = Notes()
        self.views = (Views(old), Views(new))
        self.schemas = SchemaDiff(*self.views)

    def run(self) -> list[Change]:
        self._operations()
        self._classes()
        self.notes.servers(self.old, self.new, "servers")
        self._schemes()
        self.notes.prose(self.old, self.new, _PROSE, "document")
        before, after = (document.get("components", {}) for document in (self.old, self.new))
        self.notes.prose(before, after, {"examples", "callbacks", "links"}, "components")
        self.notes.others(self.old, self.new, _DOCUMENT_KEYS | _PROSE, "document")
        return self.notes.changes + self.schemas.changes

    def _operations(self) -> None:
        olds, news = _by_key(endpoints(self.old), endpoints(self.new))
        removed = [operation for key, operation in olds.items() if key not in news]
        added = [operation for key, operation in news.items() if key not in olds]
        pairs = [(olds[key], news[key]) for key in olds if key in news]
        for before in list(removed):
            for after in added:
                if before.body.get("operationId") and before.function == after.function:
                    self.notes.add("operation moved", before.name, f"now {after.name}")
                    pairs.append((before, after))
                    removed.remove(before)
                    added.remove(after)
                    break
        for operation in removed:
            self.notes.add("operation removed", operation.name, operation.function)
        for operation in added:
            self.notes.add("operation added", operation.name, operation.function)
        comparison = OperationDiff(self.views, self.notes, self.schemas)
        for before, after in pairs:
            comparison.compare(before, after)

    def _schemes(self) -> None:
        """Say when a scheme reads differently; what it asks for is told at each operation."""
        olds, news = (
            document.get("components", {}).get("securitySchemes", {})
            for document in (self.old, self.new)
        )
        for name in sorted(olds.keys() & news.keys()):
            if not same(olds[name], news[name]):
                self.notes.add("security scheme described anew", f"security scheme {name}")

    def _classes(self) -> None:
        """Compare the named schemas, each of which is a Python class whether it is used or not."""
        olds, news = map(_schemas_by_class, self.views)
        removed = [name for name in olds if name not in news]
        added = [name for name in news if name not in olds]
        for name in list(removed):
            for other in added:
                if self._is_rename(olds[name], news[other]):
                    self.notes.add("class renamed", f"schema {olds[name]}", f"now {news[other]}")
                    removed.remove(name)
                    added.remove(other)
                    break
        for name in removed:
            self.notes.add("class removed", f"schema {olds[name]}")
        for name in added:
            self.notes.add("class added", f"schema {news[name]}")
        used = {before for before, _, _ in self.schemas.seen} | self.schemas.merged
        for name in sorted({*olds.values()} & {*news.values()} - used):
            reference = {"$ref": f"#/components/schemas/{name}"}
            self.schemas.compare(reference, reference, f"schema {name}", "answers")

    def _is_rename(self, old: str, new: str) -> bool:
        """Say whether the two were met in one place, or read the same."""
        if any((before, after) == (old, new) for before, after, _ in self.schemas.seen):
            return True
        before, after = (
            views.named(name) for views, name in zip(self.views, (old, new), strict=True)
        )
        return before.types == after.types and same(before.keys, after.keys)


def _by_key(*sides: list[Endpoint]) -> list[dict[tuple[str, str], Endpoint]]:
    """Return each side's operations by their key, or by path where a side has two of one key."""
    counts = [Counter(operation.key for operation in side) for side in sides]
    doubled = {key for count in counts for key, times in count.items() if times > 1}
    return [
        {(it.path, it.method) if it.key in doubled else it.key: it for it in side} for side in sides
    ]


def _schemas_by_class(views: Views) -> dict[str, str]:
    """Return the Python class of each named schema that has one, with the schema's own name."""
    schemas = views.document.get("components", {}).get("schemas", {})
    return {
        views.of({"$ref": f"#/components/schemas/{name}"}).class_name: name
        for name, schema in schemas.items()
        if views.brings_class(schema)
    }
