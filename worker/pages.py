"""A page process: documents are opened, counted, read and put together here and nowhere else.

PDFium is not thread-safe and a small file can keep it busy for minutes, so this is a process of one thread under
limits, which its parent kills when it overruns. Run as `python -m worker.pages FD`; see worker.channel for the line.
"""

import io
import json
import socket
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium

from app.blobs import JobFolder, replacing, write
from app.errors import JobError, PageError
from app.results import Page, store_page, stored_page
from app.strict_json import encode
from worker.channel import error_message
from worker.confine import allow_cpu, close_in, limit
from worker.documents import OpenDocument, decrypt, open_document
from worker.engines.base import PageReader
from worker.selection import select_pages


class Pages:
    """The operations of a page process."""

    def __init__(self, reader: PageReader, seconds: float) -> None:
        self._reader = reader
        self._seconds = seconds
        self._open: tuple[Path, OpenDocument, dict[str, Any]] | None = None

    def handle(self, op: str, folder: JobFolder, parameters: dict[str, Any]) -> Any:
        allow_cpu(self._seconds)
        operations: dict[str, Callable[..., Any]] = {
            "prepare": self.prepare,
            "page": self.page,
            "render": self.render,
            "assemble": self.assemble,
        }
        return operations[op](folder, **parameters)

    def prepare(
        self, folder: JobFolder, page_ranges: str | None, max_pages: int, survey: bool, password: str | None = None
    ) -> list[int]:
        """Opens, counts and surveys the document; what holds for all of it is stored. Returns the pages to do.

        A PDF that needs the password is replaced by a copy that needs none.
        """
        if password is not None:
            decrypt(folder.source, password)
        with closing(open_document(folder.source, self._reader.max_pixels)) as document:
            count = len(document)
            selected = select_pages(page_ranges, count, max_pages)
            hints = self._reader.survey(document, selected) if survey else {}
        about = {"pages": count, "selected": selected, "hints": hints}
        write(folder.document, json.dumps(about).encode())
        return selected

    def page(self, folder: JobFolder, number: int) -> None:
        """Reads one page and stores it, its pictures first. A fault of ours in it costs this page, not the document."""
        document, about = self._document(folder)
        hint = about["hints"].get(str(number), {})

        def save(name: str, data: bytes) -> None:
            write(folder.image(name), data)

        with _failing_alone(number), document.page(number) as source:
            page = self._reader.read(source, number, hint, save)
        store_page(folder, page)

    def render(self, folder: JobFolder, number: int, scale: float) -> list[int]:
        """Stores the page's pixels (see OpenDocument.raster), without any header. Returns their height and width."""
        document, _ = self._document(folder)
        with _failing_alone(number):
            raster = document.raster(number, scale, self._reader.max_pixels)
        write(folder.raster(number), raster.data)
        return list(raster.shape[:2])

    def assemble(self, folder: JobFolder, engine: str, version: str) -> list[dict[str, Any]]:
        """Makes the result from the stored pages and brings these up to date; in memory is one, but for the markdown.

        Returns the errors of the pages that failed.
        """
        selected = json.loads(folder.document.read_bytes())["selected"]
        errors: list[dict[str, Any]] = []
        assembly = self._reader.assembly(page for page in _stored(folder, selected) if page.error is None)
        with replacing(folder.result) as file:
            file.write(b'{"pages": [')
            for position, page in enumerate(_stored(folder, selected)):
                if page.error is None:
                    read = encode(page.to_dict())
                    page = assembly.add(page)
                    if encode(page.to_dict()) != read:
                        store_page(folder, page)
                else:
                    errors.append({"index": page.index, **page.error})
                page.raw = None
                file.write((b", " if position else b"") + encode(page.to_dict()))
            tail = {"markdown": assembly.markdown(), "engine": engine, "engine_version": version, "page_errors": errors}
            file.write(b"], " + encode(tail)[1:])
        return errors

    def _document(self, folder: JobFolder) -> tuple[OpenDocument, dict[str, Any]]:
        if self._open is None or self._open[0] != folder.source:
            if self._open is not None:
                self._open[1].close()
                self._open = None
            document = open_document(folder.source, self._reader.max_pixels)
            self._open = folder.source, document, json.loads(folder.document.read_bytes())
        return self._open[1:]


@contextmanager
def _failing_alone(number: int) -> Iterator[None]:
    """What goes wrong with a page, be it our fault, costs this page and not its document."""
    try:
        yield
    except (OSError, JobError):
        raise
    except MemoryError as error:
        raise PageError(f"Page {number} needs more memory than PAGE_MEMORY_MB allows.") from error
    except pdfium.PdfiumError as error:
        raise PageError(f"Page {number} is damaged: {error}") from error
    except Exception as error:
        traceback.print_exc()
        raise PageError(f"Page {number} cannot be read: an internal error ({type(error).__name__}).") from error


def _stored(folder: JobFolder, selected: list[int]) -> Iterator[Page]:
    return (stored_page(folder, number) for number in selected)


def load_reader(name: str, max_pixels: int) -> PageReader:
    module, attribute = name.split(":")
    reader: PageReader = getattr(import_module(module), attribute)(max_pixels)
    return reader


def start(reader: str, seconds: float, memory_mb: int, max_pixels: int) -> Pages:
    pages = Pages(load_reader(reader, max_pixels), seconds)
    limit(memory_mb)
    return pages


def main(descriptor: int) -> None:
    with socket.socket(fileno=descriptor) as connection, connection.makefile("rwb") as line:
        serve(line)


def serve(line: io.BufferedRWPair) -> None:
    """Answers calls until the parent closes the line."""
    pages: Pages | None = None
    closed_in = close_in()
    for data in line:
        message = json.loads(data)
        number, op = message.pop("call"), message.pop("op")
        if op == "cancel":  # whoever gives up on a page kills this process
            continue
        answer: dict[str, Any] = {"call": number, "result": None}
        try:
            if pages is None:
                pages = start(**message)
                answer["result"] = closed_in
            else:
                answer["result"] = pages.handle(op, JobFolder(Path(message.pop("folder"))), message)
        except JobError as error:
            answer = {"call": number, "error": error_message(error)}
        except Exception as error:
            traceback.print_exc()
            answer = {"call": number, "error": error_message(error)}
        line.write(json.dumps(answer).encode() + b"\n")
        line.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]))
