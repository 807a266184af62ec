"""Threads that compute in turn."""

import threading
import time
from collections.abc import Callable

from support.harness import wait_for
from worker.engines.paddleocr_vl.cpu_limiter import CpuLimiter


def begin(work: Callable[[], None], until: Callable[[], object]) -> threading.Thread:
    """Starts it and waits until it has come so far: threads come in the order in which they are begun."""
    thread = threading.Thread(target=work)
    thread.start()
    wait_for(until)
    return thread


def test_no_more_than_the_cores_at_a_time() -> None:
    cores = CpuLimiter(2)
    lock, inside, most = threading.Lock(), [0], [0]

    def work() -> None:
        for _ in range(20):
            with cores.one():
                with lock:
                    inside[0] += 1
                    most[0] = max(most[0], inside[0])
                time.sleep(0.001)
                with lock:
                    inside[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most[0] == 2


def test_who_comes_back_goes_before_who_only_begins() -> None:
    cores = CpuLimiter(1)
    answered, done = threading.Event(), threading.Event()
    order: list[str] = []

    def first() -> None:
        with cores.one():
            order.append("first begins")
            with cores.lent():
                answered.wait()
            order.append("first ends")

    def second() -> None:
        with cores.one():
            order.append("second begins")
            done.wait()

    def third() -> None:
        with cores.one():
            order.append("third begins")

    threads = [
        begin(first, until=lambda: order),
        begin(second, until=lambda: len(order) == 2),
        begin(third, until=lambda: cores._beginning),
    ]
    answered.set()
    wait_for(lambda: cores._finishing)
    done.set()
    for thread in threads:
        thread.join()
    assert order == ["first begins", "second begins", "first ends", "third begins"]
