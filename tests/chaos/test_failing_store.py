"""A store that fails over, is full, forgets and is rolled back, under one service that goes on: no process of it ends,
every job that the store still knows ends once and right, others are 404, and the service works again within 15 s.

The long form, by hand: CHAOS_LONG=1 pytest -s tests/chaos/test_failing_store.py
"""

import contextlib
import json
import os
import random
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from app.processes.ports import free_port
from app.redis.server import find_server
from support.documents import text_pdf
from support.harness import Service, running, spawn, wait_for
from support.recovery import RECOVERED_WITHIN, recovers
from worker.engines.null import TEXT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

LONG = bool(os.environ.get("CHAOS_LONG"))
READ_ONLY = TAKEOVER = 12.0 if LONG else 4.0  # seconds, as the next two
NO_REPLICAS = DISK_FULL = 30.0 if LONG else 4.0
COPY_AGE = 10.0 if LONG else 4.0
DELETIONS = 200 if LONG else 30
LOAD = 12  # jobs that are open while keys are deleted
SEED = int(os.environ.get("CHAOS_SEED", 7))  # of the choice of these keys
PAGES = 4
PAGE_SECONDS = 0.2
ENDED = ("finished", "failed", "canceled")


class Server:
    """A store on a port and a socket; `small`: its files are on a disk of 8 MiB, which only it sees."""

    def __init__(self, folder: Path, name: str, *, small: bool = False) -> None:
        self.socket, self.port, self._data = folder / f"{name}.sock", free_port(), folder / name
        self._data.mkdir()
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--unixsocket", str(self.socket)]
        options += ["--dir", str(self._data), "--save", "", "--appendonly", "yes", "--repl-diskless-sync-delay", "0"]
        mount = f'mount -t tmpfs -o size=8m none {self._data} && exec "$@"'
        wrapper = ["unshare", "--mount", "sh", "-c", mount, "sh"] if small else []
        self.process = spawn(*wrapper, find_server(), *options, stdout=subprocess.DEVNULL)
        wait_for(self.socket.exists)
        self.client = redis.Redis(unix_socket_path=str(self.socket), decode_responses=True)

    @property
    def data(self) -> Path:
        """Its folder, as it sees it."""
        return Path(f"/proc/{self.process.pid}/root{self._data}")

    def stop(self) -> None:
        self.client.close()
        self.process.kill()
        self.process.wait()


class Bench:
    """A service whose REDIS_URL is an address that can be made to lead to either of two servers."""

    def __init__(self, service: Service, address: Path, servers: list[Server]) -> None:
        self.service = service
        self.address = address
        self.primary, self.other = servers
        self.processes = {process.pid for process in service.lasting()}

    def submit(self, count: int = 6, page_seconds: float = PAGE_SECONDS) -> list[str]:
        options = json.dumps({"sleep": page_seconds})
        return [self.service.submit(text_pdf(PAGES), options=options) for _ in range(count)]

    def begun(self, jobs: list[str]) -> None:
        wait_for(lambda: self.service.client.get(f"/jobs/{jobs[0]}").json()["pages_done"])

    def lasts(self, seconds: float, reason: str) -> None:
        """To be called when a fault has just begun. Clients are refused and told why."""
        began = time.monotonic()

        def named() -> bool:
            ready = self.service.client.get("/health/ready")
            submit = self.service.client.post("/infer", json={"pdf_url": "http://127.0.0.1:9/a.pdf"})
            codes = (ready.status_code, submit.status_code)
            return codes == (503, 503) and reason in ready.text and submit.json()["code"] == "storage_unavailable"

        wait_for(named, 30)
        time.sleep(max(0.0, began + seconds - time.monotonic()))

    def settles(self, jobs: list[str], *, known: bool = True, page_seconds: float = PAGE_SECONDS) -> Counter[str]:
        """To be called when a fault has just ended. Waits until the service works again, and until all jobs have ended
        or are gone; how many of each. None of our processes has ended in the meantime.
        """
        fault_ended = time.monotonic()
        states: dict[str, str] = {}

        def left() -> int:
            for job in jobs:
                answer = self.service.client.get(f"/jobs/{job}")
                assert answer.status_code in (200, 404, 503), answer.text
                states[job] = answer.json()["status"] if answer.status_code == 200 else str(answer.status_code)
            return sum(state not in (*ENDED, "404") for state in states.values())

        work = left() * PAGES * page_seconds
        recovers(self.service, fault_ended)
        wait_for(lambda: not left() and not self.primary.client.zcard("open"))
        settled = time.monotonic() - fault_ended
        counts = Counter(states.values())
        print(f"all is settled after {settled:.1f} s with {work:.1f} s of work: {dict(counts)}")
        assert settled <= RECOVERED_WITHIN + work
        assert self.processes <= {process.pid for process in self.service.lasting()}, self.service.log.read_text()[
            -5000:
        ]

        entries: Any = self.primary.client.xrange("events")
        ends = Counter(event["job"] for _, event in entries if event.get("status") in ENDED)
        for job, state in states.items():
            if state != "404":
                assert ends[job] == 1, (job, state, ends[job])
                result = self.service.client.get(f"/jobs/{job}/result").json()
            if state == "finished":
                assert [page["markdown"] for page in result["result"]["pages"]] == [TEXT] * PAGES
            elif state == "failed":
                assert result["error"]["code"] == "internal"
        if known:
            assert set(counts) == {"finished"}
        return counts


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    folder = Path(tempfile.mkdtemp(prefix="ocr-store-"))
    may_mount = subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode == 0
    servers = [Server(folder, "a", small=may_mount), Server(folder, "b")]
    address = folder / "address.sock"
    address.symlink_to(servers[0].socket)
    try:
        with running(ENGINE="null", REDIS_URL=f"unix://{address}") as service:
            yield Bench(service, address, servers)
    finally:
        for server in servers:
            server.stop()
        shutil.rmtree(folder)


