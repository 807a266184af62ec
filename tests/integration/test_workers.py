"""Workers together: what one leaves behind another takes up, and one bad document does not take the good ones along."""

import contextlib
import os
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from app.jobs.codec import SCHEMA
from support.documents import slow_pdf, text_pdf
from support.harness import (
    PATIENCE,
    ROOT,
    Service,
    Web,
    command_line,
    run,
    running,
    store_of,
    wait_for,
)
from support.workers import another_worker, kill_tree
from worker.supervisor.lanes import FETCHES_MAX, FETCHES_PER_HOST

pytestmark = pytest.mark.slow

HANGS_AT = Path(tempfile.gettempdir(), f"hangs-{os.getpid()}")
"""See tests/support/hanging."""

TEAM = {"PAGE_PROCESSES": "1", "WORKER_CONCURRENCY": "3", "SLICE_PAGES": "8"}


@pytest.fixture(scope="module")
def two_lanes() -> Iterator[Service]:
    settings = {"PAGE_PROCESSES": "2", "WORKER_CONCURRENCY": "2", "SLICE_PAGES": "16", "SHUTDOWN_TIMEOUT": "0.5"}
    settings |= {"FETCH_ALLOWED_NETWORKS": "127.0.0.0/8"}
    settings |= {"PYTHONPATH": str(ROOT / "tests/support/hanging"), "HANGS_AT": str(HANGS_AT)}
    with running(ENGINE="null", **settings) as service:
        yield service


@pytest.fixture(scope="module")
def one_lane() -> Iterator[Service]:
    with running(ENGINE="null", PAGE_PROCESSES="1", WORKER_CONCURRENCY="1", SLICE_PAGES="4") as service:
        yield service


@pytest.fixture(scope="module")
def team() -> Iterator[Service]:
    """A service that other workers join."""
    with running(ENGINE="null", **TEAM) as service:
        yield service


def test_the_work_of_a_dead_worker_is_taken_up_by_another(team: Service) -> None:
    service = team
    with another_worker(service, **TEAM) as other:
        service.find("-m", "worker").suspend()  # the other one takes what comes
        job = service.submit(text_pdf(4), options='{"sleep": 1}')
        wait_for(lambda: service.client.get(f"/jobs/{job}").json()["pages_done"] >= 1)
        kill_tree(psutil.Process(other.pid))
        service.find("-m", "worker").resume()
        with store_of(service) as store:
            wait_for(lambda: int(store.hget(f"slice:{job}-0", "fence") or 0) >= 2)
        assert service.result(job)["status"] == "finished"
    state = service.client.get(f"/jobs/{job}").json()
    assert (state["attempts"], state["pages_done"]) == (0, 4)


def test_a_frozen_worker_cannot_commit_what_another_has_taken_over(team: Service) -> None:
    service = team
    job = service.submit(text_pdf(3), options='{"sleep": 1}')
    wait_for(lambda: service.client.get(f"/jobs/{job}").json()["pages_done"] >= 1)
    frozen = service.find("-m", "worker")
    frozen.suspend()
    with another_worker(service, **TEAM):
        assert service.result(job)["status"] == "finished"
        before = service.client.get(f"/jobs/{job}").json()
        frozen.resume()
        assert service.result(service.submit(text_pdf()))["status"] == "finished"
        assert service.client.get(f"/jobs/{job}").json() == before


def test_a_stopping_worker_finishes_what_it_can(one_lane: Service) -> None:
    service = one_lane
    worker = service.find("-m", "worker")
    running_job = service.submit(text_pdf(), options='{"sleep": 3}')
    wait_for(lambda: service.client.get(f"/jobs/{running_job}").json()["status"] == "running")
    waiting = service.submit(text_pdf())
    worker.send_signal(signal.SIGTERM)
    psutil.wait_procs([worker], PATIENCE)
    with store_of(service) as store:  # it was not handed back: nobody else has claimed it
        assert store.hget(f"slice:{running_job}-0", "fence") == "1"
    for job in (running_job, waiting):
        assert service.result(job)["status"] == "finished"


