"""The sweeper: all of what has expired goes, and nothing else."""

import asyncio
import os
import time
from pathlib import Path

import anyio
import pytest

from app.jobs.queue import Jobs
from app.jobs.secrets import Secrets
from app.redis import keys
from app.redis.client import Store
from app.settings import Settings
from app.storage.blobs import BlobStore, JobFolder
from app.storage.quota import Quota
from support.harness import PATIENCE
from support.jobs import claim, end, new_job, submit
from worker.supervisor.sweeper import Sweeper

pytestmark = pytest.mark.anyio


def stored(blobs: BlobStore, job_id: str) -> JobFolder:
    folder = blobs.job(job_id)
    folder.create()
    folder.write(folder.source, b"%PDF-")
    folder.write(folder.page(1), b"{}")
    return folder


def age(folder: JobFolder, seconds: float) -> None:
    for path in (folder._pages, folder._images, folder._root):
        os.utime(path, (time.time() - seconds,) * 2)


async def test_expired_jobs_go_with_their_blobs(store: Store, data_dir: Path) -> None:
    settings = Settings(data_dir=data_dir, result_ttl=60)
    jobs, blobs = Jobs(store, settings), BlobStore(settings)
    sweeper = Sweeper(jobs, blobs, Quota(store, settings), 60)
    folders = [stored(blobs, await submit(jobs, new_job(number))) for number in range(1, 5)]
    for _ in range(3):
        await end(jobs, await claim(jobs))
    for number in (1, 2):
        await store.hset(keys.job(new_job(number).id), "expires_at", str(time.time() - 1))
        await store.zadd(keys.EXPIRING, {new_job(number).id: time.time() - 1})
    await store.zadd(keys.EXPIRING, {new_job(4).id: 1})  # open again, by a retry
    assert await sweeper.sweep() == 2
    assert [folder._root.exists() for folder in folders] == [False, False, True, True]
    assert await sweeper.sweep() == 0
    for number, expired in ((1, True), (2, True), (3, False), (4, False)):
        job = await jobs.get(new_job(number).id)
        assert job is not None
        assert job.expired is expired


async def test_a_sweep_that_was_cut_off_is_made_up_for(store: Store, data_dir: Path) -> None:
    settings = Settings(data_dir=data_dir)
    jobs, blobs = Jobs(store, settings), BlobStore(settings)
    folder = stored(blobs, await submit(jobs, new_job()))
    await end(jobs, await claim(jobs))
    assert await jobs.expire(new_job().id, early=True)  # and then its blobs would have gone
    assert await Sweeper(jobs, blobs, Quota(store, settings), 60).sweep() == 1
    assert not folder._root.exists()


async def test_secrets_of_ended_jobs_are_forgotten(store: Store, data_dir: Path) -> None:
    """Whoever ended these jobs was killed before it came to that."""
    settings = Settings(data_dir=data_dir)
    jobs, blobs = Jobs(store, settings), BlobStore(settings)
    folders = []
    for number in range(1, 6):
        job = new_job(number, has_secrets=True)
        folders.append(folder := blobs.job(job.id))
        folder.create()
        Secrets({"Authorization": "Bearer secret"}, "secret").keep(folder)
        await submit(jobs, job)
    await end(jobs, await claim(jobs))
    await end(jobs, await claim(jobs), {"code": "engine_failed", "message": "No."})
    assert await jobs.cancel(new_job(3).id)
    await end(jobs, await claim(jobs), {"code": "engine_failed", "message": "No."})
    assert await jobs.retry(new_job(4).id) == "queued"
    assert await store.ttl(keys.ENDED_SECRETS) > 0
    sweeper = Sweeper(jobs, blobs, Quota(store, settings), 60)
    await sweeper.sweep_secrets()
    assert [bool(Secrets.of(folder)) for folder in folders] == [False, False, False, True, True]
    assert await store.exists(keys.ENDED_SECRETS) == 0


