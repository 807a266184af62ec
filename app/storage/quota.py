"""Limits the size of DATA_DIR. Workers measure it from time to time; in between, new bytes are added up."""

import asyncio
import contextlib
import os
import shutil
import time
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import anyio

from app.errors import StorageUnavailable
from app.redis import keys
from app.redis.client import Store, StoreDown, batch
from app.settings import TOMBSTONE_TTL, Settings
from app.storage.data_dir import data_dir_id

FREE_MIN = 512 << 20
"""Bytes that must be left on the disk of DATA_DIR, whatever the quota."""
KEPT = 24 * 3600
"""Seconds a measurement is believed."""
ASK_EVERY = 1.0  # seconds
RESERVED_FOR = 3600
"""Seconds after which a reservation is given up: its writer may have been killed."""

RESERVE = """-- Takes note of what is about to be written, unless there is no room for it.
-- KEYS data:used data:reserved ; ARGV id, bytes, most bytes that may be stored, seconds it is held
-- Returns 1 with what is reserved by all, or 0
local now = tonumber(redis.call('TIME')[1])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
local reserved = tonumber(ARGV[2])
for _, one in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  reserved = reserved + tonumber(string.match(one, '%d+$'))
end
if tonumber(redis.call('GET', KEYS[1]) or 0) + reserved > tonumber(ARGV[3]) then return {0, 0} end
redis.call('ZADD', KEYS[2], now + ARGV[4], ARGV[1] .. ':' .. ARGV[2])
redis.call('EXPIRE', KEYS[2], ARGV[4])
return {1, reserved}
"""
NEARLY_FULL = f"The disk of DATA_DIR has less than {FREE_MIN >> 20} MiB left; free disk space or delete jobs."


class Quota:
    """DATA_QUOTA_GB, and the disk's own limit."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._folder = settings.data_dir.absolute()
        self._most = settings.data_quota_gb
        self._full = (
            f"DATA_DIR holds the {self._most:g} GiB that DATA_QUOTA_GB allows; delete jobs, wait until some expire, or "
            "raise the quota."
        )
        self._id_kept = settings.result_ttl + TOMBSTONE_TTL
        self._asked = 0.0
        self._refusal: str | None = None
        self._added = 0
        self._reserve = store.register_script(RESERVE)

    @contextlib.asynccontextmanager
    async def reserved(self, size: int) -> AsyncIterator[None]:
        """Reserves `size` bytes while they are written, so that concurrent writers cannot exceed the limit together.
        Report what was stored with `add` before the block ends. Raises StorageUnavailable.
        """
        most = int(self._most * (1 << 30))
        name = uuid.uuid4().hex
        try:
            granted, all_reserved = await self._reserve(
                keys=[keys.DATA_USED, keys.DATA_RESERVED], args=[name, size, most, RESERVED_FOR]
            )
            if not granted:
                raise StorageUnavailable(self._full)
            disk = await asyncio.to_thread(shutil.disk_usage, self._folder)
            if disk.free - all_reserved < FREE_MIN:
                raise StorageUnavailable(NEARLY_FULL)
            yield
        finally:
            with anyio.CancelScope(shield=True), contextlib.suppress(StoreDown):  # else it is given up in time
                await self._used()
                await self._store.zrem(keys.DATA_RESERVED, f"{name}:{size}")

    async def refusal(self) -> str | None:
        """Why nothing more may be stored, and what to do about it; None while there is room."""
        if time.monotonic() - self._asked >= ASK_EVERY:
            self._refusal = await self._judge()
            self._asked = time.monotonic()
        return self._refusal

    async def disk_full(self) -> bool:
        """Whether the disk of the blobs has so little space left that a write may have failed because of it."""
        try:
            return (await asyncio.to_thread(shutil.disk_usage, self._folder / "blobs")).free < FREE_MIN
        except OSError:
            return False

    async def _judge(self) -> str | None:
        try:
            disk = await asyncio.to_thread(shutil.disk_usage, self._folder)
            if disk.free < FREE_MIN:
                return NEARLY_FULL
            if not await self._is_of_this_store():
                return (
                    f"DATA_DIR {self._folder} does not have the files of the jobs in this Redis; give every API and "
                    "worker the same directory, or delete the key data:id in Redis if the directory was moved or Redis "
                    "was restored from a backup."
                )
        except OSError as error:
            return f"DATA_DIR {self._folder} cannot be used: {error.strerror}."
        if await self._used() >= self._most * (1 << 30):
            return self._full
        return None

    async def _is_of_this_store(self) -> bool:
        """Whether this DATA_DIR belongs to this Redis. The first one is registered for as long as someone checks."""
        ours = await asyncio.to_thread(data_dir_id, self._folder)
        async with batch(self._store, atomic=True) as pipe:
            pipe.set(keys.DATA_ID, ours, nx=True, ex=self._id_kept)
            pipe.get(keys.DATA_ID)
            pipe.expire(keys.DATA_ID, self._id_kept)
        return bool(pipe.answers[1] == ours)

    async def _used(self) -> int:
        """Bytes in DATA_DIR, by the last measurement and what all have added since; ours is told here."""
        added, self._added = self._added, 0
        try:
            async with batch(self._store) as pipe:
                pipe.incrby(keys.DATA_USED, added)
                pipe.expire(keys.DATA_USED, KEPT)
        except BaseException:
            self._added += added
            raise
        return int(pipe.answers[0])

    def add(self, size: int) -> None:
        """Counts `size` bytes as stored; other processes learn of it at the next reservation."""
        self._added += size

    async def measure(self) -> int:
        """Counts what DATA_DIR holds, in bytes."""
        used = await asyncio.to_thread(_size, self._folder)
        await self._store.set(keys.DATA_USED, used, ex=KEPT)
        return used


def _size(folder: Path) -> int:
    """Bytes that the files below `folder` take of the disk."""
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(root, name)).st_blocks * 512
            except FileNotFoundError:  # it has just gone
                continue
    return total
