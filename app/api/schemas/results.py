"""Results: of jobs, of pages and of blocks, and the body of callbacks."""

from typing import Annotated, Literal

from pydantic import Field, JsonValue, RootModel

from app.api.schemas.base import METADATA, Absent, JobId, Schema
from app.api.schemas.problems import JobError
from app.results.models import Route

BoundingBox = Annotated[list[int], Field(min_length=4, max_length=4)]


class Line(Schema):
    """A line of text as it was read, before lines became blocks."""

    text: str = Field(description="The text of the line, plain.")
    bbox: BoundingBox = Field(description="Bounding box, as that of a block.")
    confidence: Absent[float] = Field(
        None, ge=0, le=1, description="How sure OCR is of the text. Absent for a line of the text layer."
    )


class Cell(Schema):
    """A cell of a table."""

    row: int = Field(ge=0, description="First row of the cell, counted from 0.")
    column: int = Field(ge=0, description="First column of the cell, counted from 0.")
    row_span: int = Field(ge=1, description="Number of rows that the cell covers.")
    column_span: int = Field(ge=1, description="Number of columns that the cell covers.")
    bbox: BoundingBox = Field(
        description="Bounding box, as that of a block. Where no rules frame the cell, it is the part of the page where "
        "its rows and columns cross."
    )
    text: str = Field(description="The text of the cell, plain. Empty for an empty cell.")


class Block(Schema):
    """One piece of a page: a heading, a paragraph, a list item, a table, an image and so on."""

    label: str = Field(
        description="Kind of the block, named as PaddleX does. `pp_ocr` has `doc_title`, `paragraph_title`, `text`, "
        "`list_item`, `table`, `image`, `figure_title`, `formula`, `footnote`, `header`, `footer` and `number` (the "
        "page number). `paddleocr_vl` has further ones. `header`, `footer` and `number` are not part of `markdown`."
    )
    bbox: BoundingBox = Field(
        description="Bounding box [x1, y1, x2, y2] in pixels of the page, from 0 to its `width` and `height`. The "
        "origin is the top left corner; x runs to the right and y runs down."
    )
    content: str = Field(
        description="Text of the block as markdown, without the heading's or list item's marker. Tables are markdown "
        "tables, or HTML if cells are merged. The content of an image is its name in `images`."
    )
    order: int = Field(
        ge=0,
        description="Position in the reading order of the page. `pp_ocr` counts from 0. `paddleocr_vl` counts from 1 "
        "and gives 0 to blocks outside the reading order.",
    )
    level: Absent[int] = Field(
        None, ge=1, description="Level of a heading, 1 to 6, or depth of a list item from 1. Absent for other blocks."
    )
    marker: Absent[str] = Field(
        None, description='Marker of a list item, for example "-" or "3.". Absent for other blocks.'
    )
    cells: Absent[list[Cell]] = Field(
        None, description="Cells of a table, row by row. Only with `lines=true`, if the engine has them."
    )


class Page(Schema):
    """One page of the document."""

    index: int = Field(ge=1, description="Page number in the document, counted from 1.")
    width: int = Field(ge=0, description="Width of the page in pixels; 0 if the page failed.")
    height: int = Field(ge=0, description="Height of the page in pixels; 0 if the page failed.")
    route: Route = Field(
        description="How the page was read: from its text layer (`text`), by OCR (`ocr`), some regions from the text "
        "layer and some by OCR (`mixed`), not at all because it is empty (`blank`), or by an engine that decides for "
        "itself (`engine`)."
    )
    route_reason: Absent[str] = Field(
        None,
        description="Why `pp_ocr` used OCR: `scanned`, `vector_text` (letters drawn as shapes), "
        "`invisible_text_layer`, `garbled_text_layer` or `picture_of_text` (a picture beside digital text). Of several "
        "reasons, the one for most of the page.",
    )
    confidence: Absent[float] = Field(
        None,
        ge=0,
        le=1,
        description="How sure OCR is of the text that it read: the mean of its lines, weighted by their length. Absent "
        "if nothing was read by OCR, or the engine does not say.",
    )
    markdown: str = Field(description="The page as markdown.")
    blocks: list[Block] = Field(description="The blocks of the page, in reading order.")
    warnings: list[str] = Field(description="What may be wrong with the page, for people. Usually empty.")
    error: Absent[JobError] = Field(None, description="Why the page failed. Absent if it succeeded.")
    dpi: Absent[float] = Field(
        None,
        gt=0,
        description="Pixels of the page, as `width` and `height` count them, per inch. Only with `lines=true`, if the "
        "engine has it.",
    )
    lines: Absent[list[Line]] = Field(
        None,
        description="All lines of text that were read, also those inside images and tables. Only with `lines=true`, if "
        "the engine has them.",
    )


class JobPage(Page):
    """One page of a job, available as soon as it is done."""

    raw: JsonValue = Field(
        None, description="The engine's own output, in the engine's own format. Only with `raw=true`, if there is any."
    )
    provisional: Absent[Literal[True]] = Field(
        None, description="The job is still running, and the final pass over all pages may change this page."
    )


class PageWarning(Schema):
    """What may be wrong with a page."""

    index: int = Field(ge=1, description="Page number in the document, counted from 1.")
    message: str = Field(description="What may be wrong with the page, for people.")


class FailedPage(Schema):
    """A page that failed, and why."""

    index: int = Field(ge=1, description="Page number in the document, counted from 1.")
    code: str = Field(description="Error code, stable across releases.")
    message: str = Field(description="What happened, for people.")


class Result(Schema):
    """The result of a finished job."""

    pages: list[Page] = Field(description="The selected pages, in the order of the document.")
    markdown: str = Field(
        description="The document as markdown, without running headers, running footers and page numbers. Images are "
        "linked by their name in `images`."
    )
    engine: str = Field(description="The engine that read the document.")
    engine_version: str = Field(description="Name and version of the software behind the engine.")
    warnings: Absent[list[PageWarning]] = Field(
        None, description="The warnings of all pages. Usually empty; absent if an earlier version made the result."
    )
    page_errors: list[FailedPage] = Field(description="The pages that failed. Empty if all pages succeeded.")
    images: dict[str, str] = Field(
        description="The images by name, for example `p0002_figure_1.png`. Each is a PNG or JPEG file in base64."
    )


class FinishedResult(Schema):
    """The job finished. Single pages may still have failed: see `page_errors`."""

    job_id: JobId
    status: Literal["finished"]
    metadata: JsonValue = Field(None, description=METADATA)
    result: Result


class FailedResult(Schema):
    """The job failed or was canceled."""

    job_id: JobId
    status: Literal["failed", "canceled"]
    metadata: JsonValue = Field(None, description=METADATA)
    error: JobError


class PendingResult(Schema):
    """The job has not ended yet."""

    job_id: JobId
    status: Literal["queued", "running"]
    result: None = Field(description="Always null.")


class LinkedResult(Schema):
    """The job finished, but its result is larger than WEBHOOK_MAX_INLINE_BYTES: fetch it from `result_url`."""

    job_id: JobId
    status: Literal["finished"]
    metadata: JsonValue = Field(None, description=METADATA)
    result: None = Field(description="Always null.")
    result_url: str = Field(description="Address of the result. It is relative if PUBLIC_URL is not set.")
    note: str = Field(description="Why the result is not included, for people.")


class JobOutcome(RootModel[Annotated[FinishedResult | FailedResult, Field(discriminator="status")]]):
    """The outcome of an ended job: its result, or why there is none."""


class Callback(RootModel[FinishedResult | LinkedResult | FailedResult]):
    """The outcome of a job, sent to its `callback_url`."""
