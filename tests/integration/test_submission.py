"""The one way in, without HTTP: whatever API calls it, nothing is left out and nothing is left behind."""

import io
from pathlib import Path
from typing import Any

import pytest

from app.engines.registry import EngineRegistry
from app.errors import Gone, IdempotencyConflict, InvalidRequest, NotADocument, NotFound, QueueFull, RequestError
from app.jobs.access import JobAccess
from app.jobs.events import EventReader
from app.jobs.principal import ANONYMOUS, Principal
from app.jobs.queue import Jobs
from app.jobs.secrets import Secrets
from app.jobs.submission import NewJob, Submissions, Upload
from app.redis.client import Store
from app.results.control import JobControl
from app.settings import Settings
from app.storage.blobs import BlobStore
from app.storage.quota import Quota
from support.documents import text_pdf

pytestmark = pytest.mark.anyio

OTHER = Principal("other")


class House:
    """What an API builds its answers on."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self.blobs = BlobStore(settings)
        self.jobs = Jobs(store, settings)
        self.submissions = Submissions(
            self.jobs, EngineRegistry(store, "pp_ocr"), self.blobs, Quota(store, settings), settings
        )
        self.access = JobAccess(self.jobs, EventReader(store))
        self.control = JobControl(self.jobs, self.blobs)
        self.folder = settings.data_dir / "blobs"

    def stored(self) -> list[str]:
        return [path.name for path in self.folder.iterdir()] if self.folder.exists() else []


@pytest.fixture
def house(store: Store, tmp_path: Path) -> House:
    return House(store, Settings(data_dir=tmp_path, max_queued_jobs=3))


def upload(data: bytes) -> Upload:
    return Upload(io.BytesIO(data), len(data))


async def test_an_upload_with_its_secrets(house: House) -> None:
    document = text_pdf()
    new = NewJob(upload=upload(document), password="s3cret", metadata={"a": 1}, page_ranges="1")
    assert "s3cret" not in repr(new)
    submitted = await house.submissions.submit(new, ANONYMOUS)
    assert (submitted.status.value, submitted.replayed) == ("queued", False)
    folder = house.blobs.job(submitted.job_id)
    assert folder.read(folder.source) == document
    assert Secrets.of(folder).password == "s3cret"
    job = await house.access.find(submitted.job_id, ANONYMOUS)
    assert (job.metadata, job.page_ranges, job.has_secrets, job.client) == ({"a": 1}, "1", True, "anonymous")


@pytest.mark.parametrize(
    ("fields", "error", "words"),
    [
        ({}, InvalidRequest, "either pdf_url or a file"),
        ({"url": "http://127.0.0.1/a", "upload": upload(b"%PDF-")}, InvalidRequest, "either pdf_url or a file"),
        ({"url": "http://127.0.0.1/a"}, InvalidRequest, "FETCH_ALLOWED_HOSTS"),
        ({"url": "http://example.com/" + "a" * 5000}, InvalidRequest, "4096 are allowed"),
        ({"callback_url": "http://10.0.0.1/"}, InvalidRequest, "callback_url: .*CALLBACK_ALLOWED_HOSTS"),
        ({"engine": "tesseract"}, RequestError, "Unknown engine"),
        ({"options": {"dpi": 3}}, InvalidRequest, "has no option"),
        ({"page_ranges": "3-1"}, InvalidRequest, "is reversed"),
        ({"metadata": "x" * 20_000}, InvalidRequest, "metadata is larger than"),
        ({"idempotency_key": ""}, InvalidRequest, "1 to 255 are allowed"),
        ({"idempotency_key": "k" * 256}, InvalidRequest, "1 to 255 are allowed"),
        ({"headers": {"Authorization": "Bearer x"}}, InvalidRequest, "headers are only allowed with pdf_url"),
        ({"url": "http://example.com/a", "headers": {"Host": "x"}}, InvalidRequest, "Host cannot be set"),
        ({"password": "a\0b"}, InvalidRequest, "NUL character"),
        ({"password": "a" * 1025}, InvalidRequest, "1 to 1024 are allowed"),
        ({"upload": upload(b"GIF89a")}, NotADocument, "a GIF image"),
        ({"upload": upload(b"")}, NotADocument, "empty"),
    ],
)
async def test_what_is_refused_leaves_nothing(
    house: House, fields: dict[str, Any], error: type[RequestError], words: str
) -> None:
    given = fields if not fields or {"url", "upload"} & fields.keys() else {"upload": upload(text_pdf()), **fields}
    with pytest.raises(error, match=words):
        await house.submissions.submit(NewJob(**given), ANONYMOUS)
    assert house.stored() == []


async def test_a_key_leads_its_owner_to_the_same_job(house: House) -> None:
    async def submit(principal: Principal, **fields: Any) -> str:
        new = NewJob(upload=upload(text_pdf()), idempotency_key="k", **fields)
        return (await house.submissions.submit(new, principal)).job_id

    first = await submit(ANONYMOUS)
    assert await submit(ANONYMOUS, password="another", page_ranges=None) == first
    with pytest.raises(IdempotencyConflict):
        await submit(ANONYMOUS, page_ranges="1")
    assert house.stored() == [first]
    assert await submit(OTHER) != first


async def test_a_full_queue_leaves_nothing(house: House) -> None:
    for _ in range(3):
        await house.submissions.submit(NewJob(url="http://example.com/a.pdf"), ANONYMOUS)
    with pytest.raises(QueueFull):
        await house.submissions.submit(NewJob(upload=upload(text_pdf())), ANONYMOUS)
    assert len(house.stored()) == 3


async def test_jobs_of_others_do_not_exist(house: House) -> None:
    submitted = await house.submissions.submit(NewJob(url="http://example.com/a.pdf"), OTHER)
    for job_id in (submitted.job_id, "0" * 32, "../secret"):
        with pytest.raises(NotFound):
            await house.access.find(job_id, ANONYMOUS)
        with pytest.raises(NotFound):
            await house.access.find_ended(job_id, ANONYMOUS, 5)
    job = await house.access.find(submitted.job_id, OTHER)
    await house.control.cancel(job)
    await house.control.remove(await house.access.find_ended(job.id, OTHER, 5))
    assert house.stored() == []
    with pytest.raises(NotFound):
        await house.access.find(job.id, ANONYMOUS)
    with pytest.raises(Gone):
        await house.access.find(job.id, OTHER)
