"""Opens documents of every kind."""

from typing import BinaryIO

from app.documents.formats import Format, format_in
from worker.documents.base import OpenDocument
from worker.documents.pdf import OpenPdf


def open_document(file: BinaryIO, max_pixels: int) -> OpenDocument:
    """The document in `file`, which is closed with it; its images get no more than `max_pixels` a page.

    Raises DocumentError; the file is closed then, too.
    """
    try:
        kind = format_in(file)
        if kind is Format.PDF:
            return OpenPdf(file)
        from worker.documents.image import OpenImage  # takes 50 ms to import, and most documents are PDFs

        return OpenImage(file, kind, max_pixels)
    except BaseException:
        file.close()
        raise
