"""What a job yields: pages of blocks."""

import json
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from app.results.layout import Layout

Route = Literal["text", "ocr", "mixed", "blank", "engine"]
"""How a page was read.

From its text layer, by OCR, some regions by the one and some by the other, not at all because it is empty, or by an
engine that decides for itself.
"""


@dataclass
class Block:
    """One piece of a page, in reading order.

    `label` is a PaddleX layout label (doc_title, paragraph_title, text, list_item, table, image, figure_title, formula,
    header, footer, number, footnote). `bbox` is [x1, y1, x2, y2] in pixels of the page's width and height. `content` is
    the block's text as markdown without its marker (a table: pipes or HTML; an image: its file name); `level` is a
    heading's 1 to 6 or a list item's depth from 1, `marker` what the item begins with ("-", "3.").
    """

    label: str
    bbox: list[int]
    content: str
    order: int = 0
    level: int | None = None
    marker: str | None = None


@dataclass
class Page:
    """One page of a document. `index` counts from 1; `width` and `height` are pixels.

    `error` is `{code, message}` where the page failed. `confidence`, 0 to 1, is that of the lines read by OCR; None
    where there are none. `raw` is the engine's own JSON, sent only when asked. `layout` is stored beside the page.
    `for_assembly` is what our reader keeps of the page until the document is assembled: JSON whose shape is the
    engine's, never sent.
    """

    index: int
    width: int
    height: int
    route: Route
    markdown: str = ""
    blocks: list[Block] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    route_reason: str | None = None
    confidence: float | None = None
    error: dict[str, str] | None = None
    raw: Any = None
    for_assembly: Any = None
    layout: Layout | None = None

    def public(self) -> dict[str, Any]:
        """The page as results show it, JSON-ready."""
        return replace(self, raw=None, for_assembly=None).to_dict()

    def to_dict(self) -> dict[str, Any]:
        """The page as it is stored, JSON-ready, without its layout; what is absent is left out.

        Lists are those of the page, not copies: dataclasses.asdict takes twenty times as long.
        """
        page = _present(self)
        page.pop("layout", None)
        page["blocks"] = [_present(block) for block in self.blocks]
        return page


def _present(item: "Page | Block") -> dict[str, Any]:
    return {name: value for name, value in vars(item).items() if value is not None}


def page_fields(data: bytes) -> dict[str, Any]:
    """The fields of a stored page, of an earlier build's, too: it kept in `raw` what pp_ocr has in `for_assembly`."""
    fields: dict[str, Any] = json.loads(data)
    raw = fields.get("raw")
    if isinstance(raw, dict) and {"sizes", "turn"} <= raw.keys():
        fields["for_assembly"] = fields.pop("raw")
    return fields


def parse_page(data: bytes) -> Page:
    """The page of which `data` is the JSON, as `store_page` writes it."""
    page = Page(**page_fields(data))
    page.blocks = [Block(**block) for block in page.blocks]  # type: ignore[arg-type]
    return page
