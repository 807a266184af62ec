"""Fixtures of the tests that read whole pages."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from app.results.models import Page
from support.pp_ocr.documents import article, scanned
from worker.documents.pdf import OpenPdf
from worker.engines.pp_ocr.page import convert
from worker.engines.pp_ocr.survey import Hint, survey

Read = Callable[..., list[Page]]


@pytest.fixture
def images() -> dict[str, bytes]:
    """What `read` stored."""
    return {}


@pytest.fixture
def read(images: dict[str, bytes]) -> Read:
    """The pages of a document, surveyed and converted as the page processes do it."""

    def pages(path: str, max_pixels: int = 40_000_000, hints: list[Hint] | None = None) -> list[Page]:
        with closing(OpenPdf(Path(path).open("rb"))) as document:
            hints = list(survey(document, range(1, len(document) + 1)).values()) if hints is None else hints
            found = []
            for number, hint in enumerate(hints, 1):
                with document.page(number) as page:
                    found.append(convert(page, number, hint, images.__setitem__, max_pixels=max_pixels))
            return found

    return pages


@pytest.fixture(scope="session")
def article_path(tmp_path_factory: pytest.TempPathFactory) -> str:
    return article(tmp_path_factory.mktemp("article") / "article.pdf")


@pytest.fixture(scope="session")
def scan_path(article_path: str) -> str:
    return scanned(article_path, Path(article_path).with_name("scan.pdf"), turn=0.7)
