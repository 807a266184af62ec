"""What only the whole document tells: running headers and footers, and what goes on over the page."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import TypedDict

from app.results.models import Block, Page
from worker.engines.base import Assembly

from . import markup
from .model.frame import Turn
from .model.joining import join
from .model.parts import FLOATS
from .model.patterns import OPEN_END, RESUMES

ZONE = 0.14
"""Share of the page's height, at its top and bottom, in which furniture stands."""
OUTMOST = 4
"""Blocks looked at from each end of a page."""
SAME_PLACE = 0.012
"""Shares of the page's size by which repetitions may be apart."""
SAME_ROW = 0.006
"""Shares of the page's height by which what stands on one row may be apart."""
ALIKE = 0.85
LONGEST = 160
"""Characters of a running header."""
DIGITS = re.compile(r"\d+|\b[ivxlc]+\b")
CONTINUED = re.compile(r"continued|cont\.|fortsetzung|suite|续", re.I)
PAGE_OF = re.compile(
    r"\b(page|seite|sheet|blatt|slide|folie|p\.)\s*\d+|[·|–—]\s*\d+$|\d+\s*/\s*\d+|第\s*\d+\s*页", re.I
)
FOOTNOTE = re.compile(r"[*†‡¹²³]|\d{1,2}\s?[^\W\d]|\(?\d")
NOTICE = re.compile(
    r"(this content (was )?)?(down ?loaded|accessed|retrieved|heruntergeladen|téléchargé|descargado|scaricato) "
    r"(from|by|on|date|at|via|von|am|depuis|le|de|da|el)\b|(down ?load|print) date\b|authorized licensed use",
    re.I,
)
"""What archives print in the margin of every page that they hand out."""
SIDE = 0.06
"""Share of the page's width, at its sides, in which such a notice may stand on end."""
LOWEST, SMALL = 0.93, 0.93
"""Where the foot of a page begins, as a share of its height, and type too small for its text, in body sizes."""
TITLES = {"doc_title", "paragraph_title"}
MOST_TITLES, SHORTEST_TITLE = 1_000, 8
NOT_FURNITURE = {"table", "image", "list_item"}


@dataclass(frozen=True, slots=True)
class _Margin:
    """A short block near the top or bottom edge of a page. `at` is its height as a share of the page's."""

    page: int
    order: int
    at: float
    text: str
    large: bool
    small: bool
    plain: bool
    title: bool
    number: bool = False


class AssemblyData(TypedDict, total=False):
    """What the assembly needs of a page beside its blocks; nothing is known of some pages of earlier builds.

    `sizes` are those of the blocks' type, in body sizes. `turn` is by how many quarters the page is turned. `blocks`
    has the label, level and marker of each block as it was read: an assembly changes them.
    """

    sizes: list[float]
    turn: int
    blocks: list[tuple[str, int | None, str | None]]


def _data(page: Page) -> AssemblyData:
    data: AssemblyData = page.for_assembly or AssemblyData()
    return data


def _as_read(page: Page) -> Page:
    """The page as it was before an earlier assembly: a job that is run again has pages of one."""
    for block, read in zip(page.blocks, _data(page).get("blocks", ()), strict=False):
        block.label, block.level, block.marker = read
    return page


@dataclass(slots=True)
class _OpenTable:
    """The table that a page ended with, and its place among the document's blocks."""

    content: str
    bbox: list[int]
    width: int
    place: int

    def joined(self, blocks: list[Block], width: int) -> str | None:
        """Both tables as one, if the page goes on with this one."""
        following = blocks[0]
        if following.label == "figure_title" and len(blocks) > 1 and CONTINUED.search(following.content):
            following = blocks[1]
        if following.label != "table":
            return None
        shift = max(abs(self.bbox[k] / self.width - following.bbox[k] / width) for k in (0, 2))
        return markup.joined_tables(self.content, following.content) if shift < 3 * SAME_PLACE else None


