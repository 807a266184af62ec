"""What a page may cost, by the clock of its process."""

import psutil
import pytest

from worker.engine_host.page_pool import PACE, PagePool, _Overrun
from worker.engine_host.page_processes import Limits
from worker.scheduling.child_clock import ChildClock

SECONDS = 60.0


def check(*, cpu: float = 0.0, own: float = 0.0, idle: float = 0.0, wall: float = 0.0) -> None:
    """Raises where a page is to be stopped whose clock says this."""
    clock = ChildClock(psutil.Process())
    clock.cpu, clock.own, clock.idle, clock.wall = cpu, own, idle, wall
    PagePool(1, "", Limits(SECONDS, 700, 1))._check(clock)


def test_a_page_may_take_as_long_as_others_keep_the_cpu_from_it() -> None:
    check(cpu=59, own=59, wall=3600)


def test_a_page_may_wait_for_the_disk_between_pieces_of_work() -> None:
    check(cpu=20, own=300, idle=40, wall=300)


@pytest.mark.parametrize(
    ("clock", "message"),
    [
        ({"cpu": 61.0, "own": 61.0, "wall": 3600.0}, "took more than 60 s of CPU (PAGE_TIMEOUT)"),
        ({"idle": 61.0, "own": 61.0, "wall": 61.0}, "made no progress within 60 s (PAGE_TIMEOUT)"),
        ({"cpu": 1.0, "own": PACE * SECONDS + 1, "wall": 700.0}, "made no progress within 60 s (PAGE_TIMEOUT)"),
    ],
)
def test_a_page_is_stopped(clock: dict[str, float], message: str) -> None:
    with pytest.raises(_Overrun) as overrun:
        check(**clock)
    assert (str(overrun.value), overrun.value.code) == (message, "page_timeout")
