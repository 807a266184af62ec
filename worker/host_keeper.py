"""The engine host, as the supervisor sees it: kept running, and called."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from app.errors import ServiceError
from app.settings import Settings
from worker.channel import Channel, ChildDied

log = logging.getLogger(__name__)


class HostKeeper:
    """Starts the engine host, starts it again when it dies, and passes calls on."""

    def __init__(self, engine: str, settings: Settings) -> None:
        self.engine = engine
        self.version = ""
        self.ready = asyncio.Event()
        self._settings = settings
        self._channel: Channel | None = None

    async def keep(self) -> None:
        """Keeps the host alive for as long as this task. One that cannot start is tried again, ever slower."""
        pause = 0.5
        try:
            while True:
                self._channel = await Channel.open("worker.engine_host")
                try:
                    started = await self._channel.call(
                        "start", engine=self.engine, settings=self._settings.model_dump(mode="json")
                    )
                except (ServiceError, ChildDied) as error:
                    log.error("the engine %s does not start: %s; next try in %g s", self.engine, error, pause)
                    await self._channel.close()
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, 30.0)
                    continue
                pause = 0.5
                self.version = started["version"]
                self.ready.set()
                await self._channel.wait()
                self.ready.clear()
                log.warning("the engine host has died and is started again")
        finally:
            self.ready.clear()
            if self._channel is not None:
                await self._channel.close()

    async def call(self, op: str, on_event: Callable[[Any], None] | None = None, **parameters: Any) -> Any:
        """Raises ChildDied where the host dies meanwhile, and the JobErrors of the operation."""
        await self.ready.wait()
        assert self._channel is not None
        return await self._channel.call(op, on_event, **parameters)
