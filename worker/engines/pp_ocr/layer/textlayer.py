"""A page's text layer as lines, in content order: typesetters nearly always write in reading order."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import overload

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from ..model.boxes import Box, overlap_x, same_row, union
from ..model.frame import Frame, Turn
from ..model.lines import SPACES, Line, Word, clean
from ..model.patterns import LETTER
from ..model.scripts import LEVEL
from .characters import GONE, HYPHEN, RIGHT_TO_LEFT, characters
from .doubles import repeated
from .objects import address
from .runs import SLANTED, Run, read_runs
from .visibility import Unseen, unseen
from .watermarks import Slanted, watermarks

HALVES = re.compile("[\ud800-\udbff][\udc00-\udfff]")


@dataclass(frozen=True, slots=True)
class TextLayer:
    """Lines in content order, turned upright if most of them lie on their side; `turn` leads back to the frame.

    `watermarks` are the texts of those, which are not among the lines. `unseen` is what else was left out: the page
    does not show it.
    """

    lines: list[Line]
    turn: Turn
    watermarks: Sequence[str] = ()
    unseen: Unseen = field(default_factory=Unseen)


def read(page: pdfium.PdfPage, frame: Frame, typed: Collection[int] = ()) -> TextLayer:
    """The lines of the page's text layer. Text outside the CropBox is left out, and what does not show.

    `typed` are the addresses of text objects of annotations and fields.
    """
    textpage = page.get_textpage()
    try:
        listed = characters(textpage)
        hidden = unseen(page, textpage, frame, listed)
        runs = _once(read_runs(textpage, frame, _without(listed, hidden.positions)))
        for run in runs if typed else ():
            run.typed = address(pdfium_c.FPDFText_GetTextObject(textpage, run.starts[0])) in typed
    finally:
        textpage.close()
    quarters: Counter[int] = Counter()
    for run in runs:
        for (_, _, quarter, _), count in run.styles.items():
            quarters[quarter] += count if quarter != SLANTED else 0
    text = "".join(piece for run in runs for piece in run.text)
    leftwards = len(RIGHT_TO_LEFT.findall(text))
    mirrored = leftwards > 0 and leftwards > 0.5 * len(LETTER.findall(text))
    quarter = max(quarters, key=lambda quarter: quarters[quarter], default=0) % SLANTED
    stacked = sum(run.stacked for run in runs) > 0.5 * quarters[quarter]
    turn = Turn(quarter, frame.width, frame.height, mirrored, stacked=stacked)
    level: list[Line] = []
    slanted: list[Slanted] = []
    for run in runs:
        if (line := _line(run, frame, turn)) is None:
            continue
        if run.style[2] == SLANTED:
            first, last = (_middle(turn.upright(frame.box(*run.boxes[k]))) for k in (0, -1))
            slanted.append(Slanted(line, first, last))
        level.append(line)
    marks: list[Line] = []
    if slanted:
        slants = [item.line for item in slanted]
        others = [line for line in level if not any(line is other for other in slants)]
        marks = watermarks(slanted, others, turn.upright_width, turn.upright_height)
    lines = [line for line in level if not any(line is mark for mark in marks)]
    if turn.quarters:
        lines = _downwards(lines)
    if sum(len(line.text) for line in lines if line.bold) > 0.6 * sum(len(line.text) for line in lines):
        usual = Counter(line.face for line in lines for _ in line.text).most_common(1)[0][0]
        for line in lines:  # where all is bold, nothing is
            line.bold = line.bold and line.face != usual
    return TextLayer(lines, turn, [mark.text for mark in marks], hidden)


def _once(runs: Sequence[Run]) -> list[Run]:
    """The runs but for those that only repeat what others have in the same place: shadows, second layers."""
    filled = [run for run in runs if run.text]

    def words(i: int) -> list[tuple[str, Box]]:
        return [("".join(filled[i].text[first:end]).rstrip(), box) for first, end, box in filled[i].spans()]

    again = repeated([union((run.boxes[0], run.boxes[-1])) for run in filled], words)
    return [run for i, run in enumerate(filled) if i not in again]


def _without(listed: str, positions: frozenset[int]) -> str:
    """The characters, with a mark in place of those at the positions."""
    if not positions:
        return listed
    return "".join(GONE if i in positions else character for i, character in enumerate(listed))


def _downwards(lines: Sequence[Line]) -> list[Line]:
    """The lines of a turned page, with those listed from the bottom up turned round.

    PDFium lists what stands side by side on the page from left to right, whichever way it runs.
    """
    found: list[Line] = []
    chain: list[list[Line]] = []
    for line in lines:
        last = chain[-1][-1] if chain else None
        if last is not None and same_row(last.box, line.box):
            chain[-1].append(line)
            continue
        if last is not None and not (line.middle < last.middle and overlap_x(line.box, last.box) > 0):
            found += [line for row in reversed(chain) for line in row]
            chain = []
        chain.append([line])
    return found + [line for row in reversed(chain) for line in row]


def _middle(box: Box) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def _line(run: Run, frame: Frame, turn: Turn) -> Line | None:
    """None where nothing printable is left, or nothing on the page."""
    hyphenated = bool(run.text) and run.text[-1].endswith(HYPHEN)
    text = _printed(run, 0, len(run.text))
    if not text or not frame.holds(box := frame.box(*union(run.boxes))):
        return None
    size, bold, quarter, face = run.style
    if len(run.styles) > 1:
        bold = sum(n for (_, heavy, _, _), n in run.styles.items() if heavy) > 0.8 * run.styles.total()
    return Line(
        text,
        turn.upright(box),
        max(size * frame.scale, 0.5),
        bold=bold,
        hyphenated=hyphenated,
        upright=quarter == turn.quarters,
        turned=(quarter - turn.quarters) % 4 if quarter != SLANTED else 0,
        words=_Words(run, frame, turn),
        face=face,
        typed=run.typed,
        font=run.font,
    )


class _Words(Sequence[Word]):
    """The words of a run, placed when they are asked for: most lines' never are."""

    def __init__(self, run: Run, frame: Frame, turn: Turn) -> None:
        self._made: list[Word] | None = None
        self._run, self._frame, self._turn = run, frame, turn

    @overload
    def __getitem__(self, index: int) -> Word: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Word]: ...
    def __getitem__(self, index: int | slice) -> Word | Sequence[Word]:
        return self._all()[index]

    def __len__(self) -> int:
        return len(self._all())

    def _all(self) -> list[Word]:
        if self._made is None:
            self._made = _words(self._run, self._frame, self._turn)
        return self._made


