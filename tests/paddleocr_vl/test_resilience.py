"""What becomes of pages when VLM servers fail, in every way they have."""

import asyncio
import itertools
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.errors import PageError
from app.settings import Settings
from benchmarks.simulated import layout
from benchmarks.simulated.pages import pdf
from benchmarks.simulated.vlm import MODEL, Reply, Request, RunningVLM
from support.harness import Service, running, until, wait_for
from support.paddleocr_vl.engines import read, running_engine, stored
from support.paddleocr_vl.service import environment
from worker.engines.base import Document
from worker.engines.paddleocr_vl import client, servers
from worker.engines.paddleocr_vl.client import repeats
from worker.engines.paddleocr_vl.engine import THREADS

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "PAUSE", 0.01)


def only(prompt: str, reply: Reply) -> Callable[[Request], Reply | None]:
    return lambda request: reply if request.prompt == prompt else None


def first(count: int, reply: Reply) -> Callable[[Request], Reply | None]:
    numbers = itertools.count()
    return lambda request: reply if next(numbers) < count else None


@pytest.mark.parametrize("status", [500, 503, 429, 408])
async def test_what_passes_is_asked_again(status: int, settings: Settings, vlm: RunningVLM, tmp_path: Path) -> None:
    vlm.answer = first(6, Reply(status, {"error": {"message": "Not now"}}))
    async with running_engine(settings) as engine:
        page = await read(engine, tmp_path / "job")
    assert not page.warnings
    assert [bool(block.content) for block in page.blocks] == [True] * 5
    assert len(vlm.requests) == layout.REQUESTS + 6


async def test_the_server_says_when_to_come_again(settings: Settings, vlm: RunningVLM, tmp_path: Path) -> None:
    vlm.answer = first(1, Reply(429, {}, {"retry-after": "1"}))
    async with running_engine(settings) as engine:
        page = await read(engine, tmp_path / "job")
    assert not page.warnings
    repeated = [request for request in vlm.requests if request.digest == vlm.requests[0].digest]
    assert len(repeated) == 2
    assert repeated[1].began - (repeated[0].ended or 0) >= 1


@pytest.mark.parametrize(
    ("reply", "tries", "words"),
    [
        (
            Reply(500, {"error": {"message": "No memory"}}),
            client.TRIES,
            "answered 500: No memory; tried 5 times.",
        ),
        (Reply(429, b"busy"), client.TRIES, "answered 429"),
        (Reply(400, {"error": {"message": "Bad picture."}}), 1, "the VLM server answered 400: Bad picture."),
        (Reply(404, {"error": {"message": "No model"}}), client.TRIES, "answered 404: No model; tried 5"),
        (Reply(200, {"choices": []}), client.TRIES, "answered with no choices"),
        (Reply(200, b"<html>"), client.TRIES, "sent an invalid answer"),
    ],
)
async def test_a_block_that_fails_is_a_warning(
    reply: Reply, tries: int, words: str, settings: Settings, vlm: RunningVLM, tmp_path: Path
) -> None:
    vlm.answer = only("Table Recognition:", reply)
    async with running_engine(settings) as engine:
        page = await read(engine, tmp_path / "job")
        assert engine.unavailable_reason is None
    assert len([request for request in vlm.requests if request.prompt == "Table Recognition:"]) == tries
    (warning,) = page.warnings
    assert warning.startswith("A table block was not read: ")
    assert words in warning
    assert [block.label for block in page.blocks if not block.content] == ["table"]
    assert "Read from" in page.markdown


async def test_a_page_of_which_all_blocks_fail_fails(settings: Settings, vlm: RunningVLM, tmp_path: Path) -> None:
    vlm.answer = lambda request: Reply(400, {"error": {"message": "No"}})
    async with running_engine(settings) as engine:
        with pytest.raises(PageError, match=r"Nothing on page 1 could be read\. A \w+ block was not read") as raised:
            await read(engine, tmp_path / "job")
        assert raised.value.code == "engine_failed"
        vlm.answer = lambda request: None
        assert not (await read(engine, tmp_path / "again")).warnings


async def test_a_slow_block_has_its_time(settings: Settings, vlm: RunningVLM, tmp_path: Path) -> None:
    vlm.answer = only("Formula Recognition:", Reply(delay=600))
    async with running_engine(settings.model_copy(update={"vl_timeout": 0.5})) as engine:
        page = await read(engine, tmp_path / "job")
    assert page.warnings == [
        "A formula block was not read: the VLM server took more than 0.5 s (VL_TIMEOUT); tried 2 times."
    ]
    slow = [request for request in vlm.requests if request.prompt == "Formula Recognition:"]
    wait_for(lambda: all(request.aborted for request in slow))


