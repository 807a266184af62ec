"""The supervisor makes its file calls in threads."""

import asyncio
import json
import os
import threading
from pathlib import Path

import pytest

from app.jobs.models import Job, Status
from app.jobs.queue import Jobs
from app.jobs.secrets import Secrets
from app.redis.client import connect
from app.settings import Settings
from app.storage.blobs import BlobStore, JobFolder
from support.documents import text_pdf
from support.harness import PATIENCE, Web, run
from worker.supervisor.file_calls import WRITE_BYTES, in_thread, replacing_in_thread

pytestmark = pytest.mark.anyio

JOB = "0" * 32

SUPERVISOR = """
import asyncio, json, os, sys, threading
from app.settings import load_settings
from worker.supervisor.supervisor import Supervisor

settings, calls = load_settings(), []
blobs = str(settings.data_dir.absolute() / "blobs")

def note(event, arguments):
    paths = [os.fspath(one) for one in arguments if isinstance(one, (str, os.PathLike))]
    if threading.current_thread() is threading.main_thread() and any(path.startswith(blobs) for path in paths):
        calls.append([event, *paths])

sys.addaudithook(note)
asyncio.run(Supervisor(settings).run_one(sys.argv[1]))
print(json.dumps(calls))
"""


@pytest.mark.slow
async def test_the_supervisor_s_own_thread_touches_no_blob(store_url: str, data_dir: Path, web: Web) -> None:
    """From the download of a document to its result."""
    environment = {"REDIS_URL": store_url, "DATA_DIR": str(data_dir), "FETCH_ALLOWED_NETWORKS": "127.0.0.0/8"}
    settings = Settings(redis_url=store_url, data_dir=data_dir)
    web.files["/document.pdf"] = text_pdf(2)
    store = connect(settings)
    try:
        jobs, folder = Jobs(store, settings), BlobStore(settings).job(JOB)
        folder.create()
        Secrets({"X-Token": "secret"}, "password").keep(folder)
        job = Job(JOB, Status.QUEUED, "null", pdf_url=f"{web.url}/document.pdf", has_secrets=True)
        await jobs.submit(job, idempotency=None, fingerprint="")
        worker = run("-c", SUPERVISOR, f"{JOB}-0", ENGINE="null", **environment)
        ended = await jobs.get(JOB)
    finally:
        await store.aclose()
    assert ended is not None
    assert (ended.status, ended.pages_done, ended.error) == (Status.FINISHED, 2, None)
    assert sorted(os.listdir(folder._root)) == ["document.json", "images", "pages", "result.json", "source"]
    assert json.loads(worker.stdout) == []


async def test_a_cancelled_call_is_waited_for() -> None:
    begun, going_on, ended = threading.Event(), threading.Event(), []

    def call() -> None:
        begun.set()
        ended.append(going_on.wait(PATIENCE))

    task = asyncio.create_task(in_thread(call))
    await asyncio.to_thread(begun.wait, PATIENCE)
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    going_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == [True]


@pytest.mark.parametrize("sizes", [[], [1, 2, 3], [WRITE_BYTES - 1, 2, 5], [3 * WRITE_BYTES]])
async def test_a_file_is_replaced_by_all_that_was_written(tmp_path: Path, sizes: list[int]) -> None:
    folder = JobFolder(tmp_path)
    folder.write(folder.source, b"old")
    pieces = [bytes([number]) * size for number, size in enumerate(sizes)]
    async with replacing_in_thread(folder, folder.source) as write:
        for piece in pieces:
            await write(piece)
        assert folder.read(folder.source) == b"old"
    assert folder.read(folder.source) == b"".join(pieces)
    assert os.listdir(tmp_path) == ["source"]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), asyncio.CancelledError()])
async def test_a_file_that_is_not_written_to_its_end_is_removed(tmp_path: Path, error: BaseException) -> None:
    folder = JobFolder(tmp_path)

    async def write_some() -> None:
        async with replacing_in_thread(folder, folder.source) as write:
            await write(bytes(WRITE_BYTES))
            raise error

    with pytest.raises(type(error)) as raised:
        await write_some()
    assert raised.value is error
    assert os.listdir(tmp_path) == []
