"""What all tests share: an environment that says nothing, and a log at DEBUG."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import trustme

from tests import postgres as postgresql
from tests.servers import RawServer, echo

for name in ("griffe", "markdown_it"):  # else a failure is below pages of their steps
    logging.getLogger(name).setLevel(logging.INFO)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that no worker is left alone with it."""
    items.sort(key=lambda item: "test_rehearsal" not in item.nodeid)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"]
    names += ["ONELOOP_API_KEY", "ONELOOP_BASE_URL", "ONELOOP_LOG", "ONELOOP_PROFILE"]
    for name in [*names, "FORCE_COLOR", "NO_COLOR"]:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture(autouse=True)
def log_everything(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """An authority for servers of TLS; nobody trusts it."""
    return trustme.CA()


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retry at once where the server names no time."""
    monkeypatch.setattr("oneloop._http.retry.backoff", lambda number, jitter: 0.0)


@pytest.fixture
def server() -> Iterator[RawServer]:
    with RawServer(echo) as running:
        yield running


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Start a PostgreSQL for all tests of this worker."""
    with postgresql.server() as url:
        yield url


@pytest.fixture
def postgres(postgres_server: str) -> Iterator[str]:
    """Give the URL of a database of the test's own."""
    with postgresql.database(postgres_server) as url:
        yield url
