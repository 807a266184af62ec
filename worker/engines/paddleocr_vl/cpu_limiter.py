"""Which of many threads compute: as many as there is something to compute with, and who has answers in hand first.

Dozens that fight over Python's lock would each be slow, and the first page of a document as late as its last.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Iterator


class CpuLimiter:
    """`count` threads may compute at a time."""

    def __init__(self, count: int) -> None:
        self._free = count
        self._lock = threading.Lock()
        self._finishing: deque[threading.Event] = deque()
        self._beginning: deque[threading.Event] = deque()

    @contextlib.contextmanager
    def one(self) -> Iterator[None]:
        """One of them, when it is this thread's turn."""
        self._take(self._beginning)
        try:
            yield
        finally:
            self._leave()

    @contextlib.contextmanager
    def lent(self) -> Iterator[None]:
        """Lends ours to others for the time of the block, and has it back before those that only begin."""
        self._leave()
        try:
            yield
        finally:
            self._take(self._finishing)

    def _take(self, line: deque[threading.Event]) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                return
            turn = threading.Event()
            line.append(turn)
        turn.wait()

    def _leave(self) -> None:
        with self._lock:
            line = self._finishing or self._beginning
            if line:
                line.popleft().set()
            else:
                self._free += 1
