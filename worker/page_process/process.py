"""A page process: documents are opened, counted, read and put together here and nowhere else.

PDFium is not thread-safe and a small file can keep it busy for minutes, so this is a process of one thread under
limits, in a sandbox, which the engine host kills when it overruns. It serves one document in its life: see
fork_server.py for how it begins, worker.ipc.channel for what comes by its line, and worker.ipc.handover for the files.
"""

import io
import json
import socket
import traceback
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib import import_module
from typing import Any, BinaryIO

import pypdfium2 as pdfium

from app.errors import JobError, PageError
from app.results.layout import encode_layout
from app.results.models import Page, parse_page
from app.strict_json import encode
from worker.documents.base import OpenDocument
from worker.documents.info import DocumentInfo, encode_info, parse_info
from worker.documents.opening import open_document
from worker.documents.pdf import decrypt
from worker.engines.base import PageReader
from worker.ipc.channel import error_message
from worker.ipc.handover import JobFiles, receive
from worker.ipc.page_messages import (
    Assemble,
    Decrypt,
    PageAnswer,
    PageCall,
    PageFailure,
    PageHandler,
    Prepare,
    ReadPage,
    RenderPage,
    ReportSandbox,
)
from worker.page_process import sandbox
from worker.page_process.sandbox import Sandbox
from worker.page_process.selection import select_pages


class Pages:
    """What a page process does for each call: see worker.ipc.page_messages."""

    def __init__(self, reader: PageReader[Any], seconds: float) -> None:
        """`seconds` of CPU for a call."""
        self._reader = reader
        self._seconds = seconds
        self._open: tuple[OpenDocument, DocumentInfo] | None = None
        handlers: tuple[PageHandler[JobFiles], ...] = (
            Decrypt.done_by(self._decrypt),
            Prepare.done_by(self._prepare),
            ReadPage.done_by(self._read),
            RenderPage.done_by(self._render),
            Assemble.done_by(self._assemble),
        )
        self.handlers = {handler.kind.__name__: handler for handler in handlers}

    def answer(self, call: PageCall[Any], job: JobFiles) -> PageAnswer[object]:
        sandbox.allow_cpu(self._seconds)
        value = self.handlers[type(call).__name__].handle(call, job)
        return PageAnswer(value, job.parts, self._reader.loaded)

    def _decrypt(self, call: Decrypt, job: JobFiles) -> None:
        with closing(job.take("source")) as source, job.blob("source") as copy:
            decrypt(source, call.password, copy)

    def _prepare(self, call: Prepare, job: JobFiles) -> list[int]:
        with closing(open_document(job.take("source"), self._reader.max_pixels)) as document:
            count = len(document)
            selected = select_pages(call.page_ranges, count, call.max_pages)
            hints = self._reader.survey(document, selected) if call.survey else {}
        job.write("document", encode_info(DocumentInfo(count, selected, hints)))
        return selected

    def _read(self, call: ReadPage, job: JobFiles) -> None:
        """A fault of ours costs this page, not the document."""
        document, info = self._document(job)

        def save(name: str, data: bytes) -> None:
            job.write("image", data, name)

        with _failing_alone(call.number), document.page(call.number) as source:
            page = self._reader.read(source, call.number, info.hints.get(call.number), save)
        if page.layout is not None:
            job.write("layout", encode_layout(page.layout), str(call.number))
        job.write("page", encode(page.to_dict()), str(call.number))

    def _render(self, call: RenderPage, job: JobFiles) -> tuple[int, int]:
        document, _ = self._document(job)
        with _failing_alone(call.number):
            raster = document.raster(call.number, call.scale, self._reader.max_pixels)
        job.write("raster", raster.data)
        height, width = raster.shape[:2]
        return height, width

    def _assemble(self, call: Assemble, job: JobFiles) -> list[PageFailure]:
        """In memory is one page at a time, but for the markdown. A page that is changed keeps what this needs of it, so
        that a job which is tried again is assembled from pages as they were read.
        """
        errors: list[PageFailure] = []
        warnings: list[dict[str, Any]] = []
        with closing(job.take("pages")) as pages:
            assembly = self._reader.assembly(page for page in _stored(pages) if page.error is None)
            for position, page in enumerate(_stored(pages)):
                job.write("result", b", " if position else b'{"pages": [')
                if page.error is None:
                    before = encode(page.to_dict())
                    page = assembly.add(page)
                    if (changed := encode(page.to_dict())) != before:
                        job.write("page", changed, str(page.index))
                    warnings += ({"index": page.index, "message": message} for message in page.warnings)
                else:
                    code, message = page.error["code"], page.error["message"]
                    errors.append({"index": page.index, "code": code, "message": message})
                job.write("result", encode(page.public()))
            tail = {"markdown": assembly.markdown(), "engine": call.engine, "engine_version": call.version}
            job.write("result", b"], " + encode(tail | {"warnings": warnings, "page_errors": errors})[1:])
        return errors

    def _document(self, job: JobFiles) -> tuple[OpenDocument, DocumentInfo]:
        if self._open is None:
            document = open_document(job.take("source"), self._reader.max_pixels)
            with closing(job.take("document")) as file:
                self._open = document, parse_info(file.read())
        return self._open


@contextmanager
def _failing_alone(number: int) -> Iterator[None]:
    """What goes wrong with a page, be it our fault, costs this page and not its document."""
    try:
        yield
    except PermissionError as error:  # of the sandbox: no file is opened here that could be another's
        traceback.print_exc()
        raise PageError(f"Page {number} cannot be read: the sandbox denied access to a file.") from error
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


def load_reader(name: str, max_pixels: int) -> PageReader[Any]:
    module, attribute = name.split(":")
    reader: PageReader[Any] = getattr(import_module(module), attribute)(max_pixels)
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
            answer["result"] = entered.value if op == ReportSandbox.__name__ else _handle(pages, op, passed, message)
        except Exception as error:
            if not isinstance(error, JobError):
                traceback.print_exc()
            answer = {"call": number, "error": error_message(error)}
        line.write(json.dumps(answer).encode() + b"\n")
        line.flush()


def _handle(pages: Pages, op: str, passed: socket.socket, fields: dict[str, Any]) -> dict[str, Any]:
    kind = pages.handlers[op].kind
    job = receive(passed, kind.given)
    try:
        return vars(pages.answer(kind(**fields), job))
    finally:
        job.close()
