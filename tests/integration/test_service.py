"""The whole service as processes: a document through it, and what happens when parts of it die."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from support.documents import picture_pdf, scan_pdf, slow_pdf, text_pdf
from support.harness import (
    PATIENCE,
    ROOT,
    START_WITHIN,
    Service,
    Web,
    command_line,
    run_in,
    running,
    spawn,
    wait_for,
)
from support.troubleshooting import explained


def test_a_text_document_by_upload(service: Service) -> None:
    answer = service.result(service.submit(text_pdf(3)))
    assert answer["status"] == "finished"
    result = answer["result"]
    assert [page["route"] for page in result["pages"]] == ["text"] * 3
    assert "# Chapter 2" in result["markdown"]
    assert "eighty households" in result["markdown"]
    assert result["engine"] == "pp_ocr"
    assert result["page_errors"] == []


def test_a_document_by_url(service: Service, web: Web) -> None:
    web.files["/a.pdf"] = text_pdf()
    answer = service.client.post("/infer", json={"pdf_url": f"{web.url}/a.pdf"})
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/jobs/{answer.json()['job_id']}"
    assert "eighty households" in service.result(answer.json()["job_id"])["result"]["markdown"]


def test_a_scan_is_read(service: Service) -> None:
    result = service.result(service.submit(scan_pdf()))["result"]
    (page,) = result["pages"]
    assert (page["route"], page["route_reason"]) == ("ocr", "scanned")
    assert "eighty households in the northern districts" in result["markdown"]
    for block in page["blocks"]:
        x1, y1, x2, y2 = block["bbox"]
        assert 0 <= x1 < x2 <= page["width"]
        assert 0 <= y1 < y2 <= page["height"]


def test_a_picture_is_cropped(service: Service) -> None:
    job = service.submit(picture_pdf())
    result = service.result(job)["result"]
    (name,) = result["images"]
    assert f"]({name})" in result["markdown"]
    image = service.client.get(f"/jobs/{job}/images/{name}")
    assert image.headers["content-type"] in ("image/jpeg", "image/png")
    assert len(image.content) > 500


@pytest.fixture(scope="module")
def shared_mortal() -> Iterator[Service]:
    with running(ENGINE="null", PAGE_PROCESSES="1") as service:
        yield service


@pytest.fixture
def mortal(shared_mortal: Service) -> Service:
    """A service whose parts may be killed; started again where the test before killed all of it."""
    if shared_mortal.process.poll() is not None:
        shared_mortal.start()
    return shared_mortal


@pytest.mark.slow
def test_everything_killed_loses_nothing(mortal: Service) -> None:
    service = mortal
    done = service.submit(text_pdf())
    before = service.result(done)
    slow = [service.submit(text_pdf(2), options='{"sleep": 0.5}') for _ in range(8)]  # one on each lane
    queued = service.submit(text_pdf(2), options='{"sleep": 0.1}')
    wait_for(lambda: any(service.client.get(f"/jobs/{job}").json()["pages_done"] for job in slow))
    service.kill_all()
    service.start()
    assert service.result(done) == before
    for job in (*slow, queued):
        assert service.result(job)["status"] == "finished"
        state = service.client.get(f"/jobs/{job}").json()
        assert (state["pages_done"], state["pages_total"]) == (2, 2)


@pytest.mark.slow
def test_parts_that_die_come_back(mortal: Service) -> None:
    service = mortal
    for words in (
        ["worker"],
        ["app.main:app"],
        ["worker.engine_host"],
        ["app.webhooks"],
        ["worker.page_process.fork_server"],
    ):
        victim = next(process for process in service.tree() if set(words) <= set(command_line(process)))
        victim.kill()
        wait_for(service._ready)
        assert service.result(service.submit(text_pdf()))["status"] == "finished"
    store = next(process for process in service.tree() if "server" in process.name())
    store.kill()
    wait_for(service._ready)
    assert service.result(service.submit(text_pdf()))["status"] == "finished"


@pytest.mark.slow
def test_the_death_of_the_engine_host_costs_one_document_no_attempt(mortal: Service) -> None:
    service = mortal
    job = service.submit(text_pdf(3), options='{"sleep": 0.4}')
    wait_for(lambda: service.client.get(f"/jobs/{job}").json()["pages_done"] >= 1)
    service.find("worker.engine_host").kill()
    assert service.result(job)["status"] == "finished"
    state = service.client.get(f"/jobs/{job}").json()
    assert (state["attempts"], state["pages_done"]) == (0, 3)
    assert explained("the engine host was terminated by SIGKILL", service.log.read_text())


@pytest.mark.slow
def test_poison_fails_alone(mortal: Service) -> None:
    service = mortal
    good = [service.submit(text_pdf(), options='{"sleep": 0.3}') for _ in range(10)]
    poison = service.submit(text_pdf(), options='{"poison": true}')
    good += [service.submit(text_pdf(), options='{"sleep": 0.3}') for _ in range(10)]
    error = service.result(poison)["error"]
    assert error["code"] == "worker_crashed"
    assert "4 times" in error["message"]
    assert [service.result(job)["status"] for job in good] == ["finished"] * 20
    assert {service.client.get(f"/jobs/{job}").json()["attempts"] for job in good} == {0}
    assert service.result(service.submit(text_pdf()))["status"] == "finished"


@pytest.mark.slow
def test_a_blob_store_that_cannot_be_written_is_said(mortal: Service, web: Web) -> None:
    web.files["/a.pdf"] = text_pdf()
    service = mortal
    blobs = service.data_dir / "blobs"
    blobs.mkdir(exist_ok=True)
    listed = service.client.get("/jobs").json()
    blobs.rename(service.data_dir / "aside")
    blobs.write_bytes(b"in the way")
    by_url = service.client.post("/infer", json={"pdf_url": f"{web.url}/a.pdf"})
    upload = service.client.post("/infer", files={"file": text_pdf()})
    for answer in (by_url, upload):
        assert (answer.status_code, answer.json()["code"]) == (503, "storage_unavailable")
        assert "Not a directory" in answer.json()["detail"]
    assert service.client.get("/jobs").json() == listed
    blobs.unlink()
    (service.data_dir / "aside").rename(blobs)
    assert service.result(service.submit(text_pdf()))["status"] == "finished"


@pytest.mark.slow
def test_work_goes_on_while_the_store_is_away(mortal: Service) -> None:
    service = mortal
    job = service.submit(text_pdf(4), options='{"sleep": 0.3}')
    wait_for(lambda: service.client.get(f"/jobs/{job}").json()["pages_done"] >= 1)
    host = service.find("worker.engine_host").pid
    next(process for process in service.tree() if "server" in process.name()).kill()
    wait_for(service._ready)
    assert service.result(job)["status"] == "finished"
    state = service.client.get(f"/jobs/{job}").json()
    assert (state["pages_done"], state["attempts"]) == (4, 0)
    assert service.find("worker.engine_host").pid == host


@pytest.mark.slow
def test_nothing_outlives_the_service(mortal: Service) -> None:
    service = mortal
    tree = service.tree()
    assert len(tree) >= 7  # app, store, API, worker, engine host, sender, page processes
    service.process.kill()
    _, alive = psutil.wait_procs(tree, timeout=PATIENCE)
    assert alive == []


@pytest.mark.slow
def test_parse_writes_markdown_and_images(web: Web, tmp_path: Path) -> None:
    """Of files and of URLs, whose queries it does not show."""
    query = "?key=qu3ry-77d0e2"
    web.files[f"/c.pdf{query}"] = text_pdf()
    urls = [f"{web.url}/c.pdf{query}", f"{web.url}/missing.pdf{query}"]
    (tmp_path / "a.pdf").write_bytes(picture_pdf())
    (tmp_path / "b.pdf").write_bytes(b"<html>not a pdf</html>")
    command = ["-m", "app", "parse", "a.pdf", "b.pdf", "missing.pdf", *urls, "-o", "out"]
    ended = run_in(tmp_path, *command, PYTHONPATH=str(ROOT), FETCH_ALLOWED_HOSTS="127.0.0.1")
    assert ended.returncode == 1
    assert "b.pdf: not_a_document: The file looks like a web page" in ended.stderr
    assert "missing.pdf: cannot be read: No such file" in ended.stderr
    markdown = (tmp_path / "out" / "a.md").read_text()
    (image,) = (tmp_path / "out" / "a").iterdir()
    assert f"](a/{image.name})" in markdown
    assert not (tmp_path / "data").exists()
    assert f"{web.url}/c.pdf?… → " in ended.stdout
    assert f"{web.url}/missing.pdf?…: fetch_status" in ended.stderr
    assert query not in ended.stdout + ended.stderr


@pytest.mark.slow
def test_ready_names_what_is_missing(data_dir: Path) -> None:
    api = Service(data_dir)
    environment = {**os.environ, "DATA_DIR": str(data_dir)}
    command = [sys.executable, "-m", "uvicorn", "app.main:app", "--port", str(api.port)]
    api.process = spawn(*command, cwd=ROOT, env=environment)
    try:
        wait_for(lambda: _answers(api), START_WITHIN)
        answer = api.client.get("/health/ready")
        assert answer.status_code == 503
        body = answer.json()
        assert (body["status"], body["errorCode"]) == ("unavailable", 503)
        assert body["errorMsg"].startswith("worker: no live worker")
        job = api.submit(text_pdf())
        assert "Waiting for a worker" in api.client.get(f"/jobs/{job}").json()["note"]
        assert api.client.get(f"/jobs/{job}/result").json() == {"job_id": job, "status": "queued", "result": None}
    finally:
        api.process.terminate()
        assert api.process.wait(20) in (0, -signal.SIGTERM)
        api.client.close()


def _answers(api: Service) -> bool:
    try:
        return api.client.get("/health").is_success
    except httpx.TransportError:
        return False


@pytest.mark.slow
def test_a_page_that_fails_is_an_error_inside_the_result() -> None:
    with running(PAGE_TIMEOUT="3", PAGE_MEMORY_MB="4096") as service:
        error = service.result(service.submit(slow_pdf(20_000_000)))["error"]
        assert error["code"] == "page_timeout"
        assert explained("Page … took more than … s", error["message"])
        assert service.result(service.submit(text_pdf()))["status"] == "finished"
