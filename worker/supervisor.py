"""The supervisor: one asyncio process that never imports a model; it starts, watches and stops all of a worker."""

import asyncio
import fcntl
import logging
import os
import socket
import sys
import time
from importlib.metadata import version
from typing import Any

from app.blobs import BlobStore
from app.jobs import keys
from app.jobs.queue import BEAT, Jobs
from app.jobs.record import iso
from app.outbound import Outbound
from app.settings import Settings
from app.store import Down, StoreKeeper, connect
from app.tether import tethered
from worker.engines import AUTO
from worker.host_keeper import HostKeeper
from worker.lanes import Lanes

log = logging.getLogger(__name__)


class Supervisor:
    """A worker: lanes, an engine host, the sender of callbacks."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._engine = AUTO if settings.engine == "auto" else settings.engine
        self._name = worker_name(settings)
        self._born = iso(time.time())
        self._store = connect(settings)
        self._jobs = Jobs(self._store, settings)
        self._outbound = Outbound(settings)
        self._host = HostKeeper(self._engine, settings)
        self._lanes = Lanes(self._jobs, BlobStore(settings), self._outbound, self._host, settings, self._name)

    async def run(self) -> None:
        """Works until cancelled. The death of any part that should live on ends it all, for a restart from outside."""
        keeper = StoreKeeper(self._settings)
        await keeper.start()
        try:
            await self._reclaim()
            lanes = asyncio.create_task(self._lanes.run())
            parts = [
                lanes,
                *(asyncio.create_task(part) for part in (self._host.keep(), self._beat(), self._send_callbacks())),
            ]
            try:
                done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
                for part in done:
                    part.result()
            finally:
                for part in parts:  # the lanes first: they hand back while the rest still stands
                    part.cancel()
                    await asyncio.wait([part])
                await self._sign_off()
        finally:
            await self._outbound.aclose()
            await self._store.aclose()
            await keeper.stop()

    async def _reclaim(self) -> None:
        while True:
            try:
                for slice_id in await self._jobs.reclaim(self._engine, self._name):
                    log.info("%s is queued again: it was in hand when this worker last ended", slice_id)
                return
            except Down as error:
                log.warning("the store is away: %s", error)
                await asyncio.sleep(0.5)

    async def _beat(self) -> None:
        """Renews the leases and says that this worker lives, to us and to RQ's tools."""
        while True:
            try:
                await self._jobs.renew(list(self._lanes.held.values()))
                await self._sign_on()
            except Down as error:
                log.warning("no beat, the store is away: %s", error)
            if self._host.ready.is_set():
                await asyncio.sleep(BEAT)
            else:  # announce the engine as soon as it is there
                try:
                    await asyncio.wait_for(self._host.ready.wait(), BEAT)
                except asyncio.TimeoutError:
                    continue

    async def _sign_on(self) -> None:
        worker = keys.rq_worker(self._name)
        fields: dict[Any, Any] = {
            "birth": self._born,
            "last_heartbeat": iso(time.time()),
            "queues": self._engine,
            "state": "busy" if self._lanes.held else "idle",
            "pid": os.getpid(),
            "hostname": socket.gethostname(),
            "ip_address": "",
            "version": version("rq"),
            "python_version": sys.version,
        }
        async with self._store.pipeline(transaction=False) as pipe:
            pipe.hset(worker, mapping=fields)
            pipe.expire(worker, 60)
            pipe.sadd(keys.RQ_WORKERS, worker)
            pipe.sadd(keys.rq_queue_workers(self._engine), worker)
            if self._host.ready.is_set():
                pipe.zadd(keys.ENGINES, {self._engine: time.time()})
            await pipe.execute()

    async def _sign_off(self) -> None:
        worker = keys.rq_worker(self._name)
        try:
            async with self._store.pipeline(transaction=False) as pipe:
                pipe.delete(worker)
                pipe.srem(keys.RQ_WORKERS, worker)
                pipe.srem(keys.rq_queue_workers(self._engine), worker)
                await pipe.execute()
        except Down:
            log.info("the store is away: this worker's name expires by itself")

    async def _send_callbacks(self) -> None:
        """Keeps the sender of callbacks running, in a process of its own: no receiver delays a document."""
        while True:
            process = await asyncio.create_subprocess_exec(
                *tethered(sys.executable, "-m", "app.webhooks"), start_new_session=True
            )
            try:
                status = await process.wait()
            finally:
                if process.returncode is None:
                    process.terminate()
                    await process.wait()
            log.warning("the sender of callbacks ended with status %s and is started again", status)
            await asyncio.sleep(1)


def worker_name(settings: Settings) -> str:
    """The first free of the names HOST-0, HOST-1, …: a restarted worker gets its own back, and with it its leases."""
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    slot = 0
    while True:
        lock = os.open(settings.data_dir / f"worker-{slot}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # held, and the file open, until this process ends
            return f"{socket.gethostname()}-{slot}"
        except BlockingIOError:
            os.close(lock)
            slot += 1
