"""What the store answers when it cannot serve us is an outage with a reason, whichever way it was asked."""

import asyncio
import contextlib
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis
from redis.exceptions import ExecAbortError, ResponseError

import app.redis.client
import worker.supervisor.supervisor
from app.cli.serve import ServiceFailed, run_service
from app.jobs.models import Job, Status
from app.jobs.queue import Jobs
from app.main import create_app
from app.processes.die_with_parent import die_with_parent
from app.redis import keys
from app.redis.client import Store, StoreDown, batch, connect, unfit
from app.redis.outages import outage
from app.redis.server import find_server
from app.settings import Settings
from support.harness import until, wait_for
from support.troubleshooting import explained
from worker.supervisor.supervisor import Supervisor

pytestmark = pytest.mark.anyio


class Server:
    """A store of the test's own, to be set and made a replica at will."""

    def __init__(self, folder: Path, name: str) -> None:
        self.socket = folder / f"{name}.sock"
        options = ["--port", "0", "--unixsocket", str(self.socket), "--dir", str(folder), "--save", ""]
        self._process = subprocess.Popen(
            die_with_parent(find_server(), *options, "--busy-reply-threshold", "1"), stdout=subprocess.DEVNULL
        )
        wait_for(self.socket.exists)
        self.url = f"unix://{self.socket}"
        self.client = redis.Redis.from_url(self.url, decode_responses=True)

    def demote(self) -> None:
        self.client.replicaof("127.0.0.1", "1")  # nobody is there

    def cut_off(self) -> None:
        self.client.config_set("replica-serve-stale-data", "no")
        self.demote()

    def recover(self) -> None:
        self.client.replicaof("NO", "ONE")
        for name, value in {
            "maxmemory": "0",
            "maxmemory-policy": "noeviction",
            "min-replicas-to-write": "0",
            "replica-serve-stale-data": "yes",
        }.items():
            self.client.config_set(name, value)

    def stop(self) -> None:
        self.client.close()
        self._process.kill()
        self._process.wait()


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Server, Server]]:
    folder = Path(tempfile.mkdtemp(prefix="ocr-store-"))
    pair = Server(folder, "a"), Server(folder, "b")
    yield pair
    for server in pair:
        server.stop()
    shutil.rmtree(folder)


@pytest.fixture
def server(servers: tuple[Server, Server]) -> Iterator[Server]:
    servers[0].recover()
    servers[0].client.flushall()
    yield servers[0]
    servers[0].recover()


@pytest.fixture
async def store(server: Server) -> AsyncIterator[Store]:
    client = connect(Settings(redis_url=server.url))
    yield client
    await client.aclose()


async def in_a_batch(store: Store, *, atomic: bool = False, lenient: bool = False) -> None:
    async with batch(store, atomic=atomic, lenient=lenient) as pipe:
        pipe.set("a", 1, ex=60)
        pipe.set("b", 1, ex=60)


async def in_a_script(store: Store) -> None:
    await Jobs(store, Settings()).submit(Job("a" * 32, Status.QUEUED, "pp_ocr"), idempotency=None, fingerprint="")


WAYS: dict[str, Callable[[Store], Awaitable[Any]]] = {
    "a command": lambda store: store.set("a", 1, ex=60),
    "a batch": in_a_batch,
    "a lenient batch": lambda store: in_a_batch(store, lenient=True),
    "a transaction": lambda store: in_a_batch(store, atomic=True),
    "a script": in_a_script,
}
OUTAGES: dict[str, tuple[Callable[[Server], Any], str]] = {
    "full": (lambda server: server.client.config_set("maxmemory", 1), "it is full"),
    "short of replicas": (lambda server: server.client.config_set("min-replicas-to-write", 1), "it rejects writes"),
    "read-only": (Server.demote, "read-only"),
    "cut off": (Server.cut_off, "read-only|this replica has lost its primary"),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", OUTAGES)
async def test_an_outage_is_named_and_ends(server: Server, store: Store, kind: str, way: str) -> None:
    ask, (begin, reason) = WAYS[way], OUTAGES[kind]
    await ask(store)
    server.client.flushall()  # a job that is there already would be answered without a write
    begin(server)
    with pytest.raises(StoreDown, match=reason):
        await ask(store)
    server.recover()
    await ask(store)


async def test_a_store_that_is_busy(server: Server, store: Store) -> None:
    loop = asyncio.create_task(asyncio.to_thread(_loop, server.url))
    with pytest.raises(StoreDown, match="busy"):
        await _until_refused(store)
    await asyncio.to_thread(server.client.script_kill)
    await loop
    await store.set("a", 1, ex=60)


async def _until_refused(store: Store) -> None:
    while True:
        await store.set("a", 1, ex=60)


def _loop(url: str) -> None:
    with redis.Redis.from_url(url) as client, contextlib.suppress(ResponseError):
        client.eval("while true do end", 0)


async def test_waiting_ends_when_the_store_loses_its_role(server: Server, store: Store) -> None:
    waiting = asyncio.create_task(Jobs(store, Settings()).wait_for_entry("pp_ocr", 20))
    await until(lambda: server.client.info("clients")["blocked_clients"])
    server.demote()
    with pytest.raises(StoreDown, match="failing over"):
        await waiting


async def test_a_lost_script_is_loaded_again(server: Server, store: Store) -> None:
    jobs = Jobs(store, Settings())
    assert await jobs.claim("pp_ocr", "here-0") is None
    server.client.script_flush()
    assert await jobs.claim("pp_ocr", "here-0") is None


async def test_the_next_command_goes_to_the_new_primary(servers: tuple[Server, Server], data_dir: Path) -> None:
    """As where a name leads to another server after a failover, and the old one lives on."""
    old, new = servers
    address = data_dir / "store.sock"
    address.symlink_to(old.socket)
    store = connect(Settings(redis_url=f"unix://{address}"))
    try:
        old.recover()
        await asyncio.gather(*(store.set("a", 1, ex=60) for _ in range(5)))  # several connections
        address.unlink()
        address.symlink_to(new.socket)
        assert await store.set("a", 1, ex=60)  # nobody has told us yet
        old.demote()
        with pytest.raises(StoreDown, match="read-only"):
            await store.set("a", 2, ex=60)
        for _ in range(5):
            await store.set("a", 3, ex=60)
        assert new.client.get("a") == "3"
    finally:
        await store.aclose()
        old.recover()


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        # Redis 6.2, of a command inside of a script
        ("Error running script (call to f_1): @user_script:1: @user_script: 1: -READONLY You can't write", "read-only"),
        ("Error running script (call to f_1): @user_script:1: @user_script: 1: -OOM command not allowed", "full"),
        (
            "Error running script (call to f_1): @user_script:9: @user_script: 9: -NOREPLICAS Not",
            "fewer replicas",
        ),
    ],
)
def test_errors_as_older_servers_word_them(error: str, reason: str) -> None:
    down = outage(ResponseError(error, status_code="ERR"))
    assert down is not None
    assert reason in down.message


