"""Which pages of a document a job is about."""

from app.documents.page_ranges import parse_page_ranges
from app.errors import DocumentError
from app.storage.blobs import JobFolder
from worker.documents.info import read_info, unsound

DOCUMENT_BYTES, PAGE_BYTES = 1 << 20, 1 << 10
"""That document.json may have, and for each page on top of it; a page takes some fifty."""


def select_pages(ranges: str | None, count: int, max_pages: int) -> list[int]:
    """The selected page numbers, ascending. A range may end beyond the last page, but not begin there.

    Raises DocumentError: page_range_invalid, too_many_pages.
    """
    spans = parse_page_ranges(ranges) if ranges else [(1, count)]
    for first, _ in spans:
        if first > count:
            pages = "page" if count == 1 else "pages"
            message = f"page_ranges asks for page {first}, but the document has {count} {pages}."
            raise DocumentError(message, code="page_range_invalid")
    spans = [(first, min(last or count, count)) for first, last in spans]
    size = sum(last - first + 1 for first, last in spans)
    if size > max_pages:
        message = f"{size} pages are selected, and MAX_PAGES is {max_pages}; use page_ranges to select fewer."
        raise DocumentError(message, code="too_many_pages")
    return sorted({number for first, last in spans for number in range(first, last + 1)})


def selected_pages(folder: JobFolder, ranges: str | None, max_pages: int) -> list[int]:
    """The pages of a job, once it is prepared.

    document.json is the work of a page process, which a document may have taken over: a page number that is believed
    unchecked becomes an offset in the store. Raises FileNotFoundError before the job is prepared, DocumentError.
    """
    if folder.size(folder.document) > DOCUMENT_BYTES + PAGE_BYTES * max_pages:
        raise unsound()
    info = read_info(folder)
    if info.selected != select_pages(ranges, info.pages, max_pages):
        raise unsound()
    return info.selected
