"""The pixel frame of a page: one scale for every route, and the pictures taken in it."""

import ctypes
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from app.errors import PageError

from .boxes import Box

DPI = 150
LONGEST_SIDE = 2000
"""Pixels. Detection works at 960, so a larger frame would only cost."""

DARK = 110
"""Tone of 255 under which the ground of a page is dark."""

Raster = npt.NDArray[np.uint8]
"""Height x width x 3, blue first."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Width and height of a page in pixels, pixels per point, and the way from the page's points to pixels.

    The way honours the CropBox and /Rotate: x = a·x' + c·y' + e, y = b·x' + d·y' + f.
    """

    width: int
    height: int
    scale: float
    matrix: tuple[float, float, float, float, float, float]

    @classmethod
    def of(cls, page: pdfium.PdfPage, max_pixels: int, dpi: float = DPI) -> "Frame":
        width, height = (float(side) for side in page.get_size())
        if not (math.isfinite(width) and math.isfinite(height) and width > 0 and height > 0):
            raise PageError("The page has no usable size.")
        scale = min(dpi / 72, LONGEST_SIDE / max(width, height), math.sqrt(max_pixels / width / height))
        return cls(
            max(1, round(width * scale)), max(1, round(height * scale)), scale, _to_pixels(page, width, height, scale)
        )

    @property
    def dpi(self) -> float:
        """Pixels per inch."""
        return round(72 * self.scale, 2)

    def box(self, left: float, bottom: float, right: float, top: float) -> Box:
        """A box of the page, in points, as one in pixels."""
        a, b, c, d, e, f = self.matrix
        xs, ys = (
            (a * left + c * bottom + e, a * right + c * top + e),
            (b * left + d * bottom + f, b * right + d * top + f),
        )
        return min(xs), min(ys), max(xs), max(ys)

    def clamp(self, box: Box) -> list[int]:
        """Whole pixels, inside the page."""
        x0, y0, x1, y1 = math.floor(box[0]), math.floor(box[1]), math.ceil(box[2]), math.ceil(box[3])
        across, down = self.width, self.height
        return [min(max(x0, 0), across), min(max(y0, 0), down), min(max(x1, 0), across), min(max(y1, 0), down)]

    def holds(self, box: Box) -> bool:
        """Is the middle of the box on the page?"""
        return 0 <= box[0] + box[2] <= 2 * self.width and 0 <= box[1] + box[3] <= 2 * self.height


@dataclass(frozen=True, slots=True)
class Turn:
    """The quarter turns, clockwise, by which a page's text lies on its frame of `width` x `height` pixels.

    Assembly works on upright text that runs to the right; what runs to the left is `mirrored`, and columns of
    upright characters are `stacked`: pictures among these are not turned. `upright` and `back` lead boxes there and
    back again.
    """

    quarters: int
    width: int
    height: int
    mirrored: bool = False
    stacked: bool = False

    @property
    def upright_height(self) -> int:
        return self.width if self.quarters % 2 else self.height

    @property
    def upright_width(self) -> int:
        return self.height if self.quarters % 2 else self.width

    def upright(self, box: Box) -> Box:
        return self._mirror(_turned(box, self.quarters, self.width, self.height))

    def back(self, box: Box) -> Box:
        return _turned(self._mirror(box), -self.quarters % 4, self.upright_width, self.upright_height)

    def _mirror(self, box: Box) -> Box:
        return (self.upright_width - box[2], box[1], self.upright_width - box[0], box[3]) if self.mirrored else box

    def after(self, first: "Turn") -> "Turn":
        """Both, of a raster that was turned as `first` turns rasters."""
        quarters = 0 if first.stacked else first.quarters
        return Turn((self.quarters + quarters) % 4, first.width, first.height)

    def raster(self, raster: Raster) -> Raster:
        return np.ascontiguousarray(np.rot90(raster, 0 if self.stacked else self.quarters))


