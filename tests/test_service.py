"""The whole service as processes: a document through it, and what happens when parts of it die."""

import os
import shutil
import signal
import socket
import sys
import tempfile
from pathlib import Path

import httpx
import psutil
import pytest
from documents import picture_pdf, scan_pdf, slow_pdf, text_pdf
from harness import PATIENCE, ROOT, START_WITHIN, Service, Web, run, running, spawn, wait_for
from troubleshooting import explained


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


def test_everything_killed_loses_nothing() -> None:
    with running(ENGINE="null", WORKER_CONCURRENCY="1", PAGE_PROCESSES="1") as service:
        done = service.submit(text_pdf())
        before = service.result(done)
        slow = service.submit(text_pdf(2), options='{"sleep": 1}')
        queued = service.submit(text_pdf(2), options='{"sleep": 0.1}')
        wait_for(lambda: service.client.get(f"/jobs/{slow}").json()["pages_done"] >= 1)
        service.kill_all()
        service.start()
        assert service.result(done) == before
        for job in (slow, queued):
            assert service.result(job)["status"] == "finished"
            state = service.client.get(f"/jobs/{job}").json()
            assert (state["pages_done"], state["pages_total"]) == (2, 2)


@pytest.mark.slow
def test_nothing_outlives_the_service() -> None:
    with running(ENGINE="null") as service:
        tree = service.tree()
        assert len(tree) >= 7  # app, store, API, worker, engine host, sender, page processes
        service.process.kill()
        _, alive = psutil.wait_procs(tree, timeout=PATIENCE)
        assert alive == []


@pytest.mark.serial
@pytest.mark.slow
def test_interrupt_stops_everything_in_order() -> None:
    with running(ENGINE="null") as service:
        tree = service.tree()
        wait_for(lambda: "is ready at http://127.0.0.1:" in service.log.read_text())
        assert service.stop() == 0
        assert psutil.wait_procs(tree, timeout=PATIENCE)[1] == []
        assert "Traceback" not in service.log.read_text()


@pytest.mark.slow
def test_parts_that_die_come_back() -> None:
    with running(ENGINE="null") as service:
        for words in (["worker"], ["app.main:app"], ["worker.engine_host"], ["app.webhooks"], ["worker.pages"]):
            victim = next(process for process in service.tree() if set(words) <= set(process.cmdline()))
            victim.kill()
            wait_for(service._ready)
            assert service.result(service.submit(text_pdf()))["status"] == "finished"
        store = next(process for process in service.tree() if "server" in process.name())
        store.kill()
        wait_for(service._ready)
        assert service.result(service.submit(text_pdf()))["status"] == "finished"


@pytest.mark.slow
def test_the_death_of_the_engine_host_costs_one_document_no_attempt() -> None:
    with running(ENGINE="null") as service:
        job = service.submit(text_pdf(3), options='{"sleep": 0.4}')
        wait_for(lambda: service.client.get(f"/jobs/{job}").json()["pages_done"] >= 1)
        service.find("worker.engine_host").kill()
        assert service.result(job)["status"] == "finished"
        state = service.client.get(f"/jobs/{job}").json()
        assert (state["attempts"], state["pages_done"]) == (0, 3)
        assert explained("the engine host ended by SIGKILL", service.log.read_text())


@pytest.mark.slow
def test_a_document_that_always_kills_the_engine_host_fails() -> None:
    with running(ENGINE="null") as service:
        answer = service.result(service.submit(text_pdf(), options='{"poison": true}'))
        assert answer["status"] == "failed"
        assert answer["error"]["code"] == "worker_crashed"
        assert service.result(service.submit(text_pdf()))["status"] == "finished"


