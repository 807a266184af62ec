"""What the scripts of jobs take and answer: one class for each file in app/jobs/lua, which says what it does."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple

from app.jobs.codec import SCHEMA
from app.jobs.models import Priority, Slice, Status
from app.jobs.principal import ANONYMOUS
from app.redis.client import Store
from app.redis.scripts import Call, Scripts, named
from app.settings import TOMBSTONE_TTL, Settings

RUN_SLICE = "worker.tasks.run_slice"
"""The one function a queue entry may name."""

LUA = Path(__file__).parent / "lua"
LEASE = 10.0  # seconds
EVENTS_KEPT = 10_000


def job_scripts(store: Store, settings: Settings) -> Scripts:
    constants: dict[str, str | float] = {
        "RESULT_TTL": settings.result_ttl,
        "TOMBSTONE": TOMBSTONE_TTL,
        "RECORD_TTL": settings.result_ttl + TOMBSTONE_TTL,
        "LEASE": LEASE,
        "EVENTS_KEPT": EVENTS_KEPT,
        "SCHEMA": SCHEMA,
        "RUN_SLICE": RUN_SLICE,
        "ANONYMOUS": ANONYMOUS.client,
    }
    return Scripts(store, LUA, always=("healing",), constants=constants)


# For clients

Outcome = Literal["created", "replayed", "conflict", "full"]


class Submitted(NamedTuple):
    """What became of a submission, and the job it leads to, with its status.

    `replayed` and `conflict`: the idempotency key belongs to that job; in a conflict it was another request. `full`:
    MAX_QUEUED_JOBS jobs are open, and there is no job.
    """

    outcome: Outcome
    job_id: str
    status: Status


@dataclass(frozen=True)
class Submit(Call[Submitted]):
    """`record` is the hash of the job, `idempotency` the digest of the client's key."""

    script: ClassVar[str] = "submit"
    record: Mapping[str, str]
    idempotency: str | None
    fingerprint: str
    max_open: int

    def read(self, answer: Any) -> Submitted:
        found = named(answer)
        return Submitted(found["outcome"], found["job_id"], Status(found["status"] or Status.QUEUED))


@dataclass(frozen=True)
class Listing:
    """A sorted set of jobs with the status of its members, or of any."""

    name: str
    status: str | None = None


@dataclass(frozen=True)
class Position:
    """The place of a job in a listing: when it came, in epoch seconds, and its id."""

    time: float
    id: str


class Listed(NamedTuple):
    """Records of jobs as they are at the time `now`. Where there are more, `last` is the position to go on from."""

    now: float
    records: list[dict[str, str]]
    last: Position | None


@dataclass(frozen=True)
class ListJobs(Call[Listed]):
    script: ClassVar[str] = "list"
    sets: Sequence[Listing]
    before: Position | None
    since: float
    limit: int

    def read(self, answer: Any) -> Listed:
        found = named(answer)
        last = Position(float(found["last_time"]), found["last_id"]) if "last_id" in found else None
        return Listed(float(found["now"]), [named(record) for record in found["jobs"]], last)


@dataclass(frozen=True)
class Cancel(Call[bool]):
    script: ClassVar[str] = "cancel"
    job_id: str
    message: str

    def read(self, answer: Any) -> bool:
        return bool(answer)


RetryOutcome = Literal["queued", "open", "good", "full", "gone"]


@dataclass(frozen=True)
class Retry(Call[RetryOutcome]):
    script: ClassVar[str] = "retry"
    job_id: str
    max_open: int


@dataclass(frozen=True)
class Expire(Call[bool]):
    script: ClassVar[str] = "expire"
    job_id: str
    early: bool

    def read(self, answer: Any) -> bool:
        return bool(answer)


# For workers


class Claimed(NamedTuple):
    """A slice that was claimed, its record, and the record of its job at the time `now`."""

    id: str
    slice: dict[str, str]
    job: dict[str, str]
    now: float


