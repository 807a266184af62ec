"""A page process: documents are opened, counted, read and put together here and nowhere else.

PDFium is not thread-safe and a small file can keep it busy for minutes, so this is a process of one thread under
limits, in a sandbox, which the engine host kills when it overruns. It serves one document in its life: see
fork_server.py for how it begins, worker.ipc.channel for what comes by its line, and worker.ipc.handover for the files.
"""

import io
import json
import socket
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from importlib import import_module
from typing import Any, BinaryIO

import pypdfium2 as pdfium

from app.errors import JobError, PageError
from app.results.models import Page, parse_page
from app.strict_json import encode
from worker.documents.base import OpenDocument
from worker.documents.opening import open_document
from worker.documents.pdf import decrypt
from worker.engines.base import PageReader
from worker.ipc.channel import error_message
from worker.ipc.handover import JobFiles, receive
from worker.page_process import sandbox
from worker.page_process.sandbox import Sandbox
from worker.page_process.selection import select_pages


class Pages:
    """The operations of a page process."""

    def __init__(self, reader: PageReader, seconds: float) -> None:
        self._reader = reader
        self._seconds = seconds
        self._open: tuple[OpenDocument, dict[str, Any]] | None = None

    @property
    def loaded(self) -> bool:
        """Whether the reader has loaded what later processes had better inherit."""
        return self._reader.loaded

    def handle(self, op: str, job: JobFiles, parameters: dict[str, Any]) -> Any:
        sandbox.allow_cpu(self._seconds)
        operations: dict[str, Callable[..., Any]] = {
            "decrypt": self.decrypt,
            "prepare": self.prepare,
            "page": self.page,
            "render": self.render,
            "assemble": self.assemble,
        }
        return operations[op](job, **parameters)

    def decrypt(self, job: JobFiles, password: str) -> None:
        """Of a PDF that needs the password, leaves a copy that needs none."""
        with closing(job.take("source")) as source, job.blob("source") as copy:
            decrypt(source, password, copy)

    def prepare(self, job: JobFiles, page_ranges: str | None, max_pages: int, survey: bool) -> list[int]:
        """Opens, counts and surveys the document; leaves what holds for all of it. Returns the pages to do."""
        with closing(open_document(job.take("source"), self._reader.max_pixels)) as document:
            count = len(document)
            selected = select_pages(page_ranges, count, max_pages)
            hints = self._reader.survey(document, selected) if survey else {}
        job.write("document", encode({"pages": count, "selected": selected, "hints": hints}))
        return selected

    def page(self, job: JobFiles, number: int) -> None:
        """Reads one page and leaves it, its pictures first. A fault of ours in it costs this page, not the document."""
        document, about = self._document(job)
        hint = about["hints"].get(str(number), {})

        def save(name: str, data: bytes) -> None:
            job.write("image", data, name)

        with _failing_alone(number), document.page(number) as source:
            page = self._reader.read(source, number, hint, save)
        job.write("page", encode(page.to_dict()), str(number))

    def render(self, job: JobFiles, number: int, scale: float) -> list[int]:
        """Leaves the page's pixels (see OpenDocument.raster), without any header. Returns their height and width."""
        document, _ = self._document(job)
        with _failing_alone(number):
            raster = document.raster(number, scale, self._reader.max_pixels)
        job.write("raster", raster.data)
        return list(raster.shape[:2])

    def assemble(self, job: JobFiles, engine: str, version: str) -> list[dict[str, Any]]:
        """Makes the result from the pages and leaves those that it changes; in memory is one, but for the markdown.

        Returns the errors of the pages that failed.
        """
        errors: list[dict[str, Any]] = []
        with closing(job.take("pages")) as pages:
            assembly = self._reader.assembly(page for page in _stored(pages) if page.error is None)
            with job.blob("result") as file:
                for position, page in enumerate(_stored(pages)):
                    file.write(b", " if position else b'{"pages": [')
                    shown, changed = page, False
                    if page.error is None:
                        before = encode(page.to_dict())
                        shown = assembly.add(page)
                        changed = encode(shown.to_dict()) != before
                    else:
                        errors.append({"index": page.index, **page.error})
                    shown.raw = None
                    # What changes pages has no raw, so that a page is stored as the result shows it.
                    with job.blob("page", str(page.index)) if changed else nullcontext():
                        file.write(encode(shown.to_dict()))
                tail = {"markdown": assembly.markdown(), "engine": engine, "engine_version": version}
                file.write(b"], " + encode(tail | {"page_errors": errors})[1:])
        return errors

    def _document(self, job: JobFiles) -> tuple[OpenDocument, dict[str, Any]]:
        if self._open is None:
            document = open_document(job.take("source"), self._reader.max_pixels)
            with closing(job.take("document")) as file:
                self._open = document, json.load(file)
        return self._open


@contextmanager
def _failing_alone(number: int) -> Iterator[None]:
    """What goes wrong with a page, be it our fault, costs this page and not its document."""
    try:
        yield
    except PermissionError as error:  # of the sandbox: no file is opened here that could be another's
        traceback.print_exc()
        raise PageError(f"Page {number} cannot be read: its reader wanted more than it may have.") from error
    except (OSError, JobError):
        raise
    except MemoryError as error:
        raise PageError(f"Page {number} needs more memory than PAGE_MEMORY_MB allows.") from error
    except pdfium.PdfiumError as error:
        raise PageError(f"Page {number} is damaged: {error}") from error
    except Exception as error:
        traceback.print_exc()
        raise PageError(f"Page {number} cannot be read: an internal error ({type(error).__name__}).") from error


def _stored(pages: BinaryIO) -> Iterator[Page]:
    pages.seek(0)
    return map(parse_page, pages)


def load_reader(name: str, max_pixels: int) -> PageReader:
    module, attribute = name.split(":")
    reader: PageReader = getattr(import_module(module), attribute)(max_pixels)
    return reader


def serve(pages: Pages, entered: Sandbox, descriptor: int, files: int) -> None:
    """Answers calls until the engine host closes its line, `descriptor`; the files of calls come by `files`."""
    connection, passed = socket.socket(fileno=descriptor), socket.socket(fileno=files)
    with connection, passed, connection.makefile("rwb") as line:
        _answer(pages, entered, line, passed)


def _answer(pages: Pages, entered: Sandbox, line: io.BufferedRWPair, passed: socket.socket) -> None:
    for data in line:
        message = json.loads(data)
        number, op = message.pop("call"), message.pop("op")
        if op == "cancel":  # whoever gives up on a page kills this process
            continue
        answer: dict[str, Any] = {"call": number, "result": None}
        try:
            answer["result"] = entered.value if op == "start" else _handle(pages, op, passed, message)
        except Exception as error:
            if not isinstance(error, JobError):
                traceback.print_exc()
            answer = {"call": number, "error": error_message(error)}
        line.write(json.dumps(answer).encode() + b"\n")
        line.flush()


def _handle(pages: Pages, op: str, passed: socket.socket, parameters: dict[str, Any]) -> dict[str, Any]:
    descriptors = receive(passed, op)
    job = JobFiles(op, descriptors)
    try:
        value = pages.handle(op, job, parameters)
        return {"value": value, "blobs": job.blobs, "loaded": pages.loaded}
    finally:
        job.close()
