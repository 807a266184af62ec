"""Schemathesis sends what the OpenAPI document allows and forbids, and holds every answer to the document.

It tests a running API with a real store. The worker here finishes every job at once and downloads nothing.
SCHEMATHESIS_EXAMPLES sets the number of requests for each operation and phase (20). The long form is
SCHEMATHESIS_EXAMPLES=500.
"""

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.api.schemas.examples import EXAMPLES
from app.jobs.queue import Jobs
from app.processes.die_with_parent import die_with_parent
from app.redis.client import connect
from app.results.models import parse_page
from app.results.pages import store_page
from app.settings import Settings
from app.storage.blobs import BlobStore
from app.strict_json import encode
from support.documents import text_pdf
from support.harness import Api, api_alone

NUMBER = os.environ.get("SCHEMATHESIS_EXAMPLES", "20")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(15 * int(NUMBER)),
    pytest.mark.skipif(sys.version_info < (3, 11), reason="Schemathesis needs Python 3.11"),
]

ENGINES = ("pp_ocr", "paddleocr_vl")
FAILURE = {"code": "document_invalid", "message": "The document is damaged."}
FINISHED: Any = EXAMPLES["JobOutcome"][0]
PAGE = FINISHED["result"]["pages"][0]

CONFIG = """
max-stream-events = 5
warnings = false

[checks]
# Cancelling a job is no deletion: it stays, and a second DELETE removes it.
use_after_free.enabled = false
# Of an example or a random id, the job may have been deleted, or be in a state that does not allow the request.
positive_data_acceptance.expected-statuses = ["2xx", 404, 409, 410]

[dictionaries]
jobs.values = {jobs}
cursors.values = {cursors}
pages.values = [2]

[[operations]]
include-method = "GET"
parameters = {{ "path.job_id" = {{ dictionary = "jobs", probability = 0.8 }} }}

[[operations]]
include-operation-id = "get_page"
[operations.parameters]
"path.job_id" = {{ dictionary = "jobs", probability = 0.8 }}
"path.number" = {{ dictionary = "pages", probability = 0.5 }}

[[operations]]
include-operation-id = "list_jobs"
parameters = {{ "query.cursor" = {{ dictionary = "cursors", probability = 0.8 }} }}
# A schema cannot say which cursors the service has given out.
checks.positive_data_acceptance.expected-statuses = ["2xx", 422]

[[operations]]
include-operation-id = "submit_document"
# A schema cannot say what a document, a URL, a page range or an engine's options are.
checks.positive_data_acceptance.expected-statuses = ["2xx", 415, 422]
"""


class Worker(threading.Thread):
    """Gives every job the same result; every third one fails."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings
        self._stopping = threading.Event()

    def run(self) -> None:
        asyncio.run(self._work())

    def stop(self) -> None:
        self._stopping.set()
        self.join()

    async def _work(self) -> None:
        store = connect(self._settings)
        jobs, blobs, done = Jobs(store, self._settings), BlobStore(self._settings), 0
        while not self._stopping.is_set():
            await jobs.sign_on("here", "pp_ocr", {}, ready=True, unavailable_reason=None)
            for engine in ENGINES:
                while (held := await jobs.claim(engine, "here-0")) is not None:
                    done += 1
                    folder = blobs.job(held.job.id)
                    store_page(folder, parse_page(encode(PAGE)))
                    folder.write(folder.image("p0002_figure_1.png"), b"\x89PNG\r\n\x1a\n")
                    result = {name: value for name, value in FINISHED["result"].items() if name != "images"}
                    folder.write(folder.result, encode(result))
                    await jobs.set_page_count(held, total=1, slice_pages=32, stored=[])
                    await jobs.page_done(held, PAGE["index"])
                    failed = done % 3 == 0
                    await jobs.finish(held, FAILURE if failed else None, page_errors=None if failed else 0)
            await asyncio.sleep(0.01)
        await store.aclose()


@pytest.fixture
def api(data_dir: Path, store_url: str) -> Iterator[Api]:
    worker = Worker(Settings(redis_url=store_url, data_dir=data_dir))
    with api_alone(data_dir, store_url, MAX_QUEUED_JOBS="1000000") as api:
        worker.start()
        try:
            yield api
        finally:
            worker.stop()


def submitted(client: httpx.Client) -> list[str]:
    """The ids of some ended jobs."""
    jobs = [client.post("/infer", files={"file": text_pdf()}).json()["job_id"] for _ in range(6)]
    states = [client.get(f"/jobs/{job}", params={"wait": 30}).json()["status"] for job in jobs]
    assert set(states) == {"finished", "failed"}
    return jobs


def test_answers_conform_to_the_document(api: Api, tmp_path: Path) -> None:
    jobs = submitted(api.client)
    cursors = [api.client.get("/jobs", params={"limit": limit}).json()["next_cursor"] for limit in (1, 2, 3)]
    (tmp_path / "config.toml").write_text(CONFIG.format(jobs=json.dumps(jobs), cursors=json.dumps(cursors)))
    ended = schemathesis(api, tmp_path)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "12 selected / 12 total" in ended.stdout


def schemathesis(api: Api, folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        die_with_parent(
            sys.executable, "-m", "schemathesis.cli", "--config-file", "config.toml",
            "run", f"{api.client.base_url}/openapi.json", "--no-color", "--continue-on-failure",
            "--max-examples", NUMBER, *(["--generation-deterministic"] if NUMBER == "20" else []),
        ),
        cwd=folder, capture_output=True, text=True,
    )  # fmt: skip
