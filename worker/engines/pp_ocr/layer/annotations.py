"""What is typed on a page: form fields, text boxes, stamps and notes. PDFium's text layer has none of it."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from ..model.boxes import Box
from ..model.frame import Frame, Turn
from . import links
from .objects import Handle, address

MAX_ANNOTATIONS, MAX_OPTIONS, MAX_PAINTED, MAX_DEPTH = 1_000, 1_000, 20_000, 4
"""Of a page, of a list to choose from, of what is painted, and of forms in each other: more is not looked at."""
LONGEST = 20_000
"""Characters of one annotation's text."""
UNSEEN = pdfium_c.FPDF_ANNOT_FLAG_HIDDEN | pdfium_c.FPDF_ANNOT_FLAG_NOVIEW
PASSWORD = 1 << 13
"""Flag of a field whose value is not to be shown."""
PAINTS_TEXT = re.compile(r"\bT[jJ*]|['\"]|\bDo\b")
TYPED = {pdfium_c.FPDF_ANNOT_WIDGET, pdfium_c.FPDF_ANNOT_FREETEXT, pdfium_c.FPDF_ANNOT_STAMP}
TICKED, UNTICKED = "☑", "☐"


@dataclass(slots=True)
class Entry:
    """Something typed, and its place in pixels of the frame. What is `painted` is in the text layer, as it looks."""

    box: Box
    text: str = ""
    painted: bool = False

    @property
    def is_tick(self) -> bool:
        """Is it a box to tick, or a button to choose?"""
        return self.text in (TICKED, UNTICKED)


@dataclass(slots=True)
class Annotations:
    """What is typed on a page. `notes` are texts behind an icon, `painted` tells the text objects of `entries`."""

    entries: list[Entry] = field(default_factory=list)
    notes: list[Entry] = field(default_factory=list)
    painted: frozenset[int] = frozenset()

    def upright(self, turn: Turn) -> list[Entry]:
        """The entries in pixels of the upright text."""
        return [replace(entry, box=turn.upright(entry.box)) for entry in self.entries]


def read(page: pdfium.PdfPage, number: int, frame: Frame) -> tuple[pdfium.PdfPage, Annotations]:
    """The page with what is typed on it as part of its content, in memory only, and what that is."""
    kinds = [pdfium_c.FPDFAnnot_GetSubtype(annotation) for annotation in _each(page)]
    found = Annotations()
    if pdfium_c.FPDF_ANNOT_WIDGET in kinds:
        with suppress(pdfium.PdfiumError):  # a damaged form: what is painted of it is read all the same
            page.pdf.init_forms()
            page = page.pdf[number - 1]  # PDFium draws the values of fields when a page is loaded
    if pdfium_c.FPDF_ANNOT_TEXT in kinds or TYPED.intersection(kinds):
        ticks = [i for i, annotation in enumerate(_each(page)) if _take(annotation, page, frame, found)]
        for i in reversed(ticks):  # what is drawn of them is no text
            pdfium_c.FPDFPage_RemoveAnnot(page, i)
    if TYPED.intersection(kinds):
        page = _flattened(page, number, found)
    return page, found


def _each(page: pdfium.PdfPage) -> Iterator[Handle]:
    """The page's annotations, open while they are looked at."""
    for i in range(min(pdfium_c.FPDFPage_GetAnnotCount(page), MAX_ANNOTATIONS)):
        annotation = pdfium_c.FPDFPage_GetAnnot(page, i)
        try:
            yield annotation
        finally:
            pdfium_c.FPDFPage_CloseAnnot(annotation)


