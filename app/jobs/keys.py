"""Every key in the store is built here.

Ours: job:{id}, slice:{id}-{n}, idem:{client}:{sha}, active:{queue}, missing:{queue}, delayed:{queue}, events, outbox,
outbox:{id}, engines.
RQ's:  rq:* have the layout of rq 2.12, so that its tools see our queue; an entry's RQ job id is its slice's id.
"""

EVENTS = "events"
"""Stream of what happens to jobs, bounded."""

OUTBOX = "outbox"
"""Sorted set of the deliveries that are due, by time."""

OUTBOX_BELL = "outbox:bell"
"""List that is not empty after a delivery has come into the outbox: what its senders wait for."""

ENGINES = "engines"
"""Sorted set of the engines that live workers offer, by the time of their last beat."""

RQ_QUEUES = "rq:queues"
RQ_WORKERS = "rq:workers"


def job(job_id: str) -> str:
    return f"job:{job_id}"


def slice_(slice_id: str) -> str:
    return f"slice:{slice_id}"


def idempotency(client: str, digest: str) -> str:
    return f"idem:{client}:{digest}"


def active(queue: str) -> str:
    return f"active:{queue}"


def missing(queue: str) -> str:
    """Active slices that were found nowhere, by when that was first seen."""
    return f"missing:{queue}"


def delayed(queue: str) -> str:
    """Slices that wait for another attempt, by when it is due."""
    return f"delayed:{queue}"


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
