"""Which pages a job is about, by a document.json that a page process which was taken over may have written."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.egress.client import EgressClient
from app.errors import DocumentError
from app.jobs.models import Job, Status
from app.jobs.queue import Jobs
from app.redis import keys
from app.redis.client import connect
from app.settings import Settings
from app.storage.blobs import BlobStore, JobFolder
from app.storage.quota import Quota
from support.documents import text_pdf
from worker.documents.info import PAGES_MAX
from worker.ipc.calls import Call, Stream
from worker.ipc.messages import PageDone, PrepareDocument, ReadPages
from worker.page_process.selection import DOCUMENT_BYTES, PAGE_BYTES, selected_pages
from worker.supervisor.slices import SliceWork
from worker.supervisor.slots import Slots

JOB = "0" * 32
FAR = 8_000_000  # a page that would have the store allocate a megabyte


@pytest.fixture
def folder(data_dir: Path) -> JobFolder:
    folder = BlobStore(Settings(data_dir=data_dir)).job(JOB)
    folder.create()
    return folder


def left(folder: JobFolder, pages: object, selected: object, **more: object) -> None:
    folder.write(folder.document, json.dumps({"pages": pages, "selected": selected, "hints": {}, **more}).encode())


def test_what_a_sound_page_process_leaves_is_believed(folder: JobFolder) -> None:
    left(folder, 5, [2, 3, 5])
    assert selected_pages(folder, "2-3,5-", 3) == [2, 3, 5]
    left(folder, PAGES_MAX, [PAGES_MAX])
    assert selected_pages(folder, f"{PAGES_MAX}-", 1) == [PAGES_MAX]
    hints = {number: {"body": 10.25, "garbled": False} for number in range(1, 20_001)}
    left(folder, 20_000, list(hints), hints=hints)
    assert selected_pages(folder, None, 20_000) == list(hints)


@pytest.mark.parametrize(
    ("pages", "selected", "ranges"),
    [
        (1, [4_000_000_000], None),
        (FAR, [FAR], f"{FAR}-"),
        (PAGES_MAX + 1, [1], "1"),
        (3, [1, 2], None),
        (3, [2, 1, 3], None),
        (3, [1, 1, 2, 3], None),
        (3, [3], "2"),
        (3, {"1": 2}, None),
        (3, None, None),
        (-3, [], None),
        (0, [], None),
        ("3", [1, 2, 3], None),
        (1e300, [1], None),
        (None, [1], None),
        (11, list(range(1, 12)), None),
        (3, [7], "7"),
    ],
)
def test_pages_that_the_job_is_not_about_are_refused(
    folder: JobFolder, pages: object, selected: object, ranges: str | None
) -> None:
    left(folder, pages, selected)
    with pytest.raises(DocumentError):
        selected_pages(folder, ranges, 10)


@pytest.mark.parametrize("data", [b"", b"{", b"[1]", b"7", b"{}", b"\xff", b"[" * 100_000])
def test_what_is_no_list_of_pages_is_refused(folder: JobFolder, data: bytes) -> None:
    folder.write(folder.document, data)
    with pytest.raises(DocumentError) as refusal:
        selected_pages(folder, None, 10)
    assert refusal.value.code == "document_crashed"


def test_what_is_too_large_is_not_read(folder: JobFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    left(folder, 1, [1], hints=" " * (DOCUMENT_BYTES + 10 * PAGE_BYTES))
    monkeypatch.delattr(JobFolder, "read")
    with pytest.raises(DocumentError):
        selected_pages(folder, None, 10)


class HostileHost:
    """An engine host whose page process was taken over: it says that there are the pages `selected`."""

    def __init__(self, folder: JobFolder, selected: list[int]) -> None:
        self._folder = folder
        self._selected = selected

    @asynccontextmanager
    async def place(self, crashes: int) -> AsyncIterator[SimpleNamespace]:
        yield SimpleNamespace(crashes=crashes)

    def count_page(self) -> None:
        pass

    async def call(self, call: Call[Any]) -> Any:
        if isinstance(call, PrepareDocument):
            left(self._folder, 1, self._selected)
        return []

    async def stream(self, call: Stream[None, PageDone], on_event: Callable[[PageDone], None]) -> None:
        assert isinstance(call, ReadPages)
        for number in call.numbers:
            on_event({"page": number, "error": "", "seconds": 0.0})


@pytest.mark.anyio
async def test_a_page_process_that_is_taken_over_allocates_nothing_in_the_store(
    store_url: str, data_dir: Path, folder: JobFolder
) -> None:
    settings = Settings(redis_url=store_url, data_dir=data_dir)
    store, egress = connect(settings), EgressClient(settings)
    try:
        jobs, host = Jobs(store, settings), HostileHost(folder, [FAR])
        quota, blobs = Quota(store, settings), BlobStore(settings)
        work = SliceWork(jobs, blobs, quota, egress, host, settings, Slots(1))  # type: ignore[arg-type]
        folder.write(folder.source, text_pdf())
        await jobs.submit(Job(JOB, Status.QUEUED, "null"), idempotency=None, fingerprint="")
        held = await jobs.claim("null", "here-0")
        assert held is not None
        error = await work.outcome(held)
        assert await store.strlen(keys.pages(JOB)) == 0
        assert isinstance(error, DocumentError)
        assert (error.code, error.retryable) == ("document_crashed", False)
    finally:
        await egress.aclose()
        await store.aclose()
