"""The API in this process, on a real store and without a worker: jobs are moved on by hand."""

import contextlib
import tempfile
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.jobs.models import Job, Status
from app.main import create_app
from app.redis import keys
from app.results.models import Page
from app.results.pages import store_page
from app.settings import Settings
from app.storage.blobs import BlobStore
from support.contract import check_async

BASE_URL = "http://127.0.0.1:8080"
RESULT = b'{"pages": [], "markdown": "text", "engine": "null", "engine_version": "1", "page_errors": []}'
CREATED = 1_700_000_000
"""When the listing has it that jobs came: 2023-11-14T22:13:20Z."""


@dataclass(frozen=True)
class Api:
    app: FastAPI
    client: httpx.AsyncClient
    """Raises what the API would log as a traceback."""

    async def job(self, error: dict[str, str] | None = None, **fields: Any) -> str:
        """A job of one page that has finished, or failed with `error`."""
        context = self.app.state.context
        job = Job(id=uuid.uuid4().hex, status=Status.QUEUED, engine="null", **fields)
        folder = BlobStore(context.settings).job(job.id)
        folder.create()
        await context.jobs.submit(job, idempotency=None, fingerprint="")
        held = await context.jobs.claim("null", "here-0")
        assert held is not None
        store_page(folder, Page(1, 10, 10, "text", markdown="text"))
        folder.write(folder.image("figure.png"), b"\x89PNG\r\n\x1a\n")
        folder.write(folder.result, RESULT)
        await context.jobs.finish(held, error, page_errors=None if error else 0)
        await context.store.zadd(keys.jobs(job.client), {job.id: CREATED})
        return job.id


@contextlib.asynccontextmanager
async def serving(
    monkeypatch: pytest.MonkeyPatch, store_url: str, data_dir: Path, **settings: Any
) -> AsyncIterator[Api]:
    monkeypatch.setattr(tempfile, "tempdir", None)  # the API sets it to its folder, which goes
    app = create_app(Settings.model_validate({"redis_url": store_url, "data_dir": data_dir, **settings}))
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        hooks: Any = {"response": [check_async]}
        async with httpx.AsyncClient(transport=transport, base_url=BASE_URL, event_hooks=hooks) as client:
            yield Api(app, client)


def scope(method: str, path: str, **headers: str) -> dict[str, Any]:
    """A request of ASGI, from a client on this machine."""
    raw = [(name.encode(), value.encode()) for name, value in {"host": "127.0.0.1:8080", **headers}.items()]
    return {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": method,
        "scheme": "http", "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
        "headers": raw, "client": ("127.0.0.1", 50000), "server": ("127.0.0.1", 8080),
    }  # fmt: skip
