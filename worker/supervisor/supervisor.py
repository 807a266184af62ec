"""The supervisor: one asyncio process that never imports a model; it starts, watches and stops all of a worker."""

import asyncio
import contextlib
import fcntl
import logging
import os
import re
import socket
import sys
import time
import uuid
from collections.abc import Coroutine
from importlib.metadata import version
from typing import Any

import anyio

from app.egress.client import EgressClient
from app.jobs.queue import HEARTBEAT, Jobs
from app.jobs.scripts import LEASE, Requeued
from app.processes.die_with_parent import die_with_parent
from app.processes.launch import program
from app.processes.lifecycle import stop_process
from app.redis.client import StoreDown, connect, lacks_tls, unfit
from app.redis.outages import NO_TLS
from app.redis.server import RedisServer
from app.settings import Settings
from app.storage.blobs import BlobStore
from app.storage.data_dir import make_data_dir
from app.storage.quota import Quota
from worker.engines import engine_class, resolve
from worker.supervisor.engine_host import EngineHostManager
from worker.supervisor.lanes import Lanes
from worker.supervisor.slots import Slots
from worker.supervisor.sweeper import Sweeper

log = logging.getLogger(__name__)

WORKER_ID = re.compile(r"[0-9a-f]{8}")
STOP_SENDER_WITHIN = 5.0  # seconds
UNFIT_PAUSE = 2.0  # seconds between looks at a store that will not do


