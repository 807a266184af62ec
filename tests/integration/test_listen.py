"""Who reaches the API, under which address, by way of which proxies; and the programs that containers run."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from app.api.protocol import Protocol
from app.processes.listen import api_command, check_exposure
from app.processes.own_address import url_of
from app.processes.ports import free_port
from app.redis import keys
from app.settings import Settings, SettingsError
from support.documents import text_pdf
from support.harness import PATIENCE, ROOT, Service, run, running, spawn, store_of, wait_for
from worker.healthcheck import SILENT
from worker.scheduling.cpus import cpus


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.5", "::1", "localhost"])
def test_this_machine_alone_needs_no_word(host: str) -> None:
    check_exposure(Settings(host=host))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "ocr.example.com"])
def test_all_others_are_let_in_by_a_word_only(host: str) -> None:
    with pytest.raises(
        SettingsError, match=f"HOST={host} opens the API.*-e ALLOW_ANONYMOUS=1, and -p 127.0.0.1:8080:8080"
    ):
        check_exposure(Settings(host=host))
    check_exposure(Settings(host=host, allow_anonymous=True))


@pytest.mark.parametrize("command", [[], ["serve"], ["api"]])
def test_an_open_api_does_not_start(command: list[str], data_dir: Path) -> None:
    ended = run("-m", "app", *command, HOST="0.0.0.0", DATA_DIR=str(data_dir))
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert "ALLOW_ANONYMOUS=1" in ended.stderr


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),
        ("::1", "http://[::1]:80"),
        ("::", "http://[::1]:80"),
        ("fe80::1%eth0", "http://[fe80::1%25eth0]:80"),
        ("localhost", "http://localhost:80"),
    ],
)
def test_the_address_that_is_announced(host: str, url: str) -> None:
    assert url_of(host, 80) == url


def test_the_api_bounds_how_long_a_request_head_takes() -> None:
    command = api_command(Settings())
    config = uvicorn.Config("app.main:app", http=command[command.index("--http") + 1])
    config.load()
    assert config.http_protocol_class is Protocol


def test_proxies_are_believed_when_they_are_named() -> None:
    assert "--no-proxy-headers" in api_command(Settings())
    command = api_command(Settings(trusted_proxies=["10.0.0.0/8", "::1"]))
    assert command[-2:] == ["--forwarded-allow-ips", "10.0.0.0/8,::1"]


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
        assert (well.returncode, well.stdout) == (0, f"The worker of {os.uname().nodename} beats.\n")
    worker = published.find("worker")
    worker.send_signal(signal.SIGSTOP)  # its loop stands still
    (name,) = store_of(published).smembers(keys.RQ_WORKERS)
    store_of(published).hset(name, "last_heartbeat", "2020-01-01T00:00:00.000000Z")
    ended = run("-m", "worker.healthcheck", **environment)
    assert ended.returncode == 1
    assert "has not beaten for" in ended.stdout
    store_of(published).delete(name)
    ended = run("-m", "worker.healthcheck", **environment)
    assert (ended.returncode, "No worker of" in ended.stdout) == (1, True)
    worker.send_signal(signal.SIGCONT)
    wait_for(lambda: run("-m", "worker.healthcheck", **environment).returncode == 0, SILENT)
    away = run("-m", "worker.healthcheck", DATA_DIR=str(data_dir))
    assert (away.returncode, "The store is not answering" in away.stdout) == (0, True)


@pytest.mark.slow
def test_the_api_stops_when_it_is_told_to(data_dir: Path) -> None:
    port = free_port()
    environment = {**os.environ, "DATA_DIR": str(data_dir), "PORT": str(port), "HOST": "0.0.0.0"}
    api = spawn(sys.executable, "-m", "app", "api", cwd=ROOT, env=environment | {"ALLOW_ANONYMOUS": "1"})
    wait_for(lambda: run("-m", "app.cli.healthcheck", PORT=str(port)).returncode == 0)
    api.terminate()
    assert api.wait(PATIENCE) in (0, -signal.SIGTERM)


def test_a_container_has_the_cores_of_its_limit(tmp_path: Path) -> None:
    have = len(os.sched_getaffinity(0))
    assert cpus(tmp_path) == have  # no limit is told
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert cpus(tmp_path) == have
    (tmp_path / "cpu.max").write_text("50000 100000\n")
    assert cpus(tmp_path) == 1
    (tmp_path / "cpu.max").write_text("150000 100000\n")
    assert cpus(tmp_path) == min(2, have)
    (tmp_path / "cpu.max").unlink()
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu/cpu.cfs_quota_us").write_text("-1\n")
    (tmp_path / "cpu/cpu.cfs_period_us").write_text("100000\n")
    assert cpus(tmp_path) == have
    (tmp_path / "cpu/cpu.cfs_quota_us").write_text("100000\n")
    assert cpus(tmp_path) == 1


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
