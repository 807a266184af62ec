"""The OpenAPI document: it is the one that is committed, it is complete, and its examples are true."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from app.api.schemas.examples import EXAMPLES
from app.api.schemas.problems import JOB_CODES, PROBLEM_CODES
from app.api.schemas.results import JobOutcome
from support import api_examples
from support.contract import MODELS, document, model_of, validate
from support.harness import ROOT, Service, Web, run

JSON_TYPES = ("application/json", "application/problem+json")
WITHOUT_NAME = {"text/markdown", "application/zip", "image/png", "image/jpeg"}
"""Media types of bodies that have no schema to name."""


def operations() -> Iterator[tuple[str, Any]]:
    for kind in ("paths", "webhooks"):
        for path, found in document()[kind].items():
            for method, operation in found.items():
                yield f"{method} {path}", operation


def bodies(operation: Any) -> Iterator[tuple[str, str, Any]]:
    """Where, media type and contents of each body that is sent or answered."""
    for media_type, body in operation.get("requestBody", {}).get("content", {}).items():
        yield "request", media_type, body
    for status, answer in operation["responses"].items():
        for media_type, body in answer.get("content", {}).items():
            yield status, media_type, body


OPERATIONS = dict(operations())


def test_the_committed_document_is_the_one_that_is_served(tmp_path: Path) -> None:
    """Write it anew with: python -m app openapi > docs/openapi.json"""
    written = run("-m", "app", "openapi", PUBLIC_URL="https://example.com/documents/", MAX_FILE_MB="7")
    assert written.returncode == 0, written.stderr
    assert written.stdout == (ROOT / "docs/openapi.json").read_text(), "python -m app openapi > docs/openapi.json"


def test_it_is_served(service: Service) -> None:
    assert service.client.get("/openapi.json").json() == document()


@pytest.mark.parametrize("name", OPERATIONS)
def test_operations_are_described(name: str) -> None:
    operation = OPERATIONS[name]
    assert re.fullmatch(r"[a-z]+(_[a-z]+)+", operation["operationId"])
    assert operation["summary"][0].isupper()
    assert not operation["summary"].endswith(".")
    assert operation["description"].endswith(".")
    (tag,) = operation["tags"]
    assert tag in {tag["name"] for tag in document()["tags"]}
    for parameter in operation.get("parameters", []):
        assert parameter["description"].endswith("."), parameter["name"]
    for status, answer in operation["responses"].items():
        assert answer["description"].endswith("."), status


def test_operations_have_names_of_their_own() -> None:
    names = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(set(names)) == len(names)


def test_both_ways_to_send_a_document_are_described() -> None:
    content = OPERATIONS["post /infer"]["requestBody"]["content"]
    names = {kind: body["schema"]["$ref"].rpartition("/")[2] for kind, body in content.items()}
    assert names == {"application/json": "UrlSubmission", "multipart/form-data": "FileSubmission"}
    by_url, by_file = (document()["components"]["schemas"][name] for name in names.values())
    assert (by_url["required"], by_file["required"]) == (["pdf_url"], ["file"])
    assert by_file["properties"]["file"]["format"] == "binary"
    assert set(by_url["properties"]) - set(by_file["properties"]) == {"pdf_url", "headers"}


@pytest.mark.parametrize("name", OPERATIONS)
def test_bodies_have_named_schemas(name: str) -> None:
    for where, media_type, body in bodies(OPERATIONS[name]):
        if media_type not in WITHOUT_NAME:
            assert set(body["schema"]) == {"$ref"}, (where, media_type)
        is_error = where.isdecimal() and int(where) >= 400
        if is_error and name != "get /health/ready":
            assert (media_type, body["schema"]["$ref"]) == ("application/problem+json", "#/components/schemas/Problem")


@pytest.mark.parametrize("name", OPERATIONS)
def test_bodies_have_examples(name: str) -> None:
    for where, media_type, body in bodies(OPERATIONS[name]):
        if media_type in (*JSON_TYPES, "text/event-stream"):
            assert body["examples"], (where, media_type)


def test_fields_are_described() -> None:
    undescribed = [
        f"{name}.{field}"
        for name, schema in document()["components"]["schemas"].items()
        for field, value in schema.get("properties", {}).items()
        if not value.get("description", "").endswith(".") and "const" not in value and field != "status"
        if "$ref" not in value
    ]
    assert undescribed == []
    assert [name for name, one in document()["components"]["schemas"].items() if "description" not in one] == [
        "JsonValue"
    ]


def test_every_route_declares_what_the_middleware_answers() -> None:
    for name, operation in OPERATIONS.items():
        if name != "post job_ended":
            assert {"403", "421", "500"} <= set(operation["responses"]), name


def test_examples_fit_their_schemas() -> None:
    for name, examples in EXAMPLES.items():
        for example in examples:
            validate(MODELS[name], json.dumps(example))
    for operation in OPERATIONS.values():
        for _, media_type, body in bodies(operation):
            for example in body.get("examples", {}).values():
                if media_type in JSON_TYPES:
                    validate(model_of(body["schema"]), json.dumps(example["value"]))
                    schema = body["schema"] | {"components": document()["components"]}
                    jsonschema.Draft202012Validator(schema).validate(example["value"])


def test_examples_are_answers_of_the_service(service: Service, web: Web) -> None:
    """Record them anew with: PYTHONPATH=.:tests python tests/support/api_examples.py"""
    recorded = api_examples.recorded(service, web)
    assert recorded == EXAMPLES, "PYTHONPATH=.:tests python tests/support/api_examples.py"


def test_an_answer_that_does_not_fit_is_found() -> None:
    finished = EXAMPLES["JobOutcome"][0]
    assert isinstance(finished, dict)
    validate(JobOutcome, json.dumps(finished))
    for wrong in ({**finished, "note": "x"}, {**finished, "result": None}, {**finished, "status": "failed"}):
        with pytest.raises(ValueError, match="JobOutcome"):
            validate(JobOutcome, json.dumps(wrong))


def test_the_codes_described_are_those_of_the_sources() -> None:
    described = set(PROBLEM_CODES) | set(JOB_CODES)
    raised, mentioned = set(), set()
    for path in (path for top in ("app", "worker") for path in (ROOT / top).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if path.name != "problems.py":
                mentioned.add(_text(node))
            if isinstance(node, ast.keyword) and node.arg == "code":
                raised.add(_text(node.value))
    for node in ast.parse((ROOT / "app/errors.py").read_text()).body:
        if isinstance(node, ast.ClassDef):
            raised |= {_text(one.value) for one in node.body if isinstance(one, ast.Assign)}
    assert len(raised) > 20
    assert raised - {""} <= described
    assert described <= mentioned


def _text(node: ast.AST) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
