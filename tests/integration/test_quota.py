"""What DATA_DIR may hold: counted, refused beyond it, and nothing of what is accepted is lost by it."""

import asyncio
import os
import shutil
import threading
import time
from collections.abc import Coroutine, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import redis

from app.egress.client import EgressClient
from app.errors import StorageUnavailable
from app.redis import keys
from app.redis.client import Store
from app.settings import Settings
from app.storage import quota
from app.storage.blobs import BlobStore
from app.storage.quota import Quota
from support.documents import text_pdf
from support.harness import Service, Web, running, wait_for
from support.in_process import serving
from support.troubleshooting import explained
from worker.supervisor.downloads import download

GIB = 1 << 30


@pytest.mark.anyio
async def test_what_data_dir_holds_is_counted(store: Store, data_dir: Path) -> None:
    data_dir.mkdir(exist_ok=True)
    room = Quota(store, Settings(data_dir=data_dir, data_quota_gb=1))
    empty = await room.measure()
    (data_dir / "large").write_bytes(b"x" * (1 << 20))
    assert 1 << 20 <= await room.measure() - empty < 2 << 20
    room.add(GIB)
    assert await room.refusal() is not None
    assert int(await store.get(keys.DATA_USED) or 0) > GIB
    assert 0 < await store.ttl(keys.DATA_USED) <= quota.KEPT


