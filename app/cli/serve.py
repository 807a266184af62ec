"""Runs Redis, API and worker together, as children of one process."""

import asyncio
import contextlib
import json
import logging
import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import anyio

from app.processes.die_with_parent import die_with_parent
from app.processes.launch import program
from app.processes.lifecycle import stop_process
from app.processes.listen import api_command, check_exposure
from app.processes.own_address import reachable, url_of
from app.processes.ports import port_holder
from app.redis.client import StoreDown, connect, lacks_tls, store_url, unfit
from app.redis.outages import NO_TLS
from app.redis.server import RedisServer
from app.settings import Settings, SettingsError
from app.storage.data_dir import make_data_dir

log = logging.getLogger(__name__)

DEATHS_MAX = 5
DEATHS_WINDOW = 60.0  # seconds
READY_WITHIN = 120.0  # seconds
STOP_WITHIN = 15.0  # seconds


class ServiceFailed(Exception):
    """The service cannot start, or a part of it keeps exiting; the message says which and why."""


class Part:
    """A program that is restarted when it exits, until it exits five times within a minute."""

    def __init__(self, name: str, command: list[str], env: dict[str, str], stop_within: float) -> None:
        self.name = name
        self._command = command
        self._env = env
        self._stop_within = stop_within

    async def keep(self) -> None:
        """Runs until cancelled. Raises ServiceFailed when the part exits too often."""
        deaths: deque[float] = deque(maxlen=DEATHS_MAX)
        while True:
            # A session each, which Linux gives a fair share of the cores: the worker's many processes count as one.
            process = await asyncio.create_subprocess_exec(
                *die_with_parent(*self._command), env=self._env, stdin=subprocess.DEVNULL, start_new_session=True
            )
            try:
                status = await process.wait()
            finally:
                await stop_process(process, self._stop_within)
            deaths.append(time.monotonic())
            if len(deaths) == DEATHS_MAX and deaths[-1] - deaths[0] < DEATHS_WINDOW:
                raise ServiceFailed(
                    f"The {self.name} exited {DEATHS_MAX} times within a minute, last with {_ended(status)}."
                )
            pause = 0.2 * 2 ** (len(deaths) - 1)
            log.warning("the %s exited with %s; restarting it in %g s", self.name, _ended(status), pause)
            await asyncio.sleep(pause)


def _ended(status: int) -> str:
    return signal.Signals(-status).name if status < 0 else f"status {status}"


async def run_service(settings: Settings, on_ready: Callable[[str], Awaitable[None]], *, patient: bool = True) -> None:
    """Runs the service; `on_ready(url)` is awaited once it can take documents. Ends when cancelled.

    A service that only waits for an engine (a VLM server may still load its model) or for space in DATA_DIR keeps
    running if `patient`: meanwhile results can be fetched and jobs deleted. Otherwise it fails after READY_WITHIN.

    Raises SettingsError, ServiceFailed or StoreError.
    """
    check_exposure(settings)
    try:
        holder = port_holder(settings.host, settings.port)
    except OSError as error:
        raise SettingsError(f"HOST={settings.host} is not an address of this machine: {error.strerror}.") from error
    if holder is not None:
        raise ServiceFailed(holder)
    make_data_dir(settings)
    await check_store(settings)
    keeper = RedisServer(settings)
    await keeper.start()
    parts = _parts(settings)
    tasks = [asyncio.create_task(part.keep()) for part in parts]
    tasks.append(asyncio.create_task(_announce(settings, on_ready, patient)))
    try:
        while tasks:
            done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
            tasks = list(pending)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await keeper.stop()


async def check_store(settings: Settings) -> None:
    """Raises ServiceFailed or SettingsError if the server at REDIS_URL cannot be used; logs if it is only down."""
    if not settings.redis_url:
        return
    if await lacks_tls(settings.redis_url):
        raise SettingsError(f"Redis at REDIS_URL cannot be used: {NO_TLS}.")
    async with connect(settings) as store:
        try:
            reason = await unfit(store)
        except StoreDown as error:
            if error.lasting:
                raise SettingsError(f"Redis at REDIS_URL cannot be used: {error.message}.") from None
            log.warning("Redis at REDIS_URL is unavailable: %s; waiting for it", error)
            return
    if reason is not None:
        raise ServiceFailed(f"Redis at REDIS_URL cannot be used: {reason}.")


def _parts(settings: Settings) -> list[Part]:
    env = os.environ | {
        "HOST": settings.host,
        "PORT": str(settings.port),
        "DATA_DIR": str(settings.data_dir.absolute()),
        "REDIS_URL": store_url(settings),  # ours is kept here: the parts need not
        "LOG_LEVEL": settings.log_level,
    }
    return [
        Part("API", api_command(settings), env, STOP_WITHIN),
        Part("worker", program("worker"), env, STOP_WITHIN + settings.shutdown_timeout),
    ]


async def _announce(settings: Settings, on_ready: Callable[[str], Awaitable[None]], patient: bool) -> None:
    url = url_of(settings.host, settings.port)
    reason, told = "the API does not answer", False
    give_up = time.monotonic() + READY_WITHIN
    while time.monotonic() < give_up or (told and patient):
        with contextlib.suppress(OSError, EOFError, TimeoutError, ValueError):
            with anyio.fail_after(5):
                status, body = await _ask_ready(settings)
            if status == 200:
                await on_ready(url)
                return
            reason = body["errorMsg"]
            if not told and _only_waits(body["parts"]):
                told = True
                log.warning("%s is up but not ready yet: %s", url, reason)
        await asyncio.sleep(0.1)
    raise ServiceFailed(f"The service is not ready after {READY_WITHIN:g} s: {reason}.")


async def _ask_ready(settings: Settings) -> tuple[int, Any]:
    """Status and body of /health/ready. By hand, as URLs have no form for every address that one may listen on."""
    reader, writer = await asyncio.open_connection(reachable(settings.host), settings.port)
    try:
        writer.write(b"GET /health/ready HTTP/1.0\r\nHost: localhost\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        return int(head.split()[1]), json.loads(await reader.read())
    finally:
        writer.close()


def _only_waits(parts: dict[str, str]) -> bool:
    """Whether all parts run and only an engine or space in DATA_DIR is missing."""
    return parts["store"] == parts["worker"] == "ok"
