"""The registry of all keys in the store.

Each key is declared once, as a constant or as a function of its parameters. From the declaration come the builder in
Python (`keys.job(job_id)`), the one in the Lua scripts (`key.job(job_id)`), and the table in docs/architecture.md.

The names in the store never change: during an upgrade, processes of two versions share it. The keys rq:* have the
layout of rq 2.12, so that its tools see the queue; the RQ job id of an entry is the id of its slice.
"""

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from app.settings import TOMBSTONE_TTL


@dataclass(frozen=True)
class Ttl:
    """How long a key lives after it was last touched: `seconds`, plus RESULT_TTL if `with_result`."""

    seconds: int
    with_result: bool = False

    def total(self, result_ttl: int) -> int:
        """Seconds, for a given RESULT_TTL."""
        return self.seconds + (result_ttl if self.with_result else 0)

    @property
    def lua(self) -> str:
        return f"{self.seconds} + RESULT_TTL" if self.with_result else str(self.seconds)


RECORD = Ttl(TOMBSTONE_TTL, with_result=True)
"""As long as the record of a job, including its tombstone."""
RESULT = Ttl(0, with_result=True)
DAY, HOUR, MINUTE = Ttl(24 * 3600), Ttl(3600), Ttl(60)


@dataclass(frozen=True)
class Key:
    """One declared key."""

    name: str
    """In code: the name of the builder."""
    template: str
    """In the store, with the parameters in braces."""
    parameters: tuple[str, ...]
    holds: str
    ttl: Ttl

    @property
    def lua(self) -> str:
        """The Lua expression of the builder: a function, or a string if there are no parameters."""
        if not self.parameters:
            return f"'{self.template}'"
        joined = {name: f"' .. {name} .. '" for name in self.parameters}
        words = f"'{self.template.format(**joined)}'".removesuffix(" .. ''")
        return f"function({', '.join(self.parameters)}) return {words} end"


REGISTRY: dict[str, Key] = {}
"""Every key, by its name in code."""

Builder = TypeVar("Builder", bound=Callable[..., str])


def _constant(name: str, template: str, ttl: Ttl, holds: str) -> str:
    """Declares a key without parameters."""
    REGISTRY[name] = Key(name, template, (), holds, ttl)
    return template


def _key(ttl: Ttl) -> Callable[[Builder], Builder]:
    """Declares a key with parameters: the function builds it, and its docstring says what it holds."""

    def declare(build: Builder) -> Builder:
        parameters = tuple(inspect.signature(build).parameters)
        template = build(*(f"{{{name}}}" for name in parameters))
        REGISTRY[build.__name__] = Key(build.__name__, template, parameters, inspect.getdoc(build) or "", ttl)
        return build

    return declare


def lua(builders: Iterable[str], lives: Iterable[str]) -> str:
    """Two tables for a script: `key`, of the builders of these names, and `ttl`, of the lives of these, in seconds.

    Where a life is counted from RESULT_TTL, the script has a constant of that name.
    """
    key = "".join(f"  {name} = {REGISTRY[name].lua},\n" for name in builders)
    ttl = "".join(f"  {name} = {REGISTRY[name].ttl.lua},\n" for name in lives)
    return f"local key = {{\n{key}}}\nlocal ttl = {{\n{ttl}}}"


# Jobs


@_key(RECORD)
def job(job_id: str) -> str:
    """Hash: the record of a job; once it has expired, its tombstone."""
    return f"job:{job_id}"


@_key(RECORD)
def pages(job_id: str) -> str:
    """Bitmap: the pages of an open job that are counted as done."""
    return f"pages:{job_id}"


@_key(RESULT)
def idempotency(client: str, digest: str) -> str:
    """Hash: the job that an idempotency key has led to, and the fingerprint of the request."""
    return f"idem:{client}:{digest}"


@_key(RECORD)
def jobs(client: str) -> str:
    """Sorted set: the jobs of a client that have not expired, by submission time."""
    return f"jobs:{client}"


@_key(RECORD)
def jobs_by_engine(engine: str, status: str, client: str) -> str:
    """Sorted set: the same, only those of one engine with one status."""
    return f"jobs_by_engine:{engine}:{status}:{client}"


OPEN = _constant(
    "OPEN", "open", RECORD, "Sorted set: the jobs that have not ended, by submission time. `MAX_QUEUED_JOBS` bounds it."
)
EXPIRING = _constant(
    "EXPIRING", "expiring", RECORD, "Sorted set: the ended jobs that still have files, by expiry time."
)
ENDED_SECRETS = _constant(
    "ENDED_SECRETS",
    "ended:secrets",
    RECORD,
    "Set: the ended jobs whose headers or password may still be stored; a sweeper removes them.",
)
EVENTS = _constant("EVENTS", "events", RECORD, "Stream, bounded: changes of status and pages that are done.")

# Slices and their order


@_key(RECORD)
def slice_(slice_id: str) -> str:
    """Hash: the record of a slice."""
    return f"slice:{slice_id}"


@_key(RECORD)
def active(queue: str) -> str:
    """Sorted set: the slices that have not ended, by creation time."""
    return f"active:{queue}"