def _take(annotation: Handle, page: pdfium.PdfPage, frame: Frame, found: Annotations) -> bool:
    """Adds what is typed there. True for what is to be ticked."""
    kind = pdfium_c.FPDFAnnot_GetSubtype(annotation)
    if pdfium_c.FPDFAnnot_GetFlags(annotation) & UNSEEN or kind not in TYPED | {pdfium_c.FPDF_ANNOT_TEXT}:
        return False
    rect = pdfium_c.FS_RECTF()
    pdfium_c.FPDFAnnot_GetRect(annotation, rect)
    box = frame.box(rect.left, rect.bottom, rect.right, rect.top)
    if not frame.holds(box):
        return False
    contents = _string(pdfium_c.FPDFAnnot_GetStringValue, annotation, b"Contents")
    if kind == pdfium_c.FPDF_ANNOT_TEXT:
        if contents.strip() and not pdfium_c.FPDFAnnot_HasKey(annotation, b"StateModel"):  # "accepted" by somebody
            found.notes.append(Entry(box, contents))
        return False
    if kind == pdfium_c.FPDF_ANNOT_WIDGET and page.formenv is not None:
        form = page.formenv.raw
        type_ = pdfium_c.FPDFAnnot_GetFormFieldType(form, annotation)
        if type_ in (pdfium_c.FPDF_FORMFIELD_CHECKBOX, pdfium_c.FPDF_FORMFIELD_RADIOBUTTON):
            found.entries.append(Entry(box, TICKED if pdfium_c.FPDFAnnot_IsChecked(form, annotation) else UNTICKED))
            return True
        contents = _value(annotation, form, type_)
    appearance = _string(pdfium_c.FPDFAnnot_GetAP, annotation, pdfium_c.FPDF_ANNOT_APPEARANCEMODE_NORMAL)
    found.entries.append(Entry(box, contents, bool(PAINTS_TEXT.search(appearance))))
    return False


def _value(annotation: Handle, form: Handle, type_: int) -> str:
    """What a field holds: chosen options as they are shown."""
    if type_ in (pdfium_c.FPDF_FORMFIELD_COMBOBOX, pdfium_c.FPDF_FORMFIELD_LISTBOX):
        count = min(pdfium_c.FPDFAnnot_GetOptionCount(form, annotation), MAX_OPTIONS)
        chosen = [i for i in range(count) if pdfium_c.FPDFAnnot_IsOptionSelected(form, annotation, i)]
        labels = [_string(pdfium_c.FPDFAnnot_GetOptionLabel, form, annotation, i) for i in chosen]
        if labels:
            return "\n".join(labels)
    elif type_ != pdfium_c.FPDF_FORMFIELD_TEXTFIELD:
        return ""
    if pdfium_c.FPDFAnnot_GetFormFieldFlags(form, annotation) & PASSWORD:
        return ""
    return _string(pdfium_c.FPDFAnnot_GetFormFieldValue, form, annotation)


def _string(ask: Callable[..., int], *question: object) -> str:
    """What PDFium answers as UTF-16, if it is not too long."""
    size = ask(*question, None, 0)
    if not 2 < size <= 2 * LONGEST:
        return ""
    buffer = (ctypes.c_ushort * (size // 2))()
    ask(*question, buffer, size)
    return bytes(buffer).decode("utf-16-le", "replace").rstrip("\0").replace("\r", "\n")


def _flattened(page: pdfium.PdfPage, number: int, found: Annotations) -> pdfium.PdfPage:
    """The page with its annotations in its content. PDFium takes the links away with them: they are put back."""
    before = pdfium_c.FPDFPage_CountObjects(page)
    leads = links.addresses(page)
    if pdfium_c.FPDFPage_Flatten(page, pdfium_c.FLAT_NORMALDISPLAY) != pdfium_c.FLATTEN_SUCCESS:
        return page
    page = page.pdf[number - 1]
    for (left, bottom, right, top), target in leads:
        link = pdfium_c.FPDFPage_CreateAnnot(page, pdfium_c.FPDF_ANNOT_LINK)
        pdfium_c.FPDFAnnot_SetRect(link, pdfium_c.FS_RECTF(left, top, right, bottom))
        pdfium_c.FPDFAnnot_SetURI(link, target.encode())
        pdfium_c.FPDFPage_CloseAnnot(link)
    painted: set[int] = set()
    for i in range(before, pdfium_c.FPDFPage_CountObjects(page)):
        _gather(pdfium_c.FPDFPage_GetObject(page, i), painted, MAX_DEPTH)
    found.painted = frozenset(painted)
    return page


def _gather(item: Handle, painted: set[int], depth: int) -> None:
    """Adds the text objects of what was flattened."""
    kind = pdfium_c.FPDFPageObj_GetType(item)
    if kind == pdfium_c.FPDF_PAGEOBJ_TEXT:
        painted.add(address(item))
    elif kind == pdfium_c.FPDF_PAGEOBJ_FORM and depth and len(painted) < MAX_PAINTED:
        for i in range(pdfium_c.FPDFFormObj_CountObjects(item)):
            _gather(pdfium_c.FPDFFormObj_GetObject(item, i), painted, depth - 1)
