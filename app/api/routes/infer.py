"""Submitting a document: POST /infer."""

import asyncio
import hashlib
import json
import re
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, JsonValue, SecretStr, ValidationError, field_validator
from starlette.datastructures import FormData, UploadFile

from app.api.dependencies import Context, Shared
from app.api.responses import Answer
from app.documents.formats import HEAD, require_document
from app.documents.page_ranges import parse_page_ranges
from app.egress.policy import callback_policy, check_url, fetch_policy
from app.engines.options import canonical_options, check_options
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
from app.jobs.models import ENDED, Job, Priority, Status
from app.jobs.secrets import Secrets, check_headers
from app.storage.blobs import JobFolder, replacing
from app.strict_json import decode, encode

router = APIRouter(tags=["jobs"])

JSON_MAX = 256 << 10  # bytes of a JSON body, and of a form field
METADATA_MAX = 16 << 10  # bytes, as JSON
FORM_JSON_FIELDS = ("options", "metadata", "headers")
KEY_MAX = 255  # characters


class JobRequest(BaseModel):
    """What can be said about a document, whichever way it comes."""

    model_config = ConfigDict(extra="forbid")

    pdf_url: str | None = Field(None, max_length=4096, description="http or https address of the document.")
    callback_url: str | None = Field(None, max_length=4096, description="Where the result is posted when the job ends.")
    idempotency_key: str | None = Field(
        None,
        min_length=1,
        max_length=KEY_MAX,
        description="The same key and request give the same job, for RESULT_TTL.",
    )
    engine: str | None = Field(None, min_length=1, max_length=64, description="Default: what the live workers offer.")
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
        if value is not None and len(encode(value)) > METADATA_MAX:
            raise ValueError(f"is larger than {METADATA_MAX} bytes as JSON")
        return value

    @field_validator("password")
    @classmethod
    def _typable(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and "\0" in value.get_secret_value():
            raise ValueError("has a NUL character, which no password of a PDF can have")
        return value

    @field_validator("headers")
    @classmethod
    def _sendable(cls, headers: dict[str, SecretStr]) -> dict[str, SecretStr]:
        check_headers(_plain(headers))
        return headers

    @property
    def secrets(self) -> Secrets:
        return Secrets(_plain(self.headers), self.password.get_secret_value() if self.password else None)


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
async def infer(
    request: Request,
    shared: Shared,
    idempotency_key: Annotated[
        str | None,
        Header(description="The same as `idempotency_key` in the body; where both are given, they must agree."),
    ] = None,
) -> Answer:
    """Accepts a document, by address (JSON, `pdf_url`) or by upload (multipart, `file`), and answers with its job.

    A form field that is empty counts as left out.
    """
    if (full := await shared.quota.refusal()) is not None:
        raise StorageUnavailable(full)
    key = _header_key(request.headers.getlist("idempotency-key"))
    media_type, _, parameters = request.headers.get("content-type", "").partition(";")
    kind = media_type.strip().lower()
    if kind == "application/json":
        wanted = _with_key(_validated(await _json_body(request)), key)
        if wanted.pdf_url is None:
            raise InvalidRequest("pdf_url is missing; to send a file, use multipart/form-data with a field named file.")
        return await _submit(shared, wanted, None)
    if kind == "multipart/form-data":
        if (charset := _CHARSET.search(parameters)) and charset[1].lower() not in ("utf-8", "utf8", "us-ascii"):
            raise UnsupportedMedia("The form's charset is not UTF-8.")
        async with (
            shared.quota.reserved(_body_bytes(request, shared.settings.max_file_bytes)),
            request.form(max_files=1, max_fields=20, max_part_size=JSON_MAX) as form,
        ):
            upload, fields = _form_fields(form)
            wanted = _with_key(_validated(fields), key)
            if wanted.pdf_url is not None:
                raise InvalidRequest("Send either pdf_url or a file, not both.")
            if wanted.headers:
                raise InvalidRequest("headers go with pdf_url, not with a file.")
            return await _submit(shared, wanted, upload)
    raise UnsupportedMedia("Send application/json with pdf_url, or multipart/form-data with a field named file.")


def _body_bytes(request: Request, most: int) -> int:
    """The size of the body as it is declared, else the most that is accepted."""
    declared = request.headers.get("content-length", "")
    return int(declared) if declared.isdecimal() else most


_CHARSET = re.compile(r"""charset\s*=\s*["']?([^"';\s]*)""", re.IGNORECASE)


def _header_key(values: list[str]) -> str | None:
    """The Idempotency-Key header: plain, or a quoted string as the IETF's draft has it."""
    if not values:
        return None
    found = {value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value for value in values}
    if len(found) > 1:
        raise InvalidRequest("There are different Idempotency-Key headers.")
    (key,) = found
    if not 1 <= len(key) <= KEY_MAX:
        raise InvalidRequest(f"Idempotency-Key has {len(key)} characters; 1 to {KEY_MAX} are allowed.")
    return key


def _with_key(wanted: JobRequest, key: str | None) -> JobRequest:
    """`wanted` with the header's key."""
    if key is None:
        return wanted
    if wanted.idempotency_key not in (None, key):
        raise InvalidRequest("idempotency_key and the Idempotency-Key header differ; send one of them.")
    return wanted.model_copy(update={"idempotency_key": key})


async def _json_body(request: Request) -> Any:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > JSON_MAX:
            raise TooLarge(f"The JSON body is larger than {JSON_MAX} bytes.")
    try:
        return decode(body)
    except ValueError as error:
        raise InvalidRequest(f"The body is not JSON: {error}.") from None


def _form_fields(form: FormData) -> tuple[UploadFile, dict[str, Any]]:
    """The file and the other fields. These are text, those that are objects as JSON; what is empty is left out."""
    items = form.multi_items()
    fields = dict(items)
    if len(fields) < len(items):
        names = [name for name, _ in items]
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidRequest(f"The form has the field {twice[:40]!r} more than once.")
    upload = fields.pop("file", None)
    if not isinstance(upload, UploadFile):
        raise InvalidRequest("The form has no file in a field named file.")
    given: dict[str, Any] = {name: value for name, value in fields.items() if value != ""}
    for name in FORM_JSON_FIELDS:
        if name in given:
            try:
                given[name] = decode(given[name])
            except ValueError as error:
                raise InvalidRequest(f"{name} is not JSON: {error}.") from None
    return upload, given


def _validated(fields: Any) -> JobRequest:
    try:
        return JobRequest.model_validate(fields)
    except ValidationError as error:
        # What is below a field are names and values of the client's: they are not repeated.
        raise RequestValidationError([item | {"loc": item["loc"][:1]} for item in error.errors()]) from None


async def _submit(shared: Context, wanted: JobRequest, upload: UploadFile | None) -> Answer:
    for name, url, rules in (
        ("pdf_url", wanted.pdf_url, fetch_policy(shared.settings)),
        ("callback_url", wanted.callback_url, callback_policy(shared.settings)),
    ):
        if url is not None:
            try:
                check_url(url, rules)
            except InvalidRequest as error:
                raise InvalidRequest(f"{name}: {error.message}") from None
    if wanted.page_ranges is not None:
        parse_page_ranges(wanted.page_ranges)
    engine = await shared.engines.choose(wanted.engine)
    options = check_options(engine, wanted.options)
    job = Job(
        id=uuid.uuid4().hex,
        status=Status.QUEUED,
        engine=engine,
        pdf_url=wanted.pdf_url,
        callback_url=wanted.callback_url,
        priority=wanted.priority,
        page_ranges=wanted.page_ranges,
        options=options,
        metadata=wanted.metadata,
        has_secrets=bool(wanted.secrets),
    )
    if upload is not None:
        await _check_kind(upload)
    key = None if wanted.idempotency_key is None else hashlib.sha256(wanted.idempotency_key.encode()).hexdigest()
    async with _stored(shared.blobs.job(job.id), upload, wanted.secrets) as (digest, keep):
        fingerprint = "" if key is None else _fingerprint(wanted, canonical_options(engine, options), digest)
        outcome, job_id, status = await shared.jobs.submit(job, idempotency=key, fingerprint=fingerprint)
        if outcome == "conflict" or (outcome == "replayed" and not await _is_engine_of(shared, wanted.engine, job_id)):
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
    return Answer(
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


def _fingerprint(wanted: JobRequest, options: dict[str, Any], file: str | None) -> str:
    """What makes two requests the same: what they come to, however it is spelled, and the file's contents.

    The key does not count. Nor do headers and password: a token may be a new one each time, and a digest could be used
    to guess them. The engine is compared with that of the job: the default may be another by now.
    """
    what = wanted.model_dump(exclude={"idempotency_key", "headers", "password", "engine"})
    what |= {"options": options, "file": file}
    if wanted.page_ranges is not None:
        what["page_ranges"] = parse_page_ranges(wanted.page_ranges)
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


async def _is_engine_of(shared: Context, engine: str | None, job_id: str) -> bool:
    """Whether the job has the engine that was asked for, where one was."""
    found = await shared.jobs.get(job_id) if engine is not None else None
    return found is None or found.engine == engine


@asynccontextmanager
async def _stored(
    folder: JobFolder, upload: UploadFile | None, secrets: Secrets
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


def _save(folder: JobFolder, upload: UploadFile | None, secrets: Secrets) -> str | None:
    folder.create()
    secrets.keep(folder)
    if upload is None:
        return None
    sha = hashlib.sha256()
    with replacing(folder.source) as file:
        while chunk := upload.file.read(1 << 20):
            sha.update(chunk)
            file.write(chunk)
    return sha.hexdigest()
