"""An image's pixels as a bitmap of PDFium, made within a bounded memory: smaller where it must be."""

import math
from typing import Any

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from PIL import ExifTags, Image, JpegImagePlugin, TiffImagePlugin, WebPImagePlugin

from app.errors import PageError

Image.MAX_IMAGE_PIXELS = None  # ours is a limit of memory

MEMORY_MAX = 320 << 20
"""Bytes that decoding may take; with what an engine holds, a page process then stays below 700 MB."""
FACTOR_MAX = 4
"""By which the sides of an image are divided to save memory; beyond it, print of a scan is hard to read."""
BAND = 1_000_000
"""Pixels that are converted at a time."""

BYTES = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2}
"""That Pillow holds a pixel in; in all other modes, four."""
WEBP_BYTES = 20
"""The same of WebP: there are two frames in the decoder, and copies of what comes out."""
DEEP = {"I;16", "I;16B", "I", "F"}
"""Grey in more than eight bits."""


def decoded(image: Image.Image, max_pixels: int) -> pdfium.PdfBitmap:
    """Loads the image; its pixels, in grey or in colour on white, as many as `max_pixels` and memory allow.

    Raises PageError where it does not fit at all, and whatever Pillow stumbles over.
    """
    factor = _factor(image, max_pixels)
    drafted = _drafted(image, factor)
    image.draft(None, (max(1, image.width // drafted), max(1, image.height // drafted)))
    image.load()
    return _bitmap(image, math.ceil(factor / drafted))


def _factor(image: Image.Image, max_pixels: int) -> int:
    """By how much both sides are divided."""
    pixels = image.width * image.height
    least = math.ceil(math.sqrt(pixels / max_pixels))
    for factor in range(least, max(least, FACTOR_MAX) + 1):
        if memory_needed(image, factor) <= MEMORY_MAX:
            return factor
    raise PageError(
        f"The image has {pixels / 1e6:,.0f} megapixels and needs more memory to decode than a page may use; "
        "send it at a lower resolution."
    )


def _drafted(image: Image.Image, factor: int) -> int:
    """By how much the decoder itself divides both sides, towards `factor`: a JPEG's can, by up to eight."""
    return 1 << min(factor, 8).bit_length() - 1 if isinstance(image, JpegImagePlugin.JpegImageFile) else 1


def memory_needed(image: Image.Image, factor: int) -> int:
    """Bytes, about, that it takes to decode an image and to divide its sides by `factor`; by its header."""
    coded = image.width * image.height
    held = coded // _drafted(image, factor) ** 2 * BYTES.get(image.mode, 4)
    page = 3 * coded // factor**2
    if isinstance(image, WebPImagePlugin.WebPImageFile):
        return coded * WEBP_BYTES + page
    if "progressive" in image.info:  # all coefficients of a JPEG are held until its end
        return held + max(page, coded * 2 * len(image.getbands()))
    if isinstance(image, TiffImagePlugin.TiffImageFile):  # a strip or tile is, and a copy where Pillow turns the image
        tags = image.tag_v2
        rows = min(tags.get(ExifTags.Base.RowsPerStrip, image.height), image.height)
        tile = tags.get(ExifTags.Base.TileWidth, image.width) * tags.get(ExifTags.Base.TileLength, rows)
        bits = sum(tags.get(ExifTags.Base.BitsPerSample, (1,)))
        turned = held if tags.get(ExifTags.Base.Orientation, 1) != 1 else 0
        return held + max(page, int(tile * bits) // 8, turned)
    return held + page


def _bitmap(image: Image.Image, factor: int) -> pdfium.PdfBitmap:
    """The loaded image with its sides divided by `factor`; made in bands, so that no second copy of it is needed."""
    grey = image.mode in {"1", "L", *DEEP} and not image.has_transparency_data
    layout, rawmode = (pdfium_c.FPDFBitmap_Gray, "L") if grey else (pdfium_c.FPDFBitmap_BGR, "BGR")
    bitmap = pdfium.PdfBitmap.new_native(math.ceil(image.width / factor), math.ceil(image.height / factor), layout)
    pixels = memoryview(bitmap.buffer).cast("B")
    rows = max(1, BAND // (image.width * factor)) * factor
    brightest: Any = image.getextrema()[1] if image.mode in ("I", "F") else 65535
    offset = 0
    for top in range(0, image.height, rows):
        band = image.crop((0, top, image.width, min(top + rows, image.height)))
        if image.mode in DEEP:
            band = _in_eight_bits(band, brightest)
        band = band.convert("L") if grey else _on_white(band)
        data = band.reduce(factor).tobytes("raw", rawmode, bitmap.stride)
        pixels[offset : offset + len(data)] = data
        offset += len(data)
    return bitmap


def _in_eight_bits(band: Image.Image, brightest: float) -> Image.Image:
    values = np.nan_to_num(np.asarray(band, np.float32)) * (255 / max(brightest, 1e-6))
    return Image.fromarray(values.clip(0, 255).astype(np.uint8))


def _on_white(band: Image.Image) -> Image.Image:
    if not band.has_transparency_data:
        return band.convert("RGB")
    band = band.convert("RGBA")
    ground = Image.new("RGB", band.size, "white")
    ground.paste(band, mask=band.getchannel("A"))
    return ground