class Supervisor:
    """A worker: lanes, an engine host, the sender of callbacks."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._engine = resolve(settings.engine)
        self._name = worker_name(settings)
        # The heartbeat has connections of its own: no download, commit or doorbell is ever in its way.
        self._store, self._heartbeat_store = connect(settings), connect(settings)
        self._leases = Jobs(self._heartbeat_store, settings)
        jobs = Jobs(self._store, settings)
        self._egress = EgressClient(settings)
        self._host = EngineHostManager(self._engine, settings)
        blobs = BlobStore(settings)
        quota = Quota(self._store, settings)
        self._slots = Slots(settings.worker_concurrency or engine_class(self._engine).lanes)
        self._lanes = Lanes(jobs, blobs, quota, self._egress, self._host, settings, self._slots, self._name)
        self._sweeper = Sweeper(jobs, blobs, quota, settings.result_ttl)

    async def run(self) -> None:
        """Works until cancelled. The death of any part that should live on ends it all, for a restart from outside."""
        keeper = RedisServer(self._settings)
        await keeper.start()
        try:
            await self._until_fit()
            await self._reclaim()
            await _first_of(
                self._lanes.run(),
                self._lanes.drop(),
                self._host.keep(),
                self._host.watch(),
                self._heartbeat(),
                self._sweeper.run(),
                self._send_callbacks(),
            )
        finally:
            await self._sign_off()
            await self._close()
            await keeper.stop()

    async def run_one(self, slice_id: str) -> None:
        """Works on one slice, for a worker of RQ's that has taken its entry."""
        try:
            await _first_of(self._lanes.run_one(slice_id), self._host.keep(), self._heartbeat())
        finally:
            await self._sign_off()
            await self._close()

    async def _close(self) -> None:
        await self._egress.aclose()
        await self._store.aclose()
        await self._heartbeat_store.aclose()

    async def _until_fit(self) -> None:
        """Waits until the store may hold jobs, and says what for."""
        told = None
        while (reason := await self._unfit()) is not None:
            if reason != told:
                log.error("no jobs are taken, waiting for Redis: %s", reason)
                told = reason
            await asyncio.sleep(UNFIT_PAUSE)

    async def _unfit(self) -> str | None:
        """Why Redis cannot hold jobs; None if it can."""
        if self._settings.redis_url and await lacks_tls(self._settings.redis_url):
            return NO_TLS
        try:
            reason = await unfit(self._store)
        except StoreDown as error:
            return str(error)
        return reason

    async def _reclaim(self) -> None:
        """Takes back what a former life of this worker had in hand."""
        while True:
            try:
                _tell(await self._leases.reap(self._engine, owner=self._name, leases=False))
                return
            except StoreDown as error:
                log.warning("Redis is unavailable: %s; retrying", error)
                await asyncio.sleep(0.5)

    async def _heartbeat(self) -> None:
        """Renews the leases, says that this worker lives, and brings back what no worker works on any more."""
        renewed = time.monotonic()
        judge_from = 0.0
        doubtful: set[str] = set()
        while True:
            try:
                lost = await self._leases.renew(self._engine, list(self._slots.held.values()))
                # At the second heartbeat: what ends in this moment needs no help.
                await self._leases.cancel_executions(self._name, lost & doubtful)
                doubtful = lost
                now = time.monotonic()
                if now - renewed > LEASE / 2:  # after an outage others could not renew either: first let them
                    judge_from = now + LEASE
                renewed = now
                await self._sign_on()
                _tell(await self._leases.reap(self._engine, leases=now >= judge_from))
            except StoreDown as error:
                log.warning("heartbeat failed, Redis is unavailable: %s; retrying", error)
            if self._host.ready.is_set():
                await asyncio.sleep(HEARTBEAT)
            else:  # announce the engine as soon as it is there
                with anyio.move_on_after(HEARTBEAT):
                    await self._host.ready.wait()

    async def _sign_on(self) -> None:
        fields: dict[str, str | int] = {
            "state": "busy" if self._slots.held else "idle",
            "pid": os.getpid(),
            "hostname": socket.gethostname(),
            "ip_address": "",
            "version": version("rq"),
            "python_version": sys.version,
        }
        ready, unavailable_reason = self._host.ready.is_set(), self._host.unavailable_reason
        await self._leases.sign_on(self._name, self._engine, fields, ready=ready, unavailable_reason=unavailable_reason)

    async def _sign_off(self) -> None:
        try:
            await self._leases.sign_off(self._name, self._engine)
        except StoreDown:
            log.info("Redis is unavailable: cannot unregister this worker; its registration expires by itself")

    async def _send_callbacks(self) -> None:
        """Keeps the sender of callbacks running, in a process of its own: no receiver delays a document."""
        while True:
            process = await asyncio.create_subprocess_exec(*die_with_parent(*program("app.webhooks")))
            try:
                status = await process.wait()
            finally:
                await stop_process(process, STOP_SENDER_WITHIN)
            log.warning("the callback sender exited with status %s; restarting it", status)
            await asyncio.sleep(1)


async def _first_of(*parts: Coroutine[Any, Any, None]) -> None:
    """Runs the parts until one ends, then stops the others in this order. Raises what that one raised."""
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:  # the lanes come first: they finish and hand back while the rest still stands
            task.cancel()
            await asyncio.wait([task])


def _tell(reaped: list[Requeued]) -> None:
    for slice_id, reason in reaped:
        log.info("%s is queued again: %s", slice_id, reason)


def worker_name(settings: Settings) -> str:
    """HOST-ID-SLOT. The id is random and kept in the lock file of the first slot that is free: no two workers have the
    same name, whatever their hosts are called, and a restarted one gets its own back, and with it its leases.
    """
    make_data_dir(settings)
    slot = 0
    while True:
        lock = os.open(settings.data_dir / f"worker-{slot}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # held, and the file open, until this process ends
        except BlockingIOError:
            os.close(lock)
            slot += 1
            continue
        worker_id = os.read(lock, 64).decode(errors="replace")
        if WORKER_ID.fullmatch(worker_id) is None:
            worker_id = uuid.uuid4().hex[:8]
            with contextlib.suppress(OSError):  # the disk is full: then the id is for this life only
                os.pwrite(lock, worker_id.encode(), 0)
        return f"{socket.gethostname()}-{worker_id}-{slot}"