@_key(RECORD)
def waiting(queue: str) -> str:
    """Sorted set: the slices in the rings, by the time they entered."""
    return f"waiting:{queue}"


@_key(RECORD)
def waiting_clients(queue: str, priority: str) -> str:
    """List, a ring: the clients that have waiting jobs of this priority; the first is next."""
    return f"waiting:{queue}:{priority}"


@_key(RECORD)
def waiting_jobs(queue: str, priority: str, client: str) -> str:
    """List, a ring: the jobs of a client that have waiting slices."""
    return f"waiting:{queue}:{priority}:{client}"


@_key(RECORD)
def waiting_slices(job_id: str) -> str:
    """List: the waiting slices of a job."""
    return f"waiting:{job_id}"


@_key(RECORD)
def turns(queue: str) -> str:
    """Counter: the slices taken from the rings. One turn in five does not begin with the highest priority."""
    return f"turns:{queue}"


@_key(RECORD)
def delayed(queue: str) -> str:
    """Sorted set: the slices that wait for another attempt, by the time it is due."""
    return f"delayed:{queue}"


@_key(RECORD)
def missing(queue: str) -> str:
    """Sorted set: the active slices that were found nowhere, by the time that was first noticed."""
    return f"missing:{queue}"


@_key(Ttl(3))
def audited(queue: str) -> str:
    """Flag: an audit of the queue was recent."""
    return f"audited:{queue}"


@_key(RECORD)
def cursor(queue: str, name: str) -> str:
    """Number: how far the audits of the queue have come in the sorted set `name`."""
    return f"cursor:{queue}:{name}"


@_key(MINUTE)
def cancellations(worker: str) -> str:
    """List: the executions that a worker has to cancel because their jobs have ended."""
    return f"dropped:{worker}"


# Callbacks

OUTBOX = _constant("OUTBOX", "outbox", RECORD, "Sorted set: the jobs whose callback is still to be delivered, by time.")
OUTBOX_BELL = _constant(
    "OUTBOX_BELL", "outbox:bell", MINUTE, "List: not empty after a callback has come in; senders block on it."
)


@_key(RESULT)
def outbox(job_id: str) -> str:
    """Hash: the callback of a job, and what became of it."""
    return f"outbox:{job_id}"


# Workers and their engines

ENGINES = _constant("ENGINES", "engines", HOUR, "Sorted set: the engines of the workers, by their last heartbeat.")
ENGINES_ABLE = _constant(
    "ENGINES_ABLE",
    "engines:able",
    HOUR,
    "Sorted set: the same for workers that could work then; the VLM server of an engine may be unavailable.",
)
ENGINES_UNAVAILABLE = _constant(
    "ENGINES_UNAVAILABLE", "engines:faults", HOUR, "Hash: for each engine, why it last could not work."
)

# Storage

PROBE = _constant("PROBE", "probe", MINUTE, "Written to see whether the store accepts writes.")
DATA_ID = _constant("DATA_ID", "data:id", RECORD, "The id of the `DATA_DIR` that has the files of these jobs.")
DATA_USED = _constant(
    "DATA_USED", "data:used", DAY, "Number: bytes in `DATA_DIR`, as last measured plus what was added."
)
DATA_RESERVED = _constant(
    "DATA_RESERVED",
    "data:reserved",
    HOUR,
    "Sorted set: reservations `{id}:{bytes}` for files that are being written, by the time they lapse.",
)

# RQ's

RQ_QUEUES = _constant("RQ_QUEUES", "rq:queues", RECORD, "Set: the keys of RQ's queues.")
RQ_WORKERS = _constant("RQ_WORKERS", "rq:workers", HOUR, "Set: the keys of RQ's workers.")


@_key(RECORD)
def rq_queue(queue: str) -> str:
    """List: the entries of RQ's queue, which are slices; workers block on it."""
    return f"rq:queue:{queue}"


@_key(RECORD)
def rq_leases(queue: str) -> str:
    """Sorted set: the leases `{slice_id}:{execution}`, by the time they end."""
    return f"rq:wip:{queue}"


@_key(RECORD)
def rq_registry(status: str, queue: str) -> str:
    """Sorted set: the slices that ended with this status, by expiry time."""
    return f"rq:{status}:{queue}"


@_key(RECORD)
def rq_job(slice_id: str) -> str:
    """Hash: RQ's record of an entry."""
    return f"rq:job:{slice_id}"


@_key(MINUTE)
def rq_execution(slice_id: str, execution: str) -> str:
    """Hash: RQ's record of an execution."""
    return f"rq:execution:{slice_id}:{execution}"


@_key(Ttl(120))
def rq_executions(slice_id: str) -> str:
    """Sorted set: the executions of an entry."""
    return f"rq:executions:{slice_id}"


@_key(MINUTE)
def rq_worker(name: str) -> str:
    """Hash: RQ's record of a worker."""
    return f"rq:worker:{name}"


@_key(HOUR)
def rq_queue_workers(queue: str) -> str:
    """Set: the keys of the workers of one queue."""
    return f"rq:workers:{queue}"