def test_a_stopping_worker_hands_back_what_takes_too_long(two_lanes: Service) -> None:
    service = two_lanes
    job = service.submit(text_pdf(2), options='{"sleep": 3}')
    wait_for(lambda: service.client.get(f"/jobs/{job}").json()["status"] == "running")
    worker = service.find("-m", "worker")
    worker.send_signal(signal.SIGTERM)
    assert psutil.wait_procs([worker], PATIENCE)[1] == []
    assert service.result(job)["status"] == "finished"
    state = service.client.get(f"/jobs/{job}").json()
    assert (state["attempts"], state["pages_done"]) == (0, 2)


def test_a_server_that_is_busy_is_asked_three_times(two_lanes: Service, web: Web) -> None:
    web.statuses = {"/busy.pdf": [503, 503, 503], "/soon.pdf": [503]}
    web.files["/soon.pdf"] = text_pdf()
    service = two_lanes
    jobs = [
        service.client.post("/infer", json={"pdf_url": f"{web.url}/{name}.pdf"}).json()["job_id"]
        for name in ("busy", "soon", "missing")
    ]
    outcomes = [service.result(job) for job in jobs]
    assert [outcome["status"] for outcome in outcomes] == ["failed", "finished", "failed"]
    assert outcomes[0]["error"]["code"] == "fetch_status"
    assert [service.client.get(f"/jobs/{job}").json()["attempts"] for job in jobs] == [3, 1, 0]
    assert [web.gets.count(f"/{name}.pdf") for name in ("busy", "soon", "missing")] == [3, 2, 1]


def test_a_file_system_that_hangs_costs_no_lease(two_lanes: Service) -> None:
    service = two_lanes
    worker = service.find("-m", "worker")
    worker.suspend()
    job = service.submit(text_pdf())
    os.mkfifo(HANGS_AT)
    worker.resume()
    with store_of(service) as store:
        [(lease, first)] = wait_for(lambda: store.zrange("rq:wip:null", 0, -1, withscores=True))
        assert lease.startswith(f"{job}-0:")
        wait_for(lambda: (store.zscore("rq:wip:null", lease) or 0) > first + 3)
        assert store.hget(f"slice:{job}-0", "fence") == "1"
        pipe = HANGS_AT.rename(HANGS_AT.with_suffix(".open"))  # others hang no more
        assert service.result(service.submit(text_pdf()))["status"] == "finished"
        assert store.zscore("rq:wip:null", lease) is not None
        os.close(os.open(pipe, os.O_WRONLY))
        pipe.unlink()
    assert service.result(job)["status"] == "finished"
    assert service.client.get(f"/jobs/{job}").json()["attempts"] == 0


def test_slow_downloads_take_no_lane(two_lanes: Service, web: Web) -> None:
    """With two lanes and seven downloads that come a byte at a time, documents that are there are done meanwhile."""
    enough, count = threading.Event(), FETCHES_PER_HOST - 1
    for name in ("slow", "good"):
        web.files[f"/{name}.pdf"] = text_pdf()
    web.drips["/slow.pdf"] = enough
    service = two_lanes
    slow = [service.submit_url(f"{web.url}/slow.pdf") for _ in range(count)]
    wait_for(lambda: web.dripping == count)
    good = [service.submit(text_pdf()), service.submit_url(f"{web.url}/good.pdf"), service.submit(text_pdf(40))]
    assert [service.result(job)["status"] for job in good] == ["finished"] * 3
    assert web.dripping == count
    assert {service.client.get(f"/jobs/{job}").json()["status"] for job in slow} == {"running"}
    enough.set()
    assert [service.result(job)["status"] for job in slow] == ["finished"] * count
    assert web.gets.count("/slow.pdf") == count


def test_downloads_that_end_together_take_no_more_lanes_than_there_are(two_lanes: Service, web: Web) -> None:
    enough = threading.Event()
    web.files["/slow.pdf"] = text_pdf(2)
    web.drips["/slow.pdf"] = enough
    service = two_lanes
    jobs = [service.submit_url(f"{web.url}/slow.pdf", options={"sleep": 0.3}) for _ in range(6)]
    wait_for(lambda: web.dripping == 6)
    enough.set()

    at_work = set()
    with store_of(service) as store:
        while True:
            with store.pipeline() as pipe:  # all of them at one moment
                for job in jobs:
                    pipe.hmget(f"job:{job}", "status", "pages_total")
                states = pipe.execute()
            if all(status == "finished" for status, _ in states):
                break
            at_work.add(sum(status == "running" and total is not None for status, total in states))
    assert max(at_work) == 2
    assert {service.client.get(f"/jobs/{job}").json()["attempts"] for job in jobs} == {0}
    assert web.gets == ["/slow.pdf"] * 6