async def test_a_sweeper_sweeps_all_there_is(store: Store, data_dir: Path) -> None:
    settings = Settings(data_dir=data_dir)
    jobs, blobs = Jobs(store, settings), BlobStore(settings)
    expired, with_secrets = new_job(1), new_job(2, has_secrets=True)
    folders = [stored(blobs, await submit(jobs, job)) for job in (expired, with_secrets)]
    for _ in folders:
        await end(jobs, await claim(jobs))
    await store.hset(keys.job(expired.id), "expires_at", "1")
    await store.zadd(keys.EXPIRING, {expired.id: 1})
    Secrets({}, "secret").keep(folders[1])
    orphan = stored(blobs, "f" * 32)
    age(orphan, 2000)
    sweeping = asyncio.create_task(Sweeper(jobs, blobs, Quota(store, settings), 1000).run())
    with anyio.fail_after(PATIENCE):
        while not await store.exists(keys.DATA_USED):  # measured last
            await asyncio.sleep(0.01)
    sweeping.cancel()
    await asyncio.gather(sweeping, return_exceptions=True)
    assert [folder._root.exists() for folder in (*folders, orphan)] == [False, True, False]
    assert not Secrets.of(folders[1])


async def test_a_removed_job_is_not_swept_for_secrets(store: Store) -> None:
    jobs = Jobs(store, Settings())
    await submit(jobs, new_job(1, has_secrets=True))
    await end(jobs, await claim(jobs))
    assert await jobs.ended_with_secrets(5) == [new_job(1).id]
    assert await jobs.expire(new_job(1).id, early=True)
    assert await jobs.ended_with_secrets(5) == []


async def test_orphans_go_when_nothing_has_touched_them_for_long(store: Store, data_dir: Path) -> None:
    settings = Settings(data_dir=data_dir)
    jobs, blobs = Jobs(store, settings), BlobStore(settings)
    sweeper = Sweeper(jobs, blobs, Quota(store, settings), 1000)
    assert await sweeper.sweep_orphans() == 0
    job = stored(blobs, await submit(jobs, new_job(1)))
    old, fresh, busy = (stored(blobs, f"{number:032x}") for number in (2, 3, 4))
    for folder in (job, old, busy):
        age(folder, 2000)
    busy.write(busy.page(2), b"{}")
    assert await sweeper.sweep_orphans() == 1
    assert [folder._root.exists() for folder in (job, old, fresh, busy)] == [True, False, True, True]


@pytest.mark.parametrize("wrong", [-3600, 3600])
async def test_orphans_age_by_the_file_systems_clock(
    store: Store, data_dir: Path, monkeypatch: pytest.MonkeyPatch, wrong: int
) -> None:
    """An upload has a folder before its job is known: to a fast clock it must not look like an orphan."""
    settings = Settings(data_dir=data_dir)
    jobs, blobs = Jobs(store, settings), BlobStore(settings)
    old, fresh = (stored(blobs, f"{number:032x}") for number in (1, 2))
    age(old, 2000)
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + wrong)
    assert await Sweeper(jobs, blobs, Quota(store, settings), 1000).sweep_orphans() == 1
    assert [folder._root.exists() for folder in (old, fresh)] == [False, True]


async def test_files_left_behind_by_an_expired_job_are_removed(store: Store, data_dir: Path) -> None:
    """A late worker may store a page after the job's folder was deleted; the tombstone must not protect it."""
    settings = Settings(data_dir=data_dir)
    jobs, blobs = Jobs(store, settings), BlobStore(settings)
    await submit(jobs, new_job())
    await end(jobs, await claim(jobs))
    assert await jobs.expire(new_job().id, early=True)
    await jobs.forget_expired(new_job().id)
    folder = stored(blobs, new_job().id)
    age(folder, 2000)
    sweeper = Sweeper(jobs, blobs, Quota(store, settings), 1000)
    assert await sweeper.sweep() == 0
    assert await sweeper.sweep_orphans() == 1
    assert not folder._root.exists()
