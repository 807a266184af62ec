"""Submitting a document: POST /infer."""

import asyncio
import hashlib
import json
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, JsonValue, SecretStr, ValidationError, field_validator
from starlette.datastructures import UploadFile

from app.addresses import check_url
from app.api.context import Context, Shared
from app.blobs import JobFolder, replacing
from app.confidences import Confidences, check_headers
from app.errors import (
    DocumentError,
    IdempotencyConflict,
    InvalidRequest,
    NotADocument,
    QueueFull,
    StorageUnavailable,
    TooLarge,
    UnsupportedMedia,
)
from app.jobs.record import ENDED, Job, Priority, Status
from app.kinds import HEAD, require_document
from app.options import check_options
from app.page_ranges import parse_page_ranges

router = APIRouter(tags=["jobs"])

JSON_MAX = 1 << 20  # bytes of a JSON body
METADATA_MAX = 16 << 10  # bytes, as JSON
FORM_JSON_FIELDS = ("options", "metadata", "headers")


class JobRequest(BaseModel):
    """What can be said about a document, whichever way it comes."""

    model_config = ConfigDict(extra="forbid")

    pdf_url: str | None = Field(None, max_length=4096, description="http or https address of the document.")
    callback_url: str | None = Field(None, max_length=4096, description="Where the result is posted when the job ends.")
    idempotency_key: str | None = Field(
        None, min_length=1, max_length=255, description="The same key and request give the same job, for RESULT_TTL."
    )
    engine: str | None = Field(None, max_length=64, description="Default: what the live workers offer.")
    options: dict[str, JsonValue] = Field(default_factory=dict, description="Options of the engine.")
    priority: Priority = Field("normal", description="Jobs of higher priority come first; none starves.")
    page_ranges: str | None = Field(
        None, max_length=4096, examples=["1-3,5"], description="Pages from 1; all by default."
    )
    metadata: JsonValue = Field(None, description="Anything of yours, given back with the job; 16 KiB as JSON.")
    headers: dict[str, SecretStr] = Field(
        default_factory=dict,
        description="Sent to the server of pdf_url, as in Authorization; forgotten once the document is there.",
    )
    password: SecretStr | None = Field(
        None, min_length=1, max_length=1024, description="Opens an encrypted PDF; forgotten once it is open."
    )

    @field_validator("metadata")
    @classmethod
    def _bounded(cls, value: JsonValue) -> JsonValue:
        if value is not None and len(json.dumps(value)) > METADATA_MAX:
            raise ValueError(f"is larger than {METADATA_MAX} bytes as JSON")
        return value

    @field_validator("headers")
    @classmethod
    def _sendable(cls, headers: dict[str, SecretStr]) -> dict[str, SecretStr]:
        check_headers(_plain(headers))
        return headers

    @property
    def confidences(self) -> Confidences:
        return Confidences(_plain(self.headers), self.password.get_secret_value() if self.password else None)


def _plain(headers: dict[str, SecretStr]) -> dict[str, str]:
    return {name: value.get_secret_value() for name, value in headers.items()}


_URL_SCHEMA = JobRequest.model_json_schema() | {"required": ["pdf_url"]}
_FILE_SCHEMA = JobRequest.model_json_schema()
_FILE_SCHEMA["properties"] = {
    name: schema for name, schema in _FILE_SCHEMA["properties"].items() if name not in ("pdf_url", "headers")
} | {"file": {"type": "string", "format": "binary"}}
_FILE_SCHEMA["required"] = ["file"]


@router.post(
    "/infer",
    status_code=202,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": _URL_SCHEMA}, "multipart/form-data": {"schema": _FILE_SCHEMA}},
        }
    },
)
async def infer(request: Request, shared: Shared) -> JSONResponse:
    """Accepts a document, by address (JSON, `pdf_url`) or by upload (multipart, `file`), and answers with its job."""
    if (full := await shared.quota.refusal()) is not None:
        raise StorageUnavailable(full)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        wanted = _validated(await _json_body(request))
        if wanted.pdf_url is None:
            raise InvalidRequest("pdf_url is missing; to send a file, use multipart/form-data with a field named file.")
        return await _submit(shared, wanted, None)
    if kind == "multipart/form-data":
        async with request.form(max_files=1, max_fields=20) as form:
            fields = dict(form.multi_items())
            upload = fields.pop("file", None)
            if not isinstance(upload, UploadFile):
                raise InvalidRequest("The form has no file in a field named file.")
            wanted = _validated(_form_fields(fields))
            if wanted.pdf_url is not None:
                raise InvalidRequest("Send either pdf_url or a file, not both.")
            if wanted.headers:
                raise InvalidRequest("headers go with pdf_url, not with a file.")
            return await _submit(shared, wanted, upload)
    raise UnsupportedMedia("Send application/json with pdf_url, or multipart/form-data with a field named file.")


