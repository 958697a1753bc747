"""Whether a request is what the spec asks for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from email.parser import BytesParser
from email.policy import HTTP
from fnmatch import fnmatch
from typing import Any
from urllib.parse import parse_qsl, unquote

from oneloop._http.schema import Flaw, is_json, media_type_of
from oneloop.sandbox.plain import Schema
from oneloop.sandbox.sample import Schemas
from oneloop.sandbox.server import Request
from oneloop.sandbox.spec import Node, Operation, Spec

_STYLES = {"query": "form", "cookie": "form", "path": "simple", "header": "simple"}
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_BETWEEN = {"spaceDelimited": " ", "pipeDelimited": "|"}
_HTTPS_OWN = {"accept", "content-type", "authorization"}  # OpenAPI 3.0 §4.7.12.1: not parameters


class RefusedError(Exception):
    """A request that the sandbox refuses.

    Args:
        status: the answer's status.
        message: why, in words.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def check_key(spec: Spec, operation: Operation, request: Request, key: str | None) -> None:
    """Check that a request has the key, any one for None, where its operation needs one.

    The client's key is a Bearer token, whatever scheme the spec names, so that passes for all; a
    scheme of the type `apiKey` takes it in its own place as well.

    Raises:
        RefusedError: it hasn't; status 401.
    """
    schemes = spec.document.get("components", {}).get("securitySchemes", {})
    if not operation.security or {} in operation.security:
        return
    places = [schemes.get(name, {}) for each in operation.security for name in each]
    scheme, _, token = (request.header("authorization") or "").partition(" ")
    given: list[str | None] = [token] if scheme.lower() == "bearer" else []
    query = dict(parse_qsl(request.target.partition("?")[2]))
    for place in places:
        if place.get("type") == "apiKey":
            name = place["name"]
            named = {"query": query, "cookie": _cookies(request), "header": dict(request.headers)}
            given.append(named[place["in"]].get(name.lower() if place["in"] == "header" else name))
    if not (any(given) if key is None else key in given):
        raise RefusedError(401, "the API key is missing or unknown")


def check(
    spec: Spec, operation: Operation, request: Request, path: dict[str, str]
) -> dict[str, Any]:
    """Return a request's parameters by name, each as its schema has it.

    Args:
        spec: the spec.
        operation: the one that is called.
        request: what was sent.
        path: the texts of the path's parameters.

    Raises:
        RefusedError: the request isn't what the spec asks for; status 400 or 415.
    """
    pairs = parse_qsl(request.target.partition("?")[2], keep_blank_values=True)
    sent = {
        "path": list(path.items()),
        "query": pairs,
        "header": list(request.headers),
        "cookie": list(_cookies(request).items()),
    }
    values: dict[str, Any] = {}
    known = {scheme.get("name") for scheme in _schemes(spec) if scheme.get("in") == "query"}
    known |= {each.value["name"] for each in operation.parameters if each.value["in"] == "query"}
    for node in operation.parameters:
        parameter = _Parameter(node, spec.requests)
        if parameter.place == "header" and parameter.name.lower() in _HTTPS_OWN:
            continue
        texts = parameter.texts(sent[parameter.place], known)
        if parameter.place == "query":
            known.update(name for name, _ in texts)
        if texts:
            values[parameter.name] = parameter.value(texts)
        elif node.value.get("required"):
            raise RefusedError(400, f"{parameter}: it is required")
    if unknown := [name for name, _ in pairs if name not in known]:
        raise RefusedError(400, f"query parameter {unknown[0]}: the spec has none of that name")
    if operation.body is not None:
        _check_body(spec.requests, operation.body, request)
    return values