class DocumentAssembly(Assembly):
    """Blocks of all pages to one document."""

    def __init__(self, pages: Iterable[Page]) -> None:
        super().__init__(pages)
        margins: list[_Margin] = []
        self._pages = 0
        shown = 0
        notices: set[tuple[int, int]] = set()
        titles: set[str] = set()
        levels: set[int] = set()
        for page in map(_as_read, pages):
            levels |= {block.level for block in page.blocks if block.label in TITLES and block.level}
            self._pages += 1
            shown += sum(block.label not in markup.HIDDEN for block in page.blocks)
            margins += _margins(page)
            notices |= {(page.index, block.order) for block in page.blocks if _is_notice(block, page)}
            if len(titles) < MOST_TITLES:
                titles |= {DIGITS.sub("#", block.content.lower()) for block in page.blocks if block.label in TITLES}
        found = notices | _repeated(margins, self._pages)
        found |= {(m.page, m.order) for m in margins if m.plain and _is_title(m.text, titles)}
        found |= _beside(margins, found)
        if self._pages == 1:
            found |= {(m.page, m.order) for m in margins if m.small}
        found = _outermost(margins, found)
        self._furniture = {
            (m.page, m.order): "header" if m.at < 0.5 else "footer" for m in margins if (m.page, m.order) in found
        }
        self._furniture |= dict.fromkeys(notices - self._furniture.keys(), "footer")
        numbers = sum(m.number and (m.page, m.order) in self._furniture for m in margins)
        if len(self._furniture) - numbers == shown:  # what is all that a document says is none
            self._furniture = {}
        first = 1 if 1 in levels else 2
        self._levels = {level: min(first + i, 6) for i, level in enumerate(sorted(levels))}
        self._blocks: list[tuple[str, str]] = []
        self._open: _OpenTable | None = None

    def add(self, page: Page) -> Page:
        """Marks running headers and footers, closes gaps in headings' levels, and joins what runs over the page."""
        for block in _as_read(page).blocks:
            if (page.index, block.order) in self._furniture:
                block.label = self._furniture[page.index, block.order]
                block.level = block.marker = None
            elif block.label in TITLES and block.level:
                block.level = self._levels[block.level]
        page.markdown = markup.blocks((block.label, markup.block(block)) for block in page.blocks)
        shown = [block for block in page.blocks if block.label not in markup.HIDDEN]
        if shown and self._open is not None and (table := self._open.joined(shown, page.width)) is not None:
            self._open.content = table
            self._blocks[self._open.place] = "table", table
            shown = shown[2 if shown[0].label == "figure_title" else 1 :]
            if not [block for block in shown if block.label != "footnote"]:
                self._blocks += [(block.label, markup.block(block)) for block in shown]
                return page
        if shown:
            self._open = None
            shown = self._resume(shown)
        last = max((i for i, block in enumerate(shown) if block.label != "footnote"), default=None)
        if last is not None and shown[last].label == "table":
            self._open = _OpenTable(shown[last].content, shown[last].bbox, page.width, len(self._blocks) + last)
        self._blocks += [(block.label, markup.block(block)) for block in shown]
        return page

    def _resume(self, shown: list[Block]) -> list[Block]:
        """The page's blocks after those of the page before, whose last paragraph or list the first may go on with."""
        last = next((i for i in reversed(range(len(self._blocks))) if self._blocks[i][0] not in FLOATS), None)
        first = next((i for i, block in enumerate(shown) if block.label not in FLOATS), None)
        if last is None or first is None or shown[first].label != "text":
            return shown
        (label, text), block = self._blocks[last], shown[first]
        if label == "list_item" and (item := markup.next_item(text, block.content)):
            level, marker, content = item
            block = replace(block, label=label, level=level, marker=marker, content=content)
            return [*shown[:first], block, *shown[first + 1 :]]
        if label == "text" and OPEN_END.search(text) and RESUMES.match(block.content):
            self._blocks[last] = label, join(text, block.content)
            return [*shown[:first], *shown[first + 1 :]]
        return shown

    def markdown(self) -> str:
        return markup.blocks(self._blocks)


def _margins(page: Page) -> Iterator[_Margin]:
    if not page.blocks or not page.height:
        return
    data = _data(page)
    sizes, turn = data.get("sizes", []), Turn(data.get("turn", 0), page.width, page.height)
    middles = [_middle(block, turn) for block in page.blocks]
    ranked = sorted(zip(middles, page.blocks, strict=True), key=lambda pair: pair[0])
    ends = {}
    for side in (ranked[:OUTMOST], ranked[: -OUTMOST - 1 : -1]):
        for middle, block in side:
            if ZONE < middle < 1 - ZONE or block.label in NOT_FURNITURE or len(block.content) > LONGEST:
                break  # what is farther inside is the page's own
            ends[id(block)] = middle, block
    for middle, block in ends.values():
        size = sizes[block.order] if block.order < len(sizes) else 1.0
        small = middle > LOWEST and (size < SMALL or PAGE_OF.search(block.content) is not None)
        small = small and FOOTNOTE.match(block.content) is None
        text = block.content.lower()
        if block.label not in TITLES:  # "Article 1", "Article 2" at the heads of pages are none
            text = DIGITS.sub("#", text)
        plain = block.label == "text" and size < 1.05
        titled, number = block.label in TITLES, block.label == "number"
        yield _Margin(page.index, block.order, middle, text, size > 1.3, small, plain, titled, number)