async def _json_body(request: Request) -> Any:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > JSON_MAX:
            raise TooLarge(f"The JSON body is larger than {JSON_MAX} bytes.")
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest(f"The body is not JSON: {error}.") from None


def _form_fields(fields: dict[str, Any]) -> dict[str, Any]:
    """Form fields are text; those that are objects come as JSON text."""
    for name in FORM_JSON_FIELDS:
        if name in fields:
            try:
                fields[name] = json.loads(fields[name])
            except (ValueError, RecursionError):
                raise InvalidRequest(f"{name} is not JSON.") from None
    return fields


def _validated(fields: Any) -> JobRequest:
    try:
        return JobRequest.model_validate(fields)
    except ValidationError as error:
        # What is below a field are names and values of the client's: they are not repeated.
        raise RequestValidationError([item | {"loc": item["loc"][:1]} for item in error.errors()]) from None


async def _submit(shared: Context, wanted: JobRequest, upload: UploadFile | None) -> JSONResponse:
    for name in ("pdf_url", "callback_url"):
        if (url := getattr(wanted, name)) is not None:
            try:
                check_url(url, shared.rules)
            except InvalidRequest as error:
                raise InvalidRequest(f"{name}: {error.message}") from None
    if wanted.page_ranges is not None:
        parse_page_ranges(wanted.page_ranges)
    engine = await shared.engines.choose(wanted.engine)
    job = Job(
        id=uuid.uuid4().hex,
        status=Status.QUEUED,
        engine=engine,
        pdf_url=wanted.pdf_url,
        callback_url=wanted.callback_url,
        priority=wanted.priority,
        page_ranges=wanted.page_ranges,
        options=check_options(engine, wanted.options),
        metadata=wanted.metadata,
        confided=bool(wanted.confidences),
    )
    if upload is not None:
        await _check_kind(upload)
    key = None if wanted.idempotency_key is None else hashlib.sha256(wanted.idempotency_key.encode()).hexdigest()
    async with _stored(shared.blobs.job(job.id), upload, wanted.confidences) as (digest, keep):
        fingerprint = "" if key is None else _fingerprint(wanted, digest)
        outcome, job_id, status = await shared.jobs.submit(job, idempotency=key, fingerprint=fingerprint)
        if outcome == "conflict":
            raise IdempotencyConflict(
                f"This idempotency_key belongs to job {job_id}, which was another request: "
                "use a new key, or send the same request."
            )
        if outcome == "full":
            raise QueueFull
        if outcome == "created":
            keep()
            if upload is not None:
                shared.quota.add(upload.size or 0)
    replayed = outcome == "replayed"
    return JSONResponse(
        {"job_id": job_id, "status": status.value},
        status_code=200 if replayed and status in ENDED else 202,
        headers={"Location": shared.settings.link(f"/jobs/{job_id}")}
        | ({"Idempotency-Replayed": "true"} if replayed else {}),
    )


async def _check_kind(upload: UploadFile) -> None:
    """Raises NotADocument for a file that no job could read."""
    try:
        require_document(await upload.read(HEAD))
    except DocumentError as error:
        raise NotADocument(error.message) from None
    await upload.seek(0)


def _fingerprint(wanted: JobRequest, file: str | None) -> str:
    """What makes two requests the same: all that was asked for but the key, and the file's contents.

    Headers and password do not count: a token may be a new one each time, and a digest could be used to guess them.
    """
    what = wanted.model_dump(exclude={"idempotency_key", "headers", "password"}) | {"file": file}
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


@asynccontextmanager
async def _stored(
    folder: JobFolder, upload: UploadFile | None, confidences: Confidences
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
            digest = await asyncio.to_thread(_save, folder, upload, confidences)
        except OSError as error:
            raise StorageUnavailable(f"The document cannot be stored: {error.strerror}.") from error
        yield digest, keep
    finally:
        if not kept:
            await asyncio.to_thread(folder.delete)


def _save(folder: JobFolder, upload: UploadFile | None, confidences: Confidences) -> str | None:
    folder.create()
    confidences.keep(folder)
    if upload is None:
        return None
    sha = hashlib.sha256()
    with replacing(folder.source) as file:
        while chunk := upload.file.read(1 << 20):
            sha.update(chunk)
            file.write(chunk)
    return sha.hexdigest()
