"""Holds every answer that a test gets to the OpenAPI document: its status, media type, headers and body."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from pydantic import BaseModel

from app.api.schemas import jobs, problems, requests, results, service

MODELS = {
    name: model
    for module in (jobs, problems, requests, results, service)
    for name, model in vars(module).items()
    if isinstance(model, type) and issubclass(model, BaseModel)
}
"""The models by the names that their schemas have in the document."""


@cache
def document() -> Any:
    return json.loads((Path(__file__).parents[2] / "docs/openapi.json").read_text())


@cache
def _paths() -> list[tuple[re.Pattern[str], Any]]:
    return [(re.compile(re.sub(r"{\w+}", "[^/]+", path)), found) for path, found in document()["paths"].items()]


def model_of(schema: Any) -> type[BaseModel]:
    """The model of a schema that is a reference."""
    return MODELS[schema["$ref"].rpartition("/")[2]]


def validate(model: type[BaseModel], data: bytes | str) -> None:
    """Raises ValidationError, for fields that the model does not have, too."""
    model.model_validate_json(data, strict=True, extra="forbid")


def check(answer: httpx.Response) -> None:
    """For httpx, as a hook for answers. Other paths and methods than those of the document are not looked at."""
    if (declared := _declared(answer)) is None:
        return
    if "text/event-stream" in declared:  # it may have no end
        return
    answer.read()
    _check_body(answer, declared)


async def check_async(answer: httpx.Response) -> None:
    """The same for an asynchronous client."""
    if (declared := _declared(answer)) is not None:
        await answer.aread()
        _check_body(answer, declared)


def _declared(answer: httpx.Response) -> dict[str, Any] | None:
    """The bodies that the answer may have, by media type; None where the document has no such operation."""
    method = answer.request.method.lower()
    nothing: dict[str, Any] = {}
    operations = next((found for path, found in _paths() if path.fullmatch(answer.request.url.path)), nothing)
    operation = operations.get("get" if method == "head" else method)
    if operation is None:
        return None
    where = f"{operation['operationId']}: {answer.status_code}"
    assert str(answer.status_code) in operation["responses"], f"{where} is not declared"
    declared = operation["responses"][str(answer.status_code)]
    for name in declared["headers"]:
        required = name not in ("Idempotency-Replayed", "Content-Disposition")
        assert name in answer.headers or not required, f"{where} has no header {name}"
    return {} if method == "head" else declared.get("content", {})


def _check_body(answer: httpx.Response, declared: dict[str, Any]) -> None:
    if not declared:
        assert answer.content == b""
        return
    media_type = answer.headers["content-type"].partition(";")[0]
    assert media_type in declared, f"{answer.request.url}: {media_type} is not declared"
    if media_type.endswith("json"):
        validate(model_of(declared[media_type]["schema"]), answer.content)
