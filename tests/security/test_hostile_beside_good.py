"""Hostile documents through the whole service, with good ones beside them."""

from collections.abc import Iterator
from typing import Any

import pytest

from support.documents import picture_pdf, scan_pdf, text_pdf
from support.harness import Service, Web, running
from support.hostile.makers import MAKERS
from support.hostile.reading import CODES

pytestmark = [pytest.mark.slow, pytest.mark.serial, pytest.mark.timeout(3600)]

COSTLY = (
    "content_of_paths",
    "content_unpacked_twice",
    "forms_that_double",
    "images_many_and_large",
    "text_of_millions",
    "curves_at_random",
    "objects_by_the_million",
    "png_of_30_000",
)
REFUSED = {
    "hundred_thousand_pages": "too_many_pages",
    "no_pages": "document_empty",
    "encrypted_for_users": "document_encrypted",
    "cut_in_a_stream": "document_invalid",
    "zip_archive": "not_a_document",
    "web_page": "not_a_document",
    "nothing": "not_a_document",
}
GOOD = {"text": text_pdf(5), "picture": picture_pdf(), "scan": scan_pdf("A short note on a scanned page")}


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with running(PAGE_PROCESSES="2", PAGE_TIMEOUT="20") as service:
        yield service


@pytest.fixture(scope="module")
def alone(service: Service) -> dict[str, Any]:
    """The results of the good documents, with nothing else to do."""
    return {name: service.result(service.submit(document))["result"] for name, document in GOOD.items()}


def test_good_documents_finish_beside_hostile_ones(service: Service, alone: dict[str, Any], web: Web) -> None:
    web.files = {f"/{name}": MAKERS[name]() for name in REFUSED}
    processes = [service.find("-m", name).pid for name in ("worker", "worker.engine_host")]
    hostile = {name: service.submit(MAKERS[name]()) for name in COSTLY}
    hostile |= {name: service.submit_url(f"{web.url}/{name}") for name in REFUSED}
    good = {name: service.submit(document) for name, document in GOOD.items()}
    assert {name: service.result(job)["result"] for name, job in good.items()} == alone
    for name, job in hostile.items():
        answer = service.result(job)
        if name in REFUSED:
            assert answer["error"]["code"] == REFUSED[name], answer
        elif answer["status"] == "failed":
            assert answer["error"]["code"] in CODES, answer
        else:
            assert {error["code"] for error in answer["result"]["page_errors"]} <= CODES
    assert [service.find("-m", name).pid for name in ("worker", "worker.engine_host")] == processes
    assert "Traceback" not in service.log.read_text()
