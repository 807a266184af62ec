"""The notation of page ranges: "1-3,5,8-" are pages 1, 2, 3, 5 and all from 8 on."""

from app.errors import InvalidRequest

SPANS_MAX = 1000
DIGITS_MAX = 7


def parse_page_ranges(text: str) -> list[tuple[int, int | None]]:
    """Spans (first, last) counted from 1; `last` is None where a span is open.

    Takes time linear in the length of `text`. Raises InvalidRequest (page_range_invalid) with what is wrong.
    """
    parts = text.split(",")
    if len(parts) > SPANS_MAX:
        raise _invalid(f"page_ranges has {len(parts)} parts; {SPANS_MAX} are allowed.")
    return [_span(part.strip()) for part in parts]


def _span(part: str) -> tuple[int, int | None]:
    before, dash, after = part.partition("-")
    first = _number(before)
    last = (_number(after) if after.strip() else None) if dash else first
    if first is None or (last is None and after.strip()):
        raise _invalid(f'page_ranges: "{part[:40]}" is not a page or a range; write it like "1-3,5".')
    if first < 1 or (last is not None and last < first):
        raise _invalid(f'page_ranges: "{part[:40]}" is reversed or starts before page 1.')
    return first, last


def _number(text: str) -> int | None:
    digits = text.strip()
    return int(digits) if len(digits) <= DIGITS_MAX and digits.isascii() and digits.isdigit() else None


def _invalid(message: str) -> InvalidRequest:
    return InvalidRequest(message, code="page_range_invalid")
