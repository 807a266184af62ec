"""Fixtures: a clean environment, a real store, a real service, a web server on loopback."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from importlib.util import find_spec
from pathlib import Path

import hypothesis
import pytest
import redis

from app.cli.misspelled import WARNED
from app.processes.die_with_parent import die_with
from app.redis.client import Store, connect
from app.redis.server import find_server
from app.settings import Settings
from support.harness import Service, Web, running, spawn, wait_for

hypothesis.settings.register_profile(
    "tests", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)  # how long an example takes says more of the machine than of the code
hypothesis.settings.load_profile("tests")

collect_ignore = ["paddleocr_vl"] if find_spec("paddleocr") is None else []
"""Tests of what has an environment of its own: ENGINE=paddleocr_vl ./run.sh test."""


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):  # a worker of pytest-xdist, which would finish its test without the controller
        die_with(os.getppid())


UNIT_TESTS = Path(__file__).with_name("unit")
NOT_FOR_UNIT_TESTS = {"service", "store_server"}
"""What fixtures start that a unit test does without."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks each test by its folder: `unit` in tests/unit, `integration` everywhere else."""
    for item in items:
        unit = UNIT_TESTS in item.path.parents
        item.add_marker("unit" if unit else "integration")
        started = NOT_FOR_UNIT_TESTS & set(getattr(item, "fixturenames", ()))
        if unit and started:
            raise pytest.UsageError(f"{item.nodeid} is a unit test and uses {', '.join(started)}")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def clean_environ(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the settings of the shell it was started from."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.delenv(WARNED, raising=False)  # a test in this process may have led to the warning


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A folder with a path short enough for a unix socket."""
    folder = Path(tempfile.mkdtemp(prefix="ocr-test-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def store_server() -> Iterator[str]:
    """A real server of the tests' own; yields its URL."""
    folder = Path(tempfile.mkdtemp(prefix="ocr-store-"))
    socket = folder / "redis.sock"
    arguments = ["--port", "0", "--unixsocket", str(socket), "--dir", str(folder), "--save", "", "--appendonly", "no"]
    process = spawn(find_server(), *arguments, stdout=subprocess.DEVNULL)
    wait_for(socket.exists)
    yield f"unix://{socket}"
    process.terminate()
    process.wait(10)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def store_url(store_server: str) -> str:
    """The same server, emptied."""
    with redis.Redis.from_url(store_server) as client:
        client.flushdb()
    return store_server


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    """A client of it."""
    client = connect(Settings(redis_url=store_url))
    yield client
    await client.aclose()


@pytest.fixture(scope="session")
def service() -> Iterator[Service]:
    """A service with the CPU engine, shared by the tests that do it no harm."""
    with running() as shared:
        yield shared


@pytest.fixture
def web() -> Iterator[Web]:
    server = Web()
    yield server
    server.close()
