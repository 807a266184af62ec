"""Scans of the documents: rasterised, skewed, lit unevenly, blurred, with noise, as JPEG in a PDF without text. Always
the same for the same variant; the truth's boxes are moved alike."""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2 as pdfium
from PIL import Image, ImageFilter

from benchmarks.quality.make import FOLDER

CACHE = Path(__file__).parent / ".cache"


@dataclass(frozen=True)
class Scan:
    """A variant: pages from 1; angle in degrees counterclockwise; noise as the standard deviation of a channel (0…255);
    blur as a radius in pixels; shade as the share of light lost in the darkest corner; turn in degrees
    counterclockwise (0, 90, 180, 270); quality of the JPEG."""

    document: str
    pages: tuple[int, ...]
    dpi: int
    angle: float = 0.0
    noise: float = 0.0
    blur: float = 0.0
    shade: float = 0.0
    turn: int = 0
    quality: int = 85
    grey: bool = False

    @property
    def name(self) -> str:
        extra = [f"skew{self.angle:+g}"] * bool(self.angle) + [f"turn{self.turn}"] * bool(self.turn)
        extra += [f"noise{self.noise:g}"] * bool(self.noise)
        return "-".join([f"scan-{self.document}", f"{self.dpi}dpi", *extra])


SCANS = [
    Scan("latex-paper-two-column", (1, 2), 200, angle=0.7, noise=6, shade=0.15),
    Scan("latex-contract-de", (1, 2), 150, angle=-1.3, noise=8, blur=0.5, grey=True),
    Scan("latex-invoice-unruled-de", (1,), 150, angle=1.6, noise=10, shade=0.25),
    Scan("latex-slides", (2, 4), 100, angle=0.5, noise=4),
    Scan("latex-report-zh", (1, 2), 200, angle=-0.8, noise=6, shade=0.2),
    Scan("latex-exercises-de", (1, 2), 150, turn=270, noise=5),
    Scan("office-letter-de", (1,), 100, noise=5, quality=75, grey=True),
    Scan("office-form-boxed", (1,), 200, angle=-0.6, noise=6, turn=90),
    Scan("office-landscape-merged-cells", (1,), 150, angle=1.1, noise=6, blur=0.4),
    Scan("office-newsletter-three-column", (1,), 200, angle=-2.0, noise=7, shade=0.2, grey=True),
    Scan("office-notice-zh", (1,), 150, noise=8, blur=0.5, quality=75),
    Scan("browser-invoice-unruled", (1,), 200, noise=4, turn=180),
    Scan("browser-form-boxed-de", (1,), 150, angle=2.0, noise=8, shade=0.3),
    Scan("browser-magazine-two-column", (1, 2), 150, angle=0.9, noise=7, shade=0.2),
    Scan("browser-data-sheet", (1, 2), 200, angle=-0.4, blur=0.7, quality=70),
    Scan("browser-price-list-de", (1,), 150, angle=-1.0, noise=9, shade=0.25),
    Scan("browser-slides-de", (3, 4), 100, noise=5, quality=70),
    Scan("browser-news-zh", (1, 2), 100, angle=0.6, noise=4),
]


def make(scan: Scan, folder: Path = CACHE) -> Path:
    """NAME.pdf and NAME.json in the folder, unless they are there and newer than the document."""
    target, source = folder / f"{scan.name}.pdf", FOLDER / f"{scan.document}.pdf"
    inputs = (source, source.with_suffix(".json"), Path(__file__))
    if target.exists() and target.stat().st_mtime > max(path.stat().st_mtime for path in inputs):
        return target
    folder.mkdir(exist_ok=True)
    truth = json.loads(source.with_suffix(".json").read_text(encoding="utf-8"))
    target.with_suffix(".json").write_text(json.dumps(moved(truth, scan, _sizes(scan)), ensure_ascii=False))
    images = []
    with pdfium.PdfDocument(source) as document:
        for page in scan.pages:
            raster = document[page - 1].render(scale=scan.dpi / 72, rev_byteorder=True).to_numpy()[:, :, :3]
            images.append(worsen(raster, scan, seed=page))
    options: dict[str, Any] = {"resolution": scan.dpi, "quality": scan.quality, "append_images": images[1:]}
    images[0].save(target, "PDF", save_all=True, **options)
    return target


def worsen(raster: np.ndarray, scan: Scan, seed: int) -> Image.Image:
    """What a scanner makes of a page (height × width × 3, 0…255)."""
    rng = np.random.default_rng([seed, *scan.name.encode()])
    image = Image.fromarray(raster)
    if scan.angle:
        image = image.rotate(scan.angle, Image.Resampling.BICUBIC, fillcolor=(255, 255, 255))
    if scan.blur:
        image = image.filter(ImageFilter.GaussianBlur(scan.blur))
    pixels = np.asarray(image, np.float32) * 0.97
    if scan.shade:
        y, x = np.mgrid[0 : pixels.shape[0], 0 : pixels.shape[1]].astype(np.float32)
        slope = (x / pixels.shape[1] * rng.uniform(0.4, 1) + y / pixels.shape[0] * rng.uniform(0.4, 1)) / 2
        pixels *= (1 - scan.shade * slope / slope.max())[..., None]
    if scan.noise:
        pixels += rng.normal(0, scan.noise, pixels.shape[:2]).astype(np.float32)[..., None]
    pixels = np.rot90(np.clip(pixels, 0, 255).astype(np.uint8), scan.turn // 90)
    image = Image.fromarray(np.ascontiguousarray(pixels))
    return image.convert("L") if scan.grey else image


def _sizes(scan: Scan) -> dict[int, tuple[float, float]]:
    with pdfium.PdfDocument(FOLDER / f"{scan.document}.pdf") as document:
        return {page: document[page - 1].get_size() for page in scan.pages}


def moved(truth: dict[str, Any], scan: Scan, sizes: dict[int, tuple[float, float]]) -> dict[str, Any]:
    """The truth of the scanned pages; sizes are (width, height) of the pages, in any unit."""
    numbers = {page: number for number, page in enumerate(scan.pages, 1)}
    blocks = []
    for block in truth["blocks"]:
        boxes = block.get("boxes") or [{"page": block["page"], "bbox": block["bbox"]}]
        inside = [box["page"] in numbers for box in boxes]
        if not any(inside):
            continue
        if not all(inside):
            raise ValueError(f"{scan.name}: a block goes on beyond the pages: {str(block)[:120]}")
        boxes = [
            {"page": numbers[box["page"]], "bbox": _moved(box["bbox"], scan, *sizes[box["page"]])} for box in boxes
        ]
        block = {**block, **boxes[0]}
        blocks.append({**block, "boxes": boxes} if len(boxes) > 1 else block)
    return {**truth, "name": scan.name, "pages": len(scan.pages), "blocks": blocks}


def _moved(bbox: list[float], scan: Scan, width: float, height: float) -> list[float]:
    """The upright box around the skewed and turned one."""
    angle = math.radians(scan.angle)
    corners = []
    for x, y in ((bbox[i] * width - width / 2, bbox[j] * height - height / 2) for i in (0, 2) for j in (1, 3)):
        x, y = x * math.cos(angle) + y * math.sin(angle), y * math.cos(angle) - x * math.sin(angle)
        share = (x / width + 0.5, y / height + 0.5)
        for _ in range(scan.turn // 90):
            share = (share[1], 1 - share[0])
        corners.append(share)
    xs, ys = zip(*corners, strict=True)
    return [round(min(1.0, max(0.0, value)), 4) for value in (min(xs), min(ys), max(xs), max(ys))]
