"""What the pipeline found on a page, as a page of ours."""

from __future__ import annotations

from typing import Any

from app.engines.options import PaddleOCRVLOptions
from app.results.models import Block, Page

PICTURE = "imgs/img_in_"
"""How the pipeline's names of pictures begin; their kind and box follow, so they may be the same on every page."""


def named(text: str, number: int) -> str:
    """The text with the names that the pictures of page `number` have in the document."""
    return text.replace(PICTURE, f"p{number:04d}_img_in_")


def convert(result: Any, number: int, options: PaddleOCRVLOptions) -> tuple[Page, dict[str, bytes]]:
    """Page `number` from its PaddleOCRVLResult, and its pictures by their names, as JPEGs."""
    page = Page(number, result["width"], result["height"], "engine", raw=result.json["res"])
    images = describe(page, result, options)
    return page, {name: _jpeg(image) for name, image in images.items()}


def describe(page: Page, result: Any, options: PaddleOCRVLOptions) -> dict[str, Any]:
    """Sets the page's markdown and blocks by the result; returns the result's images by their names in the document."""
    written = result._to_markdown(pretty=options.prettify_markdown, show_formula_number=options.show_formula_number)
    page.markdown = named(written["markdown_texts"], page.index)
    page.blocks = []
    for found, block in zip(result["parsing_res_list"], result.json["res"]["parsing_res_list"], strict=True):
        content = block["block_content"] or (found.image["path"] if found.image else "")
        order = block["block_order"] or 0
        page.blocks.append(Block(block["block_label"], block["block_bbox"], named(content, page.index), order))
    return {named(path, page.index): image for path, image in written["markdown_images"].items()}


def restored(page: Page) -> dict[str, Any]:
    """The page's raw JSON for PaddleX's restructuring, in which tables take their pictures along to other pages."""
    raw: dict[str, Any] = page.raw
    blocks = raw["parsing_res_list"]
    ours = [block | {"block_content": named(block["block_content"], page.index)} for block in blocks]
    return raw | {"parsing_res_list": ours}


def _jpeg(image: Any) -> bytes:
    """As PaddleX writes its pictures."""
    import cv2
    import numpy as np

    _, data = cv2.imencode(".jpg", np.asarray(image)[:, :, ::-1])
    return bytes(data)