def test_a_book_makes_room_for_what_was_downloaded_meanwhile(two_lanes: Service, web: Web) -> None:
    enough = threading.Event()
    web.files["/invoice.pdf"] = text_pdf()
    web.drips["/invoice.pdf"] = enough
    service = two_lanes
    invoice = service.submit_url(f"{web.url}/invoice.pdf")
    wait_for(lambda: web.dripping)
    book = service.submit(text_pdf(200), options='{"sleep": 2}')
    wait_for(lambda: service.client.get(f"/jobs/{book}").json()["pages_done"] >= 4)
    enough.set()
    assert service.result(invoice)["status"] == "finished"
    # Pages are read four at a time, and two slices end after 32.
    assert service.client.get(f"/jobs/{book}").json()["pages_done"] <= 4 + 5 * 4
    service.client.delete(f"/jobs/{book}")


def test_slow_servers_hold_up_their_own_documents_only(two_lanes: Service) -> None:
    enough = threading.Event()
    with ExitStack() as stack:
        first, *others = [Web(f"127.0.0.{number}") for number in range(1, 6)]
        for web in (first, *others):
            stack.callback(web.close)
            web.files |= {"/slow.pdf": text_pdf(), "/quick.pdf": text_pdf()}
            web.drips["/slow.pdf"] = enough
        service = two_lanes
        stack.callback(enough.set)
        jobs = [service.submit_url(f"{first.url}/slow.pdf", priority="low") for _ in range(60)]
        wait_for(lambda: first.dripping == FETCHES_PER_HOST)
        upload = service.submit(text_pdf(), priority="high")
        quick = service.submit_url(f"{others[0].url}/quick.pdf", priority="low")
        assert [service.result(job)["status"] for job in (upload, quick)] == ["finished"] * 2
        assert first.dripping == FETCHES_PER_HOST
        for web in others:
            jobs += [service.submit_url(f"{web.url}/slow.pdf") for _ in range(FETCHES_PER_HOST)]
        wait_for(lambda: sum(web.dripping for web in (first, *others)) == FETCHES_MAX)
        upload = service.submit(text_pdf())
        assert service.result(upload)["status"] == "finished"
        with store_of(service) as store:  # the others are held by nobody
            wait_for(lambda: store.zcard("rq:wip:null") == FETCHES_MAX)
        enough.set()
        assert [service.result(job)["status"] for job in jobs] == ["finished"] * len(jobs)
        assert {service.client.get(f"/jobs/{job}").json()["attempts"] for job in jobs} == {0}
    assert first.most_dripping == FETCHES_PER_HOST


def test_the_engine_host_is_replaced_between_slices() -> None:
    with running(ENGINE="null", ENGINE_MAX_PAGES="3") as service:
        jobs = [service.submit(text_pdf(2), options='{"sleep": 0.05}') for _ in range(12)]
        assert [service.result(job)["status"] for job in jobs] == ["finished"] * 12
        assert {service.client.get(f"/jobs/{job}").json()["attempts"] for job in jobs} == {0}
        with store_of(service) as store:
            assert {store.hget(f"slice:{job}-0", "crashes") for job in jobs} == {None}
        wait_for(lambda: "replacing the engine host after" in service.log.read_text())


def test_records_of_other_versions(two_lanes: Service) -> None:
    service = two_lanes
    service.find("-m", "worker").suspend()
    jobs = {schema: service.submit(text_pdf()) for schema in (SCHEMA - 1, SCHEMA + 1, SCHEMA + 2)}
    with store_of(service) as store:
        for schema, job in jobs.items():
            store.hset(f"slice:{job}-0", mapping={"schema": schema, "colour": "red"})
            store.hset(f"job:{job}", mapping={"schema": schema, "colour": "red"})
        service.find("-m", "worker").resume()
        too_new = jobs.pop(SCHEMA + 2)
        assert [service.result(job)["status"] for job in jobs.values()] == ["finished"] * 2
        wait_for(lambda: store.zscore("delayed:null", f"{too_new}-0"))
        assert service.client.get(f"/jobs/{too_new}").json()["attempts"] == 0
        service.client.delete(f"/jobs/{too_new}")


