"""The contract over HTTP: what clients send, what they get, and what they get wrong."""

import base64
import io
import json
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from typing import Any

import httpx
import pytest
import redis

from support.documents import encrypted_pdf, picture_pdf, raw_pdf, text_pdf
from support.harness import ROOT, Service, Web, refused, running, wait_for

MAX_QUEUED_JOBS = 8


@pytest.fixture(scope="module")
def small() -> Iterator[Service]:
    """A service that takes little, one thing at a time."""
    settings = {
        "WORKER_CONCURRENCY": "1",
        "PAGE_PROCESSES": "1",
        "MAX_FILE_MB": "1",
        "MAX_QUEUED_JOBS": str(MAX_QUEUED_JOBS),
    }
    with running(ENGINE="null", **settings) as service:
        yield service


def blobs_of(service: Service) -> set[str]:
    """The jobs that have blobs."""
    return {folder.name for folder in (service.data_dir / "blobs").glob("*")}


def test_health(service: Service) -> None:
    body = service.client.get("/health").json()
    assert len(body.pop("logId")) == 32
    assert body == {"status": "ok", "errorCode": 0, "errorMsg": "Healthy"}
    ready = service.client.get("/health/ready").json()
    assert ready["parts"] == {"store": "ok", "blobs": "ok", "worker": "ok", "pp_ocr": "ok"}


def test_the_state_of_a_job(service: Service) -> None:
    job = service.submit(text_pdf(2), metadata='{"order": 7}')
    service.result(job)
    state = service.client.get(f"/jobs/{job}").json()
    times = [state.pop(name) for name in ("created_at", "started_at", "finished_at", "expires_at")]
    assert times == sorted(times)
    assert state == {
        "job_id": job,
        "status": "finished",
        "engine": "pp_ocr",
        "priority": "normal",
        "pages_done": 2,
        "pages_total": 2,
        "percent": 100,
        "eta": None,
        "attempts": 0,
        "metadata": {"order": 7},
    }


def test_the_result_as_json_markdown_and_zip(service: Service) -> None:
    job = service.submit(picture_pdf())
    answer = service.result(job)
    assert set(answer) == {"job_id", "status", "result"}
    result = answer["result"]
    assert set(result) == {"markdown", "images", "pages", "engine", "engine_version", "warnings", "page_errors"}
    (page,) = result["pages"]
    assert {"index", "width", "height", "route", "markdown", "blocks", "warnings"} <= set(page)
    assert "raw" not in page
    markdown = service.client.get(f"/jobs/{job}/result", params={"format": "md"})
    assert markdown.headers["content-type"] == "text/markdown; charset=utf-8"
    assert markdown.text == result["markdown"]
    archive = service.client.get(f"/jobs/{job}/result", params={"format": "zip"})
    assert archive.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(archive.content)) as unpacked:
        assert unpacked.testzip() is None
        assert set(unpacked.namelist()) == {"document.md", "result.json", *result["images"]}
        assert unpacked.read("document.md").decode() == result["markdown"]
        assert json.loads(unpacked.read("result.json"))["pages"] == result["pages"]


def test_lines_and_cells_come_when_asked_for(service: Service) -> None:
    job = service.submit((ROOT / "examples/report.pdf").read_bytes())
    plain = service.result(job)
    detailed = service.client.get(f"/jobs/{job}/result", params={"lines": True}).json()
    assert any("cells" in block for page in detailed["result"]["pages"] for block in page["blocks"])
    for page in detailed["result"]["pages"]:
        address = f"/jobs/{job}/pages/{page['index']}"
        assert service.client.get(address, params={"lines": True}).json() == page
        assert page.pop("dpi") == 150
        assert page.pop("lines")
        for block in page["blocks"]:
            block.pop("cells", None)
        assert service.client.get(address).json() == page
    assert detailed == plain


