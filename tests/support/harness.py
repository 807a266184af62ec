"""What the tests run against: a real service, and a web server on loopback."""

import asyncio
import contextlib
import http.server
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import redis

from app.processes.die_with_parent import die_with_parent
from app.processes.ports import free_port
from support.contract import check

ROOT = Path(__file__).parents[2]
START_WITHIN = 240.0
"""Seconds a service may take to start, on a slow and busy machine; one that has ended fails at once."""


PATIENCE = 120.0
"""Seconds until what has not happened is taken never to happen: for a machine that is ten times slower than ours."""


def wait_for(condition: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """The first true value of `condition()`."""
    give_up = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < give_up, f"still not so after {seconds} s"
        time.sleep(0.02)
    return value


async def until(condition: Callable[[], Any]) -> Any:
    """The first true value of `condition()`, while other tasks go on."""
    give_up = time.monotonic() + PATIENCE
    while not (value := condition()):
        assert time.monotonic() < give_up, f"still not so after {PATIENCE:g} s"
        await asyncio.sleep(0.01)
    return value


def command_line(process: psutil.Process) -> list[str]:
    """Nothing where it has just ended."""
    try:
        return list(process.cmdline())
    except psutil.NoSuchProcess:
        return []


def spawn(*command: str | Path, **options: Any) -> "subprocess.Popen[Any]":
    """A process that does not outlive this one, in a process group of its own. Call it from the main thread."""
    return subprocess.Popen(die_with_parent(*map(str, command)), **options)


def run(*command: str | Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Runs one of our programs, `-m app` and the like, until it ends. It does not outlive this process either."""
    return run_in(ROOT, *command, **environment)


def run_in(folder: Path, *command: str | Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """The same in another folder."""
    return subprocess.run(
        die_with_parent(sys.executable, *map(str, command)),
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=100,
    )


def _client(url: str) -> httpx.Client:
    """One whose answers are held to the OpenAPI document."""
    return httpx.Client(base_url=url, timeout=60, trust_env=False, event_hooks={"response": [check]})


def refused(answer: httpx.Response, status: int = 422, code: str | None = "invalid_request") -> str:
    """The sentence of a problem document, which has this code; None is any."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert (body["status"], body["code"]) == (status, code or body["code"])
    assert body["detail"].endswith(".")
    sentence: str = body["detail"]
    return sentence


class Service:
    """`python -m app` in a folder of its own. It ends with this process, even by SIGKILL."""

    def __init__(self, data_dir: Path, *command: str, **environment: str) -> None:
        """`command` is that of `python -m app`, as `api` for the API alone."""
        self.data_dir = data_dir
        self._command = command
        self.port = int(environment.pop("PORT", 0)) or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.client = _client(self.url)
        self._environment = environment
        self.log = data_dir.with_suffix(".log")
        self.process: subprocess.Popen[bytes]

    def start(self, *wrapper: str, ready: bool = True) -> "Service":
        """Starts it, by way of the command `wrapper`, and waits until it is ready, or until it answers at all."""
        environment = {name: value for name, value in os.environ.items() if name.upper() != "REDIS_URL"}
        environment |= {
            "DATA_DIR": str(self.data_dir),
            "PORT": str(self.port),
            "FETCH_ALLOWED_HOSTS": "127.0.0.1",
            "CALLBACK_ALLOWED_HOSTS": "127.0.0.1",
        }
        with self.log.open("ab") as log:
            command = [*wrapper, sys.executable, "-m", "app", *self._command]
            self.process = spawn(*command, cwd=ROOT, env=environment | self._environment, stdout=log, stderr=log)
        wait_for(self._answers, START_WITHIN)
        if ready:
            self.wait_until_ready()
        return self

    def wait_until_ready(self) -> None:
        wait_for(self._ready, START_WITHIN)

    def _answers(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        with contextlib.suppress(httpx.HTTPError):
            return self.client.get("/health").status_code == 200
        return False

    def _ready(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        with contextlib.suppress(httpx.HTTPError):
            return self.client.get("/health/ready").status_code == 200
        return False

    def tree(self) -> list[psutil.Process]:
        """The service's processes, parents first."""
        parent = psutil.Process(self.process.pid)
        return [parent, *parent.children(recursive=True)]

    def find(self, *words: str) -> psutil.Process:
        """The one process whose command line has all of `words`."""
        (found,) = [process for process in self.tree() if set(words) <= set(command_line(process))]
        return found

    def lasting(self) -> list[psutil.Process]:
        """Its processes but those that come and go with documents, and what forks them."""
        commands = {process: command_line(process) for process in self.tree()}
        return [
            process for process, words in commands.items() if words and "worker.page_process.fork_server" not in words
        ]

    def stop(self) -> int:
        self.client.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(30)

    def kill_all(self) -> None:
        """SIGKILL to everything, as a power cut would."""
        for process in self.tree():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.wait()

    def submit(self, document: bytes, **fields: str) -> str:
        answer = self.client.post("/infer", files={"file": ("document.pdf", document)}, data=fields)
        assert answer.status_code == 202, answer.text
        job: str = answer.json()["job_id"]
        return job

    def submit_url(self, url: str, **fields: Any) -> str:
        answer = self.client.post("/infer", json={"pdf_url": url, **fields})
        assert answer.status_code == 202, answer.text
        job: str = answer.json()["job_id"]
        return job

    def pages_done(self, job: str) -> int:
        done: int = self.client.get(f"/jobs/{job}").json()["pages_done"]
        return done

    def result(self, job: str) -> dict[str, Any]:
        """The answer about the ended job."""

        def ended() -> dict[str, Any] | None:
            answer = self.client.get(f"/jobs/{job}/result", params={"wait": 30})
            assert answer.status_code in (200, 202), answer.text
            return answer.json() if answer.status_code == 200 else None

        found: dict[str, Any] = wait_for(ended)
        return found


def store_of(service: Service, decode_responses: bool = True) -> "redis.Redis":
    return redis.Redis(unix_socket_path=str(service.data_dir / "redis.sock"), decode_responses=decode_responses)


@contextlib.contextmanager
def running(*command: str, **environment: str) -> Iterator[Service]:
    """A service that is ready."""
    with answering(*command, **environment) as service:
        service.wait_until_ready()
        yield service


@contextlib.contextmanager
def answering(*command: str, **environment: str) -> Iterator[Service]:
    """A service that answers; it may not be ready."""
    folder = Path(tempfile.mkdtemp(prefix="ocr-service-"))
    service = Service(folder, *command, **environment)
    try:
        yield service.start(ready=False)
    finally:
        service.stop()
        shutil.rmtree(folder, ignore_errors=True)
        service.log.unlink(missing_ok=True)


class Api:
    """The API alone, without a worker; `port` is where it answers."""

    def __init__(self, port: int, process: psutil.Process) -> None:
        self.port = port
        self.process = process
        self.client = _client(f"http://127.0.0.1:{port}")


@contextlib.contextmanager
def api_alone(data_dir: Path, store_url: str, **environment: str) -> Iterator[Api]:
    port = free_port()
    env = os.environ | {"DATA_DIR": str(data_dir), "REDIS_URL": store_url, "PORT": str(port)} | environment
    process = subprocess.Popen(die_with_parent(sys.executable, "-m", "app", "api"), cwd=ROOT, env=env)
    api = Api(port, psutil.Process(process.pid))

    def answers() -> bool:
        assert process.poll() is None
        with contextlib.suppress(httpx.HTTPError):
            return api.client.get("/health").status_code == 200
        return False

    try:
        wait_for(answers, 60)
        yield api
    finally:
        api.client.close()
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Web:
    """A web server on loopback: serves `files`, keeps what is posted."""

    def __init__(self, address: str = "127.0.0.1") -> None:
        self.files: dict[str, bytes] = {}
        self.gets: list[str] = []
        self.get_headers: list[dict[str, str]] = []
        """Of each of the gets, with names in lower case."""
        self.redirects: dict[str, str] = {}
        self.drips: dict[str, threading.Event] = {}
        """Paths that are served a byte at a time until the event is set."""
        self.dripping = 0
        self.most_dripping = 0
        self._lock = threading.Lock()
        self.posts: list[tuple[str, dict[str, str], bytes]] = []
        self.statuses: dict[str, list[int]] = {}
        """Statuses for the next gets of a path, before it is served."""
        self.answers: list[int] = []
        """Statuses for the next posts; 200 when it is empty."""
        self.answer_headers: dict[str, str] = {}
        """Headers of every answer to a post."""
        self.answering = threading.Event()
        """Posts are answered only while this is set."""
        self.answering.set()
        self.posting = 0
        self.most_posting = 0
        web = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                web.gets.append(self.path)
                web.get_headers.append({name.lower(): value for name, value in self.headers.items()})
                body = web.files.get(self.path)
                status = 404 if body is None else 200
                if web.statuses.get(self.path):
                    status, body = web.statuses[self.path].pop(0), b""
                location = web.redirects.get(self.path)
                self.send_response(302 if location else status)
                if location:
                    self.send_header("Location", location)
                self.send_header("Content-Length", str(len(body or b"")))
                self.end_headers()
                if self.path in web.drips:
                    body = self._drip(body or b"", web.drips[self.path])
                with contextlib.suppress(ConnectionError):
                    self.wfile.write(body or b"")

            def _drip(self, body: bytes, enough: threading.Event) -> bytes:
                """What is left of it when it is enough, or nothing when the client is gone."""
                with web._lock:
                    web.dripping += 1
                    web.most_dripping = max(web.most_dripping, web.dripping)
                try:
                    while not enough.wait(0.05):
                        self.wfile.write(body[:1])
                        body = body[1:]
                    return body
                except ConnectionError:
                    self.close_connection = True
                    return b""
                finally:
                    with web._lock:
                        web.dripping -= 1

            def do_POST(self) -> None:
                body = self._body()
                if len(body) < int(self.headers.get("content-length", 0)):  # its sender was killed on the way
                    self.close_connection = True
                    return
                web.posts.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
                with web._lock:
                    web.posting += 1
                    web.most_posting = max(web.most_posting, web.posting)
                web.answering.wait()
                with web._lock:
                    web.posting -= 1
                self.send_response(web.answers.pop(0) if web.answers else 200)
                for name, value in web.answer_headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                with contextlib.suppress(ConnectionError):
                    self.end_headers()

            def _body(self) -> bytes:
                if self.headers.get("transfer-encoding") != "chunked":
                    return self.rfile.read(int(self.headers.get("content-length", 0)))
                body = b""
                while size := int(self.rfile.readline(), 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
                return body

            def log_message(self, *arguments: Any) -> None:
                """Says nothing."""

        self._server = http.server.ThreadingHTTPServer((address, 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://{address}:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def close(self) -> None:
        self.answering.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
