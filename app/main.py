"""The HTTP service: uvicorn app.main:app"""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from fastapi import FastAPI
from fastapi.responses import RedirectResponse

from app import __version__
from app.api import error_handlers
from app.api.access import OTHER_SITE, Access, misdirected
from app.api.body_limit import BodyLimit
from app.api.dependencies import Context
from app.api.head import Head
from app.api.openapi import DESCRIPTION, TAGS, Api
from app.api.request_id import RequestId
from app.api.responses import Answer
from app.api.routes import callbacks, docs, events, health, infer, jobs, queue
from app.api.schemas.problems import problems
from app.api.startup import Startup
from app.cli.misspelled import warn_of_misspelled
from app.engines.registry import EngineRegistry
from app.errors import Forbidden
from app.jobs.access import JobAccess
from app.jobs.events import CONNECTIONS as READER_CONNECTIONS
from app.jobs.events import EventReader
from app.jobs.queue import Jobs
from app.jobs.submission import Submissions
from app.logging import configure
from app.processes.lifecycle import forbid_inspection, freeze_gc
from app.processes.listen import exposure
from app.redis.client import connect
from app.redis.server import RedisServer
from app.results.control import JobControl
from app.results.reader import Results
from app.settings import Settings, settings_or_exit
from app.storage.blobs import BlobStore
from app.storage.data_dir import make_data_dir
from app.storage.quota import Quota


def create_app(settings: Settings | None = None) -> FastAPI:
    """The API on `settings`, by default those of the environment."""
    chosen = settings or settings_or_exit()
    configure(chosen)
    warn_of_misspelled()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        forbid_inspection()
        make_data_dir(chosen)
        tempfile.tempdir = str(chosen.data_dir.absolute())  # uploads on their way in; /tmp may be memory
        keeper = RedisServer(chosen)
        await keeper.start()
        store, reading = connect(chosen), connect(chosen, connections=READER_CONNECTIONS)
        reader = EventReader(reading)
        reader.start()
        jobs, engines = Jobs(store, chosen), EngineRegistry(store, chosen.engine)
        blobs, quota = BlobStore(chosen), Quota(store, chosen)
        app.state.context = Context(
            settings=chosen,
            store=store,
            jobs=jobs,
            quota=quota,
            events=reader,
            engines=engines,
            access=JobAccess(jobs, reader),
            results=Results(blobs),
            control=JobControl(jobs, blobs),
            submissions=Submissions(jobs, engines, blobs, quota, chosen),
        )
        freeze_gc()
        try:
            yield
        finally:
            await reader.stop()
            await reading.aclose()
            await store.aclose()
            await keeper.stop()

    app = Api(
        title="PaddleOCR-VL Service",
        version=__version__,
        description=DESCRIPTION,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        openapi_tags=TAGS,
        webhooks=callbacks.webhooks,
        lifespan=lifespan,
        root_path=urlsplit(chosen.public_url or "").path,
        default_response_class=Answer,
        responses=problems(
            Forbidden(exposure("192.0.2.7")),
            Forbidden(OTHER_SITE),
            misdirected("evil.example"),
            error_handlers.internal("9a3d5c0e7b1f4e62b8d0c4a6f2e1d7b3"),
        ),
        docs_url=None,
        redoc_url=None,
    )
    app.add_middleware(Head)
    app.add_middleware(BodyLimit, max_file_mb=chosen.max_file_mb)
    app.add_middleware(Access, settings=chosen)
    app.add_middleware(Startup)
    app.add_middleware(error_handlers.Unexpected)
    app.add_middleware(RequestId)
    error_handlers.install(app)
    app.include_router(docs.router)
    app.include_router(health.router)
    app.include_router(queue.router)
    app.include_router(infer.router)
    app.include_router(jobs.router)
    app.include_router(events.router)
    app.add_api_route("/", lambda: RedirectResponse("docs"), include_in_schema=False)
    return app


app = create_app()
