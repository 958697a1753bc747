"""How one operation differs for those who call it: what it asks for, and what it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from codegen.diff.constraints import in_words
from codegen.diff.endpoint import Endpoint, alternatives, parameter_names
from codegen.diff.view import reference
from codegen.spec.document import same
from codegen.spec.operations import resolved, successes

if TYPE_CHECKING:
    from codegen.diff.notes import Notes
    from codegen.diff.rules import Direction
    from codegen.diff.schemas import SchemaDiff
    from codegen.diff.view import Views
    from codegen.spec.document import Json

Side = Literal["request", "answer"]
_DIRECTIONS: Final[dict[Side, Direction]] = {"request": "requests", "answer": "answers"}
_KEYS: Final = {
    *("operationId", "tags", "summary", "description", "externalDocs", "deprecated"),
    *("parameters", "requestBody", "responses", "security", "servers", "callbacks"),
}
_PROSE: Final = {"summary", "description", "externalDocs", "callbacks"}
_EXAMPLES: Final = {"example", "examples"}
_ENCODING: Final = ("style", "explode", "allowReserved")


class OperationDiff:
    """Compares operations of two documents."""

    def __init__(self, views: tuple[Views, Views], notes: Notes, schemas: SchemaDiff) -> None:
        self._old, self._new = (side.document for side in views)
        self._views = views
        self._notes = notes
        self._schemas = schemas

    def compare(self, old: Endpoint, new: Endpoint) -> None:
        """Note what differs between two versions of an operation."""
        where = new.name
        if old.function != new.function:
            self._notes.add("function renamed", where, f"{old.function} → {new.function}")
        if old.module != new.module:
            self._notes.add("module renamed", where, f"api.{old.module} → api.{new.module}")
        self._notes.deprecated(old.body, new.body, where)
        self._parameters(old, new, where)
        self._body(old.body.get("requestBody"), new.body.get("requestBody"), where)
        self._responses(old.body.get("responses", {}), new.body.get("responses", {}), where)
        self._security(old.security, new.security, where)
        self._notes.prose(old.item | old.body, new.item | new.body, _PROSE, where)
        self._notes.others(old.body, new.body, _KEYS, where)
        if [*old.body.get("tags", ())][1:] != [*new.body.get("tags", ())][1:]:
            self._notes.add("reworded", where, "tags")
        if old.servers is not None or new.servers is not None:
            before, after = (
                {"servers": side.document.get("servers") if side.servers is None else side.servers}
                for side in (old, new)
            )
            self._notes.servers(before, after, f"{where}: servers")

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
            self._notes.add("parameter renamed", f"{where}: path parameter {before[1]}", after[1])
        for key, parameter in olds.items():
            place = f"{where}: {key[0]} parameter {parameter['name']}"
            if (match := news.get(renamed.get(key, key))) is None:
                self._notes.add("parameter removed", place)
            else:
                self._parameter(parameter, match, place)
        for key, parameter in news.items():
            if key not in olds and key not in renamed.values():
                place = f"{where}: {key[0]} parameter {parameter['name']}"
                self._notes.add(f"{_need(parameter)} parameter added", place)

    def _parameter(self, old: Json, new: Json, where: str) -> None:
        if _need(old) != _need(new):
            self._notes.add(f"parameter became {_need(new)}", where)
        self._notes.deprecated(old, new, where)
        if bool(old.get("allowEmptyValue")) != bool(new.get("allowEmptyValue")):
            taken = "now" if new.get("allowEmptyValue") else "no longer"
            self._notes.add(f"empty value {taken} taken", where)
        self._value(old, new, where, "parameter")
        self._notes.prose(old, new, {"description", *_EXAMPLES}, where)

    def _value(self, old: Json, new: Json, where: str, what: str) -> None:
        """Compare how the values of a parameter or an answer's header are written, and what."""
        side: Side = "request" if what == "parameter" else "answer"
        if ("content" in old) != ("content" in new):
            ways = (
                f"as {', '.join(it['content'])}" if "content" in it else "plain"
                for it in (old, new)
            )
            self._notes.add(f"{what} encoding changed", where, " → ".join(ways))
        elif "content" in old:
            self._content(old, new, where, side)
        else:
            for key in _ENCODING:
                before, after = _encoding(old, key), _encoding(new, key)
                if before != after:
                    self._notes.add(f"{what} encoding changed", where, f"{key} {before} → {after}")
            self._schemas.compare(
                old.get("schema", {}), new.get("schema", {}), where, _DIRECTIONS[side]
            )

    def _body(self, old: Json, new: Json, where: str) -> None:
        before, after = resolved(self._old, old), resolved(self._new, new)
        if before is None and after is None:
            return
        place = f"{where}: request body"
        if after is None:
            self._notes.add("request body removed", place)
        elif before is None:
            self._notes.add(f"{_need(after)} request body added", place)
        else:
            if _need(before) != _need(after):
                self._notes.add(f"request body became {_need(after)}", place)
            self._content(before, after, place, "request")
            self._notes.prose(before, after, {"description"}, place)

    def _content(self, old: Json, new: Json, where: str, side: Side) -> None:
        before, after = old.get("content", {}), new.get("content", {})
        for media in sorted(before.keys() - after.keys()):
            self._notes.add(f"{side} media type removed", where, media)
        for media in sorted(after.keys() - before.keys()):
            self._notes.add(f"{side} media type added", where, media)
        for media in sorted(before.keys() & after.keys()):
            place = where if len(before) == 1 else f"{where} as {media}"
            one, other = before[media], after[media]
            self._schemas.compare(
                one.get("schema", {}), other.get("schema", {}), place, _DIRECTIONS[side]
            )
            if side == "request":
                self._form(one, other, place)
            self._notes.prose(
                one, other, _EXAMPLES | ({"encoding"} if side == "answer" else set()), place
            )
            self._notes.others(one, other, {"schema", "encoding", *_EXAMPLES}, place)

    def _form(self, old: Json, new: Json, where: str) -> None:
        """Compare how the fields of a form are written that are there before and after."""
        fields = [
            views.of(media.get("schema", {})).properties
            for views, media in zip(self._views, (old, new), strict=True)
        ]
        before, after = (media.get("encoding", {}) for media in (old, new))
        for name in sorted((before.keys() | after.keys()) & fields[0].keys() & fields[1].keys()):
            if not same(one := before.get(name, {}), other := after.get(name, {})):
                detail = f"{in_words(one)} → {in_words(other)}"
                self._notes.add("form field encoding changed", f"{where}: {name}", detail)

    def _responses(self, old: Json, new: Json, where: str) -> None:
        good = {*successes(old), *successes(new)}
        for status in {**old, **new}:
            kind = "success" if status in good else "error"
            place = f"{where}: status {status}"
            if status not in new:
                bare = self._brings_class(resolved(self._old, old[status]))
                self._notes.add(f"{kind} status {'and its class ' if bare else ''}removed", place)
            elif status not in old:
                self._notes.add(f"{kind} status added", place)
                if (before := _covering(old, status)) and kind == "success":
                    before, after = resolved(self._old, before), resolved(self._new, new[status])
                    self._content(before, after, place, "answer")
            else:
                before, after = resolved(self._old, old[status]), resolved(self._new, new[status])
                self._content(before, after, place, "answer")
                self._headers(before.get("headers", {}), after.get("headers", {}), place)
                self._notes.prose(before, after, {"description", "links"}, place)

    def _brings_class(self, response: Json) -> bool:
        """Say whether a response of the old spec has a class that is written nowhere else."""
        schemas = [media.get("schema") for media in response.get("content", {}).values()]
        return any(
            self._views[0].brings_class(schema)
            for schema in schemas
            if schema and not reference(schema)
        )

    def _headers(self, old: Json, new: Json, where: str) -> None:
        olds, news = (
            {name.lower(): resolved(document, header) for name, header in headers.items()}
            for document, headers in ((self._old, old), (self._new, new))
        )
        for name in {**olds, **news}:
            place = f"{where}: header {name}"
            if name not in news:
                self._notes.add("answer header removed", place)
            elif name not in olds:
                self._notes.add("answer header added", place)
            else:
                before, after = olds[name], news[name]
                if _need(before) != _need(after):
                    self._notes.add(f"answer header became {_need(after)}", place)
                self._notes.deprecated(before, after, place)
                self._value(before, after, place, "answer header")
                self._notes.prose(before, after, {"description", *_EXAMPLES}, place)

    def _security(self, old: list[frozenset[str]], new: list[frozenset[str]], where: str) -> None:
        if set(old) == set(new):
            return
        accepted = all(any(less <= before for less in new) for before in old)
        detail = f"{alternatives(old)} → {alternatives(new)}"
        self._notes.add(f"security asks for {'less' if accepted else 'more'}", where, detail)


def _need(part: Json) -> str:
    """Say whether a parameter, a body or a header has to be there."""
    return "required" if part.get("required") else "optional"


def _covering(responses: Json, status: str) -> Json:
    """Return the success that a status is an answer of where it isn't named itself, if any."""
    good = successes(responses)
    return next((responses[it] for it in (f"{status[0]}XX", "default") if it in good), None)


def _encoding(part: Json, key: str) -> Json:
    """Return how a parameter, or a header of an answer, is written."""
    style = part.get("style", "form" if part.get("in") in {"query", "cookie"} else "simple")
    defaults = {"style": style, "explode": style == "form", "allowReserved": False}
    return part.get(key, defaults[key])
