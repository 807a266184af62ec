"""The calls of the supervisor to the engine host, and of the engine host to the fork server.

supervisor ─► engine host ─► fork server
                   └───────► page process: see page_messages.py
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypedDict

from worker.ipc.calls import Call, Stream
from worker.ipc.page_messages import PageFailure

# Supervisor to engine host


class EngineStarted(TypedDict):
    """`unavailable_reason` says why the engine cannot read pages at the moment."""

    version: str
    unavailable_reason: str | None


class PageDone(TypedDict):
    """A page is stored. `error` is the code of its error, empty where it was read; `seconds` is what it took of page
    processes.
    """

    page: int
    error: str
    seconds: float


@dataclass(frozen=True)
class StartEngine(Call[EngineStarted]):
    """Loads the engine; the first call. `settings` are the JSON of Settings. Raises EngineError."""

    engine: str
    settings: dict[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Ping(Call[str | None]):
    """Asks whether the host answers. The answer says why the engine cannot read pages at the moment, if it cannot."""


@dataclass(frozen=True)
class YieldSlice(Call[str | None]):
    """Ends one of the slices early, the one that has least in work; its pages in work are finished.

    The answer is its execution; None where none of them is at its pages.
    """

    executions: list[str]


@dataclass(frozen=True)
class PrepareDocument(Call[None]):
    """Opens, counts and surveys the document of the `job` and leaves document.json. Raises DocumentError."""

    job: str
    page_ranges: str | None
    password: str | None = field(repr=False)


@dataclass(frozen=True)
class ReadPages(Stream[None, PageDone]):
    """Reads the pages `numbers` (from 1) of a prepared document. Raises EngineError."""

    job: str
    options: dict[str, Any]
    numbers: list[int]
    execution: str


@dataclass(frozen=True)
class AssembleDocument(Call[list[PageFailure]]):
    """Makes the result from the stored pages. The answer lists the pages that failed. Raises DocumentError."""

    job: str
    options: dict[str, Any]


# Engine host to fork server


class Forked(TypedDict):
    """A page process has been forked."""

    pid: int


@dataclass(frozen=True)
class StartForkServer(Call[None]):
    """Imports `reader` (`module:Class`) and sets the limits of page processes; the first call.

    `seconds` of CPU and `memory_mb` for a call, `max_pixels` for a page.
    """

    reader: str
    seconds: float
    memory_mb: int
    max_pixels: int


@dataclass(frozen=True)
class PreloadModels(Call[None]):
    """Loads the reader's models, for all page processes to come."""


@dataclass(frozen=True)
class Fork(Stream[int, Forked]):
    """Forks a page process, which gets the descriptors that were passed. The answer is its exit status.

    Raises WorkerError.
    """