def test_a_worker_of_rqs_own_runs_our_entries(two_lanes: Service) -> None:
    service = two_lanes
    service.find("-m", "worker").suspend()
    jobs = [service.submit(text_pdf()) for _ in range(2)]
    command = ["-m", "rq.cli", "worker", "--burst", "--serializer", "rq.serializers.JSONSerializer"]
    command += ["--url", f"unix://{service.data_dir}/redis.sock", "null"]
    ended = run(*command, DATA_DIR=str(service.data_dir), ENGINE="null")
    assert ended.returncode == 0, ended.stderr
    assert [service.result(job)["status"] for job in jobs] == ["finished"] * 2
    service.find("-m", "worker").resume()
    assert service.result(service.submit(text_pdf()))["status"] == "finished"


def test_a_book_is_shared_by_workers_and_survives_the_death_of_one() -> None:
    """No finished page is done again, and the result is that of an undisturbed run, byte for byte."""
    book = text_pdf(60)
    with running(ENGINE="null", **TEAM) as service:
        calm = service.submit(book)
        assert service.result(calm)["status"] == "finished"
        with another_worker(service, **TEAM) as other:
            service.find("-m", "worker").suspend()  # until the other one is up and has a part of it
            job = service.submit(book, options='{"sleep": 0.5}')
            slices = [f"slice:{job}-{number}" for number in range(8)]
            with store_of(service) as store:

                def workers() -> int:
                    return len({store.hget(name, "worker") for name in slices} - {None})

                wait_for(lambda: workers() == 1)
                service.find("-m", "worker").resume()
                wait_for(lambda: workers() == 2)
            wait_for(lambda: service.client.get(f"/jobs/{job}").json()["pages_done"] >= 20)
            kill_tree(psutil.Process(other.pid))
            pages = service.data_dir / "blobs" / job / "pages"
            done = {path: path.stat().st_mtime_ns for path in pages.glob("[0-9]*.json")}
        assert service.result(job)["status"] == "finished"
        assert {path: path.stat().st_mtime_ns for path in done} == done
        state = service.client.get(f"/jobs/{job}").json()
        assert (state["pages_done"], state["pages_total"], state["attempts"]) == (60, 60, 0)
        blobs = service.data_dir / "blobs"
        assert (blobs / job / "result.json").read_bytes() == (blobs / calm / "result.json").read_bytes()


def test_a_book_makes_room_for_an_invoice(two_lanes: Service) -> None:
    service = two_lanes
    book = service.submit(text_pdf(200), options='{"sleep": 2}')
    wait_for(lambda: service.client.get(f"/jobs/{book}").json()["pages_done"] >= 4)
    invoice = service.submit(text_pdf())
    assert service.result(invoice)["status"] == "finished"
    # Pages are read four at a time, and two slices end after 32.
    assert service.client.get(f"/jobs/{book}").json()["pages_done"] <= 4 + 5 * 4
    with store_of(service) as store:
        assert store.zcard("active:null") == 13  # all of the book: nothing was lost by handing back
    service.client.delete(f"/jobs/{book}")


def test_a_book_loses_only_the_pages_that_kill_the_host(one_lane: Service) -> None:
    """The null engine's poison kills the host on every page it is asked for: what was done before stays."""
    service = one_lane
    book = service.submit(text_pdf(12), options='{"sleep": 1}')
    wait_for(lambda: service.client.get(f"/jobs/{book}").json()["pages_done"] >= 5)
    with store_of(service) as store:
        store.hset(f"job:{book}", "options", '{"poison": true}')
    service.find("worker.engine_host").kill()
    outcome = service.result(book)
    assert outcome["status"] == "finished"
    failed = {error["index"]: error["code"] for error in outcome["result"]["page_errors"]}
    assert set(failed.values()) == {"worker_crashed"}
    assert 4 <= len(failed) <= 7
    assert 1 not in failed
    assert len(outcome["result"]["pages"]) == 12


