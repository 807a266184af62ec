"""Every example of an error in the OpenAPI document is what the service answers, word for word."""

import contextlib
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.api import body_limit
from app.redis.server import find_server
from support.contract import document
from support.documents import text_pdf
from support.harness import spawn, until
from support.in_process import Api, serving

pytestmark = pytest.mark.anyio

UNKNOWN = "0" * 32
JSON = {"content-type": "application/json"}
FORM = {"content-type": "multipart/form-data; boundary=b"}
FILE = {"file": text_pdf()}
ENCRYPTED = {
    "code": "document_encrypted",
    "message": "The document is encrypted and needs a password; send it as `password`.",
}
OPERATIONS = {
    operation["operationId"]: (method.upper(), path, operation)
    for path, methods in document()["paths"].items()
    for method, operation in methods.items()
}
Example = tuple[str, str, str]
"""Operation, status and name of an example."""

PROVOKED: list[tuple[Example, str, dict[str, Any]]] = [
    (("submit_document", "400", "invalid_request"), "", {"content": b"x", "headers": FORM}),
    (("submit_document", "413", "too_large"), "", {"content": b"x" * 300_000, "headers": JSON}),
    (("submit_document", "415", "invalid_request"), "", {"content": b"x"}),
    (("submit_document", "415", "not_a_document"), "", {"files": {"file": b"<html>"}}),
    (("submit_document", "422", "invalid_request"), "", {"json": {}}),
    (("submit_document", "422", "page_range_invalid"), "", {"files": FILE, "data": {"page_ranges": "3-1"}}),
    (("submit_document", "422", "engine_unknown"), "", {"files": FILE, "data": {"engine": "magic"}}),
    (("list_jobs", "422", "invalid_request"), "?cursor=x", {}),
    (("get_job", "422", "invalid_request"), "?wait=31", {}),
    (("get_result", "422", "invalid_request"), "?wait=31", {}),
    (("get_result", "409", "document_encrypted"), "failed?format=md", {}),
    (("get_page", "422", "invalid_request"), "0", {}),
    (("get_page", "404", "not_found_2"), "3", {}),
    (("get_image", "404", "not_found_2"), "other.png", {}),
    (("retry_job", "409", "invalid_request"), "", {}),
]
"""Requests that lead to the example, by what differs from a good one."""
ELSEWHERE = {
    ("submit_document", "408", "invalid_request"),
    ("submit_document", "422", "idempotency_conflict"),
    ("submit_document", "503", "queue_full"),
    ("retry_job", "503", "queue_full"),
}
"""Examples that tests of their own provoke."""
EVERYWHERE = {("403", "forbidden"), ("403", "forbidden_2"), ("421", "invalid_request"), ("500", "internal"),
              ("503", "storage_unavailable"), ("404", "not_found"), ("410", "gone")}  # fmt: skip
"""Examples of several operations, each provoked at all of them."""


def documented() -> Iterator[tuple[Example, Any]]:
    for name, (_, _, operation) in OPERATIONS.items():
        for status, answer in operation["responses"].items():
            for key, example in (
                answer.get("content", {}).get("application/problem+json", {}).get("examples", {}).items()
            ):
                yield (name, status, key), example["value"]


EXAMPLES = dict(documented())


@pytest.fixture
async def api(monkeypatch: pytest.MonkeyPatch, store_url: str, data_dir: Path) -> AsyncIterator[Api]:
    async with serving(monkeypatch, store_url, data_dir) as api:
        yield api


async def send(api: Api, name: str, job: str, change: str = "", **request: Any) -> httpx.Response:
    """A request of the operation, a good one but for `change`: other values of its path, or a query."""
    method, path, _ = OPERATIONS[name]
    value, _, query = change.partition("?")
    values = {"job_id": job, "number": value or "1", "name": value or "figure.png"}
    url = re.sub(r"{(\w+)}", lambda found: values[found[1]], path)
    return await api.client.request(method, f"{url}?{query}" if query else url, **request)


def same(answer: httpx.Response, example: Example) -> None:
    assert answer.json() == EXAMPLES[example], example


def test_every_example_is_provoked() -> None:
    provoked = {example for example, _, _ in PROVOKED} | ELSEWHERE
    assert provoked <= set(EXAMPLES)
    assert {one for one in set(EXAMPLES) - provoked if one[1:] not in EVERYWHERE} == set()


