"""What an operation answers by its spec: a success, or an error of the documented shape."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

from oneloop._http.routes import is_success_by_default
from oneloop._http.schema import is_json, media_type_of
from oneloop.sandbox.requests import RefusedError
from oneloop.sandbox.sample import NoSampleError, Schemas
from oneloop.sandbox.server import Reply
from oneloop.sandbox.spec import Node, Operation, Spec

_FILES = {"application/pdf": b"%PDF-1.4\n%%EOF\n", "image/png": b"\x89PNG\r\n\x1a\n"}
_RANGES = {"*/*": "application/json", "application/*": "application/json", "text/*": "text/plain"}
_NO_BODY = (204, 205, 304)
# Where errors say what happened, and their status.
_MESSAGES = ("message", "detail", "description", "error_description", "reason", "title", "error")
_CODES = ("code", "status", "status_code", "statusCode")
_FRAMING = {"connection", "content-encoding", "content-length", "content-type", "transfer-encoding"}


def success(spec: Spec, operation: Operation, value: Any = None) -> Reply:
    """Return the first success that the spec documents for an operation.

    Args:
        spec: the spec.
        operation: the one that was called.
        value: the body, parsed; None for an example or what can be made from the schema.

    Raises:
        RefusedError: 501 where there is nothing to answer with, 500 where the body isn't as the
            spec says.
    """
    status, response = _first_success(operation)
    headers = list(_headers(spec.responses, response))
    contents = [] if status in _NO_BODY else response.items("content")
    if not contents:
        return Reply(status, headers)
    media_type, media = next((each for each in contents if is_json(_plain(each[0]))), contents[0])
    if value is None:
        try:
            value = _value(spec.responses, media)
        except NoSampleError as error:
            raise _none(operation, media, str(error)) from None
    elif flaw := spec.responses.flaw(media.at("schema"), value):
        expected = f"expected {flaw.expected}"
        raise RefusedError(500, f"the sandbox's answer: {flaw.where}: {expected}")
    body = _encoded(media_type, value)
    if body is None:
        raise _none(operation, media, f"no body of the type {media_type} can be made")
    return Reply(status, [("Content-Type", _RANGES.get(media_type, media_type)), *headers], body)


def error(spec: Spec, operation: Operation | None, status: int, message: str) -> Reply:
    """Return an error as the spec documents it for the operation, else for any other.

    Of a shape that has a place for it, it says the message and the status. Without any documented
    shape it is `{"error": {"code", "message"}}`.
    """
    for media_type, media in _documented(spec, operation, status):
        body = _error_body(spec.responses, media, status, message)
        if body is not None and (encoded := _encoded(media_type, body)) is not None:
            return Reply(status, [("Content-Type", media_type)], encoded)
    plain = {"error": {"code": status, "message": message}}
    return Reply(status, [("Content-Type", "application/json")], json.dumps(plain).encode())


def _first_success(operation: Operation) -> tuple[int, Node]:
    responses = dict(operation.responses)
    named = [key for key in responses if key[:1] == "2"]
    for key in named or (["default"] if is_success_by_default(responses) else []):
        node = responses[key]
        if key.isdecimal():
            return int(key), node
        exact = {int(each) for each in responses if each.isdecimal()}
        return next(status for status in range(200, 300) if status not in exact), node
    raise RefusedError(
        501, f"the sandbox has no answer for {operation.name}: the spec documents no success"
    )


def _none(operation: Operation, media: Node, why: str) -> RefusedError:
    return RefusedError(
        501,
        f"the sandbox has no answer for {operation.name}: {why}. Give {media.pointer} an `example`"
        " that its schema allows, by an action in overrides/overlay.yaml",
    )


def _headers(schemas: Schemas, response: Node) -> Iterator[tuple[str, str]]:
    """Yield the headers that an answer must have."""
    for name, header in response.items("headers"):
        if header.value.get("required") and name.lower() not in _FRAMING:
            try:
                value = _value(schemas, header)
            except NoSampleError:
                continue
            text = value if isinstance(value, str) else json.dumps(value)
            if text.isascii() and text.isprintable():
                yield name, text


def _value(schemas: Schemas, media: Node) -> Any:
    """Return an example or a made value; raises NoSampleError."""
    examples = [media.value["example"]] if "example" in media.value else []
    examples += [
        node.value["value"] for _, node in media.items("examples") if "value" in node.value
    ]
    if "schema" in media.value:
        return schemas.sample(media.at("schema"), examples)
    return examples[0] if examples else schemas.sample(True)


def _encoded(media_type: str, value: Any) -> bytes | None:
    """Return a body; None where there's no telling what it would be."""
    plain = _plain(media_type)
    if is_json(plain):
        return json.dumps(value, ensure_ascii=False).encode()
    if plain in _FILES:
        return _FILES[plain]
    if isinstance(value, str):
        return value.encode()
    return json.dumps(value).encode() if plain.startswith("text/") else None


def _plain(media_type: str) -> str:
    return media_type_of(_RANGES.get(media_type, media_type))


def _documented(spec: Spec, operation: Operation | None, status: int) -> Iterator[tuple[str, Node]]:
    """Yield the bodies that an error may have, the nearest first."""
    own = [operation] if operation else []
    for each in [*own, *spec.operations]:
        responses = dict(each.responses)
        nearest = (str(status), f"{status // 100}XX", "default")
        others = [key for key in responses if key[0] in "45"]
        for key in [key for key in nearest if key in responses] + others:
            if key == "default" and is_success_by_default(responses):
                continue
            yield from responses[key].items("content")


def _error_body(schemas: Schemas, media: Node, status: int, message: str) -> Any:
    """Return an error with as much of status and message as its schema allows; None for none."""
    try:
        made = _value(schemas, media)
    except NoSampleError:
        return None
    if "schema" not in media.value:
        return None
    schema = media.at("schema")
    if isinstance(made, str):
        return message if schemas.flaw(schema, message) is None else made
    for names, said in ((_MESSAGES, message), (_CODES, status)):
        changed = copy.deepcopy(made)
        if _say(changed, names, said) and schemas.flaw(schema, changed) is None:
            made = changed
    return made


def _say(node: Any, names: tuple[str, ...], said: Any) -> bool:
    """Write it at the first of the names that has such a value; return whether one has."""
    if isinstance(node, list):
        return any(_say(each, names, said) for each in node)
    if not isinstance(node, dict):
        return False
    for name in names:
        if type(node.get(name)) is type(said):
            node[name] = said
            return True
    return any(_say(each, names, said) for each in node.values())
