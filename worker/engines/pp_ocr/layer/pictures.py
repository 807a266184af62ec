"""The pictures of a born-digital page: found, told from decoration, cropped, and put where they belong."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from PIL import Image

from .. import markup
from ..model.boxes import Box, area, centred_in, clustered, overlap_x, overlap_y, sides, union
from ..model.frame import Frame, Raster, Turn, render
from ..model.parts import Part

DPI = 300
SMALLEST_SIDE = 16
"""Pixels of the page's frame, 3 mm at 150 dpi: anything smaller is an icon or a rule."""
SMALLEST_SHARE = 0.005
BACKGROUND_SHARE = 0.8
LEGIBLE_SIDE = 1_400
"""Pixels of the longer side of a scan, if it has as many: on fewer, a page of a book is hard to read."""
MAX_OBJECTS = 2_000
MAX_PICTURES = 40
MAX_NATIVE = 1 << 28
"""Pixels of an image: decoding more would take longer than the page's whole time."""
FEW_COLOURS = 256
SKETCH_DENSITY = 2.0
"""Pixels per pixel of the frame in which a drawing is painted: 300 dpi."""


@dataclass(frozen=True, slots=True)
class Picture:
    """Where images lie, in pixels of the frame, and their own resolution in pixels per pixel of the frame."""

    box: Box
    density: float

    @property
    def area(self) -> float:
        return area(self.box)


def legible(page: pdfium.PdfPage, max_pixels: int) -> Frame:
    """The page's frame, finer than usual for a scan on a small page: such pages are often large ones made small."""
    frame = Frame.of(page, max_pixels)
    longest = max(frame.width, frame.height)
    if longest >= LEGIBLE_SIDE:
        return frame
    least = BACKGROUND_SHARE * frame.width * frame.height
    density = max((picture.density for picture in images(page, frame) if picture.area >= least), default=1.0)
    zoom = min(density, LEGIBLE_SIDE / longest)
    return Frame.of(page, max_pixels, zoom * frame.dpi) if zoom > 1 else frame


def figures(images: Sequence[Picture], frame: Frame, texts: Sequence[Box], sketches: Sequence[Box]) -> list[Picture]:
    """The page's pictures, as a reader would count them: tiles joined, neither tiny nor the ground of text.

    `texts` are the lines' boxes on the frame, `sketches` those of what is drawn there.
    """
    whole = frame.width * frame.height
    grounds = BACKGROUND_SHARE * whole
    shown = [
        picture
        for picture in joined([image for image in images if image.area <= grounds])
        if min(sides(picture.box)) >= SMALLEST_SIDE
        and SMALLEST_SHARE * whole <= picture.area <= grounds
        and sum(centred_in(text, picture.box) for text in texts) < 3
    ]
    return joined([*shown, *(Picture(box, SKETCH_DENSITY) for box in sketches)])[:MAX_PICTURES]


def images(page: pdfium.PdfPage, frame: Frame) -> list[Picture]:
    """All images on the page, those in forms too; where PDFium stumbles over an object, those before it.

    Nothing is decoded.
    """
    found: list[Picture] = []
    try:
        for image in islice(page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_IMAGE], max_depth=6), MAX_OBJECTS):
            x0, y0, x1, y1 = frame.box(*_bounds(image))
            x0, y0, x1, y1 = max(x0, 0.0), max(y0, 0.0), min(x1, float(frame.width)), min(y1, float(frame.height))
            width, height = image.get_px_size()
            if x1 - x0 >= 1 and y1 - y0 >= 1 and 0 < width * height <= MAX_NATIVE:
                found.append(Picture((x0, y0, x1, y1), max(width, height) / max(x1 - x0, y1 - y0)))
    except pdfium.PdfiumError:
        pass  # the text of the page is worth more than its pictures
    return found


def crop(page: pdfium.PdfPage, frame: Frame, picture: Picture, turn: Turn, max_pixels: int) -> tuple[bytes, str] | None:
    """The picture as it is printed, upright like the text, at its own resolution up to 300 dpi: (file, extension)."""
    zoom = min(max(picture.density, 0.25), DPI / 72 / frame.scale, (max_pixels / max(picture.area, 1.0)) ** 0.5)
    raster = render(page, frame, zoom, picture.box)
    inner = raster[2:-2:2, 2:-2:2]
    if inner.size == 0 or np.ptp(inner, axis=(0, 1)).max() < 8:  # one tone: a panel or a mask, not a picture
        return None
    return encode(turn.raster(raster))


