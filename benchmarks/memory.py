"""Memory of a service's processes, by what they are."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import redis.asyncio

from benchmarks.harness import Running

MB = 1_000_000
STORE, FORK_SERVER, PAGES = "store", "fork server", "page processes"
PARTS = {
    "worker": "supervisor",
    "worker.engine_host": "engine host",
    "worker.page_process.fork_server": FORK_SERVER,
    "app.webhooks": "sender of callbacks",
}
LOOK = 0.05  # seconds between looks
FIND = 1.0  # seconds between searches for processes that are new


async def parts(service: Running) -> dict[psutil.Process, str]:
    """The processes of the service with its store, and what each of them is."""
    assert service.worker is not None
    async with redis.asyncio.Redis.from_url(service.store) as store:
        pid = (await store.info("server"))["process_id"]
    return {service.api: "API", psutil.Process(pid): STORE} | of_worker(service.worker)


def of_worker(worker: psutil.Process) -> dict[psutil.Process, str]:
    """The worker's processes; one that is just beginning or ending may be missing."""
    found: dict[psutil.Process, str] = {}
    for one in (worker, *worker.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess, ValueError):
            words = one.cmdline()
            module = words[words.index("-m") + 1]
            forked = module == "worker.page_process.fork_server" and found.get(one.parent()) == FORK_SERVER
            found[one] = PAGES if forked else PARTS.get(module, module)
    return found


def rss(process: psutil.Process) -> float:
    """MB; 0 where it has ended."""
    try:
        return float(process.memory_info().rss) / MB
    except psutil.NoSuchProcess:
        return 0.0


class Peaks:
    """The most that each process holds in a while, over what it held when this was made: at rest."""

    def __init__(self, service: Running, processes: dict[psutil.Process, str]) -> None:
        self._service = service
        self._processes = processes
        self._rest = {process: rss(process) for process in processes}
        self._peaks: dict[psutil.Process, float] = {}
        self._unmarked: set[psutil.Process] = set()

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[dict[str, float]]:
        """A while; at its end the worst of each kind is there, in MB. Who ends early or comes late is seen, too."""
        worst: dict[str, float] = {}
        self._peaks = {process: rss(process) for process in self._processes}
        self._unmarked = {process for process in self._processes if not _reset_mark(process)}
        task = asyncio.create_task(self._watch())
        try:
            yield worst
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        self._look()
        for process, kind in self._processes.items():
            worst[kind] = max(worst.get(kind, 0.0), self._peaks[process] - self._at_rest(process, kind))

    def _at_rest(self, process: psutil.Process, kind: str) -> float:
        """One that came later is compared with its like."""
        like = (other for other, its in self._processes.items() if its == kind and other in self._rest)
        return self._rest[process] if process in self._rest else min(self._rest[other] for other in like)

    async def _watch(self) -> None:
        assert self._service.worker is not None
        looks = 0
        while True:
            if looks % round(FIND / LOOK) == 0:
                self._processes = of_worker(self._service.worker) | self._processes
            self._look()
            looks += 1
            await asyncio.sleep(LOOK)

    def _look(self) -> None:
        """The kernel keeps the peak itself where its mark was reset; else it is as exact as looks are frequent."""
        for process in self._processes:
            at = _status(process, "VmRSS" if process in self._unmarked else "VmHWM")
            self._peaks[process] = max(self._peaks.get(process, 0.0), at)


def _reset_mark(process: psutil.Process) -> bool:
    """Has the kernel forget the peak so far; False where that is not ours to do."""
    try:
        Path(f"/proc/{process.pid}/clear_refs").write_text("5")
    except OSError:
        return False
    return True


def _status(process: psutil.Process, name: str) -> float:
    """A figure of /proc/PID/status in MB; 0 where it has ended."""
    try:
        lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) * 1024 / MB for line in lines if line.startswith(f"{name}:")), 0.0)
