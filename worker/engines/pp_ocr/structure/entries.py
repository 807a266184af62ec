"""What is typed on a page, put beside or under its label: PDFium lists it after all that is printed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ..layer.annotations import TICKED, UNTICKED, Entry
from ..model.boxes import Box, centred_in, overlap_x, overlap_y, overlapping, rows, same_row, sides, union
from ..model.lines import Line, Word, body_size, clean

BLANK = re.compile(r"[_\u2026]{2,}|\.{4,}|[□☐❏❑❒▢◻]")
"""What is printed where something is to be written or ticked."""
PITCH = 1.3
"""Sizes of type from line to line of a text without an appearance."""
LETTER = 0.5
"""Sizes of type that such a letter is wide."""
FAR = 4.0
"""Sizes of type between a value and what stands left of it, from which on a label above is nearer."""
ABOVE, ALIGNED = 1.0, 1.5
"""Sizes of type between a value and its label above, and between their left edges."""
OVER = 0.3
"""Share of a word's sides over which something typed lies, from which on it lies over what is printed."""
SLACK = 0.3
"""Sizes of type by which a line may reach into the one below."""
TICK_REACH, RATHER = 3.0, 1.5
"""Sizes of type between a box to tick and its label, and how much farther than others one that follows it may be."""


def with_entries(lines: Sequence[Line], entries: Sequence[Entry]) -> tuple[list[Line], list[Entry]]:
    """The lines, with what is typed where it is read; and what is typed over them, as stamps are.

    Entries have upright boxes, as the lines do.
    """
    over: list[Entry] = []
    body = body_size(lines) if lines else 0.0
    found = [line for line in lines if not line.typed]
    typed = [piece for line in lines if line.typed for piece in _parted(line, entries)]
    for entry in (entry for row in rows(entries) for entry in row):
        own = [line for line in typed if centred_in(line.box, entry.box)]
        typed = [line for line in typed if not centred_in(line.box, entry.box)]
        own = _as_typed(own, entry) or _written(entry, body)
        if entry.is_tick:
            _tick(found, replace(own[0], box=entry.box))
        elif own:
            _take(found, over, own, entry.box)
    for line in typed:  # an appearance may be larger than its annotation
        _take(found, over, [line], line.box)
    return found, over


def _take(found: list[Line], over: list[Entry], own: Sequence[Line], box: Box) -> None:
    """Adds the lines of one entry to the others, or to what lies over these."""
    lines = [line for row in rows(own) for line in row]
    if _lies_over(lines, found):
        over.append(Entry(union(line.box for line in lines), " ".join(line.text for line in lines)))
    else:
        _split_around(found, lines[0], box)
        place = _place(found, lines[0], box)
        found[place:place] = lines


def _lies_over(own: Sequence[Line], found: Sequence[Line]) -> bool:
    """Does the text lie over what is printed?"""
    printed = [line for line in found if not line.typed and any(overlapping(line.box, value.box) for value in own)]
    words = [word.box for line in printed for word in line.words if not BLANK.search(word.text)]
    return any(
        overlap_x(box, value.box) > OVER * min(sides(box)[0], sides(value.box)[0])
        and overlap_y(box, value.box) > OVER * min(sides(box)[1], sides(value.box)[1])
        for value in own
        for box in words
    )


def _parted(line: Line, entries: Sequence[Entry]) -> list[Line]:
    """The line, or several where it runs through several entries."""
    groups: list[tuple[Entry | None, list[Word]]] = []
    for word in line.words:
        owner = next((entry for entry in entries if centred_in(word.box, entry.box)), None)
        if groups and groups[-1][0] is owner:
            groups[-1][1].append(word)
        else:
            groups.append((owner, [word]))
    return [_of(line, words) for _, words in groups] if len(groups) > 1 else [line]


def _of(line: Line, words: Sequence[Word]) -> Line:
    """What some of its words are of a line."""
    return replace(line, text=" ".join(word.text for word in words), box=union(word.box for word in words), words=words)


def _as_typed(own: Sequence[Line], entry: Entry) -> list[Line]:
    """The lines, as one where they are the entry's text with a box for each letter."""
    text = clean(entry.text)
    if len(rows(own)) != 1 or "".join(text.split()) != "".join(" ".join(line.text for line in own).split()):
        return list(own)
    box = union(line.box for line in own)
    return [replace(own[0], text=text, box=box, words=[Word(text, box)])]


