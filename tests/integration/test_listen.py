"""How running programs are reached: links, trusted proxies, health checks, stopping, names of workers."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.processes.ports import free_port
from app.redis import keys
from support.documents import text_pdf
from support.harness import PATIENCE, ROOT, Service, run, running, spawn, store_of, wait_for
from worker.healthcheck import SILENT


@pytest.mark.parametrize("command", [[], ["serve"], ["api"]])
def test_an_open_api_does_not_start(command: list[str], data_dir: Path) -> None:
    ended = run("-m", "app", *command, HOST="0.0.0.0", DATA_DIR=str(data_dir))
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert "ALLOW_ANONYMOUS=1" in ended.stderr


@pytest.fixture(scope="module")
def published() -> Iterator[Service]:
    with running(
        ENGINE="null", PUBLIC_URL="https://ocr.example.com/documents/", TRUSTED_PROXIES="127.0.0.0/8"
    ) as service:
        yield service


@pytest.mark.slow
def test_links_are_those_of_clients(published: Service) -> None:
    answer = published.client.post("/infer", files={"file": ("a.pdf", text_pdf())})
    job = answer.json()["job_id"]
    assert answer.headers["location"] == f"https://ocr.example.com/documents/jobs/{job}"
    assert '"/documents/openapi.json"' in published.client.get("/docs").text.replace("'", '"')
    assert published.client.get("/").headers["location"] == "docs"


@pytest.mark.slow
def test_a_trusted_proxy_tells_how_the_client_came(published: Service) -> None:
    answer = published.client.get("/health/", headers={"X-Forwarded-Proto": "https", "Host": "ocr.example.com"})
    assert answer.headers["location"].startswith("https://ocr.example.com")


def test_others_are_not_believed(service: Service) -> None:
    answer = service.client.get("/health/", headers={"X-Forwarded-Proto": "https", "Host": "ocr.localhost"})
    assert answer.headers["location"] == "http://ocr.localhost/health"


def test_the_api_answers_its_health_check(service: Service) -> None:
    for module in ("app.cli.healthcheck", "app.health"):  # the latter is its old name
        well = run("-m", module, PORT=str(service.port))
        assert (well.returncode, well.stdout) == (0, f"The API at port {service.port} answers with 200.\n")
    away = run("-m", "app.cli.healthcheck", PORT=str(free_port()))
    assert away.returncode == 1
    assert "does not answer" in away.stdout


@pytest.mark.slow
def test_the_worker_answers_its_health_check(published: Service, data_dir: Path) -> None:
    environment = {"DATA_DIR": str(published.data_dir), "ENGINE": "null"}
    for module in ("worker.healthcheck", "worker.health"):  # the latter is its old name
        well = run("-m", module, **environment)
        assert (well.returncode, well.stdout) == (0, f"The worker of {os.uname().nodename} is alive.\n")
    worker = published.find("worker")
    worker.send_signal(signal.SIGSTOP)  # its loop stands still
    (name,) = store_of(published).smembers(keys.RQ_WORKERS)
    store_of(published).hset(name, "last_heartbeat", "2020-01-01T00:00:00.000000Z")
    ended = run("-m", "worker.healthcheck", **environment)
    assert ended.returncode == 1
    assert "The last heartbeat of the worker" in ended.stdout
    store_of(published).delete(name)
    ended = run("-m", "worker.healthcheck", **environment)
    assert (ended.returncode, "No worker of" in ended.stdout) == (1, True)
    worker.send_signal(signal.SIGCONT)
    wait_for(lambda: run("-m", "worker.healthcheck", **environment).returncode == 0, SILENT)
    away = run("-m", "worker.healthcheck", DATA_DIR=str(data_dir))
    assert (away.returncode, "it does not answer" in away.stdout) == (0, True)


@pytest.mark.slow
def test_the_api_stops_when_it_is_told_to(data_dir: Path) -> None:
    port = free_port()
    environment = {**os.environ, "DATA_DIR": str(data_dir), "PORT": str(port), "HOST": "0.0.0.0"}
    api = spawn(sys.executable, "-m", "app", "api", cwd=ROOT, env=environment | {"ALLOW_ANONYMOUS": "1"})
    wait_for(lambda: run("-m", "app.cli.healthcheck", PORT=str(port)).returncode == 0)
    api.terminate()
    assert api.wait(PATIENCE) in (0, -signal.SIGTERM)


def test_workers_have_names_of_their_own(tmp_path: Path) -> None:
    """Also on two hosts that are called the same; a restarted one gets its own back."""
    code = (
        "from app.settings import load_settings; from worker.supervisor.supervisor import worker_name as name\n"
        "s = load_settings()"
    )
    command = [sys.executable, "-c", f"{code}; print(name(s), name(s))"]

    def names(folder: str) -> list[str]:
        environment = os.environ | {"DATA_DIR": str(tmp_path / folder)}
        return subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
        ).stdout.split()

    here, again, there = names("here"), names("here"), names("there")
    assert here == again
    assert len({*here, *there}) == 4
