"""docs/troubleshooting.md quotes what the service really says: each message is provoked."""

import asyncio
import os
import socket
import subprocess
from pathlib import Path

import pytest

from app.processes.launch import program
from app.processes.ports import free_port, port_holder
from app.redis.server import find_server
from app.settings import Settings
from support.documents import text_pdf
from support.harness import ROOT, Service, answering, run, spawn, until, wait_for
from support.troubleshooting import IN_ANY_ENVIRONMENT, WITH_PADDLE, explained, messages
from worker.supervisor.engine_host import EngineHostManager

pytestmark = pytest.mark.slow  # once is enough, on one Python


def test_every_message_is_provoked_somewhere() -> None:
    for message in messages():
        beginnings = [beginning for beginning in IN_ANY_ENVIRONMENT + WITH_PADDLE if message.startswith(beginning)]
        assert len(beginnings) == 1, message


def app(*command: str, **environment: str) -> str:
    """What `python -m app` says as it ends."""
    ended = run("-m", "app", *command, **environment)
    assert ended.returncode != 0
    return ended.stderr


def comes_to_say(beginning: str, *command: str, **environment: str) -> None:
    """Waits until /health/ready says that: the service's, or with the command `api` that of the API alone."""
    with answering(*command, **environment) as service:
        wait_for(lambda: explained(beginning, service.client.get("/health/ready").json()["errorMsg"]))


def test_what_keeps_it_from_starting(data_dir: Path) -> None:
    assert explained("HOST=", app(HOST="0.0.0.0", DATA_DIR=str(data_dir)))
    for line, beginning in zip(
        app(PORT="http", ENGINE="ppocr", REDIS_URL="localhost:6379").splitlines(),
        ("PORT=", "REDIS_URL=", "ENGINE="),
        strict=True,
    ):
        assert explained(beginning, line)
    assert explained("… is not a setting", app(PROT="8081", HOST="0.0.0.0"))
    assert explained("DATA_DIR=… cannot be", app(DATA_DIR="/proc/none", PORT=str(free_port())))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = run("-m", "app", PORT=str(port), DATA_DIR=str(data_dir))
    assert ended.returncode == 1
    assert explained("Port …", ended.stderr)
    assert f"Port {port} is in use by process {os.getpid()}" in ended.stderr
    assert "PORT=" in ended.stderr
    ended = run("-m", "app", HOST="203.0.113.7", ALLOW_ANONYMOUS="1", DATA_DIR=str(data_dir))
    assert ended.returncode == 2
    assert "HOST=203.0.113.7 is not an address of this machine" in ended.stderr
    ended = run("-m", "app", PORT="http", MAX_PAGES="0", DATA_DIR=str(data_dir))
    assert ended.returncode == 2
    assert [line.partition("=")[0] for line in ended.stderr.splitlines()] == ["PORT", "MAX_PAGES"]


def test_an_env_file_from_powershell(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PORT=8081\n", encoding="utf-16")
    ended = subprocess.run([*program("app")], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    assert explained("…/.env is UTF-16", ended.stderr)


def test_a_worker_that_dies_again_and_again(data_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import os, sys\nif sys.orig_argv[-1] == 'worker':\n    os._exit(7)\n")
    told = app(PYTHONPATH=str(tmp_path), PORT=str(free_port()), DATA_DIR=str(data_dir))
    assert explained("The worker exited", told)
    assert "last with status 7" in told


def test_a_store_that_is_not_there() -> None:
    url = f"redis://127.0.0.1:{free_port()}/0"
    with answering("api", REDIS_URL=url) as api:
        wait_for(lambda: explained("store: nothing answers", api.client.get("/health/ready").json()["errorMsg"]))
        assert api.log.read_text().count("Redis at REDIS_URL is unavailable: it does not answer") == 1


def test_a_store_with_another_address(tmp_path: Path, data_dir: Path) -> None:
    port = free_port()
    arguments = ["--port", str(port), "--requirepass", "secret", "--save", "", "--dir", str(tmp_path)]
    server = spawn(find_server(), *arguments, stdout=subprocess.DEVNULL)
    try:
        wait_for(lambda: port_holder("127.0.0.1", port) is not None)
        for scheme, password, database, message in (
            ("redis", "", 0, "authentication failed"),
            ("redis", ":wrong@", 0, "authentication failed"),
            ("redis", ":secret@", 99, "it does not have"),
            ("rediss", ":secret@", 0, "it does not use TLS"),
        ):
            url = f"{scheme}://{password}127.0.0.1:{port}/{database}"
            for command in ((), ("api",)):
                ended = run("-m", "app", *command, REDIS_URL=url, DATA_DIR=str(data_dir), PORT=str(free_port()))
                assert (ended.returncode, ended.stderr.count("\n")) == (2, 1), ended.stderr
                assert explained(f"Redis at REDIS_URL cannot be used: {message}", ended.stderr)
    finally:
        server.terminate()
        server.wait(20)


def test_a_job_for_an_engine_without_a_worker(service: Service) -> None:
    job = service.submit(text_pdf(), engine="paddleocr_vl")
    note = service.client.get(f"/jobs/{job}").json()["note"]
    service.client.delete(f"/jobs/{job}")
    assert explained("Waiting for a worker", note)


def test_an_environment_without_paddle() -> None:
    comes_to_say("The engine does not start: this environment lacks", ENGINE="paddleocr_vl")


@pytest.mark.anyio
@pytest.mark.parametrize("name", ["SIGSEGV", "SIGKILL"])
async def test_an_engine_that_crashes_as_it_starts(
    tmp_path: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """One of its packages crashes when it is imported. A worker reports the fault as in the test above."""
    (tmp_path / "openai.py").write_text(f"import os, signal\nos.kill(os.getpid(), signal.{name})\n")
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}{os.pathsep}{tmp_path}")
    keeper = EngineHostManager("paddleocr_vl", Settings(data_dir=data_dir))
    kept = asyncio.create_task(keeper.keep())
    fault = await until(lambda: keeper.unavailable_reason)
    assert explained(f"The engine does not start: it was terminated by {name}", fault)
    kept.cancel()
    await asyncio.gather(kept, return_exceptions=True)


def test_full() -> None:
    with answering("api", MAX_QUEUED_JOBS="1") as api:
        api.submit(text_pdf())
        answer = api.client.post("/infer", files={"file": text_pdf()})
        assert explained("The queue is full", answer.json()["detail"])


def test_private_addresses(service: Service) -> None:
    answer = service.client.post("/infer", json={"pdf_url": "http://10.0.0.1/a.pdf"})
    assert explained("… has a private", answer.json()["detail"])
