"""X-Request-Id names a request: to the client, and in the log."""

import logging
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from app.logging import REQUEST_ID, configure
from app.settings import Settings
from support.harness import Service, wait_for
from support.in_process import Api, serving

pytestmark = pytest.mark.anyio

MADE = re.compile(r"[0-9a-f]{32}")


@pytest.fixture
async def api(monkeypatch: pytest.MonkeyPatch, store_url: str, data_dir: Path) -> AsyncIterator[Api]:
    async with serving(monkeypatch, store_url, data_dir) as api:
        yield api


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/health", {}, 200),
        ("HEAD", "/health", {}, 200),
        ("GET", "/jobs/none", {}, 404),
        ("GET", "/nowhere", {}, 404),
        ("PUT", "/infer", {}, 405),
        ("POST", "/infer", {"content-type": "text/plain"}, 415),
        ("POST", "/infer", {"origin": "https://elsewhere.example"}, 403),
        ("POST", "/infer", {"content-length": "999999999999"}, 413),
    ],
)
async def test_every_answer_has_the_id(api: Api, method: str, path: str, headers: dict[str, str], status: int) -> None:
    mine = await api.client.request(method, path, headers=headers | {"X-Request-Id": "order-7:a/b"})
    assert (mine.status_code, mine.headers["x-request-id"]) == (status, "order-7:a/b")
    made = await api.client.request(method, path, headers=headers)
    assert MADE.fullmatch(made.headers["x-request-id"])


@pytest.mark.parametrize("given", ["", "two words", "x" * 129, 'a"b', "é"])
async def test_an_id_that_could_not_stand_in_a_log_line_is_replaced(api: Api, given: str) -> None:
    answer = await api.client.get("/health", headers={b"X-Request-Id": given.encode("latin-1")})
    assert MADE.fullmatch(answer.headers["x-request-id"])


async def test_a_bug_is_found_in_the_log_by_the_id(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_: Any) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(type(api.app.state.context.access), "find", fail)
    seen: list[str | None] = []

    def note(record: logging.LogRecord) -> bool:
        seen.append(REQUEST_ID.get())
        return True

    caplog.handler.addFilter(note)
    with caplog.at_level(logging.ERROR):
        answer = await api.client.get(f"/jobs/{'0' * 32}", headers={"X-Request-Id": "order-7"})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "[order-7]" in answer.json()["detail"]
    assert answer.headers["x-request-id"] == "order-7"
    assert ("a bug" in caplog.text, seen) == (True, ["order-7"])


def test_the_log_of_the_worker_has_the_id(service: Service) -> None:
    job = service.client.post(
        "/infer", files={"file": b"%PDF-1.7 and nothing more"}, headers={"X-Request-Id": "order-8"}
    ).json()["job_id"]
    assert service.result(job)["status"] == "failed"
    wait_for(lambda: re.search(rf"\[order-8\] {job}-0 failed: document_invalid", service.log.read_text()))


def test_log_lines_carry_the_id(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        configure(Settings())
        REQUEST_ID.set("order-7")
        logging.getLogger("app.test").warning("something")
        REQUEST_ID.set(None)
        logging.getLogger("app.test").warning("something else")
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
    first, second = capsys.readouterr().err.splitlines()
    assert first.endswith("WARNING app.test: [order-7] something")
    assert second.endswith("WARNING app.test: something else")
