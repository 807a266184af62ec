"""Every program says in a line what keeps it from starting, without a traceback."""

import asyncio
import errno
import http.server
import os
import socket
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock

import pytest

from app.cli.misspelled import WARNED
from app.processes.launch import program
from app.processes.ports import free_port
from app.redis.client import Store
from app.settings import Settings, SettingsError
from app.storage.data_dir import make_data_dir
from support.harness import until
from worker.supervisor import supervisor

UVICORN = program("uvicorn", "app.main:app", "--port", "0")


def start(command: list[str], folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The program with these settings, in that folder."""
    return subprocess.run(
        command, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize(
    "command",
    [program("app", "api"), program("worker.healthcheck"), program("worker"), UVICORN],
    ids=lambda words: words[-1],
)
def test_an_invalid_setting_ends_every_program(command: list[str], tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("ENGINE=ppocr\n")
    ended = start(command, tmp_path)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == (
        "ENGINE='ppocr' in .env is invalid: it should be one of auto, paddleocr_vl, pp_ocr; did you mean pp_ocr?\n"
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "status"),
    [(program("app"), 2), (program("app", "api"), 2), (program("worker"), 2), (UVICORN, 3)],
    ids=["app", "api", "worker", "uvicorn"],
)
def test_a_data_dir_that_is_a_file_ends_every_program(command: list[str], status: int, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ended = start(command, tmp_path, DATA_DIR="file")
    assert ended.returncode == status
    lines = [line for line in ended.stderr.splitlines() if not line.startswith("INFO: ")]
    assert "DATA_DIR=file is not a directory; choose another with DATA_DIR=…." in lines[0]
    assert len(lines) == 1 or lines[1:] == ["ERROR:    Application startup failed. Exiting."]


@pytest.mark.anyio
async def test_a_worker_says_once_what_it_waits_for(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    url = f"redis://:secret@127.0.0.1:{free_port()}/0"
    fit: list[str | None] = ["its version is 5.0"] * 2 + [None]

    async def unfit(store: Store) -> str | None:
        return fit.pop(0)

    monkeypatch.setattr(supervisor, "UNFIT_PAUSE", 0)
    worker = supervisor.Supervisor(Settings(data_dir=data_dir, redis_url=url, engine="null"))
    waiting = asyncio.create_task(worker.run())
    await until(lambda: caplog.messages)
    monkeypatch.setattr(supervisor, "unfit", unfit)
    monkeypatch.setattr(worker, "_reclaim", AsyncMock(side_effect=InterruptedError))
    with pytest.raises(InterruptedError):
        await waiting
    first, second, *_ = caplog.messages
    assert "waiting for Redis: it does not answer (Error 111" in first
    assert "waiting for Redis: its version is 5.0" in second
    assert len([message for message in caplog.messages if "waiting" in message]) == 2
    assert "secret" not in caplog.text


def test_data_dirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Settings(data_dir=tmp_path / "a" / "b")
    make_data_dir(made)
    assert made.data_dir.stat().st_mode & 0o777 == 0o700
    assert list(made.data_dir.iterdir()) == []
    (tmp_path / "file").touch()
    for folder, words in (
        ("file", "is not a directory"),
        ("file/x", "Not a directory"),
        ("/proc/none", "cannot be created"),
    ):
        with pytest.raises(SettingsError, match=words):
            make_data_dir(Settings(data_dir=tmp_path / folder))

    def fails(number: int) -> None:
        def fail(**_: Any) -> None:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(tempfile, "TemporaryFile", fail)

    fails(errno.EROFS)
    with pytest.raises(SettingsError, match=r"cannot be written \(Read-only file system\)"):
        make_data_dir(made)
    fails(errno.ENOSPC)
    make_data_dir(made)  # what it holds can be fetched and deleted
    with pytest.raises(SettingsError, match=r"cannot be created \(No space left on device\)"):
        make_data_dir(Settings(data_dir=tmp_path / "c"))


class Answering(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()


class V6Server(http.server.HTTPServer):
    address_family = socket.AF_INET6


@pytest.mark.parametrize("host", ["[::1]", "::"])
def test_the_health_check_asks_where_the_api_listens(tmp_path: Path, host: str) -> None:
    with V6Server(("::1", 0), Answering) as server:
        threading.Thread(target=server.handle_request).start()
        (tmp_path / ".env").write_text(f"export HOST='{host}'\nport = {server.server_port}\n")
        ended = start(program("app.cli.healthcheck"), tmp_path)
    assert ended.stdout == f"The API at port {server.server_port} answers with 200.\n"
    assert ended.returncode == 0


def test_a_health_check_without_a_port_says_so(tmp_path: Path) -> None:
    ended = start(program("app.cli.healthcheck"), tmp_path, PORT="http")
    assert (ended.returncode, ended.stderr) == (1, "")
    assert "http" in ended.stdout


def test_a_worker_warns_of_names_it_does_not_know(tmp_path: Path) -> None:
    """It ends as DATA_DIR is a file; what it has started from it would not warn again."""
    (tmp_path / "file").touch()
    given = {"DATA_DIR": "file", "MODEL_NAME": "ours", "REDIS_URI": "redis://h"}
    ended = start(program("worker"), tmp_path, **given)
    misspelled, model, data_dir = ended.stderr.splitlines()
    assert misspelled.endswith(
        "REDIS_URI in the environment is not a setting and has no effect: did you mean REDIS_URL?"
    )
    assert (
        "MODEL_NAME=ours does not name a version of PaddleOCR-VL; assuming v1.6. If that is wrong, set MODEL" in model
    )
    assert data_dir.startswith("DATA_DIR=file ")
    ended = start(program("worker"), tmp_path, **given, MODEL="v1", **{WARNED: "1"})
    assert ended.stderr.count("\n") == 1


def test_an_api_that_is_started_alone_warns_of_names_it_does_not_know(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ended = start(UVICORN, tmp_path, DATA_DIR="file", REDIS_URI="redis://h")
    assert "REDIS_URI in the environment is not a setting and has no effect: did you mean REDIS_URL?" in ended.stderr
