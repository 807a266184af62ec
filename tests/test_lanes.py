"""What a lane makes of files that cannot be used: it goes on, and so does its worker."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from test_jobs import claim, new_job, submit

from app.blobs import BlobStore, JobFolder, write
from app.errors import WorkerError
from app.jobs.queue import Jobs
from app.jobs.record import Slice
from app.outbound import Outbound
from app.quota import Quota
from app.settings import Settings
from app.store import connect
from worker.channel import ChildDied
from worker.host_keeper import HostKeeper
from worker.lanes import CRASHES_MAX, Lanes
from worker.slices import Crashed

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
    store, outbound = connect(settings), Outbound(settings)
    jobs, blobs, quota = Jobs(store, settings), BlobStore(settings), Quota(store, settings)
    lanes = Lanes(jobs, blobs, quota, outbound, HostKeeper("null", settings), settings, "here-0")
    folder = blobs.job(await submit(jobs, new_job()))
    folder.create()
    write(folder.document, b'{"pages": 2, "selected": [1, 2], "hints": {}}')
    yield Bench(lanes, await claim(jobs), folder)
    await outbound.aclose()
    await store.aclose()


async def test_pages_that_cannot_be_given_up_are_tried_again(bench: Bench) -> None:
    """After the last death of an engine host, the errors of the pages it did not read cannot be written."""
    bench.folder.pages.rmdir()
    error = await bench.lanes._after(Crashed(ChildDied(-9), CRASHES_MAX), bench.held)
    assert isinstance(error, WorkerError)
    assert (error.code, error.retryable) == ("storage_unavailable", True)


async def test_secrets_that_cannot_be_removed_are_left_to_a_sweeper(bench: Bench) -> None:
    bench.folder.headers.mkdir()
    await bench.lanes._work.forget(bench.held)
    assert bench.folder.headers.exists()


async def test_a_document_that_cannot_be_opened_is_tried_again(bench: Bench) -> None:
    bench.folder.source.symlink_to(bench.folder.source)
    error = await bench.lanes._work.outcome(bench.held)
    assert isinstance(error, WorkerError)
    assert (error.code, error.retryable) == ("storage_unavailable", True)