def test_images_are_served_as_what_they_are(service: Service) -> None:
    job = service.submit(picture_pdf())
    images = service.result(job)["result"]["images"]
    assert images
    for name, data in images.items():
        answer = service.client.get(f"/jobs/{job}/images/{name}")
        assert answer.status_code == 200
        assert answer.content == base64.b64decode(data)
        assert answer.headers["content-type"].startswith("image/")
        assert answer.headers["x-content-type-options"] == "nosniff"  # the bytes come from an untrusted document


def test_a_result_that_is_not_ready_says_when_to_ask_again(service: Service, web: Web) -> None:
    web.files["/slow.pdf"] = text_pdf()
    web.drips["/slow.pdf"] = threading.Event()
    try:
        job = service.submit_url(f"{web.url}/slow.pdf")
        answer = service.client.get(f"/jobs/{job}/result")
        assert answer.status_code == 202
        assert (answer.json()["job_id"], answer.json()["result"]) == (job, None)
        assert 0 < int(answer.headers["retry-after"]) <= 30
    finally:
        web.drips["/slow.pdf"].set()
    assert service.result(job)["status"] == "finished"


def test_single_pages(service: Service) -> None:
    job = service.submit(text_pdf(2))
    result = service.result(job)["result"]
    assert service.client.get(f"/jobs/{job}/pages/2").json() == result["pages"][1]
    assert "2 of 2 pages" in refused(service.client.get(f"/jobs/{job}/pages/3"), 404, "not_found")


@pytest.mark.slow
def test_a_page_is_provisional_until_the_end(small: Service) -> None:
    service = small
    job = service.submit(text_pdf(5), options='{"sleep": 1}')
    while (answer := service.client.get(f"/jobs/{job}/pages/1")).status_code == 404:
        assert "of" in answer.json()["detail"]
    assert answer.json()["provisional"] is True
    service.result(job)
    assert "provisional" not in service.client.get(f"/jobs/{job}/pages/1").json()
    refused(
        service.client.post("/infer", files={"file": text_pdf()}, data={"options": '{"sleep": -1}'}),
        422,
        "invalid_request",
    )


@pytest.mark.parametrize("path", ["", "/result", "/pages/1", "/images/x.png"])
@pytest.mark.parametrize("job", ["0" * 32, "x", "..%2f..%2fetc"])
def test_unknown_jobs(service: Service, job: str, path: str) -> None:
    refused(service.client.get(f"/jobs/{job}{path}"), 404, "not_found")


@pytest.mark.parametrize("name", ["nothing.png", "..%2f..%2fsource", "%2e%2e%2fsource", ".hidden"])
def test_images_that_are_not_there(service: Service, name: str) -> None:
    job = service.submit(text_pdf())
    service.result(job)
    refused(service.client.get(f"/jobs/{job}/images/{name}"), 404, "not_found")


def test_routes_that_are_not_there(service: Service) -> None:
    assert "/nothing" in refused(service.client.get("/nothing"), 404, "not_found")
    assert "DELETE" in refused(service.client.delete("/infer"), 405, "invalid_request")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "pdf_url is missing"),
        ([], "the body"),
        ({"pdf_url": "ftp://example.com/a.pdf"}, "http:// or https://"),
        ({"pdf_url": "example.com/a.pdf"}, "http:// or https://"),
        ({"pdf_url": "http://user:pw@example.com/a.pdf"}, "user name or password"),
        ({"pdf_url": "http://10.0.0.1/a.pdf"}, "FETCH_ALLOWED_HOSTS"),
        ({"pdf_url": "http://169.254.169.254/latest"}, "FETCH_ALLOWED_HOSTS"),
        ({"pdf_url": "http://example.com:22/a.pdf"}, "port 22"),
        ({"pdf_url": "http://example.com/a.pdf", "callback_url": "http://[::1]/hook"}, "callback_url"),
        ({"pdf_url": "http://example.com/a.pdf", "colour": "red"}, "colour is not a field"),
        ({"pdf_url": "http://example.com/a.pdf", "options": {"speed": 3}}, 'no option "speed"'),
        ({"pdf_url": "http://example.com/a.pdf", "idempotency_key": ""}, "idempotency_key"),
        ({"pdf_url": "http://example.com/a.pdf", "metadata": "x" * 20_000}, "metadata"),
        ({"pdf_url": 7}, "pdf_url"),
    ],
)
def test_requests_that_cannot_be(service: Service, body: Any, words: str) -> None:
    assert words in refused(service.client.post("/infer", json=body), 422, "invalid_request")


