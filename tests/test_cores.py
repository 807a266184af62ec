"""Threads that compute in turn."""

import threading
import time
from collections.abc import Callable

from worker.engines.paddleocr_vl.cores import Cores


def begin(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    time.sleep(0.05)  # so that they come in this order
    return thread


def test_no_more_than_the_cores_at_a_time() -> None:
    cores = Cores(2)
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
    cores = Cores(1)
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

    threads = [begin(first), begin(second), begin(third)]
    answered.set()
    time.sleep(0.05)
    done.set()
    for thread in threads:
        thread.join()
    assert order == ["first begins", "second begins", "first ends", "third begins"]
