"""Child processes: calls to them, their limits, their deaths."""

import asyncio
import itertools
import json
import os
import sys
import time
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from app.errors import DocumentError, PageError, WorkerError
from app.processes.die_with_parent import die_with_parent
from app.results.models import Page
from app.results.pages import store_page
from app.settings import Settings
from app.storage.blobs import JobFolder
from support.documents import image_file, picture_pdf, raw_pdf, scan, scan_pdf, slow_pdf, text_pdf
from support.harness import PATIENCE, until
from support.troubleshooting import explained
from worker.engine_host import page_pool
from worker.engine_host import page_processes as page_processes_module
from worker.engine_host.page_pool import PagePool
from worker.engine_host.page_processes import Limits, PageProcess
from worker.ipc.calls import Call
from worker.ipc.channel import Channel, ChildDied
from worker.ipc.messages import Ping, PrepareDocument
from worker.page_process import sandbox
from worker.supervisor import engine_host
from worker.supervisor.host_environment import environment_for, settings_for

pytestmark = pytest.mark.anyio
PP_OCR = "worker.engines.pp_ocr.reader:PPOCRReader"
NULL = "worker.engines.null:NullReader"


@asynccontextmanager
async def page_processes(
    count: int = 1, reader: str = NULL, seconds: float = 20, memory_mb: int = 2048
) -> AsyncIterator[PagePool]:
    children = PagePool(count, reader, Limits(seconds, memory_mb, 40_000_000))
    try:
        yield children
    finally:
        await children.close()


def folder_with(tmp_path: Path, document: bytes, name: str = "job") -> JobFolder:
    folder = JobFolder(tmp_path / name)
    folder.create()
    folder.write(folder.source, document)
    return folder


def prepared_with(tmp_path: Path, document: bytes, name: str = "job") -> JobFolder:
    """With nothing known of its one page: the survey may be what it is too much for."""
    folder = folder_with(tmp_path, document, name)
    folder.write(folder.document, json.dumps({"pages": 1, "selected": [1], "hints": {}}).encode())
    return folder


async def test_a_document_through_a_page_process(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, text_pdf(3))
    async with page_processes() as children:
        assert await children.prepare(folder, "2-", 10) == [2, 3]
        for number in (2, 3):
            await children.page(folder, number)
        await children.assemble(folder, "null", "1")
    result = json.loads(folder.read(folder.result))
    assert [page["index"] for page in result["pages"]] == [2, 3]
    assert result["markdown"].count("null engine") == 2


async def test_each_document_has_a_process_of_its_own(tmp_path: Path) -> None:
    async with page_processes(count=2) as children:
        served: dict[str, list[int]] = {}
        for name in ("a", "b", "a", "c"):
            folder = JobFolder(tmp_path / name)
            if not folder._root.exists():
                folder_with(tmp_path, text_pdf(2), name)
                await children.prepare(folder, None, 10)
            await children.page(folder, 2)
            served[name] = [child.channel.pid for child in children._idle if child.document == folder.id]
            await children.page(folder, 1)
            assert [child.channel.pid for child in children._idle if child.document == folder.id] == served[name]
        assert {len(pids) for pids in served.values()} == {1}
        assert len({pid for pids in served.values() for pid in pids}) == 3
        assert [child.calls for child in children._idle] == [3, 5, 3]


async def test_the_process_ends_with_its_document(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, text_pdf())
    async with page_processes() as children:
        await children.prepare(folder, None, 10)
        (first,) = children._idle
        await children.prepare(folder, None, 10)  # the job begins anew, with what may be another document
        (second,) = children._idle
        await children.page(folder, 1)
        await children.assemble(folder, "null", "1")
        assert not children._idle
        await asyncio.gather(*children._ending)
        assert not first.channel.alive
        assert not second.channel.alive
        assert [child.channel._process.returncode for child in (first, second)] == [0, 0]


async def test_a_document_that_does_not_come_back_keeps_no_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_pool, "IDLE_FOR", 0.01)
    async with page_processes() as children:
        await children.prepare(folder_with(tmp_path, text_pdf()), None, 10)
        (child,) = children._idle
        await until(lambda: not children._idle)
        await child.channel.wait()


