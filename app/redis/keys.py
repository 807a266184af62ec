"""Every key in the store is built here; `lua()` gives the scripts the same builders.

RQ's (rq:*) have the layout of rq 2.12, so that its tools see our queue; an entry's RQ job id is its slice's id.
"""

import inspect

EVENTS = "events"
"""Stream of what happens to jobs, bounded."""

OPEN = "open"
"""Sorted set of the jobs that have not ended, by when they came."""

EXPIRING = "expiring"
"""Sorted set of the ended jobs whose blobs are there, by when they expire."""

ENDED_SECRETS = "ended:secrets"
"""Set of ended jobs whose headers or password may still be in the blob store."""

OUTBOX = "outbox"
"""Sorted set of the deliveries that are due, by time."""

OUTBOX_BELL = "outbox:bell"
"""List that is not empty after a delivery has come into the outbox: what its senders wait for."""

ENGINES = "engines"
"""Sorted set of the engines that live workers offer, by the time of their last beat."""

ENGINES_ABLE = "engines:able"
"""The same of workers that can work at that time: a VLM server that an engine needs may be away."""

ENGINES_UNAVAILABLE = "engines:faults"
"""Hash: why an engine could not work when a worker last said so."""

PROBE = "probe"
"""Written to see whether the store takes writes."""

DATA_ID = "data:id"
"""The id of the DATA_DIR that has the files of this store's jobs."""

DATA_USED = "data:used"
"""Bytes in DATA_DIR, as they were last counted and with what has come since."""

DATA_RESERVED = "data:reserved"
"""Sorted set of what is being written to DATA_DIR, as {id}:{bytes}, by when that is given up."""

RQ_QUEUES = "rq:queues"
RQ_WORKERS = "rq:workers"


def job(job_id: str) -> str:
    return f"job:{job_id}"


def jobs(client: str) -> str:
    """Sorted set of a client's jobs, by when they came; expired ones are not in it."""
    return f"jobs:{client}"


def jobs_by_engine(engine: str, status: str, client: str) -> str:
    """Of a client's jobs, those of that engine with that status, scored like all of them."""
    return f"jobs_by_engine:{engine}:{status}:{client}"


def slice_(slice_id: str) -> str:
    return f"slice:{slice_id}"


def pages(job_id: str) -> str:
    """Bitmap of the job's pages that are counted as done."""
    return f"pages:{job_id}"


def idempotency(client: str, digest: str) -> str:
    return f"idem:{client}:{digest}"


def active(queue: str) -> str:
    """The slices that have not ended, by when they came."""
    return f"active:{queue}"


def missing(queue: str) -> str:
    """Active slices that were found nowhere, by when that was first seen."""
    return f"missing:{queue}"


def delayed(queue: str) -> str:
    """Slices that wait for another attempt, by when it is due."""
    return f"delayed:{queue}"


def waiting(queue: str) -> str:
    """The slices that wait in the rings below, by when they came."""
    return f"waiting:{queue}"


def waiting_clients(queue: str, priority: str) -> str:
    """Ring of the clients with waiting jobs of that priority; the first is next."""
    return f"waiting:{queue}:{priority}"


def waiting_jobs(queue: str, priority: str, client: str) -> str:
    """Ring of a client's jobs with waiting slices."""
    return f"waiting:{queue}:{priority}:{client}"


def waiting_slices(job_id: str) -> str:
    """List of a job's waiting slices."""
    return f"waiting:{job_id}"


def audited(queue: str) -> str:
    """There for as long as the queue's last audit is recent."""
    return f"audited:{queue}"


def cursor(queue: str, name: str) -> str:
    """How far the audits of the queue have come in the sorted set of that name."""
    return f"cursor:{queue}:{name}"


def turns(queue: str) -> str:
    """Counter of the slices taken from the rings."""
    return f"turns:{queue}"


def cancellations(worker: str) -> str:
    """List of the executions that a worker is to let go of: their jobs have ended."""
    return f"cancellations:{worker}"


def outbox(job_id: str) -> str:
    return f"outbox:{job_id}"


def rq_queue(queue: str) -> str:
    return f"rq:queue:{queue}"


def rq_leases(queue: str) -> str:
    return f"rq:wip:{queue}"


def rq_registry(status: str, queue: str) -> str:
    return f"rq:{status}:{queue}"


def rq_job(slice_id: str) -> str:
    return f"rq:job:{slice_id}"


def rq_execution(slice_id: str, execution: str) -> str:
    return f"rq:execution:{slice_id}:{execution}"


def rq_executions(slice_id: str) -> str:
    return f"rq:executions:{slice_id}"


def rq_worker(name: str) -> str:
    return f"rq:worker:{name}"


def rq_queue_workers(queue: str) -> str:
    return f"rq:workers:{queue}"


def lua() -> str:
    """The builders as a Lua table: `key.job(id)` is job(id), `key.EVENTS` is EVENTS."""
    lines = ["local key = {}"]
    for name, value in globals().items():
        if name.isupper():
            lines.append(f"key.{name} = '{value}'")
        elif inspect.isfunction(value) and value is not lua:
            parameters = list(inspect.signature(value).parameters)
            words = value(*(f"' .. {parameter} .. '" for parameter in parameters))
            lines.append(f"key.{name} = function({', '.join(parameters)}) return '{words}' end")
    return "\n".join(lines)
