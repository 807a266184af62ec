"""What an API needs of a job's results: streams, pages, pictures. It touches no file itself.

Results are sent in pieces, each made in a thread only when the client is ready to take it.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import anyio
import anyio.to_thread

from app.errors import Gone, NotFound
from app.jobs.models import Job
from app.results.models import page_fields
from app.results.pages import add_layout
from app.results.rendering import Outcome, outcome_with_lines, result_markdown, result_zip
from app.storage.blobs import BlobStore

MAKERS = 4
"""Threads that make pieces at a time, of all answers: results leave the other threads for everything else."""

_IMAGE_NAME = re.compile(r"\w[\w.-]{0,199}", re.ASCII)


@dataclass(frozen=True)
class Stream:
    """The pieces of a body; `size` in bytes, where it is known before."""

    pieces: AsyncIterator[bytes]
    size: int | None = None


class Results:
    """The results of all jobs."""

    def __init__(self, blobs: BlobStore) -> None:
        self._blobs = blobs
        self._makers = anyio.CapacityLimiter(MAKERS)

    async def json(self, job: Job, *, lines: bool = False) -> Stream:
        """The outcome of a finished job as `{job_id, status, result}`, with `lines`, those of its pages, too.

        Raises Gone.
        """
        folder = self._blobs.job(job.id)
        try:
            if lines:
                return Stream(self._stream(await asyncio.to_thread(outcome_with_lines, job, folder)))
            outcome = await asyncio.to_thread(Outcome, job, folder)
        except FileNotFoundError:
            raise _gone() from None
        return Stream(self._stream(iter(outcome)), len(outcome))

    async def markdown(self, job: Job) -> Stream:
        """The document of a finished job as markdown, in UTF-8. Raises Gone."""
        try:
            markdown = await asyncio.to_thread(result_markdown, self._blobs.job(job.id))
        except FileNotFoundError:
            raise _gone() from None
        data = markdown.encode()
        return Stream(self._stream(iter([data])), len(data))

    async def zip(self, job: Job) -> Stream:
        """A ZIP of a finished job's markdown, images and result.json. Raises Gone."""
        folder = self._blobs.job(job.id)
        try:
            await asyncio.to_thread(folder.size, folder.result)
        except FileNotFoundError:
            raise _gone() from None
        return Stream(self._stream(result_zip(folder, job.finished_at or job.created_at)))

    async def page(self, job: Job, number: int, *, raw: bool = False, lines: bool = False) -> dict[str, Any]:
        """Page `number`, counted from 1, as it is stored; with `raw`, what the engine itself wrote comes along, with
        `lines` the page's layout.

        Raises NotFound while it is not done.
        """
        folder = self._blobs.job(job.id)
        try:
            data = await asyncio.to_thread(folder.read, folder.page(number))
        except FileNotFoundError:
            total = job.pages_total if job.pages_total is not None else "its"
            message = f"Page {number} of this job is not available; {job.pages_done} of {total} pages are done."
            raise NotFound(message) from None
        fields = page_fields(data)
        fields.pop("for_assembly", None)
        if not raw:
            fields.pop("raw", None)
        if lines:
            await asyncio.to_thread(add_layout, folder, fields)
        return fields

    async def image(self, job: Job, name: str) -> bytes:
        """One picture of the result, as it is stored. Raises NotFound."""
        folder = self._blobs.job(job.id)
        try:
            if _IMAGE_NAME.fullmatch(name) is None:
                raise FileNotFoundError
            return await asyncio.to_thread(folder.read, folder.image(name))
        except FileNotFoundError:
            raise NotFound("The job has no image of that name.") from None

    async def _stream(self, pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
        while (piece := await anyio.to_thread.run_sync(next, pieces, None, limiter=self._makers)) is not None:
            yield piece


def _gone() -> Gone:
    return Gone("The job has finished, but its result is no longer in blob storage.")
