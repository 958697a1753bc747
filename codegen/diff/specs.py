"""How two specs differ, in words: each difference with its place and its level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from codegen.diff.constraints import in_words
from codegen.diff.endpoint import Endpoint, alternatives, endpoints, parameter_names
from codegen.diff.rules import Change, api_change
from codegen.diff.schemas import SchemaDiff
from codegen.diff.view import Views, reference
from codegen.errors import SourceError
from codegen.spec.document import same
from codegen.spec.operations import resolved

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codegen.diff.rules import Direction
    from codegen.spec.document import Json

Side = Literal["request", "answer"]
_DIRECTIONS: Final[dict[Side, Direction]] = {"request": "requests", "answer": "answers"}
_OPERATION_KEYS: Final = {
    *("operationId", "tags", "summary", "description", "externalDocs", "deprecated"),
    *("parameters", "requestBody", "responses", "security", "servers", "callbacks"),
}
_DOCUMENT_KEYS: Final = {"paths", "components", "security", "servers"}
# The client has no webhooks; what they say of a schema is told with its class.
_PROSE: Final = {"openapi", "info", "tags", "externalDocs", "jsonSchemaDialect", "webhooks"}
_EXAMPLES: Final = {"example", "examples"}
_ENCODING: Final = ("style", "explode", "allowReserved")


def spec_changes(old: Json, new: Json) -> list[Change]:
    """Return what a user of `old` meets in `new`, the gravest first; both are valid OpenAPI."""
    try:
        changes = _Comparison(old, new).run()
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        # What no validator looks at, such as keys beside a $ref, can be anything.
        raise SourceError(
            f"the spec can't be compared with the one before: {error!r:.300}"
        ) from error
    return sorted(dict.fromkeys(changes), key=lambda change: -change.level)


class _Comparison:
    def __init__(self, old: Json, new: Json) -> None:
        self.old, self.new = old, new
        self.changes: list[Change] = []
        self.views = (Views(old), Views(new))
        self.schemas = SchemaDiff(*self.views)

    def run(self) -> list[Change]:
        self._operations()
        self._classes()
        self._servers(self.old, self.new, "servers")
        self._schemes()
        self._prose(self.old, self.new, _PROSE, "document")
        before, after = (document.get("components", {}) for document in (self.old, self.new))
        self._prose(before, after, {"examples", "callbacks", "links"}, "components")
        self._others(self.old, self.new, _DOCUMENT_KEYS | _PROSE, "document")
        return self.changes + self.schemas.changes

    def _add(self, kind: str, where: str, detail: str = "") -> None:
        self.changes.append(api_change(kind, where, detail))

    def _operations(self) -> None:
        olds, news = (
            {operation.key: operation for operation in endpoints(document)}
            for document in (self.old, self.new)
        )
        removed = [operation for key, operation in olds.items() if key not in news]
        added = [operation for key, operation in news.items() if key not in olds]
        pairs = [(olds[key], news[key]) for key in olds if key in news]
        for before in list(removed):
            for after in added:
                if before.body.get("operationId") and before.function == after.function:
                    self._add("operation moved", before.name, f"now {after.name}")
                    pairs.append((before, after))
                    removed.remove(before)
                    added.remove(after)
                    break
        for operation in removed:
            self._add("operation removed", operation.name, operation.function)
        for operation in added:
            self._add("operation added", operation.name, operation.function)
        for before, after in pairs:
            self._operation(before, after)

    def _operation(self, old: Endpoint, new: Endpoint) -> None:
        where = new.name
        if old.function != new.function:
            self._add("function renamed", where, f"{old.function} → {new.function}")
        if old.module != new.module:
            self._add("module renamed", where, f"api.{old.module} → api.{new.module}")
        self._deprecated(old.body, new.body, where)
        self._parameters(old, new, where)
        self._body(old.body.get("requestBody"), new.body.get("requestBody"), where)
        self._responses(old.body.get("responses", {}), new.body.get("responses", {}), where)
        self._security(old.security, new.security, where)
        self._prose(old.item | old.body, new.item | new.body, _OPERATION_PROSE, where)
        self._others(old.body, new.body, _OPERATION_KEYS, where)
        if [*old.body.get("tags", ())][1:] != [*new.body.get("tags", ())][1:]:
            self._add("reworded", where, "tags")
        for before, after in ((old.body, new.body), (old.item, new.item)):
            if "servers" in before or "servers" in after:
                self._servers(before, after, f"{where}: servers")

    def _parameters(self, old: Endpoint, new: Endpoint, where: str) -> None:
        olds, news = old.parameters, new.parameters
        renamed = {
            ("path", before): ("path", after)
            for before, after in zip(
                parameter_names(old.path), parameter_names(new.path), strict=False
            )
            if before != after
        }
        for before, after in renamed.items():
            self._add("parameter renamed", f"{where}: path parameter {before[1]}", after[1])
        for key, parameter in olds.items():
            place = f"{where}: {key[0]} parameter {parameter['name']}"
            if (match := news.get(renamed.get(key, key))) is None:
                self._add("parameter removed", place)
            else:
                self._parameter(parameter, match, place)
        for key, parameter in news.items():
            if key not in olds and key not in renamed.values():
                kind = "required" if parameter.get("required") else "optional"
                place = f"{where}: {key[0]} parameter {parameter['name']}"
                self._add(f"{kind} parameter added", place)

    def _parameter(self, old: Json, new: Json, where: str) -> None:
        if bool(old.get("required")) != bool(new.get("required")):
            self._add(
                f"parameter became {'required' if new.get('required') else 'optional'}", where
            )
        self._deprecated(old, new, where)
        if bool(old.get("allowEmptyValue")) != bool(new.get("allowEmptyValue")):
            taken = "now" if new.get("allowEmptyValue") else "no longer"
            self._add(f"empty value {taken} taken", where)
        self._value(old, new, where, "parameter")
        self._prose(old, new, {"description", *_EXAMPLES}, where)

    def _value(self, old: Json, new: Json, where: str, what: str) -> None:
        """Compare how the values of a parameter or an answer's header are written, and what."""
        side: Side = "request" if what == "parameter" else "answer"
        if ("content" in old) != ("content" in new):
            ways = (
                f"as {', '.join(it['content'])}" if "content" in it else "plain"
                for it in (old, new)
            )
            self._add(f"{what} encoding changed", where, " → ".join(ways))
        elif "content" in old:
            self._content(old, new, where, side)
        else:
            for key in _ENCODING:
                before, after = _encoding(old, key), _encoding(new, key)
                if before != after:
                    self._add(f"{what} encoding changed", where, f"{key} {before} → {after}")
            self.schemas.compare(
                old.get("schema", {}), new.get("schema", {}), where, _DIRECTIONS[side]
            )

    def _body(self, old: Json, new: Json, where: str) -> None:
        before, after = resolved(self.old, old), resolved(self.new, new)
        if before is None and after is None:
            return
        place = f"{where}: request body"
        if after is None:
            self._add("request body removed", place)
        elif before is None:
            kind = "required" if after.get("required") else "optional"
            self._add(f"{kind} request body added", place)
        else:
            if bool(before.get("required")) != bool(after.get("required")):
                kind = "required" if after.get("required") else "optional"
                self._add(f"request body became {kind}", place)
            self._content(before, after, place, "request")
            self._prose(before, after, {"description"}, place)

    def _content(self, old: Json, new: Json, where: str, side: Side) -> None:
        before, after = old.get("content", {}), new.get("content", {})
        for media in sorted(before.keys() - after.keys()):
            self._add(f"{side} media type removed", where, media)
        for media in sorted(after.keys() - before.keys()):
            self._add(f"{side} media type added", where, media)
        for media in sorted(before.keys() & after.keys()):
            place = where if len(before) == 1 else f"{where} as {media}"
            one, other = before[media], after[media]
            self.schemas.compare(
                one.get("schema", {}), other.get("schema", {}), place, _DIRECTIONS[side]
            )
            if side == "request":
                self._form(one, other, place)
            self._prose(
                one, other, _EXAMPLES | ({"encoding"} if side == "answer" else set()), place
            )
            self._others(one, other, {"schema", "encoding", *_EXAMPLES}, place)

    def _form(self, old: Json, new: Json, where: str) -> None:
        """Compare how the fields of a form are written that are there before and after."""
        fields = [
            views.of(media.get("schema", {})).properties
            for views, media in zip(self.views, (old, new), strict=True)
        ]
        before, after = (media.get("encoding", {}) for media in (old, new))
        for name in sorted((before.keys() | after.keys()) & fields[0].keys() & fields[1].keys()):
            if not same(one := before.get(name, {}), other := after.get(name, {})):
                detail = f"{in_words(one)} → {in_words(other)}"
                self._add("form field encoding changed", f"{where}: {name}", detail)

    def _responses(self, old: Json, new: Json, where: str) -> None:
        for status in {**old, **new}:
            kind = "success" if status.startswith("2") else "error"
            place = f"{where}: status {status}"
            if status not in new:
                bare = self._brings_class(resolved(self.old, old[status]))
                self._add(f"{kind} status {'and its class ' if bare else ''}removed", place)
            elif status not in old:
                self._add(f"{kind} status added", place)
            else:
                before, after = resolved(self.old, old[status]), resolved(self.new, new[status])
                self._content(before, after, place, "answer")
                self._headers(before.get("headers", {}), after.get("headers", {}), place)
                self._prose(before, after, {"description", "links"}, place)

    def _brings_class(self, response: Json) -> bool:
        """Say whether a response of the old spec has a class that is written nowhere else."""
        schemas = [media.get("schema") for media in response.get("content", {}).values()]
        return any(
            self.views[0].brings_class(schema)
            for schema in schemas
            if schema and not reference(schema)
        )

    def _headers(self, old: Json, new: Json, where: str) -> None:
        olds, news = (
            {name.lower(): resolved(document, header) for name, header in headers.items()}
            for document, headers in ((self.old, old), (self.new, new))
        )
        for name in {**olds, **news}:
            place = f"{where}: header {name}"
            if name not in news:
                self._add("answer header removed", place)
            elif name not in olds:
                self._add("answer header added", place)
            else:
                before, after = olds[name], news[name]
                if bool(before.get("required")) != bool(after.get("required")):
                    kind = "required" if after.get("required") else "optional"
                    self._add(f"answer header became {kind}", place)
                self._deprecated(before, after, place)
                self._value(before, after, place, "answer header")
                self._prose(before, after, {"description", *_EXAMPLES}, place)

    def _security(self, old: list[frozenset[str]], new: list[frozenset[str]], where: str) -> None:
        if set(old) == set(new):
            return
        accepted = all(any(less <= before for less in new) for before in old)
        detail = f"{alternatives(old)} → {alternatives(new)}"
        self._add(f"security asks for {'less' if accepted else 'more'}", where, detail)

    def _schemes(self) -> None:
        """Say when a scheme reads differently; what it asks for is told at each operation."""
        olds, news = (
            document.get("components", {}).get("securitySchemes", {})
            for document in (self.old, self.new)
        )
        for name in sorted(olds.keys() & news.keys()):
            if olds[name] != news[name]:
                self._add("security scheme described anew", f"security scheme {name}")

    def _servers(self, old: Json, new: Json, where: str) -> None:
        olds, news = (
            {server["url"]: server for server in part.get("servers") or [{"url": "/"}]}
            for part in (old, new)
        )
        for url in sorted(olds.keys() - news.keys()):
            self._add("server removed", where, url)
        for url in sorted(news.keys() - olds.keys()):
            self._add("server added", where, url)
        if (first := next(iter(news))) != next(iter(olds)):
            self._add("default server changed", where, first)
        for url in sorted(olds.keys() & news.keys()):
            self._prose(olds[url], news[url], {"description"}, f"{where}: {url}")
            if olds[url].get("variables") != news[url].get("variables"):
                self._add("server changed", where, f"variables of {url}")

    def _classes(self) -> None:
        """Compare the named schemas, each of which is a Python class whether it is used or not."""
        olds, news = map(_schemas_by_class, self.views)
        removed = [name for name in olds if name not in news]
        added = [name for name in news if name not in olds]
        for name in list(removed):
            for other in added:
                if self._is_rename(olds[name], news[other]):
                    self._add("class renamed", f"schema {olds[name]}", f"now {news[other]}")
                    removed.remove(name)
                    added.remove(other)
                    break
        for name in removed:
            self._add("class removed", f"schema {olds[name]}")
        for name in added:
            self._add("class added", f"schema {news[name]}")
        used = {before for before, _, _ in self.schemas.seen} | self.schemas.merged
        for name in sorted({*olds.values()} & {*news.values()} - used):
            reference = {"$ref": f"#/components/schemas/{name}"}
            self.schemas.compare(reference, reference, f"schema {name}", "answers")

    def _is_rename(self, old: str, new: str) -> bool:
        """Say whether the two were met in one place, or read the same."""
        if any((before, after) == (old, new) for before, after, _ in self.schemas.seen):
            return True
        before, after = (
            views.of({"$ref": f"#/components/schemas/{name}"})
            for views, name in zip(self.views, (old, new), strict=True)
        )
        return before.types == after.types and same(before.keys, after.keys)

    def _deprecated(self, old: Json, new: Json, where: str) -> None:
        if bool(old.get("deprecated")) != bool(new.get("deprecated")):
            self._add("deprecated" if new.get("deprecated") else "no longer deprecated", where)

    def _prose(self, old: Json, new: Json, keys: Iterable[str], where: str) -> None:
        extensions = {key for key in {*old, *new} if key.startswith("x-")}
        changed = [
            key for key in sorted({*keys, *extensions}) if not same(old.get(key), new.get(key))
        ]
        if changed:
            self._add("reworded", where, ", ".join(changed))

    def _others(self, old: Json, new: Json, known: set[str], where: str) -> None:
        """Add what differs under keys that nothing else looks at."""
        for key in sorted({*old, *new} - known):
            if key.startswith("x-") or same(old.get(key), new.get(key)):
                continue
            kind = "added" if key not in old else "removed" if key not in new else "changed"
            self._add(f"part {kind}", where, key)


_OPERATION_PROSE: Final = {"summary", "description", "externalDocs", "callbacks"}


def _schemas_by_class(views: Views) -> dict[str, str]:
    """Return the Python class of each named schema that has one, with the schema's own name."""
    schemas = views.document.get("components", {}).get("schemas", {})
    return {
        views.of({"$ref": f"#/components/schemas/{name}"}).class_name: name
        for name, schema in schemas.items()
        if views.brings_class(schema)
    }


def _encoding(part: Json, key: str) -> Json:
    """Return how a parameter, or a header of an answer, is written."""
    style = part.get("style", "form" if part.get("in") in {"query", "cookie"} else "simple")
    defaults = {"style": style, "explode": style == "form", "allowReserved": False}
    return part.get(key, defaults[key])
