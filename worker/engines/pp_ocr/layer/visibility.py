"""Characters of a text layer that the page does not show: they can be taken away, and the page looks the same."""

from __future__ import annotations

import ctypes
import math
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from ..model.boxes import Box, area, centred_in
from ..model.frame import Frame, render
from .objects import address
from .suspects import Reason, Suspects, TextObject, look

FAINTEST = 8
"""Tones, from 0 to 255, that ink differs from its ground where people can see it."""
LEAST_INK = 0.03
"""Share of a character's box that is inked where it shows: full stops fill theirs, thin letters a tenth."""
MOST_ROUNDS = 4
"""How often parts of a page are painted: of texts that overlap, each is taken away in its turn."""
PATIENCE = 2.0
"""Seconds of CPU after which it is left at that: a page that takes so long to paint has its text as it comes."""
BAND_GAP = 40
"""Pixels between texts that are painted one by one."""
CELL = 4
"""Pixels: how finely it is seen whether texts overlap."""
TWIN = 0.6
"""How far from each other, in their heights, the edges of a text are that is painted twice."""
SCAN = 0.5
"""Share of the page that an image covers which may be a scan of it."""
LAST_LATIN = "\u024f"
SHOWN_AS: dict[Reason, str] = {
    "invisible": "not painted",
    "stencil": "not painted",
    "layer": "in a hidden layer",
    "clipped": "clipped away",
    "covered": "painted over",
    "faint": "in the color of its background",
    "tiny": "too small to read",
}

Ink = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Unseen:
    """Positions in PDFium's list of the characters that do not show, and how many of them people should know about."""

    positions: frozenset[int] = frozenset()
    counts: Counter[Reason] = field(default_factory=Counter)

    def warning(self) -> str | None:
        """What the page's reader should know; None where nothing was hidden."""
        total = self.counts.total()
        if not total:
            return None
        were = "1 character of hidden text was" if total == 1 else f"{total:,} characters of hidden text were"
        ways = dict.fromkeys(SHOWN_AS[reason] for reason, _ in self.counts.most_common())
        return f"{were} left out ({', '.join(ways)})."


def unseen(page: pdfium.PdfPage, textpage: pdfium.PdfTextPage, frame: Frame, characters: str) -> Unseen:
    """What of the text does not show. Parts of the page are painted where something may not.

    `characters` are those of PDFium's list.
    """
    found = look(page)
    _doubt_forms(page, frame, found)
    doubtful = found.doubtful()
    if not doubtful:
        return Unseen()
    positions = _positions(textpage, found.texts, characters)
    _pair(
        [text for text in doubtful if positions[text.order]],
        [text for text in found.texts if not positions[text.order]],
    )
    hidden: dict[int, Reason] = {}
    stencils = [text for text in doubtful if text.reason == "stencil"]
    anything = _anything(page, frame, stencils)
    unsure = []
    for text in doubtful:
        if text.reason in ("invisible", "tiny") and not text.twins:
            hidden |= dict.fromkeys(positions[text.order], text.reason)
        elif not _can_be_painted(text, positions[text.order], characters):
            continue
        elif text.reason == "stencil":
            lost = _without_ink(anything, frame, textpage, text, positions[text.order])
            hidden |= dict.fromkeys(lost, text.reason)
        else:
            unsure.append(text)
    hidden |= _not_painted(page, frame, textpage, unsure, positions)
    return Unseen(
        frozenset(hidden), _counts(found, positions, hidden, characters, page.get_width() * page.get_height())
    )


def _doubt_forms(page: pdfium.PdfPage, frame: Frame, found: Suspects) -> None:
    """Gives a reason to the texts of forms of which a witness does not show."""
    witnesses = found.witnesses()
    if not witnesses:
        return
    ink = _ink(page, frame, witnesses)
    off = {text.form for text in witnesses if not _any_ink(ink, frame.box(*text.box))}
    for text in found.texts:
        if text.form in off and text.reason is None:
            text.reason = "layer"


