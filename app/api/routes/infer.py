"""Submitting a document: POST /infer."""

import re
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, JsonValue, SecretStr, ValidationError
from starlette.datastructures import FormData, UploadFile

from app.api.dependencies import Caller, Context, Shared
from app.api.responses import Answer
from app.errors import InvalidRequest, TooLarge, UnsupportedMedia
from app.jobs.models import Priority
from app.jobs.submission import KEY_MAX, PASSWORD_MAX, URL_MAX, NewJob, Submitted, Upload
from app.strict_json import decode

router = APIRouter(tags=["jobs"])

JSON_MAX = 256 << 10  # bytes of a JSON body, and of a form field
FORM_JSON_FIELDS = ("options", "metadata", "headers")


class JobRequest(BaseModel):
    """What can be said about a document, whichever way it comes."""

    model_config = ConfigDict(extra="forbid")

    pdf_url: str | None = Field(None, max_length=URL_MAX, description="http or https address of the document.")
    callback_url: str | None = Field(
        None, max_length=URL_MAX, description="Where the result is posted when the job ends."
    )
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
        None, min_length=1, max_length=PASSWORD_MAX, description="Opens an encrypted PDF; forgotten once it is open."
    )


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
    caller: Caller,
    idempotency_key: Annotated[
        str | None,
        Header(description="The same as `idempotency_key` in the body; where both are given, they must agree."),
    ] = None,
) -> Answer:
    """Accepts a document, by address (JSON, `pdf_url`) or by upload (multipart, `file`), and answers with its job.

    A form field that is empty counts as left out.
    """
    await shared.submissions.require_room()
    key = _header_key(request.headers.getlist("idempotency-key"))
    media_type, _, parameters = request.headers.get("content-type", "").partition(";")
    kind = media_type.strip().lower()
    if kind == "application/json":
        wanted = _with_key(_validated(await _json_body(request)), key)
        if wanted.pdf_url is None:
            raise InvalidRequest("pdf_url is missing; to send a file, use multipart/form-data with a field named file.")
        return _answer(shared, await shared.submissions.submit(_new_job(wanted), caller))
    if kind == "multipart/form-data":
        if (charset := _CHARSET.search(parameters)) and charset[1].lower() not in ("utf-8", "utf8", "us-ascii"):
            raise UnsupportedMedia("The form's charset is not UTF-8.")
        async with (
            shared.submissions.receiving(_declared_bytes(request)),
            request.form(max_files=1, max_fields=20, max_part_size=JSON_MAX) as form,
        ):
            upload, fields = _form_fields(form)
            wanted = _with_key(_validated(fields), key)
            if wanted.pdf_url is not None:
                raise InvalidRequest("Send either pdf_url or a file, not both.")
            new = _new_job(wanted, Upload(upload.file, upload.size or 0))
            return _answer(shared, await shared.submissions.submit(new, caller))
    raise UnsupportedMedia("Send application/json with pdf_url, or multipart/form-data with a field named file.")


def _declared_bytes(request: Request) -> int | None:
    """The size of the body, where it is declared."""
    declared = request.headers.get("content-length", "")
    return int(declared) if declared.isdecimal() else None


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


def _new_job(wanted: JobRequest, upload: Upload | None = None) -> NewJob:
    return NewJob(
        url=wanted.pdf_url,
        upload=upload,
        callback_url=wanted.callback_url,
        idempotency_key=wanted.idempotency_key,
        engine=wanted.engine,
        options=wanted.options,
        priority=wanted.priority,
        page_ranges=wanted.page_ranges,
        metadata=wanted.metadata,
        headers={name: value.get_secret_value() for name, value in wanted.headers.items()},
        password=wanted.password.get_secret_value() if wanted.password is not None else None,
    )


def _answer(shared: Context, submitted: Submitted) -> Answer:
    return Answer(
        {"job_id": submitted.job_id, "status": submitted.status.value},
        status_code=200 if submitted.replayed and submitted.ended else 202,
        headers={"Location": shared.settings.link(f"/jobs/{submitted.job_id}")}
        | ({"Idempotency-Replayed": "true"} if submitted.replayed else {}),
    )
