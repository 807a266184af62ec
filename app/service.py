"""Store, API and worker together, as children of one process."""

import asyncio
import contextlib
import logging
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Awaitable, Callable

import httpx

from app.listen import api_command, check_exposure
from app.ports import port_holder
from app.processes import stop_process
from app.settings import Settings
from app.store import Down, StoreKeeper, connect, store_url, unfit
from app.tether import tethered

log = logging.getLogger(__name__)

DEATHS_MAX = 5
DEATHS_WINDOW = 60.0  # seconds
READY_WITHIN = 120.0  # seconds
STOP_WITHIN = 15.0  # seconds


class ServiceFailed(Exception):
    """The service cannot start, or a part of it does not stay alive; the message says which and why."""


class Part:
    """A program that is kept running: started again when it dies, given up after five deaths in a minute."""

    def __init__(self, name: str, command: list[str], env: dict[str, str], stop_within: float) -> None:
        self.name = name
        self._command = command
        self._env = env
        self._stop_within = stop_within

    async def keep(self) -> None:
        """Runs until cancelled. Raises ServiceFailed when the part dies for good."""
        deaths: deque[float] = deque(maxlen=DEATHS_MAX)
        while True:
            # A session each, which Linux gives a fair share of the cores: the worker's many processes count as one.
            process = await asyncio.create_subprocess_exec(
                *tethered(*self._command), env=self._env, stdin=subprocess.DEVNULL, start_new_session=True
            )
            try:
                status = await process.wait()
            finally:
                await stop_process(process, self._stop_within)
            deaths.append(time.monotonic())
            if len(deaths) == DEATHS_MAX and deaths[-1] - deaths[0] < DEATHS_WINDOW:
                raise ServiceFailed(
                    f"The {self.name} has died {DEATHS_MAX} times within a minute, last with {_ended(status)}."
                )
            pause = 0.2 * 2 ** (len(deaths) - 1)
            log.warning("the %s ended with %s; starting it again in %g s", self.name, _ended(status), pause)
            await asyncio.sleep(pause)


def _ended(status: int) -> str:
    return signal.Signals(-status).name if status < 0 else f"status {status}"


async def run_service(settings: Settings, on_ready: Callable[[str], Awaitable[None]], *, patient: bool = True) -> None:
    """Runs the service; `on_ready(url)` is awaited once it can take documents. Ends when cancelled.

    What an engine needs may come later, such as a VLM server that still loads its model: documents wait for it, and so
    do we, if we are patient. Raises SettingsError, ServiceFailed or StoreError.
    """
    check_exposure(settings)
    try:
        holder = port_holder(settings.host, settings.port)
    except OSError as error:
        raise ServiceFailed(f"HOST={settings.host} is not an address of this machine: {error.strerror}.") from error
    if holder is not None:
        raise ServiceFailed(f"{holder} Stop it, or choose another with PORT=….")
    await _check_store(settings)
    keeper = StoreKeeper(settings)
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


async def _check_store(settings: Settings) -> None:
    """Raises ServiceFailed where the store that REDIS_URL names will not do. One that is down may come up later."""
    if settings.redis_url:
        async with connect(settings) as store:
            with contextlib.suppress(Down):
                if (reason := await unfit(store)) is not None:
                    raise ServiceFailed(f"REDIS_URL: {reason}")


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
        Part("worker", [sys.executable, "-m", "worker"], env, STOP_WITHIN + settings.shutdown_grace),
    ]


async def _announce(settings: Settings, on_ready: Callable[[str], Awaitable[None]], patient: bool) -> None:
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)
    url = f"http://{host}:{settings.port}"
    reason, told = "the API does not answer", False
    give_up = time.monotonic() + READY_WITHIN
    async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
        while time.monotonic() < give_up or (told and patient):
            try:
                answer = await client.get(f"{url}/health/ready")
                if answer.status_code == 200:
                    await on_ready(url)
                    return
                reason = answer.json()["errorMsg"]
                if not told and _waits_for_engine(answer.json()["parts"]):
                    told = True
                    log.warning("%s takes documents, but they wait: %s", url, reason)
            except httpx.HTTPError:
                pass
            await asyncio.sleep(0.1)
    raise ServiceFailed(f"The service is not ready after {READY_WITHIN:g} s: {reason}.")


def _waits_for_engine(parts: dict[str, str]) -> bool:
    """Whether all of the service is there, and only an engine cannot work."""
    return {name for name, state in parts.items() if state != "ok"}.isdisjoint({"store", "blobs", "worker"})
