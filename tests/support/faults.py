"""Faults: parts of a running service that are killed, or held for a while, at random."""

import contextlib
import random
import threading
import time
from collections import defaultdict

import psutil

from support.harness import Service, command_line

ROLES = {
    "API": "uvicorn",
    "supervisor": "worker",
    "engine host": "worker.engine_host",
    "page process": "worker.page_process.fork_server",
    "sender of callbacks": "app.webhooks",
    "store": "--unixsocket",
}
"""The parts, each by a word of its command line."""

KILLS_A_MINUTE = 3
"""Of one part: `python -m app` gives up on one that dies five times a minute."""


class Faults:
    """Does harm to `service`, as `seed` has it."""

    def __init__(self, service: Service, seed: int, hold: float) -> None:
        self._service = service
        self._random = random.Random(seed)
        self._hold = hold
        self._killed: dict[str, list[float]] = defaultdict(list)
        self._held: list[tuple[psutil.Process, threading.Timer]] = []

    def one(self) -> str:
        """Kills a part, or holds it for `hold` seconds; what was done."""
        while True:
            role = self._random.choice(list(ROLES))
            kill = self._random.random() < 0.6
            held = [victim for victim, timer in self._held if timer.is_alive()]
            found = [one for one in self._service.tree() if ROLES[role] in command_line(one) and one not in held]
            recent = [moment for moment in self._killed[role] if moment > time.monotonic() - 60]
            if not found or (kill and len(recent) >= KILLS_A_MINUTE):
                time.sleep(0.1)
                continue
            victim = self._random.choice(found)
            with contextlib.suppress(psutil.NoSuchProcess):
                if kill:
                    victim.kill()
                    self._killed[role].append(time.monotonic())
                    return f"the {role} is killed"
                victim.suspend()
                timer = threading.Timer(self._hold, _resume, [victim])
                timer.start()
                self._held.append((victim, timer))
                return f"the {role} is held for {self._hold:g} s"

    def end(self) -> None:
        """Waits until nothing is held any more."""
        for victim, timer in self._held:
            timer.join()
            _resume(victim)


def _resume(process: psutil.Process) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process.resume()
