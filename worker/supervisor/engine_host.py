"""The engine host, as the supervisor sees it: kept running, called, recycled, and its deaths accounted for."""

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import psutil

from app.errors import ServiceError
from app.settings import Settings
from worker.ipc.calls import Answer, Call, Event, Stream
from worker.ipc.channel import Channel, ChildDied
from worker.ipc.messages import EngineStarted, Ping, StartEngine
from worker.scheduling.child_clock import answer_within
from worker.supervisor.host_environment import environment_for, settings_for

log = logging.getLogger(__name__)

ASK_EVERY = 3.0  # seconds
UNRESPONSIVE = 60.0
"""Seconds by the host's clock (child_clock.py); a model call may hold the interpreter for half a minute."""
CANCEL_WITHIN = 5.0
"""Seconds by the host's clock."""
ALONE_FROM = 2
"""A slice that was there at so many deaths of the host is a suspect: suspects run one at a time."""


_CRASHED = (
    "This is a crash in native code: the driver, CUDA and PaddlePaddle may be incompatible, or shared memory is too "
    "small (docker run --shm-size=2g --ipc=host)."
)
DIED_OF: dict[int, str] = {
    signal.SIGSEGV: _CRASHED,
    signal.SIGBUS: _CRASHED,
    signal.SIGABRT: _CRASHED,
    signal.SIGKILL: "Most likely the kernel killed it because memory ran out: give the worker more memory.",
}
"""What a signal says about why an engine host has ended."""


@dataclass(eq=False)
class Place:
    """A slice on the host. `crashes` is how many deaths of a host it was there at."""

    crashes: int


class EngineHostManager:
    """Starts the engine host, starts it again when it dies or has grown old, and passes calls on."""

    def __init__(self, engine: str, settings: Settings) -> None:
        self.engine = engine
        self.version = ""
        self.ready = asyncio.Event()
        self.unavailable_reason: str | None = None
        """Why the engine cannot read pages at the moment."""
        self.able = asyncio.Event()
        """Set while there is no such unavailable_reason."""
        self._settings = settings
        self._channel: Channel | None = None
        self._process: psutil.Process
        self._places: set[Place] = set()
        self._suspect = asyncio.Lock()
        self._admitting = asyncio.Event()
        self._pages = 0
        self._blameless = False

    async def keep(self) -> None:
        """Keeps the host alive for as long as this task. One that cannot start is tried again, ever slower."""
        pause = 0.5
        try:
            while True:
                self._channel = await Channel.open(
                    "worker.engine_host", env=environment_for(self.engine, os.environ), on_death=self._account
                )
                try:
                    started = await self._start(self._channel)
                except (ServiceError, ChildDied, TimeoutError) as error:
                    log.error("the engine %s failed to start; retrying in %g s", self.engine, pause)
                    self._note(f"The engine does not start: {self._reason(error)}")
                    self._channel.kill()
                    await self._channel.close()
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, 30.0)
                    continue
                pause, self._pages = 0.5, 0
                self.version = started["version"]
                self._note(started["unavailable_reason"])
                self._process = psutil.Process(self._channel.pid)
                self.ready.set()
                self._admitting.set()
                await self._channel.wait()
        finally:
            if self._channel is not None:
                await self._channel.close()

    async def _start(self, channel: Channel) -> EngineStarted:
        """Has the host load its engine. Raises TimeoutError where it hangs at that."""
        start = StartEngine(self.engine, settings_for(self.engine, self._settings))
        return await answer_within(self._settings.engine_start_timeout, channel.pid, channel.call(start))

    async def watch(self) -> None:
        """Kills a host that does not answer: whatever is on it would wait for ever."""
        while True:
            await self.ready.wait()
            channel = self._channel
            assert channel is not None
            try:
                self._note(await answer_within(UNRESPONSIVE, channel.pid, channel.call(Ping())))
            except ChildDied:
                pass
            except TimeoutError:
                log.error("the engine host did not answer for %g s; killing it", UNRESPONSIVE)
                channel.kill()
                await channel.wait()
            await asyncio.sleep(ASK_EVERY)

    def _note(self, unavailable_reason: str | None) -> None:
        if unavailable_reason is None:
            if self.unavailable_reason is not None:
                log.warning("engine available again; resuming")
            self.able.set()
        else:
            if self.unavailable_reason != unavailable_reason:
                log.warning("engine unavailable, no jobs are processed: %s", unavailable_reason)
            self.able.clear()
        self.unavailable_reason = unavailable_reason

    async def free(self) -> None:
        """Sees to it that what was canceled on the host ends. One that is too busy to hear of it is killed, which costs
        the other slices a run but is charged to none.
        """
        channel = self._channel
        if channel is None or not channel.alive:
            return
        try:
            await answer_within(CANCEL_WITHIN, channel.pid, channel.call(Ping()))
        except ChildDied:
            pass
        except TimeoutError:
            log.warning("the engine host did not react to a canceled job for %g s; killing it", CANCEL_WITHIN)
            self._blameless = True
            channel.kill()
            await channel.wait()

    @contextlib.asynccontextmanager
    async def place(self, crashes: int) -> AsyncIterator[Place]:
        """A place on the host for a slice that was there at `crashes` deaths."""
        place = Place(crashes)
        async with self._suspect if crashes >= ALONE_FROM else contextlib.nullcontext():
            await self._admitting.wait()
            self._places.add(place)
            try:
                yield place
            finally:
                self._places.discard(place)
                await self._recycle()

    async def call(self, call: Call[Answer]) -> Answer:
        """Raises ChildDied where the host dies meanwhile, and the JobErrors of the call."""
        await self.ready.wait()
        assert self._channel is not None
        return await self._channel.call(call)

    async def stream(self, call: Stream[Answer, Event], on_event: Callable[[Event], None]) -> Answer:
        """The same for a call with events."""
        await self.ready.wait()
        assert self._channel is not None
        return await self._channel.stream(call, on_event)

    def count_page(self) -> None:
        """Tells that the host has served a page."""
        self._pages += 1

    def _account(self, died: ChildDied) -> None:
        """The host is gone. Its death is charged to the suspects that were there, and makes their neighbours suspects;
        where there was none it is charged to all alike.
        """
        self.ready.clear()
        self._admitting.clear()
        if self._blameless:
            self._blameless = False
            return
        if self._places:
            log.warning("the engine host %s while it processed %d slices; restarting it", died, len(self._places))
        suspects = [place for place in self._places if place.crashes >= ALONE_FROM]
        for place in self._places:
            place.crashes = place.crashes + 1 if place in (suspects or self._places) else ALONE_FROM

    async def _recycle(self) -> None:
        """Once the host has served its pages or outgrown its memory, admits no more, and ends it when it is empty."""
        if self._channel is None or not self._channel.alive:
            return
        try:
            memory = self._process.memory_info().rss >> 20
        except psutil.NoSuchProcess:  # it has just died
            return
        if self._pages >= self._settings.engine_max_pages or memory >= self._settings.engine_max_memory_mb:
            self._admitting.clear()
            if not self._places:
                log.info("replacing the engine host after %d pages, at %d MiB", self._pages, memory)
                await self._channel.close()

    def _reason(self, error: ServiceError | ChildDied | TimeoutError) -> str:
        if isinstance(error, TimeoutError):
            return (
                f"it was not ready after {self._settings.engine_start_timeout:g} s (ENGINE_START_TIMEOUT) and is "
                "being restarted."
            )
        advice = DIED_OF.get(-error.status) if isinstance(error, ChildDied) else None
        return f"it {error}. {advice}" if advice else str(error)
