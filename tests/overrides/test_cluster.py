"""A cluster of real processes stores what one machine would store, whatever becomes of a worker."""

from __future__ import annotations

import contextlib
import datetime
import os
import pickle
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import distributed
import httpx
import psutil
import psycopg
import pytest
from pyarrow import parquet

from oneloop import (
    AuthenticationError,
    ConfigurationError,
    Oneloop,
    OneloopError,
    UsageResult,
    cluster,
)
from oneloop.cluster.run import _shares
from oneloop.cluster.worker import Partition, Run, end, work
from oneloop.sync import SyncResult
from tests.faces import KEY
from tests.postgres import with_option
from tests.servers import Handler, RawServer, reply, row, usage_body

# No text like these is in the identifiers that Dask makes up.
IDS = [f"who-{number:03}" for number in range(200)]
HERE = "sk-of-this-machine-0123"
PASSWORD = "pass-0123456789"
Row = tuple[str, datetime.date, str, int]


@pytest.fixture(scope="module")
def dask_client() -> Iterator[distributed.Client]:
    before = psutil.Process().children(recursive=True)
    with (
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            env={"ONELOOP_API_KEY": KEY},
        ) as workers,
        distributed.Client(workers) as client,
    ):
        yield client
    left = [child for child in psutil.Process().children(recursive=True) if child not in before]
    lines = [" ".join(child.cmdline()) for child in left]
    assert [line for line in lines if "resource_tracker" not in line] == []  # Python's own


def totals(bid: str) -> list[tuple[datetime.date, int]]:
    """Return the usage of an id: three days, the last first; one count is past 64 bits."""
    number = int(bid.removeprefix("who-"))
    return [(datetime.date(2025, 1, day), number + 10 ** (12 * day)) for day in (3, 2, 1)]


def asked(head: bytes) -> str:
    return head.split(b" ")[1].rpartition(b"/")[2].decode()


def answer(connection: socket.socket, head: bytes, number: int) -> None:
    bid = asked(head)
    rows = [
        row(billingId=bid, day=str(day), totalBillingUsage=str(total)) for day, total in totals(bid)
    ]
    connection.sendall(reply(usage_body(*rows)))


def slowly(connection: socket.socket, head: bytes, number: int) -> None:
    time.sleep(0.1)
    answer(connection, head, number)


def refusing(*refused: str, status: int) -> Handler:
    """Return a handler that answers all but these ids."""

    def handle(connection: socket.socket, head: bytes, number: int) -> None:
        if asked(head) in refused:
            connection.sendall(reply(b"{}", status))
        else:
            answer(connection, head, number)

    return handle


def run(
    dask_client: distributed.Client,
    server: RawServer,
    target: Path | str,
    ids: Iterable[Any] = IDS,
    *,
    pickle_api_key: bool = False,
    **options: Any,
) -> SyncResult:
    options = {"concurrency": 4, "partition_size": 10} | options
    with Oneloop(
        api_key=HERE,
        base_url=server.url,
        timeout=9,
        max_retries=0,
        pickle_api_key=pickle_api_key,
    ) as client:
        return cluster.sync(client, ids, target, dask_client=dask_client, **options)


def stored(target: Path | str) -> list[Row]:
    """Return the rows of a folder or a database, sorted."""
    if isinstance(target, Path):
        columns = parquet.read_table(target).to_pydict()
        return sorted(zip(*columns.values(), strict=True))
    with psycopg.connect(target) as connection:
        query = "select billing_id, day, name, total from billing_usage"
        return sorted(connection.execute(query).fetchall())


def expected(ids: Iterable[str]) -> list[Row]:
    return sorted((bid, day, "api-calls", total) for bid in ids for day, total in totals(bid))