@pytest.mark.parametrize("ranges", ["", "0", "3-1", "a", "1;2", "1-2-3", "-4", "1,,2", "1," * 1001 + "1"])
def test_page_ranges_that_cannot_be(service: Service, ranges: str) -> None:
    body = {"pdf_url": "http://example.com/a.pdf", "page_ranges": ranges}
    assert "page_ranges" in refused(service.client.post("/infer", json=body), 422, "page_range_invalid")


def test_bodies_that_cannot_be(service: Service) -> None:
    post = service.client.post
    json_type = {"content-type": "application/json"}
    assert "JSON" in refused(post("/infer", content=b"{", headers=json_type), 422, "invalid_request")
    assert "JSON" in refused(post("/infer", content=b"[" * 100_000, headers=json_type), 422, "invalid_request")
    huge = b'"' + b"x" * (2 << 20) + b'"'
    assert "larger" in refused(post("/infer", content=huge, headers=json_type), 413, "too_large")
    refused(post("/infer", content=b"x", headers={"content-type": "text/plain"}), 415, "invalid_request")
    refused(post("/infer", content=b"x"), 415, "invalid_request")
    assert "field named file" in refused(post("/infer", files={"other": b"x"}), 422, "invalid_request")
    assert "field named file" in refused(post("/infer", files={"x": b"x"}, data={"file": "x"}), 422, "invalid_request")
    assert "metadata" in refused(post("/infer", files={"file": b"x"}, data={"metadata": "{"}), 422, "invalid_request")
    both = post("/infer", files={"file": b"x"}, data={"pdf_url": "http://example.com/"})
    assert "not both" in refused(both, 422, "invalid_request")
    broken = post("/infer", content=b"x", headers={"content-type": "multipart/form-data; boundary=b"})
    assert "multipart" in refused(broken, 400, "invalid_request")
    assert "engine" in refused(post("/infer", files={"file": b"x"}, data={"engine": "magic"}), 422, "engine_unknown")
    assert "pp_ocr" in refused(post("/infer", files={"file": b"x"}, data={"engine": "null"}), 422, "engine_unknown")


def test_waits_that_cannot_be(service: Service) -> None:
    for wait in ("31", "-1", "soon"):
        sentence = refused(service.client.get(f"/jobs/{'0' * 32}", params={"wait": wait}), 422, "invalid_request")
        assert "wait" in sentence
    refused(service.client.get(f"/jobs/{'0' * 32}/result", params={"format": "pdf"}), 422, "invalid_request")


