"""What cannot be a billing id is refused before any I/O; the server sees exactly the others."""

from __future__ import annotations

from urllib.parse import unquote

import pytest

from oneloop import ResponseValidationError
from tests.faces import API, Face, check_error, every_face, every_method
from tests.servers import RawServer, replies, reply, row, usage_body


@every_method
@pytest.mark.parametrize(
    "bid",
    [
        *["", ".", "..", "a/b", "/", "../keys", "a\\b", "a\nb", "a\0", "\x7f", "\x85", "\ud800"],
        *["x" * 257, "é" * 257, "\U000e0001" * 255 + "/"],
    ],
)
def test_billing_id_that_cannot_be(face: Face, bid: str) -> None:
    with RawServer(replies(reply())) as server:
        with pytest.raises(ValueError, match="billing id") as caught:
            face(server.url, bid)
    assert not isinstance(caught.value, UnicodeError)
    assert len(str(caught.value)) < 1500
    assert server.connections == 0


@every_method
@pytest.mark.parametrize("bid", [None, 5, b"bid_1", ["bid_1"], True])
def test_billing_id_of_another_type(face: Face, bid: object) -> None:
    with RawServer(replies(reply())) as server:
        with pytest.raises(TypeError, match="billing id"):
            face(server.url, bid)
    assert server.connections == 0


@every_face
@pytest.mark.parametrize(
    "bid",
    [
        *["a b", "a?b", "a#b", "a%b", "a%2Fb", "a%20b", "é", "🧾", "a+b", "a&b=c", "a;b", "a:b"],
        *["...", ".a", "a..", "%2e%2e", "x" * 256, "~a", "a@b", "{bid}", "'", '"', "a,b", "*"],
    ],
)
def test_server_sees_exactly_the_id(face: Face, bid: str) -> None:
    answer = reply(usage_body(row(billingId=bid)))
    with RawServer(replies(answer)) as server:
        assert face(server.url, bid)
    target = server.requests[0].split(b" ")[1].decode()
    assert target.startswith("/api/v1/usage/")
    assert target.count("/") == 4
    assert "?" not in target
    assert unquote(target.removeprefix("/api/v1/usage/")) == bid


@every_method
def test_message_is_bounded_whatever_the_id(face: Face) -> None:
    with RawServer(replies(reply())) as server:
        with pytest.raises(ResponseValidationError) as caught:
            face(server.url, "\U000e0001" * 256)
    check_error(caught.value)


@pytest.mark.parametrize("bid", ["", ".", ".."])
@pytest.mark.parametrize("face", API)
def test_generated_operation_never_becomes_another(face: Face, bid: str) -> None:
    with RawServer(replies(reply())) as server:
        with pytest.raises(ValueError, match="path parameter"):
            face(server.url, bid)
    assert server.connections == 0
