"""Markers of list items that stand apart from their text, as characters or as small shapes, put before it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ..layer.drawings import Drawings
from ..model.boxes import Box, same_row, sides, union
from ..model.lines import Line, Measure
from ..model.lists import has_marker
from ..model.parts import Part

LONE_MARKER = re.compile(
    r"[•●○◦▪■□‣∙·⁃➢➤✓✔☐☑☒▸►◆◇★–—*\-\uf000-\uf0ff]|\(?(\d{1,3}|[a-z]|[ivx]{1,4})[.)]|\.\d{1,3}|§\s?\d{1,3}", re.I
)
BALL = re.compile(r"(\d{1,2}) +(?=\D)")
REACH = 4.0
"""Sizes of type between a marker and its text."""


def with_bullets(items: Sequence[Line | Part], drawn: Drawings, measure: Measure) -> list[Line | Part]:
    """The items, with markers that stand alone, and bullets that are drawn, put before the text beside them."""
    ticked = set(drawn.squares)
    shapes = [box for box in [*drawn.strokes, *drawn.panels] if _small(box, measure) and box not in ticked]
    marked = iter(_marked([item for item in items if isinstance(item, Line)], shapes))
    return [found for item in items if (found := next(marked) if isinstance(item, Line) else item) is not None]


def _small(box: Box, measure: Measure) -> bool:
    """Has it the size of a bullet, or of a ball with a number?"""
    width, height = sides(box)
    return 0.12 * measure.body < min(width, height) and max(width, height) < 1.1 * measure.body and width < 2 * height


def _marked(lines: Sequence[Line], drawn: Sequence[Box]) -> list[Line | None]:
    """Each line with its marker, or None where it is one: some programs print them apart.

    `drawn` are small shapes; those beside a line, with another in line with them, are bullets.
    """
    lone = {i for i, line in enumerate(lines) if len(line.text) <= 5 and LONE_MARKER.fullmatch(line.text)}
    bare = _counted([i for i, line in enumerate(lines) if len(line.text) <= 2 and line.text.isdigit()], lines)
    found: list[Line | None] = list(lines)
    for i in sorted(lone | bare):
        k = _beside(lines[i].box, lines, lone | bare, anywhere=not lines[i].text.isalnum())
        line = found[k] if k is not None else None
        if k is not None and line is not None:
            text = lines[i].text
            text = f"{text}." if i in bare else f"{text[1:]}." if text[0] == "." else text
            box = union((lines[i].box, line.box))
            found[k] = replace(line, text=f"{text} {line.text}", box=box, words=())
            found[i] = None
    for i, line in enumerate(lines):  # numbers in balls
        if (number := BALL.match(line.text)) and any(_holds_start(shape, line) for shape in drawn):
            found[i] = replace(line, text=f"{number[1]}. {line.text[number.end() :]}", words=())
    owners = [(shape, k) for shape in drawn if (k := _beside(shape, lines, lone | bare)) is not None]
    for shape, k in owners:
        line = found[k]
        alike = sum(abs(shape[0] - other[0]) < 3 and k != other_k for other, other_k in owners)
        if line is not None and alike and not has_marker(line.text):
            found[k] = replace(line, text=f"• {line.text}", box=union((shape, line.box)), words=())
    return found


def _beside(box: Box, lines: Sequence[Line], markers: set[int], *, anywhere: bool = False) -> int | None:
    """The line, by index, that begins to the right of a marker in the box; or the only one `anywhere` on its row."""
    near = [
        k
        for k, line in enumerate(lines)
        if k not in markers
        and line.upright
        and line.box[1] <= (box[1] + box[3]) / 2 <= line.box[3]
        and -0.3 * line.size <= line.box[0] - box[2] < REACH * line.size
        and box[3] - box[1] < 1.6 * line.size
    ]
    if near or not anywhere:
        return min(near, key=lambda k: lines[k].box[0], default=None)
    row = [k for k, line in enumerate(lines) if k not in markers and line.upright and same_row(box, line.box)]
    return row[0] if len(row) == 1 and box[3] - box[1] < 2.5 * lines[row[0]].size else None


def _holds_start(shape: Box, line: Line) -> bool:
    return abs(shape[0] - line.box[0]) < 0.6 * line.size and line.box[1] <= (shape[1] + shape[3]) / 2 <= line.box[3]


def _counted(numbers: Sequence[int], lines: Sequence[Line]) -> set[int]:
    """Numbers without a point that stand under each other and count from 1: those of a list."""
    found: set[int] = set()
    for i in numbers:
        if lines[i].text != "1":
            continue
        column = [k for k in numbers if abs(lines[k].box[0] - lines[i].box[0]) < lines[i].size]
        run = [i]
        for k in sorted(column, key=lambda k: lines[k].middle):
            if lines[k].text == str(len(run) + 1) and lines[k].middle > lines[run[-1]].middle:
                run.append(k)
        if len(run) >= 3 and all(_beside(lines[k].box, lines, set(numbers)) is not None for k in run):
            found |= set(run)
    return found