def test_the_store_is_read_only(bench: Bench) -> None:
    jobs = bench.submit()
    bench.begun(jobs)
    bench.primary.client.replicaof("127.0.0.1", "1")
    bench.lasts(READ_ONLY, "read-only")
    bench.primary.client.replicaof("NO", "ONE")
    bench.settles(jobs)


def test_replicas_are_missing(bench: Bench) -> None:
    jobs = bench.submit()
    bench.begun(jobs)
    bench.primary.client.config_set("min-replicas-to-write", 1)
    bench.lasts(NO_REPLICAS, "fewer replicas")
    bench.primary.client.config_set("min-replicas-to-write", 0)
    bench.settles(jobs)


def test_the_disk_of_the_store_is_full(bench: Bench) -> None:
    if not os.path.ismount(bench.primary.data):
        pytest.skip("a disk of its own needs the right to mount one")
    jobs = bench.submit()
    bench.begun(jobs)
    filler = bench.primary.data / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while file.write(bytes(512)):
            pass
    bench.lasts(DISK_FULL, "its own disk")
    filler.unlink()
    bench.settles(jobs)


def test_a_replica_takes_over_at_the_same_address(bench: Bench) -> None:
    """As a managed store does it: the address leads to the new primary, and the old one lives on, read-only."""
    old, new = bench.primary, bench.other
    new.client.replicaof("127.0.0.1", str(old.port))
    wait_for(lambda: new.client.info("replication")["master_link_status"] == "up")
    jobs = bench.submit()
    bench.begun(jobs)
    old.client.wait(1, 5000)
    new.client.replicaof("NO", "ONE")
    old.client.replicaof("127.0.0.1", str(new.port))
    bench.lasts(TAKEOVER, "read-only")
    bench.address.unlink()
    bench.address.symlink_to(new.socket)
    bench.primary, bench.other = new, old
    bench.settles(jobs)


def test_any_keys_are_lost(bench: Bench) -> None:
    """Whatever is about one job, and every set and ring of all; but `events`, which the other tests count ends by."""
    chance = random.Random(SEED)
    jobs = []
    for _ in range(DELETIONS):
        while bench.primary.client.zcard("open") < LOAD:
            jobs += bench.submit(1, page_seconds=1)
        names = sorted(set(bench.primary.client.keys("*")) - {"events"})
        bench.primary.client.delete(chance.choice(names))
        time.sleep(0.05)
    states = bench.settles(jobs, known=False, page_seconds=1)
    assert states["finished"] + states["failed"] + states["404"] == len(jobs)


def test_the_store_is_restored_from_an_old_copy(bench: Bench) -> None:
    store = redis.Redis(unix_socket_path=str(bench.primary.socket))
    jobs = bench.submit()
    bench.begun(jobs)
    with store.pipeline() as pipe:
        names: Any = store.keys("*")
        for name in names:
            pipe.dump(name)
        copy = dict(zip(names, pipe.execute(), strict=True))
    later = bench.submit(3)
    time.sleep(COPY_AGE)
    later += bench.submit(3)  # some of them are in hand when they are forgotten
    with store.pipeline() as pipe:
        pipe.flushall()
        for name, value in copy.items():
            if value is not None:
                pipe.restore(name, 3_600_000, value)
        pipe.execute()
    store.close()
    assert bench.settles(jobs + later, known=False) == {"finished": len(jobs), "404": len(later)}


def test_the_store_is_emptied(bench: Bench) -> None:
    jobs = bench.submit()
    bench.begun(jobs)
    bench.primary.client.flushall()
    assert bench.settles(jobs, known=False) == {"404": len(jobs)}
