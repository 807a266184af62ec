"""What is away for a while: a store, its memory, the disk, workers, the API, everything. Nothing accepted is lost."""

import contextlib
import json
import os
import random
import shutil
import subprocess
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx
import psutil
import pytest
import redis

from app.redis.server import find_server
from support.documents import scan_pdf, text_pdf
from support.harness import Service, command_line, running, spawn, store_of, wait_for
from support.recovery import recovers
from support.workers import another_worker, kill_tree

pytestmark = pytest.mark.slow

NOWHERE = "http://127.0.0.1:9/a.pdf"


class OwnStore:
    """A store that is not kept by the service, so that it can be away."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="ocr-store-"))
        self.url = f"unix://{self.folder}/redis.sock"
        self._process: subprocess.Popen[bytes]

    def start(self) -> None:
        arguments = ["--port", "0", "--unixsocket", "redis.sock", "--save", "", "--appendonly", "yes"]
        command = [find_server(), "--dir", str(self.folder), *arguments]
        self._process = spawn(*command, cwd=self.folder, stdout=subprocess.DEVNULL)
        with redis.Redis.from_url(self.url) as client:
            wait_for(lambda: _answers(client))

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


def _answers(client: "redis.Redis") -> bool:
    with contextlib.suppress(redis.ConnectionError):
        return bool(client.ping())
    return False


@pytest.fixture
def own_store() -> Iterator[OwnStore]:
    store = OwnStore()
    store.start()
    yield store
    store.kill()
    shutil.rmtree(store.folder)


@pytest.mark.parametrize("seconds", [2, 20])  # less than a lease lasts, and more than that and ANSWER_WITHIN
def test_the_store_is_away(own_store: OwnStore, seconds: int) -> None:
    with running(ENGINE="null", REDIS_URL=own_store.url) as service:
        jobs = [service.submit(text_pdf(4), options='{"sleep": 0.5}') for _ in range(12)]
        wait_for(lambda: service.client.get(f"/jobs/{jobs[0]}").json()["pages_done"])
        own_store.kill()
        back = time.monotonic() + seconds
        answer = service.client.post("/infer", json={"pdf_url": NOWHERE})
        assert (answer.status_code, answer.json()["code"]) == (503, "storage_unavailable")
        assert "Retry-After" in answer.headers
        assert service.client.get("/health").status_code == 200
        assert service.client.get("/health/ready").status_code == 503
        time.sleep(max(0, back - time.monotonic()))
        own_store.start()
        recovers(service, time.monotonic())
        assert [service.result(job)["status"] for job in jobs] == ["finished"] * 12
        assert {service.client.get(f"/jobs/{job}").json()["attempts"] for job in jobs} == {0}
        assert service.process.poll() is None


def test_the_store_is_full(own_store: OwnStore) -> None:
    with running(ENGINE="null", REDIS_URL=own_store.url) as service, redis.Redis.from_url(own_store.url) as store:
        jobs = [service.submit(text_pdf(3), options='{"sleep": 0.3}') for _ in range(6)]
        wait_for(lambda: service.client.get(f"/jobs/{jobs[0]}").json()["pages_done"])
        store.config_set("maxmemory", 1)
        wait_for(lambda: service.client.post("/infer", json={"pdf_url": NOWHERE}).status_code == 503)
        assert service.client.get(f"/jobs/{jobs[0]}").status_code == 200
        time.sleep(3)
        store.config_set("maxmemory", 0)
        recovers(service, time.monotonic())
        assert [service.result(job)["status"] for job in jobs] == ["finished"] * 6
        assert service.result(service.submit(text_pdf()))["status"] == "finished"


def test_the_disk_is_full() -> None:
    """On a small disk of its own, which only the service's processes see: while pages are written, and while a result
    is put together. What was accepted waits, for longer than attempts would last, and ends once there is room.
    """
    folder = Path(tempfile.mkdtemp(prefix="ocr-service-"))
    service = Service(folder, ENGINE="null")
    (folder / "blobs").mkdir()
    mount = f'mount -t tmpfs -o size=8m none {folder}/blobs && exec "$@"'
    try:
        service.start("unshare", "--mount", "sh", "-c", mount, "sh")
        parts = {process.pid for process in service.lasting()}
        blobs = Path(f"/proc/{service.process.pid}/root{folder}/blobs")
        jobs = [service.submit(text_pdf(3), options='{"sleep": 1}') for _ in range(4)]
        wait_for(lambda: service.client.get(f"/jobs/{jobs[0]}").json()["pages_total"])
        filler = blobs / "filler"
        with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
            while file.write(bytes(4096)):
                pass
        answer = service.client.post("/infer", files={"file": ("a.pdf", text_pdf())})
        assert (answer.status_code, answer.json()["code"]) == (503, "storage_unavailable")
        wait_for(lambda: service.log.read_text().count("waits for room in DATA_DIR") >= 4)
        assert service.client.get(f"/jobs/{jobs[0]}").json()["status"] in ("queued", "running")
        filler.unlink()
        recovers(service, time.monotonic())
        assert [service.result(job)["status"] for job in jobs] == ["finished"] * 4
        assert {service.client.get(f"/jobs/{job}").json()["attempts"] for job in jobs} == {0}
        assert service.result(service.submit(text_pdf()))["status"] == "finished"
        assert parts <= {process.pid for process in service.tree()}
    finally:
        service.stop()
        shutil.rmtree(folder, ignore_errors=True)
        service.log.unlink(missing_ok=True)


@pytest.mark.parametrize("pauses", [int(os.environ.get("CHAOS_PAUSES", 1))])
def test_the_whole_machine_is_paused(pauses: int) -> None:
    """For three times PAGE_TIMEOUT, which is longer than a lease, in the middle of pages. The long form, by hand, has
    CHAOS_PAUSES=5.
    """
    seconds = 4.0
    with running(PAGE_TIMEOUT=f"{seconds:g}", SLICE_PAGES="4") as service:
        jobs = [service.submit(scan_pdf(pages=4)) for _ in range(2 * pauses)]
        for number in range(pauses):
            wait_for(partial(service.pages_done, jobs[2 * number]), 120)
            tree = service.tree()
            for process in tree:
                process.suspend()
            time.sleep(3 * seconds)
            for process in reversed(tree):
                process.resume()
        resumed = time.monotonic()
        for job in jobs:
            outcome = service.result(job)
            assert (outcome["status"], outcome["result"]["page_errors"]) == ("finished", []), outcome
            assert service.client.get(f"/jobs/{job}").json()["attempts"] == 0
        print(f"all is done {time.monotonic() - resumed:.1f} s after the last pause")
        assert service.process.poll() is None


def test_workers_are_restarted_one_after_the_other() -> None:
    with running(ENGINE="null", WORKER_CONCURRENCY="2", SHUTDOWN_TIMEOUT="1") as service:
        jobs = [service.submit(text_pdf(3), options='{"sleep": 0.3}') for _ in range(40)]
        for _ in range(2):
            with another_worker(service, WORKER_CONCURRENCY="2", SHUTDOWN_TIMEOUT="1"):
                time.sleep(2)  # both work for a while; either of them may have the last of it
                worker = service.find("-m", "worker")
                worker.terminate()
                psutil.wait_procs([worker], 30)
                wait_for(lambda: [one for one in service.tree() if "worker.engine_host" in command_line(one)])
        assert [service.result(job)["status"] for job in jobs] == ["finished"] * 40
        assert {service.client.get(f"/jobs/{job}").json()["attempts"] for job in jobs} == {0}


def test_everything_is_killed_in_the_middle_of_a_scan() -> None:
    with running(SLICE_PAGES="8") as service:
        job = service.submit(scan_pdf(pages=16))
        wait_for(lambda: service.client.get(f"/jobs/{job}").json()["pages_done"] >= 6)
        service.kill_all()
        pages = service.data_dir / "blobs" / job / "pages"
        done = list(pages.glob("[0-9]*.json"))
        assert 6 <= len(done) < 16
        for path in done:  # a mark that would be gone if the page were read once more
            path.write_text(json.dumps(json.loads(path.read_text()) | {"warnings": ["kept"]}))
        service.start()
        assert service.result(job)["status"] == "finished"
        assert all(json.loads(path.read_text())["warnings"] == ["kept"] for path in done)


@pytest.mark.serial
def test_dead_workers_are_made_up_for() -> None:
    with running(ENGINE="null") as service, another_worker(service) as other:
        job = service.submit(text_pdf(30), options='{"sleep": 1}')
        wait_for(lambda: service.client.get(f"/jobs/{job}").json()["pages_done"])
        with store_of(service) as store:

            def holder() -> psutil.Process:
                name = store.hget(f"slice:{job}-0", "worker") or ""  # the first name is that of the service's own
                return service.find("-m", "worker") if name.endswith("-0") else psutil.Process(other.pid)

            host = next(child for child in holder().children() if "worker.engine_host" in command_line(child))
            host.kill()
            wait_for(lambda: store.hget(f"slice:{job}-0", "fence") == "2")
            root, parent = holder(), psutil.Process(service.process.pid)
            parent.suspend()  # or it would start its worker again before the other one could step in
            try:
                kill_tree(root)
                wait_for(lambda: store.hget(f"slice:{job}-0", "fence") == "3")
            finally:
                parent.resume()
        assert service.result(job)["status"] == "finished"


def test_a_key_makes_one_job_though_the_api_is_killed() -> None:
    with running(ENGINE="null") as service:
        made: dict[str, set[str]] = defaultdict(set)
        kills = 3  # five in a minute would end the service
        done = threading.Event()

        def submit(number: int) -> None:
            chance = random.Random(number)
            count = 0
            with httpx.Client(base_url=service.url, timeout=20, trust_env=False) as client:
                while count < 50 or not done.is_set():
                    key = f"key {chance.randrange(5)}"
                    try:
                        answer = client.post("/infer", json={"pdf_url": NOWHERE, "idempotency_key": key})
                    except httpx.TransportError:
                        time.sleep(0.1)  # until the API is there again
                        continue
                    if answer.status_code in (200, 202):
                        made[key].add(answer.json()["job_id"])
                        count += 1
                    time.sleep(0.02)

        clients = [threading.Thread(target=submit, args=[number]) for number in range(20)]
        for client in clients:
            client.start()
        for number in range(kills):
            time.sleep(random.Random(number).uniform(0.5, 1.5))
            service.find("uvicorn").kill()
            wait_for(lambda: _up(service))
        done.set()
        for client in clients:
            client.join()
        assert [len(jobs) for jobs in made.values()] == [1] * 5
        for jobs in made.values():
            assert service.result(*jobs)["status"] == "failed"  # nobody listens there
        with store_of(service) as store:
            assert len(store.keys("job:*")) == 5
            assert store.zcard("open") == store.zcard("active:null") == 0


def _up(service: Service) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(f"{service.url}/health", timeout=5, trust_env=False).status_code == 200
    return False