async def test_what_has_no_end_is_noticed(settings: Settings, vlm: RunningVLM, tmp_path: Path) -> None:
    vlm.answer = only("Table Recognition:", Reply(text="<fcel>and so on " * 400, finish="length"))
    async with running_engine(settings) as engine:
        page = await read(engine, tmp_path / "job", max_new_tokens=3000)
    assert page.warnings == [
        "A table block is truncated: its text is longer than max_new_tokens.",
        "A table block repeats itself: the model did not stop.",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", False),
        ("A sentence, and another one. " * 3, False),
        ("1 | 2 | 3\n" * 10, False),
        ("A sentence. " + "Again and again. " * 25, True),
        ("x" * 60, True),
        ("-" * 40, False),
        (" " * 500, False),
        ("The price is 1000000.", False),
    ],
)
def test_repetition(text: str, expected: bool) -> None:
    assert repeats(text, 50) is expected


def test_empty_rows_of_a_table_are_no_repetition() -> None:
    rows = "<fcel>Name<fcel>Value<nl>" + "<ecel><ecel><nl>" * 40
    assert repeats(rows, 50)
    assert not repeats(rows, 2_000)


async def test_one_cap_over_all_pages(settings: Settings, vlm: RunningVLM, tmp_path: Path) -> None:
    vlm.delay = 0.1
    async with running_engine(settings.model_copy(update={"vl_max_concurrency": 3})) as engine:
        await asyncio.gather(*(read(engine, tmp_path / f"job-{number}") for number in range(4)))
    assert vlm.most_in_flight == 3
    assert len(vlm.requests) == 4 * layout.REQUESTS


async def test_cancel_reaches_the_server(settings: Settings, vlm: RunningVLM, tmp_path: Path) -> None:
    vlm.delay = 60
    async with running_engine(settings) as engine:
        job = await stored(engine, tmp_path / "job")
        page = asyncio.create_task(engine.page(Document(job, {}), 1))
        await until(lambda: vlm.in_flight >= 2)
        page.cancel()
        await asyncio.wait([page])
        await until(lambda: not vlm.in_flight)
        assert all(request.aborted for request in vlm.requests)
        vlm.delay = 0
        assert not (await read(engine, tmp_path / "next")).warnings
        assert not job.has(job.raster(1))
        assert not job.has(job.page(1))
        assert engine._turns.free == THREADS


async def test_requests_go_to_the_server_that_answers(settings: Settings, vlm: RunningVLM, tmp_path: Path) -> None:
    other = RunningVLM()
    try:
        both = settings.model_copy(update={"vl_server_url": [vlm.url, other.url]})
        async with running_engine(both) as engine:
            await read(engine, tmp_path / "job")
            assert len(vlm.requests) == len(other.requests) == layout.REQUESTS / 2
            await asyncio.to_thread(other.stop)
            page = await read(engine, tmp_path / "job-2")
            assert not page.warnings
            assert engine.unavailable_reason is None
        assert len(vlm.requests) == 1.5 * layout.REQUESTS
    finally:
        other.stop()


async def test_a_busy_server_may_leave_a_look_unanswered(
    settings: Settings, vlm: RunningVLM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "ANSWER_WITHIN", 0.3)
    monkeypatch.setattr(servers, "LOOK_EVERY", 0.1)
    async with running_engine(settings) as engine:
        await read(engine, tmp_path / "job")
        vlm.health_delay = 5
        await asyncio.sleep(2)  # for several looks
        assert engine.unavailable_reason is None
        monkeypatch.setattr(servers, "BUSY_FOR", 0.1)
        assert "did not answer within 0.3 s" in await until(lambda: engine.unavailable_reason)
        vlm.health_delay = 0
        await until(lambda: engine.unavailable_reason is None)


async def test_a_server_that_fails_everything_is_given_a_rest(
    settings: Settings, vlm: RunningVLM, tmp_path: Path
) -> None:
    vlm.answer = lambda request: Reply(500, {"error": {"message": "Engine is dead"}})
    async with running_engine(settings) as engine:
        pages = [asyncio.create_task(read(engine, tmp_path / f"job-{number}")) for number in range(6)]
        assert "fails all requests: the VLM server answered 500: Engine is dead" in await until(
            lambda: engine.unavailable_reason
        )
        assert engine._servers is not None
        (server,) = engine._servers._all
        await until(lambda: not server.in_flight)
        failed = len(vlm.requests)
        await asyncio.sleep(0.5)  # for the requests that must not come
        assert len(vlm.requests) <= failed + 1
        assert not any(page.done() for page in pages)
        vlm.answer = lambda request: None
        for page in await asyncio.gather(*pages):
            assert not page.warnings
        assert engine.unavailable_reason is None