@dataclass(frozen=True)
class Claim(Call[Claimed | None]):
    """`slice_id`: this slice, and not the next. `after`: jobs that come after all others. `fetch`: documents may be
    downloaded, but from none of the servers `busy`.
    """

    script: ClassVar[str] = "claim"
    queue: str
    worker: str
    execution: str
    slice_id: str | None
    after: Sequence[str]
    fetch: bool
    busy: Sequence[str]

    def read(self, answer: Any) -> Claimed | None:
        if answer is None:
            return None
        found = named(answer)
        return Claimed(found["id"], named(found["slice"]), named(found["job"]), float(found["now"]))


@dataclass(frozen=True)
class ClaimToken:
    """What proves that a slice is in the hands of the caller."""

    slice_id: str
    fence: int
    execution: str

    @classmethod
    def of(cls, held: Slice) -> "ClaimToken":
        return cls(held.id, held.fence, held.execution)


@dataclass(frozen=True)
class SetPageCount(Call[bool]):
    """`total` and `slice_pages` are numbers of pages; `stored` are the pages of this slice that are there already."""

    script: ClassVar[str] = "set_page_count"
    claim: ClaimToken
    queue: str
    total: int
    slice_pages: int
    stored: Sequence[int]

    def read(self, answer: Any) -> bool:
        return bool(answer)


@dataclass(frozen=True)
class CountPage(Call[float | None]):
    """`error` is the code of the page's error; `seconds` are those of work."""

    script: ClassVar[str] = "page"
    claim: ClaimToken
    page: int
    error: str | None
    seconds: float

    def read(self, answer: Any) -> float | None:
        return None if answer is None else float(answer)


FinishOutcome = Literal["ended", "last", "lost"]


@dataclass(frozen=True)
class Finish(Call[FinishOutcome]):
    """`attempted`: this run counts as an attempt. `page_errors`: how many pages failed, where the result is there.
    `error`: why the job failed.
    """

    script: ClassVar[str] = "finish"
    claim: ClaimToken
    queue: str
    attempted: bool
    page_errors: int | None
    error: Mapping[str, str] | None


@dataclass(frozen=True)
class Requeue(Call[bool]):
    """`pause` is in seconds, for the place `delayed`. `crashes`: deaths of an engine host that the slice was there at.
    `fetched`: its document has been downloaded.
    """

    script: ClassVar[str] = "requeue"
    claim: ClaimToken
    queue: str
    place: Literal["front", "ring", "delayed"]
    pause: float
    crashes: int
    attempted: bool
    fetched: bool

    def read(self, answer: Any) -> bool:
        return bool(answer)


@dataclass(frozen=True)
class Renew(Call[set[str]]):
    script: ClassVar[str] = "renew"
    queue: str
    claims: Sequence[ClaimToken]

    def read(self, answer: Any) -> set[str]:
        return set(answer)


class Requeued(NamedTuple):
    """A slice that nobody worked on, and why."""

    slice_id: str
    reason: str


@dataclass(frozen=True)
class Reap(Call[list[Requeued]]):
    """`grace`: seconds a slice may be nowhere before it counts as lost. `owner`: a worker whose leases have all ended.
    `leases`: whether those of others are judged.
    """

    script: ClassVar[str] = "reap"
    queue: str
    grace: float
    owner: str | None
    leases: bool

    def read(self, answer: Any) -> list[Requeued]:
        return [Requeued(**named(requeued)) for requeued in answer]


class Waiting(NamedTuple):
    """A job that waits for a lane; `new`: it was never worked on, but perhaps downloaded."""

    job: str
    priority: Priority
    new: bool


@dataclass(frozen=True)
class Peek(Call[list[Waiting]]):
    script: ClassVar[str] = "peek"
    queue: str

    def read(self, answer: Any) -> list[Waiting]:
        found = [named(waiting) for waiting in answer]
        return [Waiting(one["job"], one["priority"], bool(one["new"])) for one in found]


@dataclass(frozen=True)
class CancelExecutions(Call[None]):
    script: ClassVar[str] = "cancel_executions"
    worker: str
    executions: Collection[str]


EngineState = Literal["able", "unavailable"]


@dataclass(frozen=True)
class SignOn(Call[None]):
    """`state` of the engine: None while it starts. `fields` go into RQ's record of the worker."""

    script: ClassVar[str] = "sign_on"
    worker: str
    engine: str
    state: EngineState | None
    reason: str | None
    fields: Mapping[str, str]