def _words(run: Run, frame: Frame, turn: Turn) -> list[Word]:
    return [
        Word(text, turn.upright(frame.box(*box)))
        for first, end, box in run.spans()
        if (text := _printed(run, first, end))
    ]


def _printed(run: Run, first: int, end: int) -> str:
    """The text of the pieces, with marks around those that are raised or lowered."""
    if not run.scripts:
        return _printable(run.text[first:end])
    marks = [run.scripts.get(i, "") for i in range(first, end)]
    if not any(marks):
        return _printable(run.text[first:end])
    found = ""
    for mark, pieces in groupby(zip(marks, run.text[first:end], strict=True), lambda pair: pair[0]):
        texts = [text for _, text in pieces]
        text = _printable(texts)
        blank = " " if found and texts[0] == " " else ""
        found += blank + (f"{mark}{text}{LEVEL}" if mark and text else text) + (" " if texts[-1] == " " else "")
    return SPACES.sub(" ", found).strip()


def _printable(pieces: Sequence[str]) -> str:
    return clean(HALVES.sub(_whole, "".join(pieces)).replace(HYPHEN, "-"))


def _whole(pair: re.Match[str]) -> str:
    """The character that two halves, as PDFium lists them, stand for."""
    return pair[0].encode("utf-16", "surrogatepass").decode("utf-16")
