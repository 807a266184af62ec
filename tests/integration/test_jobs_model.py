"""The job layer against a model of it, on the real server: whatever clients, workers and others do to it, in whatever
order, no slice is lost, none is in two hands, and every job ends once.

MODEL_EXAMPLES=5000 makes a long run of it, of other examples every time.
"""

import asyncio
import itertools
import os
from collections import Counter, defaultdict
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar, cast

import pytest
import redis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from app.jobs.codec import decode_job
from app.jobs.models import ENDED, Job, Priority, Slice, Status
from app.jobs.queue import Jobs
from app.jobs.scripts import Waiting
from app.redis import keys
from app.redis.client import connect
from app.settings import Settings

EXAMPLES = int(os.environ.get("MODEL_EXAMPLES", "0"))
QUEUE = "pp_ocr"
WORKERS = ("here-0", "here-00")
CLIENTS = ("ann", "bob")
PRIORITIES: tuple[Priority, ...] = ("normal", "high", "low")
READY = 4  # entries that RQ's list is filled up to
LOOKED_AT = 7  # entries at its front that are looked at: READY, two for downloads, one handed back
MAX_QUEUED_JOBS = 8
PAST = 1.0  # a time that is over for all purposes
RESULT_TTL, TOMBSTONE, LEASE, PAUSE = 3600, 7 * 24 * 3600, 10, 60
SLOW = 600  # seconds that a step of ours may take at most, on whatever machine
UNKNOWN = "unknown-0"
LOST = "it was in no queue and held by no worker"

DUMP = """
local clock = redis.call('TIME')
local all = {{clock[1], clock[2], {}}}
for _, name in ipairs(redis.call('KEYS', '*')) do
  local kind, value = redis.call('TYPE', name).ok, {}
  if kind == 'hash' then value = redis.call('HGETALL', name)
  elseif kind == 'zset' then value = redis.call('ZRANGE', name, 0, -1, 'WITHSCORES')
  elseif kind == 'list' then value = redis.call('LRANGE', name, 0, -1)
  elseif kind == 'stream' then value = redis.call('XRANGE', name, '(' .. ARGV[1], '+') end
  all[#all + 1] = {name, redis.call('TTL', name), value}
end
return all
"""

T = TypeVar("T")
Data = st.DataObject
Place = Literal["queued", "held", "delayed", "lost", "ended"]


def pairs(words: list[str]) -> dict[str, str]:
    return dict(zip(words[::2], words[1::2], strict=True))


def job_of(slice_id: str) -> str:
    return slice_id.rpartition("-")[0]


class Seen:
    """All that the store held at one moment, with the events after the one named."""

    def __init__(self, store: "redis.Redis", after: str) -> None:
        (clock, *dump) = cast(Any, store.eval(DUMP, 0, after))
        self.now = int(clock[0]) + int(clock[1]) / 1e6
        self.ttls = {name: ttl for name, ttl, _ in dump}
        self.endless = [name for name, ttl, _ in dump if ttl < 0]
        self._values: dict[str, list[Any]] = {name: value for name, _, value in dump}
        self.queue: list[str] = self.list_of(keys.rq_queue(QUEUE))
        self.waiting = self.set_of(keys.waiting(QUEUE))
        self.events = [(event_id, pairs(words)) for event_id, words in self.list_of(keys.EVENTS)]

    def names(self, *starts: str) -> set[str]:
        """The keys that begin with one of these."""
        return {name for name in self._values if name.startswith(starts)}

    def list_of(self, name: str) -> list[Any]:
        return self._values.get(name, [])

    def hash_of(self, name: str) -> dict[str, str]:
        return pairs(self.list_of(name))

    def set_of(self, name: str) -> set[str]:
        return set(self.hash_of(name))

    def scores_of(self, name: str) -> dict[str, float]:
        return {member: float(score) for member, score in self.hash_of(name).items()}

    def entries(self, slice_id: str) -> int:
        """How often the slice stands in the queue."""
        return self.queue.count(slice_id) + (slice_id in self.waiting)


@dataclass(repr=False)
class Doc:
    """A job as it has to be; of its blobs, the `stored` pages with the codes of their errors."""

    job: Job
    pages: int
    seconds: float = 0.0
    stored: dict[int, str] = field(default_factory=dict)
    status: Status = Status.QUEUED
    total: int | None = None
    size: int | None = None
    slices_open: int = 1
    counted: set[int] = field(default_factory=set)
    pages_from: int | None = None
    attempts: int = 0
    page_errors: int = 0
    error: str | None = None
    over: bool = False  # its time has come
    unswept: bool = False
    buried: bool = False
    unlisted: set[str] = field(default_factory=set)
    """The sets that a listing has removed it from, its time having come."""

    @property
    def listings(self) -> set[str]:
        """The sets that it is in."""
        client, status = self.job.client, self.status.value
        every = {keys.jobs(client), keys.jobs_by_engine(QUEUE, status, client)}
        return set() if self.buried else every

    @property
    def id(self) -> str:
        return self.job.id

    @property
    def open(self) -> bool:
        return self.status not in ENDED

    def pages_of(self, number: int) -> list[int]:
        """The pages of a slice."""
        size = self.size or 2
        return list(range(1, self.pages + 1))[number * size :][:size]