class _Parameter:
    """A parameter of the spec."""

    def __init__(self, node: Node, schemas: Schemas) -> None:
        self.name: str = node.value["name"]
        self.place: str = node.value["in"]
        self._schemas = schemas
        self._style: str = node.value.get("style", _STYLES[self.place])
        self._explode: bool = node.value.get("explode", self._style == "form")
        contents = node.items("content")
        self._is_json = bool(contents)
        self._schema: Schema = True
        for holder in [content for _, content in contents[:1]] or [node]:
            if "schema" in holder.value:
                self._schema = holder.at("schema")
        kinds = set() if self._is_json else schemas.kinds(self._schema)
        self._is_object = "object" in kinds and "string" not in kinds
        self._kinds = kinds

    def __str__(self) -> str:
        return f"{self.place} parameter {self.name}"

    def texts(self, sent: list[tuple[str, str]], known: set[Any]) -> list[tuple[str, str]]:
        """Return those of the texts that were sent that belong to it, under their names.

        The names known are those of others, which an object of any fields doesn't take.
        """
        if self._is_object and self._style == "deepObject":
            return [(name, text) for name, text in sent if name.startswith(f"{self.name}[")]
        if self._is_object and self._style == "form" and self._explode:
            fields = self._schemas.names(self._schema)
            return [
                (name, text)
                for name, text in sent
                if name in fields or not (fields or name in known)
            ]
        name = self.name.lower() if self.place == "header" else self.name
        return [pair for pair in sent if pair[0] == name]

    def value(self, texts: list[tuple[str, str]]) -> Any:
        """Return what the texts say, as the schema has it."""
        if self._is_json:
            value = _json(texts[0][1], str(self))
        elif self._is_object:
            value = {
                name: _typed(self._schemas, self._schemas.field(self._schema, name), text)
                for name, text in self._members(texts)
            }
        elif _is_array(self._kinds, texts):
            items = self._schemas.items(self._schema)
            value = [_typed(self._schemas, items, text) for text in self._elements(texts)]
        elif len(texts) > 1:
            raise RefusedError(400, f"{self}: it is given {len(texts)} times")
        else:
            value = _typed(self._schemas, self._schema, self._unstyled(texts[0][1]))
        if flaw := self._schemas.flaw(self._schema, value):
            raise RefusedError(400, _words(str(self), flaw))
        return value

    def _unstyled(self, text: str) -> str:
        if self._style == "label":
            return text.removeprefix(".")
        return text.removeprefix(f";{self.name}=") if self._style == "matrix" else text

    def _elements(self, texts: list[tuple[str, str]]) -> list[str]:
        if self._style == "form" and self._explode:
            return [text for _, text in texts]
        if len(texts) > 1:
            raise RefusedError(
                400, f"{self}: it is given {len(texts)} times, and has explode: false in the spec"
            )
        text = texts[0][1]
        if self._style == "matrix" and self._explode:
            return [part.partition("=")[2] for part in text.split(";")[1:]]
        between = "." if self._style == "label" and self._explode else ","
        text = self._unstyled(text)
        parts = text.split(_BETWEEN.get(self._style, between)) if text else []
        return [part.strip() if self.place == "header" else part for part in parts]

    def _members(self, texts: list[tuple[str, str]]) -> Iterable[tuple[str, str]]:
        if self._style == "deepObject":
            return [(name[len(self.name) + 1 :].rstrip("]"), text) for name, text in texts]
        if self._style == "form" and self._explode:
            return texts
        text = texts[0][1]
        if self._explode:
            between = {"label": ".", "matrix": ";"}.get(self._style, ",")
            pairs = [part.partition("=") for part in text.strip(".;").split(between)]
            return [(name, value) for name, _, value in pairs]
        parts = self._elements(texts)
        return zip(parts[::2], parts[1::2], strict=False)


def _check_body(schemas: Schemas, body: Node, request: Request) -> None:
    contents = dict(body.items("content"))
    content_type = request.header("content-type") or ""
    media_type = media_type_of(content_type)
    if not request.body:  # generated code names the type of a body that it leaves out, too
        if body.value.get("required") and (is_json(media_type) or media_type in ("", *_FORMS)):
            raise RefusedError(400, "body: it is required")
        return
    node = _media(contents, media_type)
    if node is None:
        expected = " or ".join(contents)
        raise RefusedError(415, f"body: expected {expected}, got {media_type or 'no content type'}")
    if "schema" not in node.value:
        return
    schema = node.at("schema")
    if is_json(media_type):
        value = _json(request.body, "body")
    elif media_type == _FORMS[0]:
        pairs: list[tuple[str, Any]] = list(
            parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
        )
        value = _form(schemas, schema, pairs)
    elif media_type == _FORMS[1]:
        value = _form(schemas, schema, _parts(content_type, request.body))
    elif "string" in schemas.kinds(schema):
        is_text = media_type.startswith("text/")
        value = request.body.decode("utf-8" if is_text else "latin-1", "replace")
    else:  # XML and the like: nobody here reads it
        return
    if flaw := schemas.flaw(schema, value):
        raise RefusedError(400, _words("body", flaw))