async def test_a_refused_document_keeps_no_process(tmp_path: Path) -> None:
    async with page_processes() as children:
        with pytest.raises(DocumentError):
            await children.prepare(folder_with(tmp_path, b"%PDF-1.7 and no more"), None, 10)
        assert not children._idle
        assert children._ending


async def test_what_nobody_asks_for_is_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_pool, "SPENT_MAX", 2)
    async with page_processes() as children:
        folders = [folder_with(tmp_path, text_pdf(), name) for name in "abc"]
        for folder in folders:
            await children.prepare(folder, None, 10)
        assert [children.spent(folder) > 0 for folder in folders] == [False, True, True]


async def test_documents_between_two_calls_keep_little_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_pool, "IDLE_MB", 16)
    async with page_processes() as children:
        growing = itertools.count(0, 1000)
        monkeypatch.setattr(page_processes_module, "resident_mb", lambda _: next(growing))
        for name in "abc":
            await children.prepare(folder_with(tmp_path, text_pdf(), name), None, 10)
        last = folder_with(tmp_path, text_pdf(), "d")
        await children.prepare(last, None, 10)
        (child,) = children._idle
        assert child.document == last.id
        await children.page(last, 1)  # a lone document keeps its process, whatever that holds
        assert list(children._idle) == [child]


async def test_processes_are_ready_for_the_next_documents(tmp_path: Path) -> None:
    async with page_processes(count=2) as children:
        await children.start()
        ready = list(children._processes._ready)
        assert len(ready) == 2
        await children.prepare(folder_with(tmp_path, text_pdf()), None, 10)
        assert list(children._idle) == ready[:1]
        await until(lambda: len(children._processes._ready) == 2)
        assert children._processes._ready[0] is ready[1]


async def test_the_fork_server_is_started_again(tmp_path: Path) -> None:
    """Its children end with it: the page that was being read is read by another."""
    folder = folder_with(tmp_path, text_pdf())
    async with page_processes() as children:
        await children.prepare(folder, None, 10)
        (child,) = children._idle
        child.process.suspend()
        page = asyncio.create_task(children.page(folder, 1))
        await until(lambda: not children._idle)
        server = children._processes._server
        assert server is not None
        ahead = asyncio.create_task(children._processes._fork())
        await asyncio.sleep(0)
        server.kill()
        await page
        assert (await ahead).channel.alive
        await (await ahead).channel.close()
        assert child.channel._process.returncode == -9
        assert folder.pages_done() == {1}
        assert children._processes._server is not server


@pytest.mark.slow
async def test_models_are_loaded_once_for_all_processes_to_come(tmp_path: Path) -> None:
    async with page_processes(reader=PP_OCR) as children:
        await children.start()
        server = children._processes._server
        assert server is not None
        process = psutil.Process(server.pid)
        before = process.memory_info().rss
        text, first, second = (
            folder_with(tmp_path, document, name)
            for name, document in {"text": text_pdf(), "first": scan_pdf(), "second": scan_pdf()}.items()
        )
        for folder in (text, first):
            assert children._processes._loading is None
            await children.prepare(folder, None, 10)
            await children.page(folder, 1)
        assert children._processes._loading is not None
        await children._processes._loading
        assert process.memory_info().rss - before > 40 << 20
        assert process.num_threads() == 1  # a fork would not have the others
        await children.prepare(second, None, 10)
        (child,) = (child for child in children._idle if child.document == second.id)
        inherited = child.process.memory_info().rss
        await children.page(second, 1)
        assert [page["markdown"] for page in map(stored, (first, second))] == 2 * [stored(first)["markdown"]]
        assert inherited > before + (40 << 20)


@pytest.mark.slow
async def test_pages_are_read_without_landlock(tmp_path: Path) -> None:
    """Where no file can be opened any more: what is imported or loaded late has to be there already."""
    documents = {"text": text_pdf(), "picture": picture_pdf(), "scan": scan_pdf(), "image": image_file(scan(), "PNG")}
    read: dict[str, list[Any]] = {}
    for reader in (PP_OCR, "tests.support.sealed:PPOCRReader"):
        async with page_processes(reader=reader) as children:
            for name, document in documents.items():
                folder = folder_with(tmp_path, document, f"{reader.partition(':')[0]} {name}")
                await children.prepare(folder, None, 10)
                await children.page(folder, 1)
                read.setdefault(name, []).append(stored(folder))
    assert all(ours == sealed for ours, sealed in read.values())
    assert read["scan"][0]["markdown"]


