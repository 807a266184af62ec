"""How much DATA_DIR may hold. The workers' sweepers measure it; between two measurements, what comes in is added."""

import asyncio
import os
import shutil
import time
from pathlib import Path

from app.jobs import keys
from app.settings import Settings
from app.store import Store, batch

FREE_MIN = 512 << 20
"""Bytes that must be left on the disk of DATA_DIR, whatever the quota."""
KEPT = 24 * 3600
"""Seconds a measurement is believed."""
ASK_EVERY = 1.0  # seconds


class Quota:
    """DATA_QUOTA_GB, and the disk's own limit."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._folder = settings.data_dir.absolute()
        self._most = settings.data_quota_gb
        self._asked = 0.0
        self._refusal: str | None = None
        self._added = 0

    async def refusal(self) -> str | None:
        """Why nothing more may be stored, in a sentence that says what to do; None while there is room."""
        if time.monotonic() - self._asked >= ASK_EVERY:
            self._refusal = await self._judge()
            self._asked = time.monotonic()
        return self._refusal

    async def disk_full(self) -> bool:
        """Whether so little is left on the disk of the blobs that a write may have failed for it."""
        try:
            return (await asyncio.to_thread(shutil.disk_usage, self._folder / "blobs")).free < FREE_MIN
        except OSError:
            return False

    async def _judge(self) -> str | None:
        disk = await asyncio.to_thread(shutil.disk_usage, self._folder)
        if disk.free < FREE_MIN:
            return f"The disk of DATA_DIR has less than {FREE_MIN >> 20} MiB left: make room on it or delete jobs."
        if await self._used() >= self._most * (1 << 30):
            return (
                f"DATA_DIR holds the {self._most:g} GiB that DATA_QUOTA_GB allows: delete jobs, wait until some "
                "expire, or allow more."
            )
        return None

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
        """Takes note that `size` bytes were stored; told to the others when room is asked for next."""
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