@pytest.mark.parametrize(("example", "change", "request_"), PROVOKED, ids=["-".join(one[0]) for one in PROVOKED])
async def test_examples_of_one_operation(api: Api, example: Example, change: str, request_: dict[str, Any]) -> None:
    failing = change.startswith("failed")
    job = await api.job(ENCRYPTED if failing else None)
    same(await send(api, example[0], job, change.removeprefix("failed"), **request_), example)


@pytest.mark.parametrize("name", OPERATIONS)
async def test_examples_of_all_operations(monkeypatch: pytest.MonkeyPatch, api: Api, name: str) -> None:
    job, gone = await api.job(), await api.job()
    await api.client.delete(f"/jobs/{gone}")
    same(await send(api, name, job, headers={"Host": "evil.example"}), (name, "421", "invalid_request"))
    if OPERATIONS[name][0] != "GET":
        answer = await send(api, name, job, headers={"Sec-Fetch-Site": "cross-site"})
        same(answer, (name, "403", "forbidden_2"))
    if (name, "410", "gone") in EXAMPLES:
        same(await send(api, name, UNKNOWN), (name, "404", "not_found"))
        same(await send(api, name, gone), (name, "410", "gone"))
    api.client.base_url = api.client.base_url.copy_with(host="192.0.2.7")
    same(await send(api, name, job), (name, "403", "forbidden"))


async def test_a_slow_body(monkeypatch: pytest.MonkeyPatch, api: Api) -> None:
    monkeypatch.setattr(body_limit, "GRACE", 0.0)

    async def body() -> AsyncIterator[bytes]:
        await until(lambda: False)
        yield b"{}"

    same(
        await send(api, "submit_document", "", content=body(), headers=JSON),
        ("submit_document", "408", "invalid_request"),
    )


async def test_a_key_of_another_request(api: Api) -> None:
    first = await send(api, "submit_document", "", files=FILE, data={"idempotency_key": "k"})
    answer = await send(api, "submit_document", "", files=FILE, data={"idempotency_key": "k", "priority": "low"})
    example = EXAMPLES["submit_document", "422", "idempotency_conflict"]
    (shown,) = re.findall(r"[0-9a-f]{32}", example["detail"])
    assert answer.json() == {**example, "detail": example["detail"].replace(shown, first.json()["job_id"])}


async def test_a_full_queue(monkeypatch: pytest.MonkeyPatch, store_url: str, data_dir: Path) -> None:
    async with serving(monkeypatch, store_url, data_dir, max_queued_jobs=1) as api:
        failed = await api.job(ENCRYPTED)
        await send(api, "submit_document", "", files=FILE)
        same(await send(api, "submit_document", "", files=FILE), ("submit_document", "503", "queue_full"))
        same(await send(api, "retry_job", failed), ("retry_job", "503", "queue_full"))


async def test_a_bug(monkeypatch: pytest.MonkeyPatch, api: Api) -> None:
    async def get(job_id: str) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(api.app.state.context.jobs, "get", get)
    example = EXAMPLES["get_job", "500", "internal"]
    (request_id,) = re.findall(r"[0-9a-f]{32}", example["detail"])
    answer = await send(api, "get_job", UNKNOWN, headers={"X-Request-Id": request_id})
    assert answer.json() == example
    assert all(one == example for name, one in EXAMPLES.items() if name[2] == "internal")


async def test_a_store_that_is_gone(monkeypatch: pytest.MonkeyPatch, data_dir: Path, tmp_path: Path) -> None:
    socket = data_dir / "s"
    store = spawn(find_server(), "--port", "0", "--unixsocket", socket, "--dir", tmp_path, "--save", "")
    await until(socket.exists)
    with contextlib.ExitStack() as at_end:
        at_end.callback(store.kill)
        async with serving(monkeypatch, f"unix://{socket}", data_dir) as api:
            job = await api.job()
            store.kill()
            store.wait()
            for name, status, key in EXAMPLES:
                if (status, key) == ("503", "storage_unavailable"):
                    request: dict[str, Any] = {"files": FILE} if name == "submit_document" else {}
                    same(await send(api, name, job, **request), (name, status, key))