def render(page: pdfium.PdfPage, frame: Frame, zoom: float = 1.0, region: Box | None = None) -> Raster:
    """The page, or a region of it given in the frame's pixels, at `zoom` times the frame's scale."""
    x0, y0, x1, y1 = region or (0, 0, frame.width, frame.height)
    width, height = max(1, round((x1 - x0) * zoom)), max(1, round((y1 - y0) * zoom))
    bitmap = pdfium.PdfBitmap.new_native(width, height, pdfium_c.FPDFBitmap_BGR)
    try:
        bitmap.fill_rect((255, 255, 255, 255), 0, 0, width, height)
        pdfium_c.FPDF_RenderPageBitmap(
            bitmap,
            page,
            round(-x0 * zoom),
            round(-y0 * zoom),
            round(frame.width * zoom),
            round(frame.height * zoom),
            0,
            pdfium_c.FPDF_ANNOT,
        )
        return np.array(bitmap.to_numpy()[:, :, :3], order="C")
    finally:
        bitmap.close()


@dataclass(slots=True)
class Sheet:
    """A page in its frame, painted when that is first needed."""

    page: pdfium.PdfPage
    frame: Frame
    _raster: Raster | None = None

    @property
    def box(self) -> Box:
        """All of it."""
        return 0.0, 0.0, float(self.frame.width), float(self.frame.height)

    @property
    def raster(self) -> Raster:
        if self._raster is None:
            self._raster = render(self.page, self.frame)
        return self._raster

    def part(self, box: Box) -> tuple[Raster, int, int]:
        """The pixels of a box, and where its left and upper edges lie; no more of the page is painted for them."""
        x0, y0, x1, y1 = self.frame.clamp(box)
        if self._raster is not None or x0 >= x1 or y0 >= y1:
            return self.raster[y0:y1, x0:x1], x0, y0
        return render(self.page, self.frame, region=(x0, y0, x1, y1)), x0, y0


def near_blank(raster: Raster) -> bool:
    """Is there nothing on it but specks? Compares with the commonest of its lightest tones, so that grey paper counts.

    On a dark page, with the commonest of its darkest.
    """
    raster = as_positive(raster)
    coarse = raster[::4, ::4].min(axis=2)
    paper = int(np.percentile(coarse, 90))
    most = max(8, 2e-5 * raster.shape[0] * raster.shape[1])

    if np.count_nonzero(coarse < paper - 48) >= most:  # most pages: then there is no need to look at every pixel
        return False
    return bool(np.count_nonzero(raster.min(axis=2) < paper - 48) < most)


def as_positive(raster: Raster) -> Raster:
    """The raster, or its negative where most of it is dark: what looks for ink expects it dark on light."""
    return ~raster if np.median(raster[::4, ::4].max(axis=2)) < DARK else raster


def _turned(box: Box, quarters: int, width: float, height: float) -> Box:
    """The box after as many quarter turns counterclockwise of a page of that size."""
    x0, y0, x1, y1 = box
    if quarters == 1:
        return y0, width - x1, y1, width - x0
    if quarters == 2:
        return width - x1, height - y1, width - x0, height - y0
    if quarters == 3:
        return height - y1, x0, height - y0, x1
    return box


def _to_pixels(
    page: pdfium.PdfPage, width: float, height: float, scale: float
) -> tuple[float, float, float, float, float, float]:
    """PDFium answers in whole device pixels, so ask it about a device far finer than ours."""
    fine = 2**22 / max(width, height)
    size = [max(1, round(side * fine)) for side in (width, height)]
    left, bottom, right, top = page.get_bbox()
    across, up = max(right - left, 1e-3), max(top - bottom, 1e-3)

    def look(x: float, y: float) -> tuple[float, float]:
        dx, dy = ctypes.c_int(), ctypes.c_int()
        pdfium_c.FPDF_PageToDevice(page, 0, 0, *size, 0, x, y, dx, dy)
        return dx.value / fine * scale, dy.value / fine * scale

    (x0, y0), (x1, y1), (x2, y2) = look(left, bottom), look(left + across, bottom), look(left, bottom + up)
    a, b, c, d = (x1 - x0) / across, (y1 - y0) / across, (x2 - x0) / up, (y2 - y0) / up
    return a, b, c, d, x0 - a * left - c * bottom, y0 - b * left - d * bottom
