"""APIs and workers whose clocks are an hour slow or fast work like any others: the store's clock is the only one."""

import contextlib
import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest
import redis

from app.jobs.queue import HEARTBEAT
from app.jobs.scripts import LEASE
from support.documents import text_pdf
from support.harness import ROOT, START_WITHIN, Api, Web, api_alone, spawn, wait_for
from support.workers import kill_tree

LIBRARY = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
HOUR = 3600
OFF = 300  # seconds that a time may be off on a busy machine, far less than an hour
RESULT_TTL = 1800  # seconds, less than the clocks are wrong
PAGES = 8

pytestmark = [
    pytest.mark.slow,
    pytest.mark.serial,
    pytest.mark.timeout(600),
    pytest.mark.skipif(LIBRARY is None, reason="wrong clocks are made by libfaketime: apt install faketime"),
]


def environment(wrong: int) -> dict[str, str]:
    """That of a process whose wall clock is `wrong` by so many seconds; the file system's times stay right."""
    return {
        "LD_PRELOAD": str(LIBRARY),
        "FAKETIME": f"{wrong:+d}",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
        "FAKE_UTIME": "1",  # "now" is written as the kernel's, too
        "ENGINE": "null",
        "RESULT_TTL": str(RESULT_TTL),
        "SLICE_PAGES": "4",
        "WORKER_CONCURRENCY": "2",
        "LOG_LEVEL": "info",
        "FETCH_ALLOWED_HOSTS": "127.0.0.1",
        "CALLBACK_ALLOWED_HOSTS": "127.0.0.1",
    }


@pytest.fixture(autouse=True)
def shared_memory_removed() -> Iterator[None]:
    """libfaketime leaves some behind for each process that is killed."""
    folder = Path("/dev/shm")
    before = set(folder.glob("*faketime_s*"))
    yield
    for path in set(folder.glob("*faketime_s*")) - before:
        if not psutil.pid_exists(int(path.name.rpartition("_")[2])):
            path.unlink(missing_ok=True)


@contextlib.contextmanager
def worker(data_dir: Path, store_url: str, wrong: int) -> Iterator["subprocess.Popen[bytes]"]:
    env = {**os.environ, "DATA_DIR": str(data_dir), "REDIS_URL": store_url, **environment(wrong)}
    with log_of(data_dir, wrong).open("ab") as log:
        process = spawn(sys.executable, "-m", "worker", cwd=ROOT, env=env, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)


def log_of(data_dir: Path, wrong: int) -> Path:
    return data_dir / f"worker{wrong:+d}.log"


def orphan(data_dir: Path, name: str, age: float) -> Path:
    folder = data_dir / "blobs" / (name * 32)
    folder.mkdir(parents=True)
    os.utime(folder, (time.time() - age,) * 2)
    return folder


def submit(api: Api, document: bytes, sleep: float, **fields: str) -> str:
    options = json.dumps({"sleep": sleep})
    answer = api.client.post("/infer", files={"file": ("a.pdf", document)}, data={"options": options, **fields})
    assert answer.status_code in (200, 202), answer.text
    job: str = answer.json()["job_id"]
    return job


def events(lines: Iterator[str]) -> list[dict[str, Any]]:
    return [json.loads(line.removeprefix("data:")) for line in lines if line.startswith("data:")]


