"""The one way in: every API submits its documents here, and nothing else creates a job.

A submission is checked in all respects before anything is stored: URLs by the policies of egress, the engine and its
options, page ranges, headers, the kind of an uploaded file, room in DATA_DIR. Then the upload and the secrets are
stored, and the job is accepted by one script. Whatever does not lead to a new job leaves nothing behind.
"""

import asyncio
import hashlib
import json
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from pydantic import JsonValue

from app.documents.formats import HEAD, require_document
from app.documents.page_ranges import parse_page_ranges
from app.egress.policy import UrlPolicy, callback_policy, check_url, fetch_policy
from app.engines.options import canonical_options, check_options
from app.engines.registry import EngineRegistry
from app.errors import (
    DocumentError,
    IdempotencyConflict,
    InvalidRequest,
    NotADocument,
    QueueFull,
    StorageUnavailable,
)
from app.jobs.models import ENDED, Job, Priority, Status
from app.jobs.principal import Principal
from app.jobs.queue import Jobs
from app.jobs.secrets import Secrets, check_headers
from app.logging import REQUEST_ID
from app.settings import Settings
from app.storage.blobs import BlobStore, JobFolder
from app.storage.quota import Quota
from app.strict_json import encode

URL_MAX = 4096  # characters
METADATA_MAX = 16 << 10  # bytes, as JSON
KEY_MAX = 255  # characters of an idempotency key
PASSWORD_MAX = 1024  # characters


@dataclass(frozen=True)
class Upload:
    """A file that was sent: `file` is read from its current position, `size` is in bytes.

    It has to be received within `Submissions.receiving`.
    """

    file: BinaryIO
    size: int


@dataclass(frozen=True)
class NewJob:
    """What a client wants done with one document, which is at `url` or in `upload`. Nothing of it is checked yet.

    `options` are the engine's; `engine` is one by default. `page_ranges` is as in "1-3,5". `headers` are sent to the
    server of `url`; they and `password` are treated as secrets. `metadata` is given back with the job.
    """

    url: str | None = None
    upload: Upload | None = None
    callback_url: str | None = None
    idempotency_key: str | None = None
    engine: str | None = None
    options: Mapping[str, JsonValue] = field(default_factory=dict)
    priority: Priority = "normal"
    page_ranges: str | None = None
    metadata: JsonValue = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Submitted:
    """The job that a submission led to; `replayed`: it is that of an earlier one with the same idempotency key."""

    job_id: str
    status: Status
    replayed: bool

    @property
    def ended(self) -> bool:
        return self.status in ENDED


class Submissions:
    """Accepts documents."""

    def __init__(self, jobs: Jobs, engines: EngineRegistry, blobs: BlobStore, quota: Quota, settings: Settings) -> None:
        self._jobs = jobs
        self._engines = engines
        self._blobs = blobs
        self._quota = quota
        self._max_file_bytes = settings.max_file_bytes
        self._policies: dict[str, UrlPolicy] = {
            "pdf_url": fetch_policy(settings),
            "callback_url": callback_policy(settings),
        }

    def receiving(self, size: int | None) -> AbstractAsyncContextManager[None]:
        """Holds room in DATA_DIR for an upload of `size` bytes, or of MAX_FILE_MB where the size is not known yet.

        It has to last until the submission is done. Raises StorageUnavailable.
        """
        return self._quota.reserved(self._max_file_bytes if size is None else size)

    async def require_room(self) -> None:
        """Raises StorageUnavailable while DATA_DIR takes no documents; worth asking before a body is read."""
        if (full := await self._quota.refusal()) is not None:
            raise StorageUnavailable(full)

    async def submit(self, new: NewJob, principal: Principal) -> Submitted:
        """Creates the job, or finds the one that the same idempotency key has led to.

        Raises InvalidRequest, UnknownEngine, NotADocument, IdempotencyConflict, QueueFull, StorageUnavailable or
        StoreDown.
        """
        await self.require_room()
        secrets = _checked_secrets(new)
        self._check(new)
        engine = await self._engines.choose(new.engine)
        options = check_options(engine, dict(new.options))
        job = Job(
            id=uuid.uuid4().hex,
            status=Status.QUEUED,
            engine=engine,
            client=principal.client,
            pdf_url=new.url,
            callback_url=new.callback_url,
            priority=new.priority,
            page_ranges=new.page_ranges,
            options=options,
            metadata=new.metadata,
            has_secrets=bool(secrets),
            request_id=REQUEST_ID.get(),
        )
        key = None if new.idempotency_key is None else hashlib.sha256(new.idempotency_key.encode()).hexdigest()
        async with _stored(self._blobs.job(job.id), new.upload, secrets) as (digest, keep):
            fingerprint = "" if key is None else _fingerprint(new, canonical_options(engine, options), digest)
            outcome, job_id, status = await self._jobs.submit(job, idempotency=key, fingerprint=fingerprint)
            if outcome == "conflict" or (outcome == "replayed" and not await self._has_engine(job_id, new.engine)):
                raise conflict(job_id)
            if outcome == "full":
                raise QueueFull
            if outcome == "created":
                keep()
                if new.upload is not None:
                    self._quota.add(new.upload.size)
        return Submitted(job_id, status, replayed=outcome == "replayed")

    def _check(self, new: NewJob) -> None:
        """Raises InvalidRequest."""
        if (new.url is None) == (new.upload is None):
            raise InvalidRequest("Send either pdf_url or a file, and not both.")
        for name, url in (("pdf_url", new.url), ("callback_url", new.callback_url)):
            if url is None:
                continue
            if len(url) > URL_MAX:
                raise InvalidRequest(f"{name} has {len(url)} characters; {URL_MAX} are allowed.")
            try:
                check_url(url, self._policies[name])
            except InvalidRequest as error:
                raise InvalidRequest(f"{name}: {error.message}") from None
        if new.idempotency_key is not None and not 1 <= len(new.idempotency_key) <= KEY_MAX:
            length = len(new.idempotency_key)
            raise InvalidRequest(f"The idempotency key has {length} characters; 1 to {KEY_MAX} are allowed.")
        if new.metadata is not None and len(encode(new.metadata)) > METADATA_MAX:
            raise InvalidRequest(f"metadata is larger than {METADATA_MAX} bytes as JSON.")
        if new.page_ranges is not None:
            parse_page_ranges(new.page_ranges)

    async def _has_engine(self, job_id: str, engine: str | None) -> bool:
        """Whether the job has the engine that was asked for, where one was."""
        found = await self._jobs.get(job_id) if engine is not None else None
        return found is None or found.engine == engine