def stored(folder: JobFolder) -> Any:
    return json.loads(folder.read(folder.page(1)))


@pytest.mark.slow
async def test_a_page_that_takes_too_long_is_killed(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, slow_pdf(3_000_000))
    async with page_processes(reader=PP_OCR, seconds=2, memory_mb=4096) as children:

        async def work() -> None:
            await children.prepare(folder, None, 10)
            await children.page(folder, 1)

        with pytest.raises((PageError, DocumentError), match="PAGE_TIMEOUT"):
            await work()
        good = folder_with(tmp_path, text_pdf(), "good")
        assert await children.prepare(good, None, 10) == [1]


def doom(children: PagePool, monkeypatch: pytest.MonkeyPatch, first: int) -> None:
    """Has the next `first` processes killed in the middle of their work."""
    take = children._processes.take
    doomed = iter(range(first))

    async def take_doomed() -> PageProcess:
        child = await take()
        if next(doomed, None) is not None:
            psutil.Process(child.channel.pid).suspend()
            asyncio.get_running_loop().call_later(0.1, child.channel.kill)
        return child

    monkeypatch.setattr(children._processes, "take", take_doomed)


async def test_a_process_that_dies_costs_one_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once is forgiven: it may have been killed for another's sake."""
    folder = folder_with(tmp_path, text_pdf(3))
    async with page_processes() as children:
        await children.prepare(folder, None, 10)
        children._close_document(folder)
        doom(children, monkeypatch, 3)
        with pytest.raises(PageError, match="SIGKILL"):
            await children.page(folder, 1)
        for number in (2, 3):
            await children.page(folder, number)
        assert folder.pages_done() == {2, 3}


async def test_a_process_that_dies_at_opening_is_the_documents_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = folder_with(tmp_path, text_pdf())
    async with page_processes() as children:
        doom(children, monkeypatch, 4)  # with the survey and without, each time twice
        with pytest.raises(DocumentError, match="SIGKILL") as refusal:
            await children.prepare(folder, None, 10)
        assert refusal.value.code == "document_crashed"
        assert await children.prepare(folder, None, 10) == [1]


async def test_a_process_that_is_taken_over_misleads_nobody(tmp_path: Path) -> None:
    """What it answers for its document fails that document, and it is killed."""
    folder, good = folder_with(tmp_path, text_pdf()), folder_with(tmp_path, text_pdf(2), "good")
    async with page_processes(reader="tests.support.taken_over:Reader") as children:
        await children.prepare(folder, None, 10)
        (child,) = children._idle
        with pytest.raises(PageError, match="returned invalid data and was stopped") as failure:
            await children.page(folder, 1)
        assert failure.value.code == "page_failed"
        assert not child.channel.alive
        assert folder.pages_done() == set()
        store_page(folder, Page(1, 1, 1, "engine"))
        with pytest.raises(DocumentError, match="it returned invalid data") as refusal:
            await children.assemble(folder, "null", "1")
        assert refusal.value.code == "document_crashed"
        assert await children.prepare(good, None, 10) == [1, 2]


async def test_a_pause_of_the_machine_costs_no_page(tmp_path: Path) -> None:
    """All processes stand still for far longer than PAGE_TIMEOUT, in the middle of a page."""
    folder = folder_with(tmp_path, text_pdf())
    async with page_processes(seconds=1) as children:
        await children.prepare(folder, None, 10)
        (child,) = children._idle
        child.process.suspend()
        page = asyncio.create_task(children.page(folder, 1))
        await asyncio.sleep(0.1)
        time.sleep(3)
        child.process.resume()
        await page
        assert folder.pages_done() == {1}
        assert children.spent(folder) < 2


async def test_a_child_that_stands_still_is_killed(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, text_pdf())
    async with page_processes(seconds=1) as children:
        await children.prepare(folder, None, 10)
        (child,) = children._idle
        child.process.suspend()
        with pytest.raises(PageError, match="PAGE_TIMEOUT") as refusal:
            await children.page(folder, 1)
        assert refusal.value.code == "page_timeout"
        assert explained("Page … made no progress", refusal.value.message)
        assert not child.channel.alive
        await children.page(folder, 1)