@pytest.mark.slow
def test_a_busy_port_is_named_with_its_holder(data_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        ended = run("-m", "app", DATA_DIR=str(data_dir), PORT=str(port))
    assert ended.returncode == 1
    assert f"Port {port} is in use by process {os.getpid()}" in ended.stderr
    assert "PORT=" in ended.stderr


@pytest.mark.slow
def test_a_host_that_is_not_ours_is_named(data_dir: Path) -> None:
    ended = run("-m", "app", DATA_DIR=str(data_dir), HOST="203.0.113.7", ALLOW_ANONYMOUS="1")
    assert ended.returncode == 2
    assert "HOST=203.0.113.7 is not an address of this machine" in ended.stderr


@pytest.mark.slow
def test_settings_that_cannot_be_are_named(data_dir: Path) -> None:
    ended = run("-m", "app", DATA_DIR=str(data_dir), PORT="http", MAX_PAGES="0")
    assert ended.returncode == 2
    assert [line.partition("=")[0] for line in ended.stderr.splitlines()] == ["PORT", "MAX_PAGES"]


@pytest.mark.slow
def test_by_hand_is_the_same_service() -> None:
    """API and worker, with no REDIS_URL: both use the store of DATA_DIR, and one of them keeps it."""
    folder = Path(tempfile.mkdtemp(prefix="ocr-hand-"))
    by_hand = Service(folder)
    environment = {**os.environ, "DATA_DIR": str(folder), "ENGINE": "null"}
    environment |= {"HOST": "0.0.0.0", "PORT": str(by_hand.port), "ALLOW_ANONYMOUS": "1"}
    commands = [["-m", "worker"], ["-m", "app", "api"]]
    processes = [spawn(sys.executable, *command, cwd=ROOT, env=environment) for command in commands]
    by_hand.process = processes[1]
    try:
        wait_for(by_hand._ready, START_WITHIN)
        assert by_hand.result(by_hand.submit(text_pdf()))["status"] == "finished"
        processes[0].send_signal(signal.SIGTERM)  # if it kept the store, the API takes over
        assert processes[0].wait(20) == 0
        wait_for(lambda: by_hand.client.get("/health/ready").json()["parts"]["store"] == "ok")
        assert by_hand.client.get("/health").json()["status"] == "ok"
    finally:
        for process in processes:
            if process.poll() is None:
                process.terminate()
            process.wait(20)
        by_hand.client.close()
        shutil.rmtree(folder)


def test_parse_writes_markdown_and_images(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(picture_pdf())
    (tmp_path / "b.pdf").write_bytes(b"<html>not a pdf</html>")
    command = ["-m", "app", "parse", "a.pdf", "b.pdf", "missing.pdf", "-o", "out"]
    ended = run(*command, cwd=tmp_path, PYTHONPATH=str(ROOT))
    assert ended.returncode == 1
    assert "b.pdf: not_a_document: The file looks like a web page" in ended.stderr
    assert "missing.pdf: cannot be read: No such file" in ended.stderr
    markdown = (tmp_path / "out" / "a.md").read_text()
    (image,) = (tmp_path / "out" / "a").iterdir()
    assert f"](a/{image.name})" in markdown
    assert not (tmp_path / "data").exists()


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


def test_a_page_that_fails_is_an_error_inside_the_result() -> None:
    with running(PAGE_TIMEOUT="3", PAGE_MEMORY_MB="4096") as service:
        error = service.result(service.submit(slow_pdf(20_000_000)))["error"]
        assert error["code"] == "page_timeout"
        assert "PAGE_TIMEOUT" in error["message"]
        assert service.result(service.submit(text_pdf()))["status"] == "finished"


def test_a_blob_store_that_cannot_be_written_is_said(web: Web) -> None:
    web.files["/a.pdf"] = text_pdf()
    with running(ENGINE="null") as service:
        (service.data_dir / "blobs").write_bytes(b"in the way")
        by_url = service.client.post("/infer", json={"pdf_url": f"{web.url}/a.pdf"})
        upload = service.client.post("/infer", files={"file": text_pdf()})
        for answer in (by_url, upload):
            assert (answer.status_code, answer.json()["code"]) == (503, "storage_unavailable")
            assert "Not a directory" in answer.json()["detail"]
        assert service.client.get("/jobs").json()["jobs"] == []
        (service.data_dir / "blobs").unlink()
        assert service.result(service.submit(text_pdf()))["status"] == "finished"


@pytest.mark.slow
def test_work_goes_on_while_the_store_is_away() -> None:
    with running(ENGINE="null", PAGE_PROCESSES="1") as service:
        job = service.submit(text_pdf(4), options='{"sleep": 0.3}')
        wait_for(lambda: service.client.get(f"/jobs/{job}").json()["pages_done"] >= 1)
        host = service.find("worker.engine_host").pid
        next(process for process in service.tree() if "server" in process.name()).kill()
        wait_for(service._ready)
        assert service.result(job)["status"] == "finished"
        state = service.client.get(f"/jobs/{job}").json()
        assert (state["pages_done"], state["attempts"]) == (4, 0)
        assert service.find("worker.engine_host").pid == host
