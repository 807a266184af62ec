"""What the routes share: one of each per process, made at start-up."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Path, Request

from app.engines.registry import EngineRegistry
from app.jobs.access import JOB_ID, JobAccess
from app.jobs.events import EventReader
from app.jobs.principal import ANONYMOUS, Principal
from app.jobs.queue import Jobs
from app.jobs.submission import Submissions
from app.redis.client import Store
from app.results.control import JobControl
from app.results.reader import Results
from app.settings import Settings
from app.storage.quota import Quota


@dataclass(frozen=True)
class Context:
    settings: Settings
    store: Store
    jobs: Jobs
    quota: Quota
    events: EventReader
    engines: EngineRegistry
    access: JobAccess
    results: Results
    control: JobControl
    submissions: Submissions


async def _context(request: Request) -> Context:  # async: FastAPI would give a plain one a thread
    context: Context = request.app.state.context
    return context


Shared = Annotated[Context, Depends(_context)]


async def _principal() -> Principal:
    return ANONYMOUS


Caller = Annotated[Principal, Depends(_principal)]
"""Who sends the request."""

JobPath = Annotated[
    str,
    Path(
        description="The job's id, as `POST /infer` returned it.", json_schema_extra={"pattern": f"^{JOB_ID.pattern}$"}
    ),
]
