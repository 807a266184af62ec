"""A page's output is what PaddleOCRVL itself writes for it."""

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fpdf import FPDF
from paddleocr import PaddleOCRVL
from PIL import Image, ImageDraw

from benchmarks.simulated.vlm import RunningVLM
from support.documents import image_file
from support.harness import Service
from support.paddleocr_vl.official import official_pipeline

NOT_COMPARED = ("input_path", "page_index", "page_count")


def some_pdf() -> bytes:
    """Pages of several sizes, one on its side, one with a form field, one too large for PaddleX's scale."""
    pdf = FPDF(unit="pt")
    pdf.set_font("helvetica", size=24)
    for number, size in enumerate([(595, 842), (842, 595), (300, 1200), (612, 792)]):
        pdf.add_page(format=size)
        pdf.cell(text=f"Page {number} of {size[0]} x {size[1]}")
        pdf.set_fill_color(255, 40 * number, 0)
        pdf.rect(size[0] * 0.7, size[1] * 0.75, 60, 50, style="F")
    return bytes(pdf.output())


def picture() -> Image.Image:
    image = Image.effect_mandelbrot((640, 900), (-2, -1.2, 1, 1.2), 90).convert("RGB")
    ImageDraw.Draw(image).text((60, 60), "A picture", fill=(200, 30, 30), font_size=40)
    return image


def turned_jpeg() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return image_file(picture(), "JPEG", quality=90, exif=exif)


DOCUMENTS: dict[str, Callable[[], bytes]] = {
    "several.pdf": some_pdf,
    "colour.png": lambda: image_file(picture(), "PNG"),
    "grey.png": lambda: image_file(picture().convert("L"), "PNG"),
    "palette.png": lambda: image_file(picture().quantize(16), "PNG"),
    "turned.jpg": turned_jpeg,
    "two.tiff": lambda: image_file(picture(), "TIFF", save_all=True, append_images=[picture().rotate(90, expand=True)]),
    "lossless.webp": lambda: image_file(picture(), "WEBP", lossless=True),
    "map.bmp": lambda: image_file(picture(), "BMP"),
}

OPTIONS: list[dict[str, Any]] = [
    {},
    {
        "layout_threshold": {"22": 0.5},
        "layout_unclip_ratio": [1.1, 1.05],
        "layout_merge_bboxes_mode": "large",
        "layout_shape_mode": "rect",
        "format_block_content": True,
        "markdown_ignore_labels": ["doc_title"],
        "temperature": 0.2,
        "max_new_tokens": 100,
        "min_pixels": 1000,
        "vlm_extra_args": {"table_max_pixels": 500000},
    },
    {"use_layout_detection": False, "prompt_label": "table"},
    {"use_chart_recognition": True, "use_seal_recognition": True, "use_ocr_for_image_block": True},
]


@pytest.fixture(scope="module")
def official(layout_dir: Path, shared_vlm: RunningVLM) -> Iterator[PaddleOCRVL]:
    with official_pipeline(layout_dir, shared_vlm) as pipeline:
        yield pipeline


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_kind_of_document(name: str, official: PaddleOCRVL, service: Service, tmp_path: Path) -> None:
    compare(name, {}, official, service, tmp_path)


@pytest.mark.parametrize("options", OPTIONS[1:])
def test_options(options: dict[str, Any], official: PaddleOCRVL, service: Service, tmp_path: Path) -> None:
    compare("several.pdf", options, official, service, tmp_path)


def compare(name: str, options: dict[str, Any], official: PaddleOCRVL, service: Service, folder: Path) -> None:
    source = folder / name
    source.write_bytes(DOCUMENTS[name]())
    chosen = json.loads(json.dumps(options), object_hook=_with_class_numbers)
    if isinstance(chosen.get("layout_unclip_ratio"), list):
        chosen["layout_unclip_ratio"] = tuple(chosen["layout_unclip_ratio"])
    expected = official.predict(str(source), **chosen)
    job = service.submit(source.read_bytes(), options=json.dumps(options))
    outcome = service.result(job)
    assert outcome["status"] == "finished", outcome
    result = outcome["result"]
    assert len(result["pages"]) == len(expected)
    assert [page["warnings"] for page in result["pages"]] == [[]] * len(expected)
    images: dict[str, bytes] = {}
    for number, page in enumerate(expected, 1):
        written = folder / f"page-{number}"
        page.save_to_markdown(str(written / "page.md"))
        page.save_to_json(str(written / "page.json"))
        ours = service.client.get(f"/jobs/{job}/pages/{number}", params={"raw": True}).json()
        raw = json.loads((written / "page.json").read_text())
        assert without(ours["raw"]) == without(raw)
        prefix = f"p{number:04d}_"
        assert ours["markdown"] == (written / "page.md").read_text().replace("imgs/", prefix)
        images |= {prefix + path.name: path.read_bytes() for path in written.glob("imgs/*")}
        assert [block["bbox"] for block in ours["blocks"]] == [block["block_bbox"] for block in raw["parsing_res_list"]]
    assert {image: base64.b64decode(data) for image, data in result["images"].items()} == images
    assert images or options.get("use_layout_detection") is False


def without(raw: Any) -> Any:
    if isinstance(raw, dict):
        return {key: without(value) for key, value in raw.items() if key not in NOT_COMPARED}
    return [without(value) for value in raw] if isinstance(raw, list) else raw


def _with_class_numbers(value: dict[str, Any]) -> dict[Any, Any]:
    return {int(key) if key.isdigit() else key: item for key, item in value.items()}
