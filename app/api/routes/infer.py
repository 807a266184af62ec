"""Submitting a document: POST /infer."""

import re
from dataclasses import replace
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Header, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.datastructures import FormData, UploadFile

from app.api.body_limit import TOO_SLOW
from app.api.dependencies import Caller, Context, Shared
from app.api.responses import Answer
from app.api.schemas.jobs import JobAccepted
from app.api.schemas.media import ACCEPTED, DOCUMENT, JOB_LINKS
from app.api.schemas.problems import STORE_AWAY, problems
from app.api.schemas.requests import Submission, UrlSubmission
from app.documents.formats import TAKEN
from app.errors import (
    BadRequest,
    InvalidRequest,
    NotADocument,
    QueueFull,
    TooLarge,
    TooSlow,
    UnknownEngine,
    UnsupportedMedia,
)
from app.jobs.submission import KEY_MAX, NewJob, Submitted, Upload, conflict
from app.strict_json import decode

router = APIRouter(tags=["jobs"])

S = TypeVar("S", bound=Submission)

JSON_MAX = 256 << 10  # bytes of a JSON body, and of a form field
FORM_JSON_FIELDS = ("options", "metadata")


MISSING_URL = "pdf_url is missing; to send a file, use multipart/form-data with a field named file."
WRONG_TYPE = "Send application/json with pdf_url, or multipart/form-data with a field named file."


_ACCEPTED = {"headers": ACCEPTED, "links": JOB_LINKS}
_REFUSED = problems(
    BadRequest("Invalid multipart data."),
    TooSlow(TOO_SLOW),
    TooLarge(f"The JSON body is larger than {JSON_MAX} bytes."),
    UnsupportedMedia(WRONG_TYPE),
    NotADocument(f"The file looks like a web page or XML, which is not supported; send {TAKEN}."),
    InvalidRequest(MISSING_URL),
    InvalidRequest('page_ranges: "3-1" is reversed or starts before page 1.', code="page_range_invalid"),
    UnknownEngine('Unknown engine "magic"; use one of paddleocr_vl, pp_ocr.'),
    conflict("f0c9f1d2a6b84c6c9a54ad0f3e1b7d25"),
    QueueFull(),
    STORE_AWAY,
)


@router.post(
    "/infer",
    operation_id="submit_document",
    summary="Submit a document",
    status_code=202,
    response_model=JobAccepted,
    response_description="The job is accepted.",
    responses={
        200: {
            "model": JobAccepted,
            "description": "The idempotency key belongs to a job that has ended.",
            **_ACCEPTED,
        },
        202: _ACCEPTED,
        **_REFUSED,
    },
    openapi_extra={"requestBody": {"required": True, "content": DOCUMENT}},
)
async def infer(
    request: Request,
    shared: Shared,
    caller: Caller,
    idempotency_key: Annotated[
        str | None,
        Header(
            description="The same as `idempotency_key` in the body, plain or as a quoted string. If both are given, "
            "they must be equal.",
            json_schema_extra={"minLength": 1, "maxLength": KEY_MAX},
        ),
    ] = None,
) -> Answer:
    """Accepts a document and returns the id of its job at once. Send its address as JSON, or the file as a form.

    JSON is read strictly: UTF-8, no NaN, no duplicate names, no unpaired surrogates, at most 32 levels and 256 KiB.
    """
    await shared.submissions.require_room()
    key = _header_key(request.headers.getlist("idempotency-key"))
    media_type, _, parameters = request.headers.get("content-type", "").partition(";")
    kind = media_type.strip().lower()
    if kind == "application/json":
        body = await _json_body(request)
        if isinstance(body, dict) and body.get("pdf_url") is None:
            raise InvalidRequest(MISSING_URL)
        by_url = _validated(UrlSubmission, body)
        headers = {name: value.get_secret_value() for name, value in by_url.headers.items()}
        new = replace(_new_job(by_url, key), url=by_url.pdf_url, headers=headers)
        return _answer(shared, await shared.submissions.submit(new, caller))
    if kind == "multipart/form-data":
        if (charset := _CHARSET.search(parameters)) and charset[1].lower() not in ("utf-8", "utf8", "us-ascii"):
            raise UnsupportedMedia("The form's charset is not UTF-8.")
        async with (
            shared.submissions.receiving(_declared_bytes(request)),
            request.form(max_files=1, max_fields=20, max_part_size=JSON_MAX) as form,
        ):
            upload, fields = _form_fields(form)
            new = _new_job(_validated(Submission, fields), key)
            new = replace(new, upload=Upload(upload.file, upload.size or 0))
            return _answer(shared, await shared.submissions.submit(new, caller))
    raise UnsupportedMedia(WRONG_TYPE)


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
        raise InvalidRequest("The request has several Idempotency-Key headers that differ; send one.")
    (key,) = found
    if not 1 <= len(key) <= KEY_MAX:
        raise InvalidRequest(f"Idempotency-Key has {len(key)} characters; 1 to {KEY_MAX} are allowed.")
    return key


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
    if "pdf_url" in given:
        raise InvalidRequest("Send either pdf_url or a file, not both.")
    if "headers" in given:
        raise InvalidRequest("headers are only allowed with pdf_url, not with a file.")
    for name in FORM_JSON_FIELDS:
        if name in given:
            try:
                given[name] = decode(given[name])
            except ValueError as error:
                raise InvalidRequest(f"{name} is not JSON: {error}.") from None
    return upload, given


def _validated(model: type[S], fields: Any) -> S:
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        # What is below a field are names and values of the client's: they are not repeated.
        raise RequestValidationError([item | {"loc": item["loc"][:1]} for item in error.errors()]) from None


def _new_job(wanted: Submission, key: str | None) -> NewJob:
    """What was asked for, still without a document; `key` is that of the header."""
    if key is not None and wanted.idempotency_key not in (None, key):
        raise InvalidRequest("idempotency_key and the Idempotency-Key header differ; send one of them.")
    return NewJob(
        callback_url=wanted.callback_url,
        idempotency_key=wanted.idempotency_key if key is None else key,
        engine=wanted.engine,
        options=wanted.options,
        priority=wanted.priority,
        page_ranges=wanted.page_ranges,
        metadata=wanted.metadata,
        password=wanted.password.get_secret_value() if wanted.password is not None else None,
    )


def _answer(shared: Context, submitted: Submitted) -> Answer:
    return Answer(
        {"job_id": submitted.job_id, "status": submitted.status.value},
        status_code=200 if submitted.replayed and submitted.ended else 202,
        headers={"Location": shared.settings.link(f"/jobs/{submitted.job_id}")}
        | ({"Idempotency-Replayed": "true"} if submitted.replayed else {}),
    )