def test_a_document_that_takes_too_long_ends_with_what_was_read() -> None:
    with running(ENGINE="null", DOCUMENT_TIMEOUT="0.000001", PAGE_PROCESSES="1", SLICE_PAGES="100") as service:
        job = service.submit(text_pdf(200))  # more than are read before the worker has counted the first
        first = service.result(job)
        assert first["status"] == "finished"
        left_out = [error["index"] for error in first["result"]["page_errors"]]
        assert {error["code"] for error in first["result"]["page_errors"]} == {"deadline_exceeded"}
        assert "DOCUMENT_TIMEOUT" in first["result"]["page_errors"][0]["message"]
        assert 0 < len(left_out) < 200
        assert service.client.get(f"/jobs/{job}").json()["pages_done"] == 200
        assert service.client.post(f"/jobs/{job}/retry").status_code == 202  # with its time anew
        assert {error["index"] for error in service.result(job)["result"]["page_errors"]} < set(left_out)


def test_a_page_process_is_ended_with_its_job() -> None:
    """A page that keeps PDFium busy does not outlive its job. It is stopped in the middle, so that it cannot end by
    itself; only after PAGE_TIMEOUT would it be ended all the same.
    """

    def cpu(process: psutil.Process) -> float:
        with contextlib.suppress(psutil.NoSuchProcess):
            return float(process.cpu_times().user)
        return 0.0

    def busy() -> psutil.Process | None:
        children = [process for process in service.tree() if "worker.page_process.fork_server" in command_line(process)]
        before = {child: cpu(child) for child in children}
        time.sleep(0.3)
        return next((child for child in children if cpu(child) > before[child] + 0.05), None)

    with running(PAGE_PROCESSES="1", PAGE_TIMEOUT="3600", PAGE_MEMORY_MB="4096") as service:
        job = service.submit(slow_pdf(6_000_000))
        wait_for(lambda: service.client.get(f"/jobs/{job}").json()["pages_total"])
        child = wait_for(busy)
        child.suspend()
        service.client.delete(f"/jobs/{job}")
        assert psutil.wait_procs([child], PATIENCE)[1] == []
        assert service.result(service.submit(text_pdf()))["status"] == "finished"


def test_a_canceled_page_is_let_go_of() -> None:
    with running(ENGINE="null", PAGE_PROCESSES="1", WORKER_CONCURRENCY="1") as service:
        job = service.submit(text_pdf(40), options='{"sleep": 600}')
        wait_for(lambda: service.client.get(f"/jobs/{job}").json()["pages_total"] == 40)
        answer = service.client.delete(f"/jobs/{job}")
        assert answer.json() == {"job_id": job, "status": "canceled"}
        assert service.result(job)["error"]["code"] == "canceled"
        assert service.result(service.submit(text_pdf()))["status"] == "finished"  # on the only lane
        with store_of(service) as store:
            assert store.zcard("active:null") == store.zcard("rq:wip:null") == 0
        assert service.client.post(f"/jobs/{job}/retry").status_code == 202
        assert service.client.delete(f"/jobs/{job}").json()["status"] == "canceled"
        assert service.client.delete(f"/jobs/{job}").status_code == 204
        assert service.client.get(f"/jobs/{job}").status_code == 410


def test_an_engine_too_busy_to_hear_of_a_cancelation_is_ended() -> None:
    with running(ENGINE="null", PAGE_PROCESSES="1") as service:
        neighbour = service.submit(text_pdf(40), options='{"sleep": 0.5}')
        job = service.submit(text_pdf(), options='{"hold": 600}')
        host = service.find("worker.engine_host")

        def is_held() -> bool:
            """Its loop has not gone round for as long as the neighbour's pages would let it rest, and more."""
            before = host.num_ctx_switches()
            time.sleep(2)
            return bool(host.num_ctx_switches() == before)

        wait_for(is_held)
        service.client.delete(f"/jobs/{job}")
        assert service.result(service.submit(text_pdf()))["status"] == "finished"
        assert service.result(neighbour)["status"] == "finished"
        with store_of(service) as store:
            assert store.hget(f"slice:{neighbour}-0", "crashes") in (None, "0")


def test_interrupt_stops_everything_in_order() -> None:
    with running(ENGINE="null") as service:
        tree = service.tree()
        wait_for(lambda: "is ready at http://127.0.0.1:" in service.log.read_text())
        assert service.stop() == 0
        assert psutil.wait_procs(tree, timeout=PATIENCE)[1] == []
        assert "Traceback" not in service.log.read_text()