@dataclass(repr=False)
class Piece:
    """A slice as it has to be. `place`: `queued` is in RQ's list or in the rings, `lost` is nowhere.

    It is `running` from its claim until it is handed back, found or ended, wherever others have put it meanwhile. It is
    `over` when the time of its lease or of its pause is.
    """

    id: str
    doc: Doc
    place: Place
    running: bool = False
    over: bool = False
    fence: int = 0
    attempts: int = 0
    crashes: int = 0
    worker: str = ""
    execution: str = ""


class JobMachine(RuleBasedStateMachine):
    """All that happens to jobs, one after the other: every transition is one script, so there is no other order."""

    def __init__(self, url: str) -> None:
        super().__init__()
        options = Settings(redis_url=url, result_ttl=RESULT_TTL, max_queued_jobs=MAX_QUEUED_JOBS)
        self.loop = asyncio.new_event_loop()
        self.client = connect(options)
        self.jobs = Jobs(self.client, options)
        self.store = redis.Redis.from_url(url, decode_responses=True)
        self.store.flushdb()
        self.numbers = itertools.count(1)
        self.docs: dict[str, Doc] = {}
        self.pieces: dict[str, Piece] = {}
        self.claims: dict[str, Slice] = {}
        """All that were ever claimed, by slice and fence."""
        self.known: dict[tuple[str, str], tuple[Doc, str]] = {}
        """What the idempotency keys stand for."""
        self.strays: Counter[str] = Counter()
        """Entries in RQ's list beside a slice's own, made by others. They go, or are taken for its own."""
        self.dropped: defaultdict[str, list[str]] = defaultdict(list)
        self.events: list[dict[str, str]] = []
        self.last_event = "0-0"
        self.pushed: list[str] = []
        """What this step put into RQ's list other than by filling it up."""
        self.robbed = False
        """Whether others took entries out of RQ's list, which nothing has filled up since."""
        self.sound = True
        """Whether all was well after the last step: only then is it any use to go on."""
        self.seen = Seen(self.store, self.last_event)

    def teardown(self) -> None:
        try:
            if self.sound:
                self.drain()
        finally:
            self.loop.run_until_complete(self.client.aclose())
            self.loop.close()
            self.store.close()

    def run(self, step: Coroutine[Any, Any, T]) -> T:
        self.sound = False
        return self.loop.run_until_complete(step)

    # What there is to choose from.

    def at(self, *places: Place) -> list[str]:
        return [piece.id for piece in self.pieces.values() if piece.place in places]

    def ended(self) -> list[str]:
        return [doc.id for doc in self.docs.values() if not doc.open]

    def is_full(self) -> bool:
        return len(self.docs) - len(self.ended()) >= MAX_QUEUED_JOBS

    def piece(self, held: Slice) -> Piece:
        return self.pieces[held.id]

    def holds(self, held: Slice) -> bool:
        return self.piece(held).running and self.piece(held).fence == held.fence

    def holders(self) -> list[str]:
        return [name for name, held in self.claims.items() if self.holds(held)]

    def late(self) -> list[str]:
        return [name for name, held in self.claims.items() if not self.holds(held)]

    def claimable(self, slice_id: str) -> bool:
        return slice_id in self.pieces and self.pieces[slice_id].place in ("queued", "delayed", "lost")

    def one_of_docs(self, data: Data, job_ids: Iterable[str]) -> Doc:
        return self.docs[data.draw(st.sampled_from(list(job_ids)))]

    def one_of_pieces(self, data: Data, slice_ids: Iterable[str]) -> Piece:
        return self.pieces[data.draw(st.sampled_from(list(slice_ids)))]

    def one_of_claims(self, data: Data, names: Iterable[str]) -> Slice:
        return self.claims[data.draw(st.sampled_from(list(names)))]

    # What is done, to the store and to the model.

    def tell(self, doc: Doc, **event: str) -> None:
        self.events.append({"job": doc.id} | event)

    def claim(self, worker: str, slice_id: str = "", after: Iterable[str] = ()) -> Slice | None:
        left, queue = set(after), self.seen.queue
        listed = [one for one in queue if self.claimable(one)]
        next_ones = [one for one in queue[:LOOKED_AT] if one in listed and job_of(one) not in left]
        if not left:
            next_ones = listed
        there = self.claimable(slice_id) if slice_id else bool(listed or self.at("queued"))
        held = self.run(self.jobs.claim(QUEUE, worker, slice_id, after=list(after)))
        assert (held is not None) is there
        if held is None:
            self.robbed |= slice_id in queue
            return None
        assert self.claimable(held.id)
        assert held.id == (slice_id or (next_ones[0] if next_ones else held.id))
        piece = self.piece(held)
        doc = piece.doc
        piece.fence += 1
        piece.place, piece.running, piece.over = "held", True, False
        piece.worker, piece.execution = worker, held.execution
        assert (held.fence, held.attempts, held.crashes) == (piece.fence, piece.attempts, piece.crashes)
        assert (held.job.id, held.job.pages_done, held.job.slice_pages) == (doc.id, len(doc.counted), doc.size)
        if doc.status is Status.QUEUED:
            doc.status = Status.RUNNING
            self.tell(doc, type="status", status="running")
        self.claims[f"{held.id}/{held.fence}"] = held
        self.robbed = False
        return held

    def prepare(self, held: Slice, size: int) -> None:
        doc = self.piece(held).doc
        if doc.size is None:
            doc.size, doc.total, doc.slices_open = size, doc.pages, -(-doc.pages // size)
            for number in range(1, doc.slices_open):
                slice_id = f"{doc.id}-{number}"
                piece = self.pieces.setdefault(slice_id, Piece(slice_id, doc, "ended"))
                assert piece.place == "ended"
                piece.place, piece.attempts, piece.crashes = "queued", 0, 0
                self.robbed = False
        stored = [number for number in doc.pages_of(held.number) if number in doc.stored]
        doc.counted.update(stored)
        if doc.pages_from is None:
            doc.pages_from = len(doc.counted)
        assert self.run(self.jobs.set_page_count(held, total=doc.pages, slice_pages=doc.size, stored=stored))

    def finish(
        self, held: Slice, *, error: str = "", attempted: bool = False, page_errors: int | None = None
    ) -> Literal["ended", "last", "lost"]:
        piece = self.piece(held)
        doc = piece.doc
        verdict = {"code": error, "message": "Oh."} if error else None
        answer = self.run(self.jobs.finish(held, verdict, attempted=attempted, page_errors=page_errors))
        if not error and doc.slices_open == 1 and page_errors is None:
            assert answer == "last"
            return answer
        assert answer == "ended"
        piece.attempts += attempted
        doc.attempts += attempted
        self.let_go(piece, "ended")
        doc.slices_open -= not error
        if error:
            self.end(doc, Status.FAILED, error)
        elif doc.slices_open == 0:
            doc.page_errors = page_errors or 0
            self.end(doc, Status.FINISHED)
        return answer

    def let_go(self, piece: Piece, place: Place) -> None:
        """A running slice is not looked for in the queue: an entry that others made of it stays until it is dropped."""
        if piece.running:
            self.strays[piece.id] += piece.place == "queued"
        else:
            self.strays[piece.id] = 0
        piece.place, piece.running, piece.over = place, False, False

    def end(self, doc: Doc, status: Status, error: str | None = None) -> None:
        for piece in self.pieces.values():
            if piece.doc is doc and piece.place != "ended":
                if piece.running:
                    self.dropped[piece.worker].append(piece.execution)
                self.let_go(piece, "ended")
        doc.status, doc.error, doc.unswept = status, error, True
        self.robbed &= status is Status.FINISHED  # what was emptied is filled by the next claim or beat
        self.tell(doc, type="status", status=status.value)

    def reap(self, owner: str = "", leases: bool = True, found: Iterable[str] = ()) -> None:
        """`found` are those that have been nowhere for long enough."""
        alive = [self.claims[name] for name in self.holders()]
        self.run(
            self.jobs.renew(QUEUE, [held for held in alive if not self.piece(held).over])
        )  # this machine may be slow
        self.store.delete(keys.audited(QUEUE))  # as if the last audit were long ago
        again = self.run(self.jobs.reap(QUEUE, owner=owner, leases=leases))
        due = {}
        for piece in self.pieces.values():
            if piece.place == "held" and owner and piece.worker == owner:
                due[piece.id] = "this worker held it when it last stopped"
            elif piece.place == "held" and leases and piece.over:
                due[piece.id] = "its lease has expired"
            elif piece.place == "delayed" and piece.over:
                due[piece.id] = "its pause is over"
        nowhere = {slice_id for slice_id, reason in again if reason == LOST}
        assert set(found) <= nowhere <= set(self.at("lost"))
        assert sorted(again) == sorted([*due.items(), *((slice_id, LOST) for slice_id in nowhere)])
        for slice_id, _ in again:
            piece = self.pieces[slice_id]
            piece.place, piece.running, piece.over = "queued", False, False
            if slice_id in self.seen.queue:
                self.strays[slice_id] -= 1
            else:
                self.pushed.append(slice_id)
        self.robbed = False

    def find_lost(self) -> None:
        """Lets the audit find all that is nowhere, and nothing else, as if everything had been as it is for long."""
        for name in (keys.active(QUEUE), keys.missing(QUEUE)):
            going = self.at("queued", "held", "delayed", "lost")
            if going:
                self.store.zadd(name, dict.fromkeys(going, PAST), xx=True)
            self.reap(found=self.at("lost") if name == keys.missing(QUEUE) else ())
            self.agrees()

    def expire_lease(self, piece: Piece) -> None:
        self.store.zadd(keys.rq_leases(QUEUE), {f"{piece.id}:{piece.execution}": PAST}, xx=True)
        piece.over = True

    def end_pause(self, piece: Piece) -> None:
        self.store.zadd(keys.delayed(QUEUE), {piece.id: PAST}, xx=True)
        piece.over = True

    def bury(self, doc: Doc, *, early: bool) -> None:
        goes = not doc.open and (early or doc.over)
        assert self.run(self.jobs.expire(doc.id, early=early)) is goes
        if goes:
            doc.buried = doc.over = doc.unswept = True
            self.known = {name: value for name, value in self.known.items() if value[0] is not doc}

    def buried(self, doc: Doc) -> None:
        self.run(self.jobs.forget_expired(doc.id))
        doc.unswept = False

    def push(self, slice_id: str, side: str) -> None:
        """Puts an entry into RQ's list as others may."""
        push = self.store.lpush if side == "left" else self.store.rpush
        push(keys.rq_queue(QUEUE), slice_id)
        self.store.expire(keys.rq_queue(QUEUE), 3600)
        self.pushed.append(slice_id)

    # The usual. It is one rule, and the first one, because hypothesis leaves some rules out of an example: without this
    # one there is none.

    @rule(data=st.data(), worker=st.sampled_from(WORKERS), steps=st.integers(1, 12))
    def works(self, data: Data, worker: str, steps: int) -> None:
        for _ in range(steps):
            kinds = ["submits"] * (1 if self.is_full() else 3)
            if self.docs:
                kinds += ["claims"] * 3
            if self.holders():
                kinds += ["prepares", "prepares", "reads", "reads", "finishes", "finishes"]
            kind = data.draw(st.sampled_from(kinds))
            if kind == "submits":
                self.submits(data)
            elif kind == "claims":
                self.claim(worker)
            elif kind == "prepares":
                self.prepare(self.one_of_claims(data, self.holders()), data.draw(st.sampled_from((2, 2, 3))))
            elif kind == "reads":
                self.reads(data)
            else:
                held = self.one_of_claims(data, self.holders())
                if self.finish(held, attempted=data.draw(st.booleans())) == "last" and data.draw(st.booleans()):
                    self.finish(held, page_errors=data.draw(st.integers(0, 1)))
            self.agrees()

    def submits(self, data: Data) -> None:
        key = data.draw(st.sampled_from((None, None, "key", "other")))
        fingerprint = data.draw(st.sampled_from("ffg"))
        job = Job(
            f"job{next(self.numbers):03}",
            Status.QUEUED,
            QUEUE,
            client=data.draw(st.sampled_from(CLIENTS)),
            priority=data.draw(st.sampled_from(PRIORITIES)),
            callback_url=data.draw(st.sampled_from((None, "http://a.test/hook"))),
        )
        known = self.known.get((job.client, key)) if key else None
        expected = ("created", job.id, Status.QUEUED)
        if known is not None:
            fits = known[1] == fingerprint
            expected = ("replayed", known[0].id, known[0].status) if fits else ("conflict", known[0].id, Status.QUEUED)
        elif self.is_full():
            expected = ("full", "", Status.QUEUED)
        else:
            doc = self.docs[job.id] = Doc(job, data.draw(st.integers(1, 8)))
            self.pieces[f"{job.id}-0"] = Piece(f"{job.id}-0", doc, "queued")
            self.robbed = False
            if key:
                self.known[job.client, key] = (doc, fingerprint)
        for _ in range(data.draw(st.integers(1, 2))):  # sent again after a lost answer
            assert self.run(self.jobs.submit(job, idempotency=key, fingerprint=fingerprint)) == expected

    def reads(self, data: Data) -> None:
        held = self.one_of_claims(data, self.holders())
        doc = self.piece(held).doc
        for page in data.draw(st.lists(st.sampled_from(doc.pages_of(held.number)), min_size=1, max_size=3)):
            error = doc.stored.setdefault(page, data.draw(st.sampled_from(("", "", "page_failed"))))
            if data.draw(st.sampled_from((True, True, True, False))):  # else it dies before it counts what it stored
                spent = self.run(self.jobs.page_done(held, page, error, 0.5))
                if page not in doc.counted:
                    doc.counted.add(page)
                    doc.seconds += 0.5
                    done = str(len(doc.counted))
                    self.tell(doc, type="page", page=str(page), error=error, done=done, total=str(doc.total or done))
                assert spent == doc.seconds

    # Clients.

    @precondition(lambda self: self.docs)
    @rule(data=st.data())
    def cancels(self, data: Data) -> None:
        doc = self.one_of_docs(data, [doc.id for doc in self.docs.values() if doc.open] or self.docs)
        assert self.run(self.jobs.cancel(doc.id)) is doc.open
        if doc.open:
            self.end(doc, Status.CANCELED, "canceled")

    @precondition(lambda self: self.docs)
    @rule(data=st.data())
    def retries(self, data: Data) -> None:
        worth = [job_id for job_id in self.ended() if self.docs[job_id].error and not self.docs[job_id].over]
        doc = self.one_of_docs(data, [*worth, *worth, *self.docs])
        outcome = self.run(self.jobs.retry(doc.id))
        if doc.open:
            assert outcome == "open"
        elif doc.over:
            assert outcome == "gone"
        elif doc.status is Status.FINISHED and not doc.page_errors:
            assert outcome == "good"
        elif self.is_full():
            assert outcome == "full"
        else:
            assert outcome == "queued"
            doc.status, doc.error, doc.page_errors, doc.unswept = Status.QUEUED, None, 0, False
            doc.size, doc.pages_from, doc.slices_open, doc.counted = None, None, 1, set()
            doc.seconds = 0.0
            doc.stored = {number: error for number, error in doc.stored.items() if not error}
            first = self.pieces[f"{doc.id}-0"]
            first.place, first.attempts, first.crashes = "queued", 0, 0
            self.robbed = False
            self.tell(doc, type="status", status="queued")

    @precondition(lambda self: self.docs)
    @rule(data=st.data(), early=st.booleans(), cut_off=st.booleans())
    def deletes(self, data: Data, early: bool, cut_off: bool) -> None:
        doc = self.one_of_docs(data, self.docs)
        self.bury(doc, early=early)
        if doc.buried and not cut_off:
            self.buried(doc)

    @precondition(lambda self: self.docs)
    @rule(
        client=st.sampled_from(CLIENTS),
        statuses=st.sets(st.sampled_from(Status)),
        engine=st.sampled_from((None, QUEUE, "other")),
        limit=st.integers(1, 4),
    )
    def lists(self, client: str, statuses: set[Status], engine: str | None, limit: int) -> None:
        listed: list[tuple[str, Status]] = []
        before = None
        for _ in range(len(self.docs) + 1):
            found, before = self.run(
                self.jobs.list_page(client, statuses=statuses, engine=engine, before=before, limit=limit)
            )
            listed += [(job.id, job.status) for job in found]
            assert before is None or len(found) == limit
            if before is None:
                break
        named = [
            doc
            for doc in reversed(self.docs.values())
            if doc.job.client == client and not doc.buried and engine in (None, QUEUE)
            if doc.status in (statuses or Status)
        ]
        assert listed == [(doc.id, doc.status) for doc in named if not doc.over]
        kind = "jobs_by_engine:" if engine or statuses else "jobs:"
        for doc in named:
            if doc.over:
                doc.unlisted |= {name for name in doc.listings if name.startswith(kind)}

    # Workers.

    @precondition(lambda self: self.docs)
    @rule(data=st.data(), worker=st.sampled_from(WORKERS))
    def claims_after_others(self, data: Data, worker: str) -> None:
        self.claim(worker, after=data.draw(st.lists(st.sampled_from(list(self.docs)), max_size=3, unique=True)))

    @precondition(lambda self: self.docs)
    @rule(data=st.data(), worker=st.sampled_from(WORKERS))
    def claims_by_name(self, data: Data, worker: str) -> None:
        self.claim(worker, data.draw(st.sampled_from([*self.pieces, UNKNOWN])))

    @precondition(lambda self: self.holders())
    @rule(data=st.data(), attempted=st.booleans(), error=st.sampled_from(("internal", "")))
    def ends_it(self, data: Data, attempted: bool, error: str) -> None:
        self.finish(self.one_of_claims(data, self.holders()), error=error, attempted=attempted, page_errors=0)

    @precondition(lambda self: self.holders())
    @rule(
        data=st.data(),
        where=st.sampled_from(("front", "ring", "pause")),
        crashed=st.booleans(),
        attempted=st.booleans(),
    )
    def hands_back(self, data: Data, where: str, crashed: bool, attempted: bool) -> None:
        held = self.one_of_claims(data, self.holders())
        pause, to_ring = PAUSE if where == "pause" else 0, where == "ring"
        crashes = held.crashes + 1 if crashed else None
        assert self.run(self.jobs.requeue(held, crashes=crashes, pause=pause, attempted=attempted, to_ring=to_ring))
        piece = self.piece(held)
        self.let_go(piece, "delayed" if pause else "queued")
        piece.crashes += crashed
        piece.attempts += attempted
        piece.doc.attempts += attempted
        self.pushed += [held.id] if where == "front" else []
        self.robbed &= not to_ring

    @precondition(lambda self: self.late())
    @rule(data=st.data())
    def is_late(self, data: Data) -> None:
        """All that a worker does to a slice that is no longer its own is refused."""
        held = self.one_of_claims(data, self.late())
        assert not self.run(self.jobs.set_page_count(held, total=8, slice_pages=2, stored=[1]))
        assert self.run(self.jobs.page_done(held, 1)) is None
        assert self.run(self.jobs.finish(held)) == "lost"
        assert self.run(self.jobs.finish(held, page_errors=0, attempted=True)) == "lost"
        assert self.run(self.jobs.finish(held, {"code": "internal", "message": "Oh."})) == "lost"
        assert not self.run(self.jobs.requeue(held, crashes=3, attempted=True))
        assert not self.run(self.jobs.requeue(held, to_ring=True))
        assert not self.run(self.jobs.requeue(held, pause=PAUSE))

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def renews(self, data: Data) -> None:
        held = self.one_of_claims(data, self.claims)
        assert self.run(self.jobs.renew(QUEUE, [held])) == (set() if self.holds(held) else {held.execution})
        if self.holds(held):
            self.piece(held).over = False

    @precondition(lambda self: self.docs)
    @rule(owner=st.sampled_from(("", "", *WORKERS)), leases=st.booleans())
    def reaps(self, owner: str, leases: bool) -> None:
        self.reap(owner, leases)

    @precondition(lambda self: self.docs)
    @rule()
    def looks_at_the_line(self) -> None:
        line = self.run(self.jobs.peek(QUEUE))
        assert [one.job for one in line] == [job_of(one) for one in self.seen.queue[:LOOKED_AT]]
        for one in line:
            doc = self.docs.get(one.job)
            if doc is not None and not doc.buried:
                assert one == Waiting(doc.id, doc.job.priority, doc.size is None)

    @precondition(lambda self: self.docs)
    @rule(limit=st.integers(1, 3))
    def sweeps(self, limit: int) -> None:
        due = {doc.id for doc in self.docs.values() if doc.unswept and doc.over}
        found = self.run(self.jobs.expired(limit))
        assert len(found) == min(limit, len(due))
        assert set(found) <= due
        for job_id in found:
            self.bury(self.docs[job_id], early=False)
            self.buried(self.docs[job_id])

    # Time.

    @precondition(lambda self: self.at("held"))
    @rule(data=st.data())
    def lease_expires(self, data: Data) -> None:
        self.expire_lease(self.one_of_pieces(data, self.at("held")))

    @precondition(lambda self: self.at("delayed"))
    @rule(data=st.data())
    def pause_is_over(self, data: Data) -> None:
        self.end_pause(self.one_of_pieces(data, self.at("delayed")))

    @precondition(lambda self: self.docs)
    @rule()
    def audits(self) -> None:
        self.find_lost()

    @precondition(lambda self: self.ended())
    @rule(data=st.data(), buried=st.booleans())
    def time_comes(self, data: Data, buried: bool) -> None:
        doc = self.one_of_docs(data, self.ended())
        if not doc.buried:
            self.store.hset(keys.job(doc.id), "expires_at", str(PAST))
            self.store.zadd(keys.EXPIRING, {doc.id: PAST})
            doc.over = True
        if buried:
            self.bury(doc, early=False)

    @precondition(lambda self: self.known)
    @rule(data=st.data())
    def idempotency_key_ends(self, data: Data) -> None:
        """Its time counts from the submission, that of its job from the end."""
        name = data.draw(st.sampled_from(list(self.known)))
        self.store.delete(keys.idempotency(*name))
        del self.known[name]

    # What others do: RQ's workers, its tools, their users.

    @precondition(lambda self: self.seen.queue)
    @rule(side=st.sampled_from(("left", "right")))
    def entry_is_lost(self, side: str) -> None:
        pop, at = (self.store.lpop, 0) if side == "left" else (self.store.rpop, -1)
        pop(keys.rq_queue(QUEUE))
        piece = self.pieces.get(self.seen.queue[at])
        if piece is not None and piece.place == "queued" and self.seen.entries(piece.id) == 1:
            piece.place = "lost"
        self.robbed = True

    @precondition(lambda self: self.seen.queue)
    @rule()
    def list_is_emptied(self) -> None:
        self.store.delete(keys.rq_queue(QUEUE))
        for slice_id in set(self.at("queued")) - self.seen.waiting:
            self.pieces[slice_id].place = "lost"
        self.robbed = True

    @precondition(lambda self: self.docs)
    @rule(data=st.data(), side=st.sampled_from(("left", "right")))
    def entry_is_made(self, data: Data, side: str) -> None:
        slice_id = data.draw(st.sampled_from([*self.pieces, UNKNOWN]))
        self.push(slice_id, side)
        if slice_id in self.at("lost"):
            self.pieces[slice_id].place = "queued"
        else:
            self.strays[slice_id] += 1

    @precondition(lambda self: self.at("held"))
    @rule(data=st.data(), queued=st.booleans())
    def lease_is_cleaned_up(self, data: Data, queued: bool) -> None:
        piece = self.one_of_pieces(data, self.at("held"))
        self.store.zrem(keys.rq_leases(QUEUE), f"{piece.id}:{piece.execution}")
        stray = self.seen.entries(piece.id) > 0
        if queued:
            self.push(piece.id, "right")
            self.strays[piece.id] += stray
        piece.place, piece.over = "queued" if queued or stray else "lost", False

    # What holds after every step.

    @invariant()
    def agrees(self) -> None:
        self.sound = False
        before, self.seen = self.seen.queue, Seen(self.store, self.last_event)
        assert self.seen.endless == []
        for doc in self.docs.values():
            self.record_agrees(doc)
        for piece in self.pieces.values():
            self.piece_agrees(piece)
        self.places_agree()
        self.rings_agree()
        self.list_is_short(before)
        self.sets_agree()
        self.times_agree()
        assert [event for _, event in self.seen.events] == self.events
        self.last_event = self.seen.events[-1][0] if self.seen.events else self.last_event
        self.events, self.pushed = [], []
        self.sound = True

    def record_agrees(self, doc: Doc) -> None:
        fields = self.seen.hash_of(keys.job(doc.id))
        job = decode_job(fields, self.seen.now)
        assert job.status is doc.status
        assert (job.expires_at is None) is doc.open
        assert job.expired is doc.over
        if doc.buried:
            left = {name for name in self.seen.names("") if doc.id in name}
            assert left - self.seen.names("rq:execution") == {keys.job(doc.id)}
            return
        assert (job.pages_done, job.attempts, job.page_errors) == (len(doc.counted), doc.attempts, doc.page_errors)
        assert (job.slice_pages, job.pages_total, job.pages_from) == (doc.size, doc.total, doc.pages_from or 0)
        assert (job.error or {}).get("code") == doc.error
        assert (job.finished_at is None) is doc.open
        assert bool(self.seen.names(keys.pages(doc.id))) is (doc.open and bool(doc.counted))
        if doc.open:
            open_pieces = [piece for piece in self.pieces.values() if piece.doc is doc and piece.place != "ended"]
            assert int(fields["slices_open"]) == doc.slices_open == len(open_pieces)

    def piece_agrees(self, piece: Piece) -> None:
        fields = self.seen.hash_of(keys.slice_(piece.id))
        if piece.place == "ended":
            assert fields.get("status") not in ("queued", "running")
            return
        assert fields["status"] == ("running" if piece.running else "queued")
        numbers = [int(fields.get(name, 0)) for name in ("fence", "attempts", "crashes")]
        assert numbers == [piece.fence, piece.attempts, piece.crashes]

    def places_agree(self) -> None:
        """Every slice is where it has to be and nowhere else."""
        assert set(self.seen.queue) <= {*self.pieces, UNKNOWN}
        assert self.seen.waiting <= set(self.at("queued"))
        assert self.seen.set_of(keys.delayed(QUEUE)) == set(self.at("delayed"))
        leases = {f"{piece.id}:{piece.execution}" for piece in self.pieces.values() if piece.place == "held"}
        assert self.seen.set_of(keys.rq_leases(QUEUE)) == leases
        for piece in self.pieces.values():
            more = self.seen.entries(piece.id) - (piece.place == "queued")
            assert 0 <= more <= self.strays[piece.id], f"{piece.id} is {piece.place}"
            self.strays[piece.id] = more

    def rings_agree(self) -> None:
        """A job is in its client's ring once, and a client in that of the priority, while it has waiting slices."""
        rings: defaultdict[str, set[str]] = defaultdict(set)
        for slice_id in self.seen.waiting:
            job = self.docs[job_of(slice_id)].job
            rings[keys.waiting_slices(job.id)].add(slice_id)
            rings[keys.waiting_jobs(QUEUE, job.priority, job.client)].add(job.id)
            rings[keys.waiting_clients(QUEUE, job.priority)].add(job.client)
        stored = {name: sorted(self.seen.list_of(name)) for name in self.seen.names("waiting:")}
        stored.pop(keys.waiting(QUEUE), None)
        assert stored == {name: sorted(members) for name, members in rings.items()}

    def list_is_short(self, before: list[str]) -> None:
        """RQ's list is filled up to READY, with one slice of a job at most, and not left empty while others wait."""
        queue = self.seen.queue
        assert len(queue) <= max(READY, len(before) + len(self.pushed))
        jobs, pushed = Counter(map(job_of, queue)), set(map(job_of, self.pushed))
        filled = set(map(job_of, Counter(queue) - Counter(before))) - pushed
        assert {job for job in filled if jobs[job] > 1} == set()
        if len(queue) < READY and not self.robbed:
            assert set(map(job_of, self.seen.waiting)) <= set(jobs)

    def sets_agree(self) -> None:
        docs = [doc for doc in self.docs.values() if not doc.buried]
        active = set(self.at("queued", "held", "delayed", "lost"))
        assert self.seen.set_of(keys.active(QUEUE)) == active
        assert self.seen.set_of(keys.missing(QUEUE)) <= active
        assert self.seen.set_of(keys.OPEN) == {doc.id for doc in docs if doc.open}
        assert self.seen.set_of(keys.EXPIRING) == {doc.id for doc in self.docs.values() if doc.unswept}
        due = {doc.id for doc in docs if doc.job.callback_url and not doc.open}
        assert self.seen.set_of(keys.OUTBOX) == due
        assert self.seen.names("outbox:") - {keys.OUTBOX_BELL} == set(map(keys.outbox, due))
        self.listings_agree()
        for worker in WORKERS:
            assert sorted(self.seen.list_of(keys.cancellations(worker))) == sorted(self.dropped[worker])
        stored = {name: self.seen.hash_of(name)["job"] for name in self.seen.names("idem:")}
        assert stored == {keys.idempotency(*name): doc.id for name, (doc, _) in self.known.items()}

    def listings_agree(self) -> None:
        """Every job is in the sets of its client, its status and its engine, by when it came, and in no other."""
        expected: defaultdict[str, dict[str, float]] = defaultdict(dict)
        for doc in self.docs.values():
            for name in doc.listings - doc.unlisted:
                expected[name][doc.id] = float(self.seen.hash_of(keys.job(doc.id))["created_at"])
        assert {name: self.seen.scores_of(name) for name in self.seen.names("jobs:", "jobs_by_")} == expected

    def times_agree(self) -> None:
        """Scores and TTLs, on the store's clock."""
        seen, now = self.seen, self.seen.now
        leases, delayed = seen.scores_of(keys.rq_leases(QUEUE)), seen.scores_of(keys.delayed(QUEUE))
        for piece in self.pieces.values():
            if piece.place == "held":
                self.is_soon(leases[f"{piece.id}:{piece.execution}"], LEASE, over=piece.over)
            elif piece.place == "delayed":
                self.is_soon(delayed[piece.id], PAUSE, over=piece.over)
        for name in (keys.active(QUEUE), keys.missing(QUEUE), keys.waiting(QUEUE)):
            assert all(score <= now for score in seen.scores_of(name).values())
        opened, expiring, due = (seen.scores_of(name) for name in (keys.OPEN, keys.EXPIRING, keys.OUTBOX))
        for doc in self.docs.values():
            fields, ttl = seen.hash_of(keys.job(doc.id)), seen.ttls[keys.job(doc.id)]
            created = float(fields["created_at"])
            assert now - SLOW < created <= now
            assert TOMBSTONE - SLOW < ttl - (0 if doc.buried else RESULT_TTL) <= TOMBSTONE
            if doc.buried:
                assert expiring.get(doc.id, now) <= now
                continue
            if doc.open:
                assert created <= opened[doc.id] <= now
                continue
            ended = float(fields["finished_at"])
            assert created <= ended <= now
            assert float(fields["expires_at"]) == expiring[doc.id] == (PAST if doc.over else ended + RESULT_TTL)
            assert due.get(doc.id, ended) == ended
            for status in ("finished", "failed", "canceled"):
                for slice_id, until in seen.scores_of(keys.rq_registry(status, QUEUE)).items():
                    assert job_of(slice_id) != doc.id or until <= ended + RESULT_TTL

    def is_soon(self, at: float, seconds: float, *, over: bool) -> None:
        assert at == PAST if over else self.seen.now + seconds - SLOW < at <= self.seen.now + seconds

    def drain(self) -> None:
        """Every job comes to its end, whatever was done to it, and leaves nothing in the queue."""
        for slice_id in self.at("held"):
            self.expire_lease(self.pieces[slice_id])
        for slice_id in self.at("delayed"):
            self.end_pause(self.pieces[slice_id])
        self.find_lost()
        while (held := self.claim(WORKERS[0])) is not None:
            self.agrees()
            self.prepare(held, 2)
            if self.finish(held) == "last":
                self.finish(held, page_errors=0)
            self.agrees()
        self.agrees()
        assert all(not doc.open for doc in self.docs.values())
        assert self.seen.queue == []
        assert self.seen.names("waiting:", "active:", "delayed:", "missing:", "rq:wip:", keys.OPEN) == set()


@pytest.mark.slow
@pytest.mark.timeout(0 if EXAMPLES else 600)  # to find the shortest counterexample takes a while
def test_every_job_ends_once_whatever_happens(store_server: str) -> None:
    run_state_machine_as_test(
        lambda: JobMachine(store_server),  # type: ignore[arg-type]
        settings=settings(
            max_examples=EXAMPLES or 100,
            stateful_step_count=40,
            derandomize=not EXAMPLES,
            deadline=None,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