async def test_a_child_that_hangs_at_its_start_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_processes_module, "START_WITHIN", 0.5)
    opened: list[Channel] = []
    open_channel = Channel.open

    async def open_stopped(*arguments: Any, **options: Any) -> Channel:
        channel = await open_channel(*arguments, **options)
        psutil.Process(channel.pid).suspend()
        opened.append(channel)
        return channel

    monkeypatch.setattr(Channel, "open", open_stopped)
    async with page_processes() as children:
        with pytest.raises(WorkerError, match="did not start within") as failure:
            await children.start()
        assert failure.value.retryable
    assert [channel.alive for channel in opened] == [False]


async def test_giving_up_on_a_page_frees_the_process(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, text_pdf())
    async with page_processes() as children:
        await children.prepare(folder, None, 10)
        (child,) = children._idle
        psutil.Process(child.channel.pid).suspend()
        page = asyncio.create_task(children.page(folder, 1))
        await until(lambda: not children._idle)
        page.cancel()
        with pytest.raises(asyncio.CancelledError):
            await page
        assert not psutil.pid_exists(child.channel.pid)
        await children.page(folder, 1)


async def test_a_page_process_is_limited_by_the_kernel(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, picture_pdf())
    async with page_processes(memory_mb=512) as children:
        await children.start()
        (child,) = children._processes._ready
        process = psutil.Process(child.channel.pid)
        most = (512 + sandbox.ADDRESSES_MB) << 20
        assert process.rlimit(psutil.RLIMIT_AS) == (most, most)
        assert process.rlimit(psutil.RLIMIT_CORE) == (0, 0)
        assert process.rlimit(psutil.RLIMIT_NOFILE) == (sandbox.FILES_MAX, sandbox.FILES_MAX)
        assert process.rlimit(psutil.RLIMIT_FSIZE) == (sandbox.FILE_MAX, sandbox.FILE_MAX)
        assert await children.prepare(folder, None, 10) == [1]
        assert process.rlimit(psutil.RLIMIT_CPU)[0] > 0


async def test_a_page_process_is_in_the_sandbox(tmp_path: Path) -> None:
    async with page_processes() as children:
        await children.start()
        (child,) = children._processes._ready
        status = Path(f"/proc/{child.channel.pid}/status").read_text()
        assert "NoNewPrivs:\t1" in status
        assert "Seccomp:\t2" in status
        links = [os.readlink(link) for link in Path(f"/proc/{child.channel.pid}/fd").iterdir()]
        # The line to us, the socket for open files, and what it prints: nothing of ours.
        assert [link.partition(":")[0] for link in links] == ["/dev/null", "pipe", "pipe", "socket", "socket"]
        folder = folder_with(tmp_path, text_pdf())
        assert await children.prepare(folder, None, 10) == [1]
        after = [os.readlink(link) for link in Path(f"/proc/{child.channel.pid}/fd").iterdir()]
        assert after == links  # and nothing of the job, once the call has ended


@pytest.mark.slow
async def test_a_page_that_takes_too_much_memory_is_killed(tmp_path: Path) -> None:
    """Once: it would take as much again."""
    folder = prepared_with(tmp_path, raw_pdf(zlib.compress(b" " * (400 << 20), 1)))
    async with page_processes(reader=PP_OCR, memory_mb=300) as children:
        await children.start()
        (before,) = children._processes._ready
        with pytest.raises(PageError, match=r"300 MiB of memory \(PAGE_MEMORY_MB\)") as refusal:
            await children.page(folder, 1)
        assert refusal.value.code == "page_failed"
        assert explained("Page … took more than … MiB", refusal.value.message)
        assert not before.channel.alive
        assert not children._idle
        good = folder_with(tmp_path, text_pdf(), "good")
        assert await children.prepare(good, None, 10) == [1]