def _written(entry: Entry, body: float) -> list[Line]:
    """The lines of an entry that the text layer does not have, as a viewer would set them."""
    texts = [text for part in entry.text.splitlines() if (text := clean(part))]
    if entry.painted or not texts:
        return []
    x0, y0, x1, y1 = entry.box
    height = (y1 - y0) / len(texts)
    size = max(min(height / PITCH, body or height), 1.0)
    pitch = PITCH * size
    top = (y0 + y1 - pitch) / 2 if y1 - y0 < 2 * pitch else y0
    tops = [top + k * pitch for k in range(len(texts))]
    return [
        Line(text, (x0, y, min(x1, x0 + LETTER * size * len(text)), y + pitch), size, typed=True)
        for text, y in zip(texts, tops, strict=True)
    ]


def _split_around(found: list[Line], value: Line, box: Box) -> None:
    """Parts the line that runs through the value's place, and takes the blank under it away."""
    for i, line in enumerate(found):
        if line.typed or not same_row(line.box, value.box) or not line.box[0] < box[2] or not line.box[2] > box[0]:
            continue
        before: list[Word] = []
        after: list[Word] = []
        for word in line.words:
            blank = BLANK.search(word.text) if overlap_x(word.box, box) > 0 else None
            x0, y0, x1, y1 = word.box
            if blank is not None:
                head, tail = word.text[: blank.start()], word.text[blank.end() :]
                before += [Word(head, (x0, y0, max(min(x1, value.box[0]), x0), y1))] if head else []
                after += [Word(tail, (min(max(x0, value.box[2]), x1), y0, x1, y1))] if tail else []
            else:
                (before if x0 < value.box[0] else after).append(word)
        if line.words:
            found[i : i + 1] = [_of(line, words) for words in (before, after) if words]
            return


def _place(found: Sequence[Line], value: Line, box: Box) -> int:
    """Behind what stands left of it on its row, or behind its label above; else before what follows."""
    row = [i for i, line in enumerate(found) if same_row(line.box, value.box)]
    left = [i for i in row if found[i].box[0] < value.box[0]]
    above = [
        i
        for i, line in enumerate(found)
        if overlap_x(line.box, box) > 0 and line.box[3] <= value.box[1] + SLACK * value.size
    ]
    beside = min(left, key=lambda i: (abs(value.box[0] - found[i].box[2]), -i), default=None)
    over = max(above, key=lambda i: (found[i].box[3], i), default=None)
    if beside is not None and (over is None or not _is_nearer(found[over], found[beside], value, box)):
        return beside + 1
    if over is not None:
        return over + 1
    below = [i for i, line in enumerate(found) if line.box[1] >= value.box[3] - SLACK * value.size]
    return min(row or below, key=lambda i: found[i].box[:2] if row else found[i].box[1::-1], default=len(found))


def _is_nearer(over: Line, beside: Line, value: Line, box: Box) -> bool:
    """Is what stands over a value its label, rather than what stands far left of it?"""
    return (
        value.box[0] - beside.box[2] > FAR * value.size
        and value.box[1] - over.box[3] < ABOVE * value.size
        and abs(over.box[0] - box[0]) < ALIGNED * value.size
    )


def _tick(found: list[Line], tick: Line) -> None:
    """Puts a box to tick before the label right of it, or behind that left of it."""
    _split_around(found, tick, tick.box)
    reach = TICK_REACH * tick.size
    labels = [i for i, line in enumerate(found) if not line.typed and same_row(line.box, tick.box)]
    after = [(found[i].box[0] - tick.box[2], i) for i in labels if found[i].box[0] >= tick.box[0]]
    before = [(tick.box[0] - found[i].box[2], i) for i in labels if found[i].box[0] < tick.box[0]]
    gap, label = min(after, default=(reach, -1))
    other, behind = min(before, default=(reach, -1))
    if min(gap, other) >= reach:
        found.insert(_place(found, tick, tick.box), tick)
    elif gap <= RATHER * max(other, 0.0):
        found[label] = _joined(tick, found[label])
    else:
        found[behind] = _joined(found[behind], tick)


def _joined(first: Line, second: Line) -> Line:
    words = [word for line in (first, second) for word in line.words or [Word(line.text, line.box)]]
    kind = second if first.text in (TICKED, UNTICKED) else first
    return replace(_of(kind, words), typed=True)