@pytest.mark.parametrize("away", ["down", "sick", "wrong"])
def test_jobs_wait_for_the_server(away: str, layout_dir: Path) -> None:
    """None fails one by one, readiness says so, and all goes on when it is back."""
    vlm = RunningVLM(delay=0.2)
    with running(**environment(layout_dir, vlm)) as service:
        jobs = [service.submit(pdf((595, 842), (300, 400))) for _ in range(3)]
        wait_for(lambda: vlm.requests)
        words = {
            "down": "does not answer",
            "sick": "is unhealthy: it answers 500 at /health",
            "wrong": "serves another, not",
        }[away]
        if away == "down":
            vlm.stop()
        else:
            vlm.answer = lambda request: Reply(500 if away == "sick" else 404, {"error": {"message": "no"}})
            vlm.health, vlm.model = (500, vlm.model) if away == "sick" else (200, "another")
        wait_for(lambda: words in not_ready(service))
        vlm.answer = lambda request: None
        late = [service.submit(pdf()) for _ in range(3)]
        wait_for(lambda: words in service.client.get(f"/jobs/{late[0]}").json().get("note", ""))
        assert {service.client.get(f"/jobs/{job}").json()["status"] for job in late} == {"queued"}
        if away == "down":
            vlm.start()
        else:
            vlm.health, vlm.model = 200, MODEL
        outcomes = [service.result(job) for job in jobs + late]
        assert [outcome["status"] for outcome in outcomes] == ["finished"] * 6
        assert [outcome["result"]["page_errors"] for outcome in outcomes] == [[]] * 6
        assert not any(page["warnings"] for outcome in outcomes for page in outcome["result"]["pages"])
        wait_for(lambda: service.client.get("/health/ready").status_code == 200)
    vlm.stop()


def not_ready(service: Service) -> str:
    answer = service.client.get("/health/ready")
    return str(answer.json()["errorMsg"]) if answer.status_code == 503 else ""


def test_a_canceled_job_ends_its_requests(service: Service, vlm: RunningVLM) -> None:
    vlm.delay = 600
    job = service.submit(pdf((595, 842), (300, 400)))
    wait_for(lambda: vlm.in_flight >= 4)
    assert service.client.delete(f"/jobs/{job}").json()["status"] == "canceled"
    wait_for(lambda: vlm.in_flight == 0)  # long before it would have answered
    vlm.delay = 0
    assert service.result(service.submit(pdf()))["status"] == "finished"


def test_a_killed_engine_host_loses_nothing(layout_dir: Path) -> None:
    vlm = RunningVLM(delay=0.3)
    with running(**environment(layout_dir, vlm)) as service:
        jobs = [service.submit(pdf((595, 842), (300, 400), (400, 300))) for _ in range(4)]
        wait_for(lambda: len(vlm.requests) > 8)
        service.find("worker.engine_host").kill()
        outcomes = [service.result(job) for job in jobs]
        assert [outcome["status"] for outcome in outcomes] == ["finished"] * 4
        assert not any(outcome["result"]["page_errors"] for outcome in outcomes)
    vlm.stop()


def test_a_document_of_three_hundred_pages(service: Service, vlm: RunningVLM) -> None:
    """One page in ten has a block that cannot be read; the pages stay apart."""
    numbers = itertools.count()
    lock = threading.Lock()
    bad: set[str] = set()

    def answer(request: Request) -> Reply | None:
        with lock:
            if request.prompt == "Formula Recognition:" and next(numbers) % 10 == 0:
                bad.add(request.digest)
        return Reply(400, {"error": {"message": "No"}}) if request.digest in bad else None

    vlm.answer = answer
    sizes = [(300 + number % 7, 400 + number) for number in range(300)]
    outcome = service.result(service.submit(pdf(*sizes)))
    result: dict[str, Any] = outcome["result"]
    assert result["page_errors"] == []
    assert [(page["width"], page["height"]) for page in result["pages"]] == [(2 * w, 2 * h) for w, h in sizes]
    warned = [page["index"] for page in result["pages"] if page["warnings"]]
    assert 20 <= len(warned) <= 40
    for page in result["pages"]:
        corners = [page["width"] * 0.05, page["height"] * 0.03, page["width"] * 0.6, page["height"] * 0.09]
        assert page["blocks"][0]["bbox"] == pytest.approx(corners, abs=2)
    assert len(result["images"]) == 300
    assert json.dumps(result).count("p0300_img_in_image") >= 2


async def test_sixteen_documents_at_once_stay_apart(settings: Settings, vlm: RunningVLM, tmp_path: Path) -> None:
    """What each page reads among others is what it reads alone."""
    vlm.delay = 0.05
    sources = [pdf((300 + 10 * number, 700 - 10 * number)) for number in range(16)]
    async with running_engine(settings) as engine:
        alone = [await read(engine, tmp_path / f"alone-{number}", source) for number, source in enumerate(sources)]
        together = await asyncio.gather(
            *(read(engine, tmp_path / f"job-{number}", source) for number, source in enumerate(sources))
        )
    assert [page.to_dict() for page in together] == [page.to_dict() for page in alone]
    assert len({page.markdown for page in alone}) == 16
