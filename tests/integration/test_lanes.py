"""What a lane makes of files that cannot be used: it goes on, and so does its worker."""

import errno
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.egress.client import EgressClient
from app.errors import WorkerError
from app.jobs.models import Slice
from app.jobs.queue import Jobs
from app.redis.client import connect
from app.settings import Settings
from app.storage.blobs import BlobStore, JobFolder
from app.storage.quota import Quota
from support.jobs import claim, new_job, submit
from worker.ipc.channel import ChildDied
from worker.supervisor.engine_host import EngineHostManager
from worker.supervisor.lanes import CRASHES_MAX, Lanes
from worker.supervisor.slices import Crashed
from worker.supervisor.slots import Slots

pytestmark = pytest.mark.anyio


class Bench:
    """Lanes that claim nothing by themselves, with a slice in hand."""

    def __init__(self, lanes: Lanes, held: Slice, folder: JobFolder) -> None:
        self.lanes = lanes
        self.held = held
        self.folder = folder


@pytest.fixture
async def bench(store_url: str, data_dir: Path) -> AsyncIterator[Bench]:
    settings = Settings(redis_url=store_url, data_dir=data_dir)
    store, egress = connect(settings), EgressClient(settings)
    jobs, blobs, quota = Jobs(store, settings), BlobStore(settings), Quota(store, settings)
    lanes = Lanes(jobs, blobs, quota, egress, EngineHostManager("null", settings), settings, Slots(1), "here-0")
    folder = blobs.job(await submit(jobs, new_job()))
    folder.create()
    folder.write(folder.document, b'{"pages": 2, "selected": [1, 2], "hints": {}}')
    yield Bench(lanes, await claim(jobs), folder)
    await egress.aclose()
    await store.aclose()


async def test_pages_that_cannot_be_given_up_are_tried_again(bench: Bench) -> None:
    """After the last death of an engine host, the errors of the pages it did not read cannot be written."""
    bench.folder._pages.rmdir()
    error = await bench.lanes._after(Crashed(ChildDied(-9), CRASHES_MAX), bench.held)
    assert isinstance(error, WorkerError)
    assert (error.code, error.retryable) == ("storage_unavailable", True)


async def test_secrets_that_cannot_be_removed_are_left_to_a_sweeper(bench: Bench) -> None:
    headers = bench.folder._root / bench.folder.headers
    headers.mkdir()
    await bench.lanes._work.forget(bench.held)
    assert headers.exists()


async def test_a_document_that_cannot_be_opened_is_tried_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(JobFolder, "open", fail)
    error = await bench.lanes._work.outcome(bench.held)
    assert isinstance(error, WorkerError)
    assert (error.code, error.retryable) == ("storage_unavailable", True)
