"""Which engine a job gets, and what the API knows of it."""

import time

import pytest

from app.engines.registry import ABLE, LIVE, EngineRegistry
from app.errors import UnknownEngine
from app.redis import keys
from app.redis.client import Store, connect
from app.settings import Settings

pytestmark = pytest.mark.anyio


async def offered(store: Store, engine: str, ago: float = 0, able_ago: float = 0) -> None:
    await store.zadd(keys.ENGINES, {engine: time.time() - ago})
    await store.zadd(keys.ENGINES_ABLE, {engine: time.time() - able_ago})


async def test_a_job_that_names_no_engine_gets_the_best_there_is(store_url: str) -> None:
    store = connect(Settings(redis_url=store_url))
    try:
        assert await EngineRegistry(store, "auto").choose(None) == "pp_ocr"
        await offered(store, "paddleocr_vl", ago=LIVE + 1)
        assert await EngineRegistry(store, "auto").choose(None) == "paddleocr_vl"
        await offered(store, "pp_ocr")
        assert await EngineRegistry(store, "auto").choose(None) == "pp_ocr"
        assert await EngineRegistry(store, "paddleocr_vl").choose(None) == "paddleocr_vl"
        await offered(store, "paddleocr_vl")
        registry = EngineRegistry(store, "auto")
        assert await registry.choose(None) == "paddleocr_vl"
        assert await registry.choose("pp_ocr") == "pp_ocr"
        with pytest.raises(UnknownEngine, match="use one of paddleocr_vl, pp_ocr"):
            await registry.choose("null")
        with pytest.raises(UnknownEngine):
            await EngineRegistry(store, "magic").choose(None)
    finally:
        await store.aclose()


async def test_an_engine_that_cannot_work_says_why(store_url: str) -> None:
    store = connect(Settings(redis_url=store_url))
    try:
        await offered(store, "paddleocr_vl")
        assert await EngineRegistry(store, "auto").unavailable_reasons() == {}
        await offered(store, "paddleocr_vl", able_ago=ABLE + 1)
        await store.hset(keys.ENGINES_UNAVAILABLE, "paddleocr_vl", "The VLM is away.")
        registry = EngineRegistry(store, "auto")
        assert await registry.live() == {"paddleocr_vl"}
        assert await registry.unavailable_reasons() == {"paddleocr_vl": "The VLM is away."}
    finally:
        await store.aclose()


async def test_an_engine_is_known_after_an_outage_of_the_store(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store was away for longer than a worker may be silent, and then has forgotten all workers."""
    monkeypatch.setattr("app.engines.registry.CACHED", 0)
    store = connect(Settings(redis_url=store_url))
    try:
        for engine in ("null", "paddleocr_vl"):
            await offered(store, engine, ago=LIVE + 1)
        by_name, best = EngineRegistry(store, "null"), EngineRegistry(store, "auto")
        for _ in range(2):
            assert await by_name.choose(None) == "null"
            assert await best.choose(None) == "paddleocr_vl"
            await store.flushdb()
        assert await best.live() == set()
    finally:
        await store.aclose()