def _media(contents: dict[str, Node], media_type: str) -> Node | None:
    """Return what the spec says of a media type: under its own name before a range's."""
    names = {media_type_of(name): name for name in contents}
    ranges = sorted((name for name in names if fnmatch(media_type, name)), key=lambda n: "*" in n)
    return contents[names[ranges[0]]] if ranges else None


def _form(schemas: Schemas, schema: Schema, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    given: dict[str, list[Any]] = {}
    for name, text in pairs:
        given.setdefault(name, []).append(text)
    made: dict[str, Any] = {}
    for name, texts in given.items():
        part = schemas.field(schema, name)
        if _is_array(schemas.kinds(part), texts):
            items = schemas.items(part)
            made[name] = [_typed(schemas, items, text) for text in texts]
        else:
            made[name] = _typed(schemas, part, texts[-1])
    return made


def _is_array(kinds: set[str], texts: list[Any]) -> bool:
    return "array" in kinds and ("string" not in kinds or len(texts) > 1)


def _parts(content_type: str, body: bytes) -> list[tuple[str, Any]]:
    """Return the parts of a multipart body: JSON as what it says, files as text of Latin-1."""
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1")
    message = BytesParser(policy=HTTP).parsebytes(head + body)
    if not message.is_multipart():
        raise RefusedError(400, "body: it isn't multipart/form-data")
    made: list[tuple[str, Any]] = []
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        data = part.get_payload(decode=True)
        assert isinstance(data, bytes)
        if part.get_content_type().endswith(("/json", "+json")):
            made.append((str(name), _json(data, f"body: part {name}")))
        elif part.get_filename() is None and part.get_content_type().startswith("text/"):
            made.append((str(name), data.decode("utf-8", "replace")))
        else:
            made.append((str(name), data.decode("latin-1")))
    return made


def _typed(schemas: Schemas, schema: Schema, text: Any) -> Any:
    """Return what a text says in the first type that the schema allows, else the text."""
    if not isinstance(text, str):
        return text
    values: list[Any] = []
    if re.fullmatch(r"-?[0-9]{1,4000}", text):
        values.append(int(text))
    elif re.fullmatch(r"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]{1,3})?", text):
        values.append(float(text))
    if text.lower() in ("true", "false"):  # Python's own spelling in paths and forms
        values.append(text.lower() == "true")
    if text in ("", "null", "None"):
        values.append(None)
    if re.match(r"\d{4}-\d\d-\d\d ", text):  # RFC 3339 §5.6 allows the space
        values.append(text.replace(" ", "T", 1))
    return next((value for value in values if schemas.flaw(schema, value) is None), text)


def _json(text: str | bytes, where: str) -> Any:
    try:
        return json.loads(text.decode() if isinstance(text, bytes) else text)
    except (ValueError, RecursionError) as error:
        raise RefusedError(400, f"{where}: it isn't valid JSON: {str(error)[:200]}") from None


def _words(what: str, flaw: Flaw) -> str:
    where = flaw.where if flaw.where != "$" else ""
    got = "nothing" if flaw.got is None else flaw.got[:200]
    return f"{what}{': ' * bool(where)}{where}: expected {flaw.expected}, got {got}"


def _cookies(request: Request) -> dict[str, str]:
    pairs = (pair.partition("=") for pair in (request.header("cookie") or "").split(";"))
    return {name.strip(): unquote(text.strip()) for name, _, text in pairs if name.strip()}


def _schemes(spec: Spec) -> list[dict[str, Any]]:
    return list(spec.document.get("components", {}).get("securitySchemes", {}).values())