def test_clocks_are_an_hour_off(store_url: str, data_dir: Path, web: Web) -> None:
    with contextlib.ExitStack() as stack:
        store = stack.enter_context(redis.Redis.from_url(store_url, decode_responses=True))

        def now() -> float:
            seconds, microseconds = store.time()
            return float(seconds) + float(microseconds) / 1e6

        def all_answer(status: int) -> bool:
            return all(api.client.get("/health/ready").status_code == status for api in apis)

        def has_finished(job: str) -> bool:
            return bool(apis[0].client.get(f"/jobs/{job}").json()["status"] == "finished")

        apis = [stack.enter_context(api_alone(data_dir, store_url, **environment(wrong))) for wrong in (-HOUR, HOUR)]
        for api, wrong in zip(apis, (-HOUR, HOUR), strict=True):
            shown = parsedate_to_datetime(api.client.get("/health").headers["date"]).timestamp()
            assert abs(shown - time.time() - wrong) < OFF, "libfaketime has no effect"

        # A worker that last beat 50 minutes ago is alive for nobody, one that has just done so is alive for all.
        for age, ready in ((3000, 503), (0, 200)):
            for name in ("engines", "engines:able"):
                store.zadd(name, {"null": now() - age})
            wait_for(partial(all_answer, ready))

        # One key, one job; followers hear of each page; times are the store's.
        begun = now()
        once, document = {"idempotency_key": "once", "callback_url": f"{web.url}/hook"}, text_pdf(3)
        first = submit(apis[0], document, 0.2, **once)
        assert submit(apis[1], document, 0.2, **once) == first
        streams = [stack.enter_context(api.client.stream("GET", f"/jobs/{first}/events")) for api in apis]
        old, fresh = orphan(data_dir, "a", 1.5 * RESULT_TTL), orphan(data_dir, "b", 0)
        stack.enter_context(worker(data_dir, store_url, -HOUR))
        for stream in streams:
            told = events(stream.iter_lines())
            assert sorted(event["page"] for event in told if "page" in event) == [1, 2, 3]
            assert told[-1]["status"] == "finished"
        shown_by = [api.client.get(f"/jobs/{first}").json() for api in apis]
        assert shown_by[0] == shown_by[1]
        created, started, finished, expires = (
            datetime.fromisoformat(shown_by[0][name].replace("Z", "+00:00")).timestamp()
            for name in ("created_at", "started_at", "finished_at", "expires_at")
        )
        assert begun <= created <= started <= finished <= now()
        assert expires == pytest.approx(finished + RESULT_TTL, abs=0.001)
        wait_for(lambda: web.posts)
        assert abs(int(web.posts[0][1]["webhook-timestamp"]) - now()) < OFF

        # Each worker's first sweep removes what is due, and nothing else.
        wait_for(lambda: not old.exists())
        due = submit(apis[1], text_pdf(1), 0)
        wait_for(lambda: apis[0].client.get(f"/jobs/{due}").json()["status"] == "finished")
        store.hset(f"job:{due}", "expires_at", now() - 1)
        store.zadd("expiring", {due: now() - 1})
        assert [api.client.get(f"/jobs/{due}").status_code for api in apis] == [410, 410]
        old = orphan(data_dir, "c", 1.5 * RESULT_TTL)
        fast = stack.enter_context(worker(data_dir, store_url, HOUR))
        wait_for(lambda: not old.exists(), START_WITHIN)
        assert not (data_dir / "blobs" / due).exists()
        assert fresh.exists()
        assert [api.client.get(f"/jobs/{first}/result").status_code for api in apis] == [200, 200]
        for wrong in (-HOUR, HOUR):
            written = re.search(r"(?m)^(\d{4}-\S+ [\d:]+),", log_of(data_dir, wrong).read_text())
            assert written is not None
            assert abs(datetime.fromisoformat(written[1]).timestamp() - time.time() - wrong) < OFF

        # The fast worker takes no lease of the slow one's, and its own last no longer than others'.
        jobs = [submit(apis[number % 2], text_pdf(PAGES), HEARTBEAT + 1) for number in range(4)]
        names = [name for name in store.smembers("rq:workers") if name.endswith("-1")]
        assert len(names) == 1
        fast_name = names[0].removeprefix("rq:worker:")

        def leases() -> dict[str, float]:
            """Those of the fast worker. All leases, whose ever, end by the store's clock."""
            found = dict(store.zrange("rq:wip:null", 0, -1, withscores=True))
            assert all(-OFF < end - now() <= LEASE for end in found.values()), found
            return {
                one: end
                for one, end in found.items()
                if store.hget(f"slice:{one.split(':')[0]}", "worker") == fast_name
            }

        ends: dict[str, float] = {}
        wait_for(lambda: any(ends.setdefault(one, end) < end for one, end in leases().items()))  # renewed
        assert not any("lease has expired" in log_of(data_dir, wrong).read_text() for wrong in (-HOUR, HOUR))
        kill_tree(psutil.Process(fast.pid))
        killed = time.monotonic()
        left = leases()
        assert left
        wait_for(lambda: not left.keys() & set(store.zrange("rq:wip:null", 0, -1)))
        print(f"{len(left)} leases of the killed worker were gone after {time.monotonic() - killed:.1f} s")

        for job in jobs:
            wait_for(partial(has_finished, job))
            shown_by = [api.client.get(f"/jobs/{job}").json() for api in apis]
            assert shown_by[0] == shown_by[1]
            assert (shown_by[0]["pages_done"], shown_by[0]["attempts"]) == (PAGES, 0)
        for lease in left:
            slice_id = lease.split(":")[0]
            assert f"{slice_id} is queued again: its lease has expired" in log_of(data_dir, -HOUR).read_text()
            assert store.hget(f"slice:{slice_id}", "worker") != fast_name
        ended = Counter(
            event["job"]
            for _, event in store.xrange("events")
            if event.get("status") in ("finished", "failed", "canceled")
        )
        assert ended == dict.fromkeys([first, due, *jobs], 1)
