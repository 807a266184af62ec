"""The examples of the OpenAPI document, from answers of a real service. This file as a program records them anew:

PYTHONPATH=.:tests python tests/support/api_examples.py
"""

import json
import threading
from typing import Any, cast

from app.jobs.models import Job, Status
from app.settings import Settings
from app.storage.blobs import BlobStore
from app.webhooks.sender import Sender
from support.documents import encrypted_pdf
from support.harness import ROOT, Service, Web, running, wait_for

FILE = ROOT / "app/api/schemas/examples.json"
IDS = ["f0c9f1d2a6b84c6c9a54ad0f3e1b7d25", "8b1f6f1e0d5c4a7d9e3b2c1a0f9e8d7c"]
"""What the ids of the jobs are replaced by: of the one that finishes, and of the one that fails."""
SETTLED = {
    "created_at": "2026-01-31T12:00:00.600806Z",
    "started_at": "2026-01-31T12:00:00.607335Z",
    "finished_at": "2026-01-31T12:00:00.790191Z",
    "expires_at": "2026-02-03T12:00:00.790191Z",
    "logId": "723a23b5b5e84f7580578503a607cbf4",
    "next_cursor": "MTc2OTg2MDgwMC42MDA4MDZ-ZjBjOWYxZDJhNmI4NGM2YzlhNTRhZDBmM2UxYjdkMjU=",
}
"""What differs from run to run, by the name of the field."""
EVENT_ID = "1769860800{number:03}-0"
SHOWN = 64
"""Characters of an image in base64 that are kept."""


def recorded(service: Service, web: Web) -> dict[str, list[Any]]:
    """The examples by the name of their schema, from `service`, which finds its document at `web`."""
    client, here = service.client, threading.Event()
    wait_for(lambda: not any(one["work"] for one in client.get("/queue").json()["engines"].values()))
    web.files["/report.pdf"], web.drips["/report.pdf"] = (ROOT / "examples/report.pdf").read_bytes(), here
    request = {
        "pdf_url": f"{web.url}/report.pdf",
        "page_ranges": "2",
        "callback_url": f"{web.url}/ocr-hook",
        "metadata": {"order": 7},
    }
    accepted = client.post("/infer", json=request).json()
    job = f"/jobs/{accepted['job_id']}"
    running = wait_for(lambda: (state := client.get(job).json())["status"] == "running" and state)
    pending, queue = client.get(f"{job}/result").json(), client.get("/queue").json()
    with client.stream("GET", f"{job}/events") as stream:
        lines = stream.iter_lines()
        first = [next(lines), next(lines)]
        here.set()
        events = _events([*first, *lines])
    finished = service.result(accepted["job_id"])
    failing = service.submit(encrypted_pdf())
    failed = service.result(failing)
    wait_for(lambda: web.posts)
    examples = {
        "UrlSubmission": [json.loads(json.dumps(request).replace(web.url, "https://example.com"))],
        "JobAccepted": [accepted],
        "PendingResult": [pending],
        "Job": [running, client.get(job).json(), client.get(f"/jobs/{failing}").json()],
        "JobList": [client.get("/jobs", params={"status": "finished", "limit": 1}).json()],
        "JobEvent": events,
        "JobOutcome": [finished, failed],
        "JobPage": [client.get(f"{job}/pages/2").json(), client.get(f"{job}/pages/2", params={"lines": True}).json()],
        "Callback": [json.loads(web.posts[0][2]), failed, _linked(service, accepted["job_id"])],
        "Queue": [queue],
        "Health": [client.get("/health").json()],
        "Readiness": [client.get("/health/ready").json()],
    }
    text = json.dumps(examples).replace(accepted["job_id"], IDS[0]).replace(failing, IDS[1])
    settled: dict[str, list[Any]] = _settled(json.loads(text))
    for number, event in enumerate(settled["JobEvent"]):
        event["data"] = json.dumps(event["data"])
        if "id" in event:
            event["id"] = EVENT_ID.format(number=number)
    return settled


def _events(lines: list[str]) -> list[dict[str, Any]]:
    blocks = "\n".join(lines).strip().split("\n\n")
    found = [dict(line.split(": ", 1) for line in block.splitlines()) for block in blocks]
    return [{**event, "data": json.loads(event["data"])} for event in found]


def _linked(service: Service, job_id: str) -> Any:
    """What a callback without the result would be, in a service that had other settings."""
    settings = Settings(data_dir=service.data_dir, public_url="https://ocr.example.com", webhook_max_inline_bytes=1024)
    sender = Sender(*cast(Any, (None, None, BlobStore(settings), None, settings)))
    _, body = sender._body(Job(job_id, Status.FINISHED, "pp_ocr", metadata={"order": 7}))
    return json.loads(b"".join(body))


def _settled(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        if name == "images":
            return {key: image[:SHOWN] for key, image in value.items()}
        return {key: SETTLED[key] if key == "next_cursor" else _settled(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [_settled(item) for item in value]
    return SETTLED.get(name, value) if value is not None else None


if __name__ == "__main__":
    web = Web()
    try:
        with running() as service:
            FILE.write_text(json.dumps(recorded(service, web), indent=2, ensure_ascii=False) + "\n")
    finally:
        web.close()