@pytest.mark.slow
def test_bodies_over_the_limit(small: Service) -> None:
    service = small
    large = b"%PDF-" + b"x" * (3 << 20)
    before = blobs_of(service)

    def pieces() -> Any:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'
        yield from [b"x" * 65536] * 48
        yield b"\r\n--b--\r\n"

    assert "MAX_FILE_MB" in refused(service.client.post("/infer", files={"file": large}), 413, "too_large")
    undeclared = service.client.post(
        "/infer", content=pieces(), headers={"content-type": "multipart/form-data; boundary=b"}
    )
    refused(undeclared, 413, "too_large")
    assert blobs_of(service) == before
    assert service.result(service.submit(text_pdf()))["status"] == "finished"


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (b"%PDF-1.7 and no more", "document_invalid"),
        (encrypted_pdf(), "document_encrypted"),
        (raw_pdf(b"", pages=0), "document_empty"),
        (raw_pdf(b"", pages=2001), "too_many_pages"),
    ],
)
def test_documents_that_cannot_be(service: Service, document: bytes, code: str) -> None:
    answer = service.result(service.submit(document))
    assert set(answer) == {"job_id", "status", "error"}
    assert answer["status"] == "failed"
    assert answer["error"]["code"] == code
    assert answer["error"]["message"].endswith(".")
    assert service.client.get(f"/jobs/{answer['job_id']}").json()["error"] == answer["error"]
    for format in ("md", "zip"):
        other = service.client.get(f"/jobs/{answer['job_id']}/result", params={"format": format})
        assert answer["error"]["message"] in refused(other, 409, code)


def test_downloads_that_cannot_be(service: Service, web: Web) -> None:
    missing = service.client.post("/infer", json={"pdf_url": f"{web.url}/missing.pdf?token=secret"}).json()["job_id"]
    error = service.result(missing)["error"]
    assert error["code"] == "fetch_status"
    assert "404" in error["message"]
    assert "secret" not in error["message"]


def test_page_ranges(service: Service) -> None:
    result = service.result(service.submit(text_pdf(5), page_ranges="5,1-2"))["result"]
    assert [page["index"] for page in result["pages"]] == [1, 2, 5]
    assert "Chapter 5" in result["markdown"]
    assert "Chapter 3" not in result["markdown"]
    error = service.result(service.submit(text_pdf(2), page_ranges="1,3"))["error"]
    assert error["code"] == "page_range_invalid"
    assert "page 3" in error["message"]


def test_idempotency(service: Service) -> None:
    document = text_pdf()

    def send(**fields: str) -> httpx.Response:
        return service.client.post("/infer", files={"file": document}, data={"idempotency_key": "order 7", **fields})

    first = send()
    assert first.status_code == 202
    assert "idempotency-replayed" not in first.headers
    job = first.json()["job_id"]
    service.result(job)
    again = send()
    assert (again.status_code, again.json()) == (200, {"job_id": job, "status": "finished"})
    assert again.headers["idempotency-replayed"] == "true"
    assert job in refused(send(page_ranges="1"), 422, "idempotency_conflict")
    url = service.client.post("/infer", json={"pdf_url": "http://example.com/", "idempotency_key": "order 7"})
    refused(url, 422, "idempotency_conflict")
    folders = [folder.name for folder in (service.data_dir / "blobs").iterdir()]
    assert again.json()["job_id"] in folders
    assert all(service.client.get(f"/jobs/{folder}").status_code == 200 for folder in folders)


@pytest.mark.slow
def test_results_expire(small: Service) -> None:
    service = small
    job = service.submit(text_pdf())
    service.result(job)
    with redis.Redis(unix_socket_path=str(service.data_dir / "redis.sock")) as store:
        store.hset(f"job:{job}", "expires_at", "1")
    for path in ("", "/result", "/pages/1"):
        refused(service.client.get(f"/jobs/{job}{path}"), 410, "gone")


@pytest.mark.slow
def test_the_store_away_is_said_and_passes(small: Service) -> None:
    service = small
    store = next(process for process in service.tree() if "server" in process.name())
    store.suspend()
    ready = service.client.get("/health/ready", timeout=60)
    store.resume()
    assert ready.status_code == 503
    assert ready.json()["errorMsg"].startswith("store:")
    assert service.result(service.submit(text_pdf()))["status"] == "finished"


