"""The dlt recipe keeps counts exact, and a run behind one that was killed loads its own data."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pytest

from tests.package.test_documents import RECIPES, programs
from tests.servers import RawServer, reply, row, usage_body

BEYOND_64_BITS = 10**37


def answer(connection: socket.socket, head: bytes, number: int) -> None:
    bid = head.split(b" ")[1].rpartition(b"/")[2].decode()
    rows = [
        row(billingId=bid, totalBillingUsage=str(BEYOND_64_BITS + number)),
        row(billingId=bid, billingUsageName="seats", totalBillingUsage="7"),
    ]
    connection.sendall(reply(b"{}", 404) if bid == "bid_bad" else reply(usage_body(*rows)))


def test_dlt_recipe_loads_what_is_pending_and_then_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hosts = set()
    real = socket.getaddrinfo

    def getaddrinfo(host: Any, *others: Any, **options: Any) -> Any:
        hosts.add(host)
        return real("127.0.0.1", *others, **options)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "true")  # the recipe turns it off
    monkeypatch.setenv("ONELOOP_API_KEY", "a-key")
    (program,) = programs((RECIPES / "dlt.md").read_text("utf-8"))
    with RawServer(answer) as server:
        monkeypatch.setenv("ONELOOP_BASE_URL", server.url)
        names: dict[str, Any] = {"__name__": "__main__"}
        exec(program, names)
        killed = dlt.attach("oneloop", pipelines_dir="pipelines")
        killed.extract(names["billing_usage"](["bid_left"], {}))
        killed.normalize()
        failed = names["load"](["bid_new", "bid_bad", "bid_acme"])
        assert len(server.requests) == 6
    assert hosts == {"127.0.0.1"}, "telemetry, for one"
    assert list(failed) == ["bid_bad"]
    with duckdb.connect("usage.duckdb") as connection:
        query = "select billing_id, name, total from oneloop.billing_usage order by all"
        rows = connection.sql(query).fetchall()
    assert {bid for bid, _, _ in rows} == {"bid_acme", "bid_globex", "bid_left", "bid_new"}
    assert len(rows) == 8
    large = {bid: total - BEYOND_64_BITS for bid, name, total in rows if name != "seats"}
    assert large["bid_left"] == 3
    assert large["bid_acme"] > 3, "the later figure"
