"""Bodies that are not JSON, headers and links, as parts of the OpenAPI document."""

from typing import Any, TypeAlias

from app.api.schemas.examples import EXAMPLES

Parts: TypeAlias = dict[str, dict[str, Any]]
"""Named parts of the document: bodies by media type, headers or links by name."""

_BINARY = {"schema": {"type": "string", "format": "binary"}}

_OUTCOME: Any = EXAMPLES["JobOutcome"][0]

RESULT_FORMATS: Parts = {
    "text/markdown": {"schema": {"type": "string"}, "example": _OUTCOME["result"]["markdown"]},
    "application/zip": _BINARY,
}
IMAGES: Parts = {"image/png": _BINARY, "image/jpeg": _BINARY}
EVENTS: Parts = {"text/event-stream": {"schema": {"$ref": "#/components/schemas/JobEvent"}}}
"""The schema is that of one event, as generators of clients expect it: OpenAPI 3.1 cannot describe a stream."""

DOCUMENT: Parts = {
    "application/json": {"schema": {"$ref": "#/components/schemas/UrlSubmission"}},
    "multipart/form-data": {
        "schema": {"$ref": "#/components/schemas/FileSubmission"},
        "encoding": {
            "file": {"contentType": "application/pdf, image/png, image/jpeg, image/tiff, image/webp, image/bmp"},
            "metadata": {"contentType": "application/json"},
            "options": {"contentType": "application/json"},
        },
    },
}
"""What POST /infer takes."""

RETRY_AFTER: Parts = {
    "Retry-After": {"description": "Seconds to wait before the next request.", "schema": {"type": "integer"}}
}
ACCEPTED: Parts = {
    "Location": {
        "description": "Address of the job. It is relative if PUBLIC_URL is not set.",
        "schema": {"type": "string", "format": "uri-reference"},
    },
    "Idempotency-Replayed": {
        "description": "Present if the job is that of an earlier request with the same idempotency key.",
        "schema": {"type": "string", "const": "true"},
    },
}
ATTACHMENT: Parts = {
    "Content-Disposition": {"description": "A file name, for a ZIP only.", "schema": {"type": "string"}}
}

_JOB = {"job_id": "$response.body#/job_id"}
JOB_LINKS: Parts = {
    operation: {"operationId": operation, "parameters": _JOB, "description": description}
    for operation, description in {
        "get_job": "Get the state of the job.",
        "get_result": "Get its result.",
        "stream_events": "Follow it by server-sent events.",
        "delete_job": "Cancel or delete it.",
    }.items()
}
