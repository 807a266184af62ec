"""Boxes to tick, drawn or as characters: `[ ]` and `[x]` in the text they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..layer.annotations import TICKED, UNTICKED
from ..layer.drawings import Drawings
from ..model.boxes import Box, centred_in, overlap_x, overlap_y, overlapping, same_row, sides, union
from ..model.lines import Line, Word

SHOWN = str.maketrans({"☐": "[ ]", "☑": "[x]", "☒": "[x]", "🗹": "[x]", "🗷": "[x]", "❏": "[ ]", "❑": "[ ]"})
TICKS = frozenset("xX×✓✔✕✖✗✘√")
"""What stands in a box that is ticked."""
SMALLEST, LARGEST = 0.45, 1.6
"""Sizes of type that the side of a box is long."""
REACH = 2.5
"""Sizes of type between a box and its words, at most."""
MOST = 200
"""Boxes on a page; more are a grid or a pattern."""


def with_checkboxes(lines: Sequence[Line], drawn: Drawings) -> list[Line]:
    """The lines, with the boxes drawn beside or between their words as characters, and without the marks in these."""
    typed = [word.box for line in lines if line.typed for word in line.words if word.text in (TICKED, UNTICKED)]
    boxes = [
        box
        for box in drawn.squares
        if not any(_touch(box, other) for other in drawn.squares) and not any(centred_in(box, tick) for tick in typed)
    ]
    if not boxes or len(boxes) > MOST:
        return list(lines)
    found: list[Line | None] = list(lines)
    for box in boxes:
        ticked = False
        for i, line in enumerate(found):
            if line is not None and overlapping(line.box, box) and len(line.text) > 1:
                found[i] = unticked = _without_mark(line, box)
                ticked = ticked or unticked is not line
        marks = [i for i, line in enumerate(found) if line and line.text in TICKS and centred_in(line.box, box)]
        if any(line and i not in marks and _is_inside(line.box, box) for i, line in enumerate(found)):
            continue  # the field for a character
        others = [i for i, line in enumerate(found) if line is not None and i not in marks]
        owner = min(
            (i for i in others if _is_beside(box, found[i])), key=lambda i: _distance(box, found[i]), default=None
        )
        line = found[owner] if owner is not None else None
        if owner is None or line is None:
            continue
        ticked = ticked or bool(marks) or any(_is_mark(shape, box) for shape in drawn.strokes)
        found[owner] = _with(line, Word(TICKED if ticked else UNTICKED, box))
        for i in marks:
            found[i] = None
    return [line for line in found if line is not None]


def shown(text: str) -> str:
    """Markdown with the characters of boxes as task lists have them."""
    return text.translate(SHOWN)


def _touch(a: Box, b: Box) -> bool:
    """Are they fields of one row, as for the digits of a number?"""
    return a != b and overlap_x(a, b) > -3 and overlap_y(a, b) > -3 and not _is_mark(a, b) and not _is_mark(b, a)


def _is_mark(shape: Box, box: Box) -> bool:
    """Is a shape drawn in the box, as a cross or a tick is? The box itself is none."""
    same = all(abs(a - b) < 1.0 for a, b in zip(shape, box, strict=True))
    return not same and centred_in(shape, box) and max(sides(shape)) < 1.5 * max(sides(box))


def _is_inside(inner: Box, box: Box) -> bool:
    return centred_in(inner, box) and inner[2] - inner[0] < 1.5 * (box[2] - box[0])


def _is_beside(box: Box, line: Line | None) -> bool:
    if line is None or not line.upright or not same_row(box, line.box):
        return False
    width, height = sides(box)
    fits = SMALLEST * line.size < min(width, height) and max(width, height) < LARGEST * line.size
    return fits and _distance(box, line) < REACH * line.size


def _distance(box: Box, line: Line | None) -> float:
    """White between the box and the line; a box is first of all that of the words behind it."""
    if line is None:
        return 0.0
    if box[0] >= line.box[2]:
        return 1.5 * (box[0] - line.box[2])
    return max(line.box[0] - box[2], 0.0)


def _without_mark(line: Line, box: Box) -> Line:
    """The line without a tick in the box that was taken for a word of it."""
    words = [word for word in line.words if not (word.text in TICKS and centred_in(word.box, box))]
    if not words or len(words) == len(line.words) or " ".join(word.text for word in line.words) != line.text:
        return line
    text, around = " ".join(word.text for word in words), union(word.box for word in words)
    return replace(line, text=text, box=around, words=words)


def _with(line: Line, box: Word) -> Line:
    """The line with the box among its words."""
    words = list(line.words)
    if " ".join(word.text for word in words) != line.text:
        words = [Word(line.text, line.box)]
    at = sum((word.box[0] + word.box[2]) < (box.box[0] + box.box[2]) for word in words)
    words.insert(at, box)
    whole = union((line.box, box.box))
    return replace(line, text=" ".join(word.text for word in words), box=whole, words=words)
