"""The engine host: the process that owns the model and works on many pages at a time.

Run as `python -m worker.engine_host FD` by the supervisor; it ends with it.
"""

import asyncio
import json
import logging
import os
import signal
import sys
from pathlib import Path
from typing import Any

from app.blobs import JobFolder, write
from app.errors import PageError
from app.results import Page
from app.settings import Settings
from worker.channel import serve
from worker.engines import engine_class
from worker.engines.base import Document, Engine
from worker.page_pool import Limits, PagePool


class EngineHost:
    """The operations of the host; a lane calls them in the order prepare, pages, assemble."""

    def __init__(self) -> None:
        self._engine: Engine | None = None
        self._max_pages = 0

    async def close(self) -> None:
        if self._engine is not None:
            await self._engine.pages.close()

    async def handle(self, op: str, emit: Any, **parameters: Any) -> Any:
        if op == "ping":
            return None
        if op == "start":
            return await self._start(Settings.model_validate(parameters["settings"]), parameters["engine"])
        folder = JobFolder(Path(parameters["folder"]))
        if self._engine is None:
            raise RuntimeError(f"{op} before start")
        if op == "prepare":
            return await self._engine.pages.prepare(folder, parameters["page_ranges"], self._max_pages)
        if op == "pages":
            return await self._pages(self._engine, Document(folder, parameters["options"]), parameters["numbers"], emit)
        if op == "assemble":
            return await self._engine.pages.assemble(folder, self._engine.name, self._engine.version)
        raise RuntimeError(f"no operation {op}")

    async def _start(self, settings: Settings, name: str) -> dict[str, Any]:
        kind = engine_class(name)
        limits = Limits(settings.page_timeout, settings.page_memory_mb, settings.max_page_pixels)
        pages = PagePool(settings.page_processes or os.cpu_count() or 1, kind.reader, limits)
        engine = kind(pages)
        await pages.start()
        self._engine, self._max_pages = engine, settings.max_pages
        return {"version": engine.version}

    async def _pages(self, engine: Engine, document: Document, numbers: list[int], emit: Any) -> None:
        """Works on the pages, each stored and told of when it is done; a page that fails is stored with its error."""
        waiting = iter(numbers)

        async def hand() -> None:
            for number in waiting:
                code = ""
                try:
                    await engine.page(document, number)
                except PageError as error:
                    code = error.code
                    page = Page(number, 0, 0, "engine", error=error.to_dict())
                    write(document.folder.page(number), json.dumps(page.to_dict()).encode())
                emit({"page": number, "error": code})

        hands = [asyncio.create_task(hand()) for _ in range(min(engine.pages_in_flight, len(numbers)))]
        try:
            await asyncio.gather(*hands)
        finally:
            for task in hands:
                task.cancel()


async def run(descriptor: int) -> None:
    host = EngineHost()
    await serve(descriptor, host.handle)
    await host.close()


def main(descriptor: int) -> None:
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    for number in (signal.SIGINT, signal.SIGTERM):  # only the supervisor ends it
        signal.signal(number, signal.SIG_IGN)
    asyncio.run(run(descriptor))


if __name__ == "__main__":
    main(int(sys.argv[1]))