@pytest.mark.slow
async def test_the_slow_step_aside_for_the_quick(tmp_path: Path) -> None:
    """The one place is taken, then the one aside: others are served all the same, and the slow ones go on."""
    slow = [prepared_with(tmp_path, slow_pdf(), f"slow-{number}") for number in range(2)]
    quick = folder_with(tmp_path, text_pdf(5), "quick")
    async with page_processes(reader=PP_OCR, seconds=30) as children:
        await children.prepare(quick, None, 10)
        bombs = [asyncio.create_task(children.page(folder, 1)) for folder in slow]
        await until(lambda: children.waits(bombs[1]))
        for number in range(1, 6):
            await children.page(quick, number)
        assert not any(bomb.done() for bomb in bombs)
        assert set(children._slow) == {folder.id for folder in slow}
        for bomb in bombs:
            bomb.cancel()
        await asyncio.gather(*bombs, return_exceptions=True)
        assert children.spent(quick) > 0
        assert children.spent(quick) == 0
        assert children.spent(slow[0]) > 0
        assert not any(child.background for child in children._idle)


async def test_a_page_process_knows_nothing_of_our_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://:secret@127.0.0.1/0")
    async with page_processes() as children:
        await children.start()
        (child,) = children._processes._ready
        assert "secret" not in str(psutil.Process(child.channel.pid).environ())


def test_an_engine_host_gets_no_secret() -> None:
    given = {
        "PATH": "/bin",
        "REDIS_URL": "redis://:hunter2@store",
        "VL_API_KEY": "hunter2",
        "PADDLE_TOKEN": "hunter2",
        "HTTPS_PROXY": "http://user:hunter2@proxy",
        "CUDA_VISIBLE_DEVICES": "0",
    }
    assert set(given) & set(environment_for("pp_ocr", given)) == {"PATH"}
    assert set(given) & set(environment_for("paddleocr_vl", given)) == {"PATH", "HTTPS_PROXY", "CUDA_VISIBLE_DEVICES"}
    settings = Settings(redis_url="redis://:hunter2@store", vl_api_key="hunter2")
    assert "hunter2" not in str(settings_for("pp_ocr", settings))
    passed = settings_for("paddleocr_vl", settings)
    assert (passed["vl_api_key"], "redis_url" in passed) == ("hunter2", False)
    assert Settings.model_validate(passed).page_timeout == settings.page_timeout


class Dance(Call[None]):
    """No page process does that."""


async def test_an_unknown_operation_is_an_internal_error(tmp_path: Path) -> None:
    async with page_processes() as children:
        await children.start()
        (child,) = children._processes._ready
        with pytest.raises(Exception, match="KeyError") as error:
            await child.channel.call(Dance())
        assert error.value.code == "internal"  # type: ignore[attr-defined]


async def test_calls_after_death_fail_at_once() -> None:
    channel = await Channel.open("worker.engine_host")
    channel.kill()
    await channel.wait()
    assert not channel.alive
    with pytest.raises(ChildDied, match="SIGKILL"):
        await channel.call(Ping())
    await channel.close()


async def test_a_child_that_cannot_start_says_so() -> None:
    channel = await Channel.open("worker.no_such_module")
    with pytest.raises(ChildDied, match="status 1"):
        await channel.call(Ping())


async def test_children_die_with_their_parent() -> None:
    code = (
        "import asyncio, os\n"
        "from worker.ipc.channel import Channel\n"
        "async def main():\n"
        "    channel = await Channel.open('worker.engine_host')\n"
        "    print(channel.pid, flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    parent = await asyncio.create_subprocess_exec(
        *die_with_parent(sys.executable, "-c", code), stdout=asyncio.subprocess.PIPE, cwd=os.getcwd()
    )
    assert parent.stdout is not None
    child = psutil.Process(int(await parent.stdout.readline()))
    parent.kill()
    await parent.wait()
    assert psutil.wait_procs([child], timeout=PATIENCE)[1] == []


async def test_an_engine_host_that_does_not_answer_is_replaced(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_host, "UNRESPONSIVE", 2.0)
    monkeypatch.setattr(engine_host, "ASK_EVERY", 0.1)
    keeper = engine_host.EngineHostManager("null", Settings(data_dir=data_dir, page_processes=1))
    parts = [asyncio.create_task(part) for part in (keeper.keep(), keeper.watch())]
    await keeper.ready.wait()
    assert keeper._channel is not None
    frozen = psutil.Process(keeper._channel.pid)
    async with keeper.place(0) as place:
        frozen.suspend()
        with pytest.raises(ChildDied, match="SIGKILL"):
            await keeper.call(PrepareDocument(str(data_dir), None, None))
        assert place.crashes == 1
    monkeypatch.setattr(engine_host, "UNRESPONSIVE", 60.0)
    await keeper.ready.wait()
    assert await keeper.call(Ping()) is None
    for part in parts:
        part.cancel()
    await asyncio.gather(*parts, return_exceptions=True)


