"""The engines by name, as the API knows them: which of them have a live worker, and which cannot work just now."""

import time
from dataclasses import dataclass, field
from typing import Any

from app.engines.options import OPTIONS
from app.errors import UnknownEngine
from app.redis import keys
from app.redis.client import Store, batch, epoch
from app.redis.coalesce import Coalesced
from app.settings import HIDDEN_ENGINES

PREFERRED = ("paddleocr_vl", "pp_ocr")
"""What a job that names none gets, of the engines there are."""
FALLBACK = "pp_ocr"

LIVE = 15.0  # seconds after its last beat that a worker is held to be alive
ABLE = 7.0  # seconds after an engine was last able to work that it is held to be: two beats
CACHED = 1.0  # seconds


@dataclass(frozen=True)
class _Seen:
    """`live`: offered by live workers; `known`: offered at any time that the store or this process remembers;
    `unavailable_reasons`: why live ones cannot work.
    """

    live: set[str] = field(default_factory=set)
    known: set[str] = field(default_factory=set)
    unavailable_reasons: dict[str, str] = field(default_factory=dict)


class EngineRegistry:
    """The engines that workers offer, read from the store at most once a second. `default` is ENGINE."""

    def __init__(self, store: Store, default: str) -> None:
        self._store = store
        self._default = None if default == "auto" else default
        self._reads: Coalesced[None, _Seen] = Coalesced(self._fetch)
        self._seen = _Seen()
        self._read_at = -CACHED

    async def live(self) -> set[str]:
        """The engines with a live worker."""
        return (await self._read()).live

    async def unavailable_reasons(self) -> dict[str, str]:
        """Why an engine cannot work although it has live workers, by its name."""
        return (await self._read()).unavailable_reasons

    async def waiting_reason(self, engine: str, *, queued: bool) -> str | None:
        """Why a job of this engine has to wait, for people; `queued`: no worker has taken it yet."""
        seen = await self._read()
        if queued and engine not in seen.live:
            return f"Waiting for a worker with the engine {engine}; none is running."
        reason = seen.unavailable_reasons.get(engine)
        return f"Waiting: {reason}" if reason else None

    async def known(self) -> set[str]:
        """The engines that a job may name, with a live worker or without."""
        return _known(await self._read())

    async def choose(self, name: str | None) -> str:
        """The engine for a job. Raises UnknownEngine. A known one without a live worker is taken: it may come."""
        seen = await self._read()
        name = name or self._default
        if name is None:
            for there in (seen.live, seen.known):
                if there:
                    return next((engine for engine in PREFERRED if engine in there), min(there))
            return FALLBACK
        known = _known(seen)
        if name not in known:
            raise UnknownEngine(f'Unknown engine "{name[:40]}"; use one of {", ".join(sorted(known))}.')
        return name

    async def _read(self) -> _Seen:
        if time.monotonic() - self._read_at >= CACHED:
            self._seen = await self._reads.get(None)
            self._read_at = time.monotonic()
        return self._seen

    async def _fetch(self, _: list[None]) -> list[_Seen]:
        async with batch(self._store) as pipe:
            pipe.time()
            pipe.zrange(keys.ENGINES, 0, -1, withscores=True)
            pipe.zrange(keys.ENGINES_ABLE, 0, -1, withscores=True)
            pipe.hgetall(keys.ENGINES_UNAVAILABLE)
        answers: Any = pipe.answers
        now, beats, unavailable_reasons = epoch(answers[0]), dict(answers[1]), answers[3]
        live = {engine for engine, at in beats.items() if at >= now - LIVE}
        able = {engine for engine, at in answers[2] if at >= now - ABLE}
        unable = {engine: unavailable_reasons.get(engine) or "the engine is unavailable" for engine in live - able}
        return [_Seen(live, self._seen.known | set(beats), unable)]


def _known(seen: _Seen) -> set[str]:
    return {engine for engine in OPTIONS if engine not in HIDDEN_ENGINES or engine in seen.known}
