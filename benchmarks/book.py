"""Pages a second of a born-digital book, from submit to result, with the CPU engine on two cores."""

import sys
import time

from benchmarks import documents
from benchmarks.client import Client
from benchmarks.harness import ROUNDS, Row, bounded, convert, ours, report, serving

PAGES = 120


async def measure() -> list[Row]:
    async with serving(documents.book(PAGES)) as url, ours("pp_ocr") as service:
        client = Client(service.port)
        rates = []
        for number in range(1 + ROUNDS):
            begun = time.perf_counter()
            result = await convert(client, url)
            rates.append(PAGES / (time.perf_counter() - begun))
            if number == 0:  # the first warms up, and shows that there is something to measure
                _check(result)
    return [bounded(f"book of {PAGES} text pages, whole job", "pages/s", rates[1:], least=100)]


def _check(result: dict[str, object]) -> None:
    pages = result["pages"]
    assert isinstance(pages, list)
    wrong = [page["index"] for page in pages if page["route"] != "text" or len(page["markdown"]) < 500]
    if len(pages) != PAGES or result["page_errors"] or wrong:
        raise RuntimeError(
            f"the book was not read as text: {len(pages)} pages, these are not as they should be: {wrong}"
        )


if __name__ == "__main__":
    sys.exit(report({"book": measure}, within=300))
