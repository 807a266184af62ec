"""The client of the store, which is Redis or Valkey."""

import contextlib
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import anyio
import redis.asyncio
import redis.exceptions

from app.redis.outages import GONE, outage
from app.redis.outages import StoreDown as StoreDown
from app.settings import Settings

Store: TypeAlias = "redis.asyncio.Redis"

CONNECTIONS = 32
"""Connections of a client, at most; further commands wait until one is free."""
CONNECTION_WITHIN = 10.0  # seconds a command may wait for that; less than ANSWER_WITHIN, so that the error says so
ANSWER_WITHIN = 15.0  # seconds a command may take, waiting for a connection and trying again included
PLAIN_ANSWER_WITHIN = 1.0  # seconds
MINIMUM = (6, 2)


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
    """Sets a deadline, and raises StoreDown for every outage. Connections to a server that lost its role are closed."""
    try:
        with anyio.fail_after(ANSWER_WITHIN):
            yield
    except TimeoutError:
        raise StoreDown(GONE, f"no answer within {ANSWER_WITHIN:g} s") from None
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
    """A pipeline that is sent at the end of the block and then has `answers`. `atomic` makes it a transaction.

    `lenient` returns errors of keys of the wrong type among the answers instead of raising them.
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
    """Whether the server at a rediss:// URL does not use TLS: such a server would never answer a TLS handshake."""
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
    """Why this server must not hold jobs; None if it may, or if its permissions keep us from asking."""
    try:
        async with batch(store) as pipe:
            pipe.info("server")
            pipe.info("memory")
    except StoreDown as error:
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
