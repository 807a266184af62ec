"""The notation of page ranges: "1-3,5,8-" are pages 1, 2, 3, 5 and all from 8 on."""

import re

from app.errors import InvalidRequest

_SPAN = re.compile(r"\s*(\d{1,7})\s*(?:(-)\s*(\d{1,7})?\s*)?")
SPANS_MAX = 1000


def parse_page_ranges(text: str) -> list[tuple[int, int | None]]:
    """Spans (first, last) counted from 1; `last` is None where a span is open.

    Raises InvalidRequest (page_range_invalid) with what is wrong.
    """
    parts = text.split(",")
    if len(parts) > SPANS_MAX:
        raise InvalidRequest(f"page_ranges has {len(parts)} parts; {SPANS_MAX} are allowed.", code="page_range_invalid")
    spans: list[tuple[int, int | None]] = []
    for part in parts:
        found = _SPAN.fullmatch(part)
        if found is None:
            message = f'page_ranges: "{part.strip()[:40]}" is not a page or a range; write it like "1-3,5".'
            raise InvalidRequest(message, code="page_range_invalid")
        first = int(found[1])
        last = int(found[3]) if found[3] else None if found[2] else first
        if first < 1 or (last is not None and last < first):
            message = f'page_ranges: "{part.strip()}" runs backwards or starts before page 1.'
            raise InvalidRequest(message, code="page_range_invalid")
        spans.append((first, last))
    return spans
