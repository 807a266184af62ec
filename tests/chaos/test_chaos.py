"""Mixed jobs while parts of the service are killed and held at random: each ends once, rightly, and is called back.

The long form, by hand: CHAOS_JOBS=300 CHAOS_FAULTS=25 CHAOS_HOLD=20 CHAOS_SEED=7 pytest -s tests/chaos/test_chaos.py
"""

import json
import os
import random
import threading
import time
from collections import Counter
from typing import Any

import httpx
import pytest
import redis

from support.documents import encrypted_pdf, scan_pdf, text_pdf
from support.faults import Faults
from support.harness import Service, Web, running, wait_for

JOBS = int(os.environ.get("CHAOS_JOBS", 60))
FAULTS = int(os.environ.get("CHAOS_FAULTS", 6))
HOLD = float(os.environ.get("CHAOS_HOLD", 12))  # seconds; more than a lease
PAUSE = 1.0, 4.0  # seconds between faults
SEED = int(os.environ.get("CHAOS_SEED", 1))

DOCUMENTS = {
    "note": text_pdf(1),
    "letter": text_pdf(3),
    "book": text_pdf(30),
    "scan": scan_pdf("A page without a text layer"),
    "locked": encrypted_pdf(),
    "torn PDF": b"%PDF-1.7 and no more",
}
WEIGHTS = (40, 25, 10, 15, 5, 5)


class Client:
    """Submits until it is told that the job is accepted, like any client that means it."""

    def __init__(self, service: Service, web: Web) -> None:
        self._service = service
        self._web = web
        self.accepted: dict[str, tuple[str, str]] = {}
        """The job and the kind of document by idempotency key."""

    def submit(self, key: str, kind: str, by_url: bool) -> None:
        fields = {"idempotency_key": key, "callback_url": f"{self._web.url}/hook"}
        if by_url:
            answer = self._ask("POST", "/infer", json=fields | {"pdf_url": f"{self._web.url}/{kind.replace(' ', '-')}"})
        else:
            answer = self._ask("POST", "/infer", data=fields, files={"file": DOCUMENTS[kind]})
        self.accepted[key] = answer.json()["job_id"], kind

    def outcome(self, job: str) -> tuple[str, Any]:
        """Status, and markdown or the error's code."""
        while (answer := self._ask("GET", f"/jobs/{job}/result", params={"wait": 5})).status_code == 202:
            pass
        body = answer.json()
        return body["status"], body["error"]["code"] if "error" in body else body["result"]["markdown"]

    def _ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        while True:
            try:
                answer = httpx.request(method, self._service.url + path, timeout=30, trust_env=False, **request)
            except httpx.TransportError:  # the API is down, or held: nobody knows what became of the request
                time.sleep(0.2)
                continue
            if answer.status_code != 503:
                assert answer.status_code in (200, 202), answer.text
                return answer
            time.sleep(0.2)


@pytest.mark.serial
@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_every_accepted_job_ends_once_and_rightly(web: Web) -> None:
    chance = random.Random(SEED)
    web.files = {f"/{kind.replace(' ', '-')}": document for kind, document in DOCUMENTS.items()}
    with running(SLICE_PAGES="8") as service:
        client = Client(service, web)
        for kind in DOCUMENTS:
            client.submit(f"calm {kind}", kind, by_url=False)
        right = {kind: client.outcome(job) for job, kind in client.accepted.values()}
        assert Counter(status for status, _ in right.values()) == {"finished": 4, "failed": 2}

        kinds = chance.choices(list(DOCUMENTS), WEIGHTS, k=JOBS)

        def load() -> None:
            for number, kind in enumerate(kinds):
                client.submit(f"job {number}", kind, by_url=number % 2 == 0)
                time.sleep(FAULTS * sum(PAUSE) / 2 / JOBS)  # for as long as there are faults

        submitting = threading.Thread(target=load)
        submitting.start()
        faults = Faults(service, SEED, HOLD)
        for number in range(1, FAULTS + 1):
            time.sleep(chance.uniform(*PAUSE))
            print(f"{number}/{FAULTS}: {faults.one()}; {len(client.accepted)} jobs accepted", flush=True)
        faults.end()
        submitting.join()
        begun = time.monotonic()
        jobs = {job: kind for job, kind in client.accepted.values()}
        assert len(jobs) == len(client.accepted) == JOBS + len(DOCUMENTS)
        for job, kind in jobs.items():
            assert client.outcome(job) == right[kind], f"{kind} {job}"
        called = wait_for(lambda: set(jobs) <= {json.loads(body)["job_id"] for _, _, body in web.posts})
        print(f"all is done {time.monotonic() - begun:.1f} s after the last fault and submission", flush=True)
        assert called
        with redis.Redis(unix_socket_path=str(service.data_dir / "redis.sock"), decode_responses=True) as store:
            ends = Counter(
                event["job"]
                for _, event in store.xrange("events")
                if event.get("status") in ("finished", "failed", "canceled")
            )
            assert ends == dict.fromkeys(jobs, 1)
            for name in ("open", "active:pp_ocr", "rq:wip:pp_ocr", "delayed:pp_ocr", "waiting:pp_ocr"):
                assert store.zcard(name) == 0, name
        assert service.process.poll() is None