def crops(
    page: pdfium.PdfPage, frame: Frame, boxes: Sequence[Box], turn: Turn, max_pixels: int
) -> list[tuple[bytes, str]]:
    """Places on the page as pictures, upright like the text; painted once, for they are many and small."""
    region = union(boxes)
    zoom = min(SKETCH_DENSITY, (max_pixels / max(area(region), 1.0)) ** 0.5)
    raster = render(page, frame, zoom, region)
    found = []
    for box in boxes:
        left, top, right, bottom = ((side - start) * zoom for side, start in zip(box, region[:2] * 2, strict=True))
        found.append(encode(turn.raster(cut(raster, (left, top, right, bottom)))))
    return found


def cut(raster: Raster, box: Box) -> Raster:
    """A region of a raster, in its pixels."""
    height, width = raster.shape[:2]
    x0, y0 = max(int(box[0]), 0), max(int(box[1]), 0)
    return raster[y0 : min(int(box[3]) + 1, height), x0 : min(int(box[2]) + 1, width)]


def encode(raster: Raster) -> tuple[bytes, str]:
    """JPEG, or PNG where few colours make it exact and not much larger: a drawing, but no grey photograph."""
    image = Image.fromarray(np.ascontiguousarray(raster[:, :, ::-1]))
    jpeg, png = io.BytesIO(), io.BytesIO()
    image.save(jpeg, "JPEG", quality=90)
    if image.getcolors(FEW_COLOURS) is not None:
        image.save(png, "PNG", optimize=True)
        if png.tell() <= 1.5 * jpeg.tell():
            return png.getvalue(), "png"
    return jpeg.getvalue(), "jpg"


def insert(parts: Sequence[Part], placed: Sequence[Part]) -> list[Part]:
    """The parts with the placed ones among them: each after the part above it in its column, else before the next."""
    result = list(parts)
    for part in placed:
        result.insert(_place(result, part.box), part)
    return result


def insert_together(parts: Sequence[Part], placed: Sequence[Part], box: Box) -> list[Part]:
    """The same for parts that stand in one box, and stay together."""
    at = _place(parts, box)
    return [*parts[:at], *placed, *parts[at:]]


def _place(parts: Sequence[Part], box: Box) -> int:
    middle = (box[1] + box[3]) / 2
    shown = [(i, other.box) for i, other in enumerate(parts) if other.label not in markup.HIDDEN]
    column = [(i, other) for i, other in shown if overlap_x(other, box) > 0] or shown
    above = [(other[3], i) for i, other in column if other[1] + other[3] <= 2 * middle]
    if above:
        return max(above)[1] + 1
    return min(((other[1], i) for i, other in column), default=(0.0, len(parts)))[1]


def _bounds(image: pdfium.PdfImage) -> tuple[float, float, float, float]:
    """Left, bottom, right, top in points of the page; PDFium gives those of the form that holds the image."""
    left, bottom, right, top = image.get_bounds()
    form = image.container
    while form is not None:
        matrix = form.get_matrix()
        corners = [matrix.on_point(x, y) for x in (left, right) for y in (bottom, top)]
        left, right = min(x for x, _ in corners), max(x for x, _ in corners)
        bottom, top = min(y for _, y in corners), max(y for _, y in corners)
        form = form.container
    return left, bottom, right, top


def joined(found: Sequence[Picture]) -> list[Picture]:
    """The pictures, from top to bottom, tiles of one as one."""
    clusters = clustered(sorted(found, key=_top_left), lambda a, b: _tiles(a.box, b.box), _merged)
    return sorted(clusters, key=_top_left)


def _merged(a: Picture, b: Picture) -> Picture:
    return Picture(union((a.box, b.box)), max(a.density, b.density))


def _top_left(picture: Picture) -> tuple[float, float]:
    return picture.box[1], picture.box[0]


def _tiles(a: Box, b: Box, touch: float = 2.0) -> bool:
    """Do they overlap, or touch along a side of the same length?"""
    across, down = overlap_x(a, b), overlap_y(a, b)
    if across > touch and down > touch:
        return True
    if across >= -touch and abs(a[1] - b[1]) <= touch and abs(a[3] - b[3]) <= touch:
        return True
    return down >= -touch and abs(a[0] - b[0]) <= touch and abs(a[2] - b[2]) <= touch
