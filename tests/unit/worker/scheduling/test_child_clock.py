"""The clock of a child: what counts as its own time, and what does not."""

import asyncio
import contextlib
import subprocess
import time
from collections import namedtuple
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from app.processes.die_with_parent import die_with_parent
from worker.scheduling.child_clock import LOOK, STEP_MAX, ChildClock, answer_within

Times = namedtuple("Times", "user system")
Memory = namedtuple("Memory", "rss")


class Scripted:
    """A process whose CPU and state the test sets."""

    def __init__(self) -> None:
        self.cpu = 5.0
        self.state: str = psutil.STATUS_SLEEPING

    def oneshot(self) -> Any:
        return contextlib.nullcontext()

    def cpu_times(self) -> Times:
        return Times(self.cpu, 0.0)

    def status(self) -> str:
        return self.state

    def memory_info(self) -> Memory:
        return Memory(7 << 20)


class Bench:
    """A clock on a scripted process; `passes` is what a look sees after a while."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)
        self.process = Scripted()
        self.clock = ChildClock(self.process)
        self.clock.look()

    def passes(self, seconds: float, *, cpu: float = 0.0, state: str = psutil.STATUS_SLEEPING) -> None:
        self.now += seconds
        self.process.cpu += cpu
        self.process.state = state
        self.clock.look()


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(monkeypatch)


def test_the_time_before_the_first_look_counts(bench: Bench) -> None:
    bench.clock = ChildClock(bench.process)
    bench.passes(LOOK, state=psutil.STATUS_RUNNING)
    assert bench.clock.own == pytest.approx(LOOK)


def test_the_cpu_of_the_child_counts(bench: Bench) -> None:
    for _ in range(40):
        bench.passes(LOOK, cpu=LOOK / 2, state=psutil.STATUS_RUNNING)
    assert bench.clock.own == pytest.approx(20 * LOOK)
    assert bench.clock.wall == pytest.approx(40 * LOOK)
    assert bench.clock.memory_mb == 7


@pytest.mark.parametrize("state", [psutil.STATUS_SLEEPING, psutil.STATUS_STOPPED, psutil.STATUS_DISK_SLEEP])
def test_a_child_that_does_nothing_runs_out_of_time(bench: Bench, state: str) -> None:
    looks = 0
    while not bench.clock.past(2):
        bench.passes(LOOK, state=state)
        looks += 1
    assert looks == pytest.approx(2 / LOOK, abs=1)


def test_time_in_which_others_have_the_cpu_does_not_count(bench: Bench) -> None:
    for look in range(1000):
        bench.passes(LOOK, cpu=0.01 if look % 10 == 0 else 0, state=psutil.STATUS_RUNNING)
    assert bench.clock.own == pytest.approx(1)
    assert not bench.clock.past(1.1)


def test_a_pause_of_the_machine_does_not_count(bench: Bench) -> None:
    bench.passes(LOOK, cpu=LOOK, state=psutil.STATUS_RUNNING)
    bench.passes(3600, state=psutil.STATUS_STOPPED)
    assert bench.clock.own <= LOOK + STEP_MAX
    bench.now += 3600
    bench.clock.stop()
    assert bench.clock.wall == pytest.approx(LOOK + 2 * STEP_MAX)


def test_many_threads_do_not_make_the_clock_run_faster(bench: Bench) -> None:
    for _ in range(10):
        bench.passes(LOOK, cpu=16 * LOOK, state=psutil.STATUS_RUNNING)
    assert bench.clock.own > 5
    assert not bench.clock.past(11 * LOOK)


def test_a_child_that_gets_on_is_not_idle(bench: Bench) -> None:
    """Be it slowly: it waits for the CPU, or for the disk between two pieces of work."""
    for _ in range(100):
        bench.passes(LOOK, state=psutil.STATUS_RUNNING)
        assert bench.clock.idle == 0
        bench.passes(LOOK, state=psutil.STATUS_DISK_SLEEP)
        bench.passes(LOOK, state=psutil.STATUS_DISK_SLEEP)
        assert bench.clock.idle == pytest.approx(2 * LOOK)
        bench.passes(LOOK, cpu=0.01, state=psutil.STATUS_SLEEPING)
        assert bench.clock.idle == 0
    assert bench.clock.cpu == pytest.approx(1)
    assert bench.clock.own == pytest.approx(1 + 200 * LOOK)


@pytest.fixture
def sleeper() -> Iterator[psutil.Process]:
    with subprocess.Popen(die_with_parent("sleep", "600")) as process:
        yield psutil.Process(process.pid)
        process.kill()


@pytest.mark.anyio
async def test_an_answer_that_does_not_come_is_waited_for_by_the_childs_clock(sleeper: psutil.Process) -> None:
    sleeper.suspend()
    call = asyncio.Event()
    waiting = asyncio.create_task(answer_within(0.5, sleeper.pid, call.wait()))
    await asyncio.sleep(2 * LOOK)
    time.sleep(1.5)
    await asyncio.sleep(0)
    assert not waiting.done()
    with pytest.raises(TimeoutError):
        await waiting


@pytest.mark.anyio
async def test_answers_and_errors_come_through(sleeper: psutil.Process) -> None:
    async def fail() -> None:
        raise KeyError

    assert await answer_within(5, sleeper.pid, asyncio.sleep(0, "answer")) == "answer"
    with pytest.raises(KeyError):
        await answer_within(5, sleeper.pid, fail())
    sleeper.kill()
    sleeper.wait()
    assert await answer_within(5, sleeper.pid, asyncio.sleep(0, "answer")) == "answer"
