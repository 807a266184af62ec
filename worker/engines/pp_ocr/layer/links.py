"""Links of a page: words that lead to an address keep it.

While lines are put together, a link's text stands between marks that no document has; `resolved` turns them to
markdown.
"""

from __future__ import annotations

import ctypes
import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from ..model.boxes import Box, centred_in
from ..model.frame import Frame, Turn
from ..model.lines import Line, Word

OPEN, CLOSE = "\ufdd0", "\ufdd1"
MARKED = re.compile(f"{OPEN}([^{OPEN}{CLOSE}]*){CLOSE}(.)", re.S)
LEFT_OVER = re.compile(f"{OPEN}|{CLOSE}[\U000f0000-\U000ffffd]?")
FIRST = 0xF0000
"""Code point behind CLOSE of the first link; the others follow."""
MOST_LINKS = 1_000
LONGEST = 2_000
"""Bytes of an address."""
SAFE = re.compile(r"(https?://|mailto:)[^\s<>\\^`{|}\x00-\x20]+", re.I)
"""What may be written as a link: no javascript:, no file:."""


@dataclass(frozen=True, slots=True)
class Link:
    """Where on the page a link lies, in pixels, and where it leads."""

    box: Box
    address: str


def read(page: pdfium.PdfPage, frame: Frame, turn: Turn) -> list[Link]:
    """The page's links to addresses, in pixels of its upright text."""
    return [Link(turn.upright(frame.box(*place)), address) for place, address in addresses(page)]


def addresses(page: pdfium.PdfPage) -> list[tuple[Box, str]]:
    """Where the page's links lie, in its points, and where they lead."""
    found: list[tuple[Box, str]] = []
    position, link = ctypes.c_int(0), pdfium_c.FPDF_LINK()
    rect, buffer = pdfium_c.FS_RECTF(), ctypes.create_string_buffer(LONGEST)
    while len(found) < MOST_LINKS and pdfium_c.FPDFLink_Enumerate(page, position, link):
        action = pdfium_c.FPDFLink_GetAction(link)
        if not action or pdfium_c.FPDFAction_GetType(action) != pdfium_c.PDFACTION_URI:
            continue
        length = pdfium_c.FPDFAction_GetURIPath(page.pdf, action, buffer, len(buffer))
        address = buffer.raw[: max(length - 1, 0)].decode("utf-8", "replace") if length <= LONGEST else ""
        if SAFE.fullmatch(address) and pdfium_c.FPDFLink_GetAnnotRect(link, rect):
            found.append(((rect.left, rect.bottom, rect.right, rect.top), address))
    return found


def mark(lines: Sequence[Line], links: Sequence[Link]) -> list[Line]:
    """The lines, with the words that lie in links between marks."""
    if not links:
        return list(lines)
    return [_marked(line, links) for line in lines]


def resolved(text: str, links: Sequence[Link]) -> str:
    """Markdown, or an HTML table, with its marks as links; an address that is its own text stays as it is."""
    if not links:
        return text
    anchors = text.startswith("<table>")

    def link(match: re.Match[str]) -> str:
        shown, k = match[1], ord(match[2]) - FIRST
        if not 0 <= k < len(links) or not shown.strip():
            return shown
        address = links[k].address
        if _bare(shown) == _bare(address):
            return shown
        if anchors:
            return f'<a href="{html.escape(address)}">{shown}</a>'
        return f"[{shown}]({address.replace('(', '%28').replace(')', '%29')})"

    together = re.sub(f"{CLOSE}(.) {OPEN}(?=[^{OPEN}{CLOSE}]*{CLOSE}\\1)", " ", text)
    return LEFT_OVER.sub("", MARKED.sub(link, together))


def unmarked(text: str) -> str:
    """The text alone: a listing has no links."""
    return LEFT_OVER.sub("", text)


def _marked(line: Line, links: Sequence[Link]) -> Line:
    words = list(line.words)
    owners = [next((k for k, link in enumerate(links) if centred_in(word.box, link.box)), None) for word in words]
    if not any(owner is not None for owner in owners) or " ".join(word.text for word in words) != line.text:
        return line
    for i, (word, owner) in enumerate(zip(words, owners, strict=True)):
        if owner is None:
            continue
        begins = i == 0 or owners[i - 1] != owner
        ends = i == len(words) - 1 or owners[i + 1] != owner
        text = (OPEN if begins else "") + word.text + (f"{CLOSE}{chr(FIRST + owner)}" if ends else "")
        words[i] = Word(text, word.box)
    return replace(line, text=" ".join(word.text for word in words), words=words)


def _bare(text: str) -> str:
    """What an address is without the parts that are left out in print."""
    return re.sub(r"\\|^(https?://)?(www\.)?|^mailto:|[/.,;:)]+$", "", text.strip().lower())