async def test_an_engine_host_that_hangs_at_its_start_is_replaced(data_dir: Path) -> None:
    keeper = engine_host.EngineHostManager(
        "null", Settings(data_dir=data_dir, page_processes=1, engine_start_timeout=0.5)
    )
    keeping = asyncio.create_task(keeper.keep())
    while keeper._channel is None:
        await asyncio.sleep(0)
    hanging = keeper._channel
    psutil.Process(hanging.pid).suspend()
    assert "0.5 s (ENGINE_START_TIMEOUT)" in await until(lambda: keeper.unavailable_reason)
    assert not keeper.able.is_set()
    keeper._settings = Settings(data_dir=data_dir, page_processes=1)
    await keeper.ready.wait()
    assert keeper.unavailable_reason is None
    assert not hanging.alive
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)


async def test_a_pause_of_the_machine_costs_no_engine_host(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_host, "UNRESPONSIVE", 1.0)
    monkeypatch.setattr(engine_host, "CANCEL_WITHIN", 1.0)
    monkeypatch.setattr(engine_host, "ASK_EVERY", 0.05)
    keeper = engine_host.EngineHostManager("null", Settings(data_dir=data_dir, page_processes=1))
    parts = [asyncio.create_task(part) for part in (keeper.keep(), keeper.watch())]
    await keeper.ready.wait()
    assert keeper._channel is not None
    host = psutil.Process(keeper._channel.pid)
    host.suspend()
    freeing = asyncio.create_task(keeper.free())
    await asyncio.sleep(0.2)  # both have asked
    time.sleep(3)
    host.resume()
    await freeing
    assert await keeper.call(Ping()) is None
    assert keeper._channel.pid == host.pid
    for part in parts:
        part.cancel()
    await asyncio.gather(*parts, return_exceptions=True)


async def test_an_engine_host_that_has_outgrown_its_memory_is_replaced(data_dir: Path) -> None:
    keeper = engine_host.EngineHostManager(
        "null", Settings(data_dir=data_dir, page_processes=1, engine_max_memory_mb=16)
    )
    kept = asyncio.create_task(keeper.keep())
    await keeper.ready.wait()
    assert keeper._channel is not None
    before = keeper._channel.pid
    async with keeper.place(0) as first, keeper.place(0) as second:
        assert keeper.ready.is_set()
    assert not psutil.pid_exists(before)
    await keeper.ready.wait()
    assert keeper._channel.pid != before
    assert (first.crashes, second.crashes) == (0, 0)
    kept.cancel()
    await asyncio.gather(kept, return_exceptions=True)


async def test_deaths_are_charged_to_suspects_first(data_dir: Path) -> None:
    keeper = engine_host.EngineHostManager("null", Settings(data_dir=data_dir))
    keeper._admitting.set()
    async with keeper.place(0) as fresh, keeper.place(1) as seen:
        keeper._account(ChildDied(-9))
        assert (fresh.crashes, seen.crashes) == (1, 2)
    keeper._admitting.set()
    async with keeper.place(0) as fresh, keeper.place(2) as suspect:
        second = asyncio.create_task(keeper.place(3).__aenter__())
        await asyncio.sleep(0.05)
        assert not second.done()  # suspects run one at a time
        keeper._account(ChildDied(-9))
        assert (fresh.crashes, suspect.crashes) == (2, 3)
    keeper._admitting.set()
    assert (await second).crashes == 3


@pytest.mark.slow
async def test_a_page_too_much_for_the_survey_costs_that_page_alone(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, raw_pdf(zlib.compress(b" " * (400 << 20), 1), pages=2))
    async with page_processes(reader=PP_OCR, memory_mb=300) as children:
        assert await children.prepare(folder, None, 10) == [1, 2]
        with pytest.raises(PageError, match="PAGE_MEMORY_MB"):
            await children.page(folder, 2)
