"""Pages as they are stored, one JSON document each."""

import json
from typing import Any

from app.errors import JobError
from app.results.layout import parse_layout
from app.results.models import Page, parse_page
from app.storage.blobs import JobFolder
from app.strict_json import encode


def store_page(folder: JobFolder, page: Page) -> None:
    folder.write(folder.page(page.index), encode(page.to_dict()))


def store_failed_page(folder: JobFolder, number: int, error: JobError) -> None:
    store_page(folder, Page(number, 0, 0, "engine", error=error.to_dict()))


def stored_page(folder: JobFolder, number: int) -> Page:
    return parse_page(folder.read(folder.page(number)))


def add_layout(folder: JobFolder, page: dict[str, Any]) -> None:
    """Adds its layout to the JSON of a page. Engines need not store one; what is left of another try is none."""
    try:
        data = folder.read(folder.layout(page["index"]))
    except FileNotFoundError:
        return
    if "error" not in page:
        parse_layout(data).add_to(page)


def forget_failed_pages(folder: JobFolder) -> None:
    """Removes the pages that ended with an error, so that they are done again."""
    for number in folder.pages_done():
        if "error" in json.loads(folder.read(folder.page(number))):
            folder.remove(folder.page(number))