@pytest.fixture(params=["folder", "postgres"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    if request.param == "folder":
        return tmp_path / "usage"
    url: str = request.getfixturevalue("postgres")
    return url


def test_each_id_is_stored_once(dask_client: distributed.Client, target: Path | str) -> None:
    with RawServer(answer) as server:
        result = run(dask_client, server, target, [*IDS, *IDS[:25]])
        assert server.all_closed(within=2), "a client is left on a worker"
        assert len(server.requests) == len(IDS)
        assert server.connections <= 2 * 4, "a client a worker"
    assert result == SyncResult(ids=200, new=600)
    assert stored(target) == expected(IDS)


def test_parts_are_sorted_and_of_fixed_types(
    dask_client: distributed.Client, tmp_path: Path
) -> None:
    with RawServer(answer) as server:
        run(dask_client, server, tmp_path / "usage", reversed(IDS[:25]))
        run(dask_client, server, tmp_path / "nothing", [])
    assert sorted(each.name for each in tmp_path.iterdir()) == ["nothing", "usage"]
    parts = sorted((tmp_path / "usage").iterdir())
    assert [part.name for part in parts] == [f"part-{number:05}.parquet" for number in range(3)]
    for part in parts:
        columns = parquet.read_table(part).to_pydict()
        rows = list(zip(*columns.values(), strict=True))
        assert rows == sorted(rows)
        assert isinstance(columns["total"][0], Decimal)
    (empty,) = (tmp_path / "nothing").iterdir()
    types = ["string", "date32[day]", "string", "decimal128(38, 0)"]
    for part in (*parts, empty):
        assert [str(type_) for type_ in parquet.read_schema(part).types] == types


def worker_of(connection: socket.socket, workers: list[psutil.Process]) -> psutil.Process:
    """Return the worker at the other end of a connection."""
    port = connection.getpeername()[1]
    (worker,) = (
        each for each in workers if any(its.laddr.port == port for its in each.net_connections())
    )
    return worker


@pytest.fixture
def workers(dask_client: distributed.Client) -> Iterator[list[psutil.Process]]:
    yield [psutil.Process(pid) for pid in dask_client.run(os.getpid).values()]
    dask_client.wait_for_workers(2, timeout=30)


def test_a_killed_worker_loses_and_doubles_nothing(
    dask_client: distributed.Client,
    workers: list[psutil.Process],
    target: Path | str,
    tmp_path: Path,
) -> None:
    killed = []

    def handle(connection: socket.socket, head: bytes, number: int) -> None:
        if number == 57:
            for folder in tmp_path.iterdir():
                (folder / ".unfinished").touch()
            worker = worker_of(connection, workers)
            worker.send_signal(signal.SIGKILL)
            killed.append(worker)
        answer(connection, head, number)

    with RawServer(handle) as server:
        result = run(dask_client, server, target)
        assert len(server.requests) > len(IDS), "no id was under way on the worker"
    (worker,) = killed
    assert not worker.is_running()
    assert (result.ids, result.failed) == (200, 0)
    assert stored(target) == expected(IDS)
    if isinstance(target, Path):
        assert all(part.name.startswith("part-") for part in target.iterdir())


def test_a_partition_that_kills_each_worker_ends_the_run(
    dask_client: distributed.Client, workers: list[psutil.Process], tmp_path: Path
) -> None:
    def allow_failures(count: int, dask_scheduler: Any) -> None:
        dask_scheduler.allowed_failures = count

    def handle(connection: socket.socket, head: bytes, number: int) -> None:
        with contextlib.suppress(psutil.Error, ValueError):  # of one that is dead already
            worker_of(connection, workers).send_signal(signal.SIGKILL)

    with RawServer(handle) as server:
        dask_client.run_on_scheduler(allow_failures, 0)
        try:
            with pytest.raises(OneloopError, match="the Dask cluster failed: KilledWorker"):
                run(dask_client, server, tmp_path / "usage", IDS[:5])
        finally:
            dask_client.run_on_scheduler(allow_failures, 3)
    assert list(tmp_path.iterdir()) == []


def test_an_error_of_one_id_is_counted_and_told(
    dask_client: distributed.Client, target: Path | str
) -> None:
    failures: list[UsageResult] = []
    ids: list[Any] = [*IDS[:30], "a/b", 5, ["who-001"]]
    refuse = refusing("who-007", "who-021", status=404)

    def handle(connection: socket.socket, head: bytes, number: int) -> None:
        if asked(head) == "who-011":  # two figures of one day
            connection.sendall(reply(usage_body(*[row(billingId="who-011")] * 2)))
        else:
            refuse(connection, head, number)

    with RawServer(handle) as server:
        result = run(dask_client, server, target, ids, on_failure=failures.append)
    assert (result.ids, result.failed, result.new) == (27, 6, 81)
    assert {str(each.billing_id): type(each.error).__name__ for each in failures} == {
        "who-007": "NotFoundError",
        "who-011": "ResponseValidationError",
        "who-021": "NotFoundError",
        "a/b": "ValueError",
        "5": "TypeError",
        "['who-001']": "TypeError",
    }


def test_a_key_that_is_not_taken_ends_the_run(
    dask_client: distributed.Client, tmp_path: Path
) -> None:
    with RawServer(refusing("who-015", status=401)) as server:
        with pytest.raises(AuthenticationError) as caught:
            run(dask_client, server, tmp_path / "usage")
        assert len(server.requests) < 60
    assert caught.value.status_code == 401
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ends", [LookupError, KeyboardInterrupt, OSError])
def test_what_ends_the_run_ends_it_on_the_workers(
    dask_client: distributed.Client, tmp_path: Path, ends: type[BaseException]
) -> None:
    with RawServer(slowly) as server:

        def ids() -> Iterator[str]:
            yield from IDS[:50]
            while not server.requests:
                time.sleep(0.01)
            raise ends("of the ids")

        with pytest.raises(ends, match="of the ids"):
            run(dask_client, server, tmp_path / "usage", ids(), partition_size=50, concurrency=2)
        assert server.all_closed(within=2)
        assert len(server.requests) < 12
    assert list(tmp_path.iterdir()) == []


def test_ids_are_read_as_partitions_are_done(
    dask_client: distributed.Client, tmp_path: Path
) -> None:
    ahead = []
    with RawServer(answer) as server:

        def ids() -> Iterator[str]:
            for number, bid in enumerate(IDS):
                ahead.append(number - len(server.requests))
                yield bid

        run(dask_client, server, tmp_path / "usage", ids(), at_once=3)
    assert max(ahead) < 10 * 3


@pytest.fixture
def moments() -> list[float]:
    """When each request came, once it is served by `noting`."""
    return []


@pytest.fixture
def noting(moments: list[float]) -> Handler:
    def handle(connection: socket.socket, head: bytes, number: int) -> None:
        moments.append(time.monotonic())
        answer(connection, head, number)

    return handle


def test_all_workers_together_keep_to_the_rate(
    dask_client: distributed.Client, tmp_path: Path, noting: Handler, moments: list[float]
) -> None:
    with RawServer(noting) as server:
        run(dask_client, server, tmp_path / "usage", IDS[:80], rate=100)
    at_once = max(sum(begin <= each < begin + 0.5 for each in moments) for begin in moments)
    assert at_once <= 50 * 1.1
    assert max(moments) - min(moments) > 0.75


def test_the_rate_holds_from_one_partition_to_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    with Oneloop(api_key=HERE, pickle_api_key=True) as client:
        options = {"concurrency": 1, "rate": 4.0}
        common = Run("a-slow-run", pickle.dumps(client), tmp_path, options)
    assert work(Partition(common, 0, [])) == (SyncResult(), [])
    end("a-slow-run")
    assert slept == [1 / 4]


@pytest.mark.parametrize(
    ("at_once", "rate", "shares"),
    [
        pytest.param(8, None, (8, None), id="none"),
        pytest.param(8, 300, (8, 37), id="whole numbers"),
        pytest.param(4, 300.0, (4, 75), id="nothing is lost"),
        pytest.param(8, 5.5, (5, 1), id="fewer at once"),
        pytest.param(1, 5.5, (1, 5), id="one"),
        pytest.param(8, 1.9, (1, 1.9), id="less than one for two"),
        pytest.param(8, 0.01, (1, 0.01), id="less than one"),
    ],
)
def test_shares_of_a_rate_add_up(
    at_once: int, rate: float | None, shares: tuple[int, float | None]
) -> None:
    assert _shares(at_once, rate) == shares


def test_a_key_stays_here_unless_it_may_travel(
    dask_client: distributed.Client, tmp_path: Path
) -> None:
    seen = set()

    def set_key(key: str | None) -> None:
        os.environ.pop("ONELOOP_API_KEY", None)
        os.environ |= {"ONELOOP_API_KEY": key} if key else {}

    def handle(connection: socket.socket, head: bytes, number: int) -> None:
        seen.update(re.findall(rb"Bearer (\S+)", head))
        answer(connection, head, number)

    with RawServer(handle) as server:
        run(dask_client, server, tmp_path / "theirs")
        assert seen == {KEY.encode()}
        dask_client.run(set_key, None)
        try:
            with pytest.raises(ConfigurationError, match="on a worker: no API key"):
                run(dask_client, server, tmp_path / "none")
            seen.clear()
            run(dask_client, server, tmp_path / "ours", pickle_api_key=True)
            assert seen == {HERE.encode()}
        finally:
            dask_client.run(set_key, KEY)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["ours", "theirs"]


def test_nothing_that_dask_keeps_shows_key_password_or_id(
    dask_client: distributed.Client,
    postgres: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    pages: list[str] = []
    dump = tmp_path / "dump.yaml"
    target = with_option(postgres, f"password={PASSWORD}")

    def ids() -> Iterator[str]:
        yield from IDS[:30]
        dask_client.dump_cluster_state(str(dump.with_suffix("")), format="yaml")
        (task, *_) = dask_client.run_on_scheduler(lambda dask_scheduler: list(dask_scheduler.tasks))
        workers = [f"call-stacks/{quote(name, '')}" for name in dask_client.nthreads()]
        for page in ("main/workers", "main/logs", f"task/{task}", *workers):
            url = dask_client.dashboard_link.replace("/status", f"/info/{page}.html")
            pages.append(httpx.get(url, timeout=9).raise_for_status().text)

    def raise_on_the_worker(partition: Any) -> None:
        raise LookupError(f"it happened to {partition!r}")

    with RawServer(slowly) as server:
        run(dask_client, server, target, ids(), pickle_api_key=True)
        with Oneloop(api_key=HERE, base_url=server.url, pickle_api_key=True) as client:
            common = Run("a-run", pickle.dumps(client), target, {})
    with pytest.raises(LookupError) as caught:
        dask_client.submit(raise_on_the_worker, Partition(common, 5, IDS)).result()
    logs = [dask_client.get_worker_logs(), dask_client.get_scheduler_logs(), caplog.text]
    shown = f"{logs} {pages} {caught.value!r} {dump.read_text('utf-8')}"
    assert "Compute Failed" in shown
    assert "oneloop-" in shown
    for secret in (KEY, HERE, PASSWORD, IDS[0], IDS[15]):
        assert secret not in shown


@pytest.mark.parametrize(
    "target",
    [
        pytest.param(f"postgresql://u:{PASSWORD}@127.0.0.1:1/db", id="nobody there"),
        pytest.param(f"postgresql://u:{PASSWORD}/x@127.0.0.1/db", id="a slash"),
        pytest.param(f"postgresql://u:x@{PASSWORD}@127.0.0.1/db", id="an at sign"),
        pytest.param(f"postgresql://u:{PASSWORD}%@127.0.0.1/db", id="a percent sign"),
    ],
)
def test_no_error_shows_a_password(dask_client: distributed.Client, target: str) -> None:
    with RawServer(answer) as server, pytest.raises(OneloopError) as caught:
        run(dask_client, server, target, IDS[:5])
    text = "".join(traceback.format_exception(caught.value))
    assert PASSWORD not in text + str(dask_client.get_worker_logs())


@pytest.mark.parametrize(
    ("options", "says"),
    [
        pytest.param({"dask_client": object()}, "dask_client", id="no cluster"),
        pytest.param({"partition_size": 0}, "partition_size", id="partitions of none"),
        pytest.param({"partition_size": True}, "partition_size", id="partitions of true"),
        pytest.param({"at_once": 1.5}, "at_once", id="half a partition"),
        pytest.param({"at_once": 0}, "at_once", id="nothing at once"),
        pytest.param({"rate": "5"}, "rate", id="a rate that is text"),
        pytest.param({"concurrency": 0}, "concurrency", id="no thread"),
        pytest.param({"target": "usage.duckdb"}, "target", id="an engine of one process"),
        pytest.param({"target": "s3://bucket/usage"}, "target", id="an object store"),
        pytest.param({"max_age": 5}, "max_age", id="the age of files"),
        pytest.param({"prune": True}, "prune", id="pruning files"),
        pytest.param({"target": "."}, "is there already", id="a folder that is there"),
    ],
)
def test_what_can_not_be_is_refused_before_any_request(
    dask_client: distributed.Client, tmp_path: Path, options: dict[str, Any], says: str
) -> None:
    options = {"target": tmp_path / "usage", "dask_client": dask_client, **options}
    with RawServer(answer) as server:
        with pytest.raises(ConfigurationError, match=says):
            run(options.pop("dask_client"), server, options.pop("target"), **options)
        assert server.requests == []
    assert list(tmp_path.iterdir()) == []


def test_an_asynchronous_client_is_refused(
    dask_client: distributed.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distributed.Client, "asynchronous", True)
    with RawServer(answer) as server, pytest.raises(ConfigurationError, match="asynchronous"):
        run(dask_client, server, tmp_path / "usage", at_once=1)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        pytest.param("nowhere/usage", "No such file or directory", id="no folder around it"),
        pytest.param("u" * 300, "File name too long", id="a long name"),
    ],
)
def test_a_folder_that_can_not_be_written_is_one_line(
    dask_client: distributed.Client, tmp_path: Path, name: str, reason: str
) -> None:
    with RawServer(answer) as server:
        with pytest.raises(OneloopError, match=f"can't be written: {reason}"):
            run(dask_client, server, tmp_path / name)
        assert server.requests == []


def test_a_folder_that_workers_do_not_see_is_told(
    dask_client: distributed.Client, tmp_path: Path
) -> None:
    def handle(connection: socket.socket, head: bytes, number: int) -> None:
        for folder in tmp_path.iterdir():
            shutil.rmtree(folder)
        answer(connection, head, number)

    with RawServer(handle) as server:
        with pytest.raises(OneloopError, match="on a worker: FileNotFoundError"):
            run(dask_client, server, tmp_path / "usage")


def test_without_dask_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with RawServer(answer) as server:
        with pytest.raises(ConfigurationError, match=r"oneloop-api-client\[dask\]"):
            run(None, server, tmp_path / "usage")  # type: ignore[arg-type]


def test_a_worker_without_pyarrow_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with Oneloop(api_key=HERE, pickle_api_key=True) as client:
        common = Run("a-run", pickle.dumps(client), tmp_path, {"rate": None})
    outcome = work(Partition(common, 0, []))
    end("a-run")
    assert isinstance(outcome, ConfigurationError)
    assert "on a worker: needs pyarrow: pip install 'oneloop-api-client[dask]'" in str(outcome)


def test_importing_it_brings_no_engine() -> None:
    program = "import sys, oneloop.cluster; print(*sys.modules)"
    line = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True).stdout
    loaded = {name.partition(".")[0] for name in line.decode().split()}
    assert not loaded & {"distributed", "dask", "pyarrow", "duckdb", "psycopg", "httpx"}


def test_a_cluster_that_is_gone_is_an_error(tmp_path: Path) -> None:
    with (
        distributed.LocalCluster(
            n_workers=1, processes=False, dashboard_address="127.0.0.1:0"
        ) as workers,
        distributed.Client(workers) as client,
        RawServer(slowly) as server,
    ):

        def ids() -> Iterator[str]:
            yield from IDS[:10]
            client.close()
            yield from IDS[10:20]

        with pytest.raises(OneloopError, match="the Dask cluster failed"):
            run(client, server, tmp_path / "usage", ids(), pickle_api_key=True)
        with pytest.raises(OneloopError, match="the Dask cluster failed"):
            run(client, server, tmp_path / "usage")
    assert list(tmp_path.iterdir()) == []