def _is_notice(block: Block, page: Page) -> bool:
    """Does it say, in a margin of the page, who handed the page out?"""
    if block.label != "text" or not NOTICE.search(block.content[:LONGEST]) or not (page.width and page.height):
        return False
    x0, y0, x1, y1 = block.bbox
    left, right, top, bottom = x0 / page.width, x1 / page.width, y0 / page.height, y1 / page.height
    return bottom < ZONE / 2 or top > 1 - ZONE / 2 or right < SIDE or left > 1 - SIDE


def _middle(block: Block, turn: Turn) -> float:
    """The height of its middle as a share of the page's, upright."""
    x0, y0, x1, y1 = block.bbox
    _, top, _, bottom = turn.upright((x0, y0, x1, y1))
    return (top + bottom) / 2 / turn.upright_height


def _repeated(margins: Iterable[_Margin], pages: int) -> set[tuple[int, int]]:
    """Blocks, by page and order, that say the same at the same place of several pages, but for numbers."""
    rows: dict[int, list[_Margin]] = defaultdict(list)
    for margin in margins:
        rows[round(margin.at / SAME_PLACE)].append(margin)
    found: set[tuple[int, int]] = set()
    for key, members in rows.items():
        near = members + rows.get(key + 1, [])
        groups: list[list[_Margin]] = []
        for margin in near:
            for group in groups:
                if _alike(group[0], margin):
                    group.append(margin)
                    break
            else:
                if len(groups) < 50:
                    groups.append([margin])
        for group in groups:
            on = len({margin.page for margin in group})
            # Slides that go on have the same title; a title on most pages is furniture all the same.
            if on >= (max(3, 0.6 * pages) if group[0].large else 2):
                found |= {(margin.page, margin.order) for margin in group}
    return found


def _outermost(margins: Iterable[_Margin], found: set[tuple[int, int]]) -> set[tuple[int, int]]:
    """Those found with nothing of the page's own outside of them."""
    kept: set[tuple[int, int]] = set()
    sides: dict[tuple[int, bool], list[_Margin]] = defaultdict(list)
    for margin in margins:
        sides[margin.page, margin.at < 0.5].append(margin)
    for (page, top), members in sides.items():
        members.sort(key=lambda margin: margin.at if top else -margin.at)
        edge = next((m.at for m in members if (page, m.order) not in found), 0.5)
        kept |= {
            (page, m.order)
            for m in members
            if (page, m.order) in found and (m.at < edge + SAME_ROW if top else m.at > edge - SAME_ROW)
        }
    return kept


def _is_title(text: str, titles: set[str]) -> bool:
    """Does a line in the margin tell (the beginning of) a heading of the document?"""
    return len(text) >= SHORTEST_TITLE and any(title.startswith(text) or text.endswith(title) for title in titles)


def _beside(margins: Iterable[_Margin], found: set[tuple[int, int]]) -> set[tuple[int, int]]:
    """What stands on a row with furniture or a page number: the title of the chapter beside that of the book."""
    rows = defaultdict(list)
    for margin in margins:
        rows[margin.page].append(margin)
    return {
        (margin.page, margin.order)
        for members in rows.values()
        for margin in members
        if any(
            abs(margin.at - other.at) < SAME_ROW
            and ((other.page, other.order) in found or (other.number and not margin.title and not margin.large))
            for other in members
        )
    }


def _alike(one: _Margin, other: _Margin) -> bool:
    a, b = one.text, other.text
    if a == b or one.title or other.title:
        return a == b
    if min(len(a), len(b)) < 6 or abs(len(a) - len(b)) > 0.2 * max(len(a), len(b)):
        return False
    return SequenceMatcher(None, a, b, autojunk=False).ratio() > ALIKE