def _positions(textpage: pdfium.PdfTextPage, texts: Sequence[TextObject], characters: str) -> dict[int, list[int]]:
    """The positions of each text's characters, but for spaces, by the text's order."""
    owners = {address(text.handle): text.order for text in texts}
    found: dict[int, list[int]] = {text.order: [] for text in texts}
    raw, owner_at = textpage.raw, pdfium_c.FPDFText_GetTextObject
    for i, character in enumerate(characters):
        if not character.isspace():
            order = owners.get(address(owner_at(raw, i)))
            if order is not None:
                found[order].append(i)
    return found


def _can_be_painted(text: TextObject, positions: Sequence[int], characters: str) -> bool:
    """Would it leave ink? PDFium's own fonts, which stand in for those that a document does not bring, are Latin."""
    if not positions:
        return False
    font = pdfium_c.FPDFTextObj_GetFont(text.handle)
    foreign = any(characters[i] > LAST_LATIN and characters[i].isalpha() for i in positions)
    return not foreign or pdfium_c.FPDFFont_GetIsEmbedded(font) == 1


def _pair(texts: Sequence[TextObject], unlisted: Sequence[TextObject]) -> None:
    """Gives the texts their twins, of those without listed characters."""
    if not texts or not unlisted:
        return
    places = np.array([text.box for text in unlisted])
    for text in texts:
        near = np.abs(places - text.box).max(axis=1) < TWIN * (text.box[3] - text.box[1])
        text.twins = [unlisted[i].handle for i in np.flatnonzero(near).tolist()]


def _not_painted(
    page: pdfium.PdfPage,
    frame: Frame,
    textpage: pdfium.PdfTextPage,
    texts: Sequence[TextObject],
    positions: dict[int, list[int]],
) -> dict[int, Reason]:
    """The characters of the texts that leave no ink, and why."""
    hidden: dict[int, Reason] = {}
    gone: list[TextObject] = []
    try:
        begun = time.process_time()
        for some in _rounds(texts, frame):
            if time.process_time() - begun > PATIENCE:
                break
            ink = _ink(page, frame, some)
            for text in some:
                lost = _without_ink(ink, frame, textpage, text, positions[text.order])
                hidden |= dict.fromkeys(lost, text.reason or "layer")
                if len(lost) == len(positions[text.order]):
                    gone.append(text)  # else two that hide each other would both be lost
                    _switch([text], on=False)
    finally:
        _switch(gone, on=True)
    return hidden