@pytest.mark.anyio
async def test_beyond_the_quota_the_sentence_says_what_to_do(
    store: Store, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data_dir.mkdir(exist_ok=True)
    monkeypatch.setattr(quota, "ASK_EVERY", 0.0)
    room = Quota(store, Settings(data_dir=data_dir, data_quota_gb=0.5))
    room.add(GIB // 2 - 1)
    assert await room.refusal() is None
    room.add(1)
    refusal = await room.refusal()
    assert refusal is not None
    assert "0.5 GiB that DATA_QUOTA_GB allows" in refusal
    await room.measure()
    assert await room.refusal() is None


@pytest.mark.anyio
async def test_a_disk_that_is_nearly_full_is_left_alone(
    store: Store, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=quota.FREE_MIN - 1))
    refusal = await Quota(store, Settings(data_dir=data_dir)).refusal()
    assert refusal is not None
    assert "disk of DATA_DIR" in refusal


@pytest.mark.anyio
async def test_without_room_results_are_served_and_jobs_deleted(
    store_url: str, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And new work is refused until there is room again."""
    monkeypatch.setattr(quota, "ASK_EVERY", 0.0)
    async with serving(monkeypatch, store_url, data_dir) as api:
        job = await api.job()
        with monkeypatch.context() as full:
            full.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=0))
            refusal = await api.client.post("/infer", json={"pdf_url": "http://a.test/"})
            assert (refusal.status_code, refusal.json()["code"]) == (503, "storage_unavailable")
            assert "free disk space" in refusal.json()["detail"]
            assert "free disk space" in (await api.client.get("/health/ready")).json()["parts"]["blobs"]
            assert (await api.client.get(f"/jobs/{job}/result")).json()["result"]["markdown"] == "text"
            assert (await api.client.get(f"/jobs/{job}/pages/1")).status_code == 200
            assert (await api.client.delete(f"/jobs/{job}")).status_code == 204
        assert (await api.client.get("/health/ready")).json()["parts"]["blobs"] == "ok"
        accepted = await api.client.post("/infer", files={"file": ("a.pdf", text_pdf())}, data={"engine": "pp_ocr"})
        assert accepted.status_code == 202, accepted.text


@pytest.mark.anyio
async def test_uploads_at_the_same_time_do_not_pass_the_quota_together(store: Store, data_dir: Path) -> None:
    rooms = [Quota(store, Settings(data_dir=data_dir, data_quota_gb=1)) for _ in range(2)]
    async with rooms[0].reserved(GIB // 2 + 1):
        with pytest.raises(StorageUnavailable, match="DATA_QUOTA_GB"):
            async with rooms[1].reserved(GIB // 2):
                pass
        async with rooms[1].reserved(GIB // 2 - 1):
            assert await store.zcard(keys.DATA_RESERVED) == 2
            assert 0 < await store.ttl(keys.DATA_RESERVED) <= quota.RESERVED_FOR
        rooms[0].add(GIB // 2 + 1)
    assert await store.zcard(keys.DATA_RESERVED) == 0
    with pytest.raises(StorageUnavailable, match="DATA_QUOTA_GB"):  # what stayed is counted
        async with rooms[1].reserved(GIB // 2):
            pass


@pytest.mark.anyio
async def test_an_upload_needs_room_beside_those_that_are_under_way(
    store: Store, data_dir: Path, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(monkeypatch, store_url, data_dir, data_quota_gb=1) as api:
        clock, _ = await store.time()
        other = f"other:{GIB - 1000}"
        await store.zadd(keys.DATA_RESERVED, {other: clock + 60})
        for status in (503, 202):
            assert (await api.client.post("/infer", files={"file": text_pdf()})).status_code == status
            assert list((data_dir / "blobs").glob("*")) == [] or status == 202
            assert await store.zrange(keys.DATA_RESERVED, 0, -1) == ([other] if status == 503 else [])
            await store.zrem(keys.DATA_RESERVED, other)


@pytest.mark.anyio
async def test_downloads_at_the_same_time_do_not_pass_the_quota_together(
    store: Store, data_dir: Path, web: Web
) -> None:
    settings = Settings(data_dir=data_dir, data_quota_gb=1 / 1024, max_file_mb=1, fetch_allowed_hosts=["127.0.0.1"])
    rooms, blobs, egress = [Quota(store, settings) for _ in range(2)], BlobStore(settings), EgressClient(settings)
    document = text_pdf().ljust(600 << 10)
    web.files = {"/slow.pdf": document, "/other.pdf": document}
    web.drips["/slow.pdf"] = enough = threading.Event()
    folders = [blobs.job(str(number) * 32) for number in range(2)]
    for folder in folders:
        folder.create()

    def other() -> Coroutine[None, None, None]:
        return download(f"{web.url}/other.pdf", folders[1], egress, rooms[1])

    slow = asyncio.create_task(download(f"{web.url}/slow.pdf", folders[0], egress, rooms[0]))
    try:
        await asyncio.to_thread(wait_for, lambda: web.dripping)
        while not await store.zcard(keys.DATA_RESERVED):
            await asyncio.sleep(0.01)
        with pytest.raises(StorageUnavailable, match="DATA_QUOTA_GB"):
            await other()
        assert sorted(os.listdir(folders[1]._root)) == ["images", "pages"]
        enough.set()
        await slow
        assert folders[0].size(folders[0].source) == len(document)
        assert await store.zcard(keys.DATA_RESERVED) == 0
        assert int(await store.get(keys.DATA_USED) or 0) >= len(document)
        with pytest.raises(StorageUnavailable, match="DATA_QUOTA_GB"):  # what stayed is counted
            await other()
        await store.delete(keys.DATA_USED)
        await other()
    finally:
        enough.set()
        await asyncio.gather(slow, return_exceptions=True)
        await egress.aclose()


@pytest.mark.anyio
async def test_a_store_belongs_to_one_data_dir(store: Store, data_dir: Path, tmp_path: Path) -> None:
    def room(folder: Path) -> Quota:
        return Quota(store, Settings(data_dir=folder))

    assert await room(data_dir).refusal() is None
    assert await room(data_dir).refusal() is None
    assert await store.ttl(keys.DATA_ID) > 0
    refusal = await room(tmp_path).refusal()
    assert refusal is not None
    assert explained("DATA_DIR … does not have", refusal)
    (tmp_path / "id").write_text("")
    assert "is empty; delete it" in (await room(tmp_path).refusal() or "")
    (tmp_path / "id").unlink()
    await store.delete(keys.DATA_ID)
    assert await room(tmp_path).refusal() is None
    assert await room(data_dir).refusal() is not None


@pytest.mark.anyio
async def test_a_reservation_is_given_up_in_time(store: Store, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    room = Quota(store, Settings(data_dir=data_dir, data_quota_gb=1))
    await store.zadd(keys.DATA_RESERVED, {f"killed:{GIB}": 1})
    async with room.reserved(GIB):
        assert await store.zcard(keys.DATA_RESERVED) == 1
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=quota.FREE_MIN + 99))
    async with room.reserved(50):
        with pytest.raises(StorageUnavailable, match="disk of DATA_DIR"):
            async with room.reserved(50):
                pass


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with running(ENGINE="null") as service:
        yield service


@pytest.mark.slow
def test_with_data_dir_full_nothing_is_taken_and_what_waits_goes_on_waiting(service: Service) -> None:
    worker = service.find("-m", "worker")
    with redis.Redis(unix_socket_path=str(service.data_dir / "redis.sock")) as store:
        store.set(keys.DATA_USED, 1 << 60)
        wait_for(lambda: service.client.get("/health/ready").status_code == 503)
        assert "DATA_QUOTA_GB" in service.client.get("/health/ready").json()["parts"]["blobs"]
        refusal = service.client.post("/infer", files={"file": ("a.pdf", text_pdf())})
        assert (refusal.status_code, refusal.json()["code"]) == (503, "storage_unavailable")
        assert explained("DATA_DIR holds", refusal.json()["detail"])
        wait_for(lambda: "no jobs are processed" in service.log.read_text())
        worker.suspend()
        store.set(keys.DATA_USED, 0)
        wait_for(lambda: service.client.get("/health/ready").json()["parts"]["blobs"] == "ok")
        waiting = service.submit(text_pdf())
        store.set(keys.DATA_USED, 1 << 60)
        worker.resume()
        wait_for(lambda: service.log.read_text().count("no jobs are processed") >= 2)
        assert service.client.get(f"/jobs/{waiting}").json()["status"] == "queued"
        store.set(keys.DATA_USED, 0)
    assert service.result(waiting)["status"] == "finished"


@pytest.mark.slow
def test_a_download_waits_for_room(service: Service, web: Web) -> None:
    web.files["/document.pdf"] = text_pdf().ljust(1 << 20)
    with redis.Redis(unix_socket_path=str(service.data_dir / "redis.sock")) as store:
        store.zadd(keys.DATA_RESERVED, {f"others:{50 * GIB - 1}": time.time() + 600})
        job = service.client.post("/infer", json={"pdf_url": f"{web.url}/document.pdf"}).json()["job_id"]
        wait_for(lambda: f"{job}-0 waits for room in DATA_DIR" in service.log.read_text())
        assert service.client.get(f"/jobs/{job}").json()["status"] == "running"
        store.delete(keys.DATA_RESERVED)
    assert service.result(job)["status"] == "finished"
    assert service.client.get(f"/jobs/{job}").json()["attempts"] == 0


@pytest.mark.slow
def test_what_comes_in_is_added(service: Service) -> None:
    document = text_pdf() + b"\n" * (3 << 20)
    with redis.Redis(unix_socket_path=str(service.data_dir / "redis.sock")) as store:
        before = int(store.get(keys.DATA_USED) or 0)
        service.submit(document)

        def told() -> bool:
            service.client.get("/health/ready")
            return int(store.get(keys.DATA_USED) or 0) >= before + len(document)

        wait_for(told)