@pytest.mark.slow
def test_a_full_queue_is_told_apart(small: Service) -> None:
    service = small
    service.find("-m", "worker").suspend()
    jobs = [service.submit(text_pdf(), priority=priority) for priority in ("high", "low") * (MAX_QUEUED_JOBS // 2)]
    before = blobs_of(service)
    answer = service.client.post("/infer", files={"file": ("x.pdf", text_pdf())})
    assert (answer.status_code, answer.json()["code"]) == (503, "queue_full")
    assert int(answer.headers["Retry-After"]) > 0
    assert blobs_of(service) == before  # the refused upload is gone again
    service.find("-m", "worker").resume()
    assert [service.result(job)["status"] for job in jobs] == ["finished"] * MAX_QUEUED_JOBS


def test_priority_is_one_of_three(service: Service) -> None:
    answer = service.client.post("/infer", json={"pdf_url": "http://a.test/x.pdf", "priority": "urgent"})
    assert answer.status_code == 422
    assert "priority" in answer.json()["detail"]


def test_jobs_are_listed(service: Service) -> None:
    client = service.client
    jobs = [service.submit(text_pdf(), metadata=f"{number}") for number in range(5)]
    for job in jobs:
        service.result(job)
    first = client.get("/jobs", params={"limit": 3}).json()
    assert [job["metadata"] for job in first["jobs"]] == [4, 3, 2]
    second = client.get("/jobs", params={"limit": 3, "cursor": first["next_cursor"]}).json()
    assert [job["metadata"] for job in second["jobs"][:2]] == [1, 0]
    third = first["jobs"][2]
    before = client.get("/jobs", params={"created_before": third["created_at"], "limit": 2}).json()
    assert [job["metadata"] for job in before["jobs"]] == [1, 0]
    after = client.get("/jobs", params={"created_after": third["created_at"]}).json()
    assert [job["metadata"] for job in after["jobs"]] == [4, 3, 2]
    assert after["next_cursor"] is None
    assert client.get("/jobs", params={"status": ["queued", "running"]}).json() == {"jobs": [], "next_cursor": None}
    assert client.get("/jobs", params={"engine": "other"}).json()["jobs"] == []
    finished = client.get("/jobs", params={"status": "finished", "engine": "pp_ocr", "limit": 1}).json()
    assert finished["jobs"][0]["metadata"] == 4
    for wrong in ({"status": "done"}, {"limit": 0}, {"cursor": "x"}, {"created_after": "yesterday"}):
        refused(client.get("/jobs", params=wrong), 422, "invalid_request")
    sentence = refused(client.get("/jobs", params={"created_before": "0.5"}), 422, "invalid_request")
    assert sentence == "query.created_before: is not a time like 2026-01-31T12:00:00Z."


def test_a_job_removed_while_its_pages_are_read_leaves_nothing(service: Service) -> None:
    jobs = []
    for _ in range(6):
        jobs.append(job := service.submit(text_pdf(60)))
        wait_for(partial(service.pages_done, job))
        assert service.client.delete(f"/jobs/{job}").status_code == 200
        assert service.client.delete(f"/jobs/{job}").status_code == 204
    service.result(service.submit(text_pdf()))
    assert [job for job in jobs if (service.data_dir / "blobs" / job).exists()] == []


def test_a_finished_job_is_removed(service: Service) -> None:
    job = service.submit(text_pdf(), idempotency_key="removed")
    service.result(job)
    folder = service.data_dir / "blobs" / job
    assert folder.exists()
    answer = service.client.delete(f"/jobs/{job}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert not folder.exists()
    for url in (f"/jobs/{job}", f"/jobs/{job}/result", f"/jobs/{job}/pages/1", f"/jobs/{job}/events"):
        refused(service.client.get(url), 410, "gone")
    refused(service.client.delete(f"/jobs/{job}"), 410, "gone")
    refused(service.client.post(f"/jobs/{job}/retry"), 410, "gone")
    assert job not in [listed["job_id"] for listed in service.client.get("/jobs").json()["jobs"]]
    assert service.submit(text_pdf(), idempotency_key="removed") != job
    refused(service.client.delete("/jobs/" + "0" * 32), 404, "not_found")


def test_a_failed_job_is_tried_again(service: Service, web: Web) -> None:
    job = service.client.post("/infer", json={"pdf_url": f"{web.url}/late.pdf"}).json()["job_id"]
    assert service.result(job)["error"]["code"] == "fetch_status"
    web.files["/late.pdf"] = text_pdf(2)
    answer = service.client.post(f"/jobs/{job}/retry")
    assert (answer.status_code, answer.json()) == (202, {"job_id": job, "status": "queued"})
    outcome = service.result(job)
    assert outcome["status"] == "finished"
    state = service.client.get(f"/jobs/{job}").json()
    assert "error" not in state
    assert (state["pages_done"], state["percent"], state["eta"]) == (2, 100, None)
    refused(service.client.post(f"/jobs/{job}/retry"), 409, "invalid_request")
    refused(service.client.post(f"/jobs/{'0' * 32}/retry"), 404, "not_found")


def events_of(lines: Iterator[str]) -> Iterator[tuple[str, dict[str, Any], str | None]]:
    """The (type, data, id) of each event of a stream."""
    event: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if name:
            event[name] = value
        elif event:
            yield event["event"], json.loads(event["data"]), event.get("id")
            event = {}


def test_a_job_is_followed_by_server_sent_events(service: Service) -> None:
    job = service.submit(text_pdf(3))
    with service.client.stream("GET", f"/jobs/{job}/events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        events = list(events_of(answer.iter_lines()))
    kinds = [kind for kind, _, _ in events]
    assert kinds[0] == kinds[-1] == "status"
    assert events[-1][1] == service.client.get(f"/jobs/{job}").json()
    last = events[-1][2]
    if kinds.count("page") == 3:  # unless it was done before the stream began
        assert {data["page"] for kind, data, _ in events if kind == "page"} == {1, 2, 3}
        assert [data["pages_done"] for kind, data, _ in events if kind == "page"] == [1, 2, 3]
        assert {data["pages_total"] for kind, data, _ in events if kind == "page"} == {3}
        middle = next(event_id for kind, _, event_id in events if kind == "page")
        with service.client.stream("GET", f"/jobs/{job}/events", headers={"Last-Event-ID": middle or ""}) as answer:
            missed = [kind for kind, _, _ in events_of(answer.iter_lines())]
        assert missed == ["page", "page", "status"]
    if last is not None:
        again = service.client.get(f"/jobs/{job}/events", headers={"Last-Event-ID": last})
        assert again.status_code == 204
    with service.client.stream("GET", f"/jobs/{job}/events", headers={"Last-Event-ID": "nonsense"}) as answer:
        assert [kind for kind, _, _ in events_of(answer.iter_lines())] == ["status"]
    refused(service.client.get(f"/jobs/{'0' * 32}/events"), 404, "not_found")


@pytest.mark.slow
def test_the_work_of_each_engine(small: Service) -> None:
    service = small
    engines = service.client.get("/queue").json()["engines"]
    nothing = {"waiting": 0, "running": 0, "work": 0, "oldest_seconds": 0.0}
    assert engines == {name: nothing for name in ("null", "paddleocr_vl", "pp_ocr")}
    jobs = [service.submit(text_pdf(), options='{"sleep": 600}') for _ in range(7)]  # more than RQ's list takes
    wait_for(lambda: service.client.get("/queue").json()["engines"]["null"]["running"] == 1)
    found = service.client.get("/queue").json()["engines"]["null"]
    assert (found["waiting"], found["running"], found["work"]) == (6, 1, 7)
    assert 0 <= found["oldest_seconds"] < 30
    later = service.client.get("/queue").json()["engines"]["null"]["oldest_seconds"]
    wait_for(lambda: service.client.get("/queue").json()["engines"]["null"]["oldest_seconds"] > later)
    for job in jobs:
        service.client.delete(f"/jobs/{job}")
    assert service.client.get("/queue").json()["engines"]["null"] == nothing
