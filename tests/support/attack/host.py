"""The engine host of the attack: ours, with an engine whose reader runs the attacker's code. Run as a module.

A page process looks for modules in the repository alone, hence the longer name `tests.support.attack.host`.
"""

import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any, ClassVar

from app.results.models import Page
from worker.engine_host import host
from worker.engines import ENGINES
from worker.engines.base import Engine, PageReader

from .tries import Targets, attack


class Attacker(PageReader[None]):
    """Is loaded before the sandbox is entered, and attacks once a page is there; it keeps what it has met."""

    targets: Targets
    met: ClassVar[list[int]] = []

    def read(self, page: Any, number: int, hint: None, save_image: Callable[[str, bytes], None]) -> Page:
        self.met.append(os.getpid())
        succeeded = attack(self.targets) + attack(replace(self.targets, parent=os.getppid()))
        return Page(number, 1, 1, "engine", json.dumps({"succeeded": succeeded, "met": self.met}))


def __getattr__(name: str) -> Any:
    """The Attacker of the targets that the name spells."""
    if not name.startswith("on_"):
        raise AttributeError(name)
    found = Targets(**json.loads(bytes.fromhex(name[3:])))
    return type("Attacker", (Attacker,), {"targets": found})


class Attacked(Engine):
    name = "attacked"
    version = "1"
    reader = "set below"


if __name__ == "__main__":
    targets = Targets(**json.loads(os.environ["PYTHON_ATTACK_TARGETS"]) | {"parent": os.getpid()})
    Attacked.reader = "tests.support.attack.host:on_" + json.dumps(asdict(targets)).encode().hex()
    ENGINES["attacked"] = "tests.support.attack.host:Attacked"
    sys.modules["tests.support.attack.host"] = sys.modules["__main__"]
    host.main(int(sys.argv[1]))