def _rounds(texts: Sequence[TextObject], frame: Frame) -> list[list[TextObject]]:
    """The texts, those that overlap apart, as far as `MOST_ROUNDS` go."""
    taken = np.zeros((MOST_ROUNDS, frame.height // CELL + 1, frame.width // CELL + 1), np.bool_)
    rounds: list[list[TextObject]] = [[] for _ in range(MOST_ROUNDS)]
    for text in texts:
        x0, y0, x1, y1 = frame.box(*text.box)
        inset = (y1 - y0) / 4
        left, top, right, bottom = (int(max(side, 0) // CELL) for side in (x0, y0 + inset, x1, y1 - inset))
        cells = taken[:, top : bottom + 1, left : right + 1]
        number = next((k for k in range(MOST_ROUNDS - 1) if not cells[k].any()), MOST_ROUNDS - 1)
        cells[number] = True
        rounds[number].append(text)
    return [some for some in rounds if some]


def _ink(page: pdfium.PdfPage, frame: Frame, texts: Sequence[TextObject]) -> Ink:
    """Where on the frame the page looks different without the texts."""
    ink = np.zeros((frame.height, frame.width), np.bool_)
    bands = _bands(texts, frame)
    with_texts = [render(page, frame, region=band) for band in bands]
    _switch(texts, on=False)
    try:
        for (x0, y0, x1, y1), before in zip(bands, with_texts, strict=True):
            after = render(page, frame, region=(x0, y0, x1, y1))
            change = np.maximum(before, after) - np.minimum(before, after)
            ink[y0:y1, x0:x1] = change.max(axis=2) > FAINTEST
    finally:
        _switch(texts, on=True)
    return ink


def _anything(page: pdfium.PdfPage, frame: Frame, texts: Sequence[TextObject]) -> Ink:
    """Where around the texts there is anything else than the commonest color."""
    ink = np.zeros((frame.height, frame.width), np.bool_)
    for x0, y0, x1, y1 in _bands(texts, frame):
        raster = render(page, frame, region=(x0, y0, x1, y1)).astype(np.int16)
        ink[y0:y1, x0:x1] = np.abs(raster - np.median(raster, axis=(0, 1))).max(axis=2) > FAINTEST
    return ink


def _bands(texts: Sequence[TextObject], frame: Frame) -> list[tuple[int, int, int, int]]:
    """The parts of a page with texts in them, from top to bottom."""
    boxes = [frame.clamp(frame.box(*text.box)) for text in texts]
    found: list[tuple[int, int, int, int]] = []
    for x0, y0, x1, y1 in sorted(boxes, key=lambda box: box[1]):
        if x0 >= x1 or y0 >= y1:
            continue
        if found and y0 - found[-1][3] < BAND_GAP:
            left, top, right, bottom = found[-1]
            found[-1] = min(left, x0), top, max(right, x1), max(bottom, y1)
        else:
            found.append((x0, y0, x1, y1))
    return found


def _switch(texts: Sequence[TextObject], *, on: bool) -> None:
    for text in texts:
        for handle in (text.handle, *text.twins):
            pdfium_c.FPDFPageObj_SetIsActive(handle, on)


def _without_ink(
    ink: Ink, frame: Frame, textpage: pdfium.PdfTextPage, text: TextObject, positions: Sequence[int]
) -> list[int]:
    """The positions of the text's characters that do not show."""
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    bare = set()
    for i in positions:
        pdfium_c.FPDFText_GetCharBox(textpage, i, left, right, bottom, top)
        box = frame.box(left.value, bottom.value, right.value, top.value)
        if left.value == right.value or bottom.value == top.value:  # a font that says nothing about its letters
            box = frame.box(*text.box)
        if not _any_ink(ink, box):
            bare.add(i)
    among = set(positions)
    # A letter alone in a word that shows is a blank of its font, or the other half of a ligature.
    return [i for i in bare if {i - 1, i + 1} & bare or not {i - 1, i + 1} & among]


def _any_ink(ink: Ink, box: Box) -> bool:
    """Does something in the box show? What lies off the page is not judged."""
    height, width = ink.shape
    x0, y0, x1, y1 = math.floor(box[0]), math.floor(box[1]), math.ceil(box[2]), math.ceil(box[3])
    inside = ink[max(y0, 0) : min(y1, height), max(x0, 0) : min(x1, width)]
    return inside.size == 0 or bool(np.count_nonzero(inside) > LEAST_INK * inside.size)


def _counts(
    found: Suspects, positions: dict[int, list[int]], hidden: dict[int, Reason], characters: str, page_area: float
) -> Counter[Reason]:
    """How many characters are hidden that people should know about, and why.

    Text behind a scan, and an invisible layer that lies over a picture or repeats what the page shows, is how OCR is
    stored.
    """
    words = set("".join(" " if i in hidden else character for i, character in enumerate(characters)).split())
    scans = [image for image in found.images if area(image) > SCAN * page_area]
    counts: Counter[Reason] = Counter()
    for text in found.doubtful():
        lost = [i for i in positions[text.order] if i in hidden]
        if not lost or text.reason is None:
            continue
        if text.reason != "invisible":
            behind = any(centred_in(text.box, scan) for scan in scans)
            counts[text.reason] += 0 if behind else len(lost)
        elif not any(centred_in(text.box, image) for image in found.images):
            said = characters[lost[0] : lost[-1] + 1].split()
            new = sum(len(word) for word in said if word not in words)
            counts["invisible"] += len(lost) if new > 0.5 * len(lost) else 0
    return +counts
