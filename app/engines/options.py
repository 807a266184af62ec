"""The engines' options, as a job may set them."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from app.errors import InvalidRequest


class Options(BaseModel):
    """Base of every engine's options; a field that is not listed is refused by name."""

    model_config = ConfigDict(extra="forbid")


class NoOptions(Options):
    """For engines that have none."""


class NullOptions(Options):
    sleep: float = Field(0, ge=0, le=600, description="Seconds each page takes.")
    hold: float = Field(0, ge=0, le=600, description="Seconds each page blocks the engine host.")
    poison: bool = Field(False, description="Kill the engine host.")


Share = Annotated[float, Field(ge=0, le=1)]
Ratio = Annotated[float, Field(gt=0, le=10)]
Merging = Literal["large", "small", "union"]
Pixels = Annotated[int, Field(gt=0, le=100_000_000)]
Label = Annotated[str, Field(min_length=1, max_length=64)]


class PixelLimits(Options):
    """Bounds for the pictures of single kinds of blocks, in pixels."""

    ocr_min_pixels: Pixels | None = None
    ocr_max_pixels: Pixels | None = None
    table_min_pixels: Pixels | None = None
    table_max_pixels: Pixels | None = None
    chart_min_pixels: Pixels | None = None
    chart_max_pixels: Pixels | None = None
    formula_min_pixels: Pixels | None = None
    formula_max_pixels: Pixels | None = None
    seal_min_pixels: Pixels | None = None
    seal_max_pixels: Pixels | None = None


class PaddleOCRVLOptions(Options):
    """What PaddleOCRVL.predict takes (paddleocr 3.7), how its markdown is written, and how pages are put together."""

    use_doc_orientation_classify: bool | None = None
    use_doc_unwarping: bool | None = None
    use_layout_detection: bool | None = None
    use_chart_recognition: bool | None = None
    use_seal_recognition: bool | None = None
    use_ocr_for_image_block: bool | None = None
    layout_threshold: Share | dict[int, Share] | None = None
    layout_nms: bool | None = None
    layout_unclip_ratio: Ratio | tuple[Ratio, Ratio] | dict[int, tuple[Ratio, Ratio]] | None = None
    layout_merge_bboxes_mode: Merging | dict[int, Merging] | None = None
    layout_shape_mode: Literal["rect", "quad", "poly", "auto"] = "auto"
    prompt_label: Literal["ocr", "formula", "table", "chart", "seal", "spotting"] | None = None
    format_block_content: bool | None = None
    merge_layout_blocks: bool | None = None
    markdown_ignore_labels: Annotated[list[Label], Field(max_length=64)] | None = None
    repetition_penalty: Annotated[float, Field(gt=0, le=10)] | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    min_pixels: Pixels | None = None
    max_pixels: Pixels | None = None
    max_new_tokens: Annotated[int, Field(gt=0, le=131_072)] | None = None
    vlm_extra_args: PixelLimits | None = None

    prettify_markdown: bool = Field(True, description="Center figures and tables by HTML.")
    show_formula_number: bool = False
    restructure_pages: bool = Field(False, description="Run a final pass over all pages when the result is assembled.")
    merge_tables: bool = Field(True, description="With restructure_pages: join tables that span pages.")
    relevel_titles: bool = Field(True, description="With restructure_pages: assign heading levels.")

    @model_validator(mode="after")
    def _consistent(self) -> "PaddleOCRVLOptions":
        if self.min_pixels and self.max_pixels and self.min_pixels > self.max_pixels:
            raise ValueError("min_pixels is larger than max_pixels")
        if self.prompt_label is not None and self.use_layout_detection is not False:
            raise ValueError("prompt_label requires use_layout_detection=false")
        return self

    @property
    def predict(self) -> dict[str, Any]:
        """The arguments of PaddleOCRVL.predict that were given."""
        given = self.model_dump(exclude_unset=True, exclude_none=True)
        return {name: value for name, value in given.items() if name not in _NOT_FOR_PREDICT}


_NOT_FOR_PREDICT = frozenset(
    {"prettify_markdown", "show_formula_number", "restructure_pages", "merge_tables", "relevel_titles"}
)

OPTIONS: dict[str, type[Options]] = {
    "paddleocr_vl": PaddleOCRVLOptions,
    "pp_ocr": NoOptions,
    "null": NullOptions,
}


def check_options(engine: str, options: dict[str, Any]) -> dict[str, Any]:
    """The options as given, once they are known to be right. Raises InvalidRequest naming the first that is not."""
    try:
        return OPTIONS[engine].model_validate(options).model_dump(mode="json", exclude_unset=True)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            raise InvalidRequest(f'The engine {engine} has no option "{name[:40]}".') from None
        message = str(first["msg"]).removeprefix("Value error, ")
        raise InvalidRequest(f"options.{name}: {message}." if name else f"options: {message}.") from None


def canonical_options(engine: str, options: dict[str, Any]) -> dict[str, Any]:
    """Checked options without those that have their default: the same for all ways to ask for the same."""
    return OPTIONS[engine].model_validate(options).model_dump(mode="json", exclude_defaults=True)
