"""The engines by name, as the API knows them: their options, and which of them have a live worker."""

import time
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.errors import InvalidRequest, UnknownEngine
from app.jobs import keys
from app.store import Store

DEFAULT = "pp_ocr"
LIVE = 15.0  # seconds after its last beat that a worker is held to be alive
CACHED = 1.0  # seconds


class Options(BaseModel):
    """Base of every engine's options; a field that is not listed is refused by name."""

    model_config = ConfigDict(extra="forbid")


class NoOptions(Options):
    """For engines that have none."""


class NullOptions(Options):
    sleep: float = Field(0, ge=0, le=600, description="Seconds each page takes.")
    hold: float = Field(0, ge=0, le=60, description="Seconds each page blocks the engine host.")
    poison: bool = Field(False, description="Kill the engine host.")


OPTIONS: dict[str, type[Options]] = {"pp_ocr": NoOptions, "null": NullOptions}
HIDDEN = frozenset({"null"})
"""Engines for tests: known only while a worker offers them."""


class EngineRegistry:
    """The engines that live workers offer, read from the store at most once a second."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._live: set[str] = set()
        self._read_at = -CACHED

    async def live(self) -> set[str]:
        now = time.monotonic()
        if now - self._read_at >= CACHED:
            names: Any = await self._store.zrangebyscore(keys.ENGINES, time.time() - LIVE, "+inf")
            self._live = set(names)
            self._read_at = now
        return self._live

    async def choose(self, name: str | None) -> str:
        """The engine for a job. Raises UnknownEngine. A known one without a live worker is taken: it may come."""
        live = await self.live()
        if name is None:
            return DEFAULT if DEFAULT in live or not live else min(live)
        known = {engine for engine in OPTIONS if engine not in HIDDEN or engine in live}
        if name not in known:
            raise UnknownEngine(f'There is no engine "{name[:40]}"; there is {", ".join(sorted(known))}.')
        return name


def check_options(engine: str, options: dict[str, Any]) -> dict[str, Any]:
    """The options as given, once they are known to be right. Raises InvalidRequest naming the first that is not."""
    try:
        return OPTIONS[engine].model_validate(options).model_dump(exclude_unset=True)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            raise InvalidRequest(f'The engine {engine} has no option "{name[:40]}".') from None
        raise InvalidRequest(f"options.{name}: {first['msg']}.") from None