def conflict(job_id: str) -> IdempotencyConflict:
    return IdempotencyConflict(
        f"This idempotency_key was used for a different request (job {job_id}); use a new key, or repeat that request."
    )


def _checked_secrets(new: NewJob) -> Secrets:
    """Raises InvalidRequest, with no secret in its message."""
    if new.headers and new.url is None:
        raise InvalidRequest("headers are only allowed with pdf_url, not with a file.")
    try:
        check_headers(new.headers)
    except ValueError as error:
        raise InvalidRequest(f"headers: {error}.") from None
    if new.password is not None:
        if not 1 <= len(new.password) <= PASSWORD_MAX:
            raise InvalidRequest(f"password has {len(new.password)} characters; 1 to {PASSWORD_MAX} are allowed.")
        if "\0" in new.password:
            raise InvalidRequest("password has a NUL character, which no password of a PDF can have.")
    return Secrets(dict(new.headers), new.password)


def _fingerprint(new: NewJob, options: dict[str, Any], file: str | None) -> str:
    """What makes two submissions the same: what they come to, however it is spelled, and the file's contents.

    The key does not count. Nor do headers and password: a token may be a new one each time, and a digest could be used
    to guess them. The engine is compared with that of the job: the default may be another by now.
    """
    what = {
        "pdf_url": new.url,
        "callback_url": new.callback_url,
        "priority": new.priority,
        "page_ranges": None if new.page_ranges is None else parse_page_ranges(new.page_ranges),
        "metadata": new.metadata,
        "options": options,
        "file": file,
    }
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


@asynccontextmanager
async def _stored(
    folder: JobFolder, upload: Upload | None, secrets: Secrets
) -> AsyncIterator[tuple[str | None, Callable[[], None]]]:
    """Makes the job's folder with what it needs, and removes it unless `keep()` is called. Yields the upload's sha256
    and `keep`.
    """
    kept = False

    def keep() -> None:
        nonlocal kept
        kept = True

    try:
        try:
            digest = await asyncio.to_thread(_save, folder, upload, secrets)
        except OSError as error:
            raise StorageUnavailable(f"The document cannot be stored: {error.strerror}.") from error
        yield digest, keep
    finally:
        if not kept:
            await asyncio.to_thread(folder.delete)


def _save(folder: JobFolder, upload: Upload | None, secrets: Secrets) -> str | None:
    """Raises NotADocument for a file that no job could read, OSError."""
    if upload is None:
        folder.create()
        secrets.keep(folder)
        return None
    head = upload.file.read(HEAD)
    try:
        require_document(head)
    except DocumentError as error:
        raise NotADocument(error.message) from None
    folder.create()
    secrets.keep(folder)
    sha = hashlib.sha256()
    with folder.replacing(folder.source) as file:
        while head:
            sha.update(head)
            file.write(head)
            head = upload.file.read(1 << 20)
    return sha.hexdigest()
