"""The Lua scripts: every transition is one, and what they share stands in front of each."""

from functools import cache
from importlib.resources import files
from typing import Any

from redis.commands.core import AsyncScript
from redis.exceptions import NoScriptError

from app.jobs.models import SCHEMA
from app.redis import keys
from app.redis.client import Store
from app.redis.outages import outage
from app.settings import TOMBSTONE_TTL, Settings

RUN_SLICE = "worker.tasks.run_slice"
"""The one function a queue entry may name."""

LEASE = 10.0  # seconds
EVENTS_KEPT = 10_000
NAMES_KEPT = 3600  # seconds a worker and its engine are still known after its last beat


class Scripts:
    """The scripts in one store."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._shared = "\n".join(
            [
                f"local RESULT_TTL, TOMBSTONE = {settings.result_ttl}, {TOMBSTONE_TTL}",
                "local RECORD_TTL = RESULT_TTL + TOMBSTONE",
                f"local LEASE, EVENTS_KEPT, SCHEMA, RUN_SLICE = {LEASE}, {EVENTS_KEPT}, {SCHEMA}, '{RUN_SLICE}'",
                f"local NAMES_KEPT = {NAMES_KEPT}",
                keys.lua(keys.REGISTRY, ()),
                _source("shared"),
            ]
        )
        self._scripts: dict[str, AsyncScript] = {}

    async def run(self, name: str, *arguments: Any) -> Any:
        """What app/jobs/lua/{name}.lua answers. Its keys are built inside: they follow from records and rings."""
        if name not in self._scripts:
            self._scripts[name] = self._store.register_script(f"{self._shared}\n{_source(name)}")
        try:
            return await self._scripts[name](args=arguments)
        except NoScriptError as error:  # lost again between loading and running it
            raise outage(error) or error from None


@cache
def _source(name: str) -> str:
    return files("app.jobs").joinpath("lua").joinpath(f"{name}.lua").read_text()