def test_what_aborts_a_transaction() -> None:
    down = outage(ExecAbortError("Transaction discarded because of: MISCONF Errors writing", status_code="EXECABORT"))
    assert down is not None
    assert "disk" in down.message
    plain = outage(ExecAbortError("Transaction discarded because of previous errors.", status_code="EXECABORT"))
    assert plain is not None


async def test_an_error_of_ours_is_no_outage(server: Server, store: Store) -> None:
    await store.set("a", "OOM READONLY", ex=60)
    with pytest.raises(ResponseError, match="not an integer"):
        await store.incr("a")


@contextlib.asynccontextmanager
async def api(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    made = create_app(settings)
    async with made.router.lifespan_context(made):
        transport = httpx.ASGITransport(made, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            yield client


async def test_clients_are_told_what_is_wrong(server: Server, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", None)  # the API sets it
    async with api(Settings(redis_url=server.url, data_dir=data_dir)) as client:

        async def ready() -> str:
            parts = (await client.get("/health/ready")).json()["parts"]
            return f"store: {parts['store']}"

        async def refusal() -> str:
            answer = await client.post("/infer", json={"pdf_url": "http://a.test/x.pdf"})
            assert (answer.status_code, answer.json()["code"]) == (503, "storage_unavailable")
            detail: str = answer.json()["detail"]
            return detail

        assert await ready() == "store: ok"
        server.demote()
        assert explained("store: it is read-only", await ready())
        assert await refusal() == (
            "Redis is unavailable: it is read-only (a replica, or a primary that is failing over). Try again shortly."
        )
        server.recover()
        server.client.config_set("maxmemory", 1)
        assert await ready() == "store: it is full (maxmemory is reached)"
        assert (await refusal()).startswith("Redis is unavailable: it is full")
        server.recover()
        server.client.config_set("maxmemory", "1gb")
        assert await ready() == "store: ok"
        server.client.config_set("maxmemory-policy", "volatile-lru")
        assert explained("store: it may evict jobs", await ready())
        server.recover()
        assert await ready() == "store: ok"


async def test_a_store_that_is_too_old(server: Server, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await unfit(store) is None
    monkeypatch.setattr(app.redis.client, "MINIMUM", (99, 0))
    told = await unfit(store) or ""
    assert explained(
        "Redis at REDIS_URL cannot be used: its version",
        f"Redis at REDIS_URL cannot be used: {told}".replace("99.0", "6.2"),
    )

    async def on_ready(_: str) -> None:
        raise AssertionError("it is ready")

    with pytest.raises(ServiceFailed, match="Redis at REDIS_URL cannot be used: its version is"):
        await run_service(Settings(redis_url=server.url), on_ready)


async def test_a_worker_waits_until_the_store_will_do(
    server: Server, data_dir: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    begun = asyncio.Event()

    async def begin(worker: Supervisor) -> None:
        begun.set()
        raise asyncio.CancelledError

    monkeypatch.setattr(Supervisor, "_reclaim", begin)
    monkeypatch.setattr(worker.supervisor.supervisor, "UNFIT_PAUSE", 0.01)
    server.client.config_set("maxmemory", "1gb")
    server.client.config_set("maxmemory-policy", "volatile-ttl")
    work = Supervisor(Settings(redis_url=server.url, data_dir=data_dir, engine="null"))
    working = asyncio.create_task(work.run())
    await until(lambda: begun.is_set() or "it may evict jobs" in caplog.text)
    assert not begun.is_set()
    server.recover()
    with pytest.raises(asyncio.CancelledError):
        await working
    assert begun.is_set()


async def test_a_store_that_does_not_let_itself_be_asked(server: Server) -> None:
    """As the ACL of many managed stores."""
    server.client.execute_command(  # type: ignore[no-untyped-call]
        "ACL", "SETUSER", "ocr", "on", ">secret", "~*", "+@all", "-@admin", "-@dangerous"
    )
    store = connect(Settings(redis_url=server.url.replace("unix://", "unix://ocr:secret@")))
    assert await unfit(store) is None
    await store.set(keys.PROBE, 1, ex=60)
    with pytest.raises(StoreDown, match="lacks a permission"):
        await store.config_get("maxmemory")
    await store.aclose()
