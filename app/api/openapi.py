"""The OpenAPI document: FastAPI's own, made exact."""

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from app.api.request_id import HEADER as REQUEST_ID_HEADER
from app.api.schemas.examples import EXAMPLES
from app.api.schemas.jobs import JobEvent
from app.api.schemas.problems import PROBLEM_TYPE, Problem
from app.api.schemas.requests import FileSubmission, UrlSubmission

MODELS: tuple[type[BaseModel], ...] = (UrlSubmission, FileSubmission, JobEvent, Problem)
"""Models that no route names to FastAPI: of bodies in other media types than JSON."""

DESCRIPTION = """\
Documents in, markdown and images out. Submit a document with `POST /infer`, then fetch its result with
`GET /jobs/{job_id}/result`, follow it with `GET /jobs/{job_id}/events`, or receive it at a `callback_url`.

- Errors are [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) problem documents with a stable `code`.
- Every `GET` can also be sent as `HEAD`. A method that a path does not have is answered with 405.
- Every answer has a header `X-Request-Id`, which the log names the request by. It is the client's own if the request
  has one of at most 128 characters.
- Times are UTC. Request times without a zone are taken as UTC.
- Later releases may add fields to answers, and codes to errors.
"""

REQUEST_ID = {"description": "The name of the request in the log.", "schema": {"type": "string"}}

TAGS = [
    {"name": "jobs", "description": "Submit documents, and follow, list, cancel, delete and retry their jobs."},
    {"name": "results", "description": "What jobs yield: results, single pages and images."},
    {"name": "service", "description": "State and load of the service, for probes, autoscalers and dashboards."},
    {"name": "callbacks", "description": "What the service sends to the `callback_url` of a job."},
]


class Api(FastAPI):
    """An application with an exact OpenAPI document, which does not depend on settings."""

    _described: dict[str, Any] | None = None

    def openapi(self) -> dict[str, Any]:
        document = super().openapi()
        if document is not self._described:  # FastAPI made it anew
            _complete(document)
            self._described = document
        return document


def _complete(document: dict[str, Any]) -> None:
    components = document["components"]
    components["schemas"] = _complete_schemas(components["schemas"])
    components["headers"] = {REQUEST_ID_HEADER: REQUEST_ID}
    for path in document["paths"].values():
        for method, operation in path.items():
            _complete_operation(operation)
            _add_request_id(operation)
            if method == "get":  # pages of other sites may send it; they cannot read the answer
                operation["responses"]["403"]["content"][PROBLEM_TYPE]["examples"].pop("forbidden_2", None)
    for path in document["webhooks"].values():
        for operation in path.values():
            _complete_operation(operation)


def _complete_schemas(schemas: dict[str, Any]) -> dict[str, Any]:
    _, extra = models_json_schema(
        [(model, "validation") for model in MODELS], ref_template="#/components/schemas/{model}"
    )
    schemas |= extra["$defs"]
    for name in ("HTTPValidationError", "ValidationError"):  # FastAPI's answer to invalid requests: ours is Problem
        schemas.pop(name, None)
    for schema in schemas.values():
        _tidy(schema)
    for value in schemas["FileSubmission"]["properties"].values():
        _without_null(value)  # a form has no null
        value.pop("minLength", None)  # an empty field counts as absent
    for name in ("FileSubmission", "UrlSubmission"):  # what is required comes first
        schema = schemas[name]
        fields = schema["properties"].items()
        schema["properties"] = dict(sorted(fields, key=lambda field: field[0] not in schema["required"]))
    return dict(sorted(schemas.items()))


def _complete_operation(operation: dict[str, Any]) -> None:
    for status, answer in list(operation["responses"].items()):
        schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
        if schema.get("$ref", "").endswith("/HTTPValidationError"):
            del operation["responses"][status]
    operation["responses"] = dict(sorted(operation["responses"].items()))
    for part in (operation.get("requestBody", {}), *operation["responses"].values()):
        for media_type, body in part.get("content", {}).items():
            if found := EXAMPLES.get(body["schema"].get("$ref", "").rpartition("/")[2]):
                body["examples"] = _stream(found) if media_type == "text/event-stream" else _named(found)
    for parameter in operation.get("parameters", []):
        _tidy(parameter["schema"])
        _without_null(parameter["schema"])
        parameter["schema"].pop("description", None)  # the parameter has it


def _add_request_id(operation: dict[str, Any]) -> None:
    for answer in operation["responses"].values():
        answer.setdefault("headers", {})[REQUEST_ID_HEADER] = {"$ref": f"#/components/headers/{REQUEST_ID_HEADER}"}


def _named(examples: list[Any]) -> dict[str, Any]:
    """Each by its status, or what else there is to tell it by."""
    found: dict[str, Any] = {}
    for example in examples:
        name = example.get("status", "example")
        found[name if name not in found else f"{name}_{len(found) + 1}"] = {"value": example}
    return found


def _stream(events: list[Any]) -> dict[str, Any]:
    """As they are sent."""
    text = "".join("".join(f"{name}: {value}\n" for name, value in event.items()) + "\n" for event in events)
    return {"stream": {"value": text}}


def _tidy(schema: Any) -> None:
    """Removes titles, which pydantic makes from the names of fields, and the default null, which stands for absence."""
    if isinstance(schema, dict):
        if isinstance(schema.get("title"), str):
            del schema["title"]
        if schema.get("default", "") is None:
            del schema["default"]
        for name, value in schema.items():
            if isinstance(value, float) and value.is_integer():
                schema[name] = int(value)
            elif name in ("properties", "$defs"):
                for one in value.values():
                    _tidy(one)
            elif name not in ("examples", "const", "enum"):
                _tidy(value)
    elif isinstance(schema, list):
        for value in schema:
            _tidy(value)


def _without_null(schema: dict[str, Any]) -> None:
    """Removes null from the types of a value that is text on the wire."""
    if "anyOf" in schema:
        kinds = [kind for kind in schema.pop("anyOf") if kind != {"type": "null"}]
        schema |= kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
